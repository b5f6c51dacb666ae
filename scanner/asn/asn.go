// Package asn finds the autonomous system that an address lies in.
//
// In: a table in MaxMind's DB format, and addresses. Out: AS numbers and what
// the table calls them. It never asks the network, and never tells an address
// that the table does not list from one that nobody announces.
package asn

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/oschwald/maxminddb-golang/v2"
)

const (
	// maxBytes is many times the size of the tables that exist. A table is
	// read into memory, so that replacing the file does no harm to a scan.
	maxBytes = 256 << 20
	// maxSamples is how many networks are looked at to find where the records
	// of a table keep the number.
	maxSamples = 1000
	// maxName is how long the name of an autonomous system may be, in bytes.
	maxName = 100
)

// errNoNumbers is returned for tables about something else.
var errNoNumbers = errors.New("its records have no autonomous system number")

// Table is an open table. It may be used by many goroutines at once.
type Table struct {
	reader *maxminddb.Reader
	fields fields
	// seen holds the records that were looked up, by their place in the table,
	// so that each is decoded once and its name is in memory once.
	seen sync.Map
}

// fields are where a table keeps the number and the name.
type fields struct {
	number string
	names  []string // the first that is there holds
}

// layouts are the tables that are known: GeoLite2-ASN and those like it, with
// the number as a number, and IPinfo's, with text such as AS64496.
var layouts = []fields{
	{"autonomous_system_number", []string{"autonomous_system_organization"}},
	{"asn", []string{"as_name", "name"}},
}

// record is what a table says of a network.
type record struct {
	number uint32
	name   string
}

// Open reads the table in a file. Errors name the file.
func Open(path string) (*Table, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, fmt.Errorf("open table of autonomous systems: %w", err)
	}
	if !info.Mode().IsRegular() || info.Size() > maxBytes {
		return nil, fmt.Errorf("%s: no file of at most %d MiB", path, maxBytes>>20)
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, fmt.Errorf("read table of autonomous systems: %w", err)
	}
	t, err := parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return t, nil
}

func parse(data []byte) (*Table, error) {
	reader, err := maxminddb.OpenBytes(data)
	if err != nil {
		return nil, fmt.Errorf("not in MaxMind DB format (.mmdb): %w", err)
	}
	if reader.Metadata.IPVersion != 6 {
		return nil, fmt.Errorf("the table %.40q holds IPv4 addresses only", reader.Metadata.DatabaseType)
	}
	seen := 0
	for result := range reader.Networks() {
		if err := result.Err(); err != nil {
			return nil, fmt.Errorf("walk the table: %w", err)
		}
		for _, layout := range layouts {
			if number(result, layout.number) > 0 {
				return &Table{reader: reader, fields: layout}, nil
			}
		}
		if seen++; seen == maxSamples {
			break
		}
	}
	return nil, fmt.Errorf("the table %.40q is not one of autonomous systems: %w", reader.Metadata.DatabaseType, errNoNumbers)
}

// Lookup returns the number of the autonomous system that announces addr, and
// its name in the table, empty without; ok is false when the table does not
// know the address.
func (t *Table) Lookup(addr netip.Addr) (n uint32, name string, ok bool) {
	result := t.reader.Lookup(addr.Unmap())
	if !result.Found() {
		return 0, "", false
	}
	var r record
	if known, ok := t.seen.Load(result.Offset()); ok {
		r = known.(record)
	} else {
		r = t.fields.read(result)
		t.seen.Store(result.Offset(), r)
	}
	return r.number, r.name, r.number > 0
}

// Version names the table: its kind and the day on which it was made.
func (t *Table) Version() string {
	m := t.reader.Metadata
	return clean(m.DatabaseType) + " " + time.Unix(int64(m.BuildEpoch), 0).UTC().Format(time.DateOnly)
}

func (f fields) read(result maxminddb.Result) (r record) {
	if r.number = number(result, f.number); r.number == 0 {
		return record{}
	}
	for _, field := range f.names {
		var value any
		if result.DecodePath(&value, field) != nil {
			continue
		}
		if name, is := value.(string); is && name != "" {
			r.name = clean(name)
			break
		}
	}
	return r
}

// clean returns a text of the table as it may be shown and stored: one line of
// at most maxName bytes.
func clean(text string) string {
	text = strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, ""), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
	for len(text) > maxName || !utf8.ValidString(text) {
		text = text[:min(len(text)-1, maxName)]
	}
	return strings.TrimSpace(text)
}

// number reads a field of a record: a number, or digits with or without AS
// before them; 0 where there is none. AS 0 is nobody's (RFC 7607).
func number(record maxminddb.Result, field string) uint32 {
	var value any
	if record.DecodePath(&value, field) != nil {
		return 0
	}
	switch value := value.(type) {
	case uint64:
		if value < 1<<32 {
			return uint32(value)
		}
	case string:
		if n, err := strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(value), "AS"), 10, 32); err == nil {
			return uint32(n)
		}
	}
	return 0
}
