package lab

import (
	_ "embed"
	"fmt"
	"net/netip"
	"strings"
	"sync"
)

//go:generate go run ./tldgen -zone $ROOT_ZONE -tlds $TLD_TABLE -out tlds.txt

//go:embed tlds.txt
var tldFile string

// tld is one delegation of the real root zone; the root itself is ".".
type tld struct {
	name    string
	country bool // a ccTLD
	signed  bool // has a DS record in reality
	ns      []string
}

// rootZone is the part of the real root zone that every laboratory has.
type rootZone struct {
	tlds  []tld
	hosts map[string][]netip.Addr // name server addresses
}

// realRoot reads the embedded table. It is made by tldgen, so a fault in it is
// a fault of the build.
var realRoot = sync.OnceValue(func() rootZone {
	root := rootZone{hosts: map[string][]netip.Addr{}}
	for line := range strings.Lines(tldFile) {
		f := strings.Fields(line)
		switch f[0] {
		case "tld":
			root.tlds = append(root.tlds, tld{name: f[1], country: f[2] == "cc", signed: f[3] != "-", ns: f[4:]})
		case "host":
			for _, a := range f[2:] {
				root.hosts[f[1]] = append(root.hosts[f[1]], netip.MustParseAddr(a))
			}
		case "#":
		default:
			panic(fmt.Sprintf("embedded tlds.txt: %q", line))
		}
	}
	return root
})
