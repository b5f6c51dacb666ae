package dnssec

import (
	"slices"
	"time"
)

// Facts is what a report says about a path besides its state. Facts of a
// [Zone] cover the path from the anchor down to that zone; facts of a
// [Verdict] cover the answer too.
type Facts struct {
	Algorithms []uint8 // of the signatures that were relied on, ascending
	Digests    []uint8 // types of the DS digests that were relied on, ascending
	Keys       []KeyFact

	// Algorithms and digest types that were met and are not supported.
	UnsupportedAlgorithms []uint8
	UnsupportedDigests    []uint8

	// Expires is the end of the signature on the path that ends first, and
	// ExpiresZone the zone that made it. Zero when nothing was verified.
	Expires     time.Time
	ExpiresZone string
	// Ends holds, of each zone that made a signature on the path, the one that
	// ends first.
	Ends []SignatureFact

	NSEC3 []NSEC3Fact // of each zone whose NSEC3 records were relied on or refused
}

// KeyFact is a key that made a signature on the path.
type KeyFact struct {
	Zone      string
	Tag       uint16
	Algorithm uint8
	Bits      int  // size of the modulus or of the curve's order
	SEP       bool // secure entry point flag: a key-signing key by convention
}

// SignatureFact is the validity of a signature.
type SignatureFact struct {
	Zone        string // that made it
	From, Until time.Time
}

// NSEC3Fact is how a zone hashes its names, RFC 5155 section 3.1.
type NSEC3Fact struct {
	Zone       string
	Iterations uint16
	Salt       string // hexadecimal, lower case; empty when there is none
	OptOut     bool   // an NSEC3 record with the opt-out flag was met
}

// DaysLeft returns the whole days from at to f.Expires, negative when it has
// passed. ok is false when no signature was verified.
func (f *Facts) DaysLeft(at time.Time) (days int, ok bool) {
	if f.Expires.IsZero() {
		return 0, false
	}
	left := f.Expires.Sub(at)
	days = int(left / (24 * time.Hour))
	if left < 0 && left%(24*time.Hour) != 0 {
		days--
	}
	return days, true
}

// Merge returns the union of f and g, which are left as they are.
func (f Facts) Merge(g Facts) Facts {
	m := f.clone()
	for _, a := range g.Algorithms {
		m.Algorithms = insert(m.Algorithms, a)
	}
	for _, d := range g.Digests {
		m.Digests = insert(m.Digests, d)
	}
	for _, k := range g.Keys {
		m.addKey(k)
	}
	for _, a := range g.UnsupportedAlgorithms {
		m.UnsupportedAlgorithms = insert(m.UnsupportedAlgorithms, a)
	}
	for _, d := range g.UnsupportedDigests {
		m.UnsupportedDigests = insert(m.UnsupportedDigests, d)
	}
	m.expire(g.Expires, g.ExpiresZone)
	for _, e := range g.Ends {
		m.addEnd(e)
	}
	for _, n := range g.NSEC3 {
		m.addNSEC3(n)
	}
	return m
}

// clone returns a copy that can grow without touching f.
func (f Facts) clone() Facts {
	f.Algorithms = slices.Clip(f.Algorithms)
	f.Digests = slices.Clip(f.Digests)
	f.Keys = slices.Clip(f.Keys)
	f.UnsupportedAlgorithms = slices.Clip(f.UnsupportedAlgorithms)
	f.UnsupportedDigests = slices.Clip(f.UnsupportedDigests)
	f.NSEC3 = slices.Clip(f.NSEC3)
	f.Ends = slices.Clip(f.Ends)
	return f
}

func (f *Facts) addKey(k KeyFact) {
	if !slices.Contains(f.Keys, k) {
		f.Keys = append(f.Keys, k)
	}
}

func (f *Facts) addNSEC3(n NSEC3Fact) {
	for i, have := range f.NSEC3 {
		if have.Zone == n.Zone && have.Iterations == n.Iterations && have.Salt == n.Salt {
			if n.OptOut && !have.OptOut {
				f.NSEC3 = slices.Clone(f.NSEC3)
				f.NSEC3[i].OptOut = true
			}
			return
		}
	}
	f.NSEC3 = append(f.NSEC3, n)
}

func (f *Facts) expire(at time.Time, zone string) {
	if !at.IsZero() && (f.Expires.IsZero() || at.Before(f.Expires)) {
		f.Expires, f.ExpiresZone = at, zone
	}
}

// addEnd notes the validity of a signature.
func (f *Facts) addEnd(e SignatureFact) {
	for i, have := range f.Ends {
		if have.Zone == e.Zone {
			if e.Until.Before(have.Until) {
				f.Ends = slices.Clone(f.Ends)
				f.Ends[i] = e
			}
			return
		}
	}
	f.Ends = append(f.Ends, e)
}

// insert returns the ascending list with v in it, never writing to the array
// behind list.
func insert(list []uint8, v uint8) []uint8 {
	i, found := slices.BinarySearch(list, v)
	if found {
		return list
	}
	return slices.Insert(slices.Clip(list), i, v)
}
