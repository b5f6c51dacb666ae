package report_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// TestImports keeps data flowing one way: pages are made without the parts that
// send queries, limit rates or plan jobs, and the vocabulary needs no other part.
func TestImports(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		pkg     string
		allowed []string // packages of adopt6
		refused []string // packages of others
	}{
		{
			"adopt6/report",
			[]string{"adopt6/lists", "adopt6/report", "adopt6/report/words", "adopt6/scanner/lockfile", "adopt6/scanner/observation", "adopt6/scanner/observation/record",
				"adopt6/scanner/schedule/jobrun",
				"adopt6/store", "adopt6/store/engine", "adopt6/store/indicator", "adopt6/store/spool"},
			[]string{"github.com/miekg/dns", "github.com/projectdiscovery/ratelimit", "golang.org/x/time/rate", "github.com/robfig/cron/v3"},
		},
		{"adopt6/scanner/observation", []string{"adopt6/lists", "adopt6/scanner/observation", "adopt6/scanner/observation/record"}, nil},
		{"adopt6/scanner/schedule/jobrun", []string{"adopt6/scanner/schedule/jobrun"}, nil},
	} {
		out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", test.pkg).Output()
		if err != nil {
			t.Fatal(err)
		}
		for dep := range strings.FieldsSeq(string(out)) {
			if strings.HasPrefix(dep, "adopt6/") && !slices.Contains(test.allowed, dep) || slices.Contains(test.refused, dep) {
				t.Errorf("%s imports %s", test.pkg, dep)
			}
		}
	}
}
