package indicator

import (
	"slices"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
)

// Saying is what a row of indicators allows to be said.
type Saying string

// The sayings.
const (
	Nothing Saying = "nothing" // there is no target that it was measured on, or too few for an index
	Unable  Saying = "unable"  // the vantage lacks what the indicator needs
	Count   Saying = "count"   // k of n: a census, or too few for a share
	Rate    Saying = "share"
	Between Saying = "bounds" // too much was not measured: the bounds stand for the share
	Number  Saying = "number" // a median, an index, or the share of the largest
)

// MaxUnmeasured is the share of targets that may be unmeasured before the
// bounds stand for a share.
const MaxUnmeasured = 0.1

// Rules say how the rows of a scan are to be read.
type Rules struct {
	// Capabilities are those of the vantage. What it lacked has no figure:
	// what works over IPv6 cannot be seen without, and what is absent can.
	Capabilities observation.Capabilities
	// MaxUnmeasured as a share of the targets; 0: [MaxUnmeasured].
	MaxUnmeasured float64
	// Complete says that the list holds all that it is about, so that chance
	// has no part in a share. ccTLDs always are.
	Complete bool
}

// Reading is what may be said about a row.
type Reading struct {
	Say Saying
	// Missing is what the vantage lacked, where Say is Unable.
	Missing Ability
	Share   float64 // of those measured, where Say is Count or Rate
	// Low and High are the 95 per cent interval of chance (Wilson), where
	// Interval holds.
	Interval  bool
	Low, High float64
	// Worst and Best are the share if none, and if all, of what was not
	// measured fulfilled it (C. F. Manski, 1989): k/(n+u) and (k+u)/(n+u).
	// They are known of shares with targets.
	Bounded     bool
	Worst, Best float64
}

// HasValue says whether the row's own value may be said.
func (r Reading) HasValue() bool { return r.Say == Count || r.Say == Rate || r.Say == Number }

// Ability is something that a vantage may lack.
type Ability string

// The abilities.
const (
	OverIPv6   Ability = "ipv6"    // a route over IPv6
	MailOnIPv6 Ability = "smtp_v6" // connections to port 25 over IPv6
	MailAtAll  Ability = "smtp"    // connections to port 25 over one family or the other
)

// lacks says whether a vantage was found to lack an ability. What was not
// looked at counts as there.
func lacks(c observation.Capabilities, a Ability) bool {
	missing := func(s observation.Status) bool { return s == observation.Absent || s == observation.Broken }
	switch a {
	case OverIPv6:
		return missing(c.IPv6)
	case MailOnIPv6:
		return missing(c.SMTPV6)
	}
	return missing(c.SMTPV4) && missing(c.SMTPV6)
}

// Lacking returns what a vantage lacked that some indicator needs, each once:
// without IPv6 no mail goes over it either, and without port 25 none at all.
func (r Rules) Lacking() (list []Ability) {
	for _, a := range []Ability{OverIPv6, MailAtAll, MailOnIPv6} {
		if lacks(r.Capabilities, a) && (a != MailOnIPv6 || len(list) == 0) {
			list = append(list, a)
		}
	}
	return list
}

// Read says what a row allows to be said.
func (r Rules) Read(row store.IndicatorRow) Reading {
	ind, _ := ByID(row.Indicator)
	var out Reading
	n, u := float64(row.Denominator), float64(row.Unmeasured)
	if ind.Measure == Share && n+u > 0 {
		k := float64(row.Numerator)
		out.Bounded, out.Worst, out.Best = true, k/(n+u), (k+u)/(n+u)
	}
	if i := slices.IndexFunc(ind.needs, func(a Ability) bool { return lacks(r.Capabilities, a) }); i >= 0 {
		// The bounds would take what was seen for a finding: without IPv6 only
		// what lacks it can be judged.
		return Reading{Say: Unable, Missing: ind.needs[i]}
	}
	most := r.MaxUnmeasured
	if most == 0 {
		most = MaxUnmeasured
	}
	blurred := u > most*(n+u)
	switch {
	case row.Denominator == 0:
		out.Say = Nothing
	case ind.Measure == Median:
		out.Say = Number
	case ind.Measure != Share:
		out.Say = Number
		if row.Denominator < SmallNumber || blurred {
			out.Say = Nothing
		}
	case row.Kind == lists.CCTLD:
		out.Say, out.Share = Count, float64(row.Numerator)/n
	case blurred && row.Denominator+row.Unmeasured >= SmallNumber:
		out.Say = Between
	case row.Denominator < SmallNumber:
		out.Say, out.Share = Count, float64(row.Numerator)/n
	default:
		out.Say, out.Share = Rate, float64(row.Numerator)/n
		if out.Interval = !r.Complete; out.Interval {
			out.Low, out.High = Wilson(row.Numerator, row.Denominator)
		}
	}
	return out
}

// RulesOf returns the rules by which the rows of a scan are read.
func RulesOf(scan store.ScanInfo) Rules { return Rules{Capabilities: scan.Capabilities} }
