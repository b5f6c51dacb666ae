-- The first tables. Statements end with a semicolon at the end of a line; every
-- one may be run again without harm.
--
-- Why ReplacingMergeTree: a batch whose confirmation was lost is sent again, so
-- the same row can arrive twice. Rows with the same sorting key are one row
-- once ClickHouse has merged them, and at any time for a reader who says FINAL.

CREATE TABLE IF NOT EXISTS scans
(
    scan        UUID             COMMENT 'identifies the scan',
    started     DateTime('UTC')  COMMENT 'when the scan was begun',
    finished    DateTime('UTC')  COMMENT 'when its last target was stored; 1970-01-01 while it is not finished',
    list        String           COMMENT 'where the targets came from, for people',
    vantage     LowCardinality(String) COMMENT 'where the scan ran',
    targets     UInt64           COMMENT 'targets in the list',
    program     LowCardinality(String) COMMENT 'version of adopt6',
    revision    UInt64           COMMENT 'the row with the highest is the valid one'
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(started)
ORDER BY scan;

CREATE TABLE IF NOT EXISTS observations
(
    scan               UUID            COMMENT 'the scan',
    scan_started       DateTime('UTC') COMMENT 'when the scan was begun; its month is the partition',
    position           UInt64          COMMENT 'place of the target in the list of the scan, from 0',

    domain             String          COMMENT 'the target, A-label form (RFC 5890), lower case, no trailing dot',
    domain_unicode     String          COMMENT 'the target, U-label form',
    kind               Enum8('cctld' = 0, 'government' = 1, 'custom' = 2) COMMENT 'which sort of list it is on',
    level              LowCardinality(String) COMMENT 'level of the public body, as its source says: central, regional, ...',
    list_source        LowCardinality(String) COMMENT 'data set the target came from, as in NOTICE',
    list_date          LowCardinality(String) COMMENT 'day that data set was made, YYYY-MM-DD; empty when unknown',

    country            LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2, upper case; empty for none',
    country_alpha3     LowCardinality(String) COMMENT 'ISO 3166-1 alpha-3, upper case',
    country_m49        LowCardinality(String) COMMENT 'UN M49, three digits',
    country_name       LowCardinality(String) COMMENT 'English name (CLDR)',
    region             LowCardinality(String) COMMENT 'ITU region; empty for what ITU does not place',
    member_state       UInt8           COMMENT '1 for a Member State of ITU',
    ldc                UInt8           COMMENT '1 for a least developed country as of groups_as_of',
    lldc               UInt8           COMMENT '1 for a landlocked developing country as of groups_as_of',
    sids               UInt8           COMMENT '1 for a small island developing state as of groups_as_of',
    groups_as_of       LowCardinality(String) COMMENT 'date of the memberships, YYYY-MM or YYYY-MM-DD',

    vantage            LowCardinality(String) COMMENT 'where the scan ran',
    started            DateTime('UTC') COMMENT 'when the target was begun',
    started_micros     UInt32          COMMENT 'microseconds after started',
    took_us            UInt32          COMMENT 'time that the target took, microseconds',

    dns_v6             Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'name servers over IPv6',
    dns_v6_reason      LowCardinality(String) COMMENT 'why dns_v6 is not ok',
    web_v6             Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web servers of the apex and of www over IPv6',
    web_v6_reason      LowCardinality(String) COMMENT 'why web_v6 is not ok',
    mail_v6            Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail exchangers over IPv6',
    mail_v6_reason     LowCardinality(String) COMMENT 'why mail_v6 is not ok',
    v6_only            Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'resolvable, with an address, when IPv4 is gone',
    v6_only_reason     LowCardinality(String) COMMENT 'why v6_only is not ok',
    dnssec             Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3) COMMENT 'state of RFC 4033 section 5',
    dnssec_reason      LowCardinality(String) COMMENT 'why dnssec is not secure',
    readiness          UInt8           COMMENT 'level from 0 to 5; docs/verdicts.md has the rule',

    name_servers       Array(String)   COMMENT 'names of the name servers, sorted',
    name_servers_v6    UInt16          COMMENT 'of these, how many publish a usable AAAA',
    name_servers_v6_ok UInt16          COMMENT 'of these, how many answered over IPv6',
    a                  Array(String)   COMMENT 'IPv4 addresses of the apex, as text',
    aaaa               Array(String)   COMMENT 'IPv6 addresses of the apex, as text (RFC 5952)',
    www_a              Array(String)   COMMENT 'IPv4 addresses of www below the apex',
    www_aaaa           Array(String)   COMMENT 'IPv6 addresses of www below the apex',
    mx                 Array(String)   COMMENT 'mail exchangers in order of preference',
    ds                 UInt16          COMMENT 'number of DS records',
    dnskey             UInt16          COMMENT 'number of DNSKEY records',
    queries            UInt32          COMMENT 'DNS queries sent for this target'
)
ENGINE = ReplacingMergeTree(started)
PARTITION BY toYYYYMM(scan_started)
ORDER BY (scan, position);

