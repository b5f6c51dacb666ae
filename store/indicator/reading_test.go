package indicator

import (
	"math"
	"testing"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
)

// TestRead says of every row what it allows, and no more.
func TestRead(t *testing.T) {
	t.Parallel()
	noV6 := observation.Capabilities{IPv6: observation.Absent, SMTPV6: observation.Absent}
	noMail := observation.Capabilities{SMTPV4: observation.Broken, SMTPV6: observation.Broken}
	row := func(kind lists.Kind, id string, k, n, u uint64) store.IndicatorRow {
		return store.IndicatorRow{Kind: kind, Indicator: id, Numerator: k, Denominator: n, Unmeasured: u}
	}
	gov, tld := lists.Government, lists.CCTLD
	for name, test := range map[string]struct {
		row   store.IndicatorRow
		rules Rules
		want  Saying
	}{
		"share":                             {row(gov, "web_v6", 20, 32, 0), Rules{}, Rate},
		"few":                               {row(gov, "web_v6", 2, 7, 0), Rules{}, Count},
		"nothing measured":                  {row(gov, "web_v6", 0, 0, 5), Rules{}, Nothing},
		"one in ten unmeasured":             {row(gov, "web_v6", 45, 90, 10), Rules{}, Rate},
		"more than one in ten":              {row(gov, "web_v6", 45, 89, 11), Rules{}, Between},
		"more, where the setting allows it": {row(gov, "web_v6", 45, 89, 11), Rules{MaxUnmeasured: 0.2}, Rate},
		"few, and most unmeasured":          {row(gov, "web_v6", 10, 10, 20), Rules{}, Between},
		"few in all":                        {row(gov, "web_v6", 1, 3, 4), Rules{}, Count},
		"without IPv6":                      {row(gov, "web_v6", 0, 12, 20), Rules{Capabilities: noV6}, Unable},
		"ready without IPv6":                {row(gov, "ready", 0, 12, 20), Rules{Capabilities: noV6}, Unable},
		"published, without IPv6":           {row(gov, "aaaa_www", 20, 32, 0), Rules{Capabilities: noV6}, Rate},
		"by records, without IPv6":          {row(gov, "v6_only_records", 20, 32, 0), Rules{Capabilities: noV6}, Rate},
		"mail without port 25":              {row(gov, "mail_v6", 0, 12, 20), Rules{Capabilities: noMail}, Unable},
		"SMTPUTF8 without port 25":          {row(gov, "smtputf8", 0, 12, 20), Rules{Capabilities: noMail}, Unable},
		"web without port 25":               {row(gov, "web_v6", 20, 32, 0), Rules{Capabilities: noMail}, Rate},
		"census":                            {row(tld, "tld_ds", 12, 16, 0), Rules{}, Count},
		"median":                            {row(gov, "web_v6_delay", 0, 3, 0), Rules{}, Number},
		"concentration":                     {row(gov, "dns_hhi", 0, 10, 0), Rules{}, Number},
		"concentration of few":              {row(gov, "dns_hhi", 0, 9, 0), Rules{}, Nothing},
		"concentration of some":             {row(gov, "hosting_largest", 20, 40, 20), Rules{}, Nothing},
	} {
		if got := test.rules.Read(test.row); got.Say != test.want {
			t.Errorf("%s: %+v, want %s", name, got, test.want)
		}
	}

	// 20 of 32 have it; 20 are unmeasured.
	if got := (Rules{}).Read(row(gov, "web_v6", 0, 12, 20)); got.Worst != 0 || got.Best != 0.625 || got.Interval {
		t.Errorf("the bounds are %+v, want 0 to 63 %%", got)
	}
	// 10 were found broken, 20 are unmeasured.
	if got := (Rules{}).Read(row(gov, "web_v6_broken", 10, 10, 20)); math.Abs(got.Worst-1.0/3) > 1e-9 || got.Best != 1 {
		t.Errorf("the bounds are %+v, want 33 to 100 %%", got)
	}
	if got := (Rules{Complete: true}).Read(row(gov, "web_v6", 7, 24, 0)); got.Say != Rate || got.Interval {
		t.Errorf("a complete list has an interval: %+v", got)
	}
	if got := (Rules{}).Read(row(gov, "web_v6", 7, 24, 0)); !got.Interval || got.Low >= got.Share || got.High <= got.Share {
		t.Errorf("a selection has no interval: %+v", got)
	}
}

// TestNeedsAreDeclared holds every indicator that counts what works over IPv6,
// or mail, to what a vantage needs for it.
func TestNeedsAreDeclared(t *testing.T) {
	t.Parallel()
	seen := map[string]bool{"measured": true, "gone": true, "aaaa_apex": true, "aaaa_www": true, "aaaa_unusable": true, "tld_glue_v6": true,
		"v6_only_records": true, "idn_level": true}
	for _, ind := range all {
		published := seen[ind.ID] || ind.Topic == Security || ind.Topic == Concentration
		if published != (len(ind.needs) == 0) {
			t.Errorf("%s needs %v of a vantage", ind.ID, ind.needs)
		}
	}
}

