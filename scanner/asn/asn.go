// Package asn finds the autonomous system that an address lies in.
//
// In: a table in MaxMind's DB format, and addresses. Out: AS numbers. It never
// asks the network, and never tells an address that the table does not list
// from one that nobody announces.
package asn

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strconv"
	"strings"

	"github.com/oschwald/maxminddb-golang/v2"
)

const (
	// maxBytes is many times the size of the tables that exist. A table is
	// read into memory, so that replacing the file does no harm to a scan.
	maxBytes = 256 << 20
	// maxSamples is how many networks are looked at to find where the records
	// of a table keep the number.
	maxSamples = 1000
)

// errNoNumbers is returned for tables about something else.
var errNoNumbers = errors.New("its records have no autonomous system number")

// Table is an open table. It may be used by many goroutines at once.
type Table struct {
	reader *maxminddb.Reader
	field  string // that holds the number
}

// fields are where tables keep the number: as in GeoLite2-ASN, as a number, and
// as in IPinfo's, as text such as AS64496.
var fields = []string{"autonomous_system_number", "asn"}

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
		for _, field := range fields {
			if _, ok := number(result, field); ok {
				return &Table{reader: reader, field: field}, nil
			}
		}
		if seen++; seen == maxSamples {
			break
		}
	}
	return nil, fmt.Errorf("the table %.40q is not one of autonomous systems: %w", reader.Metadata.DatabaseType, errNoNumbers)
}

// Lookup returns the number of the autonomous system that announces addr; false
// when the table does not know it.
func (t *Table) Lookup(addr netip.Addr) (uint32, bool) {
	return number(t.reader.Lookup(addr.Unmap()), t.field)
}

// number reads a field of a record: a number, or digits with or without AS
// before them. AS 0 is nobody's (RFC 7607).
func number(record maxminddb.Result, field string) (uint32, bool) {
	var value any
	if record.DecodePath(&value, field) != nil {
		return 0, false
	}
	var n uint64
	switch value := value.(type) {
	case uint64:
		n = value
	case string:
		var err error
		if n, err = strconv.ParseUint(strings.TrimPrefix(strings.ToUpper(value), "AS"), 10, 32); err != nil {
			return 0, false
		}
	}
	return uint32(n), n > 0 && n < 1<<32
}
