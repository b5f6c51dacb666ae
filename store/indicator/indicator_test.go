package indicator_test

import (
	"context"
	"fmt"
	"math"
	"net/netip"
	"slices"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/dnssec"
	"adopt6/store"
	"adopt6/store/indicator"
	"adopt6/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// The values are those of R. G. Newcombe, "Two-sided confidence intervals for
// the single proportion", Statistics in Medicine 17 (1998), table I, method 3.
func TestWilson(t *testing.T) {
	tests := []struct {
		successes, n uint64
		low, high    float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
	}
	for _, test := range tests {
		low, high := indicator.Wilson(test.successes, test.n)
		if math.Abs(low-test.low) > 0.00005 || math.Abs(high-test.high) > 0.00005 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", test.successes, test.n, low, high, test.low, test.high)
		}
		// What is true of successes is true of failures.
		mirrorLow, mirrorHigh := indicator.Wilson(test.n-test.successes, test.n)
		if math.Abs(mirrorLow-(1-high)) > 1e-12 || math.Abs(mirrorHigh-(1-low)) > 1e-12 {
			t.Errorf("%d of %d has no mirror image: %v to %v", test.successes, test.n, mirrorLow, mirrorHigh)
		}
	}
	if low, high := indicator.Wilson(0, 0); low != 0 || high != 1 {
		t.Errorf("of nothing: %v to %v", low, high)
	}
	if low, high := indicator.Wilson(0, 7); low != 0 || high <= 0 || high >= 1 {
		t.Errorf("none of 7: %v to %v", low, high)
	}
	if low, high := indicator.Wilson(7, 7); high != 1 || low <= 0 || low >= 1 {
		t.Errorf("7 of 7: %v to %v", low, high)
	}
}

func TestDeclarationsAreWhole(t *testing.T) {
	seen := make(map[string]bool)
	for _, i := range indicator.All() {
		if i.ID == "" || seen[i.ID] {
			t.Errorf("id %q is empty or used twice", i.ID)
		}
		seen[i.ID] = true
		if i.Name == "" || i.Numerator == "" || i.Denominator == "" || i.Unmeasured == "" || i.Unit == "" || i.Direction == "" || len(i.Clauses) == 0 || len(i.Kinds) == 0 {
			t.Errorf("%s lacks something: %+v", i.ID, i)
		}
	}
}

// target is a domain of a test, by what matters to indicators.
type target struct {
	kind                   lists.Kind
	country                string
	dns, web, mail, v6Only scanner.Verdict
	aaaa                   bool
	dnssec                 dnssec.State
	readiness              uint8
}

func v(status scanner.Status, reason ...scanner.Reason) scanner.Verdict {
	verdict := scanner.Verdict{Status: status}
	if len(reason) > 0 {
		verdict.Reason = reason[0]
	}
	return verdict
}

