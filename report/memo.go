package report

import (
	"cmp"
	"io"
	"slices"
	"strings"
)

// memoFiles are the endings of the forms of a country's page that are pasted
// into a memo: Markdown, and HTML that word processors read.
var memoFiles = []string{"-memo.md", "-memo.html"}

// memo is a country's page without its charts and its table of domains, as a
// sequence of blocks that any text format can write.
type memo struct {
	*locale
	Title  string
	Blocks []block
}

// block is a heading, a paragraph, a list or a table: whichever is not empty.
type block struct {
	Heading string
	Level   int // of the heading
	Text    string
	Strong  bool // of the text
	Items   []memoLink
	Table   *memoTable
}

// memoLink is a text and where it leads, if anywhere.
type memoLink struct{ Text, Address string }

// memoTable is a table whose first column names the rows. The others hold
// numbers, but those of Words.
type memoTable struct {
	Head  []string
	Rows  [][]cell
	Words []int
}

// Number says whether a column holds numbers.
func (t *memoTable) Number(column int) bool { return column > 0 && !slices.Contains(t.Words, column) }

// cell is a cell of a table. Network says that the text came from the network.
type cell struct {
	Text    string
	Network bool
}

func plain(texts ...string) (list []cell) {
	for _, text := range texts {
		list = append(list, cell{Text: text})
	}
	return list
}

// CountryMemo writes a country's page for a memo, by the ending of its name:
// "-memo.md" or "-memo.html". The country is one of LoadCountry's.
func (s *Site) CountryMemo(w io.Writer, lang string, c *Country, ending string) error {
	l, ok := s.locales[lang]
	if !ok || s.pageOf(c.Alpha2) == "" {
		return &UnknownPageError{lang, countryPage(c.Alpha2) + ending}
	}
	brief := &Country{Country: c.Country}
	for _, section := range c.Sections {
		own := *section
		own.Domains = nil // a memo has none, and they are most of the work
		brief.Sections = append(brief.Sections, &own)
	}
	m := newMemo(s.countryView(s.frame(l, countryPage(c.Alpha2)), brief))
	switch ending {
	case "-memo.md":
		return m.markdown(w)
	case "-memo.html":
		return s.pages.ExecuteTemplate(w, "memo.html", m)
	}
	return &UnknownPageError{lang, countryPage(c.Alpha2) + ending}
}

// newMemo takes from a country's page what a memo says.
func newMemo(v countryView) *memo {
	m := &memo{locale: v.locale, Title: v.T("pair", v.T("site.title"), v.Title)}
	m.heading(1, m.Title)
	m.text(v.T("world.lead", v.Date(v.Scan.Started)))
	if v.Simulated {
		m.strong(v.T("method.simulated"))
	}
	if v.Scan.Finished.IsZero() {
		m.strong(v.T("method.unfinished"))
	}
	for _, text := range v.Unable() {
		m.strong(text)
	}
	for _, section := range v.Sections {
		m.section(section, v.Scan.List, v.Scan.Vantage)
	}
	m.text(v.T("memo.domains", v.Page+"-domains.csv"))
	m.heading(2, v.T("h.clauses"))
	m.text(v.T("clause.note"))
	var items []memoLink
	for _, c := range v.Clauses {
		sentences := []string{c.Name + v.Stop() + c.Part + v.Stop() + c.Text}
		if c.Unverified {
			sentences = append(sentences, v.T("clause.unverified"))
		}
		for _, tie := range c.Ties {
			sentences = append(sentences, tie+v.Stop())
		}
		items = append(items, memoLink{strings.TrimSpace(strings.Join(sentences, v.Gap())), cmp.Or(c.Source, c.Link)})
	}
	m.Blocks = append(m.Blocks, block{Items: items})
	m.heading(2, v.T("h.method"))
	m.text(v.Method, v.Coverage, v.T("method.p1"), v.T("method.p2"), v.T("method.p3"), v.T("method.p4"))
	m.heading(2, v.T("h.cite"))
	m.text(v.Cite)
	return m
}

