package probe_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/lab"
	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// bears is how many queries a second the servers of backoffScenario answer,
// and pressing the cap of a scan that does not know it.
const bears, pressing = 100, 200

// backoffScenario has domains on two name servers. limit is what makes these
// refuse; one domain they do not serve at all.
func backoffScenario(limit string) string {
	var y strings.Builder
	fmt.Fprintf(&y, "about: Name servers that refuse what is too much.\nzones:\n  hoster.net: {ns: {ns1: both, ns2: both}, faults: [%s]}\ndomains:\n", limit)
	for i := range 20 {
		fmt.Fprintf(&y, "  d%d.gov.ar: {ns: [ns1.hoster.net., ns2.hoster.net.]}\n", i)
	}
	y.WriteString("  lame.gov.ar: {ns: [ns1.hoster.net., ns2.hoster.net.], faults: [{at: ns, do: refused}], truth: none}\n")
	return y.String()
}

// backoffLab measures the scenario and returns when each of the
// two name servers was asked at each address.
func backoffLab(t *testing.T, limit string, limiter resolve.Limiter) (map[string]*observation.Observation, map[netip.Addr][]time.Time) {
	t.Helper()
	var mu sync.Mutex
	asked := make(map[netip.Addr][]time.Time)
	scenario, err := lab.Parse("backoff.yaml", []byte(backoffScenario(limit)))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(scenario, lab.OnContact(func(c lab.Contact) {
		mu.Lock()
		defer mu.Unlock()
		asked[c.Server.Addr()] = append(asked[c.Server.Addr()], c.At)
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	prober := newProberWith(t, l, limiter)
	seen := make(map[string]*observation.Observation)
	pool := scanner.Pool{Workers: 21, Timeout: time.Minute, Measure: prober.Measure,
		Sink: func(_ context.Context, o *observation.Observation) error { seen[o.Target.Name] = o; return nil }}
	if err := pool.Run(t.Context(), labTargets(l)); err != nil {
		t.Fatal(err)
	}
	own := make(map[netip.Addr][]time.Time)
	for _, e := range seen["d0.gov.ar"].Endpoints {
		if e.Probe == "nameserver" {
			own[e.Addr] = asked[e.Addr]
			slices.SortFunc(own[e.Addr], time.Time.Compare)
		}
	}
	return seen, own
}

// TestBackoff scans domains whose name servers refuse every query above 100 in a
// second, with a cap of 200. The verdicts are those of servers that bear
// everything, and once a server has begun to refuse no second is too much.
func TestBackoff(t *testing.T) {
	want, _ := backoffLab(t, "", nil)
	rates := scanner.NewRates(scanner.Caps{PerServer: pressing})
	seen, asked := backoffLab(t, fmt.Sprintf("{at: ns, do: refused, above: %d}", bears), rates)
	for name, o := range seen {
		if !slices.Equal(verdicts(o), verdicts(want[name])) || o.DNSSEC != want[name].DNSSEC {
			t.Errorf("%s: verdicts are %v, DNSSEC %s; want %v, %s", name, verdicts(o), o.DNSSEC, verdicts(want[name]), want[name].DNSSEC)
		}
	}
	if lame := seen["lame.gov.ar"].DNS; lame.Status == observation.OK || lame.Status == observation.Unmeasured {
		t.Errorf("a server without the zone: %v", lame)
	}
	refused := 0
	for addr, times := range asked {
		began := -1 // the first contact that was refused
		first := 0
		for i, at := range times {
			for at.Sub(times[first]) >= time.Second {
				first++
			}
			if n := i - first + 1; n <= bears {
				continue
			} else if began < 0 {
				began = i
				refused++
			} else if first > began {
				t.Errorf("%s refused from %s on, and saw %d contacts in the second from %s", addr,
					times[began].Format("05.000"), n, times[first].Format("05.000"))
				break
			}
		}
	}
	if refused == 0 {
		t.Error("no server refused anything: the test proves nothing")
	}
}

// TestBackoffGivesUp has a web server that asks for fewer requests however few
// there are: what it would show is not known, and does not count against it.
func TestBackoffGivesUp(t *testing.T) {
	l := startLab(t, `
about: A server that turns the scan away for good.
domains:
  tired.gov.ar:
    web: {apex: both, www: none, pages: [{family: v6, status: 429, headers: {Retry-After: "1"}}, {title: Here}]}
    truth: none
`)
	prober := newProberWith(t, l, scanner.NewRates(scanner.Caps{PerServer: 500}))
	for target := range labTargets(l) {
		o := prober.Measure(t.Context(), target)
		if want := (observation.Verdict{Status: observation.Unmeasured, Reason: observation.BackedOff}); o.Web != want || !o.Web.MayBeTransient() {
			t.Errorf("web is %v, want %v, to be measured again", o.Web, want)
		}
	}
}
