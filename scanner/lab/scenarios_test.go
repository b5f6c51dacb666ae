package lab_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"adopt6/scanner/lab"
)

const scenarioFiles = "../../testdata/scenarios/*.yaml"

// TestScenarioFiles loads every scenario there is, and sees that each fault
// has one of its name.
func TestScenarioFiles(t *testing.T) {
	files, err := filepath.Glob(scenarioFiles)
	if err != nil {
		t.Fatal(err)
	}
	missing := lab.Faults()
	for _, name := range append(files, lab.BuiltinNames()...) {
		s, err := lab.Open(name)
		if err != nil {
			t.Error(err)
			continue
		}
		if s.About == "" || strings.Contains(s.About, "\n") {
			t.Errorf("%s: about is %q; it should be one line", name, s.About)
		}
		delete(missing, s.Name)
	}
	for _, fault := range slices.Sorted(maps.Keys(missing)) {
		t.Errorf("the fault %s has no scenario of its name", fault)
	}
}

// TestDocs: the description of the language names every fault with its
// explanation.
func TestDocs(t *testing.T) {
	text, err := os.ReadFile("../../docs/scenarios.md")
	if err != nil {
		t.Fatal(err)
	}
	for fault, about := range lab.Faults() {
		if row := "| `" + fault + "` | " + about + " |"; !strings.Contains(string(text), row) {
			t.Errorf("docs/scenarios.md lacks the line %s", row)
		}
	}
}
