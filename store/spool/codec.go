package spool

import (
	"adopt6/scanner/observation"
	"encoding/binary"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"time"
)

// reader returns a codec that reads what b holds.
func reader(b []byte) codec { return codec{reading: true, buf: b, whole: string(b)} }

// codec writes values to buf, or reads them from it. One func for both ways
// names the fields once, so that reader and writer cannot differ. Writing
// changes no value. After an error it does nothing and reads zeros.
type codec struct {
	reading bool
	version uint64 // of the record
	buf     []byte // what is written, or what remains to be read
	whole   string // all that is read, which the texts are parts of
	err     error
}

var errShort = errors.New("record ends early")

func (c *codec) fail(err error) {
	if c.err == nil {
		c.err = err
	}
	if c.reading {
		c.buf = nil
	}
}

// uint codes a number of variable length.
func (c *codec) uint(v uint64) uint64 {
	if !c.reading {
		c.buf = binary.AppendUvarint(c.buf, v)
		return v
	}
	v, n := binary.Uvarint(c.buf)
	if n <= 0 {
		c.fail(errShort)
		return 0
	}
	c.buf = c.buf[n:]
	return v
}

func (c *codec) int(v int64) int64 {
	if !c.reading {
		c.buf = binary.AppendVarint(c.buf, v)
		return v
	}
	v, n := binary.Varint(c.buf)
	if n <= 0 {
		c.fail(errShort)
		return 0
	}
	c.buf = c.buf[n:]
	return v
}

// length codes the length of something that takes at least a byte each, so
// that memory stays within a small multiple of the record, whatever it says.
func (c *codec) length(n int) int {
	v := c.uint(uint64(n))
	if c.reading && v > uint64(len(c.buf)) {
		c.fail(errShort)
		return 0
	}
	return int(v)
}

// fixed codes bytes whose number both sides know.
func (c *codec) fixed(b []byte) {
	switch {
	case !c.reading:
		c.buf = append(c.buf, b...)
	case len(b) > len(c.buf):
		c.fail(errShort)
	default:
		copy(b, c.buf)
		c.buf = c.buf[len(b):]
	}
}

func number[T ~uint8 | ~uint16 | ~uint32 | ~uint64](c *codec, v *T) {
	n := c.uint(uint64(*v))
	if !c.reading {
		return
	}
	if *v = T(n); uint64(*v) != n {
		c.fail(fmt.Errorf("value %d out of range", n))
	}
}

// enum codes one of limit values.
func enum[T ~uint8](c *codec, v *T, limit int) {
	if number(c, v); int(*v) >= limit {
		c.fail(fmt.Errorf("value %d does not exist", *v))
	}
}

func signed[T ~int | ~int64](c *codec, v *T) {
	if n := c.int(int64(*v)); c.reading {
		*v = T(n)
	}
}

func text[T ~string](c *codec, v *T) {
	n := c.length(len(*v))
	if !c.reading {
		c.buf = append(c.buf, *v...)
		return
	}
	if c.err != nil {
		*v = ""
		return
	}
	at := len(c.whole) - len(c.buf)
	*v = T(c.whole[at : at+n])
	c.buf = c.buf[n:]
}

func texts[T ~string](c *codec, all ...*T) {
	for _, v := range all {
		text(c, v)
	}
}

// list codes the elements after their number; without any it reads nil.
func list[T any](c *codec, v *[]T, each func(*codec, *T)) {
	n := c.length(len(*v))
	if c.reading {
		*v = nil
	}
	for i := range n {
		if c.err != nil {
			return
		}
		if c.reading {
			*v = append(*v, *new(T))
		}
		each(c, &(*v)[i])
	}
}

// flags codes up to 64 truth values.
func flags(c *codec, all ...*bool) {
	var bits uint64
	for i, v := range all {
		if *v {
			bits |= 1 << i
		}
	}
	if bits = c.uint(bits); !c.reading {
		return
	}
	if bits >= 1<<len(all) {
		c.fail(fmt.Errorf("flags %#x out of range", bits))
	}
	for i, v := range all {
		*v = bits&(1<<i) != 0
	}
}

// optional codes whether there is a value, and the value.
func optional[T any](c *codec, v **T, each func(*codec, *T)) {
	there := *v != nil
	flags(c, &there)
	if !there {
		return
	}
	if c.reading {
		*v = new(T)
	}
	each(c, *v)
}

// share codes a number from 0 to 1; what is none is written as 0.
func share(c *codec, v *float32) {
	b := make([]byte, 4)
	if !c.reading && *v >= 0 && *v <= 1 {
		binary.LittleEndian.PutUint32(b, math.Float32bits(*v))
	}
	if c.fixed(b); !c.reading {
		return
	}
	if *v = math.Float32frombits(binary.LittleEndian.Uint32(b)); !(*v >= 0 && *v <= 1) {
		*v = 0
		c.fail(errors.New("a share that is not from 0 to 1"))
	}
}

// moment codes a time in microseconds.
func moment(c *codec, v *time.Time) {
	if n := c.int(v.UnixMicro()); c.reading {
		*v = time.UnixMicro(n).UTC()
	}
}

func address(c *codec, v *netip.Addr) {
	b := v.AsSlice() // 0, 4 or 16 bytes
	n := c.length(len(b))
	if c.reading {
		b = make([]byte, n)
	}
	if c.fixed(b); !c.reading {
		return
	}
	var ok bool
	if *v, ok = netip.AddrFromSlice(b); !ok && n != 0 {
		c.fail(fmt.Errorf("address of %d bytes", n))
	}
}

func verdict(c *codec, v *observation.Verdict) {
	enum(c, &v.Status, len(observation.Statuses()))
	text(c, &v.Reason)
}

func verdicts(c *codec, all ...*observation.Verdict) {
	for _, v := range all {
		verdict(c, v)
	}
}
