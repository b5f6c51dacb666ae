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
	out, dnsOnly := Wish{NoScan: true}, Wish{NoConnect: true}
	for _, c := range []struct {
		record string
		want   Wish
		ok     bool
	}{
		{"v=adopt6; scan=no", out, true},
		{"v=adopt6;scan=no;", out, true},
		{"  V = Adopt6 ;\tSCAN = No ; ", out, true},
		{"v=adopt6; connect=no", dnsOnly, true},
		{"v=adopt6; scan=no; connect=no", Wish{true, true}, true},
		{"v=adopt6; scan=no; scan=yes", out, true},
		{"v=adopt6; reason=we are few; scan=no; contact=noc@example.org", out, true},
		{"v=adopt6", Wish{}, true},
		{"v=adopt6; scan=yes", Wish{}, true},
		{"v=adopt6; scan=never", Wish{}, true},
		{"v=adopt6 scan=no", Wish{}, false},
		{"v=adopt6; scan", Wish{}, false},
		{"v=adopt6; =no", Wish{}, false},
		{"v=adopt6;; scan=no", Wish{}, false},
		{"scan=no; v=adopt6", Wish{}, false},
		{"v=adopt60; scan=no", Wish{}, false},
		{"v=spf1 -all", Wish{}, false},
		{"", Wish{}, false},
		{"v=adopt6; scan=no; x=" + strings.Repeat("x", maxRecord), Wish{}, false},
		{"v=adopt6; scan=no" + strings.Repeat("; x=x", maxTags), Wish{}, false},
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
		wish, ok := Parse(record)
		if !ok && wish != (Wish{}) {
			t.Errorf("%q is no record and asks for %+v", record, wish)
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
	p, err := NewPolicy(list)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		domain string
		want   Wish
		asks   string
	}{
		{"sub.listed.org", Wish{NoScan: true}, ""},
		{"out.org", Wish{NoScan: true}, "out.org"},
		{"deep.www.out.org", Wish{NoScan: true}, ""},
		{"split.org", Wish{NoScan: true}, "split.org"},
		{"x.split.org", Wish{NoScan: true}, ""},
		{"two.org", Wish{NoConnect: true}, "two.org"},
		{"www.two.org", Wish{true, true}, "www.two.org"},
		{"www.only.org", Wish{NoScan: true}, "only.org www.only.org"},
		{"only.org", Wish{}, ""},
		{"failing.org", Wish{}, "failing.org"},
		{"failing.org", Wish{}, ""},
		{"flooded.org", Wish{}, "flooded.org"},
		{"gone.gouv.tg", Wish{NoScan: true}, "gone.gouv.tg"},
		{"stays.gouv.tg", Wish{}, "stays.gouv.tg"},
		{"tg", Wish{}, "tg"},
	} {
		z.asked = nil
		wish, queries := p.Ask(t.Context(), z, c.domain)
		var asked []string
		for _, name := range z.asked {
			asked = append(asked, strings.TrimSuffix(strings.TrimPrefix(name, Label+"."), "."))
		}
		if wish != c.want || strings.Join(asked, " ") != c.asks || queries != len(asked) {
			t.Errorf("%s: %+v by %d queries, of %q", c.domain, wish, queries, asked)
		}
	}
}

// TestPolicyForgetsFailures asks again, in a later pass, a domain whose name
// servers were down: what it has published holds then.
func TestPolicyForgetsFailures(t *testing.T) {
	z := &zone{records: map[string][]string{"_adopt6.down.org.": {"v=adopt6; scan=no"}}, broken: map[string]bool{"_adopt6.down.org.": true}}
	p, err := NewPolicy(nil)
	if err != nil {
		t.Fatal(err)
	}
	if wish, _ := p.Ask(t.Context(), z, "down.org"); wish != (Wish{}) {
		t.Errorf("a look-up that failed: %+v", wish)
	}
	z.broken = nil
	p.ForgetFailures()
	if wish, _ := p.Ask(t.Context(), z, "down.org"); !wish.NoScan {
		t.Errorf("in the next pass: %+v", wish)
	}
}

// TestPolicyInterrupted holds that a look-up which one target had no time for
// is made again for the next.
func TestPolicyInterrupted(t *testing.T) {
	z := &zone{records: map[string][]string{"_adopt6.out.org.": {"v=adopt6; scan=no"}}}
	p, err := NewPolicy(nil)
	if err != nil {
		t.Fatal(err)
	}
	late := &endsWithin{Resolver: z}
	var ctx context.Context
	ctx, late.end = context.WithCancel(t.Context())
	p.Ask(ctx, late, "out.org")
	if wish, _ := p.Ask(t.Context(), z, "out.org"); !wish.NoScan {
		t.Error("the wish was lost with the time of the first who asked")
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
