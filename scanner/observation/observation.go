package observation

import (
	"net/netip"
	"reflect"
	"slices"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
)

// Observation is everything one scan learnt about one target from one
// vantage. It is plain data: probes fill it in, the store keeps it.
//
// The tags are its one layout: the columns of the tables observations and
// endpoints, and the members of its JSON, which the spool holds and `adopt6
// check --json` prints; see package record. docs/schema.md explains every column.
type Observation struct {
	Scan uuid.UUID `col:"scan"`
	// Position is the target's index in the scan's list, from 0. Together with
	// Scan it names the observation: resuming and exactly-once storage rest on
	// it.
	Position uint64 `col:"position"`
	Target   lists.Target
	Country  lists.Country // zero when the target belongs to no country
	Vantage  string        `col:"vantage"`
	Started  time.Time     `col:"started,started_micros"` // UTC
	Took     time.Duration `col:"took_us"`
	// Attempts is how often the target was measured in this scan; the result of
	// the last one is kept. Flapping are those of [Services] whose failure is not
	// certain: one attempt failed and another did not, or there was only one.
	Attempts uint8    `col:"attempts"`
	Flapping []string `col:"flapping"`

	// The verdicts over IPv6.
	DNS    Verdict `col:"dns_v6,dns_v6_reason"`   // name servers
	Web    Verdict `col:"web_v6,web_v6_reason"`   // web servers of the apex and of www
	Mail   Verdict `col:"mail_v6,mail_v6_reason"` // mail exchangers
	V6Only Verdict `col:"v6_only,v6_only_reason"` // resolves and serves when IPv4 is gone, by what servers answer

	// V6OnlyRecords is V6Only as the records alone have it, nothing asked.
	V6OnlyRecords Verdict `col:"v6_only_records,v6_only_records_reason"`
	// V6OnlyZone is the zone to blame where V6Only is broken, or would be if
	// this vantage had IPv6; without final dot.
	V6OnlyZone string `col:"v6_only_zone"`
	// Operators are who runs the name servers, sorted: names of the table of
	// operators, else the registrable domains of the servers' names. Each of
	// FreedBy would alone, by enabling IPv6 everywhere, make the target
	// resolvable without IPv4.
	Operators []string `col:"operators"`
	FreedBy   []string `col:"freed_by"`

	// MailV6Only says whether mail can be delivered when IPv4 is gone; the
	// others say of it what V6OnlyRecords, V6OnlyZone and FreedBy say of the site.
	MailV6Only        Verdict  `col:"mail_v6_only,mail_v6_only_reason"`
	MailV6OnlyRecords Verdict  `col:"mail_v6_only_records,mail_v6_only_records_reason"`
	MailV6OnlyZone    string   `col:"mail_v6_only_zone"`
	MailFreedBy       []string `col:"mail_freed_by"`

	// The same services over IPv4, for comparison.
	DNSV4  Verdict `col:"dns_v4,dns_v4_reason"`
	WebV4  Verdict `col:"web_v4,web_v4_reason"`
	MailV4 Verdict `col:"mail_v4,mail_v4_reason"`

	Delegation Verdict `col:"delegation,delegation_reason"`   // what parent and child publish of the name servers
	SameSerial Verdict `col:"same_serial,same_serial_reason"` // the name servers serve one version of the zone over both families
	Address    Verdict `col:"address_v6,address_v6_reason"`   // the AAAA records of the apex and of www
	WebApex    Verdict `col:"web_apex_v6,web_apex_v6_reason"` // the two hosts behind Web; unmeasured where there is none
	WebWWW     Verdict `col:"web_www_v6,web_www_v6_reason"`

	// SameContent says whether the site is the same over both families; it is
	// unmeasured unless both work. Similarity is of the visible text, 0 to 1.
	SameContent Verdict `col:"same_content,same_content_reason"`
	Similarity  float32 `col:"similarity"`
	// Web connections of the apex, else of www, by family; zero where none
	// was made. See DialTimes.
	WebTimesV4 DialTimes `col:"web_connect_v4_us,web_tls_v4_us,web_first_byte_v4_us"`
	WebTimesV6 DialTimes `col:"web_connect_v6_us,web_tls_v6_us,web_first_byte_v6_us"`

	StartTLS Verdict `col:"starttls,starttls_reason"` // offered, with a handshake that works, by the exchangers over IPv6
	SMTPUTF8 Verdict `col:"smtputf8,smtputf8_reason"` // offered by the exchangers, over either family (RFC 6531)

	DNSSEC       State  `col:"dnssec"`
	DNSSECReason Reason `col:"dnssec_reason"` // why DNSSEC is not secure; empty when it is
	DNSSECWWW    State  `col:"dnssec_www"`    // of www
	DNSSECMX     State  `col:"dnssec_mx"`     // of the MX records
	Practice     DNSSECPractice

	// Readiness is the level from 0 (no IPv6) to 5 (works without IPv4);
	// docs/verdicts.md has the rule.
	Readiness uint8 `col:"readiness"`

	// Zone is the one that the target lies in, without final dot: itself or a
	// zone above. Empty when the delegation could not be followed.
	Zone            string       `col:"zone"`
	NameServers     []string     `col:"name_servers"`       // NS names, lower case, no trailing dot, sorted
	NameServersV6   uint16       `col:"name_servers_v6"`    // of these, how many publish a usable AAAA
	NameServersV6OK uint16       `col:"name_servers_v6_ok"` // of these, how many answered over IPv6
	A               []netip.Addr `col:"a"`                  // addresses of the apex
	AAAA            []netip.Addr `col:"aaaa"`
	WWWA            []netip.Addr `col:"www_a"` // addresses of www below the apex
	WWWAAAA         []netip.Addr `col:"www_aaaa"`
	// Hosting are the autonomous systems that these addresses lie in, by
	// number, and HostingV6 the numbers of those with an IPv6 address. Both are
	// empty without a table of autonomous systems.
	Hosting        []AS     `col:"hosting_as,hosting_as_names"`
	HostingV6      []uint32 `col:"hosting_as_v6"`
	WWWSameAddress bool     `col:"www_same_address"` // apex and www have addresses, and the same
	MX             []string `col:"mx"`               // mail exchangers in order of preference
	DS             uint16   `col:"ds"`               // number of records
	DNSKEY         uint16   `col:"dnskey"`
	GlueV6         uint16   `col:"glue_v6"` // name servers with an AAAA record at the parent

	Queries uint32      `col:"queries"` // DNS queries sent for this target
	Probes  []ProbeTime `col:"probes,probe_us"`

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

// Verdicts returns every verdict of the observation.
func (o *Observation) Verdicts() (list []*Verdict) {
	fields := reflect.ValueOf(o).Elem()
	for i := range fields.NumField() {
		if verdict, ok := fields.Field(i).Addr().Interface().(*Verdict); ok {
			list = append(list, verdict)
		}
	}
	return list
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
	Algorithms []uint8 `col:"dnssec_algorithms"` // of the DNSKEY records, sorted (IANA numbers)
	KeyBits    uint16  `col:"dnssec_key_bits"`   // of the shortest RSA key, else of the shortest key
	Digests    []uint8 `col:"ds_digests"`        // of the DS records, sorted (IANA numbers)
	// Denial is "nsec", "nsec3", or empty where it was not seen.
	Denial          string `col:"denial"`
	NSEC3Iterations uint16 `col:"nsec3_iterations"`
	NSEC3Salt       uint8  `col:"nsec3_salt"` // bytes
	// Expires is when the first signature on the path from the root expires.
	Expires time.Time `col:"signature_expires"`
	CDS     bool      `col:"cds"` // CDS or CDNSKEY records are published (RFC 7344)
}

// Endpoint is one contact with one address, or a finding about a host or a
// zone when Addr is invalid: the evidence under a verdict. What is not in the
// facts of its protocol is in Detail.
type Endpoint struct {
	Probe     string        `col:"probe"`             // name of the probe: "nameserver", "web", "mail", ...
	Host      string        `col:"host"`              // the name that led to Addr, or the zone; from the network, so escape it
	Addr      netip.Addr    `col:"address"`           // invalid when the host had none
	AS        AS            `col:"as_number,as_name"` // that Addr lies in
	Port      uint16        `col:"port"`
	Transport string        `col:"transport"` // "udp", "tcp" or "tls"; empty for a finding
	Verdict   Verdict       `col:"status,reason"`
	RTT       time.Duration `col:"rtt_us"`  // of a DNS query, or to open a connection; zero when nothing answered
	Took      time.Duration `col:"took_us"` // from the first packet to the verdict
	Detail    string        `col:"detail"`  // short evidence, at most 255 bytes; from the network, so escape it

	DNS  *DNSFacts
	TLS  *TLSFacts
	HTTP *HTTPFacts
	SMTP *SMTPFacts
}

// Family is 4 or 6, that of the address; 0 without one.
func (e *Endpoint) Family() uint8 {
	switch {
	case e.Addr.Is4():
		return 4
	case e.Addr.Is6():
		return 6
	}
	return 0
}

// DNSFacts are what a name server answered.
type DNSFacts struct {
	RCode         string `col:"dns_rcode"` // by its IANA name
	Authoritative bool   `col:"dns_aa"`
	Truncated     bool   `col:"dns_tc"`
	EDNS          uint16 `col:"dns_edns"`   // the server's buffer size; 0 without EDNS
	Serial        uint32 `col:"dns_serial"` // of the SOA record
	Bytes         uint16 `col:"dns_bytes"`  // of the message
}

// TLSFacts are what a handshake showed. Every text is from the network.
type TLSFacts struct {
	Version     string        `col:"tls_version"` // "1.0" to "1.3"
	ALPN        string        `col:"tls_alpn"`
	Handshake   time.Duration `col:"tls_us"`
	Certificate Reason        `col:"tls_certificate"` // why the certificate is not good; empty when it is
	NotAfter    time.Time     `col:"tls_not_after"`
	Issuer      string        `col:"tls_issuer"` // at most 255 bytes
	SHA256      string        `col:"tls_sha256"` // of the certificate, hexadecimal
}

// HTTPFacts are what a request showed, redirects followed. Every text is from
// the network, at most 255 bytes.
type HTTPFacts struct {
	Status    int           `col:"http_status"` // of the last response
	Proto     string        `col:"http_proto"`  // "HTTP/1.1", "HTTP/2.0"
	FirstByte time.Duration `col:"http_first_byte_us"`
	Redirects int           `col:"http_redirects"`
	Location  string        `col:"http_location"` // where the redirects led; empty without
	Title     string        `col:"http_title"`
	Bytes     int64         `col:"http_bytes"` // of the body, as decoded, as far as it was read
	// Similarity of the visible text with that over IPv4, 0 to 1; only on
	// contacts over IPv6 that were compared.
	Similarity float32 `col:"similarity"`
}

// SMTPFacts are what a mail server said. Texts are at most 255 bytes.
type SMTPFacts struct {
	Code     int    `col:"smtp_code"`   // of the greeting
	Banner   string `col:"smtp_banner"` // from the network
	StartTLS bool   `col:"starttls"`    // offered
	UTF8     bool   `col:"smtputf8"`    // SMTPUTF8 offered
}
