CREATE DATABASE IF NOT EXISTS `adopt6` ON CLUSTER `main`;

CREATE TABLE IF NOT EXISTS observations_local ON CLUSTER `main`
(
    scan     UUID,
    position UInt64,
    domain   LowCardinality(String),
    started  DateTime('UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/adopt6/observations', '{replica}', started)
PARTITION BY toYYYYMM(started)
ORDER BY (scan, position);

CREATE TABLE IF NOT EXISTS observations ON CLUSTER `main`
(
    scan UUID COMMENT 'the scan',
    position UInt64 COMMENT 'position of the target',
    domain LowCardinality(String) COMMENT 'the target',
    started DateTime('UTC') COMMENT 'when the target was begun'
)
ENGINE = Distributed('main', 'adopt6', observations_local, cityHash64(toString(scan), position));

CREATE TABLE IF NOT EXISTS domain_history_local ON CLUSTER `main`
(
    domain   String,
    scan     UUID,
    position UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/adopt6/domain_history', '{replica}')
ORDER BY (domain, scan, position);

CREATE TABLE IF NOT EXISTS domain_history ON CLUSTER `main`
(
    domain String COMMENT 'the target',
    scan UUID COMMENT 'the scan',
    position UInt64 COMMENT 'position of the target'
)
ENGINE = Distributed('main', 'adopt6', domain_history_local, cityHash64(toString(scan), position));

ALTER TABLE observations_local ON CLUSTER `main` ADD COLUMN made_up UInt8 AFTER domain;

DROP TABLE IF EXISTS observations ON CLUSTER `main`;

CREATE TABLE IF NOT EXISTS observations ON CLUSTER `main`
(
    scan UUID COMMENT 'the scan',
    position UInt64 COMMENT 'position of the target',
    domain LowCardinality(String) COMMENT 'the target in another word',
    made_up UInt8 COMMENT '1 where it was made up',
    started DateTime('UTC') COMMENT 'when the target was begun'
)
ENGINE = Distributed('main', 'adopt6', observations_local, cityHash64(toString(scan), position));

CREATE MATERIALIZED VIEW IF NOT EXISTS domain_history_feed ON CLUSTER `main` TO `adopt6`.domain_history_local AS
SELECT domain, scan, position
FROM `adopt6`.observations_local;

INSERT INTO domain_history (domain, scan, position) SELECT domain, scan, position FROM observations;

DROP TABLE IF EXISTS latest ON CLUSTER `main`;

CREATE VIEW IF NOT EXISTS latest ON CLUSTER `main` AS
SELECT * FROM `adopt6`.observations FINAL
WHERE scan GLOBAL IN (SELECT scan FROM `adopt6`.domain_history);
