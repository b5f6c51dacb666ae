package store_test

import (
	"flag"
	"os"
	"path/filepath"
	"testing"

	"adopt6/store"
)

// clusterExample has a statement of every sort that migrations have.
const clusterExample = `
CREATE TABLE IF NOT EXISTS observations
(
    scan     UUID                   COMMENT 'the scan',
    position UInt64                 COMMENT 'position of the target',
    domain   LowCardinality(String) COMMENT 'the target',
    started  DateTime('UTC')        COMMENT 'when the target was begun'
)
ENGINE = ReplacingMergeTree(started)
PARTITION BY toYYYYMM(started)
ORDER BY (scan, position);

CREATE TABLE IF NOT EXISTS domain_history
(
    domain   String                 COMMENT 'the target',
    scan     UUID                   COMMENT 'the scan',
    position UInt64                 COMMENT 'position of the target'
)
ENGINE = ReplacingMergeTree
ORDER BY (domain, scan, position);

ALTER TABLE observations
    ADD COLUMN IF NOT EXISTS made_up UInt8 COMMENT '1 where it was made up' AFTER domain;

ALTER TABLE observations COMMENT COLUMN domain 'the target in another word';

CREATE MATERIALIZED VIEW IF NOT EXISTS domain_history_feed TO domain_history AS
SELECT domain, scan, position
FROM observations;

INSERT INTO domain_history (domain, scan, position) SELECT domain, scan, position FROM observations;

DROP TABLE IF EXISTS latest;

CREATE VIEW IF NOT EXISTS latest AS
SELECT * FROM observations FINAL
WHERE scan IN (SELECT scan FROM domain_history);
`

// The statements that make a store on a cluster. -update rewrites them; read
// the difference line by line.
func TestClusterStatements(t *testing.T) {
	t.Parallel()
	got, err := store.ClusterStatements("main", "adopt6", clusterExample)
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

var update = flag.Bool("update", false, "rewrite the results of the cookbook")
