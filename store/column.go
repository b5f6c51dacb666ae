package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// column ties a column of a table to a field of its row type R.
type column[R any] struct {
	name string
	// fill returns the field of every row as one slice, the form in which
	// ClickHouse takes a column.
	fill func(rows []R) any
	// dest returns where a value read from the column belongs.
	dest func(row *R) any
}

// field makes a column of values of type T.
func field[R, T any](name string, at func(row *R) *T) column[R] {
	return column[R]{
		name: name,
		fill: func(rows []R) any {
			values := make([]T, len(rows))
			for i := range rows {
				values[i] = *at(&rows[i])
			}
			return values
		},
		dest: func(row *R) any { return at(row) },
	}
}

// table is a table of ClickHouse and its columns in Go.
type table[R any] struct {
	name    string
	columns []column[R]
}

func (t table[R]) columnList() string {
	names := make([]string, len(t.columns))
	for i, c := range t.columns {
		names[i] = c.name
	}
	return strings.Join(names, ", ")
}

// insert sends rows as one block and returns once ClickHouse has confirmed it.
func (t table[R]) insert(ctx context.Context, db driver.Conn, rows []R) error {
	if len(rows) == 0 {
		return nil
	}
	batch, err := db.PrepareBatch(ctx, "INSERT INTO "+t.name+" ("+t.columnList()+")")
	if err != nil {
		return fmt.Errorf("insert into %s: %w", t.name, err)
	}
	for i, c := range t.columns {
		if err := batch.Column(i).Append(c.fill(rows)); err != nil {
			batch.Abort()
			return fmt.Errorf("insert into %s.%s: %w", t.name, c.name, err)
		}
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert %d rows into %s: %w", len(rows), t.name, err)
	}
	return nil
}

// read streams the rows of the table that the clauses after FROM choose.
// Duplicates that ClickHouse has not merged yet are left out.
func (t table[R]) read(ctx context.Context, db driver.Conn, yield func(R, error) bool, clauses string, args ...any) {
	var zero R
	rows, err := db.Query(small(ctx), "SELECT "+t.columnList()+" FROM "+t.name+" FINAL "+clauses, args...)
	if err != nil {
		yield(zero, fmt.Errorf("read %s: %w", t.name, err))
		return
	}
	defer rows.Close()
	dest := make([]any, len(t.columns))
	for rows.Next() {
		var row R
		for i, c := range t.columns {
			dest[i] = c.dest(&row)
		}
		if err := rows.Scan(dest...); err != nil {
			yield(zero, fmt.Errorf("read %s: %w", t.name, err))
			return
		}
		if !yield(row, nil) {
			return
		}
	}
	if err := rows.Err(); err != nil {
		yield(zero, fmt.Errorf("read %s: %w", t.name, err))
	}
}

// small keeps few decoded blocks waiting, so that a slow reader of a large
// result does not hold it in memory.
func small(ctx context.Context) context.Context {
	return clickhouse.Context(ctx, clickhouse.WithBlockBufferSize(1))
}
