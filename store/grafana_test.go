//go:build !alone

package store_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"adopt6/store"
	"adopt6/store/indicator"
	"adopt6/store/storetest"
)

// dashboard is what a test needs of Grafana's JSON.
type dashboard struct {
	Title      string
	Templating struct {
		List []struct{ Name, Type, Query string }
	}
	Panels []struct {
		Title   string
		Targets []struct{ RawSQL string }
	}
}

var timeFilter = regexp.MustCompile(`\$__timeFilter\((\w+)\)`)

// grafanaValues puts values where Grafana does.
func grafanaValues(sql string) string {
	sql = strings.NewReplacer("${kind:sqlstring}", "'government'", "${country:sqlstring}", "'TG'").Replace(sql)
	return timeFilter.ReplaceAllString(sql, "$1 >= toDateTime(1767225600) AND $1 <= toDateTime(1798761599)")
}

// named finds the parts of a query that name indicators, quoted the ids there.
var (
	named  = regexp.MustCompile(`indicator (?:= '[^']*'|IN \([^)]*\))`)
	quoted = regexp.MustCompile(`'([^']*)'`)
)

// indicatorsIn returns the ids of indicators that a query asks for.
func indicatorsIn(sql string) (ids []string) {
	for _, place := range named.FindAllString(sql, -1) {
		for _, id := range quoted.FindAllStringSubmatch(place, -1) {
			ids = append(ids, id[1])
		}
	}
	return ids
}

// Every query of the dashboards runs on both engines and shows something.
func TestDashboards(t *testing.T) {
	t.Parallel()
	files, err := filepath.Glob("../configs/grafana/*.json")
	if err != nil || len(files) < 3 {
		t.Fatalf("%d dashboards, error %v", len(files), err)
	}
	storetest.EachSampled(t, func(t *testing.T, s *store.Store) {
		for _, file := range files {
			text, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			var d dashboard
			if err := json.Unmarshal(text, &d); err != nil {
				t.Fatalf("%s: %v", file, err)
			}
			var queries []string
			for _, v := range d.Templating.List {
				if v.Type == "query" {
					queries = append(queries, v.Query)
				}
			}
			for _, p := range d.Panels {
				for _, target := range p.Targets {
					queries = append(queries, target.RawSQL)
				}
			}
			for _, sql := range queries {
				if strings.Contains(sql, "$") && strings.Contains(grafanaValues(sql), "$") {
					t.Errorf("%s: a variable that the test does not know: %s", file, sql)
				}
				for _, id := range indicatorsIn(sql) {
					if _, known := indicator.ByID(id); !known {
						t.Errorf("%s: there is no indicator %s: %s", file, id, sql)
					}
				}
				if got := ask(t, s, grafanaValues(sql)); got == "" {
					t.Errorf("%s: nothing to show: %s", file, sql)
				}
			}
			if len(queries) < 5 {
				t.Errorf("%s: only %d queries", file, len(queries))
			}
		}
	})
}
