package observation

import (
	"net/netip"
	"slices"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
)

// Observation is everything one scan learnt about one target from one
// vantage. It is plain data: probes fill it in, the store keeps it.
type Observation struct {
	Scan uuid.UUID
	// Position is the target's place in the scan's list, from 0. Together
	// with Scan it names the observation: resuming and exactly-once storage
	// rest on it.
	Position uint64
	Target   lists.Target
	Country  lists.Country // zero when the target belongs to no country
	Vantage  string
	Started  time.Time // UTC
	Took     time.Duration
	// Passes is how often the target was measured in this scan; what the last
	// time found is here. Unsteady are those of [Services] whose failure is no
	// certain one: it came at one time and not at another, or was measured once.
	Passes   uint8
	Unsteady []string

	// The verdicts over IPv6.
	DNS    Verdict // name servers
	Web    Verdict // web servers of the apex and of www
	Mail   Verdict // mail exchangers
	V6Only Verdict // resolves and serves when IPv4 is gone, by what servers answer

	// The same services over IPv4, for comparison.
	DNSV4, WebV4, MailV4 Verdict

	Delegation Verdict // what parent and child publish of the name servers
	Address    Verdict // the AAAA records of the apex and of www

	WebApex, WebWWW Verdict // the two hosts behind Web; unmeasured where there is none

	// SameContent says whether the site is the same over both families; it is
	// unmeasured unless both work. Similarity is of the visible text, 0 to 1.
	SameContent Verdict
	Similarity  float32
	// Web connections of the apex, else of www, by family; zero where none
	// was made. See DialTimes.
	WebTimesV4, WebTimesV6 DialTimes

	SameSerial Verdict // the name servers serve one version of the zone over both families
	StartTLS   Verdict // offered, with a handshake that works, by the exchangers over IPv6
	SMTPUTF8   Verdict // offered by the exchangers, over either family (RFC 6531)

	// V6OnlyRecords is V6Only as the records alone have it, nothing asked.
	V6OnlyRecords Verdict
	// V6OnlyZone is the zone to blame where V6Only is broken, or would be if
	// this vantage had IPv6; without final dot.
	V6OnlyZone string
	// Operators are who runs the name servers, sorted: names of the table of
	// operators, else the registrable domains of the servers' names. Each of
	// FreedBy would alone, by enabling IPv6 everywhere, make the target
	// resolvable without IPv4.
	Operators, FreedBy []string

	DNSSEC       State
	DNSSECReason Reason // why DNSSEC is not secure; empty when it is
	DNSSECWWW    State  // of www
	DNSSECMX     State  // of the MX records
	Practice     DNSSECPractice

	// Readiness is the level from 0 (no IPv6) to 5 (works without IPv4);
	// docs/verdicts.md has the rule.
	Readiness uint8

	// Zone is the one that the target lies in, without final dot: itself or a
	// zone above. Empty when the delegation could not be followed.
	Zone            string
	NameServers     []string     // NS names, lower case, no trailing dot, sorted
	NameServersV6   uint16       // of these, how many publish a usable AAAA
	NameServersV6OK uint16       // of these, how many answered over IPv6
	A, AAAA         []netip.Addr // addresses of the apex
	WWWA, WWWAAAA   []netip.Addr // addresses of www below the apex
	// Hosting are the autonomous systems that these addresses lie in, by
	// number, and HostingV6 the numbers of those with an IPv6 address. Both are
	// empty without a table of autonomous systems.
	Hosting        []AS
	HostingV6      []uint32
	WWWSameAddress bool     // apex and www have addresses, and the same
	MX             []string // mail exchangers in order of preference
	DS, DNSKEY     uint16   // number of records
	GlueV6         uint16   // name servers with an AAAA record at the parent

	Queries uint32 // DNS queries sent for this target
	Probes  []ProbeTime

	Endpoints []Endpoint
}

