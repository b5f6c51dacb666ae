-- Which autonomous systems sites and contacts lie in. Of what was stored before
-- it is not known.

ALTER TABLE scans
    ADD COLUMN IF NOT EXISTS as_table String COMMENT 'table of autonomous systems that addresses were looked up in, with the day on which it was made; empty without one' AFTER simulated;

ALTER TABLE observations
    ADD COLUMN IF NOT EXISTS hosting_as Array(UInt32) COMMENT 'numbers of the autonomous systems that the addresses of the domain and of www lie in, each once, sorted; empty where none is known' AFTER www_aaaa,
    ADD COLUMN IF NOT EXISTS hosting_as_names Array(String) COMMENT 'what the table of autonomous systems calls each of hosting_as, in its order; empty texts where it gives no name' AFTER hosting_as,
    ADD COLUMN IF NOT EXISTS hosting_as_v6 Array(UInt32) COMMENT 'of hosting_as, those that an IPv6 address lies in' AFTER hosting_as_names;

ALTER TABLE endpoints
    ADD COLUMN IF NOT EXISTS as_number UInt32 COMMENT 'number of the autonomous system that the address lies in; 0 where it is not known' AFTER family,
    ADD COLUMN IF NOT EXISTS as_name LowCardinality(String) COMMENT 'what the table of autonomous systems calls it; empty where it gives no name' AFTER as_number;

DROP TABLE IF EXISTS latest_observations;

CREATE VIEW latest_observations AS
SELECT * FROM observations FINAL
WHERE (kind, country, scan) IN (SELECT kind, country, scan FROM latest_scans);
