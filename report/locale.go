package report

import (
	"math"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"
	"golang.org/x/text/number"

	"adopt6/lists"
	"adopt6/report/words"
	"adopt6/store"
	"adopt6/store/indicator"
)

// locale says the figures of a report in one language.
type locale struct {
	*words.Locale
	written sync.Map // small numbers as they are written, by numberKey
	// How the rows of the scan, and of the one it is compared with, are read.
	rules, before indicator.Rules
}

func newLocale(lang string) *locale { return &locale{Locale: words.NewLocale(lang)} }

// numberKey is a number as it is shown: whole, per cent or tenths of a per cent.
type numberKey struct {
	unit string
	n    uint64
}

// maxKept is the first number that is formatted again each time.
const maxKept = 10_000

// keep returns how a number is written, from the last time if it is small: pages
// are mostly numbers, and writing one is slow.
func (l *locale) keep(unit string, n uint64, write func() string) string {
	if n >= maxKept {
		return write()
	}
	key := numberKey{unit, n}
	if text, ok := l.written.Load(key); ok {
		return text.(string)
	}
	text := write()
	l.written.Store(key, text)
	return text
}

// N writes a whole number.
func (l *locale) N(n any) string {
	write := func() string { return l.Locale.N(n) }
	switch n := n.(type) {
	case int:
		if n >= 0 {
			return l.keep("", uint64(n), write)
		}
	case uint64:
		return l.keep("", n, write)
	}
	return write()
}

// Percent writes a share; see [indicator.Percent].
func (l *locale) Percent(v float64) string {
	value, digits := indicator.Percent(v)
	tenths := uint64(math.Round(10 * value))
	unit := map[int]string{0: "%", 1: "‰"}[digits]
	return l.keep(unit, tenths, func() string { return l.Printer.Sprint(number.Percent(float64(tenths)/1000, number.Scale(digits))) })
}

// Range writes from where to where an interval goes.
func (l *locale) Range(low, high float64) string { return l.between(l.Percent(low), l.Percent(high)) }

// between writes two values with a dash. Arabic percentages are runs from left
// to right, and without marks the dash would join two of them into one, so that
// the second stood first.
func (l *locale) between(low, high string) string {
	if l.Dir == "rtl" {
		return low + " \u200f–\u200f " + high
	}
	return low + " – " + high
}

// Moment writes a day, and the time as well where one of these points is of the
// same day.
func (l *locale) Moment(t time.Time, others ...Point) string {
	for _, other := range others {
		if t.UTC().Format(time.DateOnly) == other.Started.UTC().Format(time.DateOnly) {
			return l.T("date.time", l.Date(t), t.UTC().Format("15:04"))
		}
	}
	return l.Date(t)
}

// coverage says how many targets were measured.
func (l *locale) coverage(measured, targets uint64) string {
	return l.Count(targets, "method.coverage", l.N(measured), l.N(targets))
}

// sorted returns countries by their names, that of no country last.
func (l *locale) sorted(countries []*Country) []*Country {
	list := slices.Clone(countries)
	collator := collate.New(language.MustParse(l.Lang))
	slices.SortStableFunc(list, func(a, b *Country) int {
		if (a.Alpha2 == "") != (b.Alpha2 == "") {
			return strings.Compare(b.Alpha2, a.Alpha2)
		}
		return collator.CompareString(l.Country(a.Country), l.Country(b.Country))
	})
	return list
}

// figure is an indicator's value as it is shown.
type figure struct {
	ID, Name, Text  string // of the indicator
	Value           string // "45%", "2 of 7", "+3 ms"; empty where nothing was measured
	Interval        string // "38% – 52%"; of shares that chance has a part in
	Bounds          string // "34% – 55%": what the unmeasured could make of the share
	Basis           string // "18 of 40"
	Unmeasured      string
	Before          string // the value of the compared scan
	Change          change
	Sort            float64 // -1 where nothing was measured
	Few             bool    // of fewer than indicator.SmallNumber, and no census
	Unable          bool    // the vantage lacks what it needs
	Bar             bool    // whether Share, Low and High say something
	Share, Low, Top float64 // per cent
	Detail          string  // from the network
}

// figure writes one row of an indicator of the scan.
func (l *locale) figure(r store.IndicatorRow) figure { return l.figureBy(r, l.rules) }

