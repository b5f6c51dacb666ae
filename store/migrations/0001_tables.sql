-- The tables. Statements end with a semicolon at the end of a line; every one
-- may be run again without harm, and beside another adopt6 that runs it.
--
-- Why ReplacingMergeTree: a batch whose confirmation was lost is sent again, so
-- the same row can arrive twice. Rows with the same sorting key are one row
-- once ClickHouse has merged them, and at any time for a reader who says FINAL.
--
-- ClickHouse 18.16 cannot send an Array(LowCardinality) of which all are empty,
-- so lists are of String.

CREATE TABLE IF NOT EXISTS scans
(
    scan      UUID COMMENT 'identifies the scan',
    started   DateTime('UTC') COMMENT 'when the scan was begun',
    finished  DateTime('UTC') COMMENT 'when its last target was stored; 1970-01-01 while it is not finished',
    list      String COMMENT 'where the targets came from, for people',
    vantage   LowCardinality(String) COMMENT 'where the scan ran',
    ipv4      Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: a route over IPv4, and answers from the root servers',
    ipv6      Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: a route over IPv6, and answers from the root servers',
    udp53_v4  Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: DNS over UDP and IPv4',
    udp53_v6  Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: DNS over UDP and IPv6',
    tcp53_v4  Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: DNS over TCP and IPv4',
    tcp53_v6  Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: DNS over TCP and IPv6',
    smtp_v4   Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: connections to port 25 over IPv4',
    smtp_v6   Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: connections to port 25 over IPv6',
    hijacked  UInt8 COMMENT '1 where somebody else answered in the place of the root servers',
    clock_off UInt8 COMMENT '1 where the clock of the vantage was wrong',
    targets   UInt64 COMMENT 'targets in the list',
    program   LowCardinality(String) COMMENT 'version of adopt6',
    simulated UInt8 COMMENT '1 where the scan saw a simulated Internet, so that its figures are invented',
    as_table  String COMMENT 'table of autonomous systems that addresses were looked up in, with the day on which it was made; empty without one',
    revision  UInt64 COMMENT 'the row with the highest is the valid one'
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(started)
ORDER BY scan;

CREATE TABLE IF NOT EXISTS observations
(
    scan                   UUID COMMENT 'the scan',
    scan_started           DateTime('UTC') COMMENT 'when the scan was begun; its month is the partition',
    position               UInt64 COMMENT 'position of the target in the list of the scan, from 0',
    domain                 String COMMENT 'the target, A-label form (RFC 5890), lower case, no trailing dot',
    domain_unicode         String COMMENT 'the target, U-label form',
    kind                   Enum8('cctld' = 0, 'government' = 1, 'custom' = 2, 'suffix' = 3) COMMENT 'which sort of list it is on',
    level                  LowCardinality(String) COMMENT 'level of the public body, as its source says: central, regional, ...',
    list_source            LowCardinality(String) COMMENT 'data set the target came from, as in NOTICE',
    list_date              LowCardinality(String) COMMENT 'day that data set was made, YYYY-MM-DD; empty when unknown',
    roles                  LowCardinality(String) COMMENT 'codes of the roles that the host serves in its country, separated by blanks; empty when none is known',
    organisation           String COMMENT 'name of the body, as its list has it; empty without',
    sector                 LowCardinality(String) COMMENT 'sector of the body, as its list has it; empty without',
    tags                   String COMMENT 'tags of the target, as its list has them; empty without',
    country                LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2, upper case; empty for none',
    country_alpha3         LowCardinality(String) COMMENT 'ISO 3166-1 alpha-3, upper case',
    country_m49            LowCardinality(String) COMMENT 'UN M49, three digits',
    country_name           LowCardinality(String) COMMENT 'English name (CLDR)',
    region                 LowCardinality(String) COMMENT 'ITU region; empty for what ITU does not place',
    member_state           UInt8 COMMENT '1 for a Member State of ITU',
    ldc                    UInt8 COMMENT '1 for a least developed country as of groups_as_of',
    lldc                   UInt8 COMMENT '1 for a landlocked developing country as of groups_as_of',
    sids                   UInt8 COMMENT '1 for a small island developing state as of groups_as_of',
    groups_as_of           LowCardinality(String) COMMENT 'date of the memberships, YYYY-MM or YYYY-MM-DD',
    vantage                LowCardinality(String) COMMENT 'where the scan ran',
    started                DateTime('UTC') COMMENT 'when the target was begun',
    started_micros         UInt32 COMMENT 'microseconds after started',
    took_us                UInt32 COMMENT 'time that the target took, microseconds',
    attempts               UInt8 COMMENT 'how often the target was measured in this scan; the row is what the last time found',
    flapping               Array(String) COMMENT 'services whose failure is not certain: it came at one time and not at another, or was measured only once; of dns_v6, web_v6, mail_v6, v6_only and dnssec',
    dns_v6                 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'name servers over IPv6',
    dns_v6_reason          LowCardinality(String) COMMENT 'why dns_v6 is not ok',
    web_v6                 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web servers of the apex and of www over IPv6',
    web_v6_reason          LowCardinality(String) COMMENT 'why web_v6 is not ok',
    mail_v6                Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail exchangers over IPv6',
    mail_v6_reason         LowCardinality(String) COMMENT 'why mail_v6 is not ok',
    v6_only                Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'resolves, and serves its site, when IPv4 is gone, by what servers answer',
    v6_only_reason         LowCardinality(String) COMMENT 'why v6_only is not ok',
    v6_only_records        Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'v6_only as the records alone have it, with no server asked',
    v6_only_records_reason LowCardinality(String) COMMENT 'why v6_only_records is not ok',
    v6_only_zone           String COMMENT 'the zone to blame where v6_only is broken',
    operators              Array(String) COMMENT 'who runs the name servers, sorted: names of the table of operators, else the registrable domains of the names of the servers',
    freed_by               Array(String) COMMENT 'operators each of which would alone, by enabling IPv6, make the target resolvable without IPv4',
    mail_v6_only           Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail can be delivered when IPv4 is gone, by what servers answer',
    mail_v6_only_reason    LowCardinality(String) COMMENT 'why mail_v6_only is not ok',
    mail_v6_only_records   Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail_v6_only as the records alone have it, with no server asked',
    mail_v6_only_records_reason LowCardinality(String) COMMENT 'why mail_v6_only_records is not ok',
    mail_v6_only_zone      String COMMENT 'the zone to blame where mail_v6_only is broken',
    mail_freed_by          Array(String) COMMENT 'operators each of which would alone, by enabling IPv6, make the mail exchangers resolvable without IPv4',
    dns_v4                 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'name servers over IPv4',
    dns_v4_reason          LowCardinality(String) COMMENT 'why dns_v4 is not ok',
    web_v4                 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web servers of the apex and of www over IPv4',
    web_v4_reason          LowCardinality(String) COMMENT 'why web_v4 is not ok',
    mail_v4                Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail exchangers over IPv4',
    mail_v4_reason         LowCardinality(String) COMMENT 'why mail_v4 is not ok',
    delegation             Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what parent and child publish of the name servers',
    delegation_reason      LowCardinality(String) COMMENT 'why delegation is not ok',
    same_serial            Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'the name servers serve one version of the zone over both families',
    same_serial_reason     LowCardinality(String) COMMENT 'why same_serial is not ok',
    address_v6             Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'the AAAA records of the apex and of www',
    address_v6_reason      LowCardinality(String) COMMENT 'why address_v6 is not ok',
    web_apex_v6            Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web server of the apex over IPv6',
    web_apex_v6_reason     LowCardinality(String) COMMENT 'why web_apex_v6 is not ok',
    web_www_v6             Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web server of www over IPv6',
    web_www_v6_reason      LowCardinality(String) COMMENT 'why web_www_v6 is not ok',
    same_content           Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'the site is the same over both families; unmeasured unless both work',
    same_content_reason    LowCardinality(String) COMMENT 'why same_content is not ok',
    similarity             Float32 COMMENT 'of the visible text over both families, 0 to 1',
    web_connect_v4_us      UInt32 COMMENT 'time to open the web connection over IPv4, microseconds; 0 where none was made',
    web_tls_v4_us          UInt32 COMMENT 'time of its TLS handshake, microseconds',
    web_first_byte_v4_us   UInt32 COMMENT 'time from its request to the first byte of the response, microseconds',
    web_connect_v6_us      UInt32 COMMENT 'time to open the web connection over IPv6, microseconds; 0 where none was made',
    web_tls_v6_us          UInt32 COMMENT 'time of its TLS handshake, microseconds',
    web_first_byte_v6_us   UInt32 COMMENT 'time from its request to the first byte of the response, microseconds',
    starttls               Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'STARTTLS offered, with a handshake that works, by the mail exchangers over IPv6',
    starttls_reason        LowCardinality(String) COMMENT 'why starttls is not ok',
    smtputf8               Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'SMTPUTF8 (RFC 6531) offered by the mail exchangers, over either family',
    smtputf8_reason        LowCardinality(String) COMMENT 'why smtputf8 is not ok',
    findings               Array(String) COMMENT 'every reason in the evidence, each once',
    dnssec                 Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3) COMMENT 'state of RFC 4033 section 5',
    dnssec_reason          LowCardinality(String) COMMENT 'why dnssec is not secure',
    dnssec_www             Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3) COMMENT 'state of www',
    dnssec_mx              Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3) COMMENT 'state of the MX records',
    dnssec_algorithms      Array(UInt8) COMMENT 'algorithms of the DNSKEY records, sorted (IANA numbers)',
    dnssec_key_bits        UInt16 COMMENT 'size of the shortest key, bits',
    ds_digests             Array(UInt8) COMMENT 'digest types of the DS records, sorted (IANA numbers)',
    denial                 LowCardinality(String) COMMENT 'nsec, nsec3, or empty where it was not seen',
    nsec3_iterations       UInt16 COMMENT 'NSEC3 iterations',
    nsec3_salt             UInt8 COMMENT 'length of the NSEC3 salt, bytes',
    signature_expires      DateTime('UTC') COMMENT 'when the first signature on the path from the root expires; 1970-01-01 without one',
    cds                    UInt8 COMMENT '1 where CDS or CDNSKEY records are published (RFC 7344)',
    readiness              UInt8 COMMENT 'level from 0 to 5; docs/verdicts.md has the rule',
    zone                   String COMMENT 'zone that the target lies in: itself or one above; empty where the delegation could not be followed',
    name_servers           Array(String) COMMENT 'names of the name servers, sorted',
    name_servers_v6        UInt16 COMMENT 'of these, how many publish a usable AAAA',
    name_servers_v6_ok     UInt16 COMMENT 'of these, how many answered over IPv6',
    a                      Array(String) COMMENT 'IPv4 addresses of the apex, as text',
    aaaa                   Array(String) COMMENT 'IPv6 addresses of the apex, as text (RFC 5952)',
    www_a                  Array(String) COMMENT 'IPv4 addresses of www below the apex',
    www_aaaa               Array(String) COMMENT 'IPv6 addresses of www below the apex',
    hosting_as             Array(UInt32) COMMENT 'numbers of the autonomous systems that the addresses of the domain and of www lie in, each once, sorted; empty where none is known',
    hosting_as_names       Array(String) COMMENT 'what the table of autonomous systems calls each of hosting_as, in its order; empty texts where it gives no name',
    hosting_as_v6          Array(UInt32) COMMENT 'of hosting_as, those that an IPv6 address lies in',
    www_same_address       UInt8 COMMENT 'apex and www have addresses, and the same',
    mx                     Array(String) COMMENT 'mail exchangers in order of preference',
    ds                     UInt16 COMMENT 'number of DS records',
    dnskey                 UInt16 COMMENT 'number of DNSKEY records',
    glue_v6                UInt16 COMMENT 'name servers with an AAAA record at the parent',
    queries                UInt32 COMMENT 'DNS queries sent for this target',
    probes                 Array(String) COMMENT 'the probes that ran, in order',
    probe_us               Array(UInt32) COMMENT 'how long each of probes took, microseconds'
)
ENGINE = ReplacingMergeTree(started)
PARTITION BY toYYYYMM(scan_started)
ORDER BY (scan, position);

