package zonefile

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"github.com/miekg/dns"
)

// maxSyntaxErrors is how many faults are reported before an audit gives up.
const maxSyntaxErrors = 10

// maxFactRun is how much about one owner name goes to the sorter at a time, in
// bytes.
const maxFactRun = 8 << 10

// collector reads the zone file and sorts what matters in it by owner name.
type collector struct {
	cfg     Config
	apex    Name // nil until it is known
	hasSOA  bool
	serial  uint32
	keys    []apexKey
	types   [1 << 16]uint64
	unknown map[string]uint64 // records of types that have no known number, by mnemonic
	records uint64
	cut     bool // the last line has no end

	// The records about the current owner name.
	owner     Name
	count     uint64 // of NS, DS, A and AAAA records
	file      string // where the first of them is
	line      int
	facts     []byte // NS and DS
	addresses []byte // A and AAAA

	// The same of all others.
	delegations *sorter
	hosts       *sorter
	// shared holds the name servers that some NS record names whose owner is
	// not at or above them.
	shared *hostTable

	outside outsiders
}

// apexKey is a DNSKEY record, which only the apex should have.
type apexKey struct {
	owner     string
	algorithm uint8
}

// maxKeys bounds how many DNSKEY records are looked at.
const maxKeys = 64

// outsiders are the NS, DS, A and AAAA records whose owner is not in the zone.
type outsiders struct {
	count uint64
	first string // the owner of one of them
	where string // the file and line of that; empty when not known
}

// read takes the whole input in.
func (c *collector) read(ctx context.Context) error {
	input := newReadAhead(ctx, c.cfg.Input)
	defer input.stop()
	z, err := NewReader(c.cfg.Name, input, Options{Origin: c.cfg.Origin, Include: c.cfg.Include})
	if err != nil {
		return err
	}
	defer z.Close()
	if err := c.readRecords(ctx, z); err != nil {
		return err
	}
	if err := c.flush(); err != nil {
		return err
	}
	c.cut = z.Cut()
	c.cfg.Progress.Records.Store(int64(c.records))
	return c.check()
}

// readRecords takes every record. After a fault it continues, to report a few
// more at once.
func (c *collector) readRecords(ctx context.Context, z *Reader) error {
	var faults []error
	for rec := new(Record); ; {
		err := z.Next(rec)
		if err == nil {
			if len(faults) == 0 {
				err = z.locate(c.take(rec))
			}
			if c.records++; c.records%progressEvery == 0 {
				c.cfg.Progress.Records.Store(int64(c.records))
				if ctx.Err() != nil {
					return ctx.Err()
				}
			}
		}
		var syntax *SyntaxError
		switch {
		case err == nil:
		case err == io.EOF:
			return errors.Join(faults...)
		case !errors.As(err, &syntax):
			return err
		default:
			faults = append(faults, err)
			if c.records == 0 || len(faults) == maxSyntaxErrors {
				return errors.Join(faults...)
			}
		}
	}
}

// take sorts one record in.
func (c *collector) take(rec *Record) error {
	if len(rec.Mnemonic) > 0 {
		return c.takeUnknown(rec)
	}
	c.types[rec.Type]++
	if !isRead(rec.Type) {
		return nil
	}
	if !bytes.Equal(rec.Owner, c.owner) || c.count == 0 {
		if err := c.flush(); err != nil {
			return err
		}
		c.owner = append(c.owner[:0], rec.Owner...)
		c.file, c.line = rec.File, rec.Line
	}
	switch rec.Type {
	case dns.TypeNS:
		c.facts = appendFact(c.facts, factNS, rec.Target)
	case dns.TypeDS:
		c.facts = appendDS(c.facts, rec.DS)
	case dns.TypeA, dns.TypeAAAA:
		c.addresses = appendAddress(c.addresses, rec.Addr)
	case dns.TypeSOA:
		return c.takeSOA(rec)
	case dns.TypeDNSKEY:
		if len(c.keys) < maxKeys {
			c.keys = append(c.keys, apexKey{string(rec.Owner), rec.Key.Algorithm})
		}
		return nil
	}
	c.count++
	if len(c.facts)+len(c.addresses) > maxFactRun {
		return c.flush()
	}
	return nil
}

// maxUnknown bounds the mnemonics without a known number; a file with more is
// not a zone file.
const maxUnknown = 16

// takeUnknown counts a record of a type that this program does not know.
func (c *collector) takeUnknown(rec *Record) error {
	if c.unknown == nil {
		c.unknown = make(map[string]uint64)
	}
	if c.unknown[string(rec.Mnemonic)]++; len(c.unknown) > maxUnknown {
		return faultf("is this a zone file?", "more than %d unknown record types, the last %s", maxUnknown, quoted(rec.Mnemonic))
	}
	return nil
}

// takeSOA learns the zone's name. A transfer ends with the SOA record that it
// began with, so the same may come again.
func (c *collector) takeSOA(rec *Record) error {
	switch {
	case c.apex == nil:
		c.apex = append(Name{}, rec.Owner...)
	case bytes.Equal(c.apex, rec.Owner):
	case c.hasSOA:
		return faultf("split the file: one audit is of one zone", "a second SOA record, of %s in the zone %s", rec.Owner, c.apex)
	default:
		return faultf("correct --origin or leave it out", "the SOA record is of %s, but --origin says %s", rec.Owner, c.apex)
	}
	c.hasSOA, c.serial = true, rec.Serial
	return nil
}

// flush moves what is known about the current owner to the sorters.
func (c *collector) flush() error {
	if c.count > 0 && c.apex != nil && !c.owner.Within(c.apex) {
		where := ""
		if c.outside.count == 0 {
			where = fmt.Sprintf("%s:%d", Printable(c.file), c.line)
		}
		c.outside.add(c.owner, c.count, where)
		c.facts, c.addresses = c.facts[:0], c.addresses[:0]
	}
	c.count = 0
	if len(c.facts) > 0 {
		c.noteShared()
		if err := c.delegations.add(c.owner, c.facts); err != nil {
			return err
		}
		c.facts = c.facts[:0]
	}
	if len(c.addresses) > 0 {
		if err := c.hosts.add(c.owner, c.addresses); err != nil {
			return err
		}
		c.addresses = c.addresses[:0]
	}
	return nil
}

// noteShared puts the name servers of the current owner in c.shared, as far as
// they may lie in the zone.
func (c *collector) noteShared() {
	for facts := c.facts; len(facts) > 0; {
		kind, fact, rest := nextFact(facts)
		facts = rest
		if kind == factNS && !Name(fact).Within(c.owner) && Name(fact).Within(c.apex) {
			c.shared.add(fact)
		}
	}
}

func (o *outsiders) add(owner Name, records uint64, where string) {
	if o.count == 0 {
		o.first, o.where = owner.String(), where
	}
	o.count += records
}

// check makes sure that a zone was read.
func (c *collector) check() error {
	e := &FormatError{File: c.cfg.Name}
	switch {
	case c.records == 0:
		e.Problem, e.Fix = "there is no record in it", "is this a zone file?"
	case c.apex == nil:
		e.Problem, e.Fix = "there is no SOA record, so this is not a whole zone", "give the zone's name with --origin NAME to audit it all the same"
	case c.outside.count > 0 && c.delegations.items+c.hosts.items == 0:
		e.Problem, e.Fix = "nothing in it belongs to the zone "+c.apex.String()+": the first name is "+c.outside.first, "correct --origin"
	default:
		return nil
	}
	return e
}
