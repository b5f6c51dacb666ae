package observation

// Reason is a stable lower-case token that says why a status is not ok.
type Reason string

// The reasons of the probes. words/ explains every reason in six languages, and
// [Reasons] returns the explanations.
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
	NSUnregistered   Reason = "ns_unregistered"
	NSSetDiffers     Reason = "ns_set_differs"
	NSNoAddress      Reason = "ns_no_address"
	NSSignatureFails Reason = "ns_signature_fails"
	ParentsDiffer    Reason = "parent_servers_differ"
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
	DanglingAlias  Reason = "dangling_alias"
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
	ClientCertificate  Reason = "client_certificate"
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
	MailFailsV6     Reason = "mail_fails_v6"
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

// The reasons for which a name server or a resolution yields no answer.
const (
	ServFail        Reason = "servfail"          // RCODE SERVFAIL
	Refused         Reason = "refused"           // RCODE REFUSED or NOTAUTH
	FormErr         Reason = "formerr"           // RCODE FORMERR, without EDNS too
	NotImp          Reason = "notimp"            // RCODE NOTIMP or another that answers nothing
	Lame            Reason = "lame"              // not authoritative, or a referral upwards or to itself
	BadResponse     Reason = "bad_response"      // a message that cannot be read or makes no sense
	PortClosed      Reason = "port_closed"       // ICMP port unreachable: nothing listens on UDP
	TCPClosed       Reason = "tcp_closed"        // TCP connection closed before the answer
	NoServerAddress Reason = "no_server_address" // no name server has an address of the families in use
	NSLoop          Reason = "ns_loop"           // name servers that can only be found through themselves
	NSIsAlias       Reason = "ns_cname"          // every name server is an alias (RFC 2181 section 10.3)
	AliasLoop       Reason = "cname_loop"        // aliases that lead back
	BadName         Reason = "bad_name"          // not a domain name; nothing was asked
	LimitQueries    Reason = "limit_queries"     // the bounds of one resolution: queries,
	LimitDepth      Reason = "limit_depth"       // zones on the way to name servers,
	LimitFanOut     Reason = "limit_fanout"      // name servers without addresses,
	LimitAliases    Reason = "limit_aliases"     // aliases in a chain,
	LimitTime       Reason = "limit_time"        // and time
)

// The reasons for which DNSSEC is not secure.
const (
	RRSIGMissing         Reason = "rrsig_missing"
	RRSIGExpired         Reason = "rrsig_expired"
	RRSIGNotYetValid     Reason = "rrsig_not_yet_valid"
	RRSIGInvalid         Reason = "rrsig_invalid"
	RRSIGKeyMissing      Reason = "rrsig_key_missing"
	RRSIGSignerInvalid   Reason = "rrsig_signer_invalid"
	RRSIGLabelsInvalid   Reason = "rrsig_labels_invalid"
	DNSKEYMissing        Reason = "dnskey_missing"
	DNSKEYInvalid        Reason = "dnskey_invalid"
	KeyRevoked           Reason = "key_revoked"
	DSMismatch           Reason = "ds_mismatch"
	AnchorMismatch       Reason = "anchor_mismatch"
	DenialMissing        Reason = "denial_missing"
	NSECProofMissing     Reason = "nsec_proof_missing"
	NSEC3ProofMissing    Reason = "nsec3_proof_missing"
	AliasInvalid         Reason = "alias_invalid"
	BudgetExceeded       Reason = "budget_exceeded"
	ChainUnanswered      Reason = "chain_unanswered"
	DSAbsent             Reason = "ds_absent"
	AlgorithmUnsupported Reason = "algorithm_unsupported"
	DigestUnsupported    Reason = "digest_unsupported"
	NSEC3IterationsHigh  Reason = "nsec3_iterations_high"
	NSEC3OptOut          Reason = "nsec3_opt_out"
	PolicyInsecure       Reason = "policy_insecure"
	NoAnchor             Reason = "no_anchor"
	ResponseUnusable     Reason = "response_unusable"
)
