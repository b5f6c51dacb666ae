//go:build linux && !alone

package resolve_test

import (
	"bytes"
	"encoding/base64"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/lab/netns"
)

// match chooses records of a signed zone.
type match func(dns.RR) bool

// set matches the records of a name and type, without their signatures.
func set(owner string, rrtype uint16) match {
	return func(rr dns.RR) bool {
		return rr.Header().Name == owner && rr.Header().Rrtype == rrtype
	}
}

// sigs matches the signatures over a name and type.
func sigs(owner string, rrtype uint16) match {
	return func(rr dns.RR) bool {
		sig, ok := rr.(*dns.RRSIG)
		return ok && sig.Hdr.Name == owner && sig.TypeCovered == rrtype
	}
}

// every matches the sets of a type and their signatures throughout a zone.
func every(rrtype uint16) match {
	return func(rr dns.RR) bool {
		sig, ok := rr.(*dns.RRSIG)
		return rr.Header().Rrtype == rrtype || ok && sig.TypeCovered == rrtype
	}
}

// without drops the records that any of the matches chooses.
func without(choose ...match) func([]dns.RR) []dns.RR {
	return func(records []dns.RR) []dns.RR {
		return slices.DeleteFunc(records, func(rr dns.RR) bool {
			return slices.ContainsFunc(choose, func(m match) bool { return m(rr) })
		})
	}
}

// changed calls change for each signature that choose matches.
func changed(choose match, change func(*dns.RRSIG)) func([]dns.RR) []dns.RR {
	return func(records []dns.RR) []dns.RR {
		for _, rr := range records {
			if sig, ok := rr.(*dns.RRSIG); ok && choose(rr) {
				change(sig)
			}
		}
		return records
	}
}

// corrupt turns one bit of a signature.
func corrupt(sig *dns.RRSIG) { sig.Signature = flipped(sig.Signature) }

func flipped(encoded string) string {
	raw := decoded(encoded)
	raw[len(raw)/2] ^= 1
	return base64.StdEncoding.EncodeToString(raw)
}

func decoded(text string) []byte {
	raw, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		panic(err)
	}
	return raw
}

// resigned signs a set anew with a key, within a period of its own.
func resigned(t *testing.T, key *netns.Key, owner string, rrtype uint16, from, until time.Time) func([]dns.RR) []dns.RR {
	return func(records []dns.RR) []dns.RR {
		var members []dns.RR
		for _, rr := range records {
			if set(owner, rrtype)(rr) {
				members = append(members, rr)
			}
		}
		sig, err := key.Sign(members, from, until)
		if err != nil {
			t.Error(err)
			return records
		}
		return append(without(sigs(owner, rrtype))(records), sig)
	}
}

// algorithmChanged gives all keys and signatures another algorithm number.
func algorithmChanged(algorithm uint8) func([]dns.RR) []dns.RR {
	return func(records []dns.RR) []dns.RR {
		for _, rr := range records {
			switch rr := rr.(type) {
			case *dns.DNSKEY:
				rr.Algorithm = algorithm
			case *dns.RRSIG:
				rr.Algorithm = algorithm
			}
		}
		return records
	}
}

// first puts further records before all others.
func first(further ...dns.RR) func([]dns.RR) []dns.RR {
	return func(records []dns.RR) []dns.RR { return append(further, records...) }
}

// allOf makes one edit of several.
func allOf(edits ...func([]dns.RR) []dns.RR) func([]dns.RR) []dns.RR {
	return func(records []dns.RR) []dns.RR {
		for _, edit := range edits {
			records = edit(records)
		}
		return records
	}
}

// The makers of DS sets that are not what the keys call for.

func noDS([]*dns.DNSKEY) []dns.RR { return nil }

func digests(types ...uint8) func([]*dns.DNSKEY) []dns.RR {
	return func(keys []*dns.DNSKEY) []dns.RR { return netns.Digests(keys, types...) }
}

// editedDS changes every DS record of the given digest types.
func editedDS(change func(*dns.DS), types ...uint8) func([]*dns.DNSKEY) []dns.RR {
	return func(keys []*dns.DNSKEY) []dns.RR {
		set := netns.Digests(keys, types...)
		for _, rr := range set {
			change(rr.(*dns.DS))
		}
		return set
	}
}

// bothDS joins the sets of two makers.
func bothDS(a, b func([]*dns.DNSKEY) []dns.RR) func([]*dns.DNSKEY) []dns.RR {
	return func(keys []*dns.DNSKEY) []dns.RR { return append(a(keys), b(keys)...) }
}

func otherDigest(ds *dns.DS) { ds.Digest = strings.Repeat("5a", len(ds.Digest)/2) }

// newKey makes a key, or ends the test.
func newKey(t *testing.T, zone string, algorithm uint8, flags uint16) *netns.Key {
	t.Helper()
	key, err := netns.NewKey(zone, algorithm, flags)
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// collidingKeys makes two keys with one key tag, in canonical order.
func collidingKeys(t *testing.T, zone string) [2]*netns.Key {
	t.Helper()
	byTag := make(map[uint16]*netns.Key)
	for {
		key := newKey(t, zone, dns.ED25519, netns.EntryPoint)
		other := byTag[key.DNSKEY.KeyTag()]
		byTag[key.DNSKEY.KeyTag()] = key
		switch {
		case other == nil:
		case bytes.Compare(decoded(key.DNSKEY.PublicKey), decoded(other.DNSKEY.PublicKey)) < 0:
			return [2]*netns.Key{key, other}
		default:
			return [2]*netns.Key{other, key}
		}
	}
}
