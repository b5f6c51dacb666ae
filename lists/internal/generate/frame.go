package main

import (
	"cmp"
	_ "embed"
	"fmt"
	"maps"
	"slices"
	"strings"

	"adopt6/lists"
)

//go:embed frame_judgements.csv
var frameJudgementFile string

// reviewed says who judged the rows of the frame, and when: a desk review of
// every first candidate and of every row that is kept. No host was visited.
const reviewed = "project review 2026-11"

// The verdicts of frame_judgements.csv on a role of a country. A first
// candidate without one was read and accepted, unless its confidence is c.
const (
	verdictKeep    = "keep"    // the candidate is right, though its confidence is low
	verdictPick    = "pick"    // another host that a source has
	verdictRenamed = "renamed" // right, but the body or its host is a former one
	verdictDrop    = "drop"    // no host is known
	verdictNone    = "none"    // the state has no such body
)

// roleKey is a role in a country.
type roleKey struct{ country, role string }

// frameRows returns the rows of frame.csv.
func (g *generator) frameRows() ([][]string, error) {
	candidates, err := g.table("frame/candidates.csv")
	if err != nil {
		return nil, err
	}
	judged, err := parseTable(strings.NewReader(frameJudgementFile))
	if err != nil {
		return nil, fmt.Errorf("read frame_judgements.csv: %w", err)
	}
	rows := make(map[roleKey][]string)
	for _, c := range candidates {
		key := roleKey{c["country"], c["role"]}
		if c["rank"] != "1" {
			continue
		}
		if rows[key], err = g.frameRow(key, lists.RoleFound, c); err != nil {
			return nil, err
		}
		if c["confidence"] == "c" {
			drop(rows[key], "a guess of the source that could not be confirmed")
		}
	}
	for _, j := range judged {
		key := roleKey{j["country"], j["role"]}
		if err := g.judgeFrame(rows, key, j); err != nil {
			return nil, err
		}
	}
	order := make(map[string]int)
	for i, role := range lists.Roles() {
		order[role.Code] = i
	}
	keys := slices.SortedFunc(maps.Keys(rows), func(a, b roleKey) int {
		return cmp.Or(cmp.Compare(a.country, b.country), cmp.Compare(order[a.role], order[b.role]))
	})
	table := [][]string{{"country", "role", "status", "host", "body", "source", "record", "date", "checked", "note"}}
	for _, key := range keys {
		table = append(table, rows[key])
	}
	return table, nil
}

// judgeFrame applies one judgement.
func (g *generator) judgeFrame(rows map[roleKey][]string, key roleKey, j record) (err error) {
	switch j["verdict"] {
	case verdictDrop:
		drop(rows[key], j["note"])
		g.drop("frame", j["note"])
	case verdictNone:
		rows[key] = []string{key.country, key.role, string(lists.RoleAbsent), "", "", "", "", "", reviewed, j["note"]}
	case verdictKeep, verdictPick:
		rows[key], err = g.frameRow(key, lists.RoleFound, j)
	case verdictRenamed:
		rows[key], err = g.frameRow(key, lists.RoleRenamed, j)
	default:
		err = fmt.Errorf("frame_judgements.csv: %s %s: unknown verdict %q", key.country, key.role, j["verdict"])
	}
	return err
}

// drop marks a row of frame.csv as turned down. Its evidence stays.
func drop(row []string, why string) { row[2], row[9] = string(lists.RoleDropped), why }

// frameRow makes a row of a candidate or a judgement.
func (g *generator) frameRow(key roleKey, status lists.RoleStatus, r record) ([]string, error) {
	host, _, err := lists.Normalize(r["host"])
	if err != nil {
		return nil, fmt.Errorf("frame: %s %s: %w", key.country, key.role, err)
	}
	date := g.dates[r["source"]]
	if date == "" {
		return nil, fmt.Errorf("frame: %s %s: sources.csv has no date for %q", key.country, key.role, r["source"])
	}
	return []string{key.country, key.role, string(status), host, strings.TrimSpace(r["body"]), r["source"], r["record"], date, reviewed, ""}, nil
}
