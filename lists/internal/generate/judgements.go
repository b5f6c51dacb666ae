package main

import (
	_ "embed"
	"fmt"
	"strings"
)

// judgements are what people know and no source says, from judgements.csv:
// the level of single names, of everything below a suffix that only the
// central government registers under, and of labels that name a national body
// in any country (mof, customs, parliament) when they stand directly below
// the government's suffix.
type judgements struct {
	names, suffixes, labels map[string]string // to the level
}

//go:embed judgements.csv
var judgementFile string

func loadJudgements() (judgements, error) {
	j := judgements{make(map[string]string), make(map[string]string), make(map[string]string)}
	records, err := parseTable(strings.NewReader(judgementFile))
	if err != nil {
		return j, fmt.Errorf("read judgements.csv: %w", err)
	}
	kinds := map[string]map[string]string{"name": j.names, "suffix": j.suffixes, "label": j.labels}
	for _, r := range records {
		kind, known := kinds[r["what"]]
		if _, level := rank[r["level"]]; !known || !level || kind[r["value"]] != "" {
			return j, fmt.Errorf("judgements.csv: %s %s: unknown kind or level, or there twice", r["what"], r["value"])
		}
		kind[r["value"]] = r["level"]
	}
	return j, nil
}

// level returns the level judged for a name directly below suffix, if any.
func (j judgements) level(name, suffix string) string {
	if level := j.names[name]; level != "" {
		return level
	}
	if level := j.suffixes[suffix]; level != "" {
		return level
	}
	if strings.Count(suffix, ".") == 1 {
		return j.labels[strings.TrimSuffix(name, "."+suffix)]
	}
	return ""
}
