package schedule

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/lockfile"
	"adopt6/scanner/schedule/jobrun"
)

// Journal records the scheduler's decisions: up to when the planned times of
// each job were handled, and the outcomes of its runs. Several processes may
// share one. Every change is on disk before it takes effect.
type Journal struct {
	dir string // empty: in memory, for one process
	mu  sync.Mutex
	now Book // of a journal in memory
}

// Book is the contents of a journal.
type Book struct {
	ID    uuid.UUID         `json:"id"`    // identifies this journal
	Alive time.Time         `json:"alive"` // when a scheduler last used it, to within some minutes
	Jobs  map[string]*Entry `json:"jobs"`
}

// Entry is what is known of one job.
type Entry struct {
	Terms   string       `json:"terms"`   // cron expression and zone that Handled refers to
	Handled time.Time    `json:"handled"` // planned times up to here are decided
	Runs    []jobrun.Run `json:"runs"`    // the oldest first
}

const (
	journalFile = "journal.json"
	journalLock = "journal.lock"
	// keptRuns is how many finished runs of a job are kept once stored.
	keptRuns = 60
	// unsentRuns is how many finished runs of a job are kept when no store
	// accepts them.
	unsentRuns = 500
)

// OpenJournal opens the journal in a folder, which it creates if needed.
func OpenJournal(dir string) (*Journal, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return nil, fmt.Errorf("make a folder for the schedule: %w", err)
	}
	j := &Journal{dir: dir}
	_, err := j.Read()
	return j, err
}

// ReadJournal returns the contents of the journal in a folder without changing
// the folder; an empty Book when there is no journal.
func ReadJournal(dir string) (Book, error) { return readBook(filepath.Join(dir, journalFile)) }

// Read returns a copy of the current contents.
func (j *Journal) Read() (book Book, err error) {
	err = j.view(func(b *Book) { book = b.clone() })
	return book, err
}

// view calls look with the contents, which look must not change.
func (j *Journal) view(look func(*Book)) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.dir == "" {
		look(&j.now)
		return nil
	}
	book, err := readBook(filepath.Join(j.dir, journalFile)) // the file is replaced atomically
	if err == nil {
		look(&book)
	}
	return err
}

// Update changes the contents. Nothing is changed when change fails.
func (j *Journal) Update(change func(*Book) error) error {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.dir == "" {
		book := j.now.clone()
		book.name()
		if err := change(&book); err != nil {
			return err
		}
		book.trim()
		j.now = book
		return nil
	}
	if err := os.MkdirAll(j.dir, 0o755); err != nil {
		return fmt.Errorf("make a folder for the schedule: %w", err)
	}
	lock, err := lockfile.Wait(context.Background(), filepath.Join(j.dir, journalLock), lockMode, nil)
	if err != nil {
		return fmt.Errorf("lock the journal: %w", err)
	}
	defer lock.Unlock()
	path := filepath.Join(j.dir, journalFile)
	book, err := readBook(path)
	if err != nil {
		return err
	}
	book.name()
	if err := change(&book); err != nil {
		return err
	}
	book.trim()
	return writeBook(path, book)
}

func readBook(path string) (Book, error) {
	book := Book{Jobs: make(map[string]*Entry)}
	text, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		return book, nil
	}
	if err != nil {
		return book, fmt.Errorf("read the journal: %w", err)
	}
	if err := json.Unmarshal(text, &book); err != nil {
		return book, fmt.Errorf("the journal %s is damaged (%w); move it away, and every job is planned from that moment", path, err)
	}
	if book.Jobs == nil {
		book.Jobs = make(map[string]*Entry)
	}
	for name, e := range book.Jobs {
		if e == nil {
			delete(book.Jobs, name)
		}
	}
	return book, nil
}

