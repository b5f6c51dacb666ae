package forecast

import (
	"net/netip"
	"testing"
	"time"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/observation"
)

func TestForecast(t *testing.T) {
	ns, web := netip.MustParseAddr("2a10::53"), netip.MustParseAddr("192.88.9.80")
	load := func(queries, connections uint64) *observation.Load {
		return &observation.Load{Queries: queries, Took: 10 * time.Second, Servers: []netip.Addr{ns, netip.MustParseAddr("2a10::54")},
			Connections: map[netip.Addr]uint64{web: connections}}
	}
	p := New(Limits{Caps: scanner.Caps{Overall: 100, PerServer: 2, PerOperator: 5}, Workers: 10})
	site := func(name string) lists.Target { return lists.Target{Name: name, Country: "TG", Kind: lists.Government} }
	p.Add(site("a.gouv.tg"), load(40, 10))
	p.Add(site("b.gouv.tg"), load(60, 20))
	p.Add(site("c.gouv.tg"), load(80, 90))
	p.Add(site("new.gouv.tg"), nil)
	p.Add(lists.Target{Name: "tg", Country: "TG", Kind: lists.CCTLD}, nil)
	p.OptOut()
	p.Add(site("asked.gouv.tg"), &observation.Load{Queries: 1, OptedOut: true})
	f := p.Forecast()
	// The medians are 60 queries and 20 connections; of ccTLDs nothing is known.
	if f.Targets != 7 || f.OptedOut != 1 || f.OptedOutBefore != 1 || f.Known != 4 || f.Estimated != 2 ||
		f.Queries != 180+60+42 || f.Connections != 120+20 || f.ByEstimate.Queries != 102 || f.ByEstimate.Connections != 20 {
		t.Errorf("got %+v", f)
	}
	if len(f.Operators) != 2 || f.Operators[0] != (Operator{ID: "2a10::/48", Addresses: 2, Queries: 180}) ||
		f.Operators[1] != (Operator{ID: "192.88.9.0/24", Addresses: 1, Connections: 120}) {
		t.Errorf("operators %+v", f.Operators)
	}
	want := []LimitTime{{"scan.rate_per_server", 2, 60, web.String()}, {"scan.rate_per_operator", 5, 36, "2a10::/48"}, {"scan.workers", 10, 4.6, ""}, {"scan.rate", 100, 4.22, ""}}
	if len(f.Limits) != len(want) || f.Seconds != 60 {
		t.Fatalf("limits %+v", f.Limits)
	}
	for i, l := range f.Limits {
		if l.Setting != want[i].Setting || l.At != want[i].At || l.Seconds-want[i].Seconds > 0.001 || want[i].Seconds-l.Seconds > 0.001 {
			t.Errorf("limit %d is %+v, want %+v", i, l, want[i])
		}
	}
	if len(f.Countries) != 2 || f.Countries[1] != (Count{"TG", "government", 5}) {
		t.Errorf("countries %+v", f.Countries)
	}
}
