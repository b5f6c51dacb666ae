package preflight_test

import (
	"bytes"
	"context"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
	"adopt6/scanner/lab"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/preflight"
	"adopt6/scanner/resolve"
)

// sound are domains whose exchangers take mail over both families.
const sound = `about: Sound.
domains:
  one.gov.ar: healthy_v6
  two.gov.br: healthy_v6
  three.gov.ke: healthy_v6
  four.gov.tg: healthy_v6
`

// startLab runs a scenario and returns the configuration of a preflight in it.
func startLab(t *testing.T, text string) (*lab.Lab, preflight.Config) {
	t.Helper()
	scenario, err := lab.Parse("test.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(scenario)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	return l, configure(t, l, l)
}

// configure returns a preflight of the lab whose packets take the given way.
func configure(t *testing.T, l *lab.Lab, way netaddr.Router) preflight.Config {
	t.Helper()
	roots, err := resolve.ParseHints(bytes.NewReader(l.RootHints()))
	if err != nil {
		t.Fatal(err)
	}
	anchors, err := dnssec.ParseAnchors(bytes.NewReader(l.TrustAnchor()), "trust anchor")
	if err != nil {
		t.Fatal(err)
	}
	dialer := &netaddr.Dialer{Lab: way}
	resolver, err := resolve.New(resolve.Config{Dialer: dialer, Roots: roots, Anchors: anchors,
		Timeout: 300 * time.Millisecond, Retries: 1, Now: l.Now, At: l.Now()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { resolver.Close() })
	config := preflight.Config{Dialer: dialer, Roots: roots, Resolver: resolver, DatedSerial: true, Now: l.Now,
		Workers: 10, Folders: []string{t.TempDir()}, Timeout: 500 * time.Millisecond, Limit: 4 * time.Second}
	for target := range l.Targets() {
		config.Domains = append(config.Domains, target.Name)
	}
	return config
}

func run(t *testing.T, config preflight.Config) *preflight.Result {
	t.Helper()
	result, err := preflight.Run(t.Context(), config)
	if err != nil {
		t.Fatal(err)
	}
	return result
}

// expect compares the statuses of the checks with those wanted; what is not
// named must be ok.
func expect(t *testing.T, result *preflight.Result, wanted map[string]observation.Status) {
	t.Helper()
	for _, c := range result.Checks {
		want, named := wanted[c.Name]
		if !named {
			want = observation.OK
		}
		if c.Status != want {
			t.Errorf("%s is %s (%s), want %s", c.Name, c.Status, c.Seen, want)
		}
		if c.Seen == "" || c.Title == "" || c.Failed() && (c.Fix == "" || c.Effect == "") {
			t.Errorf("%s says too little: %+v", c.Name, c)
		}
	}
}

func TestVantages(t *testing.T) {
	t.Parallel()
	const (
		absent, broken, unmeasured = observation.Absent, observation.Broken, observation.Unmeasured
	)
	withoutV6 := map[string]observation.Status{preflight.IPv6: absent, preflight.UDP53V6: unmeasured, preflight.TCP53V6: unmeasured, preflight.SMTPV6: unmeasured}
	for _, test := range []struct {
		name, vantage string
		want          map[string]observation.Status
		capabilities  observation.Capabilities
		stops         []string
	}{
		{"everything", "", nil, observation.Capabilities{IPv4: observation.OK, IPv6: observation.OK, UDP53V4: observation.OK, UDP53V6: observation.OK,
			TCP53V4: observation.OK, TCP53V6: observation.OK, SMTPV4: observation.OK, SMTPV6: observation.OK}, nil},
		{"without IPv6", "vantage: {ipv6: false}\n", withoutV6, observation.Capabilities{IPv4: observation.OK, IPv6: absent, UDP53V4: observation.OK, UDP53V6: absent,
			TCP53V4: observation.OK, TCP53V6: absent, SMTPV4: observation.OK, SMTPV6: absent}, nil},
		{"without IPv4", "vantage: {ipv4: false}\n",
			map[string]observation.Status{preflight.IPv4: absent, preflight.UDP53V4: unmeasured, preflight.TCP53V4: unmeasured, preflight.SMTPV4: unmeasured},
			observation.Capabilities{IPv4: absent, IPv6: observation.OK, UDP53V4: absent, UDP53V6: observation.OK,
				TCP53V4: absent, TCP53V6: observation.OK, SMTPV4: absent, SMTPV6: observation.OK}, nil},
		{"without either", "vantage: {ipv4: false, ipv6: false}\n",
			map[string]observation.Status{preflight.IPv6: absent, preflight.UDP53V6: unmeasured, preflight.TCP53V6: unmeasured, preflight.SMTPV6: unmeasured,
				preflight.IPv4: absent, preflight.UDP53V4: unmeasured, preflight.TCP53V4: unmeasured, preflight.SMTPV4: unmeasured,
				preflight.Hijack: unmeasured, preflight.TrustAnchor: unmeasured, preflight.Clock: unmeasured},
			observation.Capabilities{IPv4: absent, IPv6: absent, UDP53V4: absent, UDP53V6: absent, TCP53V4: absent, TCP53V6: absent, SMTPV4: absent, SMTPV6: absent},
			[]string{preflight.IPv6, preflight.IPv4}},
		{"port 25 filtered", "vantage: {blocked: [25]}\n", map[string]observation.Status{preflight.SMTPV6: broken, preflight.SMTPV4: broken},
			observation.Capabilities{IPv4: observation.OK, IPv6: observation.OK, UDP53V4: observation.OK, UDP53V6: observation.OK,
				TCP53V4: observation.OK, TCP53V6: observation.OK, SMTPV4: broken, SMTPV6: broken}, nil},
		{"TCP port 53 filtered", "vantage: {blocked: [53]}\n", map[string]observation.Status{preflight.TCP53V6: broken, preflight.TCP53V4: broken},
			observation.Capabilities{IPv4: observation.OK, IPv6: observation.OK, UDP53V4: observation.OK, UDP53V6: observation.OK,
				TCP53V4: broken, TCP53V6: broken, SMTPV4: observation.OK, SMTPV6: observation.OK}, nil},
		{"a dead root server", "faults: [{at: a.root-servers.net, do: drop}]\n", nil, observation.Capabilities{IPv4: observation.OK, IPv6: observation.OK,
			UDP53V4: observation.OK, UDP53V6: observation.OK, TCP53V4: observation.OK, TCP53V6: observation.OK, SMTPV4: observation.OK, SMTPV6: observation.OK}, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, config := startLab(t, sound+test.vantage)
			result := run(t, config)
			expect(t, result, test.want)
			if result.Capabilities != test.capabilities {
				t.Errorf("got %+v\nwant %+v", result.Capabilities, test.capabilities)
			}
			var stops []string
			for _, c := range result.Stops() {
				stops = append(stops, c.Name)
			}
			if fmt.Sprint(stops) != fmt.Sprint(test.stops) {
				t.Errorf("stops %v, want %v", stops, test.stops)
			}
		})
	}
}

// TestNoAnswerOverIPv6 has a route over IPv6 that leads nowhere: what is
// asked there is never answered.
func TestNoAnswerOverIPv6(t *testing.T) {
	t.Parallel()
	_, config := startLab(t, sound+"faults: [{family: v6, do: drop}]\n")
	result := run(t, config)
	expect(t, result, map[string]observation.Status{preflight.IPv6: observation.Broken, preflight.UDP53V6: observation.Broken,
		preflight.TCP53V6: observation.Broken, preflight.SMTPV6: observation.Broken})
	if len(result.Stops()) > 0 {
		t.Errorf("a scan over IPv4 could run, and %+v stops it", result.Stops())
	}
}

// TestFilteredUDP drops all of it over IPv6, and over IPv4 the large answers.
func TestFilteredUDP(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		fault string
		want  map[string]observation.Status
	}{
		{`{at: ".", transport: udp, family: v6, do: drop}`, map[string]observation.Status{preflight.UDP53V6: observation.Broken}},
		{`{at: ".", transport: udp, family: v4, types: [DNSKEY], do: drop}`, map[string]observation.Status{preflight.UDP53V4: observation.Partial}},
	} {
		t.Run(test.fault, func(t *testing.T) {
			t.Parallel()
			_, config := startLab(t, sound+"faults: ["+test.fault+"]\n")
			result := run(t, config)
			for _, c := range result.Checks {
				if want, ok := test.want[c.Name]; ok && c.Status != want {
					t.Errorf("%s is %s (%s), want %s", c.Name, c.Status, c.Seen, want)
				}
			}
			if c := result.Capabilities; c.IPv4 != observation.OK || c.IPv6 != observation.OK || len(result.Stops()) > 0 {
				t.Errorf("got %+v, stopped by %+v", c, result.Stops())
			}
		})
	}
}

