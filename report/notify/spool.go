package notify

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/lockfile"
)

// Entry is a message that waits to be delivered by one channel to one
// receiver.
type Entry struct {
	// ID is the same for the same digest, channel and receiver, so that neither
	// the spool nor the receiver takes it twice.
	ID       string    `json:"id"`
	Channel  string    `json:"channel"`
	Receiver string    `json:"receiver"` // address of e-mail; host or file of the others, for people
	Job      string    `json:"job"`
	Created  time.Time `json:"created"`
	Tries    int       `json:"tries"`
	Next     time.Time `json:"next"`            // not before
	Error    string    `json:"error,omitempty"` // of the last try, or why it was set aside
	Message  Message   `json:"message"`
}

// namespace makes the ids of entries.
var namespace = uuid.MustParse("0c9b6c3e-52f4-5d0a-8d0e-6a1b7d2f4c11")

// EntryID is what a message is known by: the same for the same parts.
func EntryID(parts ...string) string {
	id := uuid.NewSHA1(namespace, []byte(strings.Join(parts, "\x00")))
	return "msg_" + strings.ReplaceAll(id.String(), "-", "")
}

// entryID is what EntryID makes; files are named after it.
var entryID = regexp.MustCompile(`^msg_[0-9a-f]{32}$`)

// Limits bound a spool.
type Limits struct {
	Age     time.Duration // of an entry that waits
	Entries int           // that wait
	Bytes   int64         // of all that wait
	Aside   int           // entries kept that were given up
	Sent    int           // ids kept of what was delivered
}

// DefaultLimits are those of SMTP for the age (RFC 5321 section 4.5.4.1), and
// little space.
var DefaultLimits = Limits{Age: 5 * 24 * time.Hour, Entries: 1000, Bytes: 64 << 20, Aside: 200, Sent: 5000}

// Spool keeps messages on disk until they are delivered. Every entry is a file
// that is whole or not there. Several processes may use one spool.
type Spool struct {
	dir    string
	limits Limits
	now    func() time.Time
}

// Folders of a spool.
const (
	queueFolder = "queue"
	asideFolder = "aside"
	sentFolder  = "sent"
)

// ownerOnly is the mode of the files of a spool.
const ownerOnly = 0o600

// maxEntry is how large the file of an entry may be, in bytes.
const maxEntry = 16 << 20

// OpenSpool opens the spool in a folder, which is made. now is the clock.
func OpenSpool(dir string, limits Limits, now func() time.Time) (*Spool, error) {
	for _, folder := range []string{queueFolder, asideFolder, sentFolder} {
		if err := os.MkdirAll(filepath.Join(dir, folder), 0o700); err != nil {
			return nil, fmt.Errorf("open the spool of notifications: %w", err)
		}
	}
	return &Spool{dir: dir, limits: limits, now: now}, nil
}

func (s *Spool) file(folder, id string) string { return filepath.Join(s.dir, folder, id+".json") }

// Put adds an entry, and returns false when it waits already, was delivered or
// was set aside. What no longer fits is set aside, the oldest first, and told.
func (s *Spool) Put(e Entry) (added bool, told []string, err error) {
	if !entryID.MatchString(e.ID) {
		return false, nil, fmt.Errorf("spool a notification: %q is not an id", e.ID)
	}
	lock, err := s.lock()
	if err != nil {
		return false, nil, err
	}
	defer lock.Unlock()
	for _, folder := range []string{queueFolder, asideFolder, sentFolder} {
		if _, err := os.Stat(s.file(folder, e.ID)); err == nil {
			return false, nil, nil
		}
	}
	if err := s.write(queueFolder, e); err != nil {
		return false, nil, err
	}
	told, err = s.bound()
	return true, told, err
}

// write puts an entry into a folder, whole and on the disk.
func (s *Spool) write(folder string, e Entry) error {
	text, err := json.Marshal(e)
	if err != nil {
		return fmt.Errorf("spool a notification: %w", err)
	}
	if len(text) > maxEntry {
		return fmt.Errorf("spool a notification: it has %d bytes, and %d are the limit; lower \"most\" of the channel %s", len(text), maxEntry, e.Channel)
	}
	return writeFile(s.file(folder, e.ID), text, ownerOnly)
}

// Pending returns what waits, the oldest first, and Aside what was given up.
// Files that hold no entry are set aside and told.
func (s *Spool) Pending() ([]Entry, []string) { return s.read(queueFolder) }
func (s *Spool) Aside() []Entry               { list, _ := s.read(asideFolder); return list }

func (s *Spool) read(folder string) (list []Entry, told []string) {
	names, err := s.names(folder)
	if err != nil {
		return nil, []string{err.Error()}
	}
	for _, name := range names {
		e, err := readEntry(filepath.Join(s.dir, folder, name))
		switch {
		case errors.Is(err, fs.ErrNotExist): // another process has delivered it
		case err == nil:
			list = append(list, e)
		case errors.Is(err, fs.ErrPermission): // of another account, which can read it
			told = append(told, err.Error())
		case folder == queueFolder:
			bad := filepath.Join(s.dir, asideFolder, name+".unreadable")
			told = append(told, fmt.Sprintf("%v; it is set aside as %s", err, bad))
			if err := os.Rename(filepath.Join(s.dir, folder, name), bad); err != nil {
				told = append(told, err.Error())
			}
		}
	}
	slices.SortStableFunc(list, func(a, b Entry) int { return a.Created.Compare(b.Created) })
	return list, told
}

