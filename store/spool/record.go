package spool

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/dnssec"
)

// recordVersion begins every record. A change to what follows takes the next
// number, and decode keeps reading the old ones: a spool outlives the program
// that wrote it.
const recordVersion = 1

// encode appends an observation to buf: integers as variable-length integers,
// strings and lists after their length. Of the country's names only the
// English one is kept, as in the store.
func encode(buf []byte, o *scanner.Observation) []byte {
	e := encoder{buf}
	e.uint(recordVersion)
	e.bytes(o.Scan[:])
	e.uint(o.Position)
	for _, s := range []string{o.Target.Name, o.Target.Unicode, string(o.Target.Kind), o.Target.Level, o.Target.Country, o.Target.Source, o.Target.Date} {
		e.string(s)
	}
	c := &o.Country
	for _, s := range []string{c.Alpha2, c.Alpha3, c.M49, c.Names.En, c.Region, c.AsOf} {
		e.string(s)
	}
	e.flags(c.MemberState, c.LDC, c.LLDC, c.SIDS)
	e.string(o.Vantage)
	e.int(o.Started.UnixMicro())
	e.int(int64(o.Took))
	for _, v := range []scanner.Verdict{o.DNS, o.Web, o.Mail, o.V6Only} {
		e.verdict(v)
	}
	e.uint(uint64(o.DNSSEC))
	e.string(string(o.DNSSECReason))
	e.uint(uint64(o.Readiness))
	e.strings(o.NameServers)
	e.uint(uint64(o.NameServersV6))
	e.uint(uint64(o.NameServersV6OK))
	for _, list := range [][]netip.Addr{o.A, o.AAAA, o.WWWA, o.WWWAAAA} {
		e.uint(uint64(len(list)))
		for _, a := range list {
			e.addr(a)
		}
	}
	e.strings(o.MX)
	e.uint(uint64(o.DS))
	e.uint(uint64(o.DNSKEY))
	e.uint(uint64(o.Queries))
	e.uint(uint64(len(o.Endpoints)))
	for i := range o.Endpoints {
		e.endpoint(&o.Endpoints[i])
	}
	return e.buf
}

type encoder struct{ buf []byte }

func (e *encoder) uint(v uint64)  { e.buf = binary.AppendUvarint(e.buf, v) }
func (e *encoder) int(v int64)    { e.buf = binary.AppendVarint(e.buf, v) }
func (e *encoder) bytes(b []byte) { e.buf = append(e.buf, b...) }
func (e *encoder) string(s string) {
	e.uint(uint64(len(s)))
	e.buf = append(e.buf, s...)
}

func (e *encoder) strings(list []string) {
	e.uint(uint64(len(list)))
	for _, s := range list {
		e.string(s)
	}
}

func (e *encoder) flags(flags ...bool) {
	var bits uint64
	for i, set := range flags {
		if set {
			bits |= 1 << i
		}
	}
	e.uint(bits)
}

func (e *encoder) addr(a netip.Addr) {
	b := a.AsSlice() // 0, 4 or 16 bytes
	e.uint(uint64(len(b)))
	e.bytes(b)
}

func (e *encoder) verdict(v scanner.Verdict) {
	e.uint(uint64(v.Status))
	e.string(string(v.Reason))
}

func (e *encoder) endpoint(p *scanner.Endpoint) {
	e.string(p.Probe)
	e.string(p.Host)
	e.addr(p.Addr)
	e.uint(uint64(p.Port))
	e.string(p.Transport)
	e.verdict(p.Verdict)
	e.int(int64(p.RTT))
	e.string(p.Detail)
}

// check refuses an observation that a reader would refuse.
func check(o *scanner.Observation) error {
	known := int(o.DNSSEC) < len(dnssec.States())
	for _, v := range []scanner.Verdict{o.DNS, o.Web, o.Mail, o.V6Only} {
		known = known && int(v.Status) < len(scanner.Statuses())
	}
	for i := range o.Endpoints {
		known = known && int(o.Endpoints[i].Verdict.Status) < len(scanner.Statuses())
	}
	if !known {
		return fmt.Errorf("the observation of %q has a status that does not exist", o.Target.Name)
	}
	return nil
}

