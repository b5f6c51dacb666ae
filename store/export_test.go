package store

import (
	"context"
	"slices"
	"strings"
	"time"

	"adopt6/scanner/schedule/jobrun"
)

// EnginePID is the process of the embedded engine.
func (s *Store) EnginePID() int { return s.engine.PID() }

// SetBounds changes the bounds of writers made later.
func (s *Store) SetBounds(rows int, age time.Duration, spool int64) {
	s.bounds = bounds{rows: rows, bytes: defaultBounds.bytes, age: age, spool: spool, full: time.Minute}
}

// SetPatience changes how long writers made later wait for a full disk.
func (s *Store) SetPatience(full time.Duration) { s.bounds.full = full }

// Depth is how many batches of a writer are not delivered.
func (w *Writer) Depth() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	return len(w.queue)
}

// Later makes a store that of a later adopt6, whose schema has one migration
// more.
func Later(cfg Config, statements string) Config {
	cfg.later = []migration{{LastVersion() + 1, "later", splitStatements(statements)}}
	return cfg
}

// Columns are the names of the tagged fields of rows, by table.
func Columns() map[string][]string {
	return map[string][]string{
		scans.name: slices.Clone(scans.Names()), observations.name: slices.Clone(observations.Names()), endpoints.name: slices.Clone(endpoints.Names()),
		indicators.name: slices.Clone(indicators.Names()), jobs.name: slices.Clone(jobs.Names()), runs.name: slices.Clone(runs.Names()),
	}
}

// LastVersion is that of the schema.
func LastVersion() uint32 {
	steps, err := migrations()
	if err != nil {
		panic(err)
	}
	return uint32(len(steps))
}

// MigrateAgain applies every migration to a store that has them.
func (s *Store) MigrateAgain(ctx context.Context) error {
	for _, step := range s.steps {
		for _, statement := range step.statements {
			if err := s.applyStatement(ctx, statement); err != nil {
				return err
			}
		}
	}
	return nil
}

// SplitStatements cuts SQL into statements.
var SplitStatements = splitStatements

// ClusterStatements are what statements become on a cluster.
func ClusterStatements(name, database, statements string) (string, error) {
	placed, err := cluster{name, database}.place([]migration{{statements: splitStatements(statements)}})
	if err != nil {
		return "", err
	}
	text := createDatabase(database, name) + ";\n"
	for _, statement := range placed[0].statements {
		text += "\n" + strings.Join(addColumns(statement, nil), ";\n\n") + ";\n"
	}
	return text, nil
}

// ClaimAfter claims a run, and waits by settle until all claims made before
// are visible.
func ClaimAfter(ctx context.Context, s *Store, r jobrun.Run, settle func() error) (*Claim, error) {
	return s.claimRun(ctx, r, settle)
}

// Age makes a claim have been made a minute ago, with so much of its life left.
func Age(ctx context.Context, c *Claim, left time.Duration) error {
	c.revision++
	c.claimed = c.claimed.Add(-time.Minute)
	return c.store.db.Exec(ctx, "INSERT INTO claims ("+claimFields+") SELECT job, vantage, planned, run, machine, toDateTime(?), now() + ?, state, toUInt64(?) FROM claims FINAL WHERE run = toUUID(?)",
		uint32(c.claimed.Unix()), int(left/time.Second), c.revision, c.run.ID.String())
}
