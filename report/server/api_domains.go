package server

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/report"
	"adopt6/report/words"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
)

// domainItem is a domain in one scan.
type domainItem struct {
	Scan      uuid.UUID   `json:"scan"`
	Started   time.Time   `json:"started"` // of the scan
	Domain    string      `json:"domain"`
	Unicode   string      `json:"domain_unicode"`
	Country   string      `json:"country"`
	Kind      lists.Kind  `json:"kind"`
	Level     string      `json:"government_level"`
	Readiness uint8       `json:"readiness"`
	DNS       verdictItem `json:"dns_v6"`
	Web       verdictItem `json:"web_v6"`
	Mail      verdictItem `json:"mail_v6"`
	V6Only    verdictItem `json:"v6_only"`
	DNSSEC    verdictItem `json:"dnssec"`
	Operators []string    `json:"operators"`
	FreedBy   []string    `json:"freed_by"`
}

type verdictItem struct {
	Status string `json:"status"`
	Reason string `json:"reason"` // empty where the status needs none
}

func newDomainItem(e report.Entry) domainItem {
	of := func(v observation.Verdict) verdictItem { return verdictItem{v.Status.String(), string(v.Reason)} }
	valid := func(names []string) []string {
		list := make([]string, 0, len(names))
		for _, name := range names {
			list = append(list, strings.ToValidUTF8(name, "\uFFFD"))
		}
		return list
	}
	return domainItem{e.Scan, e.Started, e.Name, e.Unicode, e.Country, e.Kind, e.Level, e.Readiness,
		of(e.DNS), of(e.Web), of(e.Mail), of(e.V6), verdictItem{e.DNSSEC, e.DNSSECReason}, valid(e.Operators), valid(e.FreedBy)}
}

var (
	statuses = []string{"ok", "partial", "absent", "broken", "unmeasured"}
	states   = []string{"secure", "insecure", "bogus", "indeterminate"}
)

// maxReadiness is the highest level that a domain can have.
const maxReadiness = 5

// choice reads which domains are asked for.
func (s *Server) choice(q *query) (c report.Choice, err error) {
	c = report.Choice{Readiness: -1, Text: q.values["q"], Reason: q.values["reason"]}
	for _, f := range []struct {
		to        *string
		parameter string
		allowed   []string
	}{{&c.Kind, "kind", kindNames()}, {&c.DNS, "dns_v6", statuses}, {&c.Web, "web_v6", statuses}, {&c.Mail, "mail_v6", statuses},
		{&c.V6Only, "v6_only", statuses}, {&c.DNSSEC, "dnssec", states}} {
		if *f.to, err = q.oneOf(f.parameter, f.allowed...); err != nil {
			return c, err
		}
	}
	if country, given := q.values["country"]; given {
		if c.Country, err = countryCode(country); err != nil {
			return c, err
		}
	}
	if level, given := q.values["readiness"]; given {
		if c.Readiness, err = strconv.Atoi(level); err != nil || c.Readiness < 0 || c.Readiness > maxReadiness {
			return c, wrong("readiness", "it is a whole number from 0 to %d", maxReadiness)
		}
	}
	if _, given := q.values["q"]; given && (len(c.Text) < report.MinSearch || len(c.Text) > report.MaxSearch) {
		return c, wrong("q", "it is %d to %d bytes of a name", report.MinSearch, report.MaxSearch)
	}
	if _, known := s.cfg.Site.Reasons["en"][c.Reason]; c.Reason != "" && !known {
		return c, wrong("reason", "there is no such reason; /api/v1/reasons lists them")
	}
	return c, nil
}

func (s *Server) listDomains(q *query) (any, error) {
	scan, from, limit, err := q.position()
	if err != nil {
		return nil, err
	}
	chosen, err := s.choice(q)
	if err != nil {
		return nil, err
	}
	chosen.From = from
	ctx, cancel := context.WithTimeout(q.Context(), s.cfg.Timeout)
	defer cancel()
	var items []domainItem
	var next uint64
	err = s.query(ctx, "domains", func(ctx context.Context, st *store.Store) error {
		found, after, err := report.Choose(ctx, st, scan, chosen, limit)
		for _, e := range found {
			items = append(items, newDomainItem(e))
		}
		next = after
		return err
	})
	if err != nil {
		return nil, err
	}
	return newListing(scan, items, next), nil
}

func (s *Server) oneDomain(q *query) (any, error) {
	name, unicode, err := lists.Normalize(q.PathValue("domain"))
	if err != nil {
		return nil, &requestError{status: http.StatusBadRequest, detail: "that is not a name of a domain", parameter: "domain"}
	}
	history, err := s.history(q.Context(), q.world, name)
	if err != nil {
		return nil, err
	}
	if len(history) == 0 {
		return nil, &requestError{status: http.StatusNotFound, detail: "no scan has this domain"}
	}
	answer := struct {
		Domain  string       `json:"domain"`
		Unicode string       `json:"domain_unicode"`
		History []domainItem `json:"history"` // the latest scan first
	}{Domain: name, Unicode: unicode}
	for _, e := range history {
		answer.History = append(answer.History, newDomainItem(e))
	}
	return answer, nil
}