// Findings returns every reason in the evidence, each once, in its order.
func (o *Observation) Findings() []Reason {
	var found []Reason
	for _, e := range o.Endpoints {
		if r := e.Verdict.Reason; r != "" && !slices.Contains(found, r) {
			found = append(found, r)
		}
	}
	return found
}

// Services are those whose failures are measured again, by the columns of
// their verdicts.
func Services() []string { return []string{"dns_v6", "web_v6", "mail_v6", "v6_only", "dnssec"} }

// AS is an autonomous system; the zero value is none that is known.
type AS struct {
	Number uint32
	Name   string // in the table that it was looked up in, at most 100 bytes; empty without
}

// ProbeTime is how long one probe took.
type ProbeTime struct {
	Probe string
	Took  time.Duration
}

// DialTimes are the stages of one connection, each by itself and zero when it
// was not reached.
type DialTimes struct {
	Connect   time.Duration // SYN to connection
	TLS       time.Duration // handshake
	FirstByte time.Duration // request to first byte of the response
}

// DNSSECPractice is how a zone is signed, whatever the state of its chain. It
// is zero for a zone without keys.
type DNSSECPractice struct {
	Algorithms []uint8 // of the DNSKEY records, sorted (IANA numbers)
	KeyBits    uint16  // of the shortest RSA key, else of the shortest key
	Digests    []uint8 // of the DS records, sorted (IANA numbers)
	// Denial is "nsec", "nsec3", or empty where it was not seen.
	Denial          string
	NSEC3Iterations uint16
	NSEC3Salt       uint8 // bytes
	// Expires is when the first signature on the path from the root expires.
	Expires time.Time
	CDS     bool // CDS or CDNSKEY records are published (RFC 7344)
}

// Endpoint is one contact with one address, or a finding about a host or a
// zone when Addr is invalid: the evidence under a verdict. What is not in the
// facts of its protocol is in Detail.
type Endpoint struct {
	Probe     string     // name of the probe: "nameserver", "web", "mail", ...
	Host      string     // the name that led to Addr, or the zone; from the network, so escape it
	Addr      netip.Addr // invalid when the host had none
	AS        AS         // that Addr lies in
	Port      uint16
	Transport string // "udp", "tcp" or "tls"; empty for a finding
	Verdict   Verdict
	RTT       time.Duration // of a DNS query, or to open a connection; zero when nothing answered
	Took      time.Duration // from the first packet to the verdict
	Detail    string        // short evidence, at most 255 bytes; from the network, so escape it

	DNS  *DNSFacts
	TLS  *TLSFacts
	HTTP *HTTPFacts
	SMTP *SMTPFacts
}

// DNSFacts are what a name server answered.
type DNSFacts struct {
	RCode         int
	Authoritative bool
	Truncated     bool
	EDNS          uint16 // the server's buffer size; 0 without EDNS
	Serial        uint32 // of the SOA record
	Bytes         uint16 // of the message
}

// TLSFacts are what a handshake showed. Every text is from the network.
type TLSFacts struct {
	Version     string // "1.0" to "1.3"
	ALPN        string
	Handshake   time.Duration
	Certificate Reason // why the certificate is not good; empty when it is
	NotAfter    time.Time
	Issuer      string // at most 255 bytes
	SHA256      string // of the certificate, hexadecimal
}

// HTTPFacts are what a request showed, redirects followed. Every text is from
// the network, at most 255 bytes.
type HTTPFacts struct {
	Status    int    // of the last response
	Proto     string // "HTTP/1.1", "HTTP/2.0"
	FirstByte time.Duration
	Redirects int
	Location  string // where the redirects led; empty without
	Title     string
	Bytes     int64 // of the body, as decoded, as far as it was read
	// Similarity of the visible text with that over IPv4, 0 to 1; only on
	// contacts over IPv6 that were compared.
	Similarity float32
}

// SMTPFacts are what a mail server said. Texts are at most 255 bytes.
type SMTPFacts struct {
	Code     int    // of the greeting
	Banner   string // from the network
	StartTLS bool   // offered
	UTF8     bool   // SMTPUTF8 offered
}
