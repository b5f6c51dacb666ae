package indicator

import "adopt6/lists"

var (
	everyKind = []lists.Kind{lists.CCTLD, lists.Government, lists.Custom}
	sites     = []lists.Kind{lists.Government, lists.Custom} // a ccTLD has no site or mail at its name
	registry  = []lists.Kind{lists.CCTLD}

	overIPv6   = []Ability{OverIPv6}
	mailOnIPv6 = []Ability{OverIPv6, MailOnIPv6}
	mailAtAll  = []Ability{MailAtAll}
)

// Measured is the indicator that the others' coverage is read from.
const Measured = "measured"

// Gone counts what a list has and the Internet has not.
const Gone = "gone"

// Conditions that several indicators share.
const (
	exists   = "dns_v6_reason != 'nxdomain'" // a list is older than the scan
	hasSite  = exists + " AND web_v6_reason != 'no_address'"
	hasMail  = exists + " AND mail_v6_reason NOT IN ('no_mx', 'null_mx')"
	hasAAAA  = exists + " AND (notEmpty(aaaa) OR notEmpty(www_aaaa))"
	hasKeys  = exists + " AND dnskey > 0"
	bothWork = hasSite + " AND web_v4 IN ('ok', 'partial') AND web_v6 IN ('ok', 'partial')"
)

var coverage = []Indicator{
	{
		ID: Measured, Topic: Coverage, Name: "Measured", Measure: Share,
		Numerator:   "targets with a verdict other than unmeasured on name servers, web, mail or IPv6-only use",
		Denominator: "all targets", Unmeasured: "none: this is the coverage itself",
		Direction: HigherIsBetter, Unit: "targets", Kinds: everyKind,
		applies: "1", unmeasured: "0", partial: "0",
		fulfils: "dns_v6 != 'unmeasured' OR web_v6 != 'unmeasured' OR mail_v6 != 'unmeasured' OR v6_only != 'unmeasured'",
	},
	{
		ID: Gone, Topic: Coverage, Name: "Gone or dead", Measure: Share,
		Numerator:   "targets whose name does not exist (NXDOMAIN), or whose name servers answer over neither family",
		Denominator: "all targets where that is known",
		Unmeasured:  "no name server answered over IPv6, and IPv4 could not be measured",
		Direction:   LowerIsBetter, Unit: "targets", Kinds: everyKind,
		applies: "1", unmeasured: exists + " AND dns_v4 = 'unmeasured' AND dns_v6 NOT IN ('ok', 'partial')", partial: "0",
		fulfils: "dns_v6_reason = 'nxdomain' OR dns_v4 = 'broken' AND dns_v6 IN ('absent', 'broken')",
	},
}

var addresses = []Indicator{
	{
		ID: "aaaa_apex", Topic: Addresses, Name: "AAAA at the apex", Measure: Share,
		Numerator:   "domains with at least one AAAA record at their own name, whatever the address in it",
		Denominator: "existing domains where the domain itself or www has an address",
		Unmeasured:  "no AAAA record was seen, and the answer about the domain or www did not come",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: sites,
		applies: hasSite, unmeasured: "empty(aaaa) AND web_v6 = 'unmeasured'", fulfils: "notEmpty(aaaa)", partial: "0",
	},
	{
		ID: "aaaa_www", Topic: Addresses, Name: "AAAA at www", Measure: Share,
		Numerator:   "domains whose www has at least one AAAA record, whatever the address in it",
		Denominator: "existing domains whose www has an address",
		Unmeasured:  "no address of www was seen, and the answer about www did not come",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: sites,
		applies:    exists + " AND (notEmpty(www_a) OR notEmpty(www_aaaa) OR web_www_v6_reason = 'dns_failure')",
		unmeasured: "empty(www_aaaa) AND web_www_v6_reason = 'dns_failure'", fulfils: "notEmpty(www_aaaa)", partial: "0",
	},
	{
		ID: "aaaa_unusable", Topic: Quality, Name: "Unusable AAAA", Measure: Share,
		Numerator:   "domains where an AAAA record, at the apex or at www, holds an address that the Internet cannot reach (special-purpose, RFC 6890)",
		Denominator: "existing domains with an AAAA record at the apex or at www",
		Unmeasured:  "none: the records were seen",
		Direction:   LowerIsBetter, Unit: "domains", Kinds: sites,
		applies: hasAAAA, unmeasured: "address_v6 = 'unmeasured'", fulfils: "has(findings, 'special_purpose_address')", partial: "0",
	},
}

