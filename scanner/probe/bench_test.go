package probe_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/lab"
	"adopt6/scanner/observation"
)

// BenchmarkMeasure measures generated domains of the bulk scenario, all probes
// with validation. The lab's servers run in the same process, so the figures
// hold both sides.
func BenchmarkMeasure(b *testing.B) {
	scenario, err := lab.Builtin("bulk")
	if err != nil {
		b.Fatal(err)
	}
	benchmarkMeasure(b, scenario, false)
}

// BenchmarkMeasureHosted measures domains on the name servers of 40 providers,
// as most domains are, once with what is kept of name servers from one target
// to the next and once without.
func BenchmarkMeasureHosted(b *testing.B) {
	for _, fresh := range []bool{false, true} {
		b.Run(fmt.Sprintf("fresh=%v", fresh), func(b *testing.B) {
			scenario, err := lab.Parse("hosted.yaml", []byte(hosted(40)))
			if err != nil {
				b.Fatal(err)
			}
			benchmarkMeasure(b, scenario, fresh)
		})
	}
}

// BenchmarkResolvability and BenchmarkWeb report what one probe adds, once
// what domains share is known: for DNS the datagrams and connections as the
// servers count them, for the web the connections, each with a request. The
// site of every domain has two hosts at one address of each family.
func BenchmarkResolvability(b *testing.B) { benchmarkProbe(b, "resolvability", 53) }
func BenchmarkWeb(b *testing.B)           { benchmarkProbe(b, "web", 80, 443) }

// benchmarkProbe measures domains one after another and reports what the probe
// of a name costs: contacts at the ports given, and CPU time with that of the
// servers.
func benchmarkProbe(b *testing.B, name string, ports ...uint16) {
	scenario, err := lab.Parse("hosted.yaml", []byte(hosted(40)))
	if err != nil {
		b.Fatal(err)
	}
	var probing atomic.Bool
	var contacts atomic.Int64
	l, err := lab.Start(scenario, lab.OnContact(func(c lab.Contact) {
		if slices.Contains(ports, c.Server.Port()) && probing.Load() {
			contacts.Add(1)
		}
	}))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	prober := newProber(b, l)
	var spent, begun time.Duration
	prober.OnProbe = func(_, running string) {
		if probing.Swap(running == name) {
			spent += cpuTime(b) - begun
		}
		begun = cpuTime(b)
	}
	const warm = 200
	measured := 0
	for target := range labTargets(l) {
		if measured == warm {
			contacts.Store(0)
			spent = 0
			b.ResetTimer()
		}
		if measured == warm+b.N {
			break
		}
		prober.Measure(b.Context(), target)
		measured++
	}
	b.ReportMetric(float64(contacts.Load())/float64(b.N), "contacts/op")
	b.ReportMetric(float64(spent.Microseconds())/1000/float64(b.N), "probe-cpu-ms/op")
}

// hosted is a scenario of domains at a number of providers with two name
// servers each, in equal parts signed with RSA, signed with ECDSA and not
// signed.
func hosted(providers int) string {
	var zones, profiles, names strings.Builder
	for n := range providers {
		fmt.Fprintf(&zones, "  host%d.net: {ns: {ns1: both, ns2: both}}\n", n)
		signing := []string{"unsigned", "signed", "{algorithm: RSASHA256, split: true}"}[n%3]
		fmt.Fprintf(&profiles, "  at%d: {like: healthy_v6, dnssec: %s, ns: [ns1.host%d.net., ns2.host%d.net.], truth: none}\n", n, signing, n, n)
		fmt.Fprintf(&names, "at%d, ", n)
	}
	return "about: Domains on shared name servers.\nzones:\n" + zones.String() + "profiles:\n" + profiles.String() +
		"generate:\n  - {count: 20000, under: [gov.ar, gob.mx, gov.br], profiles: [" + names.String() + "]}\n"
}

// benchmarkMeasure measures the first b.N targets; with fresh, each as if it
// were the first.
func benchmarkMeasure(b *testing.B, scenario *lab.Scenario, fresh bool) {
	var udp, tcp, queries atomic.Int64
	l, err := lab.Start(scenario, lab.OnContact(func(c lab.Contact) {
		if c.Server.Port() == 53 {
			map[string]*atomic.Int64{"udp": &udp, "tcp": &tcp}[c.Transport].Add(1)
		}
	}))
	if err != nil {
		b.Fatal(err)
	}
	defer l.Close()
	prober := newProber(b, l)
	measure := prober.Measure
	if fresh {
		measure = func(ctx context.Context, target scanner.Pending) *observation.Observation {
			return newProberOn(l, prober.Resolver, prober.Dialer, nil).Measure(ctx, target)
		}
	}
	pool := scanner.Pool{Workers: 100, Timeout: time.Minute, Measure: measure,
		Sink: func(_ context.Context, o *observation.Observation) error { queries.Add(int64(o.Queries)); return nil }}
	before := cpuTime(b)
	b.ResetTimer()
	err = pool.Run(b.Context(), func(yield func(scanner.Pending, error) bool) {
		position := 0
		for target := range l.Targets() {
			if position == b.N || !yield(scanner.Pending{Position: uint64(position), Target: target}, nil) {
				return
			}
			position++
		}
	})
	if err != nil {
		b.Fatal(err)
	}
	each := func(n int64) float64 { return float64(n) / float64(b.N) }
	b.ReportMetric(each(queries.Load()), "queries/op")
	b.ReportMetric(each(udp.Load()), "udp/op")
	b.ReportMetric(each(tcp.Load()), "tcp/op")
	b.ReportMetric(each(int64(cpuTime(b)-before))/1e6, "cpu-ms/op")
}

// cpuTime is the time that this process has computed.
func cpuTime(b testing.TB) time.Duration {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		b.Fatal(err)
	}
	return time.Duration(usage.Utime.Nano() + usage.Stime.Nano())
}
