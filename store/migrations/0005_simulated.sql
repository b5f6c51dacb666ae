-- Whether a scan saw a lab instead of the Internet. Scans from before were of a
-- lab where their vantage says so.

ALTER TABLE scans
    ADD COLUMN IF NOT EXISTS simulated UInt8 DEFAULT toUInt8(vantage = 'lab') COMMENT '1 where the scan saw a simulated Internet, so that its figures are invented' AFTER program;
