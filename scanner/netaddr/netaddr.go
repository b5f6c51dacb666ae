// Package netaddr decides which addresses adopt6 may use and dial.
//
// In: an address found in the DNS or in a redirect. Out: its class in the IANA
// special-purpose registries (RFC 6890), and connections to global addresses.
// Every packet that adopt6 sends to a host named by the network passes a
// [Dialer]; nothing here looks a name up.
package netaddr

import (
	"bytes"
	_ "embed"
	"encoding/csv"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
)

//go:embed iana-ipv4-special-registry.csv
var ipv4Registry []byte

//go:embed iana-ipv6-special-registry.csv
var ipv6Registry []byte

// Class says what an address is for.
type Class struct {
	// Usable is true for an address that a public service can have: global
	// unicast, and in no special-purpose block that says otherwise.
	Usable bool
	Name   string       // the block's name in the registry; empty for ordinary addresses
	Block  netip.Prefix // the most specific block; invalid for ordinary addresses
}

// String returns the block's name and prefix, or "global".
func (c Class) String() string {
	if c.Name == "" {
		return "global"
	}
	return fmt.Sprintf("%s (%s)", c.Name, c.Block)
}

// notLocators are blocks that the registries call globally reachable but that
// never lead to a host of the name's owner: translated addresses, which stand
// for an IPv4 address, and identifiers, which are not routed.
var notLocators = []netip.Prefix{
	netip.MustParsePrefix("64:ff9b::/96"), // RFC 6052
	netip.MustParsePrefix("2001:20::/28"), // ORCHIDv2, RFC 7343
	netip.MustParsePrefix("2001:30::/28"), // DET, RFC 9374
}

// beyondRegistry are blocks that no registry of special-purpose addresses
// lists and that are not global unicast either.
var beyondRegistry = []Class{
	{Name: "Multicast", Block: netip.MustParsePrefix("224.0.0.0/4")},              // RFC 5771
	{Name: "Multicast", Block: netip.MustParsePrefix("ff00::/8")},                 // RFC 4291 section 2.7
	{Name: "Site-Local (deprecated)", Block: netip.MustParsePrefix("fec0::/10")},  // RFC 3879
	{Name: "IPv4-compatible (deprecated)", Block: netip.MustParsePrefix("::/96")}, // RFC 4291 section 2.5.5.1
}

// globalUnicast6 is the only IPv6 space that IANA has delegated for global
// unicast use (RFC 4291 section 2.5.4 and the IANA IPv6 address space registry).
var globalUnicast6 = netip.MustParsePrefix("2000::/3")

var registry = sync.OnceValue(func() []Class {
	blocks := append(parse(ipv4Registry), parse(ipv6Registry)...)
	blocks = append(blocks, beyondRegistry...)
	slices.SortStableFunc(blocks, func(a, b Class) int { return b.Block.Bits() - a.Block.Bits() })
	return blocks
})

// Classify returns the class of a, by the most specific block that holds it.
// An IPv4-mapped IPv6 address is judged as what it is on the wire in an AAAA
// record, not as the IPv4 address inside it.
func Classify(a netip.Addr) Class {
	a = a.WithZone("")
	for _, block := range registry() {
		if block.Block.Contains(a) {
			return block
		}
	}
	if a.Is6() && !globalUnicast6.Contains(a) {
		return Class{Name: "Not global unicast", Block: netip.MustParsePrefix("::/0")}
	}
	return Class{Usable: a.IsValid()}
}

// Registry returns every special-purpose block known, most specific first.
func Registry() []Class { return slices.Clone(registry()) }

// parse reads a registry as IANA publishes it. The files are embedded, so a
// fault in one is a fault of the build.
func parse(file []byte) []Class {
	rows, err := csv.NewReader(bytes.NewReader(file)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("embedded special-purpose registry: %v", err))
	}
	var blocks []Class
	for _, row := range rows[1:] {
		// A cell may carry footnotes, "2002::/16 [3]", or two blocks.
		for cell := range strings.SplitSeq(row[0], ",") {
			block := netip.MustParsePrefix(strings.Fields(cell)[0])
			reachable := strings.HasPrefix(row[8], "True") && !slices.Contains(notLocators, block)
			blocks = append(blocks, Class{Usable: reachable, Name: strings.Trim(row[1], `"`), Block: block})
		}
	}
	return blocks
}