// TestFewSilentExchangers must not blame the network for two dead hosts.
func TestFewSilentExchangers(t *testing.T) {
	t.Parallel()
	const dead = `about: Dead.
domains:
  one.gov.ar: {like: healthy_v6, faults: [{at: mail, do: drop}]}
  two.gov.br: {like: healthy_v6, faults: [{at: mail, do: drop}]}
`
	_, config := startLab(t, dead)
	expect(t, run(t, config), map[string]observation.Status{preflight.SMTPV6: observation.Unmeasured, preflight.SMTPV4: observation.Unmeasured})
	config.Exchangers = []string{"mail.one.gov.ar"}
	expect(t, run(t, config), map[string]observation.Status{preflight.SMTPV6: observation.Broken, preflight.SMTPV4: observation.Broken})
}

// TestRejectedExchangers: three unrelated exchangers that refuse are a network
// that rejects port 25, as are three that are silent; three that fail each in
// its own way are three faults.
func TestRejectedExchangers(t *testing.T) {
	t.Parallel()
	const three = `about: Dead.
domains:
  one.gov.ar: {like: healthy_v6, faults: [{at: mail, do: %s}]}
  two.gov.br: {like: healthy_v6, faults: [{at: mail, do: %s}]}
  three.gov.ke: {like: healthy_v6, faults: [{at: mail, do: %s}]}
`
	for _, test := range []struct {
		faults [3]any
		want   observation.Status
	}{
		{[3]any{"refuse", "refuse", "refuse"}, observation.Broken},
		{[3]any{"drop", "drop", "drop"}, observation.Broken},
		{[3]any{"refuse", "drop", "refuse"}, observation.Unmeasured},
	} {
		_, config := startLab(t, fmt.Sprintf(three, test.faults[:]...))
		expect(t, run(t, config), map[string]observation.Status{preflight.SMTPV6: test.want, preflight.SMTPV4: test.want})
	}
}