type (
	countryAnswer struct {
		Scan     uuid.UUID  `json:"scan"`
		Compared *uuid.UUID `json:"compared"` // the scan that changes are counted from; null for none
		countryItem
		Kinds []countryKind `json:"kinds"`
	}
	countryKind struct {
		Kind       lists.Kind            `json:"kind"`
		Targets    uint64                `json:"targets"`
		Indicators []countryValue        `json:"indicators"`
		History    []pointItem           `json:"history"`
		Blockers   []report.Blocker      `json:"blockers"`
		Operators  []report.Operator     `json:"operators"`
		Failures   []report.FailedServer `json:"failures"`
	}
	countryValue struct {
		valueItem
		Change *indicator.Change `json:"change"` // null where no change can be counted
	}
	pointItem struct {
		Started     time.Time `json:"started"`
		Numerator   uint64    `json:"numerator"`
		Denominator uint64    `json:"denominator"`
	}
)

// maxOperators bounds the operators of a country in one answer.
const maxOperators = 1000

func (s *Server) oneCountry(q *query) (any, error) {
	code, err := countryCode(q.PathValue("country"))
	if err != nil {
		return nil, err
	}
	if q.world.data.Country(code) == nil {
		return nil, &requestError{status: http.StatusNotFound, detail: "the latest scan has no target of this country"}
	}
	c, err := s.country(q.Context(), q.world, code)
	if err != nil {
		return nil, err
	}
	answer := countryAnswer{Scan: q.world.data.Scan.ID, countryItem: newCountryItem(code, q.world.data.Scan.Started), Kinds: []countryKind{}}
	if earlier := q.world.data.Compared.ID; earlier != uuid.Nil {
		answer.Compared = &earlier
	}
	for _, section := range c.Sections {
		answer.Kinds = append(answer.Kinds, newCountryKind(section, indicator.RulesOf(q.world.data.Scan)))
	}
	return answer, nil
}

func newCountryKind(section *report.Section, rules indicator.Rules) countryKind {
	kind := countryKind{Kind: section.Kind, Targets: section.Targets, Indicators: []countryValue{}, History: []pointItem{},
		Blockers: section.Blockers, Operators: slices.Clone(section.Operators[:min(len(section.Operators), maxOperators)])}
	kind.Failures = append([]report.FailedServer{}, section.Failures...)
	for i := range kind.Operators {
		kind.Operators[i].Name = strings.ToValidUTF8(kind.Operators[i].Name, "\uFFFD")
	}
	for _, r := range section.Rows {
		value := countryValue{valueItem: newValueItem(r, rules)}
		if c, counted := section.Changes[r.Indicator]; counted && c.Common > 0 {
			value.Change = &c
		}
		kind.Indicators = append(kind.Indicators, value)
	}
	for _, p := range section.History {
		kind.History = append(kind.History, pointItem{p.Started, p.Numerator, p.Denominator})
	}
	return kind
}

type reasonItem struct {
	Reason string `json:"reason"`
	Text   string `json:"text"`
	Fix    string `json:"fix"`
	Lang   string `json:"lang"` // of the text
}

func (s *Server) newReasonItem(lang, token string) reasonItem {
	text, known := s.cfg.Site.Reasons[lang][token]
	if !known {
		text, lang = s.cfg.Site.Reasons["en"][token], "en"
	}
	return reasonItem{token, text.Text, text.Fix, lang}
}

// lang is the language that is asked for, English without one.
func (q *query) lang() (string, error) {
	lang, err := q.oneOf("lang", words.Languages...)
	if lang == "" {
		lang = "en"
	}
	return lang, err
}

func (s *Server) listReasons(q *query) (any, error) {
	lang, err := q.lang()
	if err != nil {
		return nil, err
	}
	return listed(q, func(store.ScanInfo) (list []reasonItem, _ error) {
		for _, token := range slices.Sorted(maps.Keys(s.cfg.Site.Reasons["en"])) {
			list = append(list, s.newReasonItem(lang, token))
		}
		return list, nil
	})
}

func (s *Server) oneReason(q *query) (any, error) {
	lang, err := q.lang()
	if err != nil {
		return nil, err
	}
	token := q.PathValue("reason")
	if _, known := s.cfg.Site.Reasons["en"][token]; !known {
		return nil, &requestError{status: http.StatusNotFound, detail: "there is no such reason"}
	}
	return s.newReasonItem(lang, token), nil
}
