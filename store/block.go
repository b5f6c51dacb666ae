package store

import (
	"bytes"
	"context"
	"fmt"
	"io"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// block is rows of a table on their way to ClickHouse, column by column as
// ClickHouse takes them. A row is taken apart when it is added, while it is in
// the processor's cache, and need not be kept. It is not safe for concurrent
// use.
type block[R any] struct {
	table table[R]
	rows  int
	cells []cells
	puts  []func(row *R) // one for each of cells
}

func (t table[R]) newBlock() *block[R] {
	b := &block[R]{table: t, cells: make([]cells, len(t.columns)), puts: make([]func(*R), len(t.columns))}
	for i, c := range t.columns {
		b.cells[i], b.puts[i] = c.collect()
	}
	return b
}

// add appends a row.
func (b *block[R]) add(row *R) {
	for _, put := range b.puts {
		put(row)
	}
	b.rows++
}

// reset empties the block and keeps its memory.
func (b *block[R]) reset() {
	for _, c := range b.cells {
		c.reset()
	}
	b.rows = 0
}

// insert sends the block and returns once ClickHouse has confirmed it.
func (b *block[R]) insert(ctx context.Context, db driver.Conn) error {
	if b.rows == 0 {
		return nil
	}
	batch, err := db.PrepareBatch(ctx, "INSERT INTO "+b.table.name+" ("+b.table.columnList()+")")
	if err != nil {
		return fmt.Errorf("insert into %s: %w", b.table.name, err)
	}
	if err := b.fill(batch); err != nil {
		batch.Abort()
		return err
	}
	if err := batch.Send(); err != nil {
		return fmt.Errorf("insert %d rows into %s: %w", b.rows, b.table.name, err)
	}
	return nil
}

// fill gives the driver's columns what is in the block's, in the way in which
// the driver takes columns from the network.
func (b *block[R]) fill(batch driver.Batch) error {
	columns := batch.Columns()
	if len(columns) != len(b.cells) {
		return &proto.BlockError{Op: "insert into " + b.table.name, Err: fmt.Errorf("%d columns of %d", len(columns), len(b.cells))}
	}
	var pieces [][]byte
	for i, c := range b.cells {
		name := b.table.columns[i].name
		if t := string(columns[i].Type()); columns[i].Name() != name || !c.takes(t) {
			return &proto.BlockError{Op: "insert into " + b.table.name, ColumnName: name, Err: fmt.Errorf("the table has %s of type %s", columns[i].Name(), t)}
		}
		pieces = c.parts(pieces)
	}
	readers := make([]io.Reader, len(pieces))
	for i, piece := range pieces {
		readers[i] = bytes.NewReader(piece)
	}
	in := chproto.NewReader(io.MultiReader(readers...))
	for i, column := range columns {
		if err := column.Decode(in, b.rows); err != nil {
			return fmt.Errorf("insert into %s.%s: %w", b.table.name, b.table.columns[i].name, err)
		}
	}
	return nil
}
