package probe_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

// one measures one domain of a lab that a scenario describes.
func one(t *testing.T, scenario, name string) *observation.Observation {
	t.Helper()
	l := startLab(t, scenario)
	o := observe(t, newProber(t, l), []string{name})[name]
	if o == nil {
		t.Fatal("nothing was observed")
	}
	return o
}

// TestManyAddresses publishes 500 AAAA records: the same first ones are
// measured every time, and the finding says that there are more.
func TestManyAddresses(t *testing.T) {
	var records strings.Builder
	var all []netip.Addr
	for i := range 500 {
		addr := netip.MustParseAddr(fmt.Sprintf("2600:%x::80", (i*377+1)%500+1)) // in no order
		all = append(all, addr)
		fmt.Fprintf(&records, "      @ AAAA %s\n", addr)
	}
	slices.SortFunc(all, netip.Addr.Compare)
	scenario := "about: Many.\ndomains:\n  many.gov.ar:\n    like: healthy_v6\n    web: none\n    truth: none\n    records: |\n" + records.String()
	for range 2 {
		o := one(t, scenario, "many.gov.ar")
		if !slices.Equal(o.AAAA, all[:16]) {
			t.Errorf("measured by %v, want the first 16 of %v...", o.AAAA, all[:20])
		}
		if found := reasonsOfProbe(o, "address"); !slices.Contains(found, observation.TooManyRecords) {
			t.Errorf("found %v", found)
		}
		if o.Address != (observation.Verdict{Status: observation.OK}) {
			t.Errorf("the addresses are %v", o.Address)
		}
	}
}

// TestLongAliasChain has www lead through 100 aliases to an address.
func TestLongAliasChain(t *testing.T) {
	var records strings.Builder
	records.WriteString("      www CNAME a0\n")
	for i := range 100 {
		fmt.Fprintf(&records, "      a%d CNAME a%d\n", i, i+1)
	}
	records.WriteString("      a100 AAAA 2600::80\n")
	o := one(t, "about: Chain.\ndomains:\n  chain.gov.ar:\n    like: healthy_v6\n    web: {apex: both, www: none}\n    truth: none\n    records: |\n"+records.String(), "chain.gov.ar")
	if want := (observation.Verdict{Status: observation.Unmeasured, Reason: observation.DNSFailure}); o.Address != want {
		t.Errorf("the addresses are %v, want %v", o.Address, want)
	}
	if !slices.Contains(o.Findings(), "limit_aliases") {
		t.Errorf("the evidence does not say why: %v", o.Findings())
	}
}

// TestSameAddress tells a www that is another name of the apex from one that
// is a host of its own.
func TestSameAddress(t *testing.T) {
	l := startLab(t, `about: Same.
domains:
  same.gov.ar: {web: {apex: both, www: same}}
  alias.gov.ar: {web: {apex: both, www: {cname: alias.gov.ar.}}}
  own.gov.ar: {web: {apex: both, www: both}}
  one-more.gov.ar: {web: {apex: [v4, "2600::1"], www: [v4, "2600::1", "2600::2"]}, truth: none}
  nothing.gov.ar: {web: none, truth: none}
`)
	want := map[string]bool{"same.gov.ar": true, "alias.gov.ar": true, "own.gov.ar": false, "one-more.gov.ar": false, "nothing.gov.ar": false}
	var names []string
	for name := range want {
		names = append(names, name)
	}
	for name, o := range observe(t, newProber(t, l), names) {
		if o.WWWSameAddress != want[name] {
			t.Errorf("%s: got %v; apex %v %v, www %v %v", name, o.WWWSameAddress, o.A, o.AAAA, o.WWWA, o.WWWAAAA)
		}
	}
}