var nameServers = []Indicator{
	{
		ID: "dns_v6", Topic: NameServers, Name: "Name servers over IPv6", Measure: Share,
		Numerator:   "domains with at least two name servers that answer with authority over IPv6, and none that publishes an IPv6 address and fails (dns_v6 is ok)",
		Denominator: "existing domains with a verdict on name servers",
		Unmeasured:  "dns_v6 is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: everyKind, needs: overIPv6, Reference: "RFC 10001 (BCP 91); RFC 2182",
		applies: exists, unmeasured: "dns_v6 = 'unmeasured'", fulfils: "dns_v6 = 'ok'", partial: "dns_v6 = 'partial'",
	},
	{
		ID: "dns_v6_one", Topic: NameServers, Name: "One name server over IPv6", Measure: Share,
		Numerator:   "domains with at least one name server that answers with authority over IPv6",
		Denominator: "existing domains with a verdict on name servers",
		Unmeasured:  "dns_v6 is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: everyKind, needs: overIPv6, Reference: "RFC 10001 (BCP 91)",
		applies: exists, unmeasured: "dns_v6 = 'unmeasured'", fulfils: "name_servers_v6_ok >= 1", partial: "0",
	},
	{
		ID: "dns_v6_two", Topic: NameServers, Name: "Two name servers over IPv6", Measure: Share,
		Numerator:   "domains with at least two name servers that answer with authority over IPv6",
		Denominator: "existing domains with a verdict on name servers",
		Unmeasured:  "dns_v6 is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: everyKind, needs: overIPv6, Reference: "RFC 2182",
		applies: exists, unmeasured: "dns_v6 = 'unmeasured'", fulfils: "name_servers_v6_ok >= 2", partial: "0",
	},
	{
		ID: "dns_v6_all", Topic: NameServers, Name: "All name servers over IPv6", Measure: Share,
		Numerator:   "domains whose name servers all answer with authority over IPv6",
		Denominator: "existing domains with a verdict on name servers",
		Unmeasured:  "dns_v6 is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: everyKind, needs: overIPv6,
		applies: exists, unmeasured: "dns_v6 = 'unmeasured'", fulfils: "notEmpty(name_servers) AND name_servers_v6_ok = length(name_servers)", partial: "0",
	},
	{
		ID: "tld_glue_v6", Topic: NameServers, Name: "IPv6 glue in the root zone", Measure: Share,
		Numerator:   "ccTLDs with at least two name servers whose AAAA records the root zone publishes",
		Denominator: "existing ccTLDs",
		Unmeasured:  "the delegation could not be read",
		Direction:   HigherIsBetter, Unit: "ccTLDs", Kinds: registry,
		applies: exists, unmeasured: "delegation = 'unmeasured'", fulfils: "glue_v6 >= 2", partial: "glue_v6 = 1",
	},
	{
		ID: "same_serial", Topic: NameServers, Name: "One version over both families", Measure: Share,
		Numerator:   "domains whose name servers serve the same version of the zone over both families",
		Denominator: "existing domains with name servers that answer over both families",
		Unmeasured:  "no name server answered over one of the families",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: everyKind, needs: overIPv6,
		// Without an answer over a family the verdict is that on the family.
		applies: exists + " AND name_servers_v6 > 0 AND same_serial != 'absent'", unmeasured: "same_serial IN ('unmeasured', 'broken')", fulfils: "same_serial = 'ok'", partial: "same_serial = 'partial'",
	},
}

