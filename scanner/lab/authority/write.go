package authority

import (
	"bufio"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// Write writes the zone as a zone file: every record, and of a signed zone the
// whole chain of denial and every signature. Generated children are included.
func (z *Zone) Write(w io.Writer) error {
	out := bufio.NewWriter(w)
	names := z.names()
	slices.SortFunc(names, func(a, b Name) int { return strings.Compare(a.OrderKey(), b.OrderKey()) })
	for _, name := range names {
		if err := z.writeNode(out, name, z.nodes[name]); err != nil {
			return err
		}
	}
	if z.Children != nil {
		for i := range z.Children.Len() {
			d := z.Children.Delegation(z.Children.At(i))
			for _, g := range d.node.glue {
				if err := writeSet(out, g, nil); err != nil {
					return err
				}
			}
			if err := z.writeNode(out, z.Children.At(i), &d.node); err != nil {
				return err
			}
		}
	}
	if z.Signing != nil && z.Signing.NSEC3 != nil {
		z.chain.Do(z.buildChain)
		for i := range z.hashed {
			set := z.nsec3At(i)
			if err := writeSet(out, set, z.signatures(set)); err != nil {
				return err
			}
		}
	}
	if err := out.Flush(); err != nil {
		return fmt.Errorf("write zone %s: %w", z.Origin, err)
	}
	return nil
}

func (z *Zone) writeNode(w io.Writer, name Name, n *node) error {
	isCut := z.isCut(name, n)
	for _, set := range n.sets {
		var sigs [][]byte
		if !n.occluded && (!isCut || set.Type == dns.TypeDS) {
			sigs = z.signatures(set)
		}
		if err := writeSet(w, set, sigs); err != nil {
			return err
		}
	}
	if z.Signing == nil || z.Signing.NSEC3 != nil || n.occluded || len(n.sets) == 0 {
		return nil
	}
	set, _ := z.nsec(name)
	return writeSet(w, set, z.signatures(set))
}

func writeSet(w io.Writer, set *RRset, signatures [][]byte) error {
	write := func(rrtype uint16, rdata []byte) error {
		rr, err := ToRR(set.Owner, rrtype, set.TTL, rdata)
		if err != nil {
			return err
		}
		_, err = fmt.Fprintln(w, rr)
		return err
	}
	for _, rdata := range set.Data {
		if err := write(set.Type, rdata); err != nil {
			return err
		}
	}
	for _, rdata := range signatures {
		if err := write(dns.TypeRRSIG, rdata); err != nil {
			return err
		}
	}
	return nil
}
