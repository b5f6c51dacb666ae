package dnssec

import (
	"adopt6/scanner/observation"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// The root's trust anchors, as IANA publishes them.
var (
	//go:embed root.ds
	rootDS string
	//go:embed root.key
	rootKey string
)

// Anchors is a set of trust anchors, for the root or for any other zone. It
// is never changed after it is made.
type Anchors struct {
	zones    map[name]*anchor
	insecure map[name]bool
}

// anchor is what is trusted of one zone: a DNSKEY that matches any record.
type anchor struct {
	ds   []dsRecord
	keys []*key
}

// dsRecord is a DS record, parsed.
type dsRecord struct {
	tag       uint16
	algorithm uint8
	digest    uint8
	sum       []byte
}

func parseDS(rr *dns.DS) (dsRecord, bool) {
	sum, err := hex.DecodeString(rr.Digest)
	return dsRecord{rr.KeyTag, rr.Algorithm, rr.DigestType, sum}, err == nil
}

// BuiltinAnchors returns the root's trust anchors that adopt6 comes with.
func BuiltinAnchors() *Anchors {
	a, err := ParseAnchors(strings.NewReader(rootDS+rootKey), "built-in root anchors")
	if err != nil {
		panic(err) // the embedded files are checked by a test
	}
	return a
}

// ParseAnchors reads trust anchors: DS and DNSKEY records in zone file form,
// of one zone or of several. Records may span lines in parentheses; comments,
// missing TTLs and missing classes are accepted, directives are not. Errors
// name file and line. A zone whose records all use unsupported algorithms or
// digests is an error, since nothing could ever be validated with it.
func ParseAnchors(r io.Reader, file string) (*Anchors, error) {
	text, err := io.ReadAll(io.LimitReader(r, maxAnchorFile+1))
	if err != nil {
		return nil, fmt.Errorf("read trust anchors from %s: %w", file, err)
	}
	if len(text) > maxAnchorFile {
		return nil, fmt.Errorf("%s: trust anchor file is larger than %d bytes", file, maxAnchorFile)
	}
	a := &Anchors{zones: map[name]*anchor{}}
	firstLine := map[name]int{}
	records := 0
	for line, entry := range entries(string(text)) {
		zone, err := a.add(entry)
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, line, err)
		}
		if zone == "" {
			continue
		}
		if records++; records > maxAnchorRecords {
			return nil, fmt.Errorf("%s:%d: more than %d trust anchors", file, line, maxAnchorRecords)
		}
		if firstLine[zone] == 0 {
			firstLine[zone] = line
		}
	}
	if len(a.zones) == 0 {
		return nil, fmt.Errorf("%s: no trust anchor; give DS or DNSKEY records, such as those of `dig . DNSKEY`", file)
	}
	for _, zone := range slices.SortedFunc(maps.Keys(a.zones), compare) {
		if !a.zones[zone].usable() {
			return nil, fmt.Errorf("%s:%d: the anchors of %s use only unsupported algorithms or digest types", file, firstLine[zone], zone)
		}
	}
	return a, nil
}

// entries yields the logical lines of a zone file with the number of their
// first line, parentheses joined and comments kept for the record parser.
func entries(text string) func(yield func(int, string) bool) {
	return func(yield func(int, string) bool) {
		var entry strings.Builder
		first, depth := 0, 0
		number := 0
		for line := range strings.Lines(text) {
			number++
			if entry.Len() == 0 {
				first = number
			}
			code, _, _ := strings.Cut(line, ";") // DS and DNSKEY hold no quoted text
			depth += strings.Count(code, "(") - strings.Count(code, ")")
			entry.WriteString(strings.TrimRight(code, "\r\n"))
			if depth > 0 {
				entry.WriteByte('\n')
				continue
			}
			if !yield(first, entry.String()) {
				return
			}
			entry.Reset()
			depth = 0
		}
		if entry.Len() > 0 {
			yield(first, entry.String())
		}
	}
}