var web = []Indicator{
	{
		ID: "web_v6", Topic: Web, Name: "Web over IPv6", Measure: Share,
		Numerator:   "domains whose web servers, at the domain and at www, all work over IPv6 (web_v6 is ok)",
		Denominator: "existing domains with a verdict on the web, where the domain itself or www has an address",
		Unmeasured:  "web_v6 is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: sites, needs: overIPv6,
		applies: hasSite, unmeasured: "web_v6 = 'unmeasured'", fulfils: "web_v6 = 'ok'", partial: "web_v6 = 'partial'",
	},
	{
		ID: "web_same", Topic: Web, Name: "Same site on both families", Measure: Share,
		Numerator:   "domains whose site shows the same over IPv4 and IPv6 (same_content is ok)",
		Denominator: "existing domains whose site works over both families",
		Unmeasured:  "the pages could not be compared",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: sites, needs: overIPv6,
		applies: bothWork, unmeasured: "same_content = 'unmeasured'", fulfils: "same_content = 'ok'", partial: "same_content = 'partial'",
	},
	{
		ID: "web_v6_delay", Topic: Web, Name: "Extra time to connect over IPv6", Measure: Median,
		Numerator:   "the time to open a web connection over IPv6 minus that over IPv4, in milliseconds",
		Denominator: "existing domains whose web server took connections over both families",
		Unmeasured:  "none: only connections that were made have a time",
		Direction:   LowerIsBetter, Unit: "ms", Kinds: sites, needs: overIPv6,
		applies: hasSite + " AND web_connect_v4_us > 0 AND web_connect_v6_us > 0", unmeasured: "0",
		quantity: "(toFloat64(web_connect_v6_us) - toFloat64(web_connect_v4_us)) / 1000",
	},
	{
		ID: "web_v6_broken", Topic: Quality, Name: "Broken web over IPv6", Measure: Share,
		Numerator:   "domains whose site does not work over IPv6 although it publishes AAAA records (web_v6 is broken)",
		Denominator: "existing domains with an AAAA record at the apex or at www and a verdict on the web",
		Unmeasured:  "web_v6 is unmeasured",
		Direction:   LowerIsBetter, Unit: "domains", Kinds: sites, needs: overIPv6,
		applies: hasAAAA, unmeasured: "web_v6 = 'unmeasured'", fulfils: "web_v6 = 'broken'", partial: "web_v6 = 'partial'",
	},
}

var mail = []Indicator{
	{
		ID: "mail_v6", Topic: Mail, Name: "Mail over IPv6", Measure: Share,
		Numerator:   "domains whose mail exchangers all work over IPv6 (mail_v6 is ok)",
		Denominator: "existing domains with a verdict on mail that publish a mail exchanger",
		Unmeasured:  "mail_v6 is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: sites, needs: mailOnIPv6,
		applies: hasMail, unmeasured: "mail_v6 = 'unmeasured'", fulfils: "mail_v6 = 'ok'", partial: "mail_v6 = 'partial'",
	},
	{
		ID: "smtputf8", Topic: Mail, Name: "Mail in every script", Measure: Share,
		Numerator:   "domains whose mail exchangers all offer SMTPUTF8, so that mail addresses may be in any script (Universal Acceptance)",
		Denominator: "existing domains that publish a mail exchanger with which a conversation was held",
		Unmeasured:  "no mail exchanger could be spoken with",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: sites, needs: mailAtAll, Reference: "RFC 6531",
		applies: hasMail, unmeasured: "smtputf8 = 'unmeasured'", fulfils: "smtputf8 = 'ok'", partial: "smtputf8 = 'partial'",
	},
}