CREATE TABLE IF NOT EXISTS endpoints
(
    scan               UUID COMMENT 'the scan',
    scan_started       DateTime('UTC') COMMENT 'when the scan was begun; its month is the partition',
    position           UInt64 COMMENT 'position of the target in the list of the scan',
    ordinal            UInt32 COMMENT 'place of the contact among those of the target, from 0',
    domain             String COMMENT 'the target, A-label form',
    kind               Enum8('cctld' = 0, 'government' = 1, 'custom' = 2, 'suffix' = 3) COMMENT 'which sort of list it is on',
    country            LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty for none',
    region             LowCardinality(String) COMMENT 'ITU region',
    vantage            LowCardinality(String) COMMENT 'where the scan ran',
    started            DateTime('UTC') COMMENT 'when the target was begun',
    probe              LowCardinality(String) COMMENT 'delegation, nameserver, address, web, mail, ...',
    host               String COMMENT 'the name that led to the address, or the zone of a finding; from the network, so any character is possible',
    address            String COMMENT 'the address, as text; empty when the host had none',
    family             UInt8 COMMENT '4 or 6; 0 without an address',
    as_number          UInt32 COMMENT 'number of the autonomous system that the address lies in; 0 where it is not known',
    as_name            LowCardinality(String) COMMENT 'what the table of autonomous systems calls it; empty where it gives no name',
    port               UInt16 COMMENT 'port',
    transport          LowCardinality(String) COMMENT 'udp, tcp or tls; empty for a finding',
    status             Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'verdict on this contact',
    reason             LowCardinality(String) COMMENT 'why status is not ok',
    rtt_us             UInt32 COMMENT 'round trip, microseconds; 0 when nothing answered',
    took_us            UInt32 COMMENT 'time from the first packet to the verdict, microseconds',
    detail             String COMMENT 'short evidence; from the network, so any character is possible',
    dns_rcode          LowCardinality(String) COMMENT 'RCODE of the answer by its IANA name, such as NOERROR; empty where there was none',
    dns_aa             UInt8 COMMENT '1 for an answer with authority',
    dns_tc             UInt8 COMMENT '1 for an answer that was cut short',
    dns_edns           UInt16 COMMENT 'EDNS buffer size that the server announced, bytes; 0 without EDNS',
    dns_serial         UInt32 COMMENT 'serial of the SOA record',
    dns_bytes          UInt16 COMMENT 'size of the answer, bytes',
    tls_version        LowCardinality(String) COMMENT '1.0 to 1.3; empty without a handshake',
    tls_alpn           LowCardinality(String) COMMENT 'protocol that was agreed on (ALPN)',
    tls_us             UInt32 COMMENT 'time of the handshake, microseconds',
    tls_certificate    LowCardinality(String) COMMENT 'reason why the certificate is not good; empty when it is',
    tls_not_after      DateTime('UTC') COMMENT 'when the certificate expires; 1970-01-01 without one',
    tls_issuer         LowCardinality(String) COMMENT 'issuer of the certificate; from the network, so any character is possible',
    tls_sha256         String COMMENT 'SHA-256 of the certificate, hexadecimal',
    http_status        UInt32 COMMENT 'status of the last response; 0 without one',
    http_proto         LowCardinality(String) COMMENT 'HTTP/1.1, HTTP/2.0, ...',
    http_first_byte_us UInt32 COMMENT 'time from the request to the first byte of the response, microseconds',
    http_redirects     UInt32 COMMENT 'redirects followed',
    http_location      String COMMENT 'where the redirects led; from the network, so any character is possible',
    http_title         String COMMENT 'title of the page; from the network, so any character is possible',
    http_bytes         UInt64 COMMENT 'size of the body as decoded, as far as it was read, bytes',
    similarity         Float32 COMMENT 'of the visible text with that over IPv4, 0 to 1',
    smtp_code          UInt32 COMMENT 'code of the greeting; 0 without one',
    smtp_banner        String COMMENT 'text of the greeting; from the network, so any character is possible',
    starttls           UInt8 COMMENT '1 where STARTTLS was offered',
    smtputf8           UInt8 COMMENT '1 where SMTPUTF8 was offered'
)
ENGINE = ReplacingMergeTree(started)
PARTITION BY toYYYYMM(scan_started)
ORDER BY (scan, position, ordinal);

