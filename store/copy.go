package store

import (
	"context"
	"errors"
	"fmt"
	"reflect"

	"github.com/google/uuid"
)

// copyRows is how many rows a copy holds in memory at a time.
const copyRows = 10_000

// Copied says how far a copy is.
type Copied struct {
	Scan        ScanInfo
	Scans, Of   int    // done, of all
	Rows, Total uint64 // of all scans, over all tables
	Skipped     int    // scans that were there already
}

// Copy copies scans with all that belongs to them from one store to another:
// the chosen ones, or all when none is. Rows keep their keys, so a copy that
// was broken off is simply run again, and nothing counts twice. A finished
// scan that is there as it should be is passed over. A scan is listed in the
// other store only when all of it is there.
func Copy(ctx context.Context, from, to *Store, chosen []uuid.UUID, report func(Copied)) (Copied, error) {
	state, sizes, scans, err := surveyCopy(ctx, from, chosen)
	if err != nil {
		return state, err
	}
	for i, row := range scans {
		state.Scan = row.ScanInfo
		there, err := isCopied(ctx, to, row, sizes[i])
		switch {
		case err != nil:
		case there:
			state.Skipped++
			state.Rows += sizes[i].rows()
		default:
			err = copyScan(ctx, from, to, row, func(rows int) { state.Rows += uint64(rows); report(state) })
		}
		if err != nil {
			return state, fmt.Errorf("copy scan %s: %w; run the copy again to continue", row.ID, err)
		}
		state.Scans++
		report(state)
	}
	return state, nil
}

// scanSize counts the rows of a scan, each once.
type scanSize struct{ observations, endpoints, indicators uint64 }

func (s scanSize) rows() uint64 { return s.observations + s.endpoints + s.indicators }

// surveyCopy finds the scans to copy and their sizes.
func surveyCopy(ctx context.Context, from *Store, chosen []uuid.UUID) (state Copied, sizes []scanSize, scans []scanRow, err error) {
	wanted := make(map[uuid.UUID]bool)
	for _, id := range chosen {
		wanted[id] = true
	}
	for row, err := range from.chosenScans(ctx, "ORDER BY started, scan") {
		if err != nil {
			return state, nil, nil, err
		}
		if len(chosen) > 0 && !wanted[row.ID] {
			continue
		}
		delete(wanted, row.ID)
		scans = append(scans, row)
	}
	for id := range wanted {
		return state, nil, nil, &UnknownScanError{ID: id}
	}
	for _, row := range scans {
		size, err := from.scanSize(ctx, row.ID)
		if err != nil {
			return state, nil, nil, err
		}
		sizes = append(sizes, size)
		state.Total += size.rows()
	}
	state.Of = len(scans)
	return state, sizes, scans, nil
}

func (s *Store) scanSize(ctx context.Context, scan uuid.UUID) (size scanSize, err error) {
	for table, n := range map[string]*uint64{"observations": &size.observations, "endpoints": &size.endpoints, "indicators": &size.indicators} {
		if err := s.db.QueryRow(ctx, "SELECT count() FROM "+table+" FINAL WHERE scan = toUUID(?)", scan.String()).Scan(n); err != nil {
			return size, s.explain(fmt.Errorf("count the rows of scan %s in %s: %w", scan, table, err))
		}
	}
	return size, nil
}

// isCopied says whether a finished scan is in the other store as it is here.
func isCopied(ctx context.Context, to *Store, row scanRow, size scanSize) (bool, error) {
	there, err := to.scanRow(ctx, row.ID)
	if unknown := new(UnknownScanError); errors.As(err, &unknown) {
		return false, nil
	}
	if err != nil || there != row || row.Finished.IsZero() {
		return false, err
	}
	copied, err := to.scanSize(ctx, row.ID)
	return copied == size, err
}

// copyScan copies the rows of a scan, and the scan itself last.
func copyScan(ctx context.Context, from, to *Store, row scanRow, report func(rows int)) error {
	const clauses = "WHERE scan = toUUID(?)"
	id := row.ID.String()
	err := copyTable(ctx, from, to, endpoints, clauses+" ORDER BY position, ordinal", id, report)
	if err == nil {
		err = copyTable(ctx, from, to, observations, clauses+" ORDER BY position", id, report)
	}
	if err == nil {
		err = copyTable(ctx, from, to, indicators, clauses, id, report)
	}
	if err == nil {
		err = copyTable(ctx, from, to, scans, clauses, id, func(int) {})
	}
	return err
}

// copyTable copies what the clauses choose of a table, in blocks, as it is: the
// columns that follow from others too.
func copyTable[R any](ctx context.Context, from, to *Store, t table[R], clauses, scan string, report func(rows int)) error {
	rows, err := from.Select(ctx, "SELECT "+t.columnList()+" FROM "+t.name+" FINAL "+clauses, scan)
	if err != nil {
		return err
	}
	defer rows.Close()
	dest := t.Dest()
	values := make([]any, len(dest))
	for more := rows.Next(); more; {
		batch, err := to.db.PrepareBatch(ctx, "INSERT INTO "+t.name+" ("+t.columnList()+")")
		if err != nil {
			return to.explain(fmt.Errorf("copy into %s: %w", t.name, err))
		}
		for ; more && batch.Rows() < copyRows; more = rows.Next() {
			if err = rows.Scan(dest...); err == nil {
				for i := range dest {
					values[i] = reflect.ValueOf(dest[i]).Elem().Interface()
				}
				err = batch.Append(values...)
			}
			if err != nil {
				batch.Abort()
				return fmt.Errorf("copy %s: %w", t.name, err)
			}
		}
		copied := batch.Rows()
		if err := batch.Send(); err != nil {
			return to.explain(fmt.Errorf("copy into %s: %w", t.name, err))
		}
		report(copied)
	}
	return from.explain(rows.Err())
}
