//go:build !alone

package storetest

import (
	"context"
	"fmt"
	"net/netip"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
)

// SampleScans are the scans of [Sample]: in June, September and November.
var SampleScans = []store.ScanInfo{
	sampleScan("0197284c-0000-7000-8000-000000000006", time.June),
	sampleScan("0198fd1e-0000-7000-8000-000000000009", time.September),
	sampleScan("019a3cf3-0000-7000-8000-000000000011", time.November),
}

func sampleScan(id string, month time.Month) store.ScanInfo {
	return store.ScanInfo{ID: uuid.MustParse(id), Started: time.Date(2026, month, 1, 6, 0, 0, 0, time.UTC), List: "invented", Vantage: "lab", Program: "v1", ASTable: "GeoLite2-ASN 2026-05-01",
		Capabilities: observation.Capabilities{IPv4: observation.OK, IPv6: observation.OK, UDP53V4: observation.OK, UDP53V6: observation.OK,
			TCP53V4: observation.OK, TCP53V6: observation.OK, SMTPV4: observation.OK, SMTPV6: observation.Broken}}
}

// sampleCountries are the countries of the sample and the number of domains of
// each. All figures are invented.
var sampleCountries = []struct {
	code    string
	domains int
}{{"CI", 12}, {"KE", 20}, {"TG", 16}}

