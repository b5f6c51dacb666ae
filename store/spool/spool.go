// Package spool keeps observations on the local disk until ClickHouse has
// confirmed them.
//
// In: observations, appended to segment files as lines of JSON with a checksum
// each. Out: the segments, to be delivered and removed, also after a crash. It
// never deletes undelivered observations, and sets aside what it cannot read.
package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/lockfile"
	"adopt6/scanner/observation"
)

const (
	lockName     = "lock"
	hiddenPrefix = "."
)

// Folder is one writer's part of the spool. It is locked as long as its process
// runs, which distinguishes the folders of ended processes from those in use. It
// is not safe for concurrent use.
type Folder struct {
	dir     string
	lock    *lockfile.Lock
	header  Header
	next    int
	current *segment
	pack    packer
	head    []byte // what a segment begins with
	line    []byte // memory for Append
	frame   []byte
}

// Segment is a file of observations.
type Segment struct {
	Path  string
	Rows  int // 0 when not known
	Bytes int64
}

// Create creates a writer's folder below root.
func Create(root string, header Header) (*Folder, error) {
	if err := os.MkdirAll(root, 0o700); err != nil {
		return nil, fmt.Errorf("make the spool folder: %w", err)
	}
	hidden, err := os.MkdirTemp(root, hiddenPrefix+header.Scan.String()+"-")
	if err != nil {
		return nil, fmt.Errorf("make the spool folder: %w", err)
	}
	f := &Folder{dir: filepath.Join(root, strings.TrimPrefix(filepath.Base(hidden), hiddenPrefix)), header: header}
	if f.pack, err = newPacker(); err == nil {
		f.head, err = f.pack.segmentHead(header)
	}
	if err != nil {
		return nil, fmt.Errorf("make the spool folder: %w", err)
	}
	if f.lock, err = tryLock(hidden); err != nil {
		return nil, fmt.Errorf("lock the spool folder %s: %w", hidden, err)
	}
	// Other processes may see it only from now on.
	if err := os.Rename(hidden, f.dir); err != nil {
		return nil, errors.Join(fmt.Errorf("make the spool folder: %w", err), f.lock.Unlock())
	}
	return f, nil
}

// Dir returns the folder of the segments.
func (f *Folder) Dir() string { return f.dir }

// Append writes an observation to the current segment. When it returns, the
// operating system has the data; Seal also syncs it to disk. After an error the
// segment is unchanged.
func (f *Folder) Append(o *observation.Observation) error {
	if o.Scan != f.header.Scan {
		return fmt.Errorf("an observation of scan %s in the spool of %s", o.Scan, f.header.Scan)
	}
	line, err := o.AppendJSON(f.line[:0])
	if err != nil {
		return fmt.Errorf("the observation of %q: %w", o.Target.Name, err)
	}
	if f.line = append(line, '\n'); len(f.line) > maxPayload {
		return fmt.Errorf("the observation of %q has %d bytes, more than a line may have", o.Target.Name, len(f.line))
	}
	f.frame = f.pack.frame(f.frame[:0], f.line)
	if f.current == nil {
		segment, err := createSegment(filepath.Join(f.dir, fmt.Sprintf(segmentName, f.next)), f.head)
		if err != nil {
			return fmt.Errorf("write to the spool: %w", err)
		}
		f.current = segment
		f.next++
	}
	if err := f.current.write(f.frame); err != nil {
		return fmt.Errorf("write to the spool: %w", err)
	}
	f.current.rows++
	return nil
}

// Current returns the size of the segment that is being written, and when it
// was begun; zeros when there is none.
func (f *Folder) Current() (rows int, bytes int64, begun time.Time) {
	if f.current == nil {
		return 0, 0, time.Time{}
	}
	return f.current.rows, f.current.size, f.current.begun
}

// Cut is a segment that is complete but may not be on disk yet.
type Cut struct{ segment *segment }

// Cut ends the current segment; the next observation begins another one. There
// may be none: then ok is false.
func (f *Folder) Cut() (cut Cut, ok bool) {
	cut.segment, f.current = f.current, nil
	return cut, cut.segment != nil
}

// Segment describes the contents of the cut.
func (c Cut) Segment() Segment {
	return Segment{Path: c.segment.file.Name(), Rows: c.segment.rows, Bytes: c.segment.size}
}

// Sync writes the segment to disk and closes it. After that it is sealed, ready to
// be delivered. It may run concurrently with the folder's other methods.
func (c Cut) Sync() error {
	file := c.segment.file
	if err := file.Sync(); err != nil {
		return errors.Join(fmt.Errorf("write the spool to disk: %w", err), file.Close())
	}
	if err := file.Close(); err != nil {
		return fmt.Errorf("close the spool's segment: %w", err)
	}
	return nil
}

// Seal cuts the current segment, if there is one, and syncs it.
func (f *Folder) Seal() (sealed Segment, ok bool, err error) {
	cut, ok := f.Cut()
	if !ok {
		return Segment{}, false, nil
	}
	return cut.Segment(), true, cut.Sync()
}

