//go:build !alone

// Package clustertest holds the tests of a store on a cluster: their servers take
// long to start, and start while other packages test.
package clustertest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/storetest"
)

// A store on a real cluster of two shards, one of which has two replicas, says
// what a store on one server says, whichever of its servers is asked, and goes
// on when a replica dies.
func TestCluster(t *testing.T) {
	profile, err := os.ReadFile("../../configs/clickhouse/users.d/adopt6-cluster.xml")
	if err != nil {
		t.Fatal(err)
	}
	c := storetest.NewCluster(t, map[string]string{"users.d/adopt6-cluster.xml": string(profile)})
	cfg := c.Config(t)
	s := storetest.Open(t, cfg)
	storetest.Sample(t, s)
	cfg.DSN, cfg.Cluster, cfg.SpoolDir = c.Servers[2].DSN("default"), "", t.TempDir() // it finds the cluster itself
	other := storetest.Open(t, cfg)

	t.Run("cookbook", func(t *testing.T) { clusterCookbook(t, s, other) })
	t.Run("schema", func(t *testing.T) {
		want, got := must(storetest.Open(t, storetest.OnServer(t)).Schema(t.Context())), must(other.Schema(t.Context()))
		for i := range want {
			if !slices.Equal(got[i].Columns, want[i].Columns) {
				t.Errorf("%s has\n%v\nand on one server\n%v", want[i].Name, got[i].Columns, want[i].Columns)
			}
		}
		for _, table := range []string{"schema_migrations", "schema_migrations_local"} {
			if err := s.Execute(t.Context(), "DROP TABLE "+table+" ON CLUSTER "+storetest.ClusterName, "", nil); err != nil {
				t.Fatal(err)
			}
		}
		storetest.Open(t, cfg) // migrates again
	})
	t.Run("keys", func(t *testing.T) { clusterKeys(t, s, other) })
	t.Run("info", func(t *testing.T) {
		info := must(other.Info(t.Context()))
		for _, table := range info.Tables {
			if strings.HasSuffix(table.Name, "_local") || table.Name == "endpoints" && fmt.Sprint(table.Rows) != ask(t, s, "SELECT count() FROM endpoints") {
				t.Errorf("table %+v", table)
			}
		}
	})
	t.Run("prune", func(t *testing.T) {
		list := must(other.Partitions(t.Context(), store.RawTables, time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC)))
		if len(list) != 3 || list[0].Rows == 0 {
			t.Fatalf("partitions %v", list)
		}
		if err := other.Drop(t.Context(), list); err != nil {
			t.Fatal(err)
		}
		if got := ask(t, s, "SELECT countIf(toMonth(scan_started) = 6), countIf(toMonth(scan_started) = 9) > 40 FROM observations"); got != "0\t1" {
			t.Errorf("after June was dropped: %s", got)
		}
	})
	t.Run("a dead replica", func(t *testing.T) { clusterReplicaDies(t, c, s, other) })
	t.Run("another cluster", func(t *testing.T) {
		for name, want := range map[string]string{"nowhere": `knows no cluster "nowhere" (store.cluster): it knows trio`} {
			cfg.Cluster = name
			var unknown *store.UnknownClusterError
			if _, err := store.Open(t.Context(), cfg); !errors.As(err, &unknown) || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: %v", name, err)
			}
		}
		cfg.Database, cfg.Cluster = "alone", ""
		storetest.Open(t, cfg)
		cfg.Cluster = storetest.ClusterName
		if _, err := store.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "are on one server and not on a cluster") {
			t.Errorf("a database that is not on the cluster: %v", err)
		}
	})
}

func clusterCookbook(t *testing.T, stores ...*store.Store) {
	_, recipes := storetest.Cookbook(t, "../../docs/cookbook.md")
	if len(recipes) == 0 {
		t.Fatal("the cookbook has no recipe")
	}
	for _, r := range recipes {
		for _, s := range stores {
			if got := storetest.Cook(t, s, r.SQL); got != r.Result {
				t.Errorf("%s\ngives\n%s\nand not\n%s", r.SQL, got, r.Result)
			}
		}
	}
}

// clusterKeys stores a row again by way of another server: it counts once.
func clusterKeys(t *testing.T, s, other *store.Store) {
	scan := storetest.SampleScans[0]
	for o, err := range s.Observations(t.Context(), scan.ID) {
		if err != nil {
			t.Fatal(err)
		}
		o.Took += time.Millisecond // another block: ClickHouse leaves out one that it knows
		write(t, other, scan.ID, o)
		break
	}
	if got := ask(t, s, "SELECT (SELECT count() FROM observations) - (SELECT count() FROM observations FINAL)"); got != "1" {
		t.Errorf("%s rows are there twice, want 1", got)
	}
	const history = "SELECT (SELECT count() FROM domain_history FINAL) = (SELECT count() FROM observations FINAL), (SELECT count() FROM domain_history FINAL WHERE domain = 'interior.gov.ci')"
	if got := ask(t, other, history); got != "1\t3" {
		t.Errorf("the history of domains is not that of the observations: %s", got)
	}
	for i, s := range []*store.Store{s, other} {
		if got := ask(t, s, "SELECT count() > 30 FROM observations_local"); got != "1" {
			t.Errorf("shard %d has hardly a row", i+1)
		}
	}
}

// clusterReplicaDies writes a scan while the first replica of a shard is dead.
// It has everything again when it is back.
func clusterReplicaDies(t *testing.T, c *storetest.Cluster, onFirst, s *store.Store) {
	const targets = 300
	c.Servers[0].Kill()
	scan := storetest.SampleScans[0]
	scan.ID, scan.Targets = uuid.New(), targets
	if err := s.NewScan(t.Context(), scan); err != nil {
		t.Fatal(err)
	}
	sample, list := storetest.Observations(), make([]observation.Observation, targets)
	for i := range list {
		list[i] = sample[i%len(sample)]
		list[i].Scan, list[i].Position = scan.ID, uint64(i)
	}
	write(t, s, scan.ID, list...)
	sql := fmt.Sprintf("SELECT count(), uniqExact(position) FROM observations FINAL WHERE scan = toUUID('%s')", scan.ID)
	if got := ask(t, s, sql); got != "300\t300" {
		t.Errorf("with a dead replica %s rows were stored, want 300", got)
	}
	c.Servers[0].Start(t)
	if err := onFirst.Execute(t.Context(), "SYSTEM SYNC REPLICA observations_local", "", nil); err != nil {
		t.Fatal(err)
	}
	if got := ask(t, onFirst, sql); got != "300\t300" {
		t.Errorf("the replica that was dead has %s rows, want 300", got)
	}
}

func TestMain(m *testing.M) { storetest.Main(m) }

// write stores observations and returns when they are delivered.
func write(t *testing.T, s *store.Store, scan uuid.UUID, list ...observation.Observation) {
	t.Helper()
	w := must(s.Writer(t.Context(), scan))
	for i := range list {
		if err := w.Write(t.Context(), &list[i]); err != nil {
			t.Fatal(err)
		}
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	if err := w.Close(ctx); err != nil {
		t.Fatal(err)
	}
}

func ask(t *testing.T, s *store.Store, sql string) string {
	t.Helper()
	var out strings.Builder
	if err := s.Query(t.Context(), sql, "TSV", &out); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return strings.TrimSuffix(out.String(), "\n")
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
