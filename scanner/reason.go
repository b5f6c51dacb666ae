package scanner

// Reason is a stable lower-case token that says why a status is not ok.
type Reason string

// The reasons of the probes. [Reasons] explains every one; the resolver and
// the validator add their own.
const (
	// Nothing is published.
	NXDomain  Reason = "nxdomain"
	NoAddress Reason = "no_address"
	NoAAAA    Reason = "no_aaaa"
	NoA       Reason = "no_a"
	NoNS      Reason = "no_ns"
	NoNSAAAA  Reason = "no_ns_aaaa"
	NoNSA     Reason = "no_ns_a"
	NoMX      Reason = "no_mx"
	NullMX    Reason = "null_mx"
	NoMXAAAA  Reason = "no_mx_aaaa"
	NoIntent  Reason = "no_intent"

	// Published, but it does not work, or not all of it.
	SpecialPurposeAddress Reason = "special_purpose_address"
	TCPRefused            Reason = "tcp_refused"
	TCPReset              Reason = "tcp_reset"
	Timeout               Reason = "timeout"
	Unreachable           Reason = "unreachable"
	SomeAddressesFail     Reason = "some_addresses_fail"
	OneNSAAAA             Reason = "one_ns_aaaa"
	OneNSA                Reason = "one_ns_a"
	SomeNSFail            Reason = "some_ns_fail"
	SomeHostsLackAAAA     Reason = "some_hosts_lack_aaaa"
	SomeHostsFail         Reason = "some_hosts_fail"

	// Delegation and name servers.
	NSSetDiffers     Reason = "ns_set_differs"
	GlueMissingA     Reason = "glue_missing_a"
	GlueMissingAAAA  Reason = "glue_missing_aaaa"
	GlueDiffers      Reason = "glue_differs"
	SameNetwork      Reason = "same_network"
	SameASN          Reason = "same_asn"
	SerialDiffers    Reason = "serial_differs"
	TCPFails         Reason = "tcp_fails"
	EDNSFails        Reason = "edns_fails"
	LargeAnswerFails Reason = "large_answer_fails"
	AnswerTooLarge   Reason = "answer_too_large"

	// Addresses.
	AAAAOnlyOnApex Reason = "aaaa_only_on_apex"
	AAAAOnlyOnWWW  Reason = "aaaa_only_on_www"
	TooManyRecords Reason = "too_many_records"

	// TLS, web and mail.
	TLSExpired         Reason = "tls_expired"
	TLSNotYetValid     Reason = "tls_not_yet_valid"
	TLSWrongName       Reason = "tls_wrong_name"
	TLSUntrusted       Reason = "tls_untrusted"
	TLSOld             Reason = "tls_old"
	TLSFailed          Reason = "tls_failed"
	CertificateDiffers Reason = "certificate_differs"
	HTTPSOnlyOverV4    Reason = "https_only_over_v4"
	NoHTTPS            Reason = "no_https"
	HTTPMalformed      Reason = "http_malformed"
	HTTPError          Reason = "http_error"
	ResponseTooLarge   Reason = "response_too_large"
	RedirectLoop       Reason = "redirect_loop"
	TooManyRedirects   Reason = "too_many_redirects"
	RedirectToV4Only   Reason = "redirect_to_v4_only"
	RedirectFails      Reason = "redirect_fails"
	ContentDiffers     Reason = "content_differs"
	NeedsCookie        Reason = "needs_cookie"
	IPv6HintDiffers    Reason = "ipv6hint_differs"
	ImplicitMX         Reason = "implicit_mx"
	SMTPRejected       Reason = "smtp_rejected"
	SMTPMalformed      Reason = "smtp_malformed"
	StartTLSFailed     Reason = "starttls_failed"
	StartTLSOnlyOverV4 Reason = "starttls_only_over_v4"
	NoStartTLS         Reason = "no_starttls"
	NoSMTPUTF8         Reason = "no_smtputf8"
	SMTPDeferred       Reason = "smtp_deferred"
	SMTPRejectsVantage Reason = "smtp_rejects_vantage"
	MXIsAlias          Reason = "mx_is_alias"
	MXIsAddress        Reason = "mx_is_address"

	// Resolution without IPv4: the cause, with the zone to blame beside it.
	NSZoneV4Only    Reason = "ns_zone_v4_only"
	ParentV4Only    Reason = "parent_v4_only"
	NSCycle         Reason = "ns_cycle"
	NSUnreachableV6 Reason = "ns_unreachable_v6"
	SiteFailsV6     Reason = "site_fails_v6"
	IntentBroken    Reason = "intent_broken"

	// DNSSEC practice.
	WeakAlgorithm    Reason = "weak_algorithm"
	ShortKey         Reason = "short_key"
	WeakDigest       Reason = "weak_digest"
	NSEC3Costly      Reason = "nsec3_costly"
	SignatureExpires Reason = "signature_expires"
	IslandOfSecurity Reason = "island_of_security"

	// This vantage could not tell.
	NotProbed     Reason = "not_probed"
	NoRoute       Reason = "no_route"
	DNSFailure    Reason = "dns_failure"
	PortFiltered  Reason = "port_filtered"
	TargetTimeout Reason = "target_timeout"
	LocalFault    Reason = "local_fault"
	OptedOut      Reason = "opted_out"
	BackedOff     Reason = "backed_off"
)