// TestNamesOfAnyBytes leads www and mail through names that hold every byte.
// They are data: nothing is taken for anything else, and evidence can be kept.
func TestNamesOfAnyBytes(t *testing.T) {
	label := func(from, to int) string {
		var b strings.Builder
		for c := from; c < to; c++ {
			fmt.Fprintf(&b, "\\%03d", c)
		}
		return b.String()
	}
	first, second := label(0, 60)+"."+label(60, 120), label(120, 180)+"."+label(180, 240)
	third := label(240, 256)
	records := []string{
		"www CNAME " + first, first + " CNAME " + second, second + " AAAA 2600::80", second + " A 30.1.2.3",
		"@ MX 10 " + first, "@ MX 20 " + third, third + " AAAA 2600::25",
	}
	o := one(t, "about: Bytes.\ndomains:\n  bytes.gov.ar:\n    like: healthy_v6\n    web: {apex: [v4, v6], www: none}\n    mail: none\n    truth: none\n    records: |\n      "+
		strings.Join(records, "\n      ")+"\n", "bytes.gov.ar")
	if want := netip.MustParseAddr("2600::80"); !slices.Equal(o.WWWAAAA, []netip.Addr{want}) || o.Address.Status != observation.OK {
		t.Errorf("www has %v, the verdict is %v; evidence: %+v", o.WWWAAAA, o.Address, o.Endpoints)
	}
	if len(o.MX) != 2 || o.Mail.Reason == observation.DNSFailure {
		t.Errorf("the exchangers are %q, mail is %v", o.MX, o.Mail)
	}
	for _, text := range append(slices.Clone(o.MX), hostsOf(o)...) {
		if strings.ContainsFunc(text, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("raw bytes in a name: %q", text)
		}
	}
}

func hostsOf(o *observation.Observation) (hosts []string) {
	for _, e := range o.Endpoints {
		hosts = append(hosts, e.Host)
	}
	return hosts
}

// recorder notes who is dialled, in a lab or outside of it.
type recorder struct {
	netaddr.Router
	mu      sync.Mutex
	dialled []netip.Addr
}

func (r *recorder) Route(network string, to netip.AddrPort) (netip.AddrPort, error) {
	r.mu.Lock()
	r.dialled = append(r.dialled, to.Addr())
	r.mu.Unlock()
	return r.Router.Route(network, to)
}

// TestUnusableAddressesAreNotDialled publishes them beside good ones, so that
// every probe goes to work on their hosts.
func TestUnusableAddressesAreNotDialled(t *testing.T) {
	l := startLab(t, `about: Not dialled.
domains:
  web.gov.ar: {web: {apex: [v4, v6, "fd00::80", "::1"], www: [v4, "2001:db8::80"]}, truth: none}
  mail.gov.ar: {mail: {mx: {mail: [v4, v6, "fe80::25", "64:ff9b::7f00:1"]}}, truth: none}
  ns.gov.ar: {ns: {ns1: [v4, v6, "fd00::53"], ns2: [v4, "::ffff:10.0.0.1"]}, truth: none}
`)
	record := &recorder{Router: l}
	prober := newProberOver(t, l, &netaddr.Dialer{Lab: record})
	found := observe(t, prober, []string{"web.gov.ar", "mail.gov.ar", "ns.gov.ar"})
	if len(record.dialled) < 50 {
		t.Fatalf("only %d contacts: the test proves little", len(record.dialled))
	}
	for _, addr := range record.dialled {
		if !netaddr.Classify(addr).Usable {
			t.Errorf("%s was dialled", addr)
		}
	}
	var details []string
	for _, e := range found["web.gov.ar"].Endpoints {
		if e.Probe == "address" {
			details = append(details, e.Host+" "+e.Detail)
		}
	}
	want := []string{"web.gov.ar ::1: Loopback Address (::1/128)", "web.gov.ar fd00::80: Unique-Local (fc00::/7)", "www.web.gov.ar 2001:db8::80: Documentation (2001:db8::/32)"}
	if !slices.Equal(details, want) {
		t.Errorf("found %q, want %q", details, want)
	}
}
