-- The evidence of the deep probes. What was stored before says unmeasured and
-- not_probed of it.
--
-- ClickHouse 18.16 knows no ADD COLUMN IF NOT EXISTS, so each of these lines is
-- left out where its column exists, and its comment is set apart. Nor can it
-- send an Array(LowCardinality) of which all are empty, so lists are of String.

ALTER TABLE scans
    ADD COLUMN IF NOT EXISTS ipv4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: a route over IPv4, and answers from the root servers' AFTER vantage,
    ADD COLUMN IF NOT EXISTS ipv6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: a route over IPv6, and answers from the root servers' AFTER ipv4,
    ADD COLUMN IF NOT EXISTS udp53_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: DNS over UDP and IPv4' AFTER ipv6,
    ADD COLUMN IF NOT EXISTS udp53_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: DNS over UDP and IPv6' AFTER udp53_v4,
    ADD COLUMN IF NOT EXISTS tcp53_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: DNS over TCP and IPv4' AFTER udp53_v6,
    ADD COLUMN IF NOT EXISTS tcp53_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: DNS over TCP and IPv6' AFTER tcp53_v4,
    ADD COLUMN IF NOT EXISTS smtp_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: connections to port 25 over IPv4' AFTER tcp53_v6,
    ADD COLUMN IF NOT EXISTS smtp_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what the vantage could: connections to port 25 over IPv6' AFTER smtp_v4,
    ADD COLUMN IF NOT EXISTS hijacked UInt8 COMMENT '1 where somebody else answered in the place of the root servers' AFTER smtp_v6,
    ADD COLUMN IF NOT EXISTS clock_off UInt8 COMMENT '1 where the clock of the vantage was wrong' AFTER hijacked;

ALTER TABLE observations
    ADD COLUMN IF NOT EXISTS v6_only_records Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'v6_only as the records alone have it, with no server asked' AFTER v6_only_reason,
    ADD COLUMN IF NOT EXISTS v6_only_records_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why v6_only_records is not ok' AFTER v6_only_records,
    ADD COLUMN IF NOT EXISTS v6_only_zone String COMMENT 'the zone to blame where v6_only is broken' AFTER v6_only_records_reason,
    ADD COLUMN IF NOT EXISTS operators Array(String) COMMENT 'registrable domains of the name servers, sorted' AFTER v6_only_zone,
    ADD COLUMN IF NOT EXISTS freed_by Array(String) COMMENT 'operators each of which would alone, by enabling IPv6, make the target resolvable without IPv4' AFTER operators,
    ADD COLUMN IF NOT EXISTS dns_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'name servers over IPv4' AFTER freed_by,
    ADD COLUMN IF NOT EXISTS dns_v4_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why dns_v4 is not ok' AFTER dns_v4,
    ADD COLUMN IF NOT EXISTS web_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web servers of the apex and of www over IPv4' AFTER dns_v4_reason,
    ADD COLUMN IF NOT EXISTS web_v4_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why web_v4 is not ok' AFTER web_v4,
    ADD COLUMN IF NOT EXISTS mail_v4 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'mail exchangers over IPv4' AFTER web_v4_reason,
    ADD COLUMN IF NOT EXISTS mail_v4_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why mail_v4 is not ok' AFTER mail_v4,
    ADD COLUMN IF NOT EXISTS delegation Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'what parent and child publish of the name servers' AFTER mail_v4_reason,
    ADD COLUMN IF NOT EXISTS delegation_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why delegation is not ok' AFTER delegation,
    ADD COLUMN IF NOT EXISTS same_serial Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'the name servers serve one version of the zone over both families' AFTER delegation_reason,
    ADD COLUMN IF NOT EXISTS same_serial_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why same_serial is not ok' AFTER same_serial,
    ADD COLUMN IF NOT EXISTS address_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'the AAAA records of the apex and of www' AFTER same_serial_reason,
    ADD COLUMN IF NOT EXISTS address_v6_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why address_v6 is not ok' AFTER address_v6,
    ADD COLUMN IF NOT EXISTS web_apex_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web server of the apex over IPv6' AFTER address_v6_reason,
    ADD COLUMN IF NOT EXISTS web_apex_v6_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why web_apex_v6 is not ok' AFTER web_apex_v6,
    ADD COLUMN IF NOT EXISTS web_www_v6 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'web server of www over IPv6' AFTER web_apex_v6_reason,
    ADD COLUMN IF NOT EXISTS web_www_v6_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why web_www_v6 is not ok' AFTER web_www_v6,
    ADD COLUMN IF NOT EXISTS same_content Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'the site is the same over both families; unmeasured unless both work' AFTER web_www_v6_reason,
    ADD COLUMN IF NOT EXISTS same_content_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why same_content is not ok' AFTER same_content,
    ADD COLUMN IF NOT EXISTS similarity Float32 COMMENT 'of the visible text over both families, 0 to 1' AFTER same_content_reason,
    ADD COLUMN IF NOT EXISTS web_connect_v4_us UInt32 COMMENT 'time to open the web connection over IPv4, microseconds; 0 where none was made' AFTER similarity,
    ADD COLUMN IF NOT EXISTS web_tls_v4_us UInt32 COMMENT 'time of its TLS handshake, microseconds' AFTER web_connect_v4_us,
    ADD COLUMN IF NOT EXISTS web_first_byte_v4_us UInt32 COMMENT 'time from its request to the first byte of the response, microseconds' AFTER web_tls_v4_us,
    ADD COLUMN IF NOT EXISTS web_connect_v6_us UInt32 COMMENT 'time to open the web connection over IPv6, microseconds; 0 where none was made' AFTER web_first_byte_v4_us,
    ADD COLUMN IF NOT EXISTS web_tls_v6_us UInt32 COMMENT 'time of its TLS handshake, microseconds' AFTER web_connect_v6_us,
    ADD COLUMN IF NOT EXISTS web_first_byte_v6_us UInt32 COMMENT 'time from its request to the first byte of the response, microseconds' AFTER web_tls_v6_us,
    ADD COLUMN IF NOT EXISTS starttls Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'STARTTLS offered, with a handshake that works, by the mail exchangers over IPv6' AFTER web_first_byte_v6_us,
    ADD COLUMN IF NOT EXISTS starttls_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why starttls is not ok' AFTER starttls,
    ADD COLUMN IF NOT EXISTS smtputf8 Enum8('unmeasured' = 0, 'ok' = 1, 'partial' = 2, 'absent' = 3, 'broken' = 4) COMMENT 'SMTPUTF8 (RFC 6531) offered by the mail exchangers, over either family' AFTER starttls_reason,
    ADD COLUMN IF NOT EXISTS smtputf8_reason LowCardinality(String) DEFAULT 'not_probed' COMMENT 'why smtputf8 is not ok' AFTER smtputf8,
    ADD COLUMN IF NOT EXISTS findings Array(String) COMMENT 'every reason in the evidence, each once' AFTER smtputf8_reason;

