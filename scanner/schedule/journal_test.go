package schedule

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/schedule/jobrun"
)

// TestJournalIsShared changes one journal through two openings of it, as two
// processes do.
func TestJournalIsShared(t *testing.T) {
	dir := t.TempDir()
	one, err := OpenJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	two, err := OpenJournal(dir)
	if err != nil {
		t.Fatal(err)
	}
	run := jobrun.Run{ID: uuid.New(), Job: "a", Outcome: jobrun.Running}
	for i, journal := range []*Journal{one, two, one} {
		err := journal.Update(func(b *Book) error { run.Tries = i; run = b.put(run); return nil })
		if err != nil {
			t.Fatal(err)
		}
	}
	fault := errors.New("no")
	if err := two.Update(func(b *Book) error { b.put(jobrun.Run{ID: uuid.New(), Job: "b"}); return fault }); err != fault {
		t.Errorf("got %v", err)
	}
	book, err := ReadJournal(dir)
	if err != nil || len(book.Jobs) != 1 || book.ID == uuid.Nil || book.Jobs["a"].Runs[0].Revision != 3 || book.Jobs["a"].Runs[0].Tries != 2 {
		t.Errorf("%+v, %v", book, err)
	}
}

func TestDamagedJournal(t *testing.T) {
	dir := t.TempDir()
	for _, text := range []string{"", "{", `{"jobs": 5}`} {
		if err := os.WriteFile(filepath.Join(dir, journalFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenJournal(dir); err == nil || !strings.Contains(err.Error(), "is damaged") || !strings.Contains(err.Error(), "move it away") {
			t.Errorf("%q: %v", text, err)
		}
	}
	for _, text := range []string{"{}", `{"jobs": null}`, `{"jobs": {"a": null}}`} {
		if err := os.WriteFile(filepath.Join(dir, journalFile), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := OpenJournal(dir); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	}
}

// TestJournalStaysSmall keeps a bounded number of runs, and drops those that are
// not stored only when there are very many.
func TestJournalStaysSmall(t *testing.T) {
	for stored, want := range map[bool]int{true: keptRuns, false: unsentRuns} {
		var j Journal
		for i := range unsentRuns + 50 {
			err := j.Update(func(b *Book) error {
				r := b.put(jobrun.Run{ID: uuid.New(), Job: "a", Outcome: jobrun.Finished, Tries: i})
				if stored {
					b.MarkStored([]jobrun.Run{r})
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		book, _ := j.Read()
		runs := book.Jobs["a"].Runs
		if len(runs) != want || runs[len(runs)-1].Tries != unsentRuns+49 {
			t.Errorf("stored %v: %d runs are kept, want the latest %d", stored, len(runs), want)
		}
	}
}

// TestUnwritableJournal begins no run that it could not record, and continues
// when the disk has space again.
func TestUnwritableJournal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-01T02:30:00Z")
		dir := t.TempDir()
		var err error
		if w.journal, err = OpenJournal(dir); err != nil {
			t.Fatal(err)
		}
		stop := w.start(configOf(t, "    - {name: h, cron: 0 * * * *}\n"))
		w.until("2026-03-01T03:30:00Z")
		// A folder with the name of the file that is written next: writing
		// fails for every account, including root.
		if err := os.Mkdir(filepath.Join(dir, journalFile+".new"), 0o700); err != nil {
			t.Fatal(err)
		}
		w.until("2026-03-01T04:30:00Z")
		w.want("without a journal", w.begun(), []string{"h 03-01T03:00 at 03-01T03:00"})
		if err := os.Remove(filepath.Join(dir, journalFile+".new")); err != nil {
			t.Fatal(err)
		}
		w.until("2026-03-01T05:30:00Z")
		stop()
		w.want("afterwards", w.begun(), []string{"h 03-01T03:00 at 03-01T03:00", "h 03-01T04:00 at 03-01T04:31", "h 03-01T05:00 at 03-01T05:00"})
	})
}

// TestSeed continues planning from what was handled elsewhere.
func TestSeed(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, "2026-03-10T12:00:00Z")
		config := configOf(t, "    - {name: d, cron: 0 3 * * *}\n")
		err := w.journal.Update(func(b *Book) error { b.Seed(&config.Jobs[0], at(t, "2026-03-08T03:00:00Z")); return nil })
		if err != nil {
			t.Fatal(err)
		}
		stop := w.start(config)
		w.sleep(time.Minute)
		stop()
		w.want("became", w.became("d"), []string{"03-09T03:00 skipped missed", "03-10T03:00 finished"})
	})
}
