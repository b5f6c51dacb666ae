package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// clock is a clock that tests set.
type clock struct{ at time.Time }

func (c *clock) now() time.Time { return c.at }

// taker takes messages, or fails as it is told to.
type taker struct {
	err   error
	taken []string
	tried int
}

func (r *taker) Deliver(_ context.Context, e Entry) error {
	r.tried++
	if r.err == nil {
		r.taken = append(r.taken, e.ID)
	}
	return r.err
}

func newSpool(t *testing.T, dir string, limits Limits) (*Spool, *clock) {
	t.Helper()
	c := &clock{time.Date(2026, 11, 8, 6, 0, 0, 0, time.UTC)}
	s, err := OpenSpool(dir, limits, c.now)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

func put(t *testing.T, s *Spool, e Entry) (told []string) {
	t.Helper()
	added, told, err := s.Put(e)
	if err != nil || !added {
		t.Fatalf("added %t, error %v", added, err)
	}
	return told
}

func deliverAll(t *testing.T, s *Spool, to Channel, all bool) ([]Outcome, []string) {
	t.Helper()
	done, told, err := s.Deliver(t.Context(), map[string]Channel{"noc": to}, all)
	if err != nil {
		t.Fatal(err)
	}
	return done, told
}

func numberedEntry(s *Spool, n int) Entry {
	return Entry{ID: EntryID(fmt.Sprint(n)), Channel: "noc", Receiver: "ops@example.org", Created: s.now().Add(time.Duration(n) * time.Second), Message: Message{Subject: "s", JSON: []byte("{}")}}
}

// TestSpoolSurvives loses the process between writing and sending, and between
// sending and the record of it; and puts the same message twice.
func TestSpoolSurvives(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := newSpool(t, dir, DefaultLimits)
	e := numberedEntry(s, 1)
	put(t, s, e)
	if err := os.WriteFile(filepath.Join(dir, queueFolder, ".new-half"), []byte(`{"id":`), 0o600); err != nil {
		t.Fatal(err)
	}

	s, _ = newSpool(t, dir, DefaultLimits) // the process is another one
	to := new(taker)
	if added, _, err := s.Put(e); added || err != nil {
		t.Errorf("the same message is taken twice: %v", err)
	}
	if done, _ := deliverAll(t, s, to, false); len(done) != 1 || done[0].State != Delivered || len(to.taken) != 1 {
		t.Errorf("after the restart: %+v", done)
	}
	if added, _, err := s.Put(e); added || err != nil {
		t.Errorf("what was sent is taken again: %v", err)
	}

	// The mark was written and the entry not removed.
	if err := s.write(queueFolder, e); err != nil {
		t.Fatal(err)
	}
	deliverAll(t, s, to, true)
	if left, _ := s.Pending(); len(to.taken) != 1 || len(left) != 0 {
		t.Errorf("it was sent %d times, and %d wait", len(to.taken), len(left))
	}
}

// TestSpoolRetries waits longer after every failure, tries nothing before its
// time, and gives up what gets too old.
func TestSpoolRetries(t *testing.T) {
	t.Parallel()
	s, c := newSpool(t, t.TempDir(), DefaultLimits)
	put(t, s, numberedEntry(s, 1))
	to := &taker{err: errors.New("no route\x1b[31m")}
	var waits []time.Duration
	for range 12 {
		done, _ := deliverAll(t, s, to, false)
		list, _ := s.Pending()
		if len(done) != 1 || done[0].State != Waiting || list[0].Error != "no route\ufffd[31m" {
			t.Fatalf("got %+v, %+v", done, list)
		}
		waits = append(waits, list[0].Next.Sub(c.at))
		c.at = list[0].Next.Add(-time.Second)
		if done, _ := deliverAll(t, s, to, false); len(done) != 0 {
			t.Error("it was tried before its time")
		}
		c.at = list[0].Next
	}
	if waits[0] < 19*time.Second || waits[0] > 41*time.Second || waits[5] < 10*time.Minute || waits[11] > longestPause*4/3+time.Second || waits[11] < longestPause*2/3-time.Second {
		t.Errorf("it waited %v", waits)
	}
	to.err = &LaterError{errors.New("busy"), 3 * time.Hour}
	deliverAll(t, s, to, true)
	if list, _ := s.Pending(); list[0].Next.Sub(c.at) < 3*time.Hour-time.Second {
		t.Errorf("the receiver asked for three hours and gets %s", list[0].Next.Sub(c.at))
	}
	c.at = c.at.Add(6 * 24 * time.Hour)
	_, told := deliverAll(t, s, to, true)
	if left, _ := s.Pending(); len(left) != 0 || len(s.Aside()) != 1 || len(told) != 1 || !strings.Contains(told[0], "within 120h0m0s (busy)") || !strings.Contains(told[0], "flush --aside") {
		t.Errorf("too old: %v", told)
	}
	to.err = nil
	if n, err := s.Retry(); n != 1 || err != nil {
		t.Errorf("brought back %d: %v", n, err)
	}
	if deliverAll(t, s, to, false); len(to.taken) != 1 || len(s.Aside()) != 0 {
		t.Errorf("taken: %v", to.taken)
	}
}

// TestSpoolIsBounded sets the oldest aside when there is no room, and what is
// refused for good.
func TestSpoolIsBounded(t *testing.T) {
	t.Parallel()
	limits := DefaultLimits
	limits.Entries, limits.Aside, limits.Sent = 3, 2, 1
	s, _ := newSpool(t, t.TempDir(), limits)
	var told []string
	for n := range 6 {
		told = append(told, put(t, s, numberedEntry(s, n))...)
	}
	list, _ := s.Pending()
	if len(list) != 3 || list[0].ID != EntryID("3") || len(told) != 3 || !strings.Contains(told[0], "the spool is full") || len(s.Aside()) != 2 {
		t.Errorf("%d wait, %d are aside: %v", len(list), len(s.Aside()), told)
	}
	to := &taker{err: &RefusedError{errors.New("gone")}}
	if done, _ := deliverAll(t, s, to, false); len(done) != 3 || done[0].State != SetAside || to.tried != 3 {
		t.Errorf("refused for good: %+v", done)
	}
	limits.Entries, limits.Bytes = 100, 1000
	s, _ = newSpool(t, t.TempDir(), limits)
	for n := range 10 {
		put(t, s, numberedEntry(s, n))
	}
	if list, _ := s.Pending(); len(list) == 0 || len(list) > 5 || list[len(list)-1].ID != EntryID("9") {
		t.Errorf("%d wait in 1000 bytes", len(list))
	}
}

// TestSpoolFindsDamage sets aside what is not a message, and delivers the rest.
func TestSpoolFindsDamage(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, _ := newSpool(t, dir, DefaultLimits)
	put(t, s, numberedEntry(s, 1))
	if err := os.WriteFile(s.file(queueFolder, EntryID("bad")), []byte(`{"id":"msg_`), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(s.file(queueFolder, EntryID("1")), s.file(queueFolder, EntryID("other"))); err != nil {
		t.Fatal(err)
	}
	put(t, s, numberedEntry(s, 2))
	to := new(taker)
	_, told := deliverAll(t, s, to, false)
	if _, more := s.Pending(); len(more) != 0 || len(to.taken) != 1 {
		t.Errorf("told %v, then %v; taken %v", told, more, to.taken)
	}
	if added, _, err := s.Put(Entry{ID: "../../etc/passwd"}); added || err == nil {
		t.Error("an id leads out of the spool")
	}
	large := numberedEntry(s, 3)
	large.Message.Text = strings.Repeat("x", maxEntry)
	if added, _, err := s.Put(large); added || err == nil {
		t.Error("a message is taken that could not be read again")
	}
}

// TestSpoolFailingChannel tries one message of a channel that fails, not all,
// leaves other channels alone, and lets one process deliver at a time.
func TestSpoolFailingChannel(t *testing.T) {
	t.Parallel()
	s, _ := newSpool(t, t.TempDir(), DefaultLimits)
	for n := range 4 {
		e := numberedEntry(s, n)
		if n == 3 {
			e.Channel = "minister"
		}
		put(t, s, e)
	}
	down, up := &taker{err: errors.New("down")}, new(taker)
	for range 3 {
		if _, _, err := s.Deliver(t.Context(), map[string]Channel{"noc": down, "minister": up}, true); err != nil {
			t.Fatal(err)
		}
	}
	if down.tried != 3 || len(up.taken) != 1 {
		t.Errorf("the failing channel was tried %d times, the other took %d", down.tried, len(up.taken))
	}
	list, _ := s.Pending()
	for _, e := range list {
		if e.Tries != 1 {
			t.Errorf("%s was tried %d times, while others waited", e.ID, e.Tries)
		}
	}
	var second error
	while := channelFunc(func() error {
		_, _, second = s.Deliver(t.Context(), nil, true)
		return nil
	})
	deliverAll(t, s, while, true)
	if busy := new(BusyError); !errors.As(second, &busy) {
		t.Errorf("a second delivery at the same time: %v", second)
	}
}

type channelFunc func() error

func (f channelFunc) Deliver(context.Context, Entry) error { return f() }

// TestFiles appends a digest once, fixes what a crash cut short, and leaves
// other files alone.
func TestFiles(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	file := &File{filepath.Join(dir, "changes.jsonl")}
	first, second := entry(t, "en"), entry(t, "fr")
	for _, e := range []Entry{first, first, second} {
		if err := file.Deliver(t.Context(), e); err != nil {
			t.Fatal(err)
		}
	}
	read := func() string {
		text, err := os.ReadFile(file.Path)
		if err != nil {
			t.Fatal(err)
		}
		return string(text)
	}
	want := string(first.Message.JSON) + "\n" + string(second.Message.JSON) + "\n"
	if got := read(); got != want {
		t.Errorf("the file has %s", got)
	}
	if err := os.WriteFile(file.Path, []byte(want[:len(want)-40]), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := file.Deliver(t.Context(), second); err != nil || read() != want {
		t.Errorf("after a crash: %v, %s", err, read())
	}
	short := Entry{ID: EntryID("short"), Message: Message{JSON: []byte(`{"type":"adopt6.changes"}`)}}
	if err := os.WriteFile(file.Path, []byte(want[:len(want)-40]), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := file.Deliver(t.Context(), short); err != nil || read() != string(first.Message.JSON)+"\n"+string(short.Message.JSON)+"\n" {
		t.Errorf("a short line over the rest of a long one: %v, %s", err, read())
	}
	other := &File{filepath.Join(dir, "passwd")}
	if err := os.WriteFile(other.Path, []byte("root:x:0"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := other.Deliver(t.Context(), first); err == nil || !strings.Contains(err.Error(), "another file") {
		t.Errorf("into another file: %v", err)
	}

	for _, format := range Formats {
		folder := &Folder{dir, format}
		for range 2 {
			if err := folder.Deliver(t.Context(), first); err != nil {
				t.Fatal(err)
			}
		}
		if found, err := filepath.Glob(filepath.Join(dir, "2026-11-08T060000Z-msg_*."+format)); len(found) != 1 || err != nil {
			t.Errorf("%s: %v", format, found)
		}
	}
}
