package report

import (
	"io"
	"net/url"
	"strings"

	"golang.org/x/text/language"

	"adopt6/lists"
	"adopt6/report/words"
	"adopt6/scanner/observation"
	"adopt6/store"
)

// Failure is why a page cannot be shown; the words are those of "error."+kind.
type Failure string

// The failures.
const (
	NotFound    Failure = "notfound"
	BadRequest  Failure = "badrequest"
	NotAllowed  Failure = "notallowed"
	TooMany     Failure = "toomany"
	Unavailable Failure = "unavailable"
	NoScan      Failure = "noscan"
	Internal    Failure = "internal"
)

// FailurePage writes a page that says why there is no other. It may stand at any
// address, so what it links to is counted from the root.
func (s *Site) FailurePage(w io.Writer, lang string, why Failure) error {
	l, ok := s.locales[lang]
	if !ok {
		return &UnknownPageError{lang, string(why)}
	}
	view := struct {
		frame
		Text string
	}{s.frame(l, ""), l.T("error." + string(why) + ".text")}
	view.Title = l.T("error." + string(why))
	view.Root, view.Here, view.Address = "/", "/"+lang+"/", "index.html"
	return s.execute(w, view.frame, "error.html", view)
}

// foundView is a domain that a search found.
type foundView struct {
	domainView
	Country, Page string
}

// SearchPage writes what a search found in the scan of the site, cut says that
// there is more.
func (s *Site) SearchPage(w io.Writer, lang, query string, found []Entry, cut bool) error {
	l, ok := s.locales[lang]
	if !ok {
		return &UnknownPageError{lang, "search"}
	}
	view := struct {
		frame
		Note  string
		Found []foundView
	}{frame: s.frame(l, "search")}
	view.Title, view.Query, view.Address = l.T("search.title"), query, address("search", "q", query)
	switch {
	case len(query) < MinSearch:
		view.Note = l.T("search.short", l.N(MinSearch))
	case len(found) == 0:
		view.Note = l.T("search.none", query)
	case cut:
		view.Note = l.T("search.cut", l.N(len(found)))
	}
	for _, e := range found {
		v := foundView{domainView: s.domain(l, e.Domain)}
		v.Country, v.Page = s.place(l, e.Country)
		view.Found = append(view.Found, v)
	}
	return s.execute(w, view.frame, "search.html", view)
}

// place returns the name of a country and its page, which is empty for none.
func (s *Site) place(l *locale, code string) (name, page string) {
	c, known := lists.CountryByCode(code)
	if !known {
		c.Alpha2 = code
	}
	if s.CountryOf(countryPage(code)) != "" {
		page = countryPage(code)
	}
	return l.Country(c), page
}

// address is that of a page with one parameter.
func address(page, parameter, value string) string {
	return page + "?" + parameter + "=" + url.QueryEscape(value)
}

// historyView is a domain in one scan.
type historyView struct {
	domainView
	Date, Vantage string
}

// whyView is a verdict that is not ok, explained.
type whyView struct {
	Service, Class, Word, Token string
	ReasonText
}

// DomainPage writes the history of a domain, the latest scan first, with the
// reasons of the latest explained. It is an *UnknownPageError without a history.
func (s *Site) DomainPage(w io.Writer, lang string, history []Entry, scans []store.ScanInfo) error {
	l, ok := s.locales[lang]
	if !ok || len(history) == 0 {
		return &UnknownPageError{lang, "domain"}
	}
	view := struct {
		frame
		ASCII     string
		Country   link
		Latest    historyView
		Missing   bool // not in the scan of the site
		Reasons   []whyView
		Operators []string
		History   []historyView
	}{frame: s.frame(l, "domain"), Missing: history[0].Scan != s.data.Scan.ID}
	for _, operator := range history[0].Operators {
		view.Operators = append(view.Operators, visible(operator))
	}
	vantages := make(map[string]string)
	for _, scan := range scans {
		vantages[scan.ID.String()] = scan.Vantage
	}
	for _, e := range history {
		view.History = append(view.History, historyView{s.domain(l, e.Domain), l.Date(e.Started), vantages[e.Scan.String()]})
	}
	view.Latest = view.History[0]
	view.Title, view.ASCII = view.Latest.Name, view.Latest.ASCII
	view.Address = address("domain", "name", view.Latest.Query)
	view.Country.Name, view.Country.Page = s.place(l, history[0].Country)
	view.Reasons = s.why(l, history[0])
	return s.execute(w, view.frame, "domain.html", view)
}

// why explains the verdicts of a domain that are not ok.
func (s *Site) why(l *locale, e Entry) (list []whyView) {
	add := func(service, class, word, token string) {
		list = append(list, whyView{l.T("service." + service), class, word, token, s.reason(l.Lang, token)})
	}
	for _, v := range []struct {
		service string
		observation.Verdict
	}{{"dns", e.DNS}, {"web", e.Web}, {"mail", e.Mail}, {"v6_only", e.V6}} {
		if v.Status != observation.OK && v.Reason != observation.NotProbed {
			chip := s.verdict(l, v.Verdict)
			add(v.service, chip.Class, chip.Word, chip.Reason)
		}
	}
	if d := s.domain(l, e.Domain).DNSSEC; d.Reason != "" {
		add("dnssec", d.Class, d.Word, d.Reason)
	}
	return list
}

// Language chooses the language that a reader wants by the Accept-Language
// header (RFC 9110 section 12.5.4); English where it names none of ours.
func Language(header string) string {
	const longest = 256 // bytes; what parses headers is not made for more
	if len(header) > longest {
		header = ""
	}
	wanted, _, _ := language.ParseAcceptLanguage(header)
	tags := make([]language.Tag, 0, len(words.Languages))
	tags = append(tags, language.English) // the first stands in for others
	for _, lang := range words.Languages {
		if lang != "en" {
			tags = append(tags, language.MustParse(lang))
		}
	}
	_, at, _ := language.NewMatcher(tags).Match(wanted...)
	return tags[at].String()
}

// CleanName makes the name of a domain out of what people paste into a search:
// an address of the web, a name with www or a dot at the end.
func CleanName(text string) string {
	text = strings.TrimSpace(text)
	if _, rest, found := strings.Cut(text, "://"); found {
		text = rest
	}
	text, _, _ = strings.Cut(text, "/")
	return strings.TrimSuffix(strings.ToValidUTF8(text, ""), ".")
}
