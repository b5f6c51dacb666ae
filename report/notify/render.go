package notify

import (
	"embed"
	"encoding/json"
	"fmt"
	htmltemplate "html/template"
	"strings"
	texttemplate "text/template"
	"time"

	"adopt6/lists"
	"adopt6/report/words"
	"adopt6/scanner/observation"
)

//go:embed templates/digest.html templates/digest.txt
var templates embed.FS

// Explain returns the reasons in a language.
type Explain func(lang string) []observation.ReasonInfo

// Writer writes digests in one language.
type Writer struct {
	*words.Locale
	reasons map[observation.Reason]observation.ReasonInfo
}

// NewWriter returns a writer for one of words.Languages.
func NewWriter(lang string, explain Explain) *Writer {
	w := &Writer{Locale: words.NewLocale(lang), reasons: make(map[observation.Reason]observation.ReasonInfo)}
	for _, r := range explain(lang) {
		w.reasons[r.Reason] = r
	}
	return w
}

// Message is a digest as it is sent. It is written once, so that every try
// sends the same.
type Message struct {
	Subject string          `json:"subject"`
	Lang    string          `json:"lang"`
	Text    string          `json:"text,omitempty"`
	HTML    string          `json:"html,omitempty"`
	JSON    json.RawMessage `json:"json,omitempty"`
}

// Write writes a digest in every form. id is what it is known by.
func (w *Writer) Write(d *Digest, id string) (m Message, err error) {
	p := w.page(d, id)
	var text, html strings.Builder
	if err := texttemplate.Must(texttemplate.ParseFS(templates, "templates/digest.txt")).Execute(&text, p); err != nil {
		return m, fmt.Errorf("write the digest as text: %w", err)
	}
	if err := htmltemplate.Must(htmltemplate.ParseFS(templates, "templates/digest.html")).Execute(&html, p); err != nil {
		return m, fmt.Errorf("write the digest as HTML: %w", err)
	}
	body, err := json.Marshal(w.payload(d, id))
	if err != nil {
		return m, fmt.Errorf("write the digest as JSON: %w", err)
	}
	return Message{Subject: p.Subject, Lang: w.Lang, Text: text.String(), HTML: html.String(), JSON: body}, nil
}

// page is a digest in the words of a language.
type page struct {
	*words.Locale
	Subject, Title string
	Warnings       []string // that it is a test, or of a lab
	Facts          []string
	Counts         []string // of all countries, in the order of the columns
	Columns        []string
	Countries      []countryRow
	Sections       []section
	More, Held     string
	None           string
	See            string
	Link           string // of See, where it is a web page
	Reasons        []reason
	Footer         string
}

type countryRow struct {
	Name   string
	Counts []string
}

// section is what changed in a country.
type section struct {
	Title   string
	Domains []domain
}

type domain struct {
	Name    string
	Changes []string
}

type reason struct{ Text, Fix string }

func (w *Writer) page(d *Digest, id string) *page {
	job := d.Job
	if job == "" {
		job = d.List
	}
	p := &page{Locale: w.Locale, Footer: w.T("digest.footer", id)}
	p.Title = w.T("digest.title", w.Date(d.From.Started), w.Date(d.To.Started))
	p.Columns = []string{w.T("digest.gained"), w.T("digest.lost"), w.T("digest.broken")}
	p.Counts = w.numbers(d.Counts)
	p.Subject = w.T("digest.subject", clean(job, 60), strings.Join(w.labelled(p.Columns, p.Counts), " · "))
	if d.Test {
		p.Warnings = append(p.Warnings, w.T("digest.test"))
	}
	if d.Simulated {
		p.Warnings = append(p.Warnings, w.T("method.simulated"))
	}
	for _, fact := range [][2]string{{"digest.job", d.Job}, {"digest.list", d.List}, {"digest.vantage", d.Vantage}} {
		if fact[1] != "" {
			p.Facts = append(p.Facts, w.T("pair", w.T(fact[0]), clean(fact[1], maxDetail)))
		}
	}
	p.Facts = append(p.Facts, w.Count(d.Domains.Common, "digest.common", w.N(d.Domains.Common)))
	for _, c := range d.Countries {
		p.Countries = append(p.Countries, countryRow{w.country(c.Country), w.numbers(c.Counts)})
	}
	if !d.News() {
		p.None = w.T("digest.none")
	}
	if d.LeftOff > 0 {
		p.More = w.Count(d.LeftOff, "digest.more", w.N(d.LeftOff))
	}
	if d.Held > 0 {
		p.Held = w.Count(d.Held, "digest.held", w.N(d.Held))
	}
	p.Sections, p.Reasons = w.sections(d.Changes)
	p.Link, p.See = d.See, d.See
	if d.See == "" && !d.Test {
		p.See = fmt.Sprintf("adopt6 changes --from %s --to %s", d.From.ID, d.To.ID)
	}
	return p
}

// Labelled writes the counts of a country in one line.
func (p *page) Labelled(counts []string) string {
	return strings.Join((&Writer{Locale: p.Locale}).labelled(p.Columns, counts), " · ")
}

func (w *Writer) labelled(labels, values []string) (list []string) {
	for i, label := range labels {
		list = append(list, w.T("pair", label, values[i]))
	}
	return list
}

