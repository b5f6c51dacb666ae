// Package pages shows what was found to people who read a terminal: a domain
// that was checked, a zone file that was audited, the figures of a scan and what
// differs between scans. Where a command has JSON too, it stands beside.
//
// In: plain data of the packages that found it. Out: lines of at most so many
// columns, without anything that drives a terminal. It measures nothing.
package pages

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/lists"
	"adopt6/scanner/advice"
	"adopt6/scanner/observation"
)

// Page prints observations for people: what was checked, IPv4 and IPv6 side by
// side, then what to do. Every text passes its Put method, which makes it fit
// for a terminal.
type Page struct {
	Out     io.Writer
	Columns int       // width of the terminal
	UTF8    bool      // more than ASCII can be shown
	Colour  bool      // styles are shown
	Now     time.Time // by the clock that certificates are judged by
	Lab     bool      // the domain is simulated
	err     error     // the first that out returned
}

// Bounds of the page's width in columns: wider lines are hard to read.
const (
	leastColumns = 80
	mostColumns  = 120
)

// NewPage returns a page for an output.
func NewPage(out io.Writer) *Page {
	columns, onTerminal := terminal.Size(out)
	return &Page{
		Out: out, Columns: min(max(columns, leastColumns), mostColumns),
		UTF8: terminal.ShowsUTF8(), Colour: onTerminal && terminal.ShowsColours(), Now: time.Now(),
	}
}

// style is how a piece of text looks on a terminal.
type style uint8

const (
	plain style = iota
	strong
	faint
	good
	fair
	bad
)

// colours are the escape sequences of the styles (ECMA-48 SGR).
var colours = [...]string{plain: "", strong: "\x1b[1m", faint: "\x1b[2m", good: "\x1b[32m", fair: "\x1b[33m", bad: "\x1b[31m"}

// text is a piece of text in one style. It may come from the network: it is
// made fit for a terminal where it is printed.
type text struct {
	style style
	s     string
}

// Put prints one line made of texts.
func (p *Page) Put(texts ...text) {
	var line strings.Builder
	for _, t := range texts {
		shown := strings.Map(terminal.Showable, t.s)
		if !p.UTF8 {
			shown = terminal.AsASCII(shown)
		}
		if p.Colour && t.style != plain && strings.TrimSpace(shown) != "" {
			shown = colours[t.style] + shown + "\x1b[0m"
		}
		line.WriteString(shown)
	}
	if _, err := fmt.Fprintln(p.Out, strings.TrimRight(line.String(), " ")); p.err == nil {
		p.err = err
	}
}

// mark is a status as one character and its style.
func (p *Page) mark(s observation.Status) text {
	marks := map[observation.Status]struct {
		UTF8, ascii string
		style       style
	}{
		observation.OK: {"✓", "+", good}, observation.Partial: {"~", "~", fair}, observation.Absent: {"–", "-", fair},
		observation.Broken: {"✗", "x", bad}, observation.Unmeasured: {"?", "?", faint},
	}
	m := marks[s]
	if p.UTF8 {
		return text{m.style, m.UTF8}
	}
	return text{m.style, m.ascii}
}

// Print prints one observation and what to do about it.
func (p *Page) Print(o *observation.Observation, todo []advice.Advice) error {
	p.heading(o)
	for _, s := range p.sections(o) {
		p.Put()
		p.section(s)
	}
	p.advice(o, todo)
	return p.err
}

// heading names the domain and its level of readiness.
func (p *Page) heading(o *observation.Observation) {
	name := []text{{strong, o.Target.Name}}
	switch unicode := o.Target.Unicode; {
	case unicode == "" || unicode == o.Target.Name:
	case p.UTF8:
		name = []text{{strong, unicode}, {plain, "  (" + o.Target.Name + ")"}}
	}
	p.Put(name...)
	p.readiness(o)
	p.Put(text{faint, fmt.Sprintf("Checked %s UTC from %s in %s, %d DNS queries",
		o.Started.UTC().Format("2006-01-02 15:04"), terminal.Cut(terminal.Clean(o.Vantage), 20), took(o.Took), o.Queries)})
}

// readiness prints the level and the next one.
func (p *Page) readiness(o *observation.Observation) {
	levels := advice.Levels()
	most := len(levels) - 1
	level := min(int(o.Readiness), most)
	look := p.levelStyle(level)
	shown := []text{{look, fmt.Sprintf("%d of %d ", level, most)}, {look, p.ladder(level, most)}}
	if uncertain(o) {
		p.Put(append([]text{{plain, "Readiness at least "}}, shown...)...)
		p.Put(text{fair, "          not all of it could be measured from here"})
		return
	}
	p.Put(append(append([]text{{plain, "Readiness "}}, shown...), text{plain, " " + levelWords(o, level)})...)
	if level < most {
		p.Put(text{faint, fmt.Sprintf("%15s level %d: %s", "next,", level+1, levelWords(o, level+1))})
	}
}