ALTER TABLE observations
    ADD COLUMN IF NOT EXISTS www_same_address UInt8 COMMENT 'apex and www have addresses, and the same' AFTER www_aaaa,
    ADD COLUMN IF NOT EXISTS dnssec_www Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3) COMMENT 'state of www' AFTER dnssec_reason,
    ADD COLUMN IF NOT EXISTS dnssec_mx Enum8('indeterminate' = 0, 'secure' = 1, 'insecure' = 2, 'bogus' = 3) COMMENT 'state of the MX records' AFTER dnssec_www,
    ADD COLUMN IF NOT EXISTS dnssec_algorithms Array(UInt8) COMMENT 'algorithms of the DNSKEY records, sorted (IANA numbers)' AFTER dnssec_mx,
    ADD COLUMN IF NOT EXISTS dnssec_key_bits UInt16 COMMENT 'size of the shortest key, bits' AFTER dnssec_algorithms,
    ADD COLUMN IF NOT EXISTS ds_digests Array(UInt8) COMMENT 'digest types of the DS records, sorted (IANA numbers)' AFTER dnssec_key_bits,
    ADD COLUMN IF NOT EXISTS denial LowCardinality(String) COMMENT 'nsec, nsec3, or empty where it was not seen' AFTER ds_digests,
    ADD COLUMN IF NOT EXISTS nsec3_iterations UInt16 COMMENT 'NSEC3 iterations' AFTER denial,
    ADD COLUMN IF NOT EXISTS nsec3_salt UInt8 COMMENT 'length of the NSEC3 salt, bytes' AFTER nsec3_iterations,
    ADD COLUMN IF NOT EXISTS signature_expires DateTime('UTC') COMMENT 'when the first signature on the path from the root expires; 1970-01-01 without one' AFTER nsec3_salt,
    ADD COLUMN IF NOT EXISTS cds UInt8 COMMENT '1 where CDS or CDNSKEY records are published (RFC 7344)' AFTER signature_expires;

ALTER TABLE observations
    ADD COLUMN IF NOT EXISTS zone String COMMENT 'zone that the target lies in: itself or one above; empty where the delegation could not be followed' AFTER readiness;

ALTER TABLE observations
    ADD COLUMN IF NOT EXISTS glue_v6 UInt16 COMMENT 'name servers with an AAAA record at the parent' AFTER dnskey;

ALTER TABLE observations
    ADD COLUMN IF NOT EXISTS probes Array(String) COMMENT 'the probes that ran, in order' AFTER queries,
    ADD COLUMN IF NOT EXISTS probe_us Array(UInt32) COMMENT 'how long each of probes took, microseconds' AFTER probes;

