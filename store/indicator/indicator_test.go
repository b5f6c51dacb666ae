//go:build !alone

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
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
	"adopt6/store/storetest"
)

func TestMain(m *testing.M) { storetest.Main(m) }

// target is a domain of a test: what the probes found, in the country TG or in
// none.
type target func(o *observation.Observation)

func v(status observation.Status, reason ...observation.Reason) observation.Verdict {
	verdict := observation.Verdict{Status: status}
	if len(reason) > 0 {
		verdict.Reason = reason[0]
	}
	return verdict
}

func togo(o *observation.Observation) {
	o.Target.Country = "TG"
	o.Country = lists.Country{Alpha2: "TG", Alpha3: "TGO", Names: lists.Names{En: "Togo"}, Region: "Africa", LDC: true, AsOf: "2025-12"}
}

// verdicts sets what the four services are judged.
func verdicts(o *observation.Observation, dns, web, mail, v6Only observation.Verdict) {
	togo(o)
	o.DNS, o.Web, o.Mail, o.V6Only, o.MailV6Only = dns, web, mail, v6Only, mail
	if v6Only.Reason == observation.NSUnreachableV6 {
		o.MailV6Only = v6Only
	}
}

func names(o *observation.Observation, all, v6, v6OK int, operators ...string) {
	for i := range all {
		o.NameServers = append(o.NameServers, fmt.Sprintf("ns%d.example", i))
	}
	o.NameServersV6, o.NameServersV6OK, o.Operators = uint16(v6), uint16(v6OK), operators
}

var (
	works = v(observation.OK)
	some  = []netip.Addr{netip.MustParseAddr("2a00::1")}
	old   = []netip.Addr{netip.MustParseAddr("192.0.2.1")}
)