// TestDiffer compares with values of R's fisher.test.
func TestDiffer(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		k1, n1, k2, n2 uint64
		p              float64
	}{
		{3, 4, 1, 4, 0.4857142857}, {7, 24, 13, 24, 0.1424538},
		{0, 10, 10, 10, 1.0825e-05}, {5, 10, 5, 10, 1}, {0, 5, 0, 7, 1}, {1, 0, 3, 4, 1},
	} {
		if got := fisher(test.k1, test.n1, test.k2, test.n2); math.Abs(got-test.p) > 1e-3*max(test.p, 1e-3) {
			t.Errorf("%d of %d and %d of %d: p is %v, want %v", test.k1, test.n1, test.k2, test.n2, got, test.p)
		}
	}
	// The intervals of these two overlap, and yet they differ.
	if low, _ := Wilson(60, 100); low > 0.55 {
		t.Fatal("the intervals do not overlap")
	}
	if !Differ(45, 100, 60, 100) {
		t.Error("45 and 60 of 100 do not differ")
	}
}

// TestDiscoveries is the example of Benjamini and Hochberg: of fifteen tests
// four are believed.
func TestDiscoveries(t *testing.T) {
	t.Parallel()
	p := []float64{0.0344, 0.0001, 0.0004, 0.0019, 0.0095, 0.0201, 0.0278, 0.0298, 0.0459, 0.3240, 0.4262, 0.5719, 0.6528, 0.7590, 1}
	n := 0
	for i, believed := range discoveries(p) {
		if believed != (p[i] <= 0.0095) {
			t.Errorf("p of %v is believed: %v", p[i], believed)
		}
		if believed {
			n++
		}
	}
	if n != 4 {
		t.Errorf("%d of 15 are believed, want 4", n)
	}
}

func TestSignificant(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		gained, lost uint64
		want         bool
	}{
		{0, 0, false}, {5, 0, false}, {6, 0, true}, {0, 6, true}, // 0.0625 and 0.03125
		{9, 2, false}, {10, 2, true}, // 0.065 and 0.039
		{5000, 5000, false}, {5200, 4800, true},
	} {
		if got := signTest(test.gained, test.lost) < significant; got != test.want {
			t.Errorf("%d gained and %d lost: significant is %t", test.gained, test.lost, got)
		}
	}
}

// TestJudge takes what one operator did for its customers as one event, knows
// that many tests find something by chance, and tests no census.
func TestJudge(t *testing.T) {
	t.Parallel()
	change := func(kind lists.Kind, gained, lost, gainedBy, lostBy uint64) Change {
		return Change{Kind: kind, Common: 100, Gained: gained, Lost: lost, GainedBy: gainedBy, LostBy: lostBy}
	}
	gov, tld := lists.Government, lists.CCTLD
	alone := func(c Change) bool {
		list := []Change{c}
		judge(list)
		return list[0].Clear
	}
	for name, test := range map[string]struct {
		change Change
		clear  bool
	}{
		"24 moved by one operator": {change(gov, 24, 0, 1, 0), false},
		"8 moved by 8":             {change(gov, 8, 0, 8, 0), true},
		"8 gained, 6 lost":         {change(gov, 8, 6, 8, 6), false},
		"none":                     {change(gov, 0, 0, 0, 0), false},
		"one of a census":          {change(tld, 1, 0, 1, 0), true},
		"even in a census":         {change(tld, 1, 1, 1, 1), false},
	} {
		if got := alone(test.change); got != test.clear {
			t.Errorf("%s: clear is %v", name, got)
		}
	}
	// 6 of 6 is one in 32 by chance: among 40 tests it is bound to happen.
	many := []Change{change(gov, 6, 0, 6, 0)}
	for range 39 {
		many = append(many, change(gov, 3, 3, 3, 3))
	}
	many = append(many, change(gov, 20, 0, 20, 0))
	judge(many)
	if many[0].Clear || !many[40].Clear {
		t.Errorf("of many tests: 6 of 6 is clear: %v, 20 of 20: %v", many[0].Clear, many[40].Clear)
	}
}

func TestHeadline(t *testing.T) {
	t.Parallel()
	if got := Headline(lists.Government); len(got) != 8 {
		t.Errorf("%d figures lead, want eight: %v", len(got), got)
	}
	if got := Headline(lists.CCTLD); len(got) != 5 {
		t.Errorf("of ccTLDs %v lead", got)
	}
}
