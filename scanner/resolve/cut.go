package resolve

import "net/netip"

// cut is a zone cut: a zone and its name servers, as the parent has them. It
// is shared and never changed.
type cut struct {
	zone    string
	parent  string
	expires int64 // Unix seconds
	ns      []nsHost
	whole   bool // every server of the parent was asked
}

// nsHost is a name server and those of its glue addresses that the mode may
// use.
type nsHost struct {
	name  string
	addrs []netip.Addr
	glued bool // the parent gave an address, of whichever family
}

func (c *cut) bytes() int {
	n := 96 + len(c.zone)
	for _, h := range c.ns {
		n += 48 + len(h.name) + 24*len(h.addrs)
	}
	return n
}