// targets are the domains that the figures below were counted on by hand.
var targets = []target{
	func(o *observation.Observation) { // everything works
		verdicts(o, works, works, works, works)
		names(o, 2, 2, 2, "one.net", "two.net")
		o.AAAA, o.WWWAAAA, o.Address = some, some, works
		o.WebV4, o.SameContent, o.SameSerial, o.SMTPUTF8, o.V6OnlyRecords = works, works, works, works, works
		o.WebTimesV4.Connect, o.WebTimesV6.Connect = 20*time.Millisecond, 30*time.Millisecond
		o.DNSSEC, o.DNSKEY, o.DS, o.Practice.Algorithms = observation.Secure, 1, 1, []uint8{13}
		o.Practice.Expires = o.Started.Add(30 * 24 * time.Hour)
		o.Hosting, o.HostingV6 = []observation.AS{{Number: 64496, Name: "Big, Inc."}, {Number: 64497}}, []uint32{64497}
		o.Readiness = 5
	},
	func(o *observation.Observation) { // in part, takes no mail, no DS record
		verdicts(o, v(observation.Partial, observation.OneNSAAAA), v(observation.Partial, observation.ContentDiffers), v(observation.Absent, observation.NullMX), works)
		names(o, 2, 1, 1, "one.net")
		o.AAAA, o.WWWA, o.Address = some, old, v(observation.Partial, observation.AAAAOnlyOnApex)
		o.WebV4, o.SameContent, o.V6OnlyRecords = works, v(observation.Broken, observation.ContentDiffers), works
		o.SameSerial = v(observation.Partial, observation.SerialDiffers)
		o.WebTimesV4.Connect, o.WebTimesV6.Connect = 40*time.Millisecond, 34*time.Millisecond
		o.DNSSEC, o.DNSKEY, o.Practice.Algorithms = observation.Insecure, 1, []uint8{8}
		o.Hosting = []observation.AS{{Number: 64497}}
		o.Readiness = 4
	},
	func(o *observation.Observation) { // nothing over IPv6, and bogus
		verdicts(o, v(observation.Absent, observation.NoNSAAAA), v(observation.Absent, observation.NoAAAA), v(observation.Absent, observation.NoMXAAAA), v(observation.Absent, observation.NoIntent))
		names(o, 2, 0, 0, "own.tg")
		o.A, o.WWWA, o.WebV4 = old, old, works
		o.Hosting = []observation.AS{{Number: 64497}}
		o.SMTPUTF8, o.V6OnlyRecords = v(observation.Partial, observation.SomeHostsFail), v(observation.Absent, observation.NoIntent)
		o.DNSSEC, o.DNSKEY, o.DS, o.Practice.Algorithms = observation.Bogus, 2, 1, []uint8{8, 13}
	},
	func(o *observation.Observation) { // AAAA, and no IPv6 here to try it with
		unknown := v(observation.Unmeasured, observation.NoRoute)
		verdicts(o, unknown, unknown, unknown, unknown)
		o.AAAA, o.WebWWW = some, v(observation.Unmeasured, observation.DNSFailure)
	},
	func(o *observation.Observation) { // no address at all: no web, and no use without IPv4
		verdicts(o, works, v(observation.Absent, observation.NoAddress), v(observation.Absent, observation.NoMX), v(observation.Absent, observation.NoAddress))
		names(o, 3, 2, 2, "one.net")
		o.SameSerial = works
		o.DNSSEC, o.DNSKEY, o.DS = observation.Secure, 1, 1
		o.Practice.Expires = o.Started.Add(3 * 24 * time.Hour)
		o.Readiness = 2
	},
	func(o *observation.Observation) { // gone from the DNS: on the list, in no denominator
		gone := v(observation.Absent, observation.NXDomain)
		verdicts(o, gone, gone, gone, gone)
	},
	func(o *observation.Observation) { // published and broken
		verdicts(o, v(observation.Broken, observation.Timeout), v(observation.Broken, observation.SpecialPurposeAddress), works, v(observation.Broken, observation.NSUnreachableV6))
		names(o, 2, 2, 0, "one.net")
		o.AAAA, o.Address, o.WebV4 = some, v(observation.Broken, observation.SpecialPurposeAddress), works
		o.Endpoints = []observation.Endpoint{{Probe: "address", Verdict: o.Address}}
		o.V6OnlyRecords, o.SMTPUTF8 = works, v(observation.Absent, observation.NoStartTLS)
		o.DNSSEC, o.Readiness = observation.Insecure, 1
	},
	func(o *observation.Observation) { // a ccTLD in order
		o.Target.Kind = lists.CCTLD
		verdicts(o, works, observation.Verdict{}, observation.Verdict{}, works)
		names(o, 2, 2, 2, "nic.tg")
		o.Delegation, o.GlueV6, o.SameSerial, o.V6OnlyRecords = works, 2, works, works
		o.DNSSEC, o.DNSKEY, o.DS, o.Practice.Algorithms = observation.Secure, 1, 1, []uint8{8}
		o.Practice.Expires = o.Started.Add(20 * 24 * time.Hour)
		o.Readiness = 5
	},
	func(o *observation.Observation) { // a ccTLD with one name server over IPv6
		o.Target.Kind = lists.CCTLD
		verdicts(o, v(observation.Partial, observation.OneNSAAAA), observation.Verdict{}, observation.Verdict{}, v(observation.Broken, observation.NSUnreachableV6))
		names(o, 2, 1, 1)
		o.Delegation, o.GlueV6, o.SameSerial, o.V6OnlyRecords = v(observation.Partial, observation.OneNSAAAA), 1, works, works
		o.DNSSEC, o.Readiness = observation.Insecure, 2
	},
	func(o *observation.Observation) { // of no country, and gone
		gone := v(observation.Absent, observation.NXDomain)
		verdicts(o, gone, gone, gone, gone)
		o.Target.Kind, o.Target.Country, o.Country = lists.Custom, "", lists.Country{}
	},
}

