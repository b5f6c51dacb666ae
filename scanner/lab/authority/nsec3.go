package authority

import (
	"bytes"
	"crypto/sha1"
	"encoding/base32"
	"encoding/binary"
	"slices"
	"sort"
	"strings"

	"github.com/miekg/dns"
)

const nsec3OptOut = 1 // flag of RFC 5155 section 3.1.2.1

// hashEntry is one name in the NSEC3 chain. child is its place among the
// zone's generated children, -1 for a name of the zone's own.
type hashEntry struct {
	hash  [sha1.Size]byte
	child int32
	name  Name // empty for a child, whose name can be made again
}

func (p *NSEC3) hash(name Name) [sha1.Size]byte {
	sum := sha1.Sum(append([]byte(name), p.Salt...))
	var buf [sha1.Size + 255]byte
	for range p.Iterations {
		n := copy(buf[:], sum[:])
		n += copy(buf[n:], p.Salt)
		sum = sha1.Sum(buf[:n])
	}
	return sum
}

// rdata returns what NSEC3PARAM and the head of NSEC3 have in common.
func (p *NSEC3) rdata(flags byte) []byte {
	out := []byte{1, flags}
	out = binary.BigEndian.AppendUint16(out, p.Iterations)
	out = append(out, byte(len(p.Salt)))
	return append(out, p.Salt...)
}

// buildHashed hashes every name that the chain must have: all that exist, also
// as empty non-terminals, and with opt-out only signed delegations.
func (z *Zone) buildHashed() {
	p := z.Signing.NSEC3
	for name, n := range z.nodes {
		if n.occluded || p.OptOut && z.isCut(name, n) && n.set(dns.TypeDS) == nil {
			continue
		}
		z.hashed = append(z.hashed, hashEntry{p.hash(name), -1, name})
	}
	if z.Children != nil {
		for i := range z.Children.Len() {
			if !p.OptOut || z.Children.Signed(i) {
				z.hashed = append(z.hashed, hashEntry{hash: p.hash(z.Children.At(i)), child: int32(i)})
			}
		}
	}
	slices.SortFunc(z.hashed, func(a, b hashEntry) int { return bytes.Compare(a.hash[:], b.hash[:]) })
}

// nsec3 returns the NSEC3 record whose hash is that of name, or which covers
// that hash, and whether it matches.
func (z *Zone) nsec3(name Name) (*RRset, bool) {
	z.chain.Do(z.buildChain)
	hash := z.Signing.NSEC3.hash(name)
	i := sort.Search(len(z.hashed), func(i int) bool { return bytes.Compare(z.hashed[i].hash[:], hash[:]) > 0 })
	i = (i - 1 + len(z.hashed)) % len(z.hashed)
	return z.nsec3At(i), z.hashed[i].hash == hash
}

func (z *Zone) nsec3At(i int) *RRset {
	entry := z.hashed[i]
	label := base32.HexEncoding.WithPadding(base32.NoPadding).EncodeToString(entry.hash[:])
	at := z.Origin.Child(strings.ToLower(label))
	if made, ok := z.denials.Load(at); ok {
		return made.(*RRset)
	}
	name := entry.name
	if entry.child >= 0 {
		name = z.Children.At(int(entry.child))
	}
	var flags byte
	if z.Signing.NSEC3.OptOut {
		flags = nsec3OptOut
	}
	next := z.hashed[(i+1)%len(z.hashed)].hash
	rdata := append(z.Signing.NSEC3.rdata(flags), byte(len(next)))
	rdata = append(rdata, next[:]...)
	rdata = append(rdata, typeBitmap(z.hashedTypes(name))...)
	made, _ := z.denials.LoadOrStore(at, newRRset(at, dns.TypeNSEC3, z.negativeTTL, rdata))
	return made.(*RRset)
}

// hashedTypes returns the types in the bitmap of name's NSEC3 record. RRSIG is
// there only where something is signed (RFC 5155 section 7.1).
func (z *Zone) hashedTypes(name Name) []uint16 {
	n := z.at(name)
	types := z.visibleTypes(name)
	if len(types) > 0 && (!z.isCut(name, n) || n.set(dns.TypeDS) != nil) {
		types = append(types, dns.TypeRRSIG)
	}
	return types
}

// match3 returns the record of name, nil when opt-out left it out.
func (z *Zone) match3(name Name) *RRset {
	if set, matches := z.nsec3(name); matches {
		return set
	}
	return nil
}

func (z *Zone) cover3(name Name) *RRset {
	set, _ := z.nsec3(name)
	return set
}

// prove3Closest is the closest encloser proof of RFC 5155 section 7.2.1.
func (z *Zone) prove3Closest(encloser, next Name) []*RRset {
	proof := make([]*RRset, 0, 3)
	if set := z.match3(encloser); set != nil {
		proof = append(proof, set)
	}
	return append(proof, z.cover3(next))
}

// prove3NoData proves by the name's own record or, where opt-out left it out,
// by the closest encloser that has one (RFC 5155 sections 7.2.3, 7.2.4, 7.2.7).
func (z *Zone) prove3NoData(name Name) []*RRset {
	if set := z.match3(name); set != nil {
		return []*RRset{set}
	}
	next := name
	for encloser := name.Parent(); ; encloser = encloser.Parent() {
		if set := z.match3(encloser); set != nil || encloser == z.Origin {
			return z.prove3Closest(encloser, next)
		}
		next = encloser
	}
}
