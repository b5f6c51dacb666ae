package store

import (
	"context"
	"fmt"
	"iter"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"

	"adopt6/scanner/observation/record"
)

// table is a table of ClickHouse whose columns are the tagged fields of its row
// type R.
type table[R any] struct {
	name string
	record.Record[R]
}

func newTable[R any](name string) table[R] { return table[R]{name, record.Of[R]()} }

func (t table[R]) columnList() string { return strings.Join(t.Names(), ", ") }

// insert sends rows as one block and returns once ClickHouse has confirmed it.
func (t table[R]) insert(ctx context.Context, db driver.Conn, rows iter.Seq[*R]) error {
	batch, err := db.PrepareBatch(ctx, "INSERT INTO "+t.name+" ("+t.columnList()+")")
	if err != nil {
		return fmt.Errorf("insert into %s: %w", t.name, err)
	}
	var values []any
	for row := range rows {
		if values, err = t.Values(values[:0], row); err == nil {
			err = batch.Append(values...)
		}
		if err != nil {
			batch.Abort()
			return fmt.Errorf("insert into %s: %w", t.name, err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert %d rows into %s: %w", batch.Rows(), t.name, err)
	}
	return nil
}

// insertList inserts rows, if there are any.
func (t table[R]) insertList(ctx context.Context, db driver.Conn, rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	return t.insert(ctx, db, pointers(rows))
}

// pointers yields where the elements of a list are.
func pointers[E any](list []E) iter.Seq[*E] {
	return func(yield func(*E) bool) {
		for i := range list {
			if !yield(&list[i]) {
				return
			}
		}
	}
}

// read streams the rows of the table that the clauses after FROM choose.
// Duplicates that ClickHouse has not merged yet are left out.
func (t table[R]) read(ctx context.Context, db driver.Conn, yield func(R, error) bool, clauses string, args ...any) {
	var row, zero R
	fail := func(err error) { yield(zero, fmt.Errorf("read %s: %w", t.name, err)) }
	rows, err := db.Query(small(ctx), "SELECT "+t.columnList()+" FROM "+t.name+" FINAL "+clauses, args...)
	if err != nil {
		fail(err)
		return
	}
	defer rows.Close()
	for dest := t.Dest(); rows.Next(); row = zero {
		if err = rows.Scan(dest...); err == nil {
			err = t.Take(&row, dest)
		}
		if err != nil {
			fail(err)
			return
		}
		if !yield(row, nil) {
			return
		}
	}
	if err := rows.Err(); err != nil {
		fail(err)
	}
}

// small keeps few decoded blocks waiting, so that a slow reader of a large
// result does not hold it in memory.
func small(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithBlockBufferSize(1))
}
