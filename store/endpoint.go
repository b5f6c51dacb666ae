package store

import (
	"adopt6/scanner/observation"
	"net/netip"
	"time"

	"github.com/google/uuid"
)

// endpointRow is a row of the table endpoints: a contact, and what it repeats
// of the target it was made for.
type endpointRow struct {
	*observation.Endpoint
	target      *observation.Observation
	scanStarted time.Time
	ordinal     uint32
}

var endpoints = table[endpointRow]{"endpoints", columns(
	[]column[endpointRow]{
		field("scan", func(r *endpointRow) uuid.UUID { return r.target.Scan }, func(r *endpointRow, v uuid.UUID) {
			r.Endpoint, r.target = new(observation.Endpoint), &observation.Observation{Scan: v} // the first column makes the row
		}),
		same("scan_started", func(r *endpointRow) *time.Time { return &r.scanStarted }),
		same("position", func(r *endpointRow) *uint64 { return &r.target.Position }),
		same("ordinal", func(r *endpointRow) *uint32 { return &r.ordinal }),
	},
	ofTarget(
		text("domain", func(o *observation.Observation) *string { return &o.Target.Name }),
		kindColumn,
		word("country", func(o *observation.Observation) *string { return &o.Target.Country }),
		word("region", func(o *observation.Observation) *string { return &o.Country.Region }),
		word("vantage", func(o *observation.Observation) *string { return &o.Vantage }),
		moment("started", func(o *observation.Observation) *time.Time { return &o.Started }),
	),
	contactColumns,
	facts(dnsColumns, func(r *endpointRow) **observation.DNSFacts { return &r.DNS }),
	facts(tlsColumns, func(r *endpointRow) **observation.TLSFacts { return &r.TLS }),
	facts(httpColumns, func(r *endpointRow) **observation.HTTPFacts { return &r.HTTP }),
	facts(smtpColumns, func(r *endpointRow) **observation.SMTPFacts { return &r.SMTP }),
)}

func ofTarget(list ...column[observation.Observation]) []column[endpointRow] {
	of := func(r *endpointRow) *observation.Observation { return r.target }
	return part(list, of, of)
}

// facts makes columns of the facts of a protocol, which only contacts by that
// protocol have.
func facts[F any](list []column[F], at func(r *endpointRow) **F) []column[endpointRow] {
	return part(list, func(r *endpointRow) *F { return *at(r) }, func(r *endpointRow) *F {
		if *at(r) == nil {
			*at(r) = new(F)
		}
		return *at(r)
	})
}

var contactColumns = []column[endpointRow]{
	word("probe", func(r *endpointRow) *string { return &r.Probe }),
	text("host", func(r *endpointRow) *string { return &r.Host }),
	field("address", func(r *endpointRow) string {
		if !r.Addr.IsValid() {
			return ""
		}
		return r.Addr.String()
	}, func(r *endpointRow, v string) {
		if a, err := netip.ParseAddr(v); err == nil {
			r.Addr = a
		}
	}),
	field("family", func(r *endpointRow) uint8 {
		switch {
		case r.Addr.Is4():
			return 4
		case r.Addr.Is6():
			return 6
		}
		return 0
	}, func(*endpointRow, uint8) {}), // the address says it
	same("as_number", func(r *endpointRow) *uint32 { return &r.AS.Number }),
	word("as_name", func(r *endpointRow) *string { return &r.AS.Name }),
	same("port", func(r *endpointRow) *uint16 { return &r.Port }),
	word("transport", func(r *endpointRow) *string { return &r.Transport }),
	code("status", func(r *endpointRow) *observation.Status { return &r.Verdict.Status }),
	word("reason", func(r *endpointRow) *observation.Reason { return &r.Verdict.Reason }),
	elapsed("rtt_us", func(r *endpointRow) *time.Duration { return &r.RTT }),
	elapsed("took_us", func(r *endpointRow) *time.Duration { return &r.Took }),
	text("detail", func(r *endpointRow) *string { return &r.Detail }),
	field("dns_rcode", func(r *endpointRow) int16 {
		if r.DNS == nil {
			return -1 // 0 is NOERROR
		}
		return int16(r.DNS.RCode)
	}, func(r *endpointRow, v int16) {
		if v >= 0 {
			r.DNS = &observation.DNSFacts{RCode: int(v)}
		}
	}),
}

var dnsColumns = []column[observation.DNSFacts]{
	flag("dns_aa", func(f *observation.DNSFacts) *bool { return &f.Authoritative }),
	flag("dns_tc", func(f *observation.DNSFacts) *bool { return &f.Truncated }),
	same("dns_edns", func(f *observation.DNSFacts) *uint16 { return &f.EDNS }),
	same("dns_serial", func(f *observation.DNSFacts) *uint32 { return &f.Serial }),
	same("dns_bytes", func(f *observation.DNSFacts) *uint16 { return &f.Bytes }),
}

var tlsColumns = []column[observation.TLSFacts]{
	word("tls_version", func(f *observation.TLSFacts) *string { return &f.Version }),
	word("tls_alpn", func(f *observation.TLSFacts) *string { return &f.ALPN }),
	elapsed("tls_us", func(f *observation.TLSFacts) *time.Duration { return &f.Handshake }),
	word("tls_certificate", func(f *observation.TLSFacts) *observation.Reason { return &f.Certificate }),
	moment("tls_not_after", func(f *observation.TLSFacts) *time.Time { return &f.NotAfter }),
	word("tls_issuer", func(f *observation.TLSFacts) *string { return &f.Issuer }),
	text("tls_sha256", func(f *observation.TLSFacts) *string { return &f.SHA256 }),
}

var httpColumns = []column[observation.HTTPFacts]{
	count[uint16]("http_status", func(f *observation.HTTPFacts) *int { return &f.Status }),
	word("http_proto", func(f *observation.HTTPFacts) *string { return &f.Proto }),
	elapsed("http_first_byte_us", func(f *observation.HTTPFacts) *time.Duration { return &f.FirstByte }),
	count[uint8]("http_redirects", func(f *observation.HTTPFacts) *int { return &f.Redirects }),
	text("http_location", func(f *observation.HTTPFacts) *string { return &f.Location }),
	text("http_title", func(f *observation.HTTPFacts) *string { return &f.Title }),
	count[uint64]("http_bytes", func(f *observation.HTTPFacts) *int64 { return &f.Bytes }),
	same("similarity", func(f *observation.HTTPFacts) *float32 { return &f.Similarity }),
}

var smtpColumns = []column[observation.SMTPFacts]{
	count[uint16]("smtp_code", func(f *observation.SMTPFacts) *int { return &f.Code }),
	text("smtp_banner", func(f *observation.SMTPFacts) *string { return &f.Banner }),
	flag("starttls", func(f *observation.SMTPFacts) *bool { return &f.StartTLS }),
	flag("smtputf8", func(f *observation.SMTPFacts) *bool { return &f.UTF8 }),
}
