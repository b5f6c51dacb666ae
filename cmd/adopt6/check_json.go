package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"time"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/miekg/dns"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/advice"
	"adopt6/scanner/observation"
)

// The shape of `adopt6 check --json`, version 1, which docs/check.md explains.
// Members are only ever added. Times in the members that end in _ms are
// milliseconds; lists are never null.
type checkJSON struct {
	Version   int    `json:"version"`
	Domain    string `json:"domain"`
	Unicode   string `json:"unicode"`
	Kind      string `json:"kind"`
	Country   string `json:"country"`
	Zone      string `json:"zone"`
	Vantage   string `json:"vantage"`
	Started   string `json:"started"` // RFC 3339, UTC
	TookMS    ms     `json:"took_ms"`
	Readiness uint8  `json:"readiness"`

	Verdicts   verdictsJSON `json:"verdicts"`
	Similarity float32      `json:"similarity"`
	WebTimes   struct {
		V4 timesJSON `json:"v4"`
		V6 timesJSON `json:"v6"`
	} `json:"web_times"`

	NameServers struct {
		Names    []string `json:"names"`
		V6       uint16   `json:"v6"`
		V6OK     uint16   `json:"v6_ok"`
		GlueV6   uint16   `json:"glue_v6"`
		Operator []string `json:"operators"`
	} `json:"name_servers"`
	Addresses struct {
		A       []string `json:"a"`
		AAAA    []string `json:"aaaa"`
		WWWA    []string `json:"www_a"`
		WWWAAAA []string `json:"www_aaaa"`
	} `json:"addresses"`
	Hosting    []systemJSON `json:"hosting,omitempty"` // with --asn-db
	MX         []string     `json:"mx"`
	V6OnlyZone string       `json:"v6_only_zone"`
	FreedBy    []string     `json:"freed_by"`
	DNSSEC     dnssecJSON   `json:"dnssec"`

	Queries   uint32         `json:"dns_queries"`
	Probes    []probeJSON    `json:"probes"`
	Endpoints []endpointJSON `json:"endpoints"`
	Advice    []adviceJSON   `json:"advice"`
	Trace     []probeTrace   `json:"trace,omitempty"` // with --explain
}

// ms is a time in milliseconds, to the microsecond.
type ms float64

func milliseconds(d time.Duration) ms { return ms(d.Microseconds()) / 1000 }

type verdictsJSON struct {
	DNS           observation.Verdict `json:"dns_v6"`
	Web           observation.Verdict `json:"web_v6"`
	Mail          observation.Verdict `json:"mail_v6"`
	V6Only        observation.Verdict `json:"v6_only"`
	V6OnlyRecords observation.Verdict `json:"v6_only_records"`
	DNSV4         observation.Verdict `json:"dns_v4"`
	WebV4         observation.Verdict `json:"web_v4"`
	MailV4        observation.Verdict `json:"mail_v4"`
	Delegation    observation.Verdict `json:"delegation"`
	Address       observation.Verdict `json:"address"`
	WebApex       observation.Verdict `json:"web_apex"`
	WebWWW        observation.Verdict `json:"web_www"`
	SameContent   observation.Verdict `json:"same_content"`
	SameSerial    observation.Verdict `json:"same_serial"`
	StartTLS      observation.Verdict `json:"starttls"`
	SMTPUTF8      observation.Verdict `json:"smtputf8"`
}

type timesJSON struct {
	ConnectMS   ms `json:"connect_ms"`
	TLSMS       ms `json:"tls_ms"`
	FirstByteMS ms `json:"first_byte_ms"`
}

type dnssecJSON struct {
	State           observation.State  `json:"state"`
	Reason          observation.Reason `json:"reason,omitempty"`
	WWW             observation.State  `json:"www"`
	MX              observation.State  `json:"mx"`
	DS              uint16             `json:"ds"`
	DNSKEY          uint16             `json:"dnskey"`
	Algorithms      []int              `json:"algorithms"`
	KeyBits         uint16             `json:"key_bits"`
	Digests         []int              `json:"digests"`
	Denial          string             `json:"denial"`
	NSEC3Iterations uint16             `json:"nsec3_iterations"`
	NSEC3Salt       uint8              `json:"nsec3_salt_bytes"`
	Expires         string             `json:"expires"`
	CDS             bool               `json:"cds"`
}

type probeJSON struct {
	Probe  string `json:"probe"`
	TookMS ms     `json:"took_ms"`
}

