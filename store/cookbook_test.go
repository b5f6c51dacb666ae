package store_test

import (
	"flag"
	"os"
	"regexp"
	"strings"
	"testing"

	"adopt6/store"
	"adopt6/store/storetest"
)

var update = flag.Bool("update", false, "write the results of the cookbook anew")

const cookbookFile = "../docs/cookbook.md"

// recipe is a query of the cookbook and the table of its result.
var recipe = regexp.MustCompile("(?s)```sql\n(.*?)\n```\n\n((?:\\|[^\n]*\n)+)")

// Every query of the cookbook gives the result that is shown, on both engines.
// -update writes the results anew; look at the difference.
func TestCookbook(t *testing.T) {
	page, err := os.ReadFile(cookbookFile)
	if err != nil {
		t.Fatal(err)
	}
	storetest.EachSampled(t, func(t *testing.T, s *store.Store) {
		recipes := recipe.FindAllStringSubmatch(string(page), -1)
		if len(recipes) < 20 || len(recipes) != strings.Count(string(page), "\n## ") {
			t.Fatalf("%d queries with results under %d headings", len(recipes), strings.Count(string(page), "\n## "))
		}
		text := string(page)
		for _, r := range recipes {
			got := markdown(askWithNames(t, s, r[1]))
			if *update {
				text = strings.Replace(text, r[0], "```sql\n"+r[1]+"\n```\n\n"+got, 1)
			} else if got != r[2] {
				t.Errorf("%s\ngives\n%s\nand not\n%s", r[1], got, r[2])
			}
		}
		if *update {
			page = []byte(text)
			if err := os.WriteFile(cookbookFile, page, 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
}

func askWithNames(t *testing.T, s *store.Store, sql string) string {
	t.Helper()
	var out strings.Builder
	if err := s.Query(t.Context(), sql, "TSVWithNames", &out); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return out.String()
}

// markdown writes tab-separated lines as a table.
func markdown(tsv string) string {
	var table strings.Builder
	for i, line := range strings.Split(strings.TrimSuffix(tsv, "\n"), "\n") {
		cells := strings.Split(strings.ReplaceAll(line, "|", `\|`), "\t")
		table.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		if i == 0 {
			table.WriteString("|" + strings.Repeat("---|", len(cells)) + "\n")
		}
	}
	return table.String()
}