// section writes what the page says of one kind of target.
func (m *memo) section(v sectionView, list, vantage string) {
	m.heading(2, m.Word("kind", string(v.Kind)))
	m.strong(m.lead(v))
	if v.Share.Interval != "" {
		m.text(m.T("country.interval", v.Ends[0], v.Ends[1]))
	}
	if v.Share.Few {
		m.text(m.T("few"))
	}
	m.text(v.Unmeasured)
	m.heading(3, m.T("h.figures"))
	if v.Compared != "" {
		m.text(m.T("change.note", v.Compared))
	}
	m.figures(v.Key, v.Compared)
	if v.History != nil {
		m.heading(3, m.T("h.history"))
		t := m.table(m.T("col.date"), v.Share.Name, m.T("col.interval"), m.T("col.basis"))
		for _, p := range v.History.Points {
			t.Rows = append(t.Rows, plain(p.Date, p.Value, p.Interval, p.Basis))
		}
		m.text(m.T("history.note", list, vantage))
	}
	m.heading(3, m.T("h.blocks"))
	m.blockers(v.Blockers)
	if len(v.Operators) > 0 {
		m.heading(3, m.T("h.operators"))
		t := m.table(m.T("col.operator"), m.T("col.opdomains"), m.T("col.opok"), m.T("col.opfrees"))
		for _, op := range v.Operators {
			t.Rows = append(t.Rows, append([]cell{{op.Name, true}}, plain(m.N(op.Domains), m.N(op.OK), m.N(op.Frees))...))
		}
	}
	m.failures(v.Failures)
	if len(v.Peers) > 0 {
		m.heading(3, m.T("h.peers"))
		m.text(m.T("noranking"))
		t := m.table(m.T("col.country"), v.Share.Name, m.T("col.interval"), m.T("col.basis"), m.T("peers.beside"))
		t.Words = []int{4}
		for _, p := range v.Peers {
			t.Rows = append(t.Rows, plain(p.Name, p.Figure.value(), p.Figure.interval(), p.Figure.Basis, p.Beside))
		}
	}
	m.heading(3, m.T("h.all"))
	m.figures(v.All, v.Compared)
}

// figures writes a table of indicators, with the value of an earlier scan where
// there is one.
func (m *memo) figures(list []figure, compared string) {
	head := []string{m.T("col.indicator"), m.T("col.value"), m.T("col.interval"), m.T("col.basis"), m.T("col.unmeasured")}
	if compared != "" {
		head = append(head, compared, m.T("col.change"))
	}
	t := m.table(head...)
	t.Words = []int{6}
	for _, f := range list {
		row := plain(f.Name, f.value(), f.interval(), f.Basis, m.unmeasured(f))
		if compared != "" {
			row = append(row, plain(f.Before, m.full(f.Change))...)
		}
		t.Rows = append(t.Rows, row)
	}
	m.text("* "+m.T("few"), m.T("bounds.note"))
}

func (m *memo) blockers(list []blockerView) {
	if len(list) == 0 {
		m.text(m.T("blocks.none"))
		return
	}
	m.text(m.T("blocks.note"))
	t := m.table(m.T("col.reason"), m.T("col.fix"), m.T("col.freed"), m.T("col.affected"))
	t.Words = []int{1}
	for _, b := range list {
		reason := cell{b.Text, false}
		if b.Text == "" {
			reason = cell{visible(b.Token), true}
		}
		t.Rows = append(t.Rows, append([]cell{reason}, plain(b.Fix, b.Alone, b.Domains)...))
	}
}

func (m *memo) failures(list []failureView) {
	if len(list) == 0 {
		return
	}
	m.heading(3, m.T("h.failures"))
	m.text(m.T("failures.note"))
	t := m.table(m.T("col.server"), m.T("col.service"), m.T("col.address"), m.T("col.reason"), m.T("col.seen"), m.T("col.affected"))
	t.Words = []int{1, 2, 3, 4}
	for _, f := range list {
		seen := strings.Join(f.Seen, "; ")
		t.Rows = append(t.Rows, []cell{{f.Host, true}, {f.Service, false}, {f.Address, true}, {f.Reason.Reason, true}, {seen, true}, {f.Domains, false}})
	}
}

func (m *memo) heading(level int, text string) {
	m.Blocks = append(m.Blocks, block{Heading: text, Level: level})
}

// text writes sentences as one paragraph; none without any.
func (m *memo) text(sentences ...string) {
	if text := strings.TrimSpace(strings.Join(sentences, m.Gap())); text != "" {
		m.Blocks = append(m.Blocks, block{Text: text})
	}
}

func (m *memo) strong(text string) { m.Blocks = append(m.Blocks, block{Text: text, Strong: true}) }

func (m *memo) table(head ...string) *memoTable {
	t := &memoTable{Head: head}
	m.Blocks = append(m.Blocks, block{Table: t})
	return t
}

// value is the figure's value with a mark where it is of few; a dash where
// nothing was measured.
func (f figure) value() string {
	switch {
	case f.Value == "":
		return "–"
	case f.Few:
		return f.Value + " *"
	}
	return f.Value
}

// lead is the headline with its share; the share of few is left out.
func (m *memo) lead(v sectionView) string {
	if v.Share.Interval != "" {
		return m.T("bracketed", v.Headline, v.Share.Value)
	}
	return v.Headline
}

// full is the change with what it was counted on.
func (m *memo) full(c change) string {
	if c.Basis == "" {
		return c.Text
	}
	return m.T("bracketed", c.Text, c.Basis)
}

// unmeasured is how many were not measured, with what they could make of the
// share.
func (m *memo) unmeasured(f figure) string {
	if f.Bounds == "" {
		return f.Unmeasured
	}
	return m.T("bracketed", f.Unmeasured, f.Bounds)
}

// interval is empty where the figure is of few: it would seem to say more.
func (f figure) interval() string {
	if f.Few {
		return ""
	}
	return f.Interval
}