// counted are numerator, partial, denominator, unmeasured and value times a
// thousand; what is not named is 0 throughout.
var counted = map[string][5]uint64{
	"government/TG/measured":        {6, 0, 7, 0, 857},
	"government/TG/aaaa_apex":       {4, 0, 5, 0, 800},
	"government/TG/aaaa_www":        {1, 0, 3, 1, 333},
	"government/TG/aaaa_unusable":   {1, 0, 3, 1, 333},
	"government/TG/dns_v6":          {2, 1, 5, 1, 400},
	"government/TG/dns_v6_one":      {3, 0, 5, 1, 600},
	"government/TG/dns_v6_two":      {2, 0, 5, 1, 400},
	"government/TG/dns_v6_all":      {1, 0, 5, 1, 200},
	"government/TG/same_serial":     {2, 1, 3, 1, 667},
	"government/TG/web_v6":          {1, 1, 4, 1, 250},
	"government/TG/web_same":        {1, 0, 2, 0, 500},
	"government/TG/web_v6_delay":    {0, 0, 2, 0, 2_000}, // between -6 and 10
	"government/TG/web_v6_broken":   {1, 1, 3, 1, 333},
	"government/TG/mail_v6":         {2, 0, 3, 1, 667},
	"government/TG/smtputf8":        {1, 1, 3, 1, 333},
	"government/TG/mail_v6_only":    {1, 0, 3, 1, 333},
	"government/TG/v6_only_records": {3, 0, 4, 1, 750},
	"government/TG/v6_only":         {2, 0, 4, 1, 500},
	"government/TG/ready":           {2, 0, 5, 1, 400},
	"government/TG/fully_ready":     {1, 1, 5, 1, 200},
	"government/TG/v6_broken":       {1, 0, 4, 1, 250},
	"government/TG/dnssec_signed":   {4, 0, 5, 1, 800},
	"government/TG/dnssec_secure":   {2, 0, 5, 1, 400},
	"government/TG/dnssec_bogus":    {1, 0, 3, 1, 333},
	"government/TG/dnssec_modern":   {1, 0, 3, 1, 333},
	"government/TG/dnssec_expiring": {1, 0, 2, 0, 500},
	"government/TG/dns_largest":     {4, 0, 5, 1, 800},
	"government/TG/dns_hhi":         {0, 0, 5, 1, 450}, // (3.5² + 0.5² + 1² - 4.5) / (5 × 4), of which 4.5 are domains met with themselves
	// 64497 hosts three of three known; (2.5² + 0.5²) / 3². Two are in no table.
	"government/TG/hosting_largest": {3, 0, 3, 2, 1000},
	"government/TG/hosting_hhi":     {0, 0, 3, 2, 667},
	"cctld/TG/measured":             {2, 0, 2, 0, 1000},
	"cctld/TG/dns_v6":               {1, 1, 2, 0, 500},
	"cctld/TG/dns_v6_one":           {2, 0, 2, 0, 1000},
	"cctld/TG/dns_v6_two":           {1, 0, 2, 0, 500},
	"cctld/TG/dns_v6_all":           {1, 0, 2, 0, 500},
	"cctld/TG/tld_glue_v6":          {1, 1, 2, 0, 500},
	"cctld/TG/same_serial":          {2, 0, 2, 0, 1000},
	"cctld/TG/v6_only_records":      {2, 0, 2, 0, 1000},
	"cctld/TG/v6_only":              {1, 0, 2, 0, 500},
	"cctld/TG/ready":                {1, 0, 2, 0, 500},
	"cctld/TG/fully_ready":          {1, 0, 2, 0, 500},
	"cctld/TG/v6_broken":            {1, 0, 2, 0, 500},
	"cctld/TG/dnssec_signed":        {1, 0, 2, 0, 500},
	"cctld/TG/dnssec_secure":        {1, 0, 2, 0, 500},
	"cctld/TG/dnssec_bogus":         {0, 0, 1, 0, 0},
	"cctld/TG/dnssec_modern":        {0, 0, 1, 0, 0},
	"cctld/TG/dnssec_expiring":      {0, 0, 1, 0, 0},
	"cctld/TG/tld_ds":               {1, 0, 2, 0, 500},
	"custom//measured":              {1, 0, 1, 0, 1000},
	"custom//gone":                  {1, 0, 1, 0, 1000},
	"cctld/TG/gone":                 {0, 0, 2, 0, 0},
	"government/TG/gone":            {1, 0, 4, 3, 250}, // of three without an answer over IPv6, IPv4 is not known
}

func TestCompute(t *testing.T) {
	t.Parallel()
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
			compare(t, computed)
		}
		loaded, err := indicator.Load(t.Context(), s, scan)
		if err != nil {
			t.Fatal(err)
		}
		compare(t, loaded)
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
	for i, found := range targets {
		o := observation.Observation{
			Scan: scan, Position: uint64(i), Started: time.Now(),
			Target: lists.Target{Name: fmt.Sprintf("d%d.example", i), Kind: lists.Government},
		}
		found(&o)
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

func compare(t *testing.T, rows []store.IndicatorRow) {
	t.Helper()
	seen := make(map[string]bool)
	for _, r := range rows {
		key := fmt.Sprintf("%s/%s/%s", r.Kind, r.Country, r.Indicator)
		seen[key] = true
		got := [5]uint64{r.Numerator, r.Partial, r.Denominator, r.Unmeasured, uint64(math.Round(1000 * r.Value))}
		if got != counted[key] {
			t.Errorf("%s is %v, want %v", key, got, counted[key])
		}
		if key == "government/TG/dns_largest" && r.Detail != "one.net" {
			t.Errorf("the largest operator is %q", r.Detail)
		}
		if key == "government/TG/hosting_largest" && r.Detail != "AS64497" {
			t.Errorf("the largest hosting operator is %q", r.Detail)
		}
	}
	for key := range counted {
		if !seen[key] {
			t.Errorf("%s was not computed", key)
		}
	}
}