type endpointJSON struct {
	Probe     string             `json:"probe"`
	Host      string             `json:"host"`
	Address   string             `json:"address,omitempty"` // none of a finding
	Port      uint16             `json:"port,omitempty"`
	Transport string             `json:"transport,omitempty"`
	Status    observation.Status `json:"status"`
	Reason    observation.Reason `json:"reason,omitempty"`
	RTTMS     ms                 `json:"rtt_ms,omitempty"`
	TookMS    ms                 `json:"took_ms,omitempty"`
	Detail    string             `json:"detail,omitempty"`
	DNS       *dnsJSON           `json:"dns,omitempty"`
	TLS       *tlsJSON           `json:"tls,omitempty"`
	HTTP      *httpJSON          `json:"http,omitempty"`
	SMTP      *smtpJSON          `json:"smtp,omitempty"`
}

type dnsJSON struct {
	RCode         string `json:"rcode"`
	Authoritative bool   `json:"authoritative"`
	Truncated     bool   `json:"truncated"`
	EDNS          uint16 `json:"edns"`
	Serial        uint32 `json:"serial"`
	Bytes         uint16 `json:"bytes"`
}

type tlsJSON struct {
	Version     string             `json:"version"`
	ALPN        string             `json:"alpn"`
	HandshakeMS ms                 `json:"handshake_ms"`
	Certificate observation.Reason `json:"certificate,omitempty"` // what is wrong with it
	NotAfter    string             `json:"not_after"`
	Issuer      string             `json:"issuer"`
	SHA256      string             `json:"sha256"`
}

type httpJSON struct {
	Status      int     `json:"status"`
	Proto       string  `json:"proto"`
	FirstByteMS ms      `json:"first_byte_ms"`
	Redirects   int     `json:"redirects"`
	Location    string  `json:"location,omitempty"`
	Title       string  `json:"title"`
	Bytes       int64   `json:"bytes"`
	Similarity  float32 `json:"similarity,omitempty"`
}

type smtpJSON struct {
	Code     int    `json:"code"`
	Banner   string `json:"banner"`
	StartTLS bool   `json:"starttls"`
	UTF8     bool   `json:"smtputf8"`
}

type adviceJSON struct {
	Reason  observation.Reason `json:"reason"`
	Urgency string             `json:"urgency"`
	Service advice.Service     `json:"service"`
	Title   string             `json:"title"`
	Places  []placeJSON        `json:"places"`
	Family  string             `json:"family,omitempty"`
	Why     string             `json:"why"`
	Fix     string             `json:"fix"`
	Owner   advice.Owner       `json:"owner"`
	Who     string             `json:"who,omitempty"`
	Frees   []advice.Service   `json:"frees"`
	See     []string           `json:"see"`
	Ask     string             `json:"ask,omitempty"`
}

type placeJSON struct {
	Host    string `json:"host"`
	Address string `json:"address,omitempty"`
	Port    uint16 `json:"port,omitempty"`
}

// printCheckJSON prints an observation as one line. Texts from the network are
// given as they are, in JSON's own escapes.
func printCheckJSON(w io.Writer, o *observation.Observation, todo []advice.Advice, trace []probeTrace, traced bool) error {
	c := observationJSON(o)
	for _, a := range todo {
		c.Advice = append(c.Advice, toAdviceJSON(a))
	}
	if traced {
		c.Trace = trace
	}
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(c); err != nil {
		return err
	}
	_, err := w.Write(escapeHidden(b.Bytes()))
	return err
}

