package report

import (
	_ "embed"
	"fmt"
	"strings"
	"sync"
	"time"

	"adopt6/lists"
	"adopt6/store/indicator"
)

// historyChart is the headline share over time, in a field of 640 by 200.
type historyChart struct {
	Line   string // points of the polyline
	Points []historyPoint
	Grid   []gridLine
}

type historyPoint struct {
	X, Y, LowY, TopY        float64
	Date, Value             string
	Interval, Basis, Anchor string
	Label                   bool // whether the date is written below
}

type gridLine struct {
	Y     float64
	Label string
}

// The field of the history chart.
const (
	chartLeft, chartRight = 50.0, 610.0
	chartTop, chartBottom = 12.0, 162.0
)

// history draws points; fewer than two are no history.
func (l *locale) history(points []Point) *historyChart {
	if len(points) < 2 {
		return nil
	}
	y := func(share float64) float64 { return chartBottom - share*(chartBottom-chartTop) }
	first, last := points[0].Started, points[len(points)-1].Started
	span := max(last.Sub(first).Seconds(), 1)
	chart := &historyChart{}
	for _, share := range []float64{0, 0.25, 0.5, 0.75, 1} {
		chart.Grid = append(chart.Grid, gridLine{y(share), l.Percent(share)})
	}
	var line []string
	for i, p := range points {
		others := make([]time.Time, 0, len(points)-1)
		for j, other := range points {
			if j != i {
				others = append(others, other.Started)
			}
		}
		low, high := indicator.Wilson(p.Numerator, p.Denominator)
		share := float64(p.Numerator) / float64(p.Denominator)
		h := historyPoint{X: chartLeft + p.Started.Sub(first).Seconds()/span*(chartRight-chartLeft), Y: y(share), LowY: y(low), TopY: y(high),
			Date: l.Moment(p.Started, others...), Value: l.Percent(share), Interval: l.Range(low, high), Basis: l.T("of", l.N(p.Numerator), l.N(p.Denominator)),
			Label: i == 0 || i == len(points)-1, Anchor: map[bool]string{true: "start", false: "end"}[i == 0]}
		if p.Denominator < indicator.SmallNumber {
			h.Value = h.Basis
		}
		chart.Points = append(chart.Points, h)
		line = append(line, fmt.Sprintf("%.1f,%.1f", h.X, h.Y))
	}
	chart.Line = strings.Join(line, " ")
	return chart
}

//go:embed assets/world.tsv
var worldFile string

type shape struct{ m49, path string }

// shapes are the countries of the map; `make assets` draws them.
var shapes = sync.OnceValue(func() (list []shape) {
	for line := range strings.Lines(worldFile) {
		code, path, _ := strings.Cut(strings.TrimSuffix(line, "\n"), "\t")
		list = append(list, shape{code, path})
	}
	return list
})

// worldMap is the map of the headline share.
type worldMap struct {
	Kind   lists.Kind
	Areas  []area
	Legend []legendEntry
}

type area struct {
	Page, Title, Class, Path string
}

type legendEntry struct{ Class, Label string }

// mapSteps is how many shades the map has.
const mapSteps = 5

// drawMap colours the countries by their share of ready targets.
func (s *Site) drawMap(l *locale, kind lists.Kind) *worldMap {
	m := &worldMap{Kind: kind}
	byM49 := make(map[string]lists.Country)
	for _, c := range lists.Countries() {
		byM49[c.M49] = c
		if c.Alpha2 == "XK" {
			byM49["XK"] = c
		}
	}
	for _, shape := range shapes() {
		country, known := byM49[shape.m49]
		a := area{Path: shape.path, Class: "m-none"}
		if known {
			a.Title = l.T("pair", l.Country(country), l.T("map.none"))
		}
		if c := s.data.Country(country.Alpha2); known && c != nil {
			a.Page = s.pageOf(c.Alpha2)
			if section := c.Section(kind); section != nil {
				f := l.figures(section, HeadlineIndicator)[0]
				switch {
				case f.Few && kind != lists.CCTLD:
					a.Class, a.Title = "m-few", l.T("pair", l.Country(country), f.Value)
				case f.Bar:
					a.Class = fmt.Sprintf("m-%d", min(int(f.Share*mapSteps/100), mapSteps-1))
					a.Title = l.T("pair", l.Country(country), l.T("bracketed", f.Value, f.Interval))
				}
			}
		}
		m.Areas = append(m.Areas, a)
	}
	for i := range mapSteps {
		m.Legend = append(m.Legend, legendEntry{fmt.Sprintf("m-%d", i), l.Range(float64(i)/mapSteps, float64(i+1)/mapSteps)})
	}
	if kind != lists.CCTLD {
		m.Legend = append(m.Legend, legendEntry{"m-few", l.T("map.few")})
	}
	m.Legend = append(m.Legend, legendEntry{"m-none", l.T("map.none")})
	return m
}
