CREATE DATABASE IF NOT EXISTS `adopt6` ON CLUSTER `main`;

-- 0 the record

CREATE TABLE IF NOT EXISTS schema_migrations_local ON CLUSTER `main`
(
    version UInt32,
    name    String,
    applied DateTime('UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/adopt6/schema_migrations', '{replica}')
ORDER BY version;

CREATE TABLE IF NOT EXISTS schema_migrations ON CLUSTER `main`
(
    version UInt32 COMMENT 'number of the migration',
    name String COMMENT 'what it does',
    applied DateTime('UTC') COMMENT 'when it was applied'
)
ENGINE = Distributed('main', 'adopt6', schema_migrations_local, cityHash64(version));

-- 1 tables

CREATE TABLE IF NOT EXISTS scans_local ON CLUSTER `main`
(
    scan      UUID,
    started   DateTime('UTC'),
    finished  DateTime('UTC'),
    list      String,
    vantage   LowCardinality(String),
    ipv4      Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    ipv6      Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    udp53_v4  Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    udp53_v6  Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    tcp53_v4  Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    tcp53_v6  Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    smtp_v4   Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    smtp_v6   Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    hijacked  UInt8,
    clock_off UInt8,
    targets   UInt64,
    program   LowCardinality(String),
    simulated UInt8,
    as_table  String,
    revision  UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/adopt6/scans', '{replica}', revision)
PARTITION BY toYYYYMM(started)
ORDER BY scan;

CREATE TABLE IF NOT EXISTS scans ON CLUSTER `main`
(
    scan UUID COMMENT 'identifies the scan',
    started DateTime('UTC') COMMENT 'when the scan was begun',
    finished DateTime('UTC') COMMENT 'when its last target was stored; 1970-01-01 while it is not finished',
    list String COMMENT 'where the targets came from, for people',
    vantage LowCardinality(String) COMMENT 'where the scan ran',
    ipv4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: a route over IPv4, and answers from the root servers',
    ipv6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: a route over IPv6, and answers from the root servers',
    udp53_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: DNS over UDP and IPv4',
    udp53_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: DNS over UDP and IPv6',
    tcp53_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: DNS over TCP and IPv4',
    tcp53_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: DNS over TCP and IPv6',
    smtp_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: connections to port 25 over IPv4',
    smtp_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: connections to port 25 over IPv6',
    hijacked UInt8 COMMENT '1 where somebody else answered in the place of the root servers',
    clock_off UInt8 COMMENT '1 where the clock of the vantage was wrong',
    targets UInt64 COMMENT 'targets in the list',
    program LowCardinality(String) COMMENT 'version of adopt6',
    simulated UInt8 COMMENT '1 where the scan saw a simulated Internet, so that its figures are invented',
    as_table String COMMENT 'table of autonomous systems that addresses were looked up in, with the day on which it was made; empty without one',
    revision UInt64 COMMENT 'the row with the highest is the valid one'
)
ENGINE = Distributed('main', 'adopt6', scans_local, cityHash64(toString(scan)));

CREATE TABLE IF NOT EXISTS observations_local ON CLUSTER `main`
(
    scan                   UUID,
    scan_started           DateTime('UTC'),
    position               UInt64,
    domain                 String,
    domain_unicode         String,
    kind                   Enum8('cctld' = 0, 'government' = 1, 'custom' = 2),
    level                  LowCardinality(String),
    list_source            LowCardinality(String),
    list_date              LowCardinality(String),
    roles                  LowCardinality(String),
    organisation           String,
    sector                 LowCardinality(String),
    tags                   String,
    country                LowCardinality(String),
    country_alpha3         LowCardinality(String),
    country_m49            LowCardinality(String),
    country_name           LowCardinality(String),
    region                 LowCardinality(String),
    member_state           UInt8,
    ldc                    UInt8,
    lldc                   UInt8,
    sids                   UInt8,
    groups_as_of           LowCardinality(String),
    vantage                LowCardinality(String),
    started                DateTime('UTC'),
    started_micros         UInt32,
    took_us                UInt32,
    passes                 UInt8,
    unsteady               Array(String),
    dns_v6                 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    dns_v6_reason          LowCardinality(String),
    web_v6                 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    web_v6_reason          LowCardinality(String),
    mail_v6                Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    mail_v6_reason         LowCardinality(String),
    v6_only                Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    v6_only_reason         LowCardinality(String),
    v6_only_records        Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    v6_only_records_reason LowCardinality(String),
    v6_only_zone           String,
    operators              Array(String),
    freed_by               Array(String),
    dns_v4                 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    dns_v4_reason          LowCardinality(String),
    web_v4                 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    web_v4_reason          LowCardinality(String),
    mail_v4                Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    mail_v4_reason         LowCardinality(String),
    delegation             Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    delegation_reason      LowCardinality(String),
    same_serial            Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    same_serial_reason     LowCardinality(String),
    address_v6             Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    address_v6_reason      LowCardinality(String),
    web_apex_v6            Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    web_apex_v6_reason     LowCardinality(String),
    web_www_v6             Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    web_www_v6_reason      LowCardinality(String),
    same_content           Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    same_content_reason    LowCardinality(String),
    similarity             Float32,
    web_connect_v4_us      UInt32,
    web_tls_v4_us          UInt32,
    web_first_byte_v4_us   UInt32,
    web_connect_v6_us      UInt32,
    web_tls_v6_us          UInt32,
    web_first_byte_v6_us   UInt32,
    starttls               Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    starttls_reason        LowCardinality(String),
    smtputf8               Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    smtputf8_reason        LowCardinality(String),
    findings               Array(String),
    dnssec                 Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3),
    dnssec_reason          LowCardinality(String),
    dnssec_www             Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3),
    dnssec_mx              Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3),
    dnssec_algorithms      Array(UInt8),
    dnssec_key_bits        UInt16,
    ds_digests             Array(UInt8),
    denial                 LowCardinality(String),
    nsec3_iterations       UInt16,
    nsec3_salt             UInt8,
    signature_expires      DateTime('UTC'),
    cds                    UInt8,
    readiness              UInt8,
    zone                   String,
    name_servers           Array(String),
    name_servers_v6        UInt16,
    name_servers_v6_ok     UInt16,
    a                      Array(String),
    aaaa                   Array(String),
    www_a                  Array(String),
    www_aaaa               Array(String),
    hosting_as             Array(UInt32),
    hosting_as_names       Array(String),
    hosting_as_v6          Array(UInt32),
    www_same_address       UInt8,
    mx                     Array(String),
    ds                     UInt16,
    dnskey                 UInt16,
    glue_v6                UInt16,
    queries                UInt32,
    probes                 Array(String),
    probe_us               Array(UInt32)
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/adopt6/observations', '{replica}', started)
PARTITION BY toYYYYMM(scan_started)
ORDER BY (scan, position);