var withoutV4 = []Indicator{
	{
		ID: "v6_only_records", Topic: WithoutV4, Name: "Resolvable without IPv4, by records", Measure: Share,
		Numerator:   "domains whose delegations, glue and AAAA records lead a resolver without IPv4 from the root to an address (v6_only_records is ok)",
		Denominator: "existing domains with such a verdict; of these, those with an address of either family, and all ccTLDs",
		Unmeasured:  "v6_only_records is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: everyKind,
		Reference: "Streibelt et al., How Ready Is DNS for an IPv6-Only World?, PAM 2023",
		applies:   exists + " AND v6_only_reason != 'no_address'", unmeasured: "v6_only_records = 'unmeasured'", fulfils: "v6_only_records = 'ok'", partial: "0",
	},
	{
		ID: "v6_only", Topic: WithoutV4, Name: "Works without IPv4", Measure: Share,
		Numerator:   "domains that a resolver without IPv4 really resolves and whose site works over IPv6, and ccTLDs whose zone it reaches (v6_only is ok)",
		Denominator: "existing domains with a verdict on use without IPv4; of these, those with an address of either family, and all ccTLDs",
		Unmeasured:  "v6_only is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: everyKind, needs: overIPv6,
		applies: exists + " AND v6_only_reason != 'no_address'", unmeasured: "v6_only = 'unmeasured'", fulfils: "v6_only = 'ok'", partial: "v6_only = 'partial'",
	},
	{
		ID: "mail_v6_only", Topic: WithoutV4, Name: "Mail without IPv4", Measure: Share,
		Numerator:   "domains to which a sender without IPv4 really finds a mail exchanger, and which takes mail over IPv6 (mail_v6_only is ok)",
		Denominator: "existing domains with a verdict on mail without IPv4 that publish a mail exchanger",
		Unmeasured:  "mail_v6_only is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: sites, needs: mailOnIPv6,
		applies: hasMail, unmeasured: "mail_v6_only = 'unmeasured'", fulfils: "mail_v6_only = 'ok'", partial: "mail_v6_only = 'partial'",
	},
	{
		ID: "ready", Topic: Readiness, Name: "Ready", Measure: Share,
		Numerator:   "domains of readiness level 4 or 5: name servers and web answer over IPv6, and it works where there is no IPv4",
		Denominator: "existing domains whose level is known to be below 4, or is 4 or 5",
		Unmeasured:  "the level is below 4, and a verdict that it rests on is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: everyKind, needs: overIPv6,
		applies:    exists,
		unmeasured: "readiness < 4 AND (dns_v6 = 'unmeasured' OR v6_only = 'unmeasured' OR (kind != 'cctld' AND web_v6 = 'unmeasured'))",
		fulfils:    "readiness >= 4", partial: "0",
	},
	{
		ID: "fully_ready", Topic: Readiness, Name: "Fully ready", Measure: Share,
		Numerator:   "domains of readiness level 5: name servers, web and mail all work over IPv6, site and mail are found without IPv4, and no finding on reachability is open",
		Denominator: "existing domains whose level is known to be below 5, or is 5",
		Unmeasured:  "the level is below 5, and a verdict that it rests on is unmeasured",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: everyKind, needs: mailOnIPv6,
		applies:    exists,
		unmeasured: "readiness < 5 AND (dns_v6 = 'unmeasured' OR v6_only = 'unmeasured' OR (kind != 'cctld' AND (web_v6 = 'unmeasured' OR mail_v6 = 'unmeasured' OR mail_v6_only = 'unmeasured')))",
		fulfils:    "readiness = 5", partial: "readiness = 4",
	},
	{
		ID: "v6_broken", Topic: Quality, Name: "Broken IPv6", Measure: Share,
		Numerator:   "domains where something that is published over IPv6 does not work: name servers, web, mail, or the chain to them without IPv4",
		Denominator: "existing domains that publish an IPv6 address for a name server, the site or a mail exchanger",
		Unmeasured:  "nothing was found broken, and a verdict on something published is unmeasured",
		Direction:   LowerIsBetter, Unit: "domains", Kinds: everyKind, needs: overIPv6,
		applies:    exists + " AND (name_servers_v6 > 0 OR notEmpty(aaaa) OR notEmpty(www_aaaa) OR mail_v6 IN ('ok', 'partial', 'broken'))",
		unmeasured: "NOT (" + somethingBroken + ") AND (name_servers_v6 > 0 AND dns_v6 = 'unmeasured' OR (notEmpty(aaaa) OR notEmpty(www_aaaa)) AND kind != 'cctld' AND web_v6 = 'unmeasured')",
		fulfils:    somethingBroken, partial: "0",
	},
}