// hijacker leads port 53 to a server of its own, and all else on.
type hijacker struct {
	netaddr.Router
	server netip.AddrPort
	only   func(netip.Addr) bool // whose packets are taken; nil: everybody's
}

func (h hijacker) Route(network string, to netip.AddrPort) (netip.AddrPort, error) {
	if to.Port() == 53 && (h.only == nil || h.only(to.Addr())) {
		return h.server, nil
	}
	return h.Router.Route(network, to)
}

// recursor answers every question as a recursive server does.
func recursor(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(q)
	m.RecursionAvailable = true
	if q.Question[0].Qtype == dns.TypeSOA {
		m.Answer = []dns.RR{&dns.SOA{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60},
			Ns: "ns.example.", Mbox: "host.example.", Serial: 1}}
	}
	_ = w.WriteMsg(m)
}

// liar is a recursor that hides what it is, until it is asked for com.
func liar(w dns.ResponseWriter, q *dns.Msg) {
	m := new(dns.Msg)
	m.SetReply(q)
	m.Authoritative = q.Question[0].Name == "."
	if q.Question[0].Qtype == dns.TypeSOA {
		m.Answer = []dns.RR{&dns.SOA{Hdr: dns.RR_Header{Name: q.Question[0].Name, Rrtype: dns.TypeSOA, Class: dns.ClassINET, Ttl: 60},
			Ns: "ns.example.", Mbox: "host.example.", Serial: 1}}
	}
	_ = w.WriteMsg(m)
}

