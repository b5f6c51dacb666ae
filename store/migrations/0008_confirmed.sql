-- Failures are measured again before they are kept, since this version. Of what
-- was stored before, nothing is known to be unsteady.

ALTER TABLE observations
    ADD COLUMN IF NOT EXISTS passes UInt8 DEFAULT 1 COMMENT 'how often the target was measured in this scan; the row is what the last time found' AFTER took_us,
    ADD COLUMN IF NOT EXISTS unsteady Array(String) COMMENT 'services whose failure is no certain one: it came at one time and not at another, or was measured once only; of dns_v6, web_v6, mail_v6, v6_only and dnssec' AFTER passes;

DROP TABLE IF EXISTS latest_observations;

CREATE VIEW latest_observations AS
SELECT * FROM observations FINAL
WHERE (kind, country, scan) IN (SELECT kind, country, scan FROM latest_scans);

DROP TABLE IF EXISTS changes;

CREATE VIEW changes AS
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
    FROM observations FINAL
    WHERE (kind, country, scan) IN (SELECT kind, country, scan FROM latest_scans)
) AS latest
ALL INNER JOIN
(
    SELECT
        domain, kind, country, scan AS previous, scan_started AS previous_started, readiness AS readiness_before,
        dns_v6 AS dns_v6_before, web_v6 AS web_v6_before, mail_v6 AS mail_v6_before, v6_only AS v6_only_before, dnssec AS dnssec_before,
        unsteady AS unsteady_before
    FROM observations FINAL
    WHERE (kind, country, scan) IN (SELECT kind, country, previous FROM latest_scans)
) AS before
USING domain, kind, country
WHERE readiness != readiness_before OR dns_v6 != dns_v6_before OR web_v6 != web_v6_before
    OR mail_v6 != mail_v6_before OR v6_only != v6_only_before OR dnssec != dnssec_before;