func (w *Writer) numbers(c Counts) []string {
	return []string{w.N(c.Gained), w.N(c.Lost), w.N(c.Broken)}
}

// sections groups changes by country, kind and domain, and collects their
// reasons.
func (w *Writer) sections(changes []observation.Change) (list []section, reasons []reason) {
	var last observation.Change
	explained := make(map[observation.Reason]bool)
	for i, c := range changes {
		if i == 0 || c.Country != last.Country || c.Kind != last.Kind {
			list = append(list, section{Title: w.T("bracketed", w.country(c.Country), clean(w.Word("kind", string(c.Kind)), maxDetail))})
		}
		s := &list[len(list)-1]
		if len(s.Domains) == 0 || c.Domain != last.Domain {
			s.Domains = append(s.Domains, domain{Name: clean(c.Domain, maxName)})
		}
		d := &s.Domains[len(s.Domains)-1]
		d.Changes = append(d.Changes, w.change(c))
		if r, known := w.reasons[c.Reason]; known && !explained[c.Reason] && c.News != observation.Gained {
			explained[c.Reason] = true
			if r.Fix != "" {
				reasons = append(reasons, reason{r.Text, w.T("reasons.fix", r.Fix)})
			}
		}
		last = c
	}
	return list, reasons
}

// change says in one line what became of a service, and why.
func (w *Writer) change(c observation.Change) string {
	line := w.T("pair", w.service(c.Service), w.T("digest.became", w.status(c.Service, c.Before), w.status(c.Service, c.After)))
	text := w.reason(c.Reason)
	if text == "" {
		return line
	}
	if c.News == observation.Gained && (c.After == "ok" || c.After == "secure") {
		text = w.T("digest.was", text)
	}
	return line + w.Stop() + text
}

func (w *Writer) reason(r observation.Reason) string {
	if known, ok := w.reasons[r]; ok {
		return known.Text
	}
	return clean(string(r), maxDetail) // of a newer program
}

func (w *Writer) service(name string) string {
	token := name
	if name != "v6_only" {
		token = strings.TrimSuffix(name, "_v6")
	}
	return clean(w.Word("service", token), maxDetail)
}

func (w *Writer) status(service, status string) string {
	group := "status"
	if service == "dnssec" {
		group = "dnssec"
	}
	return clean(w.Word(group, status), maxDetail)
}

func (w *Writer) country(code string) string {
	if c, known := lists.CountryByCode(code); known {
		return w.Country(c)
	}
	return clean(w.Country(lists.Country{Alpha2: code}), maxDetail)
}

// payload is a digest as programs read it: the payload of Standard Webhooks,
// with a type, the time and the data.
type payload struct {
	Type      string      `json:"type"`
	Timestamp time.Time   `json:"timestamp"`
	Data      payloadData `json:"data"`
}

// eventType is the type of every payload.
const eventType = "adopt6.changes"

type payloadData struct {
	ID        string               `json:"id"`
	Job       string               `json:"job"`
	List      string               `json:"list"`
	Vantage   string               `json:"vantage"`
	Test      bool                 `json:"test"`
	Simulated bool                 `json:"simulated"`
	Language  string               `json:"language"`
	From      Scan                 `json:"from"`
	To        Scan                 `json:"to"`
	Domains   observation.Compared `json:"domains"`
	Counts    Counts               `json:"counts"`
	Countries []payloadCountry     `json:"countries"`
	Changes   []payloadChange      `json:"changes"`
	LeftOff   uint64               `json:"left_off"`
	Held      uint64               `json:"held"`
	See       string               `json:"see,omitempty"`
}

type payloadCountry struct {
	Country string `json:"country"`
	Name    string `json:"name"`
	Counts
}

type payloadChange struct {
	Domain  string           `json:"domain"`
	Kind    string           `json:"kind"`
	Country string           `json:"country"`
	Service string           `json:"service"`
	News    observation.News `json:"news"`
	Before  string           `json:"before"`
	After   string           `json:"after"`
	Reason  string           `json:"reason,omitempty"`
	Text    string           `json:"text,omitempty"`
	Fix     string           `json:"fix,omitempty"`
}

func (w *Writer) payload(d *Digest, id string) payload {
	data := payloadData{
		ID: id, Job: clean(d.Job, maxDetail), List: clean(d.List, maxDetail), Vantage: clean(d.Vantage, maxDetail),
		Test: d.Test, Simulated: d.Simulated, Language: w.Lang, From: d.From, To: d.To, Domains: d.Domains, Counts: d.Counts,
		Countries: []payloadCountry{}, Changes: []payloadChange{}, LeftOff: d.LeftOff, Held: d.Held, See: d.See,
	}
	for _, c := range d.Countries {
		data.Countries = append(data.Countries, payloadCountry{c.Country, w.country(c.Country), c.Counts})
	}
	for _, c := range d.Changes {
		known := w.reasons[c.Reason]
		data.Changes = append(data.Changes, payloadChange{
			clean(c.Domain, maxName), string(c.Kind), c.Country, c.Service, c.News, c.Before, c.After, clean(string(c.Reason), maxDetail), known.Text, known.Fix,
		})
	}
	return payload{eventType, d.Created.UTC().Truncate(time.Second), data}
}
