package store

import (
	"encoding/binary"
	"fmt"
	"math"
	"net/netip"
	"strings"
	"time"

	"github.com/google/uuid"
)

// cells are the values of one column of a block, in ClickHouse's Native form:
// numbers are little-endian, texts have their length before them.
type cells interface {
	zero() // appends the value of a row without the property
	// parts appends what the column is made of on the wire, in order.
	parts(list [][]byte) [][]byte
	reset() // empties the column and keeps its memory
	takes(columnType string) bool
}

// cellsOf are cells for values of type T.
type cellsOf[T any] interface {
	cells
	put(value T)
}

// newCells returns cells for the type of a property. Which types there are, the
// tables of columns say; another one is a fault of the program.
func newCells[T any]() cellsOf[T] {
	var made any
	switch any(*new(T)).(type) {
	case uint8:
		made = newNumberCells("UInt8", func(b []byte, v uint8) []byte { return append(b, v) })
	case int8:
		made = newNumberCells("Enum8", func(b []byte, v int8) []byte { return append(b, uint8(v)) })
	case uint16:
		made = newNumberCells("UInt16", binary.LittleEndian.AppendUint16)
	case int16:
		made = newNumberCells("Int16", func(b []byte, v int16) []byte { return binary.LittleEndian.AppendUint16(b, uint16(v)) })
	case uint32:
		made = newNumberCells("UInt32", binary.LittleEndian.AppendUint32)
	case uint64:
		made = newNumberCells("UInt64", binary.LittleEndian.AppendUint64)
	case float32:
		made = newNumberCells("Float32", func(b []byte, v float32) []byte { return binary.LittleEndian.AppendUint32(b, math.Float32bits(v)) })
	case float64:
		made = newNumberCells("Float64", func(b []byte, v float64) []byte { return binary.LittleEndian.AppendUint64(b, math.Float64bits(v)) })
	case time.Time:
		made = newNumberCells("DateTime", func(b []byte, v time.Time) []byte {
			seconds, _ := storedTime(v)
			return binary.LittleEndian.AppendUint32(b, uint32(seconds.Unix()))
		})
	case uuid.UUID:
		made = newNumberCells("UUID", func(b []byte, v uuid.UUID) []byte { // two numbers of 64 bits
			b = binary.LittleEndian.AppendUint64(b, binary.BigEndian.Uint64(v[:8]))
			return binary.LittleEndian.AppendUint64(b, binary.BigEndian.Uint64(v[8:]))
		})
	case string:
		made = new(textCells)
	case []string:
		made = newTextLists()
	case []uint8:
		made = &listCells[uint8]{each: newCells[uint8]()}
	case []uint32:
		made = &listCells[uint32]{each: newCells[uint32]()}
	case []netip.Addr:
		made = &listCells[netip.Addr]{each: new(addressCells)}
	default:
		panic(fmt.Sprintf("no column holds values of type %T", *new(T)))
	}
	return made.(cellsOf[T])
}

// numbers are values that take the same number of bytes each.
type numberCells[T any] struct {
	columnType string
	append     func([]byte, T) []byte
	buf        []byte
}

func newNumberCells[T any](columnType string, appendTo func([]byte, T) []byte) *numberCells[T] {
	return &numberCells[T]{columnType: columnType, append: appendTo}
}

func (c *numberCells[T]) put(v T)                      { c.buf = c.append(c.buf, v) }
func (c *numberCells[T]) zero()                        { c.put(*new(T)) }
func (c *numberCells[T]) parts(list [][]byte) [][]byte { return append(list, c.buf) }
func (c *numberCells[T]) reset()                       { c.buf = c.buf[:0] }

// takes leaves out the values of an enumeration and the zone of a time.
func (c *numberCells[T]) takes(t string) bool {
	name, _, _ := strings.Cut(t, "(")
	return name == c.columnType
}

// texts are values of a String.
type textCells struct{ buf []byte }

func (c *textCells) put(v string) {
	c.buf = append(binary.AppendUvarint(c.buf, uint64(len(v))), v...)
}
func (c *textCells) zero()                        { c.buf = append(c.buf, 0) }
func (c *textCells) parts(list [][]byte) [][]byte { return append(list, c.buf) }
func (c *textCells) reset()                       { c.buf = c.buf[:0] }
func (c *textCells) takes(t string) bool          { return t == "String" }