func TestCompute(t *testing.T) {
	works := v(scanner.OK)
	unknown := v(scanner.Unmeasured, scanner.NoRoute)
	targets := []target{
		// Everything works.
		{lists.Government, "TG", works, works, works, works, true, dnssec.Secure, 5},
		// In part, and takes no mail.
		{lists.Government, "TG", v(scanner.Partial, scanner.OneNSAAAA), v(scanner.Partial, scanner.SomeHostsFail), v(scanner.Absent, scanner.NullMX), works, true, dnssec.Insecure, 4},
		// Nothing over IPv6.
		{lists.Government, "TG", v(scanner.Absent, scanner.NoNSAAAA), v(scanner.Absent, scanner.NoAAAA), v(scanner.Absent, scanner.NoMXAAAA), v(scanner.Absent, scanner.NoAAAA), false, dnssec.Bogus, 0},
		// AAAA, and no IPv6 here to try it with.
		{lists.Government, "TG", unknown, unknown, unknown, unknown, true, dnssec.Indeterminate, 0},
		// No address at all: neither web nor use without IPv4 applies.
		{lists.Government, "TG", works, v(scanner.Absent, scanner.NoAddress), v(scanner.Absent, scanner.NoMX), v(scanner.Absent, scanner.NoAddress), false, dnssec.Secure, 2},
		// Gone from the DNS: on the list, in no denominator.
		{lists.Government, "TG", v(scanner.Absent, scanner.NXDomain), v(scanner.Absent, scanner.NXDomain), v(scanner.Absent, scanner.NXDomain), v(scanner.Absent, scanner.NXDomain), false, dnssec.Secure, 0},
		{lists.CCTLD, "TG", works, v(scanner.Unmeasured, scanner.NotProbed), v(scanner.Unmeasured, scanner.NotProbed), works, false, dnssec.Secure, 5},
		{lists.Custom, "", v(scanner.Broken, scanner.Timeout), works, works, v(scanner.Broken, scanner.Timeout), true, dnssec.Insecure, 1},
	}
	// numerator, partial, denominator, unmeasured
	want := map[string][4]uint64{
		"government/TG/measured":      {5, 0, 6, 0},
		"government/TG/aaaa_apex":     {3, 0, 4, 0},
		"government/TG/dns_v6":        {2, 1, 4, 1},
		"government/TG/web_v6":        {1, 1, 3, 1},
		"government/TG/mail_v6":       {1, 0, 2, 1},
		"government/TG/v6_only":       {2, 0, 3, 1},
		"government/TG/dnssec_signed": {2, 0, 4, 1},
		"government/TG/ready":         {2, 0, 4, 1},
		"cctld/TG/measured":           {1, 0, 1, 0},
		"cctld/TG/dns_v6":             {1, 0, 1, 0},
		"cctld/TG/v6_only":            {1, 0, 1, 0},
		"cctld/TG/dnssec_signed":      {1, 0, 1, 0},
		"cctld/TG/ready":              {1, 0, 1, 0},
		"custom//measured":            {1, 0, 1, 0},
		"custom//aaaa_apex":           {1, 0, 1, 0},
		"custom//dns_v6":              {0, 0, 1, 0},
		"custom//web_v6":              {1, 0, 1, 0},
		"custom//mail_v6":             {1, 0, 1, 0},
		"custom//v6_only":             {0, 0, 1, 0},
		"custom//dnssec_signed":       {0, 0, 1, 0},
		"custom//ready":               {0, 0, 1, 0},
	}
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		scan := uuid.New()
		if err := s.NewScan(t.Context(), store.ScanInfo{ID: scan, Started: time.Now(), Targets: uint64(len(targets))}); err != nil {
			t.Fatal(err)
		}
		for range 2 { // stored twice, counted once
			put(t, s, scan, targets)
		}
		if err := s.FinishScan(t.Context(), scan); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			computed, err := indicator.Compute(t.Context(), s, scan)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, computed, want)
		}
		loaded, err := indicator.Load(t.Context(), s, scan)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, loaded, want)
		i := slices.IndexFunc(loaded, func(r store.IndicatorRow) bool { return r.Country == "TG" })
		if r := loaded[i]; r.CountryName != "Togo" || r.Region != "Africa" || !r.LDC || r.LLDC || r.GroupsAsOf != "2025-12" {
			t.Errorf("the country's facts were stored as %+v", r)
		}
	})
}

func put(t *testing.T, s *store.Store, scan uuid.UUID, targets []target) {
	t.Helper()
	w, err := s.Writer(t.Context(), scan)
	if err != nil {
		t.Fatal(err)
	}
	for i, target := range targets {
		o := scanner.Observation{
			Scan: scan, Position: uint64(i), Started: time.Now(),
			Target: lists.Target{Name: fmt.Sprintf("d%d.example", i), Kind: target.kind, Country: target.country},
			DNS:    target.dns, Web: target.web, Mail: target.mail, V6Only: target.v6Only, DNSSEC: target.dnssec, Readiness: target.readiness,
		}
		if target.country != "" {
			o.Country = lists.Country{Alpha2: "TG", Alpha3: "TGO", Names: lists.Names{En: "Togo"}, Region: "Africa", LDC: true, AsOf: "2025-12"}
		}
		if target.aaaa {
			o.AAAA = []netip.Addr{netip.MustParseAddr("2001:db8::1")}
		}
		if err := w.Write(t.Context(), &o); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

func compare(t *testing.T, rows []store.IndicatorRow, want map[string][4]uint64) {
	t.Helper()
	if len(rows) != len(want) {
		t.Errorf("%d indicators, want %d", len(rows), len(want))
	}
	for _, r := range rows {
		key := fmt.Sprintf("%s/%s/%s", r.Kind, r.Country, r.Indicator)
		if got := [4]uint64{r.Numerator, r.Partial, r.Denominator, r.Unmeasured}; got != want[key] {
			t.Errorf("%s is %v, want %v", key, got, want[key])
		}
	}
}
