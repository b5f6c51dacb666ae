package spool

import (
	"bufio"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"

	"github.com/google/uuid"
	"github.com/klauspost/compress/zstd"

	"adopt6/scanner/observation"
)

// A segment is one batch in one file of frames. A frame is a skippable frame of
// Zstandard (RFC 8878 section 3.1.2), which holds the length of the next one and
// its CRC-32C (RFC 3720 section 12.1), both 32 bits little-endian, and that next
// one: a line of JSON, compressed. Thus torn and damaged frames are detected, and
// `zstdcat` prints the lines. The first line is the header, each further one an
// observation.
const (
	frameStart  = "\x50\x2a\x4d\x18\x08\x00\x00\x00" // skippable, 8 bytes long
	frameHead   = len(frameStart) + 8
	maxPayload  = 16 << 20 // bytes of a line, plain or compressed; an observation is far smaller
	segmentName = "%08d.segment"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// Header names the scan that a segment belongs to.
type Header struct {
	Scan    uuid.UUID `json:"scan"`
	Started time.Time `json:"scan_started"` // UTC, whole seconds
}

// headerLine is the first line of a segment.
type headerLine struct {
	Spool int `json:"spool"` // version of the segment format
	Header
}

// spoolVersion is the version of the segment format.
const spoolVersion = 1

// packer makes frames, unpacker reads them. Neither is safe for concurrent use.
type (
	packer   struct{ zstd *zstd.Encoder }
	unpacker struct{ zstd *zstd.Decoder }
)

func newPacker() (packer, error) {
	encoder, err := zstd.NewWriter(nil, zstd.WithEncoderConcurrency(1), zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderCRC(false), zstd.WithNoEntropyCompression(true))
	return packer{encoder}, err
}

func newUnpacker() (unpacker, error) {
	decoder, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(maxPayload))
	return unpacker{decoder}, err
}

// frame appends a line as a frame.
func (p packer) frame(buf, line []byte) []byte {
	start := len(buf)
	buf = p.zstd.EncodeAll(line, append(append(buf, frameStart...), make([]byte, 8)...))
	body := buf[start+frameHead:]
	binary.LittleEndian.PutUint32(buf[start+len(frameStart):], uint32(len(body)))
	binary.LittleEndian.PutUint32(buf[start+len(frameStart)+4:], crc32.Checksum(body, castagnoli))
	return buf
}

// segmentHead returns the first frame of a segment, its header.
func (p packer) segmentHead(header Header) ([]byte, error) {
	line, err := json.Marshal(headerLine{spoolVersion, header})
	return p.frame(nil, append(line, '\n')), err
}

// segment is a file that is being written.
type segment struct {
	file  *os.File
	size  int64 // up to the last whole frame
	rows  int
	begun time.Time
}

func createSegment(name string, head []byte) (*segment, error) {
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	s := &segment{file: file, begun: time.Now()}
	if err := s.write(head); err != nil {
		return nil, errors.Join(err, file.Close(), os.Remove(name))
	}
	return s, nil
}

// write appends whole frames. After a failure, such as a full disk, the file still
// ends with its last whole frame.
func (s *segment) write(frames []byte) error {
	if _, err := s.file.Write(frames); err != nil {
		_, seekErr := s.file.Seek(s.size, io.SeekStart)
		return errors.Join(err, s.file.Truncate(s.size), seekErr)
	}
	s.size += int64(len(frames))
	return nil
}

// Damage describes what could not be read of a segment.
type Damage struct {
	Torn    bool // the file ends within a frame, as after a power failure
	Corrupt int  // frames whose checksum or content is wrong
}

// String describes the damage; it is empty when there is none.
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
	// ErrNoSegment means that a file is not a segment, or that its header
	// cannot be read.
	ErrNoSegment = errors.New("not a spool segment")
	// ErrEmpty means that a segment ends within its header: its process was
	// killed before it wrote an observation.
	ErrEmpty = errors.New("empty spool segment")
)

// Read reads a segment: it calls begin with the header and then each with every
// observation, which the callee may keep. Damage is not an error: Read returns
// what is intact. A failure of the reader is an error.
func Read(r io.Reader, begin func(Header), each func(*observation.Observation)) (damage Damage, err error) {
	u, err := newUnpacker()
	if err != nil {
		return damage, err
	}
	defer u.zstd.Close()
	in := bufio.NewReaderSize(r, 1<<16)
	var header Header
	var line []byte
	payload, whole, err := readFrame(in, nil)
	switch {
	case errors.Is(err, io.EOF), errors.Is(err, errTorn):
		return damage, ErrEmpty
	case errors.Is(err, errNoFrame):
		return damage, ErrNoSegment
	case err != nil:
		return damage, err
	}
	if header, err = u.header(payload); err != nil || !whole {
		return damage, ErrNoSegment
	}
	begin(header)
	for {
		payload, whole, err = readFrame(in, payload)
		switch {
		case errors.Is(err, io.EOF):
			return damage, nil
		case errors.Is(err, errTorn), errors.Is(err, errNoFrame):
			damage.Torn = true // the start of the next frame is unknown
			return damage, nil
		case err != nil:
			return damage, err
		}
		o := new(observation.Observation)
		if whole {
			line, err = u.zstd.DecodeAll(payload, line[:0])
		}
		if err == nil && whole {
			err = o.UnmarshalJSON(line)
		}
		if !whole || err != nil || o.Scan != header.Scan {
			damage.Corrupt++
			continue
		}
		each(o)
	}
}

func (u unpacker) header(payload []byte) (Header, error) {
	var first headerLine
	line, err := u.zstd.DecodeAll(payload, nil)
	if err == nil {
		err = json.Unmarshal(line, &first)
	}
	if err == nil && first.Spool != spoolVersion {
		err = fmt.Errorf("segment format %d; this adopt6 reads format %d", first.Spool, spoolVersion)
	}
	return first.Header, err
}

var (
	errTorn    = errors.New("the file ends amid a frame")
	errNoFrame = errors.New("no frame begins here")
)

// readFrame reads the compressed line of the next frame into buf's memory and
// reports whether its checksum is right. The error is io.EOF at the end, errTorn or
// errNoFrame.
func readFrame(in *bufio.Reader, buf []byte) (payload []byte, whole bool, err error) {
	var head [frameHead]byte
	n, err := io.ReadFull(in, head[:])
	switch known := min(n, len(frameStart)); {
	case string(head[:known]) != frameStart[:known]:
		return buf, false, errNoFrame
	case errors.Is(err, io.ErrUnexpectedEOF):
		return buf, false, errTorn
	case err != nil:
		return buf, false, err
	}
	length := binary.LittleEndian.Uint32(head[len(frameStart):])
	if length > maxPayload {
		return buf, false, errNoFrame
	}
	// Grown as the bytes come, so that a damaged length costs no memory.
	payload = buf[:0]
	for remaining := int(length); remaining > 0; {
		n := min(remaining, 1<<16)
		start := len(payload)
		payload = append(payload, make([]byte, n)...)
		if _, err := io.ReadFull(in, payload[start:]); errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return payload, false, errTorn
		} else if err != nil {
			return payload, false, err
		}
		remaining -= n
	}
	return payload, crc32.Checksum(payload, castagnoli) == binary.LittleEndian.Uint32(head[len(frameStart)+4:]), nil
}