// ReasonInfo explains one reason.
type ReasonInfo struct {
	Reason Reason
	Text   string // what was found, one sentence, English
	Fix    string // what the operator can do; empty when there is nothing to mend
}

// Reasons returns the reasons of the probes with their explanations.
func Reasons() []ReasonInfo {
	return []ReasonInfo{
		{NXDomain, "The domain does not exist.",
			"Remove it from the list, or renew its registration."},
		{NoAddress, "The name has neither an IPv4 nor an IPv6 address.", ""},
		{NoAAAA, "The name has an IPv4 address and no IPv6 address.",
			"Ask the hosting provider for IPv6 and publish an AAAA record."},
		{NoA, "The name has an IPv6 address and no IPv4 address.", ""},
		{NoNS, "The NS records of the domain name no host.",
			"Publish the NS records that the parent zone announces."},
		{NoNSAAAA, "No name server of the zone has an IPv6 address.",
			"Ask the DNS provider for name servers with IPv6, or publish AAAA records and glue for them."},
		{NoNSA, "No name server of the zone has an IPv4 address.", ""},
		{NoMX, "The domain names no mail exchanger, and takes no mail at its own addresses.", ""},
		{NullMX, "The domain says that it takes no mail (RFC 7505).", ""},
		{NoIntent, "Neither the name servers nor the hosts of the domain publish an IPv6 address.",
			"Begin with the name servers: choose a DNS provider with IPv6."},
		{NoMXAAAA, "No mail exchanger of the domain has an IPv6 address.",
			"Ask the mail provider for IPv6 and publish AAAA records for the mail exchangers."},

		{SpecialPurposeAddress, "The IPv6 address published is not one that the Internet can reach (RFC 6890).",
			"Replace it by a global unicast address, or remove the record."},
		{TCPRefused, "The host answers and refuses the connection.",
			"Make the service listen on this address as well."},
		{TCPReset, "The connection was opened and broken off.",
			"Look at the firewall and the service's log for this address."},
		{Timeout, "No answer, or not the whole of it, came in time.",
			"Check the firewall and the route of this address; over IPv6 let ICMPv6 through (RFC 4890)."},
		{Unreachable, "The network reported that the address cannot be reached.",
			"Check that the prefix is announced and that the host has the address."},
		{SomeAddressesFail, "Some of the host's IPv6 addresses work and others do not.",
			"Mend the addresses that fail, or remove their records."},
		{OneNSAAAA, "Only one name server of the zone can be reached over IPv6.",
			"Give a second name server IPv6: a zone needs two (RFC 10001)."},
		{OneNSA, "Only one name server of the zone can be reached over IPv4.",
			"Give a second name server IPv4: a zone needs two (RFC 10001)."},
		{SomeNSFail, "Some name servers that publish an IPv6 address do not answer over it.",
			"Mend the name servers that fail over IPv6, or remove their AAAA records."},
		{SomeHostsLackAAAA, "Some of the hosts behind the service have an IPv6 address and others have none.",
			"Publish AAAA records for all of them."},
		{SomeHostsFail, "Some of the hosts behind the service work over IPv6 and others do not.",
			"Mend the hosts that fail."},

		{NSSetDiffers, "The parent zone and the zone itself name different name servers.",
			"Make the NS records at the registry equal to those in the zone."},
		{GlueMissingA, "A name server inside the zone has an A record that the parent zone does not publish as glue.",
			"Register the IPv4 address of the name server with the registry."},
		{GlueMissingAAAA, "A name server inside the zone has an AAAA record that the parent zone does not publish as glue.",
			"Register the IPv6 address of the name server with the registry."},
		{GlueDiffers, "The glue at the parent zone has other addresses than the name server's own records.",
			"Correct the addresses of the name server at the registry."},
		{SameNetwork, "All name servers with IPv6 lie in one network (/48).",
			"Place a name server in another network (RFC 2182 section 3.1)."},
		{SameASN, "All name servers with IPv6 lie in one autonomous system.",
			"Place a name server in the network of another operator (RFC 2182 section 3.1)."},
		{SerialDiffers, "The name servers do not serve the same version of the zone over both families.",
			"Find the server that lags behind and mend its zone transfer."},
		{TCPFails, "The name server answers over UDP and not over TCP.",
			"Open TCP port 53: large answers need it (RFC 7766)."},
		{EDNSFails, "The name server does not answer queries with EDNS as it should (RFC 6891).",
			"Update the name server, or mend the firewall that drops EDNS."},
		{LargeAnswerFails, "A large answer of the name server does not arrive, neither over UDP nor by turning to TCP.",
			"Let fragments and ICMPv6 Packet Too Big through, answer with at most 1232 bytes and serve TCP."},
		{AnswerTooLarge, "The name server sends more over UDP than was asked for.",
			"Make the server respect the EDNS buffer size (RFC 6891 section 6.2.3)."},

		{AAAAOnlyOnApex, "The domain itself has an IPv6 address, and www has none.",
			"Publish an AAAA record for www as well."},
		{AAAAOnlyOnWWW, "www has an IPv6 address, and the domain itself has none.",
			"Publish an AAAA record for the domain itself as well."},
		{TooManyRecords, "The name has more records than are measured; the rest was left out.", ""},

		{TLSExpired, "The certificate has expired.",
			"Renew the certificate, and automate it."},
		{TLSNotYetValid, "The certificate is not valid yet.",
			"Check the clock of the machine that issued it, or install the certificate that is valid now."},
		{TLSWrongName, "The certificate is for another name.",
			"Install a certificate that names this host; check that the IPv6 address leads to the same server."},
		{TLSUntrusted, "No chain of certificates leads to an authority that browsers trust.",
			"Install the intermediate certificates, or a certificate of a public authority."},
		{TLSOld, "The server speaks no TLS version that browsers still accept (RFC 8996).",
			"Enable TLS 1.2 and 1.3."},
		{TLSFailed, "The TLS handshake fails.",
			"Look at the web server's log and its TLS settings for the IPv6 address."},
		{CertificateDiffers, "The server shows different certificates over IPv4 and IPv6.",
			"Serve both families with the same configuration."},
		{HTTPSOnlyOverV4, "HTTPS works over IPv4 and not over IPv6, where only plain HTTP does.",
			"Make the HTTPS service listen on the IPv6 address."},
		{NoHTTPS, "The site has no HTTPS.",
			"Get a certificate and serve HTTPS."},
		{HTTPMalformed, "What the server answers is not HTTP, or breaks off.",
			"Look at what listens on the IPv6 address."},
		{HTTPError, "The web server answers with an error.",
			"Look at the web server's log for requests over IPv6."},
		{ResponseTooLarge, "The server sends more than a web page or a greeting can be.",
			"Look at what listens on the address."},
		{RedirectLoop, "The site redirects in a circle.",
			"Correct the redirects."},
		{TooManyRedirects, "The site redirects too many times.",
			"Redirect to the final address at once."},
		{RedirectToV4Only, "The site redirects to a host that has no IPv6 address.",
			"Publish an AAAA record for the host that the site redirects to."},
		{RedirectFails, "The site redirects to a host that does not work over IPv6.",
			"Mend the host that the site redirects to."},
		{ContentDiffers, "The site shows something else over IPv6 than over IPv4.",
			"Serve both families from the same configuration."},
		{NeedsCookie, "The site redirects in a circle and sets a cookie on the way; what it shows to those who send it back is not measured.", ""},
		{IPv6HintDiffers, "The HTTPS record of the host hints at IPv6 addresses that its AAAA records do not have (RFC 9460 section 7.3).",
			"Make the ipv6hint of the HTTPS record equal to the AAAA records, or leave it out."},
		{ImplicitMX, "The domain has no MX record, so mail goes to its address records (RFC 5321 section 5.1).",
			"Publish an MX record, or a null MX (RFC 7505) where no mail is wanted."},
		{SMTPRejected, "The mail server turns the connection away with an error reply.",
			"Look at the mail server's log and access rules for IPv6."},
		{SMTPMalformed, "What the server answers is not SMTP.",
			"Look at what listens on the address."},
		{StartTLSFailed, "The mail server offers STARTTLS and the handshake fails.",
			"Look at the TLS settings of the mail server."},
		{StartTLSOnlyOverV4, "The mail server offers STARTTLS over IPv4 and not over IPv6.",
			"Serve both families with the same configuration."},
		{NoStartTLS, "The mail server does not offer STARTTLS.",
			"Give the mail server a certificate and enable STARTTLS (RFC 3207)."},
		{NoSMTPUTF8, "The mail server does not offer SMTPUTF8, so it takes no mail for addresses in other scripts (RFC 6531).",
			"Enable SMTPUTF8: Universal Acceptance needs it."},
		{SMTPDeferred, "The mail server puts the scan off: it asks to come back later, or is too slow to greet over either family.", ""},
		{SMTPRejectsVantage, "The mail server turns the place the scan runs from away, and not over IPv6 alone.", ""},
		{MXIsAlias, "An MX record names an alias, which it must not (RFC 2181 section 10.3).",
			"Name the host itself in the MX record."},
		{MXIsAddress, "An MX record holds an address where the name of a host is due, so no mail can go there.",
			"Give the mail exchanger a name, and name it in the MX record."},

		{NSZoneV4Only, "The name servers lie in a zone that cannot be resolved over IPv6.",
			"Ask the operator of that zone for IPv6, or add a name server in a zone that has it."},
		{ParentV4Only, "A zone above the domain cannot be resolved over IPv6.",
			"The operator of that zone must give its name servers IPv6."},
		{NSCycle, "The name servers can only be found through each other over IPv6.",
			"Publish AAAA glue for one of them, or add a name server elsewhere."},
		{NSUnreachableV6, "The name servers publish IPv6 addresses, and none of them answers.",
			"Mend the name servers over IPv6, or the firewall before them."},
		{SiteFailsV6, "The name resolves without IPv4, but its site does not work over IPv6.",
			"Mend the web site over IPv6 first."},
		{IntentBroken, "The operator published IPv6 addresses, and the chain to them does not work without IPv4.",
			"Mend the link of the chain that is named."},

		{WeakAlgorithm, "The zone is signed with an algorithm that is no longer recommended (RFC 9904).",
			"Roll over to ECDSAP256SHA256 (13)."},
		{ShortKey, "A key of the zone is too short to be safe.",
			"Roll over to ECDSAP256SHA256 (13), or to RSA keys of 2048 bits."},
		{WeakDigest, "The only DS records have a digest that is no longer recommended (RFC 9904).",
			"Publish a DS record with SHA-256 (2)."},
		{NSEC3Costly, "NSEC3 has iterations or a salt, which cost resolvers much and protect nothing (RFC 9276).",
			"Set the iterations to 0 and the salt to none."},
		{SignatureExpires, "A signature of the zone expires within 7 days or less.",
			"Check that the zone is signed again automatically."},
		{IslandOfSecurity, "The zone is signed, but its parent has no DS record for it.",
			"Register the DS record with the registry."},

		{NotProbed, "This scan did not look.", ""},
		{NoRoute, "The place the scan runs from has no route for this address family, or none that leads anywhere.", ""},
		{DNSFailure, "The name could not be resolved, so nothing is known of its hosts.",
			"Mend the domain's DNS first."},
		{PortFiltered, "The network that the scan runs from lets nothing out to this port.", ""},
		{TargetTimeout, "The time for this target was up before the probe ended.", ""},
		{LocalFault, "The scanner itself ran into a fault, such as too many open files.", ""},
		{BackedOff, "The server answered at first and then turned the scan away, at any pace.",
			"Look at the server's rate limits, or let the scanning host through."},
		{OptedOut, "Whoever runs it asked not to be measured, so nothing was sent.", ""},
	}
}
