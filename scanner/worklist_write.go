package scanner

import (
	"bufio"
	"encoding/binary"
	"encoding/csv"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"iter"
	"os"

	"adopt6/lists"
)

// fingerprint is a hash of a name; all names would not fit in memory. At 128
// bits a collision is less likely than a misread disk.
type fingerprint [2]uint64

// seenAtOnce is how many fingerprints are held in memory at the same time, in
// 32 MB. A longer list is searched for duplicates in several passes.
const seenAtOnce = 1 << 20

// writeTargets writes the targets to file and returns the rows whose name and
// kind occurred before. scratch is a file for the fingerprints, removed at the
// end.
func writeTargets(file, scratch string, targets iter.Seq2[lists.Target, error]) (duplicates *Positions, err error) {
	out, err := createBuffered(file)
	if err != nil {
		return nil, err
	}
	defer out.close(&err)
	prints, err := createBuffered(scratch)
	if err != nil {
		return nil, err
	}
	defer os.Remove(scratch)
	defer prints.close(&err)

	rows := csv.NewWriter(out)
	seeds := [2]maphash.Seed{maphash.MakeSeed(), maphash.MakeSeed()}
	var record [16]byte
	count := uint64(0)
	for target, err := range targets {
		if err != nil {
			return nil, err
		}
		if err := rows.Write(toRow(target)); err != nil {
			return nil, fmt.Errorf("write target list: %w", err)
		}
		key := target.Name + "\x00" + string(target.Kind) // gov.uk is a site and a suffix
		binary.LittleEndian.PutUint64(record[:8], maphash.String(seeds[0], key))
		binary.LittleEndian.PutUint64(record[8:], maphash.String(seeds[1], key))
		if _, err := prints.Write(record[:]); err != nil {
			return nil, fmt.Errorf("write target list: %w", err)
		}
		count++
	}
	rows.Flush()
	if err := errors.Join(rows.Error(), prints.Flush()); err != nil {
		return nil, fmt.Errorf("write target list: %w", err)
	}
	return findDuplicates(prints.file, count, seenAtOnce)
}

// findDuplicates returns the positions, in a file of count fingerprints, whose
// fingerprint occurred before. Each pass handles one residue class, so that it
// holds about atOnce fingerprints in memory.
func findDuplicates(prints io.ReadSeeker, count uint64, atOnce int) (*Positions, error) {
	duplicates := new(Positions)
	passes := 1 + count/uint64(atOnce)
	seen := make(map[fingerprint]struct{}, min(count, uint64(atOnce)))
	for pass := range passes {
		clear(seen)
		if _, err := prints.Seek(0, io.SeekStart); err != nil {
			return nil, fmt.Errorf("read fingerprints: %w", err)
		}
		r := bufio.NewReaderSize(prints, 1<<20)
		var record [16]byte
		for position := range count {
			if _, err := io.ReadFull(r, record[:]); err != nil {
				return nil, fmt.Errorf("read fingerprints: %w", err)
			}
			p := fingerprint{binary.LittleEndian.Uint64(record[:8]), binary.LittleEndian.Uint64(record[8:])}
			if p[0]%passes != pass {
				continue
			}
			if _, dup := seen[p]; dup {
				duplicates.Add(position)
			}
			seen[p] = struct{}{}
		}
	}
	return duplicates, nil
}

// dropRows copies a target list without the given rows, and removes the
// original.
func dropRows(from, to string, drop *Positions) (err error) {
	in, err := os.Open(from)
	if err != nil {
		return fmt.Errorf("open target list: %w", err)
	}
	defer os.Remove(from)
	defer in.Close()
	out, err := createBuffered(to)
	if err != nil {
		return err
	}
	defer out.close(&err)
	reader, writer := newRowReader(in), csv.NewWriter(out)
	for position := uint64(0); ; position++ {
		row, err := reader.Read()
		if err == io.EOF {
			writer.Flush()
			return writer.Error()
		}
		if err != nil {
			return fmt.Errorf("read target list %s: %w", from, err)
		}
		if drop.Has(position) {
			continue
		}
		if err := writer.Write(row); err != nil {
			return fmt.Errorf("write target list: %w", err)
		}
	}
}

// bufferedFile is a file that is written through a buffer.
type bufferedFile struct {
	*bufio.Writer
	file *os.File
}

func createBuffered(path string) (*bufferedFile, error) {
	f, err := os.Create(path)
	if err != nil {
		return nil, fmt.Errorf("write target list: %w", err)
	}
	return &bufferedFile{bufio.NewWriterSize(f, 256<<10), f}, nil
}

// close flushes and closes the file and adds any error, such as a full disk, to
// *err.
func (b *bufferedFile) close(err *error) {
	if failed := errors.Join(b.Flush(), b.file.Close()); failed != nil {
		*err = errors.Join(*err, fmt.Errorf("write target list: %w", failed))
	}
}
