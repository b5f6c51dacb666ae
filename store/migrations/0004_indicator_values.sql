-- Indicators that are no shares: medians, and how much depends on one operator.
-- What was stored before are shares, whose value follows from the counts.

ALTER TABLE indicators
    ADD COLUMN IF NOT EXISTS value Float64 DEFAULT if(denominator = 0, 0., numerator / denominator) COMMENT 'share, median or index, as the indicator has it; 0 where denominator is 0' AFTER targets,
    ADD COLUMN IF NOT EXISTS detail String COMMENT 'what the value is about, such as the operator that is counted; from the network, so any byte is possible' AFTER value;