// escapeHidden escapes the characters that a terminal would obey or hide and
// that JSON allows as they are.
func escapeHidden(encoded []byte) []byte {
	safe := make([]byte, 0, len(encoded))
	for _, r := range string(encoded) {
		switch {
		case terminal.Showable(r) == r:
			safe = utf8.AppendRune(safe, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			safe = fmt.Appendf(safe, `\u%04x\u%04x`, high, low)
		default:
			safe = fmt.Appendf(safe, `\u%04x`, r)
		}
	}
	return safe
}

func observationJSON(o *observation.Observation) checkJSON {
	c := checkJSON{
		Version: 1,
		Domain:  o.Target.Name, Unicode: o.Target.Unicode, Kind: string(o.Target.Kind), Country: o.Target.Country,
		Zone: o.Zone, Vantage: o.Vantage, Started: stamp(o.Started), TookMS: milliseconds(o.Took), Readiness: o.Readiness,
		Verdicts: verdictsJSON{
			DNS: o.DNS, Web: o.Web, Mail: o.Mail, V6Only: o.V6Only, V6OnlyRecords: o.V6OnlyRecords,
			DNSV4: o.DNSV4, WebV4: o.WebV4, MailV4: o.MailV4, Delegation: o.Delegation, Address: o.Address,
			WebApex: o.WebApex, WebWWW: o.WebWWW, SameContent: o.SameContent, SameSerial: o.SameSerial,
			StartTLS: o.StartTLS, SMTPUTF8: o.SMTPUTF8,
		},
		Similarity: o.Similarity, MX: list(o.MX), V6OnlyZone: o.V6OnlyZone, FreedBy: list(o.FreedBy),
		DNSSEC: toDNSSECJSON(o), Queries: o.Queries,
		Probes: []probeJSON{}, Endpoints: []endpointJSON{}, Advice: []adviceJSON{},
	}
	c.WebTimes.V4, c.WebTimes.V6 = toTimesJSON(o.WebTimesV4), toTimesJSON(o.WebTimesV6)
	n := &c.NameServers
	n.Names, n.V6, n.V6OK, n.GlueV6, n.Operator = list(o.NameServers), o.NameServersV6, o.NameServersV6OK, o.GlueV6, list(o.Operators)
	a := &c.Addresses
	a.A, a.AAAA, a.WWWA, a.WWWAAAA = addrTexts(o.A), addrTexts(o.AAAA), addrTexts(o.WWWA), addrTexts(o.WWWAAAA)
	c.Hosting = hostingJSON(o)
	for _, p := range o.Probes {
		c.Probes = append(c.Probes, probeJSON{p.Probe, milliseconds(p.Took)})
	}
	for _, e := range o.Endpoints {
		c.Endpoints = append(c.Endpoints, toEndpointJSON(e))
	}
	return c
}

// systemJSON is an autonomous system; its name is from the table of them.
type systemJSON struct {
	Number uint32 `json:"as"`
	Name   string `json:"name"`
	V6     bool   `json:"v6"` // an IPv6 address lies in it
}

func hostingJSON(o *observation.Observation) (all []systemJSON) {
	for _, as := range o.Hosting {
		all = append(all, systemJSON{as.Number, as.Name, slices.Contains(o.HostingV6, as.Number)})
	}
	return all
}

func toTimesJSON(t observation.DialTimes) timesJSON {
	return timesJSON{milliseconds(t.Connect), milliseconds(t.TLS), milliseconds(t.FirstByte)}
}

func toDNSSECJSON(o *observation.Observation) dnssecJSON {
	p := o.Practice
	return dnssecJSON{
		State: o.DNSSEC, Reason: o.DNSSECReason, WWW: o.DNSSECWWW, MX: o.DNSSECMX, DS: o.DS, DNSKEY: o.DNSKEY,
		Algorithms: numbers(p.Algorithms), KeyBits: p.KeyBits, Digests: numbers(p.Digests),
		Denial: p.Denial, NSEC3Iterations: p.NSEC3Iterations, NSEC3Salt: p.NSEC3Salt, Expires: stamp(p.Expires), CDS: p.CDS,
	}
}

func toEndpointJSON(e observation.Endpoint) endpointJSON {
	j := endpointJSON{
		Probe: e.Probe, Host: e.Host, Address: addrText(e.Addr), Port: e.Port, Transport: e.Transport,
		Status: e.Verdict.Status, Reason: e.Verdict.Reason,
		RTTMS: milliseconds(e.RTT), TookMS: milliseconds(e.Took), Detail: e.Detail,
	}
	if d := e.DNS; d != nil {
		j.DNS = &dnsJSON{dns.RcodeToString[d.RCode], d.Authoritative, d.Truncated, d.EDNS, d.Serial, d.Bytes}
	}
	if t := e.TLS; t != nil {
		j.TLS = &tlsJSON{t.Version, t.ALPN, milliseconds(t.Handshake), t.Certificate, stamp(t.NotAfter), t.Issuer, t.SHA256}
	}
	if h := e.HTTP; h != nil {
		j.HTTP = &httpJSON{h.Status, h.Proto, milliseconds(h.FirstByte), h.Redirects, h.Location, h.Title, h.Bytes, h.Similarity}
	}
	if s := e.SMTP; s != nil {
		j.SMTP = &smtpJSON{s.Code, s.Banner, s.StartTLS, s.UTF8}
	}
	return j
}

func toAdviceJSON(a advice.Advice) adviceJSON {
	j := adviceJSON{
		Reason: a.Reason, Urgency: a.Urgency.String(), Service: a.Service, Title: a.Title, Places: []placeJSON{}, Family: a.Family,
		Why: a.Why, Fix: a.Fix, Owner: a.Owner, Who: a.Who, Frees: list(a.Frees), See: list(a.See), Ask: a.Ask,
	}
	for _, p := range a.Places {
		j.Places = append(j.Places, placeJSON{p.Host, addrText(p.Addr), p.Port})
	}
	return j
}

// list turns no list into an empty one.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

// numbers keeps a list of bytes from becoming a base64 string.
func numbers(s []uint8) []int {
	n := make([]int, len(s))
	for i, b := range s {
		n[i] = int(b)
	}
	return n
}

func addrTexts(addrs []netip.Addr) []string {
	texts := make([]string, len(addrs))
	for i, a := range addrs {
		texts[i] = a.String()
	}
	return texts
}

func addrText(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// stamp is a time in RFC 3339, UTC; empty for the zero time.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
