package probe_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/lab"
	"adopt6/scanner/observation"
	"adopt6/scanner/probe"
)

// TestAWebOfZonesIsBounded measures a domain whose name servers lie in many
// zones, which in turn are served from many zones, none of which has IPv6.
func TestAWebOfZonesIsBounded(t *testing.T) {
	const zones, servers = 120, 14
	var y strings.Builder
	y.WriteString("about: A web of zones.\nzones:\n")
	for i := range zones {
		fmt.Fprintf(&y, "  z%d.net:\n    dnssec: unsigned\n    ns:\n", i)
		for k := range servers {
			fmt.Fprintf(&y, "      h%d.z%d.net.: elsewhere\n", k, (i*7+k*11+1)%zones)
		}
	}
	y.WriteString("hosts:\n")
	for i := range zones {
		for k := range servers {
			fmt.Fprintf(&y, "  h%d.z%d.net: v4\n", k, i)
		}
	}
	y.WriteString("domains:\n  web.gov.ar:\n    dnssec: unsigned\n    truth: none\n    ns:\n")
	for k := range servers {
		fmt.Fprintf(&y, "      h%d.z%d.net.: elsewhere\n", k, k)
	}
	scenario, err := lab.Parse("web.yaml", []byte(y.String()))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(scenario)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	var o *observation.Observation
	pool := scanner.Pool{Workers: 1, Timeout: 30 * time.Second, Measure: newProber(t, l).Measure,
		Sink: func(_ context.Context, made *observation.Observation) error { o = made; return nil }}
	if err := pool.Run(t.Context(), labTargets(l)); err != nil {
		t.Fatal(err)
	}
	if o.V6Only != (observation.Verdict{Status: observation.Broken, Reason: observation.NoNSAAAA}) || o.V6OnlyZone != "web.gov.ar" {
		t.Errorf("%v at %q, operators %v", o.V6Only, o.V6OnlyZone, o.Operators)
	}
	if o.Queries > probe.DefaultMaxQueries {
		t.Errorf("%d queries", o.Queries)
	}
	t.Logf("%d queries in %s", o.Queries, o.Took)
}

// TestWithoutARouteTheRecordsStillSpeak measures from a vantage without IPv6:
// what answers is not guessed, and what is published is judged all the same.
func TestWithoutARouteTheRecordsStillSpeak(t *testing.T) {
	scenario, err := lab.Parse("needs.yaml", []byte("about: Needs.\ndomains:\n  works.gov.ar: healthy_insecure\n  broken.gov.ar: {like: healthy_insecure, ns: {ns1: {addr: both, glue: v4}}, truth: none}\n"))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(scenario)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	prober := newProber(t, l)
	prober.Routes.V6 = false
	pool := scanner.Pool{Workers: 1, Timeout: 30 * time.Second, Measure: prober.Measure,
		Sink: func(_ context.Context, o *observation.Observation) error {
			records, zone := observation.Verdict{Status: observation.OK}, ""
			if o.Target.Name == "broken.gov.ar" {
				records, zone = observation.Verdict{Status: observation.Broken, Reason: observation.GlueMissingAAAA}, "broken.gov.ar"
			}
			unmeasured := observation.Verdict{Status: observation.Unmeasured, Reason: observation.NoRoute}
			if o.V6Only != unmeasured || o.V6OnlyRecords != records || o.V6OnlyZone != zone {
				t.Errorf("%s: %v, %v by records, zone %q", o.Target.Name, o.V6Only, o.V6OnlyRecords, o.V6OnlyZone)
			}
			return nil
		}}
	if err := pool.Run(t.Context(), labTargets(l)); err != nil {
		t.Fatal(err)
	}
}
