//go:build !alone

package store_test

import (
	"os"
	"strings"
	"testing"

	"adopt6/store"
	"adopt6/store/storetest"
)

const cookbookFile = "../docs/cookbook.md"

// Every query of the cookbook gives the result that is shown, on both engines.
// -update rewrites the results; review the difference.
func TestCookbook(t *testing.T) {
	t.Parallel()
	page, recipes := storetest.Cookbook(t, cookbookFile)
	if len(recipes) < 20 || len(recipes) != strings.Count(page, "\n## ") {
		t.Fatalf("%d queries with results under %d headings", len(recipes), strings.Count(page, "\n## "))
	}
	storetest.EachSampled(t, func(t *testing.T, s *store.Store) {
		text := page
		for _, r := range recipes {
			got := storetest.Cook(t, s, r.SQL)
			if *update {
				text = strings.Replace(text, r.SQL+"\n```\n\n"+r.Result, r.SQL+"\n```\n\n"+got, 1)
			} else if got != r.Result {
				t.Errorf("%s\ngives\n%s\nand not\n%s", r.SQL, got, r.Result)
			}
		}
		if *update {
			if err := os.WriteFile(cookbookFile, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	})
}