CREATE TABLE IF NOT EXISTS observations ON CLUSTER `main`
(
    scan UUID COMMENT 'the scan',
    scan_started DateTime('UTC') COMMENT 'when the scan was begun; its month is the partition',
    position UInt64 COMMENT 'position of the target in the list of the scan, from 0',
    domain String COMMENT 'the target, A-label form (RFC 5890), lower case, no trailing dot',
    domain_unicode String COMMENT 'the target, U-label form',
    kind Enum8('cctld' = 0, 'government' = 1, 'custom' = 2) COMMENT 'which sort of list it is on',
    level LowCardinality(String) COMMENT 'level of the public body, as its source says: central, regional, ...',
    list_source LowCardinality(String) COMMENT 'data set the target came from, as in NOTICE',
    list_date LowCardinality(String) COMMENT 'day that data set was made, YYYY-MM-DD; empty when unknown',
    roles LowCardinality(String) COMMENT 'codes of the roles that the host serves in its country, separated by blanks; empty when none is known',
    organisation String COMMENT 'name of the body, as its list has it; empty without',
    sector LowCardinality(String) COMMENT 'sector of the body, as its list has it; empty without',
    tags String COMMENT 'tags of the target, as its list has them; empty without',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2, upper case; empty for none',
    country_alpha3 LowCardinality(String) COMMENT 'ISO 3166-1 alpha-3, upper case',
    country_m49 LowCardinality(String) COMMENT 'UN M49, three digits',
    country_name LowCardinality(String) COMMENT 'English name (CLDR)',
    region LowCardinality(String) COMMENT 'ITU region; empty for what ITU does not place',
    member_state UInt8 COMMENT '1 for a Member State of ITU',
    ldc UInt8 COMMENT '1 for a least developed country as of groups_as_of',
    lldc UInt8 COMMENT '1 for a landlocked developing country as of groups_as_of',
    sids UInt8 COMMENT '1 for a small island developing state as of groups_as_of',
    groups_as_of LowCardinality(String) COMMENT 'date of the memberships, YYYY-MM or YYYY-MM-DD',
    vantage LowCardinality(String) COMMENT 'where the scan ran',
    started DateTime('UTC') COMMENT 'when the target was begun',
    started_micros UInt32 COMMENT 'microseconds after started',
    took_us UInt32 COMMENT 'time that the target took, microseconds',
    passes UInt8 COMMENT 'how often the target was measured in this scan; the row is what the last time found',
    unsteady Array(String) COMMENT 'services whose failure is not certain: it came at one time and not at another, or was measured only once; of dns_v6, web_v6, mail_v6, v6_only and dnssec',
    dns_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'name servers over IPv6',
    dns_v6_reason LowCardinality(String) COMMENT 'why dns_v6 is not ok',
    web_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web servers of the apex and of www over IPv6',
    web_v6_reason LowCardinality(String) COMMENT 'why web_v6 is not ok',
    mail_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail exchangers over IPv6',
    mail_v6_reason LowCardinality(String) COMMENT 'why mail_v6 is not ok',
    v6_only Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'resolves, and serves its site, when IPv4 is gone, by what servers answer',
    v6_only_reason LowCardinality(String) COMMENT 'why v6_only is not ok',
    v6_only_records Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'v6_only as the records alone have it, with no server asked',
    v6_only_records_reason LowCardinality(String) COMMENT 'why v6_only_records is not ok',
    v6_only_zone String COMMENT 'the zone to blame where v6_only is broken',
    operators Array(String) COMMENT 'who runs the name servers, sorted: names of the table of operators, else the registrable domains of the names of the servers',
    freed_by Array(String) COMMENT 'operators each of which would alone, by enabling IPv6, make the target resolvable without IPv4',
    dns_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'name servers over IPv4',
    dns_v4_reason LowCardinality(String) COMMENT 'why dns_v4 is not ok',
    web_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web servers of the apex and of www over IPv4',
    web_v4_reason LowCardinality(String) COMMENT 'why web_v4 is not ok',
    mail_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail exchangers over IPv4',
    mail_v4_reason LowCardinality(String) COMMENT 'why mail_v4 is not ok',
    delegation Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what parent and child publish of the name servers',
    delegation_reason LowCardinality(String) COMMENT 'why delegation is not ok',
    same_serial Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'the name servers serve one version of the zone over both families',
    same_serial_reason LowCardinality(String) COMMENT 'why same_serial is not ok',
    address_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'the AAAA records of the apex and of www',
    address_v6_reason LowCardinality(String) COMMENT 'why address_v6 is not ok',
    web_apex_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web server of the apex over IPv6',
    web_apex_v6_reason LowCardinality(String) COMMENT 'why web_apex_v6 is not ok',
    web_www_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web server of www over IPv6',
    web_www_v6_reason LowCardinality(String) COMMENT 'why web_www_v6 is not ok',
    same_content Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'the site is the same over both families; unmeasured unless both work',
    same_content_reason LowCardinality(String) COMMENT 'why same_content is not ok',
    similarity Float32 COMMENT 'of the visible text over both families, 0 to 1',
    web_connect_v4_us UInt32 COMMENT 'time to open the web connection over IPv4, microseconds; 0 where none was made',
    web_tls_v4_us UInt32 COMMENT 'time of its TLS handshake, microseconds',
    web_first_byte_v4_us UInt32 COMMENT 'time from its request to the first byte of the response, microseconds',
    web_connect_v6_us UInt32 COMMENT 'time to open the web connection over IPv6, microseconds; 0 where none was made',
    web_tls_v6_us UInt32 COMMENT 'time of its TLS handshake, microseconds',
    web_first_byte_v6_us UInt32 COMMENT 'time from its request to the first byte of the response, microseconds',
    starttls Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'STARTTLS offered, with a handshake that works, by the mail exchangers over IPv6',
    starttls_reason LowCardinality(String) COMMENT 'why starttls is not ok',
    smtputf8 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'SMTPUTF8 (RFC 6531) offered by the mail exchangers, over either family',
    smtputf8_reason LowCardinality(String) COMMENT 'why smtputf8 is not ok',
    findings Array(String) COMMENT 'every reason in the evidence, each once',
    dnssec Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3) COMMENT 'state of RFC 4033 section 5',
    dnssec_reason LowCardinality(String) COMMENT 'why dnssec is not secure',
    dnssec_www Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3) COMMENT 'state of www',
    dnssec_mx Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3) COMMENT 'state of the MX records',
    dnssec_algorithms Array(UInt8) COMMENT 'algorithms of the DNSKEY records, sorted (IANA numbers)',
    dnssec_key_bits UInt16 COMMENT 'size of the shortest key, bits',
    ds_digests Array(UInt8) COMMENT 'digest types of the DS records, sorted (IANA numbers)',
    denial LowCardinality(String) COMMENT 'nsec, nsec3, or empty where it was not seen',
    nsec3_iterations UInt16 COMMENT 'NSEC3 iterations',
    nsec3_salt UInt8 COMMENT 'length of the NSEC3 salt, bytes',
    signature_expires DateTime('UTC') COMMENT 'when the first signature on the path from the root expires; 1970-01-01 without one',
    cds UInt8 COMMENT '1 where CDS or CDNSKEY records are published (RFC 7344)',
    readiness UInt8 COMMENT 'level from 0 to 5; docs/verdicts.md has the rule',
    zone String COMMENT 'zone that the target lies in: itself or one above; empty where the delegation could not be followed',
    name_servers Array(String) COMMENT 'names of the name servers, sorted',
    name_servers_v6 UInt16 COMMENT 'of these, how many publish a usable AAAA',
    name_servers_v6_ok UInt16 COMMENT 'of these, how many answered over IPv6',
    a Array(String) COMMENT 'IPv4 addresses of the apex, as text',
    aaaa Array(String) COMMENT 'IPv6 addresses of the apex, as text (RFC 5952)',
    www_a Array(String) COMMENT 'IPv4 addresses of www below the apex',
    www_aaaa Array(String) COMMENT 'IPv6 addresses of www below the apex',
    hosting_as Array(UInt32) COMMENT 'numbers of the autonomous systems that the addresses of the domain and of www lie in, each once, sorted; empty where none is known',
    hosting_as_names Array(String) COMMENT 'what the table of autonomous systems calls each of hosting_as, in its order; empty texts where it gives no name',
    hosting_as_v6 Array(UInt32) COMMENT 'of hosting_as, those that an IPv6 address lies in',
    www_same_address UInt8 COMMENT 'apex and www have addresses, and the same',
    mx Array(String) COMMENT 'mail exchangers in order of preference',
    ds UInt16 COMMENT 'number of DS records',
    dnskey UInt16 COMMENT 'number of DNSKEY records',
    glue_v6 UInt16 COMMENT 'name servers with an AAAA record at the parent',
    queries UInt32 COMMENT 'DNS queries sent for this target',
    probes Array(String) COMMENT 'the probes that ran, in order',
    probe_us Array(UInt32) COMMENT 'how long each of probes took, microseconds'
)
ENGINE = Distributed('main', 'adopt6', observations_local, cityHash64(toString(scan), position));

