package authority

import (
	"encoding/binary"
	"fmt"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// Signing says how a zone is signed.
type Signing struct {
	Keys []*Key
	// Published are further DNSKEY rdata in the apex set that sign nothing.
	Published [][]byte
	// Inception and Expiration bound the validity of every signature.
	Inception, Expiration time.Time
	// NSEC3 chooses hashed denial (RFC 5155); nil is NSEC.
	NSEC3  *NSEC3
	Faults []SigningFault
}

// NSEC3 holds the parameters of hashed denial of existence.
type NSEC3 struct {
	Iterations uint16
	Salt       []byte
	OptOut     bool
}

// SigningFault is one mistake in a zone's signing. Types limits it to the
// signatures over these types; empty is all.
type SigningFault struct {
	Kind  FaultKind
	Types []uint16
	// Count is for the kinds that multiply something.
	Count int
}

// FaultKind names a signing mistake.
type FaultKind uint8

// The signing mistakes.
const (
	Expired       FaultKind = iota + 1 // the validity ended a day before Inception
	NotYetValid                        // the validity begins a day after Expiration
	MissingRRSIG                       // no signatures
	CorruptRRSIG                       // one bit of the signature is wrong
	MissingDNSKEY                      // the apex has no DNSKEY set
	MissingDenial                      // negative answers carry no NSEC or NSEC3
	WrongDenial                        // negative answers carry the NSEC or NSEC3 of the apex
	WrongSigner                        // the signer's name is the parent's
	UnknownKey                         // the key tag is that of no published key
	ManyRRSIG                          // Count further signatures that do not verify
	WrongLabels                        // the label count is one too few: a wildcard that is none
	CollidingKeys                      // Count further keys with the tag of the real one
	ExpiresSoon                        // the validity of a month ends two days after Inception
)

func (s *Signing) fault(kind FaultKind, rrtype uint16) (SigningFault, bool) {
	for _, f := range s.Faults {
		if f.Kind == kind && (len(f.Types) == 0 || slices.Contains(f.Types, rrtype)) {
			return f, true
		}
	}
	return SigningFault{}, false
}

func (s *Signing) has(kind FaultKind, rrtype uint16) bool {
	_, ok := s.fault(kind, rrtype)
	return ok
}

// addApex puts the records that signing adds into the zone's apex.
func (s *Signing) addApex(z *Zone) {
	apex := z.nodes[z.Origin]
	ttl := apex.set(dns.TypeSOA).TTL
	if !s.has(MissingDNSKEY, dns.TypeDNSKEY) {
		keys := newRRset(z.Origin, dns.TypeDNSKEY, ttl, s.Published...)
		for _, k := range s.Keys {
			keys.add(k.rdata)
			if f, ok := s.fault(CollidingKeys, dns.TypeDNSKEY); ok {
				for i := range f.Count {
					keys.add(collide(k, uint16(i)))
				}
			}
		}
		apex.sets = append(apex.sets, keys)
	}
	if s.NSEC3 != nil {
		apex.sets = append(apex.sets, newRRset(z.Origin, dns.TypeNSEC3PARAM, 0, s.NSEC3.rdata(0)))
	}
}

// collide returns DNSKEY rdata that differs from k's and has the same tag: the
// tag is a sum of 16-bit words, so what one word gains another loses.
func collide(k *Key, i uint16) []byte {
	rdata := slices.Clone(k.rdata)
	delta := i + 1
	first := binary.BigEndian.Uint16(rdata[4:])
	for at := 6; at+1 < len(rdata); at += 2 {
		second := binary.BigEndian.Uint16(rdata[at:])
		if int(first)+int(delta) <= 0xffff && second >= delta {
			binary.BigEndian.PutUint16(rdata[4:], first+delta)
			binary.BigEndian.PutUint16(rdata[at:], second-delta)
			break
		}
		if first >= delta && int(second)+int(delta) <= 0xffff {
			binary.BigEndian.PutUint16(rdata[4:], first-delta)
			binary.BigEndian.PutUint16(rdata[at:], second+delta)
			break
		}
	}
	return rdata
}

// signatures returns the RRSIG rdata over a set, made when first asked for.
func (z *Zone) signatures(set *RRset) [][]byte {
	if z.Signing == nil {
		return nil
	}
	if made := set.signatures.Load(); made != nil {
		return *made
	}
	made := z.Signing.sign(z.Origin, set)
	set.signatures.Store(&made)
	return made
}

// signers returns the keys that sign a set of this type: the entry points sign
// the DNSKEY set, the others everything else, and a key that is alone for its
// algorithm signs both.
func (s *Signing) signers(rrtype uint16) []*Key {
	var chosen []*Key
	for _, k := range s.Keys {
		alone := !slices.ContainsFunc(s.Keys, func(o *Key) bool {
			return o.Algorithm == k.Algorithm && (o.Flags^k.Flags)&1 != 0 && o.Flags&RevokedFlag == 0
		})
		if alone || (k.Flags&1 != 0) == (rrtype == dns.TypeDNSKEY) {
			chosen = append(chosen, k)
		}
	}
	return chosen
}

func (s *Signing) sign(zone Name, set *RRset) [][]byte {
	sigs := [][]byte{}
	if s.has(MissingRRSIG, set.Type) {
		return sigs
	}
	for _, k := range s.signers(set.Type) {
		head := s.header(zone, set, k)
		signature, err := k.sign(append(slices.Clone(head), canonical(set)...))
		if err != nil {
			// Every key of a KeyRing signs; anything else is our own fault.
			panic(fmt.Sprintf("sign %s: %v", set.Owner, err))
		}
		if f, ok := s.fault(ManyRRSIG, set.Type); ok {
			for i := range f.Count {
				bad := slices.Clone(signature)
				binary.BigEndian.PutUint16(bad[len(bad)/2:], uint16(i))
				sigs = append(sigs, append(slices.Clone(head), bad...))
			}
		}
		if s.has(CorruptRRSIG, set.Type) {
			signature[len(signature)/2] ^= 0x10
		}
		sigs = append(sigs, append(head, signature...))
	}
	return sigs
}

// header returns the RRSIG rdata up to the signature (RFC 4034 section 3.1).
func (s *Signing) header(zone Name, set *RRset, k *Key) []byte {
	const day = 24 * time.Hour
	from, to := s.Inception, s.Expiration
	if s.has(Expired, set.Type) {
		from, to = s.Inception.Add(-30*day), s.Inception.Add(-day)
	}
	if s.has(NotYetValid, set.Type) {
		from, to = s.Expiration.Add(day), s.Expiration.Add(30*day)
	}
	if s.has(ExpiresSoon, set.Type) {
		from, to = s.Inception.Add(-28*day), s.Inception.Add(2*day)
	}
	labels := set.Owner.Labels()
	if set.Owner.Wildcard() || labels > 0 && s.has(WrongLabels, set.Type) {
		labels--
	}
	tag, signer := k.Tag, zone
	if s.has(UnknownKey, set.Type) {
		tag++
	}
	if s.has(WrongSigner, set.Type) {
		signer = zone.Parent()
	}
	head := binary.BigEndian.AppendUint16(nil, set.Type)
	head = append(head, k.Algorithm, byte(labels))
	head = binary.BigEndian.AppendUint32(head, set.TTL)
	head = binary.BigEndian.AppendUint32(head, uint32(to.Unix()))
	head = binary.BigEndian.AppendUint32(head, uint32(from.Unix()))
	head = binary.BigEndian.AppendUint16(head, tag)
	return append(head, signer...)
}

// canonical returns the set as it is signed, RFC 4034 section 3.1.8.1.
func canonical(set *RRset) []byte {
	var out []byte
	for _, d := range set.Data {
		out = append(out, set.Owner...)
		out = binary.BigEndian.AppendUint16(out, set.Type)
		out = binary.BigEndian.AppendUint16(out, dns.ClassINET)
		out = binary.BigEndian.AppendUint32(out, set.TTL)
		out = binary.BigEndian.AppendUint16(out, uint16(len(d)))
		out = append(out, d...)
	}
	return out
}

func be32(b []byte) uint32 { return binary.BigEndian.Uint32(b) }