CREATE TABLE IF NOT EXISTS indicators
(
    scan         UUID COMMENT 'the scan',
    scan_started DateTime('UTC') COMMENT 'when the scan was begun',
    kind         Enum8('cctld' = 0, 'government' = 1, 'custom' = 2, 'suffix' = 3) COMMENT 'which sort of list the targets are on',
    country      LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2; empty for targets of no country',
    country_name LowCardinality(String) COMMENT 'English name (CLDR)',
    region       LowCardinality(String) COMMENT 'ITU region',
    ldc          UInt8 COMMENT '1 for a least developed country as of groups_as_of',
    lldc         UInt8 COMMENT '1 for a landlocked developing country as of groups_as_of',
    sids         UInt8 COMMENT '1 for a small island developing state as of groups_as_of',
    groups_as_of LowCardinality(String) COMMENT 'date of the memberships',
    indicator    LowCardinality(String) COMMENT 'id of the indicator',
    numerator    UInt64 COMMENT 'targets that fulfil it',
    partial      UInt64 COMMENT 'targets that fulfil it in part; in the denominator, not in the numerator',
    denominator  UInt64 COMMENT 'targets that it was measured on and applies to',
    unmeasured   UInt64 COMMENT 'targets that it applies to but could not be measured on; in neither number',
    targets      UInt64 COMMENT 'all targets of this kind and country in the scan',
    value        Float64 COMMENT 'share, median or index, as the indicator has it; 0 where denominator is 0',
    detail       String COMMENT 'what the value is about, such as the operator that is counted; from the network, so any character is possible',
    computed     DateTime('UTC') COMMENT 'when it was computed; the latest row is the valid one'
)
ENGINE = ReplacingMergeTree(computed)
PARTITION BY toYYYYMM(scan_started)
ORDER BY (scan, kind, country, indicator);

