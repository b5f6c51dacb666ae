-- One domain over time without reading all others: a table sorted by domain in
-- the place of the view, which ClickHouse fills from what is stored in
-- observations. What was stored before is copied once.

DROP TABLE IF EXISTS domain_history_feed;

DROP TABLE IF EXISTS domain_history;

CREATE TABLE IF NOT EXISTS domain_history
(
    domain           String                 COMMENT 'the target, A-label form (RFC 5890), lower case, no trailing dot',
    kind             Enum8('cctld' = 0, 'government' = 1, 'custom' = 2) COMMENT 'which sort of list it is on',
    country          LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2, upper case; empty for none',
    scan_started     DateTime('UTC')        COMMENT 'when the scan was begun; its month is the partition',
    vantage          LowCardinality(String) COMMENT 'where the scan ran',
    readiness        UInt8                  COMMENT 'level from 0 to 5; docs/verdicts.md has the rule',
    dns_v6           Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'name servers over IPv6',
    dns_v6_reason    LowCardinality(String) COMMENT 'why dns_v6 is not ok',
    web_v6           Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web servers of the apex and of www over IPv6',
    web_v6_reason    LowCardinality(String) COMMENT 'why web_v6 is not ok',
    mail_v6          Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail exchangers over IPv6',
    mail_v6_reason   LowCardinality(String) COMMENT 'why mail_v6 is not ok',
    v6_only          Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'resolves, and serves its site, when IPv4 is gone, by what servers answer',
    v6_only_reason   LowCardinality(String) COMMENT 'why v6_only is not ok',
    dnssec           Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3) COMMENT 'state of RFC 4033 section 5',
    dnssec_reason    LowCardinality(String) COMMENT 'why dnssec is not secure',
    dns_v4           Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'name servers over IPv4',
    web_v4           Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web servers of the apex and of www over IPv4',
    mail_v4          Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail exchangers over IPv4',
    aaaa             Array(String)          COMMENT 'IPv6 addresses of the apex, as text (RFC 5952)',
    www_aaaa         Array(String)          COMMENT 'IPv6 addresses of www below the apex',
    name_servers     Array(String)          COMMENT 'names of the name servers, sorted',
    mx               Array(String)          COMMENT 'mail exchangers in order of preference',
    scan             UUID                   COMMENT 'the scan',
    position         UInt64                 COMMENT 'place of the target in the list of the scan, from 0',
    started          DateTime('UTC')        COMMENT 'when the target was begun'
)
ENGINE = ReplacingMergeTree(started)
PARTITION BY toYYYYMM(scan_started)
ORDER BY (domain, scan_started, scan, position)
SETTINGS index_granularity = 1024;

CREATE MATERIALIZED VIEW domain_history_feed TO domain_history AS
SELECT
    domain, kind, country, scan_started, vantage, readiness,
    dns_v6, dns_v6_reason, web_v6, web_v6_reason, mail_v6, mail_v6_reason, v6_only, v6_only_reason,
    dnssec, dnssec_reason, dns_v4, web_v4, mail_v4, aaaa, www_aaaa, name_servers, mx, scan, position, started
FROM observations;

INSERT INTO domain_history (domain, kind, country, scan_started, vantage, readiness,
    dns_v6, dns_v6_reason, web_v6, web_v6_reason, mail_v6, mail_v6_reason, v6_only, v6_only_reason,
    dnssec, dnssec_reason, dns_v4, web_v4, mail_v4, aaaa, www_aaaa, name_servers, mx, scan, position, started)
SELECT
    domain, kind, country, scan_started, vantage, readiness,
    dns_v6, dns_v6_reason, web_v6, web_v6_reason, mail_v6, mail_v6_reason, v6_only, v6_only_reason,
    dnssec, dnssec_reason, dns_v4, web_v4, mail_v4, aaaa, www_aaaa, name_servers, mx, scan, position, started
FROM observations;
