package probe

import (
	"context"
	"net/netip"
	"slices"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// scripted answers as its functions say. Lookups find the records of zone
// file lines.
type scripted struct {
	delegation *resolve.Delegation
	records    []dns.RR
	exchange   func(q resolve.Query, nth int) (*dns.Msg, error)

	mu    sync.Mutex
	asked map[resolve.Query]int
}

func (s *scripted) Delegation(context.Context, resolve.Mode, string) (*resolve.Delegation, error) {
	return s.delegation, nil
}

func (s *scripted) WholeDelegation(context.Context, resolve.Mode, string) (*resolve.Delegation, error) {
	return s.delegation, nil
}

func (s *scripted) Resolve(_ context.Context, _ resolve.Mode, name string, qtype uint16) (*resolve.Result, error) {
	r := &resolve.Result{Name: name, Type: qtype}
	for _, rr := range s.records {
		if rr.Header().Name == name && rr.Header().Rrtype == qtype {
			r.Answer = append(r.Answer, rr)
		}
	}
	return r, nil
}

func (s *scripted) Exchange(_ context.Context, q resolve.Query) (*resolve.Reply, error) {
	s.mu.Lock()
	s.asked[q]++
	nth := s.asked[q]
	s.mu.Unlock()
	msg, err := s.exchange(q, nth)
	if err != nil {
		return nil, err
	}
	return &resolve.Reply{Msg: msg, RTT: 1, Truncated: msg.Truncated, Tries: 1, Bytes: msg.Len()}, nil
}

func failed(reason observation.Reason) (*dns.Msg, error) {
	return nil, &resolve.ExchangeError{Reason: reason}
}

const scriptedZone = "example.org."

// measureScripted runs the probes of name servers over a zone with two name
// servers, both families and no fault but those of the script.
func measureScripted(t *testing.T, s *scripted, routes Routes) *observation.Observation {
	t.Helper()
	s.asked = make(map[resolve.Query]int)
	if s.delegation == nil {
		s.delegation = &resolve.Delegation{Zone: scriptedZone, Parent: "org.", NS: []string{"ns1.example.org.", "ns2.example.org."}}
		s.delegation.Glue = map[string][]netip.Addr{
			"ns1.example.org.": {netip.MustParseAddr("185.1.0.1"), netip.MustParseAddr("2a01:100:1::53")},
			"ns2.example.org.": {netip.MustParseAddr("185.1.0.2"), netip.MustParseAddr("2a01:100:2::53")},
		}
	}
	for _, line := range []string{
		"example.org. NS ns1.example.org.", "example.org. NS ns2.example.org.",
		"ns1.example.org. A 185.1.0.1", "ns1.example.org. AAAA 2a01:100:1::53",
		"ns2.example.org. A 185.1.0.2", "ns2.example.org. AAAA 2a01:100:2::53",
		"org. NS a.nic.org.", "a.nic.org. A 185.1.0.3",
	} {
		s.records = append(s.records, mustRR(t, line))
	}
	p := &Prober{Resolver: s, Routes: routes, Country: func(string) (lists.Country, bool) { return lists.Country{}, false }}
	v := p.newMeasurement(scanner.Pending{Target: lists.Target{Name: "example.org"}})
	for _, run := range []func(context.Context, *measurement){delegation, nameservers, serials} {
		run(t.Context(), v)
	}
	return v.obs
}

// soaReply is what a sound server answers to any query.
func soaReply(t *testing.T, q resolve.Query) *dns.Msg {
	m := new(dns.Msg)
	m.SetQuestion(scriptedZone, dns.TypeSOA)
	m.Response, m.Authoritative = true, true
	m.Answer = []dns.RR{mustRR(t, scriptedZone+" SOA . . 7 1 1 1 1")}
	if !q.NoEDNS {
		m.SetEdns0(udpBuffer, true)
	}
	return m
}

var bothRoutes = Routes{V4: true, V6: true}

func TestScriptedServers(t *testing.T) {
	timeout := func(resolve.Query, int) (*dns.Msg, error) { return failed(observation.Timeout) }
	truncated := func(q resolve.Query) *dns.Msg {
		m := soaReply(t, q)
		m.Truncated, m.Answer = true, nil
		return m
	}
	noTCP := bothRoutes
	noTCP.NoTCP53V4, noTCP.NoTCP53V6 = true, true
	for _, test := range []struct {
		name   string
		routes Routes
		udp    func(q resolve.Query, nth int) (*dns.Msg, error) // nil: sound
		tcp    func(q resolve.Query, nth int) (*dns.Msg, error)
		want   observation.Verdict
	}{
		{"sound", bothRoutes, nil, nil, works},
		{"the first connection fails, the second does not", bothRoutes, nil, func(q resolve.Query, nth int) (*dns.Msg, error) {
			if nth == 1 {
				return failed(observation.TCPRefused)
			}
			return soaReply(t, q), nil
		}, works},
		{"no connection", bothRoutes, nil, timeout, partial(observation.TCPFails)},
		{"TCP is filtered here", noTCP, nil, timeout, works},
		{"truncated, whole over TCP", bothRoutes, func(q resolve.Query, _ int) (*dns.Msg, error) { return truncated(q), nil }, nil, works},
		{"truncated, no TCP", bothRoutes, func(q resolve.Query, _ int) (*dns.Msg, error) { return truncated(q), nil }, timeout, broken(observation.TCPFails)},
		{"truncated, TCP is filtered here", noTCP, func(q resolve.Query, _ int) (*dns.Msg, error) { return truncated(q), nil }, timeout, unmeasured(observation.PortFiltered)},
		{"TCP without the zone", bothRoutes, nil, func(q resolve.Query, _ int) (*dns.Msg, error) {
			m := soaReply(t, q)
			m.Rcode, m.Answer = dns.RcodeRefused, nil
			return m, nil
		}, partial(observation.TCPFails)},
		{"silent to EDNS", bothRoutes, func(q resolve.Query, _ int) (*dns.Msg, error) {
			if !q.NoEDNS {
				return failed(observation.Timeout)
			}
			return soaReply(t, q), nil
		}, nil, broken(observation.EDNSFails)},
		{"silent over UDP", bothRoutes, timeout, nil, broken(observation.Timeout)},
		{"FORMERR, and silent without EDNS", bothRoutes, func(q resolve.Query, _ int) (*dns.Msg, error) {
			if q.NoEDNS {
				return failed(observation.Timeout)
			}
			m := soaReply(t, q)
			m.Rcode, m.Answer = dns.RcodeFormatError, nil
			return m, nil
		}, nil, broken(observation.FormErr)},
		{"a fault of ours", bothRoutes, func(resolve.Query, int) (*dns.Msg, error) { return failed(observation.LocalFault) }, nil, unmeasured(observation.LocalFault)},
	} {
		s := &scripted{exchange: func(q resolve.Query, nth int) (*dns.Msg, error) {
			answer := test.udp
			if q.Transport == resolve.TCP {
				answer = test.tcp
			}
			if answer == nil {
				return soaReply(t, q), nil
			}
			return answer(q, nth)
		}}
		o := measureScripted(t, s, test.routes)
		if o.DNS != test.want || o.DNSV4 != test.want {
			t.Errorf("%s: dns_v6 is %v and dns_v4 %v, want %v", test.name, o.DNS, o.DNSV4, test.want)
		}
		for _, e := range o.Endpoints {
			if e.Verdict.Status != observation.OK && e.Verdict.Reason == "" {
				t.Errorf("%s: %+v has no reason", test.name, e)
			}
		}
	}
}

// TestGlueThatDidNotFit: a referral without the glue of a server is not proof
// that the parent lacks it.
func TestGlueThatDidNotFit(t *testing.T) {
	for name, test := range map[string]struct {
		extra []string
		want  observation.Verdict
	}{
		"it is there over TCP":    {[]string{"NS2.example.org. AAAA 2a01:100:2::53", "ns2.example.org. A 185.1.0.2"}, works},
		"it is not there either":  {nil, partial(observation.GlueMissingAAAA)},
		"only the other family's": {[]string{"ns2.example.org. AAAA 2a01:100:2::53"}, partial(observation.GlueMissingA)},
		"somebody else's":         {[]string{"ns2.example.com. AAAA 2a01:100:2::53", "ns3.example.org. AAAA 2a01:100:2::53"}, partial(observation.GlueMissingAAAA)},
	} {
		s := &scripted{exchange: func(q resolve.Query, _ int) (*dns.Msg, error) {
			m := soaReply(t, q)
			if q.Type == dns.TypeNS {
				for _, line := range test.extra {
					m.Extra = append(m.Extra, mustRR(t, line))
				}
			}
			return m, nil
		}}
		s.delegation = &resolve.Delegation{Zone: scriptedZone, Parent: "org.", NS: []string{"ns1.example.org.", "ns2.example.org."},
			Glue: map[string][]netip.Addr{"ns1.example.org.": {netip.MustParseAddr("185.1.0.1"), netip.MustParseAddr("2a01:100:1::53")}}}
		if o := measureScripted(t, s, bothRoutes); o.Delegation != test.want {
			t.Errorf("%s: delegation is %v, want %v", name, o.Delegation, test.want)
		}
	}
}

// TestNothingIsSaidOfADelegationThatWasNotSeen: servers that hold parent and
// zone show the zone's records only.
func TestNothingIsSaidOfADelegationThatWasNotSeen(t *testing.T) {
	for same, want := range map[bool]observation.Verdict{true: works, false: broken(observation.GlueMissingAAAA)} {
		s := &scripted{exchange: func(q resolve.Query, _ int) (*dns.Msg, error) { return soaReply(t, q), nil }}
		s.delegation = &resolve.Delegation{Zone: scriptedZone, Parent: "org.", SameServers: same, NS: []string{"ns1.example.org.", "ns2.example.org."}}
		if o := measureScripted(t, s, bothRoutes); o.Delegation != want || o.GlueV6 != 0 {
			t.Errorf("same servers %v: delegation is %v with %d glue, want %v", same, o.Delegation, o.GlueV6, want)
		}
		s.delegation.NS, s.delegation.Glue = []string{"ns1.example.org.", "ns9.example.org."}, nil
		differs := slices.Contains(measureScripted(t, s, bothRoutes).Findings(), observation.NSSetDiffers)
		if differs == same {
			t.Errorf("same servers %v: ns_set_differs is %v", same, differs)
		}
	}
}