// uncertain says whether the level might be higher if all could be measured.
func uncertain(o *observation.Observation) bool {
	verdicts := []observation.Verdict{o.DNS, o.V6Only}
	if o.Target.Kind != lists.CCTLD {
		verdicts = append(verdicts, o.Web, o.Mail)
	}
	unmeasured := func(v observation.Verdict) bool {
		return v.Status == observation.Unmeasured && v.Reason != observation.DNSFailure
	}
	return int(o.Readiness) < len(advice.Levels())-1 && slices.ContainsFunc(verdicts, unmeasured)
}

// levelWords are those of a level; a registry has no web site to speak of.
func levelWords(o *observation.Observation, level int) string {
	const web = 3
	if level == web && o.Target.Kind == lists.CCTLD {
		return advice.Levels()[web-1] + " (a ccTLD has no site of its own)"
	}
	return advice.Levels()[level]
}

func (p *Page) levelStyle(level int) style {
	switch {
	case level >= 4:
		return good
	case level >= 2:
		return fair
	}
	return bad
}

func (p *Page) ladder(level, most int) string {
	full, empty := "●", "○"
	if !p.UTF8 {
		full, empty = "#", "."
	}
	return strings.Repeat(full, level) + strings.Repeat(empty, most-level)
}

// took is a duration for people: "0.4 ms", "35 ms", "12.3 s".
func took(d time.Duration) string {
	ms := float64(d.Microseconds()) / 1000
	switch {
	case ms < 10:
		return fmt.Sprintf("%.1f ms", ms)
	case ms < 1000:
		return fmt.Sprintf("%.0f ms", ms)
	}
	return fmt.Sprintf("%.1f s", ms/1000)
}

// section is one part of the page.
type section struct {
	title string
	rows  []row   // about the whole
	hosts []group // the hosts below it
}

// group is one host of a section.
type group struct {
	name string
	rows []row
}

// row is one line across the page, or two cells side by side where it has a
// right one. Lines too long for their place are folded.
type row struct {
	left, right []text
	wide        bool // left is the only cell
}

// across returns a row of one cell.
func across(texts ...text) row { return row{left: texts, wide: true} }

// section prints a part of the page as a tree of two levels.
func (p *Page) section(s section) {
	p.Put(text{strong, terminal.Cut(s.title, p.Columns)})
	trunk, branch, last := "│  ", "├─ ", "└─ "
	if !p.UTF8 {
		trunk, branch, last = "|  ", "|- ", "`- "
	}
	prefix := trunk
	if len(s.hosts) == 0 {
		prefix = "   "
	}
	p.rows(prefix, s.rows)
	for i, host := range s.hosts {
		limb, prefix := branch, trunk
		if i == len(s.hosts)-1 {
			limb, prefix = last, "   "
		}
		p.Put(text{faint, limb}, text{plain, terminal.Cut(terminal.Clean(host.name), p.Columns-len("├─ "))})
		p.rows(prefix, host.rows)
	}
}

// gutter is the blank space between the cells of a row.
const gutter = 2

// rows prints rows behind a prefix of the tree. An IPv6 address takes more
// room than one of IPv4, so the right cell is the wider.
func (p *Page) rows(prefix string, rows []row) {
	const treeWidth = 3
	room := p.Columns - treeWidth
	leftRoom := (room - gutter) * 32 / 75
	for _, r := range rows {
		if r.wide {
			for _, line := range foldTexts(r.left, room) {
				p.Put(append([]text{{faint, prefix}}, line...)...)
			}
			continue
		}
		left, right := foldTexts(r.left, leftRoom), foldTexts(r.right, room-gutter-leftRoom)
		for i := range max(len(left), len(right)) {
			line := []text{{faint, prefix}}
			used := 0
			if i < len(left) {
				line = append(line, left[i]...)
				used = columnsOfTexts(left[i])
			}
			line = append(line, text{plain, strings.Repeat(" ", leftRoom+gutter-used)})
			if i < len(right) {
				line = append(line, right[i]...)
			}
			p.Put(line...)
		}
	}
}

func columnsOfTexts(texts []text) (n int) {
	for _, t := range texts {
		n += terminal.Columns(t.s)
	}
	return n
}

// foldTexts folds texts that stand in one cell. All but the last stay on the
// first line; the last is folded behind them.
func foldTexts(texts []text, room int) [][]text {
	if len(texts) == 0 {
		return nil
	}
	head, tail := texts[:len(texts)-1], texts[len(texts)-1]
	used := columnsOfTexts(head)
	margin := len(tail.s) - len(strings.TrimLeft(tail.s, " "))
	var lines [][]text
	for i, s := range terminal.Fold(tail.s, room-used-margin, 0) {
		line := []text{{plain, strings.Repeat(" ", used+margin)}, {tail.style, s}}
		if i == 0 {
			line = append(append([]text{}, head...), text{tail.style, strings.Repeat(" ", margin) + s})
		}
		lines = append(lines, line)
	}
	return lines
}