// add parses one record and stores it. It returns the zone, or "" for a blank
// entry.
func (a *Anchors) add(entry string) (name, error) {
	entry = strings.TrimSpace(strings.TrimPrefix(entry, "\ufeff"))
	if entry == "" {
		return "", nil
	}
	if entry[0] == '$' {
		return "", errors.New("directives are not allowed in a trust anchor file; write full records")
	}
	rr, err := dns.NewRR(entry)
	if err != nil {
		return "", fmt.Errorf("not a record in zone file form: %w", err)
	}
	if rr == nil {
		return "", nil
	}
	zone, err := parseName(rr.Header().Name)
	if err != nil {
		return "", err
	}
	at := a.zones[zone]
	if at == nil {
		at = &anchor{}
	}
	switch rr := rr.(type) {
	case *dns.DS:
		ds, ok := parseDS(rr)
		if want := digestSize(rr.DigestType); !ok || want > 0 && len(ds.sum) != want {
			return "", fmt.Errorf("DS digest of type %d is malformed or not %d octets long", rr.DigestType, want)
		}
		at.ds = append(at.ds, ds)
	case *dns.DNSKEY:
		k := parseKey(rr)
		switch {
		case k == nil || SupportsAlgorithm(rr.Algorithm) && k.verifier == nil:
			return "", fmt.Errorf("DNSKEY of algorithm %d is malformed or of a size outside the standard", rr.Algorithm)
		case !k.zoneKey():
			return "", errors.New("DNSKEY is not a zone key (flags 256 or 257, protocol 3)")
		case k.revoked():
			return "", errors.New("DNSKEY is revoked (RFC 5011) and cannot be a trust anchor")
		}
		at.keys = append(at.keys, k)
	default:
		return "", fmt.Errorf("record type %s is not a trust anchor; want DS or DNSKEY", dns.TypeToString[rr.Header().Rrtype])
	}
	a.zones[zone] = at
	return zone, nil
}

// digestSize returns the octets of a DS digest, or 0 for an unknown type.
func digestSize(digest uint8) int {
	switch digest {
	case dns.SHA1:
		return 20
	case dns.SHA256:
		return 32
	case dns.SHA384:
		return 48
	}
	return 0
}

func (at *anchor) usable() bool {
	return slices.ContainsFunc(at.ds, dsRecord.supported) ||
		slices.ContainsFunc(at.keys, func(k *key) bool { return SupportsAlgorithm(k.algorithm) })
}

// WithInsecure returns anchors with which names at or below the given ones
// are insecure by the user's choice, unless an anchor lies deeper.
func (a *Anchors) WithInsecure(names ...string) (*Anchors, error) {
	b := &Anchors{zones: a.zones, insecure: maps.Clone(a.insecure)}
	if b.insecure == nil {
		b.insecure = map[name]bool{}
	}
	for _, s := range names {
		n, err := parseName(s)
		if err != nil {
			return nil, err
		}
		b.insecure[n] = true
	}
	return b, nil
}

// Zones returns the zones that have an anchor, in canonical order.
func (a *Anchors) Zones() []string {
	var zones []string
	for _, zone := range slices.SortedFunc(maps.Keys(a.zones), compare) {
		zones = append(zones, zone.String())
	}
	return zones
}

// Closest returns where validation of a name starts: the deepest zone at or
// above it that has an anchor. When there is none, or when the user chose an
// insecure name between the two, ok is false, and zone tells the state:
// indeterminate with [NoAnchor], or insecure with [PolicyInsecure].
func (a *Anchors) Closest(domain string) (start string, zone *Zone, ok bool) {
	n, err := parseName(domain)
	if err != nil {
		return "", &Zone{Name: domain, State: observation.Indeterminate, Reason: observation.ResponseUnusable}, false
	}
	for {
		if a.zones[n] != nil && !a.insecure[n] {
			return n.String(), nil, true
		}
		if a.insecure[n] {
			text := n.String()
			return "", &Zone{Name: text, State: observation.Insecure, Reason: observation.PolicyInsecure, Where: text, name: n}, false
		}
		if n == root {
			return "", &Zone{Name: ".", State: observation.Indeterminate, Reason: observation.NoAnchor, Where: ".", name: root}, false
		}
		n = n.parent()
	}
}
