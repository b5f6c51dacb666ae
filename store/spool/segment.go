package spool

import (
	"adopt6/scanner/observation"
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"

	"github.com/google/uuid"
)

// A segment is one batch in one file: the magic line, then frames. A frame is
// the length of its payload and the CRC-32C (RFC 3720 section 12.1) of it, both
// 32 bits little-endian, and the payload. The first payload is the header, each
// further one an observation.
const (
	magic       = "adopt6 spool 1\n"
	frameHead   = 8
	maxPayload  = 16 << 20 // bytes; one observation is far below
	segmentName = "%08d.segment"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Header says which scan a segment belongs to.
type Header struct {
	Scan    uuid.UUID
	Started time.Time // of the scan, UTC, whole seconds
}

func (h Header) encode() []byte {
	return binary.AppendVarint(append([]byte(nil), h.Scan[:]...), h.Started.Unix())
}

func decodeHeader(payload []byte) (h Header, err error) {
	c := reader(payload)
	c.fixed(h.Scan[:])
	h.Started = time.Unix(c.int(0), 0).UTC()
	return h, c.err
}

// beginFrame appends room for a frame's head to buf; its payload follows.
func beginFrame(buf []byte) []byte { return append(buf, make([]byte, frameHead)...) }

// endFrame fills in the head of the frame that begins at start and ends with
// buf.
func endFrame(buf []byte, start int) []byte {
	body := buf[start+frameHead:]
	binary.LittleEndian.PutUint32(buf[start:], uint32(len(body)))
	binary.LittleEndian.PutUint32(buf[start+4:], crc32.Checksum(body, castagnoli))
	return buf
}

// segmentHead is what a segment begins with.
func segmentHead(header Header) []byte {
	return endFrame(append(beginFrame([]byte(magic)), header.encode()...), len(magic))
}

// segment is a file that is being written.
type segment struct {
	file  *os.File
	size  int64 // up to the last whole frame
	rows  int
	begun time.Time
}

func createSegment(name string, header Header) (*segment, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	s := &segment{file: file, begun: time.Now()}
	if err := s.write(segmentHead(header)); err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(name))
	}
	return s, nil
}

// write appends whole frames. After a failure, such as a full disk, the file
// ends with the last whole frame as before.
func (s *segment) write(frames []byte) error {
	if _, err := s.file.Write(frames); err != nil {
		_, seekErr := s.file.Seek(s.size, io.SeekStart)
		return errors.Join(err, s.file.Truncate(s.size), seekErr)
	}
	s.size += int64(len(frames))
	return nil
}

// Damage says what of a segment could not be read.
type Damage struct {
	Torn    bool // the file ends amid a frame, as after a power failure
	Corrupt int  // frames whose checksum or content is wrong
}

// String describes the damage, or is empty.
func (d Damage) String() string {
	switch {
	case d.Corrupt > 0 && d.Torn:
		return fmt.Sprintf("%d corrupt records and a torn end", d.Corrupt)
	case d.Corrupt > 0:
		return fmt.Sprintf("%d corrupt records", d.Corrupt)
	case d.Torn:
		return "a torn end"
	}
	return ""
}

var (
	// ErrNoSegment says that a file is not a segment, or that not even its
	// header can be read.
	ErrNoSegment = errors.New("not a spool segment")
	// ErrEmpty says that a segment ends before its header does: its process
	// was killed before anything was written to it.
	ErrEmpty = errors.New("empty spool segment")
)

// Read reads a segment: it calls begin with the header and then each with every
// observation, which is the callee's. Damage is no error: what is whole is read.
// A reader's failure is one.
func Read(r io.Reader, begin func(Header), each func(*observation.Observation)) (damage Damage, err error) {
	in := bufio.NewReaderSize(r, 1<<16)
	head := make([]byte, len(magic))
	n, err := io.ReadFull(in, head)
	switch {
	case string(head[:n]) != magic[:n]:
		return damage, ErrNoSegment
	case err != nil:
		return damage, atEnd(err)
	}
	payload, whole, err := readFrame(in, nil)
	if err != nil {
		return damage, atEnd(err)
	}
	header, err := decodeHeader(payload)
	if err != nil || !whole {
		return damage, ErrNoSegment
	}
	begin(header)
	for {
		payload, whole, err = readFrame(in, payload)
		switch {
		case errors.Is(err, io.EOF):
			return damage, nil
		case errors.Is(err, io.ErrUnexpectedEOF):
			damage.Torn = true
			return damage, nil
		case err != nil:
			return damage, err
		}
		o, err := decode(payload)
		if !whole || err != nil || o.Scan != header.Scan {
			damage.Corrupt++
			continue
		}
		each(&o)
	}
}

// readFrame reads the next frame into buf's memory and says whether its
// checksum is right. io.EOF is the end, io.ErrUnexpectedEOF a torn frame.
func readFrame(in *bufio.Reader, buf []byte) (payload []byte, whole bool, err error) {
	var head [frameHead]byte
	if _, err := io.ReadFull(in, head[:]); err != nil {
		return buf, false, err
	}
	length := binary.LittleEndian.Uint32(head[:])
	if length > maxPayload {
		// The length itself is damaged: where the next frame begins is lost.
		return buf, false, io.ErrUnexpectedEOF
	}
	// Grown as the bytes come, so that a damaged length costs no memory.
	payload = buf[:0]
	for remaining := int(length); remaining > 0; {
		n := min(remaining, 1<<16)
		start := len(payload)
		payload = append(payload, make([]byte, n)...)
		if _, err := io.ReadFull(in, payload[start:]); err != nil {
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return payload, false, err
		}
		remaining -= n
	}
	return payload, crc32.Checksum(payload, castagnoli) == binary.LittleEndian.Uint32(head[4:]), nil
}

// atEnd turns the end of a file into ErrEmpty.
func atEnd(err error) error {
	if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
		return ErrEmpty
	}
	return err
}
