package scanner

import (
	"bufio"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
)

// Worklist is a scan's own copy of its list, on disk: normalised, without
// duplicates, every target at a position that never changes. A scan can thus be
// resumed after the original list was edited or, read from a pipe, is gone. It
// takes a few bytes of memory for each thousand targets.
type Worklist struct {
	Header
	dir   string
	marks []mark
}

// Header describes a scan, apart from its targets.
type Header struct {
	Scan       uuid.UUID `json:"scan"`
	List       string    `json:"list"`    // where the targets came from, in words for people
	Vantage    string    `json:"vantage"` // where the scan runs
	Created    time.Time `json:"created"` // UTC
	Targets    uint64    `json:"targets"`
	Duplicates uint64    `json:"duplicates"` // lines left out because their name occurred before
	// Shard is the part of the list that this machine measures.
	Shard Shard `json:"shard,omitzero"`
	// Digest identifies the list's content: two lists have the same digest when
	// they hold the same targets in the same order.
	Digest string `json:"digest"`
}

// mark is the byte offset at which a position begins in the file.
type mark struct {
	position uint64
	offset   int64
}

const (
	worklistFile = "targets.csv"
	headerFile   = "scan.json"
	markEvery    = 4096
	// stripes is the number of parts that are read side by side. Lists are
	// sorted by country, so reading in order would ask one registry's name
	// servers for all its domains at once, and wait for their rate limit.
	stripes = 64
)

// CreateWorklist writes the targets below dir, which it creates and which must
// not hold a work list already. It reads all targets before it returns, so that
// an error in the last line of a list is found before the first packet is sent.
func CreateWorklist(dir string, header Header, targets iter.Seq2[lists.Target, error]) (*Worklist, error) {
	if _, err := os.Stat(filepath.Join(dir, headerFile)); err == nil {
		return nil, fmt.Errorf("%s already holds a scan", dir)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("create scan folder: %w", err)
	}
	w := &Worklist{Header: header, dir: dir}
	if err := w.write(targets); err != nil {
		return nil, errors.Join(err, os.RemoveAll(dir))
	}
	return w, nil
}

func (w *Worklist) write(targets iter.Seq2[lists.Target, error]) error {
	duplicates, err := writeTargets(w.path("targets.new"), w.path("names.tmp"), targets)
	if err != nil {
		return err
	}
	if w.Duplicates = duplicates.Count(); w.Duplicates > 0 {
		if err := dropRows(w.path("targets.new"), w.path(worklistFile), duplicates); err != nil {
			return err
		}
	} else if err := os.Rename(w.path("targets.new"), w.path(worklistFile)); err != nil {
		return fmt.Errorf("keep target list: %w", err)
	}
	if err := w.index(); err != nil {
		return err
	}
	if err := w.digest(); err != nil {
		return err
	}
	text, err := json.MarshalIndent(w.Header, "", "  ")
	if err != nil {
		return fmt.Errorf("encode scan header: %w", err)
	}
	// The header is written last and renamed into position, so that a folder
	// with a header is complete.
	if err := os.WriteFile(w.path(headerFile+".new"), text, 0o644); err != nil {
		return fmt.Errorf("write scan header: %w", err)
	}
	return os.Rename(w.path(headerFile+".new"), w.path(headerFile))
}

func (w *Worklist) digest() error {
	f, err := os.Open(w.path(worklistFile))
	if err != nil {
		return fmt.Errorf("open target list: %w", err)
	}
	defer f.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, f); err != nil {
		return fmt.Errorf("read target list: %w", err)
	}
	w.Digest = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// OpenWorklist opens a work list that CreateWorklist wrote.
func OpenWorklist(dir string) (*Worklist, error) {
	w := &Worklist{dir: dir}
	text, err := os.ReadFile(w.path(headerFile))
	if err != nil {
		return nil, fmt.Errorf("open scan: %w", err)
	}
	if err := json.Unmarshal(text, &w.Header); err != nil {
		return nil, fmt.Errorf("read %s: %w", w.path(headerFile), err)
	}
	want := w.Targets
	if err := w.index(); err != nil {
		return nil, err
	}
	if w.Targets != want {
		return nil, fmt.Errorf("%s has %d targets, %s says %d: the folder was changed; start a new scan",
			w.path(worklistFile), w.Targets, headerFile, want)
	}
	return w, nil
}

