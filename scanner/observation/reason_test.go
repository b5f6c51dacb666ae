package observation

import (
	"go/ast"
	"go/parser"
	"go/token"
	"regexp"
	"strconv"
	"testing"
)

// TestEveryReasonIsExplained reads the constants from the source, so that a
// new one without a row in the table fails.
func TestEveryReasonIsExplained(t *testing.T) {
	file, err := parser.ParseFile(token.NewFileSet(), "reason.go", nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	declared := make(map[Reason]bool)
	ast.Inspect(file, func(n ast.Node) bool {
		spec, ok := n.(*ast.ValueSpec)
		if !ok || len(spec.Values) != 1 {
			return true
		}
		token, err := strconv.Unquote(spec.Values[0].(*ast.BasicLit).Value)
		if err != nil {
			t.Fatal(err)
		}
		declared[Reason(token)] = true
		return false
	})
	if len(declared) < 20 {
		t.Fatalf("found %d constants in reason.go, the test looks in the wrong place", len(declared))
	}
	explained := make(map[Reason]bool)
	shape := regexp.MustCompile(`^[a-z][a-z0-9_]*$`)
	for _, r := range Reasons() {
		if explained[r.Reason] {
			t.Errorf("%s is explained twice", r.Reason)
		}
		explained[r.Reason] = true
		if !declared[r.Reason] {
			t.Errorf("%s is explained but not declared", r.Reason)
		}
		if !shape.MatchString(string(r.Reason)) || r.Text == "" {
			t.Errorf("%+v: want a lower-case token and a text", r)
		}
	}
	for r := range declared {
		if !explained[r] {
			t.Errorf("%s is not explained", r)
		}
	}
}
