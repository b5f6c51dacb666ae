package spool

import (
	"adopt6/scanner/observation"
	"fmt"
)

// recordVersion begins every record. A change to what follows takes the next
// number, and what is written since is read only from records of that number:
// a spool outlives the program that wrote it.
//
//	1: the first.
//	2: the evidence of the deep probes.
//	3: autonomous systems, and how often the target was measured.
const recordVersion = 3

// encode appends an observation to buf, or refuses what decode would refuse.
func encode(buf []byte, o *observation.Observation) ([]byte, error) {
	c := codec{buf: buf}
	c.record(o)
	if c.err != nil {
		return buf, fmt.Errorf("the observation of %q: %w", o.Target.Name, c.err)
	}
	return c.buf, nil
}

// decode reads one record.
func decode(record []byte) (o observation.Observation, err error) {
	c := reader(record)
	c.record(&o)
	if c.err == nil && len(c.buf) > 0 {
		c.err = fmt.Errorf("%d bytes too many", len(c.buf))
	}
	return o, c.err
}

// record codes an observation. Of the country's names only the English one is
// kept, as in the store.
func (c *codec) record(o *observation.Observation) {
	c.version = c.uint(recordVersion)
	if c.err == nil && (c.version < 1 || c.version > recordVersion) {
		c.fail(fmt.Errorf("record of version %d, this adopt6 knows versions up to %d", c.version, recordVersion))
	}
	c.fixed(o.Scan[:])
	number(c, &o.Position)
	texts(c, &o.Target.Name, &o.Target.Unicode)
	text(c, &o.Target.Kind)
	texts(c, &o.Target.Level, &o.Target.Country, &o.Target.Source, &o.Target.Date)
	country := &o.Country
	texts(c, &country.Alpha2, &country.Alpha3, &country.M49, &country.Names.En, &country.Region, &country.AsOf)
	flags(c, &country.MemberState, &country.LDC, &country.LLDC, &country.SIDS)
	text(c, &o.Vantage)
	moment(c, &o.Started)
	signed(c, &o.Took)
	verdicts(c, &o.DNS, &o.Web, &o.Mail, &o.V6Only)
	enum(c, &o.DNSSEC, len(observation.States()))
	text(c, &o.DNSSECReason)
	number(c, &o.Readiness)
	list(c, &o.NameServers, text)
	number(c, &o.NameServersV6)
	number(c, &o.NameServersV6OK)
	list(c, &o.A, address)
	list(c, &o.AAAA, address)
	list(c, &o.WWWA, address)
	list(c, &o.WWWAAAA, address)
	list(c, &o.MX, text)
	number(c, &o.DS)
	number(c, &o.DNSKEY)
	number(c, &o.Queries)
	list(c, &o.Endpoints, endpoint)
	deepProbes(c, o)
	version3(c, o)
}

// version3 codes what version 3 added.
func version3(c *codec, o *observation.Observation) {
	if c.version < 3 {
		o.Passes = max(o.Passes, 1)
		return
	}
	number(c, &o.Passes)
	list(c, &o.Unsteady, text)
	list(c, &o.Hosting, system)
	list(c, &o.HostingV6, number)
}

func system(c *codec, as *observation.AS) {
	number(c, &as.Number)
	text(c, &as.Name)
}

// deepProbes codes what version 2 added. In older records it is unmeasured.
func deepProbes(c *codec, o *observation.Observation) {
	added := []*observation.Verdict{
		&o.DNSV4, &o.WebV4, &o.MailV4, &o.Delegation, &o.Address, &o.WebApex, &o.WebWWW,
		&o.SameContent, &o.SameSerial, &o.StartTLS, &o.SMTPUTF8, &o.V6OnlyRecords,
	}
	if c.version < 2 {
		for _, v := range added {
			*v = observation.Verdict{Status: observation.Unmeasured, Reason: observation.NotProbed}
		}
		return
	}
	verdicts(c, added...)
	share(c, &o.Similarity)
	for _, t := range []*observation.DialTimes{&o.WebTimesV4, &o.WebTimesV6} {
		signed(c, &t.Connect)
		signed(c, &t.TLS)
		signed(c, &t.FirstByte)
	}
	texts(c, &o.V6OnlyZone, &o.Zone)
	list(c, &o.Operators, text)
	list(c, &o.FreedBy, text)
	enum(c, &o.DNSSECWWW, len(observation.States()))
	enum(c, &o.DNSSECMX, len(observation.States()))
	practice(c, &o.Practice)
	number(c, &o.GlueV6)
	list(c, &o.Probes, func(c *codec, p *observation.ProbeTime) {
		text(c, &p.Probe)
		signed(c, &p.Took)
	})
	flags(c, &o.WWWSameAddress)
}

func practice(c *codec, p *observation.DNSSECPractice) {
	list(c, &p.Algorithms, number)
	number(c, &p.KeyBits)
	list(c, &p.Digests, number)
	text(c, &p.Denial)
	number(c, &p.NSEC3Iterations)
	number(c, &p.NSEC3Salt)
	moment(c, &p.Expires)
	flags(c, &p.CDS)
}

func endpoint(c *codec, e *observation.Endpoint) {
	text(c, &e.Probe)
	text(c, &e.Host)
	address(c, &e.Addr)
	number(c, &e.Port)
	text(c, &e.Transport)
	verdict(c, &e.Verdict)
	signed(c, &e.RTT)
	text(c, &e.Detail)
	if c.version < 2 {
		return
	}
	signed(c, &e.Took)
	optional(c, &e.DNS, dnsFacts)
	optional(c, &e.TLS, tlsFacts)
	optional(c, &e.HTTP, httpFacts)
	optional(c, &e.SMTP, smtpFacts)
	if c.version >= 3 {
		system(c, &e.AS)
	}
}

func dnsFacts(c *codec, f *observation.DNSFacts) {
	signed(c, &f.RCode)
	flags(c, &f.Authoritative, &f.Truncated)
	number(c, &f.EDNS)
	number(c, &f.Serial)
	number(c, &f.Bytes)
}

func tlsFacts(c *codec, f *observation.TLSFacts) {
	texts(c, &f.Version, &f.ALPN)
	signed(c, &f.Handshake)
	text(c, &f.Certificate)
	moment(c, &f.NotAfter)
	texts(c, &f.Issuer, &f.SHA256)
}

func httpFacts(c *codec, f *observation.HTTPFacts) {
	signed(c, &f.Status)
	text(c, &f.Proto)
	signed(c, &f.FirstByte)
	signed(c, &f.Redirects)
	texts(c, &f.Location, &f.Title)
	signed(c, &f.Bytes)
	share(c, &f.Similarity)
}

func smtpFacts(c *codec, f *observation.SMTPFacts) {
	signed(c, &f.Code)
	text(c, &f.Banner)
	flags(c, &f.StartTLS, &f.UTF8)
}