// decode reads one record. Its memory is bounded by a small multiple of the
// record's length, whatever the record says.
func decode(record []byte) (o scanner.Observation, err error) {
	d := decoder{buf: record}
	if version := d.uint(); d.err == nil && version != recordVersion {
		return o, fmt.Errorf("record of version %d, this adopt6 knows %d", version, recordVersion)
	}
	o.Scan = uuid.UUID(d.fixed(16))
	o.Position = d.uint()
	o.Target = lists.Target{Name: d.string(), Unicode: d.string(), Kind: lists.Kind(d.string()), Level: d.string(), Country: d.string(), Source: d.string(), Date: d.string()}
	c := &o.Country
	c.Alpha2, c.Alpha3, c.M49, c.Names.En, c.Region, c.AsOf = d.string(), d.string(), d.string(), d.string(), d.string(), d.string()
	flags := d.uint()
	c.MemberState, c.LDC, c.LLDC, c.SIDS = flags&1 != 0, flags&2 != 0, flags&4 != 0, flags&8 != 0
	o.Vantage = d.string()
	o.Started = time.UnixMicro(d.int()).UTC()
	o.Took = time.Duration(d.int())
	o.DNS, o.Web, o.Mail, o.V6Only = d.verdict(), d.verdict(), d.verdict(), d.verdict()
	o.DNSSEC = dnssec.State(d.below(uint64(len(dnssec.States()))))
	o.DNSSECReason = scanner.Reason(d.string())
	o.Readiness = uint8(d.below(1 << 8))
	o.NameServers = d.strings()
	o.NameServersV6, o.NameServersV6OK = uint16(d.below(1<<16)), uint16(d.below(1<<16))
	o.A, o.AAAA, o.WWWA, o.WWWAAAA = d.addrs(), d.addrs(), d.addrs(), d.addrs()
	o.MX = d.strings()
	o.DS, o.DNSKEY, o.Queries = uint16(d.below(1<<16)), uint16(d.below(1<<16)), uint32(d.below(1<<32))
	for n := d.count(); n > 0 && d.err == nil; n-- {
		o.Endpoints = append(o.Endpoints, d.endpoint())
	}
	if d.err == nil && len(d.buf) > 0 {
		d.err = fmt.Errorf("%d bytes too many", len(d.buf))
	}
	return o, d.err
}

// decoder reads from buf until something is wrong; from then on it returns
// zero values.
type decoder struct {
	buf []byte
	err error
}

var errShort = errors.New("record ends early")

func (d *decoder) fail(err error) {
	if d.err == nil {
		d.err = err
	}
	d.buf = nil
}

func (d *decoder) uint() uint64 {
	v, n := binary.Uvarint(d.buf)
	if n <= 0 {
		d.fail(errShort)
		return 0
	}
	d.buf = d.buf[n:]
	return v
}

func (d *decoder) int() int64 {
	v, n := binary.Varint(d.buf)
	if n <= 0 {
		d.fail(errShort)
		return 0
	}
	d.buf = d.buf[n:]
	return v
}

// below reads a number that must be less than limit.
func (d *decoder) below(limit uint64) uint64 {
	v := d.uint()
	if v >= limit {
		d.fail(fmt.Errorf("value %d out of range", v))
		return 0
	}
	return v
}

// count reads the length of something that takes at least a byte each.
func (d *decoder) count() int {
	v := d.uint()
	if v > uint64(len(d.buf)) {
		d.fail(errShort)
		return 0
	}
	return int(v)
}

// fixed returns n bytes.
func (d *decoder) fixed(n int) []byte {
	if n > len(d.buf) {
		d.fail(errShort)
		return make([]byte, n)
	}
	b := d.buf[:n]
	d.buf = d.buf[n:]
	return b
}

func (d *decoder) string() string {
	n := d.count()
	return string(d.fixed(n))
}

func (d *decoder) strings() []string {
	var list []string
	for n := d.count(); n > 0 && d.err == nil; n-- {
		list = append(list, d.string())
	}
	return list
}

func (d *decoder) addr() netip.Addr {
	b := d.fixed(d.count())
	a, ok := netip.AddrFromSlice(b)
	if !ok && len(b) != 0 {
		d.fail(fmt.Errorf("address of %d bytes", len(b)))
	}
	return a
}

func (d *decoder) addrs() []netip.Addr {
	var list []netip.Addr
	for n := d.count(); n > 0 && d.err == nil; n-- {
		list = append(list, d.addr())
	}
	return list
}

func (d *decoder) verdict() scanner.Verdict {
	return scanner.Verdict{Status: scanner.Status(d.below(uint64(len(scanner.Statuses())))), Reason: scanner.Reason(d.string())}
}

func (d *decoder) endpoint() scanner.Endpoint {
	return scanner.Endpoint{
		Probe: d.string(), Host: d.string(), Addr: d.addr(), Port: uint16(d.below(1 << 16)), Transport: d.string(),
		Verdict: d.verdict(), RTT: time.Duration(d.int()), Detail: d.string(),
	}
}
