package probe_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"sync"
	"testing"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/lab"
	"adopt6/scanner/observation"
)

// TestNoServerSeesMoreThanItsCap scans with caps of 40 contacts a second for one
// address, 120 for one operator and 500 in all, and counts in the servers' own
// log: in no second, wherever it begins, is a cap exceeded. That the caps hold for
// longer is shown with a simulated clock, in the tests of the limiter.
func TestNoServerSeesMoreThanItsCap(t *testing.T) {
	const overall, perServer, perOperator = 500, 40, 120
	var mu sync.Mutex
	perAddress := make(map[netip.Addr][]time.Time)
	var all []time.Time
	log := lab.OnContact(func(c lab.Contact) {
		mu.Lock()
		defer mu.Unlock()
		perAddress[c.Server.Addr()] = append(perAddress[c.Server.Addr()], c.At)
		all = append(all, c.At)
	})
	scenario, err := lab.Parse("polite.yaml", []byte("about: Polite.\ngenerate:\n  - count: 24\n    under: [ar, br, ch, de, fr, id, ke, nl]\n    profiles: [healthy_v6, healthy_insecure, v4_only]\n"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(scenario, log)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	prober := newProberWith(t, l, scanner.NewRates(scanner.Caps{Overall: overall, PerServer: perServer, PerOperator: perOperator}))
	pool := scanner.Pool{Workers: 24, Timeout: time.Minute, Measure: prober.Measure,
		Sink: func(context.Context, *observation.Observation) error { return nil }}
	if err := pool.Run(t.Context(), labTargets(l)); err != nil {
		t.Fatal(err)
	}
	mu.Lock()
	defer mu.Unlock()
	if len(all) < overall {
		t.Fatalf("only %d contacts: the test proves little", len(all))
	}
	check := func(who string, times []time.Time, most int) {
		slices.SortFunc(times, time.Time.Compare)
		first := 0
		for i, at := range times {
			for at.Sub(times[first]) >= time.Second {
				first++
			}
			if n := i - first + 1; n > most {
				t.Errorf("%s saw %d contacts in the second from %s, cap %d", who, n, times[first].Format("15:04:05.000"), most)
				return
			}
		}
	}
	check("the Internet", all, overall)
	perNetwork := make(map[scanner.Operator][]time.Time)
	for addr, times := range perAddress {
		check(fmt.Sprint(addr), times, perServer)
		operator := scanner.OperatorOf(addr, nil)
		perNetwork[operator] = append(perNetwork[operator], times...)
	}
	shared := 0
	for operator, times := range perNetwork {
		if len(times) > perOperator {
			shared++
		}
		check(operator.String(), times, perOperator)
	}
	if shared == 0 {
		t.Error("no operator saw more contacts than its cap allows in a second: the test proves little")
	}
}