// Sample fills a store with three finished scans of invented domains, the same
// on every engine and at any time. Between scans some domains gain IPv6 and
// some lose it.
func Sample(t testing.TB, s *store.Store) {
	t.Helper()
	ctx := context.Background()
	for round, info := range SampleScans {
		list := sampleObservations(info, round)
		info.Targets = uint64(len(list))
		if err := s.NewScan(ctx, info); err != nil {
			t.Fatal(err)
		}
		w, err := s.Writer(ctx, info.ID)
		if err != nil {
			t.Fatal(err)
		}
		for i := range list {
			if err := w.Write(ctx, &list[i]); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(ctx); err != nil {
			t.Fatal(err)
		}
		if err := s.FinishScan(ctx, info.ID); err != nil {
			t.Fatal(err)
		}
		if _, err := indicator.Compute(ctx, s, info.ID); err != nil {
			t.Fatal(err)
		}
	}
}

// Observations returns what the last scan of the sample found, for tests that
// need observations as real ones are.
func Observations() []observation.Observation {
	return sampleObservations(SampleScans[len(SampleScans)-1], len(SampleScans)-1)
}

func sampleObservations(info store.ScanInfo, round int) (list []observation.Observation) {
	for n, place := range sampleCountries {
		country, _ := lists.CountryByCode(place.code)
		country = country.On(info.Started)
		for i := range place.domains + 1 {
			o := sampleTarget(country, n, i-1, round)
			o.Scan, o.Position, o.Vantage = info.ID, uint64(len(list)), info.Vantage
			o.Started = info.Started.Add(time.Duration(o.Position) * time.Second)
			o.Country = country
			list = append(list, o)
		}
	}
	return list
}

// ministries are the invented bodies behind the domains.
var ministries = []string{"finance", "health", "education", "justice", "transport", "interior", "energy", "water", "labour", "trade"}

var (
	works      = observation.Verdict{Status: observation.OK}
	noAAAA     = observation.Verdict{Status: observation.Absent, Reason: observation.NoAAAA}
	timedOut   = observation.Verdict{Status: observation.Broken, Reason: observation.Timeout}
	notMeasure = observation.Verdict{Status: observation.Unmeasured, Reason: observation.PortFiltered}
)

// sampleTarget makes domain i of country n as it is in a round; -1 is the
// country's ccTLD.
func sampleTarget(country lists.Country, n, i, round int) observation.Observation {
	tld := string([]byte{country.Alpha2[0] | 0x20, country.Alpha2[1] | 0x20})
	o := observation.Observation{
		Took: time.Duration(40+7*i) * time.Millisecond, Queries: uint32(12 + i%5),
		DNS: works, DNSV4: works, Delegation: works, SameSerial: works, V6Only: works, V6OnlyRecords: works, DNSSEC: observation.Secure,
		Practice: observation.DNSSECPractice{Algorithms: []uint8{13}, KeyBits: 256, Digests: []uint8{2}, Denial: "nsec", Expires: time.Date(2026, time.Month(7+round*2), 20, 0, 0, 0, 0, time.UTC)},
		DS:       1, DNSKEY: 2, Readiness: 5,
		Probes: []observation.ProbeTime{{Probe: "delegation", Took: 5 * time.Millisecond}, {Probe: "web", Took: 30 * time.Millisecond}},
	}
	if i < 0 {
		o.Target = lists.Target{Name: tld, Unicode: tld, Kind: lists.CCTLD, Country: country.Alpha2, Source: "iana"}
		o.Zone, o.Operators, o.NameServers = tld, []string{"registry.example"}, []string{"a.registry.example", "b.registry.example"}
		o.NameServersV6, o.NameServersV6OK = 2, 2
		for _, v := range []*observation.Verdict{&o.Web, &o.Mail, &o.WebV4, &o.MailV4, &o.WebApex, &o.WebWWW, &o.Address, &o.SameContent, &o.StartTLS, &o.SMTPUTF8} {
			*v = observation.Verdict{Status: observation.Unmeasured, Reason: observation.NotProbed}
		}
		return o
	}
	name := fmt.Sprintf("%s%s.gov.%s", ministries[i%len(ministries)], []string{"", "-portal"}[i/len(ministries)], tld)
	o.Target = lists.Target{Name: name, Unicode: name, Kind: lists.Government, Level: "central", Country: country.Alpha2, Source: "invented", Date: "2026-05-01"}
	o.Zone = name
	o.A, o.WebV4, o.MailV4 = addr("192.0.2.%d", n*50+i), works, works
	o.MX = []string{"mx." + name}
	sampleNameServers(&o, i)
	// A third has IPv6 from the start, some gain it, and every seventh loses it.
	hasV6 := i%3 == 0 || i%4 == round && round > 0
	if i%7 == 6 && round == 2 {
		hasV6 = false
	} else if i%7 == 6 {
		hasV6 = true
	}
	sampleWeb(&o, i, hasV6)
	sampleHosting(&o, i, hasV6)
	sampleMail(&o, i, hasV6)
	if o.Web.Status != observation.OK || o.DNS.Status == observation.Absent {
		o.Readiness = 2
	}
	if o.DNS.Status == observation.Absent {
		o.Readiness = map[bool]uint8{true: 1, false: 0}[hasV6]
	}
	return o
}

func addr(format string, n int) []netip.Addr {
	return []netip.Addr{netip.MustParseAddr(fmt.Sprintf(format, n+1))}
}

// sampleNameServers gives the domain a DNS operator; one of three has no IPv6.
func sampleNameServers(o *observation.Observation, i int) {
	operator := []string{"bigdns.example", "statehost.example", "oldhost.example"}[i*i%3+i%2]
	o.Operators, o.NameServers = []string{operator}, []string{"ns1." + operator, "ns2." + operator}
	o.NameServersV6, o.NameServersV6OK, o.GlueV6 = 2, 2, 0
	switch {
	case operator == "oldhost.example":
		o.NameServersV6, o.NameServersV6OK = 0, 0
		o.DNS = observation.Verdict{Status: observation.Absent, Reason: observation.NoNSAAAA}
		o.V6Only = observation.Verdict{Status: observation.Broken, Reason: observation.NoNSAAAA}
		o.V6OnlyRecords, o.V6OnlyZone, o.FreedBy = o.V6Only, o.Zone, []string{operator}
		o.DNSSEC, o.DNSSECReason, o.Practice, o.DS, o.DNSKEY = observation.Insecure, "no_ds", observation.DNSSECPractice{}, 0, 0
		o.SameSerial = observation.Verdict{Status: observation.Unmeasured, Reason: observation.NotProbed}
	case i%5 == 4:
		o.NameServersV6OK = 1
		o.DNS = observation.Verdict{Status: observation.Partial, Reason: observation.SomeNSFail}
		o.Endpoints = append(o.Endpoints, observation.Endpoint{Probe: "nameserver", Host: "ns2." + operator, Addr: netip.MustParseAddr("2001:db8:53::2"), Port: 53,
			Transport: "udp", Verdict: timedOut, Took: 2 * time.Second, Detail: "no answer"})
	}
	for family, address := range []string{"192.0.2.53", "2001:db8:53::1"} {
		if family == 1 && o.NameServersV6 == 0 {
			continue
		}
		o.Endpoints = append(o.Endpoints, observation.Endpoint{Probe: "nameserver", Host: "ns1." + operator, Addr: netip.MustParseAddr(address), Port: 53, Transport: "udp",
			Verdict: works, RTT: time.Duration(20+family) * time.Millisecond, Took: time.Duration(21+family) * time.Millisecond,
			DNS: &observation.DNSFacts{RCode: "NOERROR", Authoritative: true, EDNS: 1232, Serial: 2026110101, Bytes: 120}})
	}
}

// sampleHosts are the invented autonomous systems of sites. The last has no
// name in the table that they were looked up in, and no IPv6.
var sampleHosts = []observation.AS{{Number: 64496, Name: "Statehost"}, {Number: 64497, Name: "Bigcloud, Inc."}, {Number: 64500}}

// sampleHosting says where the site is. With IPv6 some are at a second host.
func sampleHosting(o *observation.Observation, i int, hasV6 bool) {
	host := sampleHosts[i%7%3]
	o.Hosting = []observation.AS{host}
	if host.Name == "" && hasV6 {
		host = sampleHosts[1]
		o.Hosting = []observation.AS{host, o.Hosting[0]}
	}
	if hasV6 {
		o.HostingV6 = []uint32{host.Number}
	}
}

func sampleWeb(o *observation.Observation, i int, hasV6 bool) {
	o.WebTimesV4 = observation.DialTimes{Connect: time.Duration(20+i) * time.Millisecond, TLS: 25 * time.Millisecond, FirstByte: 40 * time.Millisecond}
	site := func(address netip.Addr, v observation.Verdict) {
		e := observation.Endpoint{Probe: "web", Host: o.Target.Name, Addr: address, Port: 443, Transport: "tls", Verdict: v, Took: 90 * time.Millisecond}
		if v.Status == observation.OK {
			e.RTT = 20 * time.Millisecond
			e.TLS = &observation.TLSFacts{Version: []string{"1.3", "1.2"}[i%2], ALPN: "h2", Handshake: 25 * time.Millisecond, NotAfter: time.Date(2026, 12, 1+i, 0, 0, 0, 0, time.UTC),
				Issuer: "Lab CA", SHA256: fmt.Sprintf("%064x", i)}
			e.HTTP = &observation.HTTPFacts{Status: 200, Proto: "HTTP/2.0", FirstByte: 40 * time.Millisecond, Title: "Ministry", Bytes: 20_000}
			if i == 5 {
				e.HTTP.Title = "=HYPERLINK(\"http://evil.example\")\x1b[31m"
			}
		}
		o.Endpoints = append(o.Endpoints, e)
	}
	site(o.A[0], works)
	o.Web, o.Address, o.WebApex = noAAAA, noAAAA, noAAAA
	o.WebWWW = observation.Verdict{Status: observation.Unmeasured, Reason: observation.NotProbed}
	o.SameContent = o.WebWWW
	if !hasV6 {
		return
	}
	o.AAAA, o.Address = addr("2001:db8:80::%x", i), works
	if i%8 == 3 { // published, and nothing answers
		o.Web, o.WebApex = timedOut, timedOut
		site(o.AAAA[0], timedOut)
		return
	}
	o.Web, o.WebApex, o.SameContent, o.Similarity = works, works, works, 1
	o.WebTimesV6 = observation.DialTimes{Connect: time.Duration(18+2*i) * time.Millisecond, TLS: 26 * time.Millisecond, FirstByte: 42 * time.Millisecond}
	site(o.AAAA[0], works)
	o.Endpoints[len(o.Endpoints)-1].HTTP.Similarity = 1
}

func sampleMail(o *observation.Observation, i int, hasV6 bool) {
	o.Mail, o.StartTLS, o.SMTPUTF8 = noAAAA, noAAAA, works
	o.Mail.Reason, o.StartTLS.Reason = observation.NoMXAAAA, observation.NoMXAAAA
	switch {
	case i%6 == 5:
		o.MX, o.Mail, o.MailV4 = nil, observation.Verdict{Status: observation.Absent, Reason: observation.NullMX}, observation.Verdict{Status: observation.Absent, Reason: observation.NullMX}
		o.StartTLS, o.SMTPUTF8 = o.Mail, o.Mail
	case hasV6:
		o.Mail, o.StartTLS = notMeasure, notMeasure
	}
	o.MailV6Only, o.MailV6OnlyRecords = o.Mail, o.Mail
}
