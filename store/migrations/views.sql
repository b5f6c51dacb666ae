-- The views. They are dropped and made anew whenever the schema gets a new
-- version, so a change of one needs a migration, which may be empty otherwise.

CREATE VIEW IF NOT EXISTS latest_scans AS
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
        FROM indicators FINAL WHERE indicator = 'measured'
    ) AS counted
    ALL INNER JOIN (SELECT scan, vantage FROM scans FINAL WHERE toUInt32(finished) > 0) AS finished USING scan
    GROUP BY kind, country
) AS by_country;

CREATE VIEW IF NOT EXISTS operators AS
SELECT
    operator, kind, country, countIf(has(operators, operator)) AS domains, countIf(operators = [operator]) AS domains_alone,
    countIf(has(operators, operator) AND dns_v6 = 'ok') AS domains_dns_v6, countIf(has(freed_by, operator)) AS domains_freed
FROM
(
    SELECT arrayJoin(arrayDistinct(arrayConcat(operators, freed_by))) AS operator, operators, kind, country, dns_v6, freed_by
    FROM observations FINAL
    WHERE (kind, country, scan) IN (SELECT kind, country, scan FROM latest_scans)
) AS depending
GROUP BY operator, kind, country;

CREATE VIEW IF NOT EXISTS broken_v6 AS
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
    FROM observations FINAL
    WHERE (kind, country, scan) IN (SELECT kind, country, scan FROM latest_scans)
) AS verdicts
WHERE found.2 IN ('broken', 'partial');

CREATE VIEW IF NOT EXISTS broken_endpoints AS
SELECT probe, host, address, port, reason, kind, country, uniqExact(domain) AS domains, any(detail) AS example
FROM endpoints FINAL
WHERE family = 6 AND status = 'broken' AND (kind, country, scan) IN (SELECT kind, country, scan FROM latest_scans)
GROUP BY probe, host, address, port, reason, kind, country;

CREATE VIEW IF NOT EXISTS latest_observations AS
SELECT * FROM observations FINAL
WHERE (kind, country, scan) IN (SELECT kind, country, scan FROM latest_scans);

CREATE VIEW IF NOT EXISTS changes AS
SELECT
    domain, kind, country, scan, scan_started, previous, previous_started,
    readiness_before, readiness, dns_v6_before, dns_v6, dns_v6_reason, web_v6_before, web_v6, web_v6_reason,
    mail_v6_before, mail_v6, mail_v6_reason, v6_only_before, v6_only, v6_only_reason, dnssec_before, dnssec, dnssec_reason,
    flapping_before, flapping
FROM
(
    SELECT
        domain, kind, country, scan, scan_started, readiness,
        dns_v6, dns_v6_reason, web_v6, web_v6_reason, mail_v6, mail_v6_reason, v6_only, v6_only_reason, dnssec, dnssec_reason, flapping
    FROM observations FINAL
    WHERE (kind, country, scan) IN (SELECT kind, country, scan FROM latest_scans)
) AS latest
ALL INNER JOIN
(
    SELECT
        domain, kind, country, scan AS previous, scan_started AS previous_started, readiness AS readiness_before,
        dns_v6 AS dns_v6_before, web_v6 AS web_v6_before, mail_v6 AS mail_v6_before, v6_only AS v6_only_before, dnssec AS dnssec_before,
        flapping AS flapping_before
    FROM observations FINAL
    WHERE (kind, country, scan) IN (SELECT kind, country, previous FROM latest_scans)
) AS before
USING domain, kind, country
WHERE readiness != readiness_before OR dns_v6 != dns_v6_before OR web_v6 != web_v6_before
    OR mail_v6 != mail_v6_before OR v6_only != v6_only_before OR dnssec != dnssec_before;