// serveDNS runs a server over UDP and TCP on one loopback port.
func serveDNS(t *testing.T, handler dns.HandlerFunc) netip.AddrPort {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	addr := listener.Addr().(*net.TCPAddr).AddrPort()
	packets, err := net.ListenPacket("udp4", addr.String())
	if err != nil {
		t.Fatal(err)
	}
	var up sync.WaitGroup
	up.Add(2)
	for _, s := range []*dns.Server{{Listener: listener}, {PacketConn: packets}} {
		s.Handler, s.NotifyStartedFunc = handler, up.Done
		go s.ActivateAndServe()
		t.Cleanup(func() { s.Shutdown() })
	}
	up.Wait()
	return addr
}

func TestHijackedPort53(t *testing.T) {
	t.Parallel()
	l, _ := startLab(t, sound)
	for _, test := range []struct {
		name    string
		handler dns.HandlerFunc
		only    func(netip.Addr) bool
		proof   string
	}{
		{"by a recursive server", recursor, nil, "offers recursion"},
		{"by one that hides", liar, nil, "answers for com"},
		{"over IPv4 only", recursor, netip.Addr.Is4, "offers recursion"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			way := hijacker{l, serveDNS(t, test.handler), test.only}
			result := run(t, configure(t, l, way))
			if !result.Capabilities.Hijacked {
				t.Errorf("not noticed: %+v", result.Checks)
			}
			stops := result.Stops()
			if len(stops) == 0 || stops[0].Name != preflight.Hijack || !strings.Contains(stops[0].Seen, test.proof) {
				t.Errorf("got %+v, want a stop with %q", stops, test.proof)
			}
		})
	}
}

// TestOneStrangeRootServer is not a hijacked port.
func TestOneStrangeRootServer(t *testing.T) {
	t.Parallel()
	_, config := startLab(t, sound+"faults: [{at: 198.41.0.4, do: not_authority}]\n")
	result := run(t, config)
	expect(t, result, map[string]observation.Status{preflight.Hijack: observation.Partial})
	if len(result.Stops()) > 0 {
		t.Errorf("%+v stops the scan", result.Stops())
	}
}