// figureBy writes one row of an indicator as far as the rules allow.
func (l *locale) figureBy(r store.IndicatorRow, rules indicator.Rules) figure {
	ind, _ := indicator.ByID(r.Indicator)
	f := figure{ID: r.Indicator, Name: ind.Names().In(l.Lang), Text: ind.Text().In(l.Lang), Sort: -1, Unmeasured: l.N(r.Unmeasured)}
	read := rules.Read(r)
	f.Unable = read.Say == indicator.Unable
	if read.Bounded && r.Unmeasured > 0 {
		f.Bounds = l.Range(read.Worst, read.Best)
	}
	if r.Denominator == 0 || f.Unable {
		return f
	}
	f.Basis = l.N(r.Denominator)
	if ind.Measure == indicator.Share || ind.Measure == indicator.Largest {
		f.Basis = l.T("of", l.N(r.Numerator), l.N(r.Denominator))
	}
	switch read.Say {
	case indicator.Count:
		f.Sort, f.Value, f.Few = read.Share, f.Basis, r.Kind != lists.CCTLD
		f.Bar, f.Share, f.Low, f.Top = true, 100*read.Share, 100*read.Share, 100*read.Share
	case indicator.Rate:
		f.Sort, f.Value = read.Share, l.Percent(read.Share)
		f.Bar, f.Share, f.Low, f.Top = true, 100*read.Share, 100*read.Share, 100*read.Share
		if read.Interval {
			f.Interval, f.Low, f.Top = l.Range(read.Low, read.High), 100*read.Low, 100*read.High
		}
	case indicator.Between:
		f.Value = f.Bounds
	case indicator.Number:
		f.Sort, f.Few, f.Value = r.Value, r.Denominator < indicator.SmallNumber, l.quantity(ind, r.Value)
		if ind.Measure == indicator.Largest {
			f.Detail = visible(r.Detail)
		}
	}
	return f
}

// Unable says what the vantage lacked, what has no figure for it, and what to
// do; empty where it lacked nothing.
func (l *locale) Unable() (list []string) {
	for _, a := range l.rules.Lacking() {
		list = append(list, l.T("unable."+string(a)))
	}
	return list
}

// change is what became of a share on the targets that both scans measured.
type change struct {
	Text, Basis string
	Class       string // better, worse or same; empty without a comparison
}

func (l *locale) change(c indicator.Change) change {
	if c.Common == 0 {
		return change{Text: l.T("change.none")}
	}
	out := change{Class: "same", Text: l.T("change.unclear"), Basis: l.T("change.basis", l.N(c.Gained), l.N(c.Lost), l.N(c.Common))}
	if c.Gained+c.Lost > 0 && c.Kind != lists.CCTLD {
		out.Basis += l.Stop() + l.T("change.by", l.N(c.GainedBy), l.N(c.LostBy))
	}
	if !c.Clear {
		return out
	}
	points := 100 * (float64(c.After) - float64(c.Before)) / float64(c.Common)
	key := "change.rose"
	if points < 0 {
		key, points = "change.fell", -points
	}
	out.Text = l.T(key, l.T("change.points", l.Decimal(points, 1)))
	ind, _ := indicator.ByID(c.Indicator)
	out.Class = "worse"
	if (key == "change.rose") == (ind.Direction == indicator.HigherIsBetter) {
		out.Class = "better"
	}
	return out
}

// figures writes the rows of a section that are asked for, or all.
func (l *locale) figures(s *Section, ids ...string) (list []figure) {
	if len(ids) == 0 {
		for _, r := range s.Rows {
			ids = append(ids, r.Indicator)
		}
	}
	for _, id := range ids {
		r, ok := s.Row(id)
		if !ok {
			r = store.IndicatorRow{Indicator: id}
		}
		f := l.figure(r)
		if before, ok := s.Before[id]; ok {
			was := l.figureBy(before, l.before)
			f.Before, f.Unable = was.Value, f.Unable || was.Unable
		}
		if ind, _ := indicator.ByID(id); ind.Measure == indicator.Share {
			c := s.Changes[id]
			if f.Unable {
				c = indicator.Change{} // a comparison with what could not be seen
			}
			f.Change = l.change(c)
		}
		list = append(list, f)
	}
	return list
}
