package report

import (
	"embed"
	"fmt"
	"html/template"
	"io"
	"slices"
	"strings"

	"adopt6/lists"
	"adopt6/report/words"
	"adopt6/store/indicator"
)

//go:embed templates/*.html
var templateFiles embed.FS

//go:embed assets/site.css assets/site.js assets/charts.js assets/icon.svg
var assetFiles embed.FS

// ReasonText explains a reason in one language.
type ReasonText struct {
	Text, Fix string
	// English says that the words are English on a page of another language.
	English bool
}

// SiteOptions are what pages say beside the data.
type SiteOptions struct {
	Languages []string // all six when empty
	// Countries have a page, by alpha-2 code; all when empty. The others stand
	// in tables and maps without a link.
	Countries []string
	Reasons   map[string]map[string]ReasonText // by language and reason; English stands in for a missing one
	Live      bool                             // the pages are served, and a domain can be searched for
}

// Site makes the pages of one scan. It is safe for concurrent use.
type Site struct {
	data    *Data
	options SiteOptions
	locales map[string]*locale
	ordered map[string][]*Country // by language, in the order of the names
	pages   *template.Template
	groups  map[string]int // index in data.Groups by page
}

// NewSite prepares the pages.
func NewSite(d *Data, o SiteOptions) (*Site, error) {
	if len(o.Languages) == 0 {
		o.Languages = words.Languages
	}
	s := &Site{data: d, options: o, locales: make(map[string]*locale), ordered: make(map[string][]*Country), groups: make(map[string]int)}
	for _, lang := range o.Languages {
		if !slices.Contains(words.Languages, lang) {
			return nil, fmt.Errorf("there are no words for the language %q; there are %s", lang, strings.Join(words.Languages, ", "))
		}
		l := newLocale(lang)
		l.rules, l.before = indicator.RulesOf(d.Scan), indicator.RulesOf(d.Compared)
		s.locales[lang] = l
		s.ordered[lang] = s.locales[lang].sorted(d.Countries)
	}
	for i, g := range d.Groups {
		s.groups[GroupPage(g.ID)] = i
	}
	var err error
	s.pages, err = template.ParseFS(templateFiles, "templates/*.html")
	return s, err
}

// GroupPage is the name of the page of a group: "region-arab-states".
func GroupPage(id string) string {
	if id == "world" {
		return "index"
	}
	return strings.NewReplacer(":", "-", " ", "-", "_", "-").Replace(strings.ToLower(id))
}

// countryPage is the name of the page of a country: "tg". Targets of no country
// have none.
func countryPage(code string) string { return strings.ToLower(code) }

// Pages returns the names of all pages: those of WorldPages and of countries.
func (s *Site) Pages() []string {
	list := s.WorldPages()
	for _, code := range s.codes() {
		list = append(list, countryPage(code))
	}
	return list
}

// WorldPages are "index", "method", "glossary", that of IDN ccTLDs where the
// scan has some, and the pages of the groups.
func (s *Site) WorldPages() []string {
	list := []string{"index", "method", "glossary"}
	if len(s.data.Siblings) > 0 {
		list = append(list, idnPage)
	}
	for _, g := range s.data.Groups[1:] {
		list = append(list, GroupPage(g.ID))
	}
	return list
}

// codes are those of the countries with a page.
func (s *Site) codes() (list []string) {
	for _, c := range s.data.Countries {
		if s.pageOf(c.Alpha2) != "" {
			list = append(list, c.Alpha2)
		}
	}
	return list
}

// pageOf is the name of a country's page; empty where it has none.
func (s *Site) pageOf(code string) string {
	if s.data.Country(code) == nil || len(s.options.Countries) > 0 && !slices.Contains(s.options.Countries, code) {
		return ""
	}
	return countryPage(code)
}

// UnknownPageError says that there is no such page.
type UnknownPageError struct{ Lang, Page string }

func (e *UnknownPageError) Error() string {
	return fmt.Sprintf("there is no page %s/%s", e.Lang, e.Page)
}

// Page writes one page in one language; those of countries are CountryPage's.
func (s *Site) Page(w io.Writer, lang, page string) error {
	l, ok := s.locales[lang]
	if !ok {
		return &UnknownPageError{lang, page}
	}
	frame := s.frame(l, page)
	switch group, isGroup := s.groups[page]; {
	case isGroup:
		return s.execute(w, frame, "group.html", s.groupView(frame, s.data.Groups[group]))
	case page == "method":
		frame.Title = l.T("nav.method")
		return s.execute(w, frame, "method.html", s.methodView(frame))
	case page == idnPage && len(s.data.Siblings) > 0:
		view := s.idnView(frame)
		return s.execute(w, view.frame, "idn.html", view)
	case page == "glossary":
		frame.Title = l.T("nav.glossary")
		return s.execute(w, frame, "glossary.html", s.glossaryView(frame))
	}
	return &UnknownPageError{lang, page}
}

