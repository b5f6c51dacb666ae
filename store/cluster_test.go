package store_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"adopt6/store"
)

// The statements that make a store on a cluster. -update writes them anew; read
// the difference line by line.
func TestClusterStatements(t *testing.T) {
	t.Parallel()
	got, err := store.ClusterStatements("main", "adopt6")
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", "cluster.sql")
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("the statements for a cluster are not those of %s; see the difference after -update", file)
	}
}

var update = flag.Bool("update", false, "write the results of the cookbook anew")
