package store

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
)

// One adopt6 at a time changes the schema of a server: the one that made the
// table schema_lock, which a server makes once. Its row says who that is. The
// table is in the server's memory, so a server that died leaves it empty.

const (
	// lockedPause is the wait between two looks at the lock of another.
	lockedPause = 100 * time.Millisecond
	// abandoned is how long a lock stays the same before its holder counts as
	// dead, and lostHolder how long it may have no row.
	abandoned  = 20 * time.Second
	lostHolder = 2 * time.Second
)

// lockSchema waits for the lock to change the schema, and returns what ends it.
func (s *Store) lockSchema(ctx context.Context) (unlock func() error, err error) {
	if s.engine != nil { // its folder is locked
		return func() error { return nil }, nil
	}
	self, holder, since := uuid.NewString(), "", time.Now()
	for {
		err := s.db.Exec(ctx, "CREATE TABLE schema_lock"+s.cluster.on()+" (holder String) ENGINE = Memory")
		if err == nil {
			break
		}
		if !tangled(err) {
			return nil, fmt.Errorf("lock the schema: %w", err)
		}
		now, err := s.schemaHolder(ctx)
		if err != nil {
			return nil, err
		}
		if now != holder {
			holder, since = now, time.Now()
		}
		patience := abandoned
		if holder == "" && s.cluster.name == "" {
			patience = lostHolder
		}
		if time.Since(since) > patience {
			s.cfg.Logf("another process did not finish changing the schema of %s; this one does", s.where)
			if err := s.unlockSchema(ctx); err != nil {
				return nil, err
			}
			since = time.Now()
		}
		select {
		case <-ctx.Done():
			return nil, ctx.Err()
		case <-time.After(lockedPause):
		}
	}
	if err := s.db.Exec(ctx, "INSERT INTO schema_lock (holder) SELECT ?", self); err != nil {
		return nil, errors.Join(fmt.Errorf("lock the schema: %w", err), s.unlockSchema(context.WithoutCancel(ctx)))
	}
	return func() error { return s.unlockSchema(context.WithoutCancel(ctx)) }, nil
}

func (s *Store) unlockSchema(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, abandoned)
	defer cancel()
	if err := s.db.Exec(ctx, "DROP TABLE IF EXISTS schema_lock"+s.cluster.on()); err != nil && !tangled(err) {
		return fmt.Errorf("unlock the schema: %w", err)
	}
	return nil
}

// schemaHolder returns who changes the schema; empty where that is not known.
func (s *Store) schemaHolder(ctx context.Context) (string, error) {
	var holder string
	err := s.db.QueryRow(ctx, "SELECT any(holder) FROM schema_lock").Scan(&holder)
	if err != nil && !tangled(err) {
		return "", fmt.Errorf("ask who changes the schema: %w", err)
	}
	return holder, nil
}

// tangled says whether an error is of two that change the schema together, or of
// one that reads it meanwhile: what was to be made is there, or what was there
// is gone.
func tangled(err error) bool {
	var exception *clickhouse.Exception
	return errors.As(err, &exception) && slices.Contains([]int32{
		15,  // DUPLICATE_COLUMN
		44,  // ILLEGAL_COLUMN: one that is there already
		57,  // TABLE_ALREADY_EXISTS
		60,  // UNKNOWN_TABLE
		82,  // DATABASE_ALREADY_EXISTS
		218, // TABLE_IS_DROPPED
		253, // REPLICA_IS_ALREADY_EXIST
	}, exception.Code)
}

// untangle does something again that failed because of another who changes the
// schema, for a while.
func untangle(ctx context.Context, do func() error) error {
	for begun := time.Now(); ; {
		err := do()
		if !tangled(err) || time.Since(begun) > abandoned {
			return err
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(lockedPause):
		}
	}
}
