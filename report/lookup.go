package report

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/store"
)

// Entry is a domain as one scan found it.
type Entry struct {
	Scan    uuid.UUID
	Started time.Time
	Country string // ISO 3166-1 alpha-2; empty for none
	Kind    lists.Kind
	Domain
}

// Limits of what is looked up.
const (
	MaxHistory = 100 // scans in the history of a domain
	// MinSearch is the shortest part of a name that is searched for, in bytes.
	MinSearch = 3
	// MaxSearch is the longest name in DNS, in bytes.
	MaxSearch = 253
)

// History returns what the scans found of a domain, the latest scan first. The
// name is as lists.Normalize writes it.
func History(ctx context.Context, s *store.Store, name string, scans []store.ScanInfo) ([]Entry, error) {
	list, _, err := entries(ctx, s, "domain_history", scans[:min(len(scans), MaxHistory)], "domain = ?", []any{name}, "scan_started DESC, scan, position", 3*MaxHistory)
	if err != nil {
		return nil, fmt.Errorf("read the history of a domain: %w", err)
	}
	return list, nil
}

// Search returns the domains of a scan with a text in their name, in the order of
// the list.
func Search(ctx context.Context, s *store.Store, text string, scan store.ScanInfo, limit int) ([]Entry, error) {
	condition := "(position(domain, ?) > 0 OR positionCaseInsensitiveUTF8(domain_unicode, ?) > 0)"
	list, _, err := entries(ctx, s, "observations", []store.ScanInfo{scan}, condition, []any{strings.ToLower(text), text}, "position", limit)
	if err != nil {
		return nil, fmt.Errorf("search for domains: %w", err)
	}
	return list, nil
}

// Choice chooses domains of a scan. Empty fields choose all.
type Choice struct {
	Country, Kind, Reason, Text    string
	DNS, Web, Mail, V6Only, DNSSEC string // the status
	Readiness                      int    // -1 for any
	From                           uint64 // first position in the list
	NoCountry                      bool   // targets of no country
}

// Choose returns the chosen domains of a scan in the order of its list, at most
// limit of them, and the position to continue from; 0 after the last.
func Choose(ctx context.Context, s *store.Store, scan store.ScanInfo, c Choice, limit int) (list []Entry, next uint64, err error) {
	conditions, args := []string{"position >= ?"}, []any{c.From}
	add := func(condition string, values ...any) {
		conditions, args = append(conditions, condition), append(args, values...)
	}
	for _, f := range []struct{ column, value string }{{"country", c.Country}, {"kind", c.Kind}, {"dns_v6", c.DNS}, {"web_v6", c.Web},
		{"mail_v6", c.Mail}, {"v6_only", c.V6Only}, {"dnssec", c.DNSSEC}} {
		if f.value != "" {
			add(f.column+" = ?", f.value)
		}
	}
	if c.NoCountry {
		add("country = ''")
	}
	if c.Readiness >= 0 {
		add("readiness = ?", c.Readiness)
	}
	if c.Reason != "" {
		add("(dns_v6_reason = ? OR web_v6_reason = ? OR mail_v6_reason = ? OR v6_only_reason = ? OR dnssec_reason = ?)",
			c.Reason, c.Reason, c.Reason, c.Reason, c.Reason)
	}
	if c.Text != "" {
		add("(position(domain, ?) > 0 OR positionCaseInsensitiveUTF8(domain_unicode, ?) > 0)", strings.ToLower(c.Text), c.Text)
	}
	list, positions, err := entries(ctx, s, "observations", []store.ScanInfo{scan}, strings.Join(conditions, " AND "), args, "position", limit+1)
	if err != nil {
		return nil, 0, fmt.Errorf("choose domains: %w", err)
	}
	if len(positions) > limit {
		next = positions[limit]
		list = slices.DeleteFunc(list, func(e Entry) bool { return e.Position >= next })
	}
	return list, next, nil
}

// entries reads the observations of scans that a condition chooses, and says
// their positions. It finds their keys first, in the table that is sorted for
// the condition, without FINAL and so from the columns of the condition alone,
// and then reads them by key: a name is found among millions of rows without
// reading them.
func entries(ctx context.Context, s *store.Store, table string, scans []store.ScanInfo, condition string, args []any, order string, limit int) (list []Entry, positions []uint64, err error) {
	if len(scans) == 0 {
		return nil, nil, nil
	}
	var all, found, places []any
	for _, scan := range scans {
		all = append(all, scan.ID.String())
	}
	keys := "SELECT toString(scan), position FROM " + table + " WHERE scan IN (" + marks("toUUID(?)", len(all)) + ") AND " + condition +
		fmt.Sprintf(" ORDER BY %s LIMIT 1 BY scan, position LIMIT %d", order, limit)
	err = each(ctx, s, keys, append(all, args...), func(scan func(...any) error) error {
		var (
			id       string
			position uint64
		)
		err := scan(&id, &position)
		if !slices.Contains(found, any(id)) {
			found = append(found, id)
		}
		places, positions = append(places, position), append(positions, position)
		return err
	})
	if err != nil || len(places) == 0 {
		return nil, nil, err
	}
	query := "SELECT " + domainColumns + ", toString(scan), scan_started, toString(country) FROM observations FINAL WHERE scan IN (" +
		marks("toUUID(?)", len(found)) + ") AND position IN (" + marks("?", len(places)) + ") AND " + condition + " ORDER BY " + order
	err = each(ctx, s, query, slices.Concat(found, places, args), func(scan func(...any) error) error {
		var (
			e  Entry
			id string
			o  = &e.Domain
		)
		kind, err := readVerdicts(scan, o, &o.Position, &o.Name, &o.Unicode, &o.Level, &o.Readiness, &o.DNSSEC, &o.DNSSECReason, &id, &e.Started, &e.Country)
		if err != nil {
			return err
		}
		e.Kind = kind
		e.Scan, err = uuid.Parse(id)
		list = append(list, e)
		return err
	})
	return list, positions, err
}

// marks returns n places for arguments with commas between them.
func marks(place string, n int) string { return place + strings.Repeat(", "+place, n-1) }
