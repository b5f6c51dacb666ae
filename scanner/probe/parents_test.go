package probe_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/lab"
	"adopt6/scanner/observation"
)

// TestParentsThatDisagreeGiveOneResult measures domains of which the servers of
// the parent zone do not say the same 20 times, each time as if for the first:
// every verdict and every finding of the delegation is the same.
func TestParentsThatDisagreeGiveOneResult(t *testing.T) {
	const runs = 20
	for _, name := range []string{"no_glue", "no_glue_v6", "old_ns"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			scenario, err := lab.Open("../../testdata/scenarios/" + name + ".yaml")
			if err != nil {
				t.Fatal(err)
			}
			l, err := lab.Start(scenario)
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			first := make(map[string]string)
			for range runs {
				for target, said := range measureOnce(t, l) {
					if was, known := first[target]; known && was != said {
						t.Fatalf("%s was\n%s\nand is\n%s", target, was, said)
					}
					first[target] = said
				}
			}
		})
	}
}

// measureOnce measures the targets of a lab with a prober that knows nothing, and
// returns what it says of each.
func measureOnce(t *testing.T, l *lab.Lab) map[string]string {
	t.Helper()
	var mu sync.Mutex
	said := make(map[string]string)
	pool := scanner.Pool{Workers: 4, Timeout: time.Minute, Measure: newProber(t, l).Measure,
		Sink: func(_ context.Context, o *observation.Observation) error {
			mu.Lock()
			defer mu.Unlock()
			said[o.Target.Name] = verdictsAndFindings(o)
			return nil
		}}
	if err := pool.Run(t.Context(), labTargets(l)); err != nil {
		t.Fatal(err)
	}
	return said
}

func verdictsAndFindings(o *observation.Observation) string {
	var found []string
	for _, e := range o.Endpoints {
		if e.Probe == "delegation" || e.Probe == "resolvability" {
			found = append(found, fmt.Sprint(e.Host, e.Verdict, e.Detail))
		}
	}
	slices.Sort(found)
	return fmt.Sprintln(o.DNS, o.DNSV4, o.Web, o.WebV4, o.Mail, o.MailV4, o.V6Only, o.V6OnlyRecords, o.V6OnlyZone, o.Delegation, o.Address,
		o.SameSerial, o.DNSSEC, o.DNSSECReason, o.DNSSECMX, o.DNSSECWWW, o.Readiness, o.NameServers, o.GlueV6, o.FreedBy) + strings.Join(found, "\n")
}
