//go:build !alone

package storetest

import (
	"os"
	"regexp"
	"strings"
	"testing"

	"adopt6/store"
)

// Recipe is a query of docs/cookbook.md and the Markdown table of its result,
// on a store that holds [Sample].
type Recipe struct{ SQL, Result string }

var recipe = regexp.MustCompile("(?s)```sql\n(.*?)\n```\n\n((?:\\|[^\n]*\n)+)")

// Cookbook reads the recipes of a page.
func Cookbook(t testing.TB, file string) (page string, recipes []Recipe) {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range recipe.FindAllStringSubmatch(string(text), -1) {
		recipes = append(recipes, Recipe{r[1], r[2]})
	}
	return string(text), recipes
}

// Cook runs a query and writes its result as a recipe does.
func Cook(t testing.TB, s *store.Store, sql string) string {
	t.Helper()
	var out strings.Builder
	if err := s.Query(t.Context(), sql, "TSVWithNames", &out); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	var table strings.Builder
	for i, line := range strings.Split(strings.TrimSuffix(out.String(), "\n"), "\n") {
		cells := strings.Split(strings.ReplaceAll(line, "|", `\|`), "\t")
		table.WriteString("| " + strings.Join(cells, " | ") + " |\n")
		if i == 0 {
			table.WriteString("|" + strings.Repeat("---|", len(cells)) + "\n")
		}
	}
	return table.String()
}
