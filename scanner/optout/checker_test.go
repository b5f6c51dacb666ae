package optout

import (
	"context"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

func TestParse(t *testing.T) {
	out, dnsOnly := Policy{NoScan: true}, Policy{NoConnect: true}
	for _, c := range []struct {
		record string
		want   Policy
		ok     bool
	}{
		{"v=adopt6; scan=no", out, true},
		{"v=adopt6;scan=no;", out, true},
		{"  V = Adopt6 ;\tSCAN = No ; ", out, true},
		{"v=adopt6; connect=no", dnsOnly, true},
		{"v=adopt6; scan=no; connect=no", Policy{true, true}, true},
		{"v=adopt6; scan=no; scan=yes", out, true},
		{"v=adopt6; reason=we are few; scan=no; contact=noc@example.org", out, true},
		{"v=adopt6", Policy{}, true},
		{"v=adopt6; scan=yes", Policy{}, true},
		{"v=adopt6; scan=never", Policy{}, true},
		{"v=adopt6 scan=no", Policy{}, false},
		{"v=adopt6; scan", Policy{}, false},
		{"v=adopt6; =no", Policy{}, false},
		{"v=adopt6;; scan=no", Policy{}, false},
		{"scan=no; v=adopt6", Policy{}, false},
		{"v=adopt60; scan=no", Policy{}, false},
		{"v=spf1 -all", Policy{}, false},
		{"", Policy{}, false},
		{"v=adopt6; scan=no; x=" + strings.Repeat("x", maxRecord), Policy{}, false},
		{"v=adopt6; scan=no" + strings.Repeat("; x=x", maxTags), Policy{}, false},
	} {
		if got, ok := Parse(c.record); got != c.want && c.ok || ok != c.ok {
			t.Errorf("%.60q is %+v, %t", c.record, got, ok)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("v=adopt6; scan=no; connect=no")
	f.Add(";=;v=adopt6")
	f.Fuzz(func(t *testing.T, record string) {
		policy, ok := Parse(record)
		if !ok && policy != (Policy{}) {
			t.Errorf("%q is not a record and asks for %+v", record, policy)
		}
		if ok && !strings.Contains(strings.ToLower(record), "adopt6") {
			t.Errorf("%q passes for a record", record)
		}
	})
}

// zone answers TXT questions, and keeps them.
type zone struct {
	mu      sync.Mutex
	records map[string][]string // by name: each record's strings, with | between them
	broken  map[string]bool
	asked   []string
}

func (z *zone) Resolve(ctx context.Context, _ resolve.Mode, name string, qtype uint16) (*resolve.Result, error) {
	z.mu.Lock()
	defer z.mu.Unlock()
	z.asked = append(z.asked, name)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	result := &resolve.Result{Name: name, Type: qtype, Queries: 1}
	if z.broken[name] {
		result.Reason = observation.Timeout
	}
	for _, text := range z.records[name] {
		result.Answer = append(result.Answer, &dns.TXT{Txt: strings.Split(text, "|")})
	}
	return result, nil
}

func TestPolicy(t *testing.T) {
	list, err := Read(strings.NewReader("listed.org"), "out.txt")
	if err != nil {
		t.Fatal(err)
	}
	z := &zone{records: map[string][]string{
		"_adopt6.out.org.":       {"v=adopt6; scan=no"},
		"_adopt6.split.org.":     {"v=adopt6;| scan=|no"},
		"_adopt6.two.org.":       {"v=spf1 -all", "v=adopt6; connect=no", "nonsense"},
		"_adopt6.www.only.org.":  {"v=adopt6; scan=no"},
		"_adopt6.failing.org.":   {"v=adopt6; scan=no"},
		"_adopt6.gone.gouv.tg.":  {"v=adopt6; scan=no"},
		"_adopt6.flooded.org.":   append(slices.Repeat([]string{"x"}, maxRecords), "v=adopt6; scan=no"),
		"_adopt6.www.two.org.":   {"v=adopt6; scan=no"},
		"_adopt6.x.split.org.":   {"never asked"},
		"_adopt6.sub.listed.org": {"never asked"},
	}, broken: map[string]bool{"_adopt6.failing.org.": true}}
	p := NewChecker(list)
	for _, c := range []struct {
		domain string
		want   Policy
		asks   string
	}{
		{"sub.listed.org", Policy{NoScan: true}, ""},
		{"out.org", Policy{NoScan: true}, "out.org"},
		{"deep.www.out.org", Policy{NoScan: true}, ""},
		{"split.org", Policy{NoScan: true}, "split.org"},
		{"x.split.org", Policy{NoScan: true}, ""},
		{"two.org", Policy{NoConnect: true}, "two.org"},
		{"www.two.org", Policy{true, true}, "www.two.org"},
		{"www.only.org", Policy{NoScan: true}, "only.org www.only.org"},
		{"only.org", Policy{}, ""},
		{"failing.org", Policy{}, "failing.org"},
		{"failing.org", Policy{}, ""},
		{"flooded.org", Policy{}, "flooded.org"},
		{"gone.gouv.tg", Policy{NoScan: true}, "gone.gouv.tg"},
		{"stays.gouv.tg", Policy{}, "stays.gouv.tg"},
		{"tg", Policy{}, "tg"},
	} {
		z.asked = nil
		policy, queries := p.Ask(t.Context(), z, c.domain)
		var asked []string
		for _, name := range z.asked {
			asked = append(asked, strings.TrimSuffix(strings.TrimPrefix(name, Label+"."), "."))
		}
		if policy != c.want || strings.Join(asked, " ") != c.asks || queries != len(asked) {
			t.Errorf("%s: %+v by %d queries, of %q", c.domain, policy, queries, asked)
		}
	}
}

// TestCheckerForgetsFailures asks again, in a later pass, a domain whose name
// servers were down: what it has published holds then.
func TestCheckerForgetsFailures(t *testing.T) {
	z := &zone{records: map[string][]string{"_adopt6.down.org.": {"v=adopt6; scan=no"}}, broken: map[string]bool{"_adopt6.down.org.": true}}
	p := NewChecker(nil)
	if policy, _ := p.Ask(t.Context(), z, "down.org"); policy != (Policy{}) {
		t.Errorf("a lookup that failed: %+v", policy)
	}
	z.broken = nil
	p.ForgetFailures()
	if policy, _ := p.Ask(t.Context(), z, "down.org"); !policy.NoScan {
		t.Errorf("in the next pass: %+v", policy)
	}
}

// TestCheckerInterrupted holds that a lookup which one target had no time for
// is made again for the next.
func TestCheckerInterrupted(t *testing.T) {
	z := &zone{records: map[string][]string{"_adopt6.out.org.": {"v=adopt6; scan=no"}}}
	p := NewChecker(nil)
	late := &endsWithin{Resolver: z}
	var ctx context.Context
	ctx, late.end = context.WithCancel(t.Context())
	p.Ask(ctx, late, "out.org")
	if policy, _ := p.Ask(t.Context(), z, "out.org"); !policy.NoScan {
		t.Error("the policy was lost with the time of the first who asked")
	}
}

// endsWithin ends the context of whoever asks.
type endsWithin struct {
	Resolver
	end context.CancelFunc
}

func (e *endsWithin) Resolve(ctx context.Context, mode resolve.Mode, name string, qtype uint16) (*resolve.Result, error) {
	e.end()
	return e.Resolver.Resolve(ctx, mode, name, qtype)
}