CREATE TABLE IF NOT EXISTS endpoints_local ON CLUSTER `main`
(
    scan               UUID,
    scan_started       DateTime('UTC'),
    position           UInt64,
    ordinal            UInt32,
    domain             String,
    kind               Enum8('cctld' = 0, 'government' = 1, 'custom' = 2),
    country            LowCardinality(String),
    region             LowCardinality(String),
    vantage            LowCardinality(String),
    started            DateTime('UTC'),
    probe              LowCardinality(String),
    host               String,
    address            String,
    family             UInt8,
    as_number          UInt32,
    as_name            LowCardinality(String),
    port               UInt16,
    transport          LowCardinality(String),
    status             Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    reason             LowCardinality(String),
    rtt_us             UInt32,
    took_us            UInt32,
    detail             String,
    dns_rcode          LowCardinality(String),
    dns_aa             UInt8,
    dns_tc             UInt8,
    dns_edns           UInt16,
    dns_serial         UInt32,
    dns_bytes          UInt16,
    tls_version        LowCardinality(String),
    tls_alpn           LowCardinality(String),
    tls_us             UInt32,
    tls_certificate    LowCardinality(String),
    tls_not_after      DateTime('UTC'),
    tls_issuer         LowCardinality(String),
    tls_sha256         String,
    http_status        UInt32,
    http_proto         LowCardinality(String),
    http_first_byte_us UInt32,
    http_redirects     UInt32,
    http_location      String,
    http_title         String,
    http_bytes         UInt64,
    similarity         Float32,
    smtp_code          UInt32,
    smtp_banner        String,
    starttls           UInt8,
    smtputf8           UInt8
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/adopt6/endpoints', '{replica}', started)
PARTITION BY toYYYYMM(scan_started)
ORDER BY (scan, position, ordinal);

CREATE TABLE IF NOT EXISTS endpoints ON CLUSTER `main`
(
    scan UUID COMMENT 'the scan',
    scan_started DateTime('UTC') COMMENT 'when the scan was begun; its month is the partition',
    position UInt64 COMMENT 'position of the target in the list of the scan',
    ordinal UInt32 COMMENT 'place of the contact among those of the target, from 0',
    domain String COMMENT 'the target, A-label form',
    kind Enum8('cctld' = 0, 'government' = 1, 'custom' = 2) COMMENT 'which sort of list it is on',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty for none',
    region LowCardinality(String) COMMENT 'ITU region',
    vantage LowCardinality(String) COMMENT 'where the scan ran',
    started DateTime('UTC') COMMENT 'when the target was begun',
    probe LowCardinality(String) COMMENT 'delegation, nameserver, address, web, mail, ...',
    host String COMMENT 'the name that led to the address, or the zone of a finding; from the network, so any character is possible',
    address String COMMENT 'the address, as text; empty when the host had none',
    family UInt8 COMMENT '4 or 6; 0 without an address',
    as_number UInt32 COMMENT 'number of the autonomous system that the address lies in; 0 where it is not known',
    as_name LowCardinality(String) COMMENT 'what the table of autonomous systems calls it; empty where it gives no name',
    port UInt16 COMMENT 'port',
    transport LowCardinality(String) COMMENT 'udp, tcp or tls; empty for a finding',
    status Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'verdict on this contact',
    reason LowCardinality(String) COMMENT 'why status is not ok',
    rtt_us UInt32 COMMENT 'round trip, microseconds; 0 when nothing answered',
    took_us UInt32 COMMENT 'time from the first packet to the verdict, microseconds',
    detail String COMMENT 'short evidence; from the network, so any character is possible',
    dns_rcode LowCardinality(String) COMMENT 'RCODE of the answer by its IANA name, such as NOERROR; empty where there was none',
    dns_aa UInt8 COMMENT '1 for an answer with authority',
    dns_tc UInt8 COMMENT '1 for an answer that was cut short',
    dns_edns UInt16 COMMENT 'EDNS buffer size that the server announced, bytes; 0 without EDNS',
    dns_serial UInt32 COMMENT 'serial of the SOA record',
    dns_bytes UInt16 COMMENT 'size of the answer, bytes',
    tls_version LowCardinality(String) COMMENT '1.0 to 1.3; empty without a handshake',
    tls_alpn LowCardinality(String) COMMENT 'protocol that was agreed on (ALPN)',
    tls_us UInt32 COMMENT 'time of the handshake, microseconds',
    tls_certificate LowCardinality(String) COMMENT 'reason why the certificate is not good; empty when it is',
    tls_not_after DateTime('UTC') COMMENT 'when the certificate expires; 1970-01-01 without one',
    tls_issuer LowCardinality(String) COMMENT 'issuer of the certificate; from the network, so any character is possible',
    tls_sha256 String COMMENT 'SHA-256 of the certificate, hexadecimal',
    http_status UInt32 COMMENT 'status of the last response; 0 without one',
    http_proto LowCardinality(String) COMMENT 'HTTP/1.1, HTTP/2.0, ...',
    http_first_byte_us UInt32 COMMENT 'time from the request to the first byte of the response, microseconds',
    http_redirects UInt32 COMMENT 'redirects followed',
    http_location String COMMENT 'where the redirects led; from the network, so any character is possible',
    http_title String COMMENT 'title of the page; from the network, so any character is possible',
    http_bytes UInt64 COMMENT 'size of the body as decoded, as far as it was read, bytes',
    similarity Float32 COMMENT 'of the visible text with that over IPv4, 0 to 1',
    smtp_code UInt32 COMMENT 'code of the greeting; 0 without one',
    smtp_banner String COMMENT 'text of the greeting; from the network, so any character is possible',
    starttls UInt8 COMMENT '1 where STARTTLS was offered',
    smtputf8 UInt8 COMMENT '1 where SMTPUTF8 was offered'
)
ENGINE = Distributed('main', 'adopt6', endpoints_local, cityHash64(toString(scan), position));

CREATE TABLE IF NOT EXISTS indicators_local ON CLUSTER `main`
(
    scan         UUID,
    scan_started DateTime('UTC'),
    kind         Enum8('cctld' = 0, 'government' = 1, 'custom' = 2),
    country      LowCardinality(String),
    country_name LowCardinality(String),
    region       LowCardinality(String),
    ldc          UInt8,
    lldc         UInt8,
    sids         UInt8,
    groups_as_of LowCardinality(String),
    indicator    LowCardinality(String),
    numerator    UInt64,
    partial      UInt64,
    denominator  UInt64,
    unmeasured   UInt64,
    targets      UInt64,
    value        Float64,
    detail       String,
    computed     DateTime('UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/adopt6/indicators', '{replica}', computed)
PARTITION BY toYYYYMM(scan_started)
ORDER BY (scan, kind, country, indicator);

CREATE TABLE IF NOT EXISTS indicators ON CLUSTER `main`
(
    scan UUID COMMENT 'the scan',
    scan_started DateTime('UTC') COMMENT 'when the scan was begun',
    kind Enum8('cctld' = 0, 'government' = 1, 'custom' = 2) COMMENT 'which sort of list the targets are on',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty for targets of no country',
    country_name LowCardinality(String) COMMENT 'English name (CLDR)',
    region LowCardinality(String) COMMENT 'ITU region',
    ldc UInt8 COMMENT '1 for a least developed country as of groups_as_of',
    lldc UInt8 COMMENT '1 for a landlocked developing country as of groups_as_of',
    sids UInt8 COMMENT '1 for a small island developing state as of groups_as_of',
    groups_as_of LowCardinality(String) COMMENT 'date of the memberships',
    indicator LowCardinality(String) COMMENT 'id of the indicator',
    numerator UInt64 COMMENT 'targets that fulfil it',
    partial UInt64 COMMENT 'targets that fulfil it in part; in the denominator, not in the numerator',
    denominator UInt64 COMMENT 'targets that it was measured on and applies to',
    unmeasured UInt64 COMMENT 'targets that it applies to but could not be measured on; in neither number',
    targets UInt64 COMMENT 'all targets of this kind and country in the scan',
    value Float64 COMMENT 'share, median or index, as the indicator has it; 0 where denominator is 0',
    detail String COMMENT 'what the value is about, such as the operator that is counted; from the network, so any character is possible',
    computed DateTime('UTC') COMMENT 'when it was computed; the latest row is the valid one'
)
ENGINE = Distributed('main', 'adopt6', indicators_local, cityHash64(toString(scan), country));

CREATE TABLE IF NOT EXISTS jobs_local ON CLUSTER `main`
(
    job       LowCardinality(String),
    vantage   LowCardinality(String),
    machine   LowCardinality(String),
    cron      String,
    time_zone LowCardinality(String),
    paused    UInt8,
    targets   String,
    settings  String,
    changed   DateTime('UTC'),
    revision  UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/adopt6/jobs', '{replica}', revision)
ORDER BY (job, vantage, machine);

CREATE TABLE IF NOT EXISTS jobs ON CLUSTER `main`
(
    job LowCardinality(String) COMMENT 'name of the job',
    vantage LowCardinality(String) COMMENT 'where its scans run',
    machine LowCardinality(String) COMMENT 'host name of the scheduler',
    cron String COMMENT 'when it runs, as a cron expression',
    time_zone LowCardinality(String) COMMENT 'zone of the cron expression, by its name in the IANA database',
    paused UInt8 COMMENT '1 where it is not run at present, or not in the configuration any more',
    targets String COMMENT 'what it scans, for people',
    settings String COMMENT 'all its settings, as JSON',
    changed DateTime('UTC') COMMENT 'when the scheduler took these settings',
    revision UInt64 COMMENT 'the row with the highest is the valid one'
)
ENGINE = Distributed('main', 'adopt6', jobs_local, cityHash64(job));

CREATE TABLE IF NOT EXISTS runs_local ON CLUSTER `main`
(
    job      LowCardinality(String),
    vantage  LowCardinality(String),
    planned  DateTime('UTC'),
    run      UUID,
    machine  LowCardinality(String),
    trigger  LowCardinality(String),
    started  DateTime('UTC'),
    finished DateTime('UTC'),
    outcome  LowCardinality(String),
    reason   LowCardinality(String),
    message  String,
    scan     UUID,
    tries    UInt32,
    revision UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/adopt6/runs', '{replica}', revision)
PARTITION BY toYYYYMM(planned)
ORDER BY (job, vantage, planned, run);

CREATE TABLE IF NOT EXISTS runs ON CLUSTER `main`
(
    job LowCardinality(String) COMMENT 'name of the job',
    vantage LowCardinality(String) COMMENT 'where its scan runs',
    planned DateTime('UTC') COMMENT 'when it was planned for; when it was asked for, where trigger is hand',
    run UUID COMMENT 'identifies the run',
    machine LowCardinality(String) COMMENT 'host name of the scheduler',
    trigger LowCardinality(String) COMMENT 'plan, catch_up (its time had passed) or hand',
    started DateTime('UTC') COMMENT 'when its first try was begun; 1970-01-01 where none was',
    finished DateTime('UTC') COMMENT 'when its last try ended; 1970-01-01 while it is not over',
    outcome LowCardinality(String) COMMENT 'waiting, running, interrupted, finished, failed or skipped',
    reason LowCardinality(String) COMMENT 'why it failed or was skipped; docs/schedule.md lists the reasons',
    message String COMMENT 'the same for people',
    scan UUID COMMENT 'its scan; zeros where none was begun',
    tries UInt32 COMMENT 'how often it was begun or resumed',
    revision UInt64 COMMENT 'the row with the highest is the valid one'
)
ENGINE = Distributed('main', 'adopt6', runs_local, cityHash64(job));

CREATE TABLE IF NOT EXISTS claims_local ON CLUSTER `main`
(
    job      LowCardinality(String),
    vantage  LowCardinality(String),
    planned  DateTime('UTC'),
    run      UUID,
    machine  LowCardinality(String),
    claimed  DateTime('UTC'),
    expires  DateTime('UTC'),
    state    LowCardinality(String),
    revision UInt64
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/adopt6/claims', '{replica}', revision)
PARTITION BY toYYYYMM(planned)
ORDER BY (job, vantage, planned, run);

CREATE TABLE IF NOT EXISTS claims ON CLUSTER `main`
(
    job LowCardinality(String) COMMENT 'name of the job',
    vantage LowCardinality(String) COMMENT 'where its scan runs',
    planned DateTime('UTC') COMMENT 'when the run was planned for',
    run UUID COMMENT 'the run that is claimed',
    machine LowCardinality(String) COMMENT 'scheduler that claims it: its host name, and what tells two of one name apart',
    claimed DateTime('UTC') COMMENT 'when it was claimed, by the clock of the server; the first has it',
    expires DateTime('UTC') COMMENT 'when the claim ends unless it is renewed, by the clock of the server',
    state LowCardinality(String) COMMENT 'held, done or given_up',
    revision UInt64 COMMENT 'the row with the highest is the valid one'
)
ENGINE = Distributed('main', 'adopt6', claims_local, cityHash64(job));

CREATE TABLE IF NOT EXISTS domain_history_local ON CLUSTER `main`
(
    domain         String,
    kind           Enum8('cctld' = 0, 'government' = 1, 'custom' = 2),
    country        LowCardinality(String),
    scan_started   DateTime('UTC'),
    vantage        LowCardinality(String),
    readiness      UInt8,
    dns_v6         Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    dns_v6_reason  LowCardinality(String),
    web_v6         Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    web_v6_reason  LowCardinality(String),
    mail_v6        Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    mail_v6_reason LowCardinality(String),
    v6_only        Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    v6_only_reason LowCardinality(String),
    dnssec         Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3),
    dnssec_reason  LowCardinality(String),
    dns_v4         Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    web_v4         Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    mail_v4        Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4),
    aaaa           Array(String),
    www_aaaa       Array(String),
    name_servers   Array(String),
    mx             Array(String),
    scan           UUID,
    position       UInt64,
    started        DateTime('UTC')
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/adopt6/domain_history', '{replica}', started)
PARTITION BY toYYYYMM(scan_started)
ORDER BY (domain, scan_started, scan, position)
SETTINGS index_granularity = 1024;

CREATE TABLE IF NOT EXISTS domain_history ON CLUSTER `main`
(
    domain String COMMENT 'the target, A-label form (RFC 5890), lower case, no trailing dot',
    kind Enum8('cctld' = 0, 'government' = 1, 'custom' = 2) COMMENT 'which sort of list it is on',
    country LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2, upper case; empty for none',
    scan_started DateTime('UTC') COMMENT 'when the scan was begun; its month is the partition',
    vantage LowCardinality(String) COMMENT 'where the scan ran',
    readiness UInt8 COMMENT 'level from 0 to 5; docs/verdicts.md has the rule',
    dns_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'name servers over IPv6',
    dns_v6_reason LowCardinality(String) COMMENT 'why dns_v6 is not ok',
    web_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web servers of the apex and of www over IPv6',
    web_v6_reason LowCardinality(String) COMMENT 'why web_v6 is not ok',
    mail_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail exchangers over IPv6',
    mail_v6_reason LowCardinality(String) COMMENT 'why mail_v6 is not ok',
    v6_only Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'resolves, and serves its site, when IPv4 is gone, by what servers answer',
    v6_only_reason LowCardinality(String) COMMENT 'why v6_only is not ok',
    dnssec Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3) COMMENT 'state of RFC 4033 section 5',
    dnssec_reason LowCardinality(String) COMMENT 'why dnssec is not secure',
    dns_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'name servers over IPv4',
    web_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web servers of the apex and of www over IPv4',
    mail_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail exchangers over IPv4',
    aaaa Array(String) COMMENT 'IPv6 addresses of the apex, as text (RFC 5952)',
    www_aaaa Array(String) COMMENT 'IPv6 addresses of www below the apex',
    name_servers Array(String) COMMENT 'names of the name servers, sorted',
    mx Array(String) COMMENT 'mail exchangers in order of preference',
    scan UUID COMMENT 'the scan',
    position UInt64 COMMENT 'position of the target in the list of the scan, from 0',
    started DateTime('UTC') COMMENT 'when the target was begun'
)
ENGINE = Distributed('main', 'adopt6', domain_history_local, cityHash64(toString(scan), position));

CREATE MATERIALIZED VIEW IF NOT EXISTS domain_history_feed ON CLUSTER `main` TO `adopt6`.domain_history_local AS
SELECT
    domain, kind, country, scan_started, vantage, readiness,
    dns_v6, dns_v6_reason, web_v6, web_v6_reason, mail_v6, mail_v6_reason, v6_only, v6_only_reason,
    dnssec, dnssec_reason, dns_v4, web_v4, mail_v4, aaaa, www_aaaa, name_servers, mx, scan, position, started
FROM `adopt6`.observations_local;

-- 0 the views

CREATE VIEW IF NOT EXISTS latest_scans ON CLUSTER `main` AS
SELECT
    kind, country, name AS country_name,
    scans[1] AS scan, times[1] AS scan_started, vantages[1] AS vantage,
    arrayFilter((s, v, i) -> i > 1 AND v = vantages[1], scans, vantages, arrayEnumerate(scans))[1] AS previous,
    arrayFilter((t, v, i) -> i > 1 AND v = vantages[1], times, vantages, arrayEnumerate(times))[1] AS previous_started
FROM
(
    SELECT
        kind, country, any(country_name) AS name,
        arrayReverseSort((x, t) -> t, groupArray(scan), groupArray(scan_started)) AS scans,
        arrayReverseSort((x, t) -> t, groupArray(scan_started), groupArray(scan_started)) AS times,
        arrayReverseSort((x, t) -> t, groupArray(vantage), groupArray(scan_started)) AS vantages
    FROM
    (
        SELECT scan, kind, country, country_name, scan_started
        FROM `adopt6`.indicators FINAL WHERE indicator = 'measured'
    ) AS counted
    ALL INNER JOIN (SELECT scan, vantage FROM `adopt6`.scans FINAL WHERE toUInt32(finished) > 0) AS finished USING scan
    GROUP BY kind, country
) AS by_country;

CREATE VIEW IF NOT EXISTS operators ON CLUSTER `main` AS
SELECT
    operator, kind, country, countIf(has(operators, operator)) AS domains, countIf(operators = [operator]) AS domains_alone,
    countIf(has(operators, operator) AND dns_v6 = 'ok') AS domains_dns_v6, countIf(has(freed_by, operator)) AS domains_freed
FROM
(
    SELECT arrayJoin(arrayDistinct(arrayConcat(operators, freed_by))) AS operator, operators, kind, country, dns_v6, freed_by
    FROM `adopt6`.observations FINAL
    WHERE (kind, country, scan) GLOBAL IN (SELECT kind, country, scan FROM `adopt6`.latest_scans)
) AS depending
GROUP BY operator, kind, country;

CREATE VIEW IF NOT EXISTS broken_v6 ON CLUSTER `main` AS
SELECT domain, kind, country, scan_started, found.1 AS service, found.2 AS status, found.3 AS reason, scan, position
FROM
(
    SELECT
        domain, kind, country, scan_started, scan, position,
        arrayJoin([
            ('delegation', toString(delegation), toString(delegation_reason)),
            ('dns', toString(dns_v6), toString(dns_v6_reason)),
            ('address', toString(address_v6), toString(address_v6_reason)),
            ('web', toString(web_v6), toString(web_v6_reason)),
            ('content', toString(same_content), toString(same_content_reason)),
            ('mail', toString(mail_v6), toString(mail_v6_reason)),
            ('v6_only', toString(v6_only), toString(v6_only_reason))]) AS found
    FROM `adopt6`.observations FINAL
    WHERE (kind, country, scan) GLOBAL IN (SELECT kind, country, scan FROM `adopt6`.latest_scans)
) AS verdicts
WHERE found.2 IN ('broken', 'partial');

CREATE VIEW IF NOT EXISTS broken_endpoints ON CLUSTER `main` AS
SELECT probe, host, address, port, reason, kind, country, uniqExact(domain) AS domains, any(detail) AS example
FROM `adopt6`.endpoints FINAL
WHERE family = 6 AND status = 'broken' AND (kind, country, scan) GLOBAL IN (SELECT kind, country, scan FROM `adopt6`.latest_scans)
GROUP BY probe, host, address, port, reason, kind, country;

CREATE VIEW IF NOT EXISTS latest_observations ON CLUSTER `main` AS
SELECT * FROM `adopt6`.observations FINAL
WHERE (kind, country, scan) GLOBAL IN (SELECT kind, country, scan FROM `adopt6`.latest_scans);

CREATE VIEW IF NOT EXISTS changes ON CLUSTER `main` AS
SELECT
    domain, kind, country, scan, scan_started, previous, previous_started,
    readiness_before, readiness, dns_v6_before, dns_v6, dns_v6_reason, web_v6_before, web_v6, web_v6_reason,
    mail_v6_before, mail_v6, mail_v6_reason, v6_only_before, v6_only, v6_only_reason, dnssec_before, dnssec, dnssec_reason,
    unsteady_before, unsteady
FROM
(
    SELECT
        domain, kind, country, scan, scan_started, readiness,
        dns_v6, dns_v6_reason, web_v6, web_v6_reason, mail_v6, mail_v6_reason, v6_only, v6_only_reason, dnssec, dnssec_reason, unsteady
    FROM `adopt6`.observations FINAL
    WHERE (kind, country, scan) GLOBAL IN (SELECT kind, country, scan FROM `adopt6`.latest_scans)
) AS latest
ALL INNER JOIN
(
    SELECT
        domain, kind, country, scan AS previous, scan_started AS previous_started, readiness AS readiness_before,
        dns_v6 AS dns_v6_before, web_v6 AS web_v6_before, mail_v6 AS mail_v6_before, v6_only AS v6_only_before, dnssec AS dnssec_before,
        unsteady AS unsteady_before
    FROM `adopt6`.observations FINAL
    WHERE (kind, country, scan) GLOBAL IN (SELECT kind, country, previous FROM `adopt6`.latest_scans)
) AS before
USING domain, kind, country
WHERE readiness != readiness_before OR dns_v6 != dns_v6_before OR web_v6 != web_v6_before
    OR mail_v6 != mail_v6_before OR v6_only != v6_only_before OR dnssec != dnssec_before;
