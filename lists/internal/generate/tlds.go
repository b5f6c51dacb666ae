package main

import (
	"bufio"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode"

	"adopt6/lists"
)

// tld is a delegated top-level domain.
type tld struct {
	name, unicode string
	cc            bool
	country       string // alpha-2; empty for a generic one and for .eu and .su
	script        string
	date          string
}

// reserved are the codes of ccTLDs that are only reserved in ISO 3166-1, with
// the country that the ccTLD belongs to, if any.
var reserved = map[string]string{"AC": "SH", "UK": "GB", "EU": "", "SU": ""}

func (g *generator) loadTLDs() error {
	records, err := g.table("meta/tlds_iana_db.csv")
	if err != nil {
		return err
	}
	inRoot, err := g.delegations()
	if err != nil {
		return err
	}
	g.tldOf = make(map[string]tld)
	for _, r := range records {
		if r["delegated"] != "1" {
			continue
		}
		t := tld{name: r["tld"], cc: r["type"] == "cctld", date: r["record_date"]}
		if !inRoot[t.name] {
			return fmt.Errorf("%s is delegated in the root database and not in the root zone", t.name)
		}
		if t.cc {
			if err := g.describe(&t, r); err != nil {
				return err
			}
			g.tlds = append(g.tlds, t)
		}
		g.tldOf[t.name] = t
	}
	slices.SortFunc(g.tlds, func(a, b tld) int { return strings.Compare(a.name, b.name) })
	return nil
}

// describe fills in what only ccTLDs have.
func (g *generator) describe(t *tld, r record) error {
	ascii, uni, err := lists.Normalize(t.name)
	if err != nil {
		return fmt.Errorf("ccTLD %s: %w", t.name, err)
	}
	if want := r["unicode"]; ascii != t.name || want != "" && want != uni {
		return fmt.Errorf("ccTLD %s: U-label %s, and the source says %s", t.name, uni, want)
	}
	t.unicode, t.script = uni, scriptOf(uni)
	t.country = r["iso2"]
	if of, ok := reserved[t.country]; ok {
		t.country = of
		return nil
	}
	if g.byAlpha2[t.country] == nil {
		return fmt.Errorf("ccTLD %s: unknown country %s", t.name, t.country)
	}
	return nil
}

// scriptOf returns the Unicode script of the first letter of a label.
func scriptOf(label string) string {
	first := []rune(label)[0]
	for name, table := range unicode.Scripts {
		if unicode.Is(table, first) {
			return name
		}
	}
	return ""
}

// delegations returns the top-level domains with NS records in the root zone.
func (g *generator) delegations() (map[string]bool, error) {
	files, err := filepath.Glob(filepath.Join(g.raw, "rootzone", "root.zone.*"))
	if err != nil || len(files) != 1 {
		return nil, fmt.Errorf("want one root zone in %s/rootzone, found %d", g.raw, len(files))
	}
	f, err := os.Open(files[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	found := make(map[string]bool)
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if fields := strings.Fields(lines.Text()); len(fields) > 3 && fields[3] == "NS" {
			found[strings.TrimSuffix(strings.ToLower(fields[0]), ".")] = true
		}
	}
	return found, lines.Err()
}

func (g *generator) tldRows() [][]string {
	rows := [][]string{{"name", "unicode", "country", "alpha3", "m49", "script", "source", "date"}}
	for _, t := range g.tlds {
		alpha3, m49 := "", ""
		if c := g.byAlpha2[t.country]; c != nil {
			alpha3, m49 = c.alpha3, c.m49
		}
		rows = append(rows, []string{t.name, t.unicode, t.country, alpha3, m49, t.script, "iana-root-db", t.date})
	}
	return rows
}
