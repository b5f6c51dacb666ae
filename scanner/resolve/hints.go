package resolve

import (
	"bufio"
	"bytes"
	_ "embed"
	"fmt"
	"io"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

//go:embed root.hints
var rootHints []byte

// RootServer is a name server of the root zone and where to find it.
type RootServer struct {
	Name  string // lower case, with the final dot
	Addrs []netip.Addr
}

// BuiltinHints returns the root servers of the Internet, as published with the
// root zone of 2024-04-18.
func BuiltinHints() []RootServer {
	roots, err := ParseHints(bytes.NewReader(rootHints))
	if err != nil {
		panic(fmt.Sprintf("embedded root hints: %v", err))
	}
	return roots
}

// maxHintLines bounds the work that a file of hints can cause.
const maxHintLines = 10_000

// ParseHints reads root servers from a file in zone file form: NS records of
// the root and the A and AAAA records of their names, one record a line.
// Errors begin with the number of the line; the caller knows the file.
func ParseHints(r io.Reader) ([]RootServer, error) {
	var roots []RootServer
	addrs := make(map[string][]netip.Addr)
	lines := bufio.NewScanner(r)
	number := 0
	for lines.Scan() {
		number++
		if number > maxHintLines {
			return nil, fmt.Errorf("line %d: more than %d lines", number, maxHintLines)
		}
		line := strings.TrimPrefix(lines.Text(), "\ufeff")
		if strings.HasPrefix(strings.TrimSpace(line), "$") {
			return nil, fmt.Errorf("line %d: directives such as %q are not supported; write names out in full", number, strings.Fields(line)[0])
		}
		rr, err := parseLine(line)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", number, err)
		}
		if rr == nil {
			continue
		}
		owner := dns.CanonicalName(rr.Header().Name)
		switch rr := rr.(type) {
		case *dns.NS:
			name := dns.CanonicalName(rr.Ns)
			if owner != "." {
				return nil, fmt.Errorf("line %d: NS record of %s; hints hold those of the root only", number, owner)
			}
			if !slices.ContainsFunc(roots, func(s RootServer) bool { return s.Name == name }) {
				roots = append(roots, RootServer{Name: name})
			}
		case *dns.A:
			if a, ok := netip.AddrFromSlice(rr.A.To4()); ok {
				addrs[owner] = append(addrs[owner], a)
			}
		case *dns.AAAA:
			if a, ok := netip.AddrFromSlice(rr.AAAA.To16()); ok {
				addrs[owner] = append(addrs[owner], a)
			}
		default:
			return nil, fmt.Errorf("line %d: record of type %s; hints hold NS, A and AAAA only", number, dns.TypeToString[rr.Header().Rrtype])
		}
	}
	if err := lines.Err(); err != nil {
		return nil, fmt.Errorf("line %d: %w", number+1, err)
	}
	return withAddresses(roots, addrs)
}

// parseLine reads the record of one line; it returns nil for a line without.
func parseLine(line string) (dns.RR, error) {
	line, _, _ = strings.Cut(line, ";")
	if strings.ContainsAny(line, "()") {
		return nil, fmt.Errorf("record over several lines; write it on one")
	}
	parser := dns.NewZoneParser(strings.NewReader(line), ".", "")
	parser.SetDefaultTTL(3600)
	rr, ok := parser.Next()
	if !ok {
		err := parser.Err()
		if err != nil {
			return nil, fmt.Errorf("no resource record: %w", err)
		}
		return nil, nil
	}
	return rr, nil
}

// withAddresses joins the names of the root servers with their addresses.
func withAddresses(roots []RootServer, addrs map[string][]netip.Addr) ([]RootServer, error) {
	if len(roots) == 0 {
		return nil, fmt.Errorf("no NS record of the root")
	}
	found := false
	for i := range roots {
		roots[i].Addrs = addrs[roots[i].Name]
		found = found || len(roots[i].Addrs) > 0
	}
	if !found {
		return nil, fmt.Errorf("no A or AAAA record for any name server of the root")
	}
	return roots, nil
}