CREATE TABLE IF NOT EXISTS jobs
(
    job       LowCardinality(String) COMMENT 'name of the job',
    vantage   LowCardinality(String) COMMENT 'where its scans run',
    machine   LowCardinality(String) COMMENT 'host name of the scheduler',
    cron      String COMMENT 'when it runs, as a cron expression',
    time_zone LowCardinality(String) COMMENT 'zone of the cron expression, by its name in the IANA database',
    paused    UInt8 COMMENT '1 where it is not run at present, or not in the configuration any more',
    targets   String COMMENT 'what it scans, for people',
    settings  String COMMENT 'all its settings, as JSON',
    changed   DateTime('UTC') COMMENT 'when the scheduler took these settings',
    revision  UInt64 COMMENT 'the row with the highest is the valid one'
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY (job, vantage, machine);

CREATE TABLE IF NOT EXISTS runs
(
    job      LowCardinality(String) COMMENT 'name of the job',
    vantage  LowCardinality(String) COMMENT 'where its scan runs',
    planned  DateTime('UTC') COMMENT 'when it was planned for; when it was asked for, where trigger is hand',
    run      UUID COMMENT 'identifies the run',
    machine  LowCardinality(String) COMMENT 'host name of the scheduler',
    trigger  LowCardinality(String) COMMENT 'plan, catch_up (its time had passed) or hand',
    started  DateTime('UTC') COMMENT 'when its first try was begun; 1970-01-01 where none was',
    finished DateTime('UTC') COMMENT 'when its last try ended; 1970-01-01 while it is not over',
    outcome  LowCardinality(String) COMMENT 'waiting, running, interrupted, finished, failed or skipped',
    reason   LowCardinality(String) COMMENT 'why it failed or was skipped; docs/schedule.md lists the reasons',
    message  String COMMENT 'the same for people',
    scan     UUID COMMENT 'its scan; zeros where none was begun',
    tries    UInt32 COMMENT 'how often it was begun or resumed',
    revision UInt64 COMMENT 'the row with the highest is the valid one'
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(planned)
ORDER BY (job, vantage, planned, run);

CREATE TABLE IF NOT EXISTS claims
(
    job      LowCardinality(String) COMMENT 'name of the job',
    vantage  LowCardinality(String) COMMENT 'where its scan runs',
    planned  DateTime('UTC') COMMENT 'when the run was planned for',
    run      UUID COMMENT 'the run that is claimed',
    machine  LowCardinality(String) COMMENT 'scheduler that claims it: its host name, and what tells two of one name apart',
    claimed  DateTime('UTC') COMMENT 'when it was claimed, by the clock of the server; the first has it',
    expires  DateTime('UTC') COMMENT 'when the claim ends unless it is renewed, by the clock of the server',
    state    LowCardinality(String) COMMENT 'held, done or given_up',
    revision UInt64 COMMENT 'the row with the highest is the valid one'
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(planned)
ORDER BY (job, vantage, planned, run);

CREATE TABLE IF NOT EXISTS domain_history
(
    domain         String COMMENT 'the target, A-label form (RFC 5890), lower case, no trailing dot',
    kind           Enum8('cctld' = 0, 'government' = 1, 'custom' = 2, 'suffix' = 3) COMMENT 'which sort of list it is on',
    country        LowCardinality(String) COMMENT 'ISO 3166-1 alpha-2, upper case; empty for none',
    scan_started   DateTime('UTC') COMMENT 'when the scan was begun; its month is the partition',
    vantage        LowCardinality(String) COMMENT 'where the scan ran',
    readiness      UInt8 COMMENT 'level from 0 to 5; docs/verdicts.md has the rule',
    dns_v6         Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'name servers over IPv6',
    dns_v6_reason  LowCardinality(String) COMMENT 'why dns_v6 is not ok',
    web_v6         Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web servers of the apex and of www over IPv6',
    web_v6_reason  LowCardinality(String) COMMENT 'why web_v6 is not ok',
    mail_v6        Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail exchangers over IPv6',
    mail_v6_reason LowCardinality(String) COMMENT 'why mail_v6 is not ok',
    v6_only        Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'resolves, and serves its site, when IPv4 is gone, by what servers answer',
    v6_only_reason LowCardinality(String) COMMENT 'why v6_only is not ok',
    dnssec         Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3) COMMENT 'state of RFC 4033 section 5',
    dnssec_reason  LowCardinality(String) COMMENT 'why dnssec is not secure',
    dns_v4         Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'name servers over IPv4',
    web_v4         Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web servers of the apex and of www over IPv4',
    mail_v4        Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail exchangers over IPv4',
    aaaa           Array(String) COMMENT 'IPv6 addresses of the apex, as text (RFC 5952)',
    www_aaaa       Array(String) COMMENT 'IPv6 addresses of www below the apex',
    name_servers   Array(String) COMMENT 'names of the name servers, sorted',
    mx             Array(String) COMMENT 'mail exchangers in order of preference',
    scan           UUID COMMENT 'the scan',
    position       UInt64 COMMENT 'position of the target in the list of the scan, from 0',
    started        DateTime('UTC') COMMENT 'when the target was begun'
)
ENGINE = ReplacingMergeTree(started)
PARTITION BY toYYYYMM(scan_started)
ORDER BY (domain, scan_started, scan, position)
SETTINGS index_granularity = 1024;

-- One domain over time without reading all others: ClickHouse fills the table
-- domain_history from what is stored in observations.

CREATE MATERIALIZED VIEW IF NOT EXISTS domain_history_feed TO domain_history AS
SELECT
    domain, kind, country, scan_started, vantage, readiness,
    dns_v6, dns_v6_reason, web_v6, web_v6_reason, mail_v6, mail_v6_reason, v6_only, v6_only_reason,
    dnssec, dnssec_reason, dns_v4, web_v4, mail_v4, aaaa, www_aaaa, name_servers, mx, scan, position, started
FROM observations;
