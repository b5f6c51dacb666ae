package store

import (
	"context"
	"fmt"
	"io"
	"strings"
)

// Relation is a table or a view, as the dictionary of the data has it.
type Relation struct {
	Name    string     `json:"name"`
	View    bool       `json:"view"`
	Meaning string     `json:"meaning"` // what a row is
	Key     string     `json:"key"`     // what a table is sorted by: rows of one key are one row
	Columns []Property `json:"columns"`
}

// Property is a column of a table or a view.
type Property struct {
	Name    string `json:"name"`
	Type    string `json:"type"` // of ClickHouse
	Unit    string `json:"unit"` // empty where there is none
	Meaning string `json:"meaning"`
}

// relations are the tables and views in the order of the dictionary. Columns of
// tables explain themselves in the tables; of a view, those are explained here
// that no table has.
var relations = []struct {
	name, meaning, key string
	columns            map[string]string // of a view
}{
	{name: "scans", key: "scan", meaning: "One scan."},
	{name: "observations", key: "scan, position", meaning: "One target in one scan: all verdicts, with the facts of its country as of then."},
	{name: "endpoints", key: "scan, position, ordinal", meaning: "One contact with one address, or a finding about a host or a zone: the evidence under the verdicts."},
	{name: "domain_history", key: "domain, scan_started, scan, position", meaning: "One domain in one scan: how its verdicts went. ClickHouse fills it from observations, by the materialized view domain_history_feed. Say WHERE domain = '...' ORDER BY scan_started."},
	{name: "indicators", key: "scan, kind, country, indicator", meaning: "One indicator for the targets of one kind and country in one scan."},
	{name: "jobs", key: "job, vantage, machine", meaning: "One job of a scheduler, as it was last configured."},
	{name: "runs", key: "job, vantage, planned, run", meaning: "One run of a job, or one planned time that was skipped."},
	{name: "claims", key: "job, vantage, planned, run", meaning: "One claim of a machine to make a run, where schedulers on several machines share a server."},
	{name: "schema_migrations", key: "version", meaning: "One migration of the schema that was applied."},
	{name: "latest_scans", meaning: "For each kind of targets and country the newest finished scan, and the newest before it from the same vantage.", columns: map[string]string{
		"previous":         "the scan before it from the same vantage; zeros without one",
		"previous_started": "when that scan was begun; 1970-01-01 without one",
	}},
	{name: "latest_observations", meaning: "The observations of the newest finished scan of each kind and country."},
	{name: "changes", meaning: "A domain whose verdicts in the newest finished scan of its country differ from those in the scan before it.", columns: map[string]string{
		"previous":         "the scan before",
		"previous_started": "when the scan before was begun",
		"readiness_before": "readiness in the scan before",
		"dns_v6_before":    "dns_v6 in the scan before",
		"web_v6_before":    "web_v6 in the scan before",
		"flapping_before":  "flapping in the scan before",
		"mail_v6_before":   "mail_v6 in the scan before",
		"v6_only_before":   "v6_only in the scan before",
		"dnssec_before":    "dnssec in the scan before",
	}},
	{name: "operators", meaning: "One operator of name servers, for the domains of one kind and country in the newest finished scan.", columns: map[string]string{
		"operator":       "name in the table of operators, else the registrable domain of the name servers",
		"domains":        "domains that have name servers of this operator",
		"domains_alone":  "of these, those that have no other operator",
		"domains_dns_v6": "of these, those whose name servers are ok over IPv6",
		"domains_freed":  "domains that would be resolvable without IPv4 if this operator alone enabled IPv6, its own and those whose name servers depend on it",
	}},
	{name: "broken_v6", meaning: "One service of one domain that is broken or works only in part over IPv6, with the reason, in the newest finished scan of its country.", columns: map[string]string{
		"service": "delegation, dns, address, web, content, mail or v6_only",
		"status":  "broken or partial",
		"reason":  "why; `adopt6 reasons` explains it and says what to do",
	}},
	{name: "broken_endpoints", meaning: "One address that does not work over IPv6, in the newest finished scans: what to fix first.", columns: map[string]string{
		"reason":  "why it does not work",
		"domains": "domains that it was contacted for",
		"example": "evidence of one of the contacts; from the network, so any byte is possible",
	}},
}