// Close unlocks the folder, and removes it when it is empty.
func (f *Folder) Close() error {
	_, _, err := f.Seal()
	left, listErr := f.Segments()
	if err = errors.Join(err, listErr); err == nil && len(left) == 0 && !f.holdsDamaged() {
		err = os.RemoveAll(f.dir)
	}
	return errors.Join(err, f.lock.Unlock())
}

// Segments lists the segments in the order they were written.
func (f *Folder) Segments() ([]Segment, error) {
	files, err := os.ReadDir(f.dir)
	if err != nil {
		return nil, fmt.Errorf("list the spool: %w", err)
	}
	var list []Segment
	for _, file := range files { // sorted by name
		if !strings.HasSuffix(file.Name(), ".segment") {
			continue
		}
		info, err := file.Info()
		if err != nil {
			return nil, fmt.Errorf("list the spool: %w", err)
		}
		list = append(list, Segment{Path: filepath.Join(f.dir, file.Name()), Bytes: info.Size()})
	}
	return list, nil
}

const damagedSuffix = ".damaged"

func (f *Folder) holdsDamaged() bool {
	files, err := os.ReadDir(f.dir)
	return err != nil || slices.ContainsFunc(files, func(e os.DirEntry) bool { return strings.HasSuffix(e.Name(), damagedSuffix) })
}

// Load reads the segment's file as [Read] does.
func (s Segment) Load(begin func(Header), each func(*observation.Observation)) (Damage, error) {
	file, err := os.Open(s.Path)
	if err != nil {
		return Damage{}, fmt.Errorf("read the spool: %w", err)
	}
	defer file.Close()
	damage, err := Read(file, begin, each)
	if err != nil {
		err = fmt.Errorf("read %s: %w", s.Path, err)
	}
	return damage, err
}

// Remove deletes a segment that was delivered.
func (s Segment) Remove() error { return os.Remove(s.Path) }

// SetAside renames a damaged segment, so that it is not delivered again, and
// returns the new name.
func (s Segment) SetAside() (string, error) {
	name := s.Path + damagedSuffix
	return name, os.Rename(s.Path, name)
}

// Scan returns the scan that the folder's observations belong to.
func (f *Folder) Scan() uuid.UUID { return f.header.Scan }

// scanOf returns the scan in the name of a folder that Create made.
func scanOf(name string) (uuid.UUID, bool) {
	const length = len("00000000-0000-0000-0000-000000000000")
	if len(name) < length {
		return uuid.UUID{}, false
	}
	scan, err := uuid.Parse(name[:length])
	return scan, err == nil
}

// LeftOver takes over the folders below root whose processes have ended. It skips
// folders in use, and anything that is not a writer's folder.
func LeftOver(root string) ([]*Folder, error) {
	dirs, err := os.ReadDir(root)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for what earlier runs left in the spool: %w", err)
	}
	var left []*Folder
	for _, entry := range dirs {
		scan, ok := scanOf(entry.Name())
		if !entry.IsDir() || !ok {
			continue
		}
		dir := filepath.Join(root, entry.Name())
		lock, err := tryLock(dir)
		if held := new(lockfile.HeldError); errors.As(err, &held) || errors.Is(err, os.ErrNotExist) {
			continue
		}
		if err != nil {
			return left, fmt.Errorf("lock the spool folder %s: %w", dir, err)
		}
		left = append(left, &Folder{dir: dir, lock: lock, header: Header{Scan: scan}})
	}
	return left, nil
}

func tryLock(dir string) (*lockfile.Lock, error) {
	return lockfile.Try(filepath.Join(dir, lockName), 0o600)
}

// Depth is how much a spool holds.
type Depth struct {
	Segments int   `json:"segments"`
	Rows     int   `json:"rows"`
	Bytes    int64 `json:"bytes"`
	Damaged  int   `json:"damaged"` // segments set aside
}

// Measure measures everything below root, of running and of ended processes.
func Measure(root string) (Depth, error) {
	var depth Depth
	err := filepath.WalkDir(root, func(path string, entry os.DirEntry, err error) error {
		if errors.Is(err, os.ErrNotExist) {
			return nil // delivered meanwhile, or no spool at all
		}
		if err != nil || entry.IsDir() {
			return err
		}
		switch {
		case strings.HasSuffix(path, damagedSuffix):
			depth.Damaged++
		case strings.HasSuffix(path, ".segment"):
			depth.Segments++
			rows, bytes := countFrames(path)
			depth.Rows += max(rows-1, 0) // the header
			depth.Bytes += bytes
		}
		return nil
	})
	if err != nil {
		return depth, fmt.Errorf("measure the spool: %w", err)
	}
	return depth, nil
}

// countFrames counts a segment's frames without reading their contents.
func countFrames(path string) (frames int, size int64) {
	file, err := os.Open(path)
	if err != nil {
		return 0, 0
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return 0, 0
	}
	for at := int64(0); ; frames++ {
		var head [frameHead]byte
		if _, err := file.ReadAt(head[:], at); err != nil {
			return frames, info.Size()
		}
		at += int64(frameHead) + int64(binary.LittleEndian.Uint32(head[len(frameStart):]))
		if at > info.Size() {
			return frames, info.Size()
		}
	}
}