// Remove deletes the work list, once its scan is complete.
func (w *Worklist) Remove() error {
	if err := os.RemoveAll(w.dir); err != nil {
		return fmt.Errorf("remove scan folder: %w", err)
	}
	return nil
}

func (w *Worklist) path(name string) string { return filepath.Join(w.dir, name) }

// index counts the targets and marks where every markEvery-th begins.
func (w *Worklist) index() error {
	f, err := os.Open(w.path(worklistFile))
	if err != nil {
		return fmt.Errorf("open target list: %w", err)
	}
	defer f.Close()
	r := newRowReader(f)
	w.Targets, w.marks = 0, nil
	for {
		offset := r.InputOffset()
		if _, err := r.Read(); err == io.EOF {
			return nil
		} else if err != nil {
			return fmt.Errorf("read target list %s: %w", f.Name(), err)
		}
		if w.Targets%markEvery == 0 {
			w.marks = append(w.marks, mark{w.Targets, offset})
		}
		w.Targets++
	}
}

// Pending yields the targets whose positions are not in done, alternating among
// the stripes of the list, so that neighbours are not measured together. done
// may be nil.
func (w *Worklist) Pending(done *Positions) iter.Seq2[Pending, error] {
	return func(yield func(Pending, error) bool) {
		readers, err := w.stripes()
		defer func() {
			for _, r := range readers {
				r.file.Close()
			}
		}()
		if err != nil {
			yield(Pending{}, err)
			return
		}
		for open := true; open; {
			open = false
			for _, r := range readers {
				if r.next >= r.end {
					continue
				}
				open = true
				row, err := r.rows.Read()
				if err != nil {
					yield(Pending{}, fmt.Errorf("read target list %s: %w", r.file.Name(), err))
					return
				}
				position := r.next
				r.next++
				if done.Has(position) {
					continue
				}
				if !yield(Pending{Position: position, Target: fromRow(row)}, nil) {
					return
				}
			}
		}
	}
}

// Pending is a target that is still to be measured.
type Pending struct {
	Position uint64
	Target   lists.Target
}

// stripe reads the rows from next up to but not including end.
type stripe struct {
	file      *os.File
	rows      *csv.Reader
	next, end uint64
}

// stripes opens the list at up to stripes marks.
func (w *Worklist) stripes() ([]*stripe, error) {
	var open []*stripe
	step := max(1, (len(w.marks)+stripes-1)/stripes)
	for i := 0; i < len(w.marks); i += step {
		f, err := os.Open(w.path(worklistFile))
		if err != nil {
			return open, fmt.Errorf("open target list: %w", err)
		}
		s := &stripe{file: f, next: w.marks[i].position, end: w.Targets}
		open = append(open, s)
		if i+step < len(w.marks) {
			s.end = w.marks[i+step].position
		}
		if _, err := f.Seek(w.marks[i].offset, io.SeekStart); err != nil {
			return open, fmt.Errorf("seek in target list: %w", err)
		}
		s.rows = newRowReader(f)
	}
	return open, nil
}

const rowFields = 11

func newRowReader(r io.Reader) *csv.Reader {
	rows := csv.NewReader(bufio.NewReaderSize(r, 16<<10))
	rows.FieldsPerRecord = rowFields
	rows.ReuseRecord = true
	return rows
}

func toRow(t lists.Target) []string {
	return []string{t.Name, t.Unicode, string(t.Kind), t.Level, t.Country, t.Source, t.Date,
		t.Roles, t.Organisation, t.Sector, t.Tags}
}

func fromRow(row []string) lists.Target {
	return lists.Target{Name: row[0], Unicode: row[1], Kind: lists.Kind(row[2]),
		Level: row[3], Country: row[4], Source: row[5], Date: row[6],
		Roles: row[7], Organisation: row[8], Sector: row[9], Tags: row[10]}
}