// Schema describes the tables and views of the store.
func (s *Store) Schema(ctx context.Context) ([]Relation, error) {
	found := make(map[string][]Property)
	rows, err := s.db.Query(ctx, `SELECT table, name, type, comment FROM system.columns WHERE database = currentDatabase()`)
	if err != nil {
		return nil, s.explain(fmt.Errorf("describe the tables: %w", err))
	}
	defer rows.Close()
	for rows.Next() {
		var table string
		var p Property
		if err := rows.Scan(&table, &p.Name, &p.Type, &p.Meaning); err != nil {
			return nil, s.explain(fmt.Errorf("describe the tables: %w", err))
		}
		found[table] = append(found[table], p)
	}
	if err := rows.Err(); err != nil {
		return nil, s.explain(fmt.Errorf("describe the tables: %w", err))
	}
	var list []Relation
	meanings := make(map[string]string) // of the columns of the tables
	for _, r := range relations {
		relation := Relation{Name: r.name, View: r.key == "", Meaning: r.meaning, Key: r.key, Columns: found[r.name]}
		for i := range relation.Columns {
			p := &relation.Columns[i]
			if meaning, ok := r.columns[p.Name]; ok {
				p.Meaning = meaning
			} else if relation.View {
				p.Meaning = meanings[p.Name]
			} else if _, known := meanings[p.Name]; !known {
				meanings[p.Name] = p.Meaning
			}
			p.Unit = unitOf(*p)
		}
		list = append(list, relation)
	}
	return list, nil
}

// unitOf returns the unit of a column, which its name, its type or the end of
// its explanation says.
func unitOf(p Property) string {
	switch {
	case strings.HasSuffix(p.Name, "_us") || p.Name == "started_micros":
		return "µs"
	case strings.HasPrefix(p.Type, "DateTime"):
		return "s, UTC"
	case strings.Contains(p.Meaning, ", bytes"):
		return "bytes"
	case strings.Contains(p.Meaning, ", bits"):
		return "bits"
	case p.Name == "similarity":
		return "share"
	case p.Name == "readiness" || p.Name == "readiness_before":
		return "level"
	case p.Type == "UInt8" && (strings.HasPrefix(p.Meaning, "1 for") || strings.HasPrefix(p.Meaning, "1 where")):
		return "0 or 1"
	}
	return ""
}

// WriteDictionary writes the description of tables and views as Markdown.
func WriteDictionary(w io.Writer, list []Relation) error {
	var text strings.Builder
	for _, r := range list {
		kind := "view"
		if !r.View {
			kind = "table, sorted by " + r.Key
		}
		fmt.Fprintf(&text, "\n## %s\n\n%s (%s)\n\n| column | type | unit | meaning |\n|---|---|---|---|\n", r.Name, r.Meaning, kind)
		for _, p := range r.Columns {
			fmt.Fprintf(&text, "| %s | %s | %s | %s |\n", p.Name, shortType(p.Type), p.Unit, strings.ReplaceAll(p.Meaning, "|", `\|`))
		}
	}
	_, err := io.WriteString(w, text.String())
	return err
}

// shortType leaves out the numbers of an enumeration's values, which nobody
// needs: ClickHouse takes and gives the words.
func shortType(t string) string {
	names, isEnum := strings.CutPrefix(t, "Enum8(")
	if !isEnum {
		return t
	}
	var words []string
	for value := range strings.SplitSeq(strings.TrimSuffix(names, ")"), ", ") {
		word, _, _ := strings.Cut(value, " = ")
		words = append(words, strings.Trim(word, "'"))
	}
	return "Enum8: " + strings.Join(words, ", ")
}