// writeBook replaces the file atomically, unless its contents are the same.
func writeBook(path string, book Book) error {
	text, err := json.MarshalIndent(book, "", " ")
	if err != nil {
		return fmt.Errorf("encode the journal: %w", err)
	}
	if old, err := os.ReadFile(path); err == nil && bytes.Equal(old, text) {
		return nil
	}
	f, err := os.OpenFile(path+".new", os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	_, err = f.Write(text)
	if err == nil {
		err = f.Sync()
	}
	if err = errors.Join(err, f.Close()); err == nil {
		err = os.Rename(path+".new", path)
	}
	if err != nil {
		return fmt.Errorf("write the journal: %w", err)
	}
	return nil
}

func (b *Book) clone() Book {
	c := Book{ID: b.ID, Alive: b.Alive, Jobs: make(map[string]*Entry, len(b.Jobs))}
	for name, e := range b.Jobs {
		copied := *e
		copied.Runs = slices.Clone(e.Runs)
		c.Jobs[name] = &copied
	}
	return c
}

// name gives a new journal its id.
func (b *Book) name() {
	if b.ID == uuid.Nil {
		b.ID = uuid.New()
	}
}

// Seed records, for a job new to the journal, up to when its planned times were
// handled elsewhere.
func (b *Book) Seed(j *Job, handled time.Time) {
	if e := b.entry(j.Name); e.Handled.IsZero() {
		e.Terms, e.Handled = j.terms(), handled.UTC()
	}
}

// trim drops old runs.
func (b *Book) trim() {
	for _, e := range b.Jobs {
		spare := len(e.Runs) - keptRuns
		tooMany := len(e.Runs) - unsentRuns
		e.Runs = slices.DeleteFunc(e.Runs, func(r jobrun.Run) bool {
			if r.Outcome.Open() || spare <= 0 || r.Stored < r.Revision && tooMany <= 0 {
				return false
			}
			spare--
			tooMany--
			return true
		})
	}
}

// entry returns the entry of a job, and creates it if needed.
func (b *Book) entry(job string) *Entry {
	if b.Jobs == nil {
		b.Jobs = make(map[string]*Entry)
	}
	e := b.Jobs[job]
	if e == nil {
		e = new(Entry)
		b.Jobs[job] = e
	}
	return e
}

// put adds a run or replaces the one with its id, and increments its revision.
func (b *Book) put(r jobrun.Run) jobrun.Run {
	e := b.entry(r.Job)
	i := slices.IndexFunc(e.Runs, func(old jobrun.Run) bool { return old.ID == r.ID })
	if i < 0 {
		r.Revision++
		e.Runs = append(e.Runs, r)
		return r
	}
	r.Revision, r.Stored = e.Runs[i].Revision+1, e.Runs[i].Stored
	e.Runs[i] = r
	return r
}

// Entry returns the entry of a job; the zero value for a new job.
func (b *Book) Entry(job string) Entry {
	if e := b.Jobs[job]; e != nil {
		return *e
	}
	return Entry{}
}

// Open returns the job's runs that are still to be done, the oldest first.
func (e *Entry) Open() []jobrun.Run {
	var list []jobrun.Run
	for _, r := range e.Runs {
		if r.Outcome.Open() {
			list = append(list, r)
		}
	}
	return list
}

// Last returns the latest run of the job that was begun.
func (e *Entry) Last() (jobrun.Run, bool) {
	for _, r := range slices.Backward(e.Runs) {
		if !r.Started.IsZero() {
			return r, true
		}
	}
	return jobrun.Run{}, false
}

// Unstored returns the runs whose latest revision the store lacks.
func (b *Book) Unstored() []jobrun.Run {
	var list []jobrun.Run
	for _, e := range b.Jobs {
		for _, r := range e.Runs {
			if r.Stored < r.Revision {
				list = append(list, r)
			}
		}
	}
	return list
}

// MarkStored records that the store has the runs at the revisions in the list.
func (b *Book) MarkStored(list []jobrun.Run) {
	stored := make(map[uuid.UUID]uint64)
	for _, r := range list {
		stored[r.ID] = r.Revision
	}
	for _, e := range b.Jobs {
		for i := range e.Runs {
			e.Runs[i].Stored = max(e.Runs[i].Stored, stored[e.Runs[i].ID])
		}
	}
}