// CountryPage writes the page of a country as LoadCountry returns it.
func (s *Site) CountryPage(w io.Writer, lang string, c *Country) error {
	l, ok := s.locales[lang]
	if !ok || c.Alpha2 == "" {
		return &UnknownPageError{lang, countryPage(c.Alpha2)}
	}
	frame := s.frame(l, countryPage(c.Alpha2))
	return s.execute(w, frame, "country.html", s.countryView(frame, c))
}

// CountryOf returns the code of the country whose page has a name, or nothing.
func (s *Site) CountryOf(page string) string {
	code := strings.ToUpper(page)
	if page == "" || page != s.pageOf(code) {
		return ""
	}
	return code
}

func (s *Site) frame(l *locale, page string) frame {
	return frame{locale: l, Page: page, Scan: s.data.Scan, Root: "../", Simulated: s.simulated(), Languages: s.languages(),
		Live: s.options.Live, Address: page + ".html"}
}

func (s *Site) execute(w io.Writer, f frame, name string, view any) error {
	if err := s.pages.ExecuteTemplate(w, name, view); err != nil {
		return fmt.Errorf("write page %s/%s: %w", f.Lang, f.Page, err)
	}
	return nil
}

// Front writes the page where a reader chooses the language.
func (s *Site) Front(w io.Writer) error {
	return s.pages.ExecuteTemplate(w, "front.html", s.languages())
}

// simulated says whether the figures are of a lab.
func (s *Site) simulated() bool { return s.data.Scan.Simulated }

// languages are the locales of the site in their order.
func (s *Site) languages() (list []*locale) {
	for _, lang := range s.options.Languages {
		list = append(list, s.locales[lang])
	}
	return list
}

// explains says whether the glossary has a reason.
func (s *Site) explains(token string) bool { return s.options.Reasons["en"][token] != ReasonText{} }

// reason explains a reason in a language, or in English where that is missing.
func (s *Site) reason(lang, token string) ReasonText {
	if text, ok := s.options.Reasons[lang][token]; ok {
		return text
	}
	text := s.options.Reasons["en"][token]
	text.English = lang != "en"
	return text
}

// clauses returns the clauses that indicators of a kind serve: all for the
// page about the method, or those that address every state and are tied by more
// than their subject.
func (s *Site) clauses(l *locale, kind lists.Kind, all bool) (list []clauseView) {
	for _, c := range lists.Policy() {
		v := clauseView{Name: c.Instrument.Names.In(l.Lang), Part: c.Cited.In(l.Lang), Text: c.Paraphrase.In(l.Lang), Unverified: !c.Verified}
		if c.Instrument.AddressSeen {
			v.Link = c.Instrument.Address
		}
		if strings.Contains(c.Source, "://") {
			v.Source = c.Source
		}
		if c.OfChange {
			v.Text += l.Gap() + l.T("clause.change")
		}
		for _, strength := range []lists.Strength{lists.Direct, lists.ByReading, lists.Thin} {
			ids := c.With(strength)
			served := names(l, kind, func(i indicator.Indicator) bool { return slices.Contains(ids, i.ID) })
			if len(served) > 0 && (all || strength != lists.Thin) {
				v.Ties = append(v.Ties, l.T("clause."+string(strength), strings.Join(served, " · ")))
			}
		}
		if all || len(v.Ties) > 0 && c.Instrument.Body == lists.ITU {
			list = append(list, v)
		}
	}
	return list
}

// clauseView is a clause: the name of its text, its position in it, what it says
// in our words, and one line for each strength by which indicators are tied.
type clauseView struct {
	Name, Part, Text string
	Link, Source     string // of the text, and of what was read; empty without
	Unverified       bool
	Ties             []string
}

// names are those of the indicators of a kind that are chosen.
func names(l *locale, kind lists.Kind, chosen func(indicator.Indicator) bool) (list []string) {
	for _, i := range indicator.All() {
		if i.Covers(kind) && chosen(i) {
			list = append(list, i.Names().In(l.Lang))
		}
	}
	return list
}
