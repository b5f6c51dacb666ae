//go:build !alone

package store_test

import (
	"bytes"
	"os"
	"slices"
	"strings"
	"testing"

	"adopt6/store"
	"adopt6/store/storetest"
)

// The page about the schema is what both engines have: `make docs` writes it.
func TestSchemaPage(t *testing.T) {
	t.Parallel()
	page, err := os.ReadFile("../docs/schema.md")
	if err != nil {
		t.Fatal(err)
	}
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		list, err := s.Schema(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		if err := store.WriteDictionary(&text, list); err != nil {
			t.Fatal(err)
		}
		want := strings.Split(text.String(), "\n")
		got := strings.Split(string(page), "\n")
		for _, line := range want {
			if !slices.Contains(got, line) {
				t.Errorf("docs/schema.md lacks %q; run `make docs`", line)
			}
		}
		if !strings.HasSuffix(string(page), text.String()) {
			t.Error("docs/schema.md does not have the tables of the store, in order; run `make docs`")
		}
		var names []string
		for _, r := range list {
			names = append(names, r.Name)
			for _, p := range r.Columns {
				if len(p.Meaning) < 3 {
					t.Errorf("%s.%s is not explained", r.Name, p.Name)
				}
			}
		}
		slices.Sort(names)
		if tables := ask(t, s, "SELECT arrayStringConcat(arraySort(groupArray(name)), ' ') FROM system.tables WHERE database = currentDatabase() AND engine != 'MaterializedView'"); tables != strings.Join(names, " ") {
			t.Errorf("the store has %s, the page %s", tables, names)
		}
	})
}
