package authority

import (
	"slices"
	"sort"

	"github.com/miekg/dns"
)

// owner is a name with its canonical order.
type owner struct {
	key  string
	name Name
}

// buildChain sorts what the proofs need; it runs once, at the first denial.
func (z *Zone) buildChain() {
	if z.Signing.NSEC3 != nil {
		z.buildHashed()
		return
	}
	for name, n := range z.nodes {
		if !n.occluded && len(n.sets) > 0 {
			z.owners = append(z.owners, owner{name.OrderKey(), name})
		}
	}
	slices.SortFunc(z.owners, func(a, b owner) int {
		if a.key < b.key {
			return -1
		}
		return 1
	})
}

// neighbours returns the last NSEC owner at or before name and the first one
// after name; past the end that is the apex.
func (z *Zone) neighbours(name Name) (before, after Name) {
	key := name.OrderKey()
	i := sort.Search(len(z.owners), func(i int) bool { return z.owners[i].key > key })
	beforeKey, afterKey := "", ""
	if i > 0 {
		before, beforeKey = z.owners[i-1].name, z.owners[i-1].key
	}
	if i < len(z.owners) {
		after, afterKey = z.owners[i].name, z.owners[i].key
	}
	if z.Children != nil {
		count := z.Children.Len()
		j := sort.Search(count, func(j int) bool { return z.Children.At(j).OrderKey() > key })
		if j > 0 {
			if c := z.Children.At(j - 1); c.OrderKey() > beforeKey {
				before = c
			}
		}
		if j < count {
			if c := z.Children.At(j); afterKey == "" || c.OrderKey() < afterKey {
				after = c
			}
		}
	}
	if after == "" {
		after = z.Origin
	}
	return before, after
}

// nsec returns the NSEC record that matches name, or covers it when name owns
// none, and whether it matches.
func (z *Zone) nsec(name Name) (*RRset, bool) {
	z.chain.Do(z.buildChain)
	before, after := z.neighbours(name)
	if made, ok := z.denials.Load(before); ok {
		return made.(*RRset), before == name
	}
	rdata := append([]byte(after), typeBitmap(append(z.visibleTypes(before), dns.TypeRRSIG, dns.TypeNSEC))...)
	made, _ := z.denials.LoadOrStore(before, newRRset(before, dns.TypeNSEC, z.negativeTTL, rdata))
	return made.(*RRset), before == name
}

// visibleTypes returns the types that the zone is authoritative for at name:
// at a delegation these are NS and DS only (RFC 4034 section 4.1.2).
func (z *Zone) visibleTypes(name Name) []uint16 {
	n := z.at(name)
	isCut := z.isCut(name, n)
	var types []uint16
	for _, s := range n.sets {
		if !isCut || s.Type == dns.TypeNS || s.Type == dns.TypeDS {
			types = append(types, s.Type)
		}
	}
	return types
}

// typeBitmap encodes types as RFC 4034 section 4.1.2 says.
func typeBitmap(types []uint16) []byte {
	slices.Sort(types)
	types = slices.Compact(types)
	var out []byte
	for i := 0; i < len(types); {
		window := types[i] >> 8
		var bits [32]byte
		last := 0
		for ; i < len(types) && types[i]>>8 == window; i++ {
			low := int(types[i] & 0xff)
			bits[low/8] |= 0x80 >> (low % 8)
			last = low / 8
		}
		out = append(out, byte(window), byte(last+1))
		out = append(out, bits[:last+1]...)
	}
	return out
}

// proveNoData returns the records that show that name exists without the type.
func (z *Zone) proveNoData(name Name) []*RRset {
	if z.Signing.NSEC3 != nil {
		return z.prove3NoData(name)
	}
	set, _ := z.nsec(name)
	return []*RRset{set}
}

// proveNoName returns the records that show that the name behind f does not
// exist and that no wildcard could have answered for it.
func (z *Zone) proveNoName(name Name, f found) []*RRset {
	if z.Signing.NSEC3 != nil {
		return append(z.prove3Closest(f.name, f.next), z.cover3(f.name.Child("*")))
	}
	self, _ := z.nsec(name)
	wildcard, _ := z.nsec(f.name.Child("*"))
	return []*RRset{self, wildcard}
}

// proveExpansion returns the records that show that name itself does not
// exist, so that the wildcard below the closest encloser stands for it.
func (z *Zone) proveExpansion(name Name, f found) []*RRset {
	if z.Signing.NSEC3 != nil {
		return []*RRset{z.cover3(f.next)}
	}
	set, _ := z.nsec(name)
	return []*RRset{set}
}

// proveWildcardNoData is for a wildcard that matches and lacks the type.
func (z *Zone) proveWildcardNoData(name Name, f found) []*RRset {
	wildcard := f.name.Child("*")
	if z.Signing.NSEC3 != nil {
		proof := z.prove3Closest(f.name, f.next)
		if set := z.match3(wildcard); set != nil {
			proof = append(proof, set)
		}
		return proof
	}
	self, _ := z.nsec(name)
	set, _ := z.nsec(wildcard)
	return []*RRset{self, set}
}