const somethingBroken = "dns_v6 = 'broken' OR web_v6 = 'broken' OR mail_v6 = 'broken' OR v6_only = 'broken'"

var siblings = []Indicator{
	{
		ID: "idn_level", Topic: Readiness, Name: "IDN ccTLDs level with ASCII", Measure: Share,
		Numerator: "IDN ccTLDs that in none of five figures are behind the ASCII ccTLD of their territory: IPv6 glue in the root zone, " +
			"two name servers over IPv6, one version over both families, DS in the root zone, DNSSEC secure",
		Denominator: "existing IDN ccTLDs where that is known",
		Unmeasured:  "a figure of one of the two was not measured, and no other figure shows the IDN ccTLD behind",
		Direction:   HigherIsBetter, Unit: "ccTLDs", Kinds: registry,
		applies: "0", unmeasured: "0", fulfils: "0", partial: "0", siblings: true,
	},
}

var security = []Indicator{
	{
		ID: "dnssec_signed", Topic: Security, Name: "DNSSEC signed", Measure: Share,
		Numerator:   "domains in a zone with DNSKEY records, whatever the state of the chain to them",
		Denominator: "existing domains with a DNSSEC state of secure, insecure or bogus",
		Unmeasured:  "dnssec is indeterminate",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: everyKind,
		applies: exists, unmeasured: "dnssec = 'indeterminate'", fulfils: "dnskey > 0", partial: "0",
	},
	{
		ID: "dnssec_secure", Topic: Security, Name: "DNSSEC secure", Measure: Share,
		Numerator:   "domains whose answers validate from the root (dnssec is secure)",
		Denominator: "existing domains with a DNSSEC state of secure, insecure or bogus",
		Unmeasured:  "dnssec is indeterminate",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: everyKind, Reference: "RFC 4033",
		applies: exists, unmeasured: "dnssec = 'indeterminate'", fulfils: "dnssec = 'secure'", partial: "0",
	},
	{
		ID: "dnssec_bogus", Topic: Security, Name: "DNSSEC bogus", Measure: Share,
		Numerator:   "domains whose answers fail validation, so that validating resolvers do not reach them (dnssec is bogus)",
		Denominator: "existing domains that are secure or bogus",
		Unmeasured:  "dnssec is indeterminate",
		Direction:   LowerIsBetter, Unit: "domains", Kinds: everyKind, Reference: "RFC 4033",
		applies: exists + " AND dnssec != 'insecure'", unmeasured: "dnssec = 'indeterminate'", fulfils: "dnssec = 'bogus'", partial: "0",
	},
	{
		ID: "dnssec_modern", Topic: Security, Name: "Modern DNSSEC algorithm", Measure: Share,
		Numerator:   "domains whose zone is signed with elliptic curves only (algorithms 13 to 16)",
		Denominator: "existing domains in a zone whose DNSKEY records were seen",
		Unmeasured:  "the algorithms were not seen",
		Direction:   HigherIsBetter, Unit: "domains", Kinds: everyKind, Reference: "RFC 9904",
		applies: hasKeys, unmeasured: "empty(dnssec_algorithms)", fulfils: "arrayAll(x -> x >= 13 AND x <= 16, dnssec_algorithms)", partial: "0",
	},
	{
		ID: "dnssec_expiring", Topic: Security, Name: "Signatures that expire within 7 days", Measure: Share,
		Numerator:   "domains where a signature on the path from the root expires within 7 days of the scan",
		Denominator: "existing domains that are secure",
		Unmeasured:  "no signature was seen",
		Direction:   LowerIsBetter, Unit: "domains", Kinds: everyKind,
		applies: exists + " AND dnssec = 'secure'", unmeasured: "toUInt32(signature_expires) = 0", fulfils: "signature_expires < started + 7 * 86400", partial: "0",
	},
	{
		ID: "tld_ds", Topic: Security, Name: "DS in the root zone", Measure: Share,
		Numerator:   "ccTLDs with a DS record in the root zone",
		Denominator: "existing ccTLDs",
		Unmeasured:  "the delegation could not be read",
		Direction:   HigherIsBetter, Unit: "ccTLDs", Kinds: registry,
		applies: exists, unmeasured: "delegation = 'unmeasured'", fulfils: "ds > 0", partial: "0",
	},
}