CREATE TABLE IF NOT EXISTS endpoints
(
    scan           UUID            COMMENT 'the scan',
    scan_started   DateTime('UTC') COMMENT 'when the scan was begun; its month is the partition',
    position       UInt64          COMMENT 'place of the target in the list of the scan',
    ordinal        UInt32          COMMENT 'place of the contact among those of the target, from 0',

    domain         String          COMMENT 'the target, A-label form',
    kind           Enum8('cctld' = 0, 'government' = 1, 'custom' = 2) COMMENT 'which sort of list it is on',
    country        LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty for none',
    region         LowCardinality(String) COMMENT 'ITU region',
    vantage        LowCardinality(String) COMMENT 'where the scan ran',
    started        DateTime('UTC') COMMENT 'when the target was begun',

    probe          LowCardinality(String) COMMENT 'nameserver, web, mail',
    host           String          COMMENT 'the name that led to the address; from the network, so any byte is possible',
    address        String          COMMENT 'the address, as text; empty when the host had none',
    family         UInt8           COMMENT '4 or 6; 0 without an address',
    port           UInt16          COMMENT 'port',
    transport      LowCardinality(String) COMMENT 'udp, tcp, tls, ...',
    status         Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'verdict on this contact',
    reason         LowCardinality(String) COMMENT 'why status is not ok',
    rtt_us         UInt32          COMMENT 'round trip, microseconds; 0 when nothing answered',
    detail         String          COMMENT 'short evidence; from the network, so any byte is possible'
)
ENGINE = ReplacingMergeTree(started)
PARTITION BY toYYYYMM(scan_started)
ORDER BY (scan, position, ordinal);

CREATE TABLE IF NOT EXISTS indicators
(
    scan         UUID            COMMENT 'the scan',
    scan_started DateTime('UTC') COMMENT 'when the scan was begun',
    kind         Enum8('cctld' = 0, 'government' = 1, 'custom' = 2) COMMENT 'which sort of list the targets are on',
    country      LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty for targets of no country',
    country_name LowCardinality(String) COMMENT 'English name (CLDR)',
    region       LowCardinality(String) COMMENT 'ITU region',
    ldc          UInt8           COMMENT '1 for a least developed country as of groups_as_of',
    lldc         UInt8           COMMENT '1 for a landlocked developing country as of groups_as_of',
    sids         UInt8           COMMENT '1 for a small island developing state as of groups_as_of',
    groups_as_of LowCardinality(String) COMMENT 'date of the memberships',
    indicator    LowCardinality(String) COMMENT 'id of the indicator',
    numerator    UInt64          COMMENT 'targets that fulfil it',
    partial      UInt64          COMMENT 'targets that fulfil it in part; in the denominator, not in the numerator',
    denominator  UInt64          COMMENT 'targets that it was measured on and applies to',
    unmeasured   UInt64          COMMENT 'targets that it applies to but could not be measured on; in neither number',
    targets      UInt64          COMMENT 'all targets of this kind and country in the scan',
    computed     DateTime('UTC') COMMENT 'when it was computed; the latest row is the valid one'
)
ENGINE = ReplacingMergeTree(computed)
PARTITION BY toYYYYMM(scan_started)
ORDER BY (scan, kind, country, indicator);