// TestSharedIdentity has root servers of different names call themselves the
// same, with every flag as it should be.
func TestSharedIdentity(t *testing.T) {
	t.Parallel()
	l, _ := startLab(t, sound)
	server := serveDNS(t, func(w dns.ResponseWriter, q *dns.Msg) {
		m := new(dns.Msg)
		m.SetReply(q)
		m.RecursionDesired, m.Authoritative = false, q.Question[0].Name == "."
		if q.Question[0].Qclass == dns.ClassCHAOS {
			m.Answer = []dns.RR{&dns.TXT{Hdr: dns.RR_Header{Name: "id.server.", Rrtype: dns.TypeTXT, Class: dns.ClassCHAOS}, Txt: []string{"box\x1b[31m"}}}
		}
		_ = w.WriteMsg(m)
	})
	for _, c := range run(t, configure(t, l, hijacker{l, server, nil})).Checks {
		if c.Name == preflight.Hijack && (c.Status != observation.Partial || !strings.Contains(c.Seen, "call themselves")) {
			t.Errorf("got %s: %s", c.Status, c.Seen)
		}
		if strings.ContainsRune(c.Seen, '\x1b') {
			t.Errorf("%s shows control characters: %q", c.Name, c.Seen)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	l, config := startLab(t, sound)
	const day = 24 * time.Hour
	for _, test := range []struct {
		name  string
		off   time.Duration
		dated bool
		want  observation.Status
		seen  string
	}{
		{"right", 0, true, observation.OK, "signed until"},
		{"a day fast", day, true, observation.OK, "signed until"},
		{"three days fast", 3 * day, true, observation.Broken, "root zone was published on"},
		{"three days slow", -3 * day, true, observation.Broken, "root zone was published on"},
		{"three days fast, and no word of the day", 3 * day, false, observation.OK, "signed until"},
		{"a month fast", 31 * day, false, observation.Broken, "root's keys are signed from"},
		{"a month slow", -31 * day, false, observation.Broken, "root's keys are signed from"},
	} {
		t.Run(test.name, func(t *testing.T) {
			config := config
			config.Now = func() time.Time { return l.Now().Add(test.off) }
			config.DatedSerial = test.dated
			result := run(t, config)
			expect(t, result, map[string]observation.Status{preflight.Clock: test.want})
			off := test.want == observation.Broken
			if result.Capabilities.ClockOff != off || (len(result.Stops()) > 0) != off {
				t.Errorf("clock off: %v, stops: %+v", result.Capabilities.ClockOff, result.Stops())
			}
			for _, c := range result.Checks {
				if c.Name == preflight.Clock && !strings.Contains(c.Seen, test.seen) {
					t.Errorf("got %q, want %q", c.Seen, test.seen)
				}
			}
		})
	}
}

// TestWrongTrustAnchor validates the lab with the keys of the Internet.
func TestWrongTrustAnchor(t *testing.T) {
	t.Parallel()
	l, config := startLab(t, sound)
	resolver, err := resolve.New(resolve.Config{Dialer: config.Dialer, Roots: config.Roots, Anchors: dnssec.BuiltinAnchors(), Now: l.Now, At: l.Now()})
	if err != nil {
		t.Fatal(err)
	}
	defer resolver.Close()
	config.Resolver = resolver
	result := run(t, config)
	expect(t, result, map[string]observation.Status{preflight.TrustAnchor: observation.Broken})
	if stops := result.Stops(); len(stops) != 1 || stops[0].Name != preflight.TrustAnchor {
		t.Errorf("stops %+v", stops)
	}
}

// TestMachine has too many workers for the files that may be open, and a
// folder that does not exist yet.
func TestMachine(t *testing.T) {
	t.Parallel()
	_, config := startLab(t, sound)
	config.Workers = 1 << 30
	config.Folders = []string{t.TempDir() + "/not/yet/made"}
	expect(t, run(t, config), map[string]observation.Status{preflight.Files: observation.Partial})
}

// unreachable is a network that lets nothing leave.
type unreachable struct{}

func (unreachable) Route(network string, to netip.AddrPort) (netip.AddrPort, error) {
	return netip.AddrPort{}, fmt.Errorf("%s %s: %w", network, to, syscall.EHOSTUNREACH)
}

// TestEndsWithItsContext begins when the user has given up.
func TestEndsWithItsContext(t *testing.T) {
	l, _ := startLab(t, sound)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if result, err := preflight.Run(ctx, configure(t, l, unreachable{})); err == nil {
		t.Errorf("got %+v", result)
	}
}

// TestEndsInTime has everything silent, and would wait for hours without the
// limit of all checks together.
func TestEndsInTime(t *testing.T) {
	t.Parallel()
	l, _ := startLab(t, sound)
	silent, err := net.ListenPacket("udp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer silent.Close()
	config := configure(t, l, hijacker{l, silent.LocalAddr().(*net.UDPAddr).AddrPort(), nil})
	config.Timeout, config.Limit = time.Hour, time.Second
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	result, err := preflight.Run(ctx, config)
	if err != nil {
		t.Fatal(err)
	}
	if len(result.Stops()) == 0 {
		t.Error("a scan could run where no root server answers")
	}
}
