package zonefile

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"
)

// disk makes the temporary files of one audit.
type disk struct {
	ctx  context.Context
	dir  string // empty for the system's own folder
	held int64  // bytes that the files hold now
	peak int64  // the most that they held
}

// spill is a temporary file of items. It has no name, so that it is gone when
// the program ends in whatever way.
type spill struct {
	disk *disk
	f    *os.File
	w    *bufio.Writer
	size int64
	head []byte
}

// Buffer sizes, in bytes.
const (
	writeBuffer = 256 << 10
	readBuffer  = 32 << 10
)

func (d *disk) create() (*spill, error) {
	f, err := os.CreateTemp(d.dir, "adopt6-audit-")
	if err != nil {
		return nil, fmt.Errorf("make a temporary file: %w (choose another folder with --temp-dir)", err)
	}
	if err := os.Remove(f.Name()); err != nil {
		_ = f.Close()
		return nil, fmt.Errorf("unlink the temporary file: %w", err)
	}
	return &spill{disk: d, f: f, w: bufio.NewWriterSize(f, writeBuffer)}, nil
}

// append writes one item.
func (s *spill) append(key, payload []byte) error {
	before := s.size
	s.head = append(appendItemHeader(s.head[:0], len(key), len(payload)), key...)
	_, err := s.w.Write(s.head)
	if err == nil {
		_, err = s.w.Write(payload)
	}
	if err != nil {
		return s.failed(err)
	}
	s.size += int64(len(s.head) + len(payload))
	s.disk.held += s.size - before
	s.disk.peak = max(s.disk.peak, s.disk.held)
	if before>>20 != s.size>>20 { // once a megabyte
		return s.disk.ctx.Err()
	}
	return nil
}

func (s *spill) flush() error {
	if err := s.w.Flush(); err != nil {
		return s.failed(err)
	}
	return nil
}

func (s *spill) failed(err error) error {
	if errors.Is(err, syscall.ENOSPC) {
		dir := cmp.Or(s.disk.dir, os.TempDir())
		return fmt.Errorf("no room left in %s after %d MiB of temporary data; give a folder with more room with --temp-dir: %w",
			Printable(dir), s.disk.held>>20, err)
	}
	return fmt.Errorf("write temporary data: %w", err)
}

// truncate empties the file.
func (s *spill) truncate() error {
	if err := s.f.Truncate(0); err != nil {
		return fmt.Errorf("empty a temporary file: %w", err)
	}
	if _, err := s.f.Seek(0, 0); err != nil {
		return fmt.Errorf("rewind a temporary file: %w", err)
	}
	s.disk.held -= s.size
	s.size = 0
	return nil
}

func (s *spill) close() {
	s.disk.held -= s.size
	_ = s.f.Close() // a temporary file, of which nothing is needed any more
}

// open returns the items of a part of the file, which must have been flushed.
func (s *spill) open(at section) run {
	return &fileRun{f: s.f, at: at.at, end: at.at + at.size, buf: make([]byte, readBuffer)}
}

// fileRun yields the items of a section of a file.
type fileRun struct {
	f       *os.File
	at, end int64  // what is left to be read
	buf     []byte // what was read
	pos     int    // where in buf the next item begins
	filled  int
}

func (r *fileRun) next() (key, payload []byte, err error) {
	if r.filled == r.pos && r.at == r.end {
		return nil, nil, nil
	}
	k, p, header := itemHeader(r.buf[r.pos:r.filled])
	if header == 0 {
		if err := r.fill(0); err != nil {
			return nil, nil, err
		}
		k, p, header = itemHeader(r.buf[:r.filled])
	}
	if size := header + k + p; r.filled-r.pos < size {
		if err := r.fill(size); err != nil {
			return nil, nil, err
		}
	}
	key, payload, size := itemAt(r.buf[r.pos:r.filled])
	r.pos += size
	return key, payload, nil
}

// fill makes the buffer hold at least size bytes from the next item on.
func (r *fileRun) fill(size int) error {
	left := copy(r.buf, r.buf[r.pos:r.filled])
	if size > len(r.buf) {
		r.buf = append(r.buf[:left], make([]byte, size-left)...)
	}
	n := int(min(int64(len(r.buf)-left), r.end-r.at))
	if left+n < size {
		return errors.New("read temporary data: it ends early")
	}
	if _, err := r.f.ReadAt(r.buf[left:left+n], r.at); err != nil {
		return fmt.Errorf("read temporary data: %w", err)
	}
	r.at += int64(n)
	r.pos, r.filled = 0, left+n
	return nil
}