// names are those of the files of entries in a folder.
func (s *Spool) names(folder string) (names []string, err error) {
	files, err := os.ReadDir(filepath.Join(s.dir, folder))
	if err != nil {
		return nil, fmt.Errorf("read the spool of notifications: %w", err)
	}
	for _, f := range files {
		if id, is := strings.CutSuffix(f.Name(), ".json"); is && entryID.MatchString(id) {
			names = append(names, f.Name())
		}
	}
	return names, nil
}

func readEntry(file string) (e Entry, err error) {
	f, err := os.Open(file)
	if err != nil {
		return e, fmt.Errorf("read a notification: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err != nil {
		return e, fmt.Errorf("read a notification: %w", err)
	} else if info.Size() > maxEntry {
		return e, fmt.Errorf("read a notification: %s has %d bytes, more than any", file, info.Size())
	}
	if err := json.NewDecoder(f).Decode(&e); err != nil {
		return e, fmt.Errorf("read a notification: %s: %w", file, err)
	}
	if e.ID+".json" != filepath.Base(file) {
		return e, fmt.Errorf("read a notification: %s is not named after its id %q", file, e.ID)
	}
	return e, nil
}

// bound sets aside what is too old or no longer fits, and removes the oldest of
// what is kept beside the queue.
func (s *Spool) bound() (told []string, err error) {
	list, told := s.Pending()
	var size int64
	for i, e := range slices.Backward(list) { // the newest are kept
		if info, err := os.Stat(s.file(queueFolder, e.ID)); err == nil {
			size += info.Size()
		}
		switch {
		case s.now().Sub(e.Created) > s.limits.Age:
			told = append(told, s.setAside(e, fmt.Sprintf("it could not be delivered within %s (%s)", s.limits.Age, cmp.Or(e.Error, "never tried"))))
		case len(list)-i > s.limits.Entries || size > s.limits.Bytes:
			told = append(told, s.setAside(e, fmt.Sprintf("the spool is full: it holds %d messages or %d bytes at most", s.limits.Entries, s.limits.Bytes)))
		}
	}
	return told, errors.Join(s.keepNewest(asideFolder, s.limits.Aside), s.keepNewest(sentFolder, s.limits.Sent))
}

// setAside gives an entry up, and says so.
func (s *Spool) setAside(e Entry, why string) string {
	e.Error = why
	err := s.write(asideFolder, e)
	if err == nil {
		err = removeFile(s.file(queueFolder, e.ID))
	}
	text := fmt.Sprintf("the message %s to %s is set aside: %s; `adopt6 notify flush --aside` tries it again", e.ID, clean(e.Receiver, maxDetail), why)
	if err != nil {
		text += fmt.Sprintf(" (%v)", err)
	}
	return text
}

// keepNewest removes the oldest files of a folder.
func (s *Spool) keepNewest(folder string, most int) error {
	files, err := os.ReadDir(filepath.Join(s.dir, folder))
	if err != nil || len(files) <= most {
		return err
	}
	age := make(map[string]time.Time, len(files))
	for _, f := range files {
		if info, err := f.Info(); err == nil {
			age[f.Name()] = info.ModTime()
		}
	}
	slices.SortFunc(files, func(a, b os.DirEntry) int { return age[a.Name()].Compare(age[b.Name()]) })
	var faults []error
	for _, f := range files[:len(files)-most] {
		faults = append(faults, removeFile(filepath.Join(s.dir, folder, f.Name())))
	}
	return errors.Join(faults...)
}

// Retry brings back what was set aside, to be tried at once.
func (s *Spool) Retry() (n int, err error) {
	lock, err := s.lock()
	if err != nil {
		return 0, err
	}
	defer lock.Unlock()
	for _, e := range s.Aside() {
		e.Created, e.Next, e.Tries, e.Error = s.now(), time.Time{}, 0, ""
		if err := s.write(queueFolder, e); err != nil {
			return n, err
		}
		if err := removeFile(s.file(asideFolder, e.ID)); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// delivered records that an entry was taken. The mark comes first: after a crash
// between the two, the entry goes and is not sent again.
func (s *Spool) delivered(e Entry) error {
	if err := writeFile(s.file(sentFolder, e.ID), nil, ownerOnly); err != nil {
		return err
	}
	return removeFile(s.file(queueFolder, e.ID))
}

// wasDelivered says whether an entry was taken and only its file stayed.
func (s *Spool) wasDelivered(e Entry) bool {
	_, err := os.Stat(s.file(sentFolder, e.ID))
	return err == nil
}

// BusyError says that another process delivers from the spool.
type BusyError struct{}

func (*BusyError) Error() string {
	return "another process delivers the notifications of this folder at present"
}

// lock waits for the lock of what lies in the spool. It ends with the process.
func (s *Spool) lock() (*lockfile.Lock, error) {
	lock, err := lockfile.Wait(context.Background(), filepath.Join(s.dir, "spool.lock"), 0o600, nil)
	if err != nil {
		return nil, fmt.Errorf("lock the spool of notifications: %w", err)
	}
	return lock, nil
}

// lockDelivery takes the lock of the one who delivers, or returns a *BusyError.
func (s *Spool) lockDelivery() (*lockfile.Lock, error) {
	lock, err := lockfile.Try(filepath.Join(s.dir, "deliver.lock"), 0o600)
	if held := new(lockfile.HeldError); errors.As(err, &held) {
		return nil, &BusyError{}
	}
	if err != nil {
		return nil, fmt.Errorf("lock the spool of notifications: %w", err)
	}
	return lock, nil
}

// Channel takes messages to receivers.
type Channel interface {
	// Deliver sends an entry. An error of type *RefusedError is final, and a
	// *LaterError says when to try again.
	Deliver(ctx context.Context, e Entry) error
}
