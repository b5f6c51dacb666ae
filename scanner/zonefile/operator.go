package zonefile

import (
	"bytes"
	"hash/maphash"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// domains finds the domains that name servers are registered under. It keeps
// recent answers.
type domains struct {
	seed   maphash.Seed
	recent [1 << 12]registered
}

// registered is the answer for all hosts right below a name: how many bytes of
// the name make the registered domain, 0 for none.
type registered struct {
	parent Name
	size   int
	valid  bool
}

func newDomains() *domains { return &domains{seed: maphash.MakeSeed()} }

// operator returns the domain that stands for the operator of a name server:
// that under which the name above the host's is registered, one label more than
// its public suffix; or the host's own name when there is none. The result is a
// part of host.
func (d *domains) operator(host Name) Name {
	parent := host[:bytes.LastIndexByte(host[:max(0, len(host)-1)], 0)+1]
	recent := &d.recent[maphash.Bytes(d.seed, parent)%uint64(len(d.recent))]
	if !recent.valid || !bytes.Equal(recent.parent, parent) {
		*recent = registered{append(recent.parent[:0], parent...), registeredSize(parent), true}
	}
	if recent.size == 0 {
		return host
	}
	return host[:recent.size]
}

// registeredSize returns how many bytes of a name make its registered domain.
func registeredSize(n Name) (size int) {
	domain, err := publicsuffix.EffectiveTLDPlusOne(strings.TrimSuffix(n.String(), "."))
	if err != nil {
		return 0 // a public suffix, or the root
	}
	// An escaped dot in a label does not end a label, but such a name is
	// nobody's to register.
	for range 1 + strings.Count(domain, ".") {
		next := bytes.IndexByte(n[size:], 0)
		if next < 0 {
			return 0
		}
		size += next + 1
	}
	return size
}
