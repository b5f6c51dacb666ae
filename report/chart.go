package report

import (
	_ "embed"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"adopt6/lists"
	"adopt6/store/indicator"
)

// trend is the headline share over time: the table that the chart is drawn
// from by assets/charts.js.
type trend struct{ Points []trendPoint }

type trendPoint struct {
	At              string // ISO 8601, UTC
	Share, Low, Top float64
	Few             bool // of fewer than indicator.SmallNumber
	Date, Value     string
	Interval, Basis string
}

// history writes the points that have a share; fewer than two give no chart.
func (l *locale) history(points []Point) *trend {
	points = slices.DeleteFunc(slices.Clone(points), func(p Point) bool {
		return p.Read.Say != indicator.Rate && p.Read.Say != indicator.Count
	})
	if len(points) < 2 {
		return nil
	}
	t := new(trend)
	for i, p := range points {
		beside := slices.Concat(points[max(i-1, 0):i], points[i+1:min(i+2, len(points))])
		share := p.Read.Share
		h := trendPoint{At: p.Started.UTC().Format(time.RFC3339), Share: share, Low: share, Top: share, Few: p.Read.Say == indicator.Count,
			Date: l.Moment(p.Started, beside...), Value: l.Percent(share), Basis: l.T("of", l.N(p.Numerator), l.N(p.Denominator))}
		if h.Few {
			h.Value = h.Basis
		}
		if p.Read.Interval {
			h.Low, h.Top, h.Interval = p.Read.Low, p.Read.High, l.Range(p.Read.Low, p.Read.High)
		}
		t.Points = append(t.Points, h)
	}
	return t
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

// shade is the class of a share, in per cent.
func shade(share float64) string {
	return fmt.Sprintf("m-%d", min(int(share*mapSteps/100), mapSteps-1))
}

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
			a.Title = l.T("pair", l.ShortCountry(country), l.T("map.none"))
		}
		if c := s.data.Country(country.Alpha2); known && c != nil {
			a.Page = s.pageOf(c.Alpha2)
			if section := c.Section(kind); section != nil {
				f := l.figures(section, HeadlineIndicator)[0]
				switch {
				case f.Few:
					a.Class, a.Title = "m-few", l.T("pair", l.ShortCountry(country), f.Value)
				case f.Bar && f.Interval == "":
					a.Class = shade(f.Share)
					a.Title = l.T("pair", l.ShortCountry(country), f.Value)
				case f.Value != "" && !f.Bar: // bounds: no colour
					a.Title = l.T("pair", l.ShortCountry(country), f.Value)
				case f.Bar:
					a.Class = shade(f.Share)
					a.Title = l.T("pair", l.ShortCountry(country), l.T("bracketed", f.Value, f.Interval))
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
