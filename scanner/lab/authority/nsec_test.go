package authority

import (
	"slices"
	"testing"

	"github.com/miekg/dns"
)

// TestBitmaps: the types that a name's NSEC and NSEC3 records claim (RFC 4034
// section 4.1.2, RFC 5155 section 7.1).
func TestBitmaps(t *testing.T) {
	plain := testZone(t, signWith(t, false, nil, dns.ED25519))
	hashed := testZone(t, signWith(t, false, &NSEC3{}, dns.ED25519))
	for _, c := range []struct {
		name        string
		nsec, nsec3 []uint16
	}{
		{"example.com", []uint16{dns.TypeNS, dns.TypeSOA, dns.TypeMX, dns.TypeRRSIG, dns.TypeNSEC, dns.TypeDNSKEY},
			[]uint16{dns.TypeNS, dns.TypeSOA, dns.TypeMX, dns.TypeRRSIG, dns.TypeDNSKEY, dns.TypeNSEC3PARAM}},
		{"mail.example.com", []uint16{dns.TypeA, dns.TypeRRSIG, dns.TypeNSEC}, []uint16{dns.TypeA, dns.TypeRRSIG}},
		{"signed.example.com", []uint16{dns.TypeNS, dns.TypeDS, dns.TypeRRSIG, dns.TypeNSEC}, []uint16{dns.TypeNS, dns.TypeDS, dns.TypeRRSIG}},
		{"unsigned.example.com", []uint16{dns.TypeNS, dns.TypeRRSIG, dns.TypeNSEC}, []uint16{dns.TypeNS}},
		{"self.example.com", []uint16{dns.TypeNS, dns.TypeRRSIG, dns.TypeNSEC}, []uint16{dns.TypeNS}},
		{"zz.example.com", []uint16{dns.TypeRRSIG, dns.TypeNSEC, 65534}, []uint16{dns.TypeRRSIG, 65534}},
		{"b.c.example.com", nil, nil}, // an empty non-terminal owns no NSEC, and an NSEC3 without types
	} {
		name := MustName(c.name)
		set, matches := plain.nsec(name)
		if matches != (c.nsec != nil) {
			t.Errorf("%s: NSEC matches: %v", c.name, matches)
		} else if got := bitmapOf(t, set); matches && !slices.Equal(got, c.nsec) {
			t.Errorf("%s: NSEC has %v, want %v", c.name, got, c.nsec)
		}
		set = hashed.match3(name)
		if set == nil {
			t.Errorf("%s: no NSEC3", c.name)
		} else if got := bitmapOf(t, set); !slices.Equal(got, c.nsec3) {
			t.Errorf("%s: NSEC3 has %v, want %v", c.name, got, c.nsec3)
		}
	}
}

func bitmapOf(t *testing.T, set *RRset) []uint16 {
	t.Helper()
	rr, err := ToRR(set.Owner, set.Type, set.TTL, set.Data[0])
	if err != nil {
		t.Fatal(err)
	}
	switch rr := rr.(type) {
	case *dns.NSEC:
		return rr.TypeBitMap
	case *dns.NSEC3:
		return rr.TypeBitMap
	}
	t.Fatalf("%v is not a denial", rr)
	return nil
}

// manyChildren delegates a00.example.com to a99.example.com; the even are
// signed.
type manyChildren struct{ t testing.TB }

func (manyChildren) Len() int { return 100 }

func (manyChildren) At(i int) Name {
	return MustName("example.com").Child("a" + string(rune('0'+i/10)) + string(rune('0'+i%10)))
}

func (manyChildren) Signed(i int) bool { return i%2 == 0 }

func (c manyChildren) Delegation(name Name) *Delegation {
	for i := range c.Len() {
		if c.At(i) == name {
			var ds [][]byte
			if c.Signed(i) {
				var ring KeyRing
				k, err := ring.New(dns.ED25519, EntryPoint, 0, name.Text())
				if err != nil {
					c.t.Fatal(err)
				}
				ds = append(ds, k.DS(name, dns.SHA256))
			}
			return NewDelegation(name, 300, [][]byte{[]byte(MustName("ns1.example.com"))}, ds, nil)
		}
	}
	return nil
}