ALTER TABLE endpoints
    ADD COLUMN IF NOT EXISTS took_us UInt32 COMMENT 'time from the first packet to the verdict, microseconds' AFTER rtt_us;

ALTER TABLE endpoints
    ADD COLUMN IF NOT EXISTS dns_rcode Int16 DEFAULT -1 COMMENT 'RCODE of the answer (IANA numbers); -1 where there was none' AFTER detail,
    ADD COLUMN IF NOT EXISTS dns_aa UInt8 COMMENT '1 for an answer with authority' AFTER dns_rcode,
    ADD COLUMN IF NOT EXISTS dns_tc UInt8 COMMENT '1 for an answer that was cut short' AFTER dns_aa,
    ADD COLUMN IF NOT EXISTS dns_edns UInt16 COMMENT 'EDNS buffer size that the server announced, bytes; 0 without EDNS' AFTER dns_tc,
    ADD COLUMN IF NOT EXISTS dns_serial UInt32 COMMENT 'serial of the SOA record' AFTER dns_edns,
    ADD COLUMN IF NOT EXISTS dns_bytes UInt16 COMMENT 'size of the answer, bytes' AFTER dns_serial,
    ADD COLUMN IF NOT EXISTS tls_version LowCardinality(String) COMMENT '1.0 to 1.3; empty without a handshake' AFTER dns_bytes,
    ADD COLUMN IF NOT EXISTS tls_alpn LowCardinality(String) COMMENT 'protocol that was agreed on (ALPN)' AFTER tls_version,
    ADD COLUMN IF NOT EXISTS tls_us UInt32 COMMENT 'time of the handshake, microseconds' AFTER tls_alpn,
    ADD COLUMN IF NOT EXISTS tls_certificate LowCardinality(String) COMMENT 'reason why the certificate is not good; empty when it is' AFTER tls_us,
    ADD COLUMN IF NOT EXISTS tls_not_after DateTime('UTC') COMMENT 'when the certificate expires; 1970-01-01 without one' AFTER tls_certificate,
    ADD COLUMN IF NOT EXISTS tls_issuer LowCardinality(String) COMMENT 'issuer of the certificate; from the network, so any byte is possible' AFTER tls_not_after,
    ADD COLUMN IF NOT EXISTS tls_sha256 String COMMENT 'SHA-256 of the certificate, hexadecimal' AFTER tls_issuer,
    ADD COLUMN IF NOT EXISTS http_status UInt16 COMMENT 'status of the last response; 0 without one' AFTER tls_sha256,
    ADD COLUMN IF NOT EXISTS http_proto LowCardinality(String) COMMENT 'HTTP/1.1, HTTP/2.0, ...' AFTER http_status,
    ADD COLUMN IF NOT EXISTS http_first_byte_us UInt32 COMMENT 'time from the request to the first byte of the response, microseconds' AFTER http_proto,
    ADD COLUMN IF NOT EXISTS http_redirects UInt8 COMMENT 'redirects followed' AFTER http_first_byte_us,
    ADD COLUMN IF NOT EXISTS http_location String COMMENT 'where the redirects led; from the network, so any byte is possible' AFTER http_redirects,
    ADD COLUMN IF NOT EXISTS http_title String COMMENT 'title of the page; from the network, so any byte is possible' AFTER http_location,
    ADD COLUMN IF NOT EXISTS http_bytes UInt64 COMMENT 'size of the body as decoded, as far as it was read, bytes' AFTER http_title,
    ADD COLUMN IF NOT EXISTS similarity Float32 COMMENT 'of the visible text with that over IPv4, 0 to 1' AFTER http_bytes,
    ADD COLUMN IF NOT EXISTS smtp_code UInt16 COMMENT 'code of the greeting; 0 without one' AFTER similarity,
    ADD COLUMN IF NOT EXISTS smtp_banner String COMMENT 'text of the greeting; from the network, so any byte is possible' AFTER smtp_code,
    ADD COLUMN IF NOT EXISTS starttls UInt8 COMMENT '1 where STARTTLS was offered' AFTER smtp_banner,
    ADD COLUMN IF NOT EXISTS smtputf8 UInt8 COMMENT '1 where SMTPUTF8 was offered' AFTER starttls;

ALTER TABLE observations COMMENT COLUMN v6_only 'resolves, and serves its site, when IPv4 is gone, by what servers answer';

ALTER TABLE endpoints COMMENT COLUMN probe 'delegation, nameserver, address, web, mail, ...';

ALTER TABLE endpoints COMMENT COLUMN host 'the name that led to the address, or the zone of a finding; from the network, so any byte is possible';

ALTER TABLE endpoints COMMENT COLUMN transport 'udp, tcp or tls; empty for a finding';