// addresses are values of a String.
type addressCells struct{ textCells }

func (c *addressCells) put(a netip.Addr) {
	if !a.IsValid() {
		c.zero()
		return
	}
	at := len(c.buf)
	c.buf = a.AppendTo(append(c.buf, 0))
	c.buf[at] = byte(len(c.buf) - at - 1) // below 128, so one byte is its length
}

// words are values of a LowCardinality(String): those that there are, each
// once, and for every row the number of its own.
type wordCells struct {
	known map[string]uint32
	dict  textCells
	keys  []byte
	width int // bytes of a key: 1, 2 or 4
	rows  uint64
	last  string
	key   uint32 // of last
}

// wordsHead are the constants of the format: keys of a dictionary that is sent
// with them.
const wordsHead = 1<<9 | 1<<10

func newWordCells() *wordCells {
	c := &wordCells{known: make(map[string]uint32)}
	c.reset()
	return c
}

func (c *wordCells) reset() {
	clear(c.known)
	c.known[""] = 0 // ClickHouse has the default value at 0
	c.dict.reset()
	c.dict.zero()
	c.keys, c.width, c.rows = c.keys[:0], 1, 0
	c.last, c.key = "", 0
}

func (c *wordCells) put(v string) {
	if v != c.last {
		key, known := c.known[v]
		if !known {
			key = uint32(len(c.known))
			v = strings.Clone(v) // it may be part of a long text
			c.known[v] = key
			c.dict.put(v)
			if c.width == 1 && key > math.MaxUint8 || c.width == 2 && key > math.MaxUint16 {
				c.widen()
			}
		}
		c.last, c.key = v, key
	}
	c.appendKey(c.key)
	c.rows++
}

func (c *wordCells) appendKey(key uint32) {
	switch c.width {
	case 1:
		c.keys = append(c.keys, uint8(key))
	case 2:
		c.keys = binary.LittleEndian.AppendUint16(c.keys, uint16(key))
	default:
		c.keys = binary.LittleEndian.AppendUint32(c.keys, key)
	}
}

// widen doubles the size of the keys.
func (c *wordCells) widen() {
	narrow, width := c.keys, c.width
	c.keys, c.width = make([]byte, 0, 2*max(cap(narrow), 64)), 2*width
	for at := 0; at < len(narrow); at += width {
		if width == 1 {
			c.appendKey(uint32(narrow[at]))
		} else {
			c.appendKey(uint32(binary.LittleEndian.Uint16(narrow[at:])))
		}
	}
}

func (c *wordCells) zero() { c.put("") }

func (c *wordCells) parts(list [][]byte) [][]byte {
	head := binary.LittleEndian.AppendUint64(nil, wordsHead|uint64(c.width/2)) // 0, 1 and 2 are the codes of the widths
	head = binary.LittleEndian.AppendUint64(head, uint64(len(c.known)))
	return append(list, head, c.dict.buf, binary.LittleEndian.AppendUint64(nil, c.rows), c.keys)
}

func (c *wordCells) takes(t string) bool { return t == "LowCardinality(String)" }

// lists are values of an Array: for every row where its list ends, and then all
// elements.
type listCells[T any] struct {
	ends []byte
	n    uint64
	each cellsOf[T]
}

func (c *listCells[T]) put(list []T) {
	for _, v := range list {
		c.each.put(v)
	}
	c.end(len(list))
}

func newTextLists() *listCells[string] { return &listCells[string]{each: new(textCells)} }

// end ends a row of which n elements were put.
func (c *listCells[T]) end(n int) {
	c.n += uint64(n)
	c.ends = binary.LittleEndian.AppendUint64(c.ends, c.n)
}

func (c *listCells[T]) zero() { c.end(0) }

func (c *listCells[T]) parts(list [][]byte) [][]byte { return c.each.parts(append(list, c.ends)) }

func (c *listCells[T]) reset() {
	c.ends, c.n = c.ends[:0], 0
	c.each.reset()
}

func (c *listCells[T]) takes(t string) bool {
	element, isList := strings.CutPrefix(t, "Array(")
	return isList && c.each.takes(strings.TrimSuffix(element, ")"))
}
