package store

import (
	"context"
	"fmt"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// column ties a column of a table to a property of its row type R.
type column[R any] struct {
	name string
	// collect returns empty cells for the column, and the func that puts a
	// row's property into them. A nil row has the zero value.
	collect func() (cells, func(row *R))
	// dest returns where a value read from the column goes, and the func that
	// then takes it from there into a row.
	dest func() (value any, keep func(row *R))
}

// field makes a column of values of type T.
func field[R, T any](name string, get func(row *R) T, set func(row *R, value T)) column[R] {
	return column[R]{name: name, collect: collect(newCells[T], get), dest: dest(set)}
}

// collect makes cells of what get returns of a row.
func collect[R, T any, C cellsOf[T]](fresh func() C, get func(row *R) T) func() (cells, func(row *R)) {
	return func() (cells, func(row *R)) {
		c := fresh()
		return c, func(row *R) {
			if row == nil {
				c.zero()
				return
			}
			c.put(get(row))
		}
	}
}

func dest[R, T any](set func(row *R, value T)) func() (any, func(row *R)) {
	return func() (any, func(row *R)) {
		value := new(T)
		return value, func(row *R) {
			var zero T
			set(row, *value)
			*value = zero // so that the next row's value shares no memory with this one's
		}
	}
}

// part makes columns of a part F of the rows: of is the part, or nil where the
// row has none, and need makes it first. A row without the part holds zeros,
// and zeros make no part.
func part[R, F any](columns []column[F], of, need func(row *R) *F) []column[R] {
	list := make([]column[R], len(columns))
	for i, c := range columns {
		list[i] = column[R]{
			name: c.name,
			collect: func() (cells, func(row *R)) {
				cells, put := c.collect()
				return cells, func(row *R) { put(of(row)) }
			},
			dest: func() (any, func(row *R)) {
				value, keep := c.dest()
				return value, func(row *R) {
					if of(row) != nil || !isZero(value) {
						keep(need(row))
					}
				}
			},
		}
	}
	return list
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
	b := t.newBlock()
	for i := range rows {
		b.add(&rows[i])
	}
	return b.insert(ctx, db)
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
	keep := make([]func(*R), len(t.columns))
	for i, c := range t.columns {
		dest[i], keep[i] = c.dest()
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			yield(zero, fmt.Errorf("read %s: %w", t.name, err))
			return
		}
		var row R
		for _, take := range keep {
			take(&row)
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