var concentration = []Indicator{
	{
		ID: "dns_largest", Topic: Concentration, Name: "Largest DNS operator", Measure: Largest,
		Numerator:   "domains with a name server of the operator that serves the most (the operator by the table of operators, else the registrable domain of the name servers' names)",
		Denominator: "existing domains whose name servers are known",
		Unmeasured:  "no name servers were seen",
		Direction:   LowerIsBetter, Unit: "domains", Kinds: sites,
		applies: exists, unmeasured: "empty(operators)", operators: "operators",
	},
	{
		ID: "dns_hhi", Topic: Concentration, Name: "Concentration of DNS operators", Measure: HHI,
		Numerator:   "the sum of the squares of the operators' shares of domains (Herfindahl-Hirschman index, without the bias of few domains), a domain with several operators counting for each in equal parts",
		Denominator: "existing domains whose name servers are known",
		Unmeasured:  "no name servers were seen",
		Direction:   LowerIsBetter, Unit: "index", Kinds: sites, Reference: herfindahl,
		applies: exists, unmeasured: "empty(operators)", operators: "operators",
	},
	{
		ID: "hosting_largest", Topic: Concentration, Name: "Largest hosting operator", Measure: Largest,
		Numerator:   "domains with an address, of either family, at the domain or at www, in the autonomous system that hosts the most",
		Denominator: "existing domains where the domain itself or www has an address whose autonomous system is known",
		Unmeasured:  noSystem,
		Direction:   LowerIsBetter, Unit: "domains", Kinds: sites,
		applies: hasSite, unmeasured: "empty(hosting_as)", operators: hosting,
	},
	{
		ID: "hosting_hhi", Topic: Concentration, Name: "Concentration of hosting", Measure: HHI,
		Numerator: "the sum of the squares of the autonomous systems' shares of domains (Herfindahl-Hirschman index, without the bias of few domains), a domain with addresses in several, " +
			"over both families and at the domain and www together, counting for each in equal parts",
		Denominator: "existing domains where the domain itself or www has an address whose autonomous system is known",
		Unmeasured:  noSystem,
		Direction:   LowerIsBetter, Unit: "index", Kinds: sites, Reference: herfindahl,
		applies: hasSite, unmeasured: "empty(hosting_as)", operators: hosting,
	},
}

const (
	// herfindahl is where the index is defined, and read by its size.
	herfindahl = "US Department of Justice and FTC, Merger Guidelines 2023, guideline 1 (HHI × 10,000)"
	noSystem   = "the scan had no table of autonomous systems (--asn-db), or the table has none of the addresses"
	// hosting names autonomous systems as readers know them.
	hosting = "arrayMap((n, name) -> concat('AS', toString(n), if(name = '', '', ' '), name), hosting_as, hosting_as_names)"
)
