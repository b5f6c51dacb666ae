// Package optout knows who does not want to be measured, or not wholly.
//
// In: a file of domains, addresses and prefixes, and the TXT records that
// operators publish. Out: what a scan may do with a domain, and whether a
// packet may go to an address. It never dials, and asks nothing but that one
// TXT record; a lookup that fails opts nobody out.
package optout

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"net/netip"
	"os"
	"slices"
	"strings"

	"adopt6/lists"
)

const (
	// maxLine bounds a line of the file in bytes, and maxLines the file.
	maxLine  = 4096
	maxLines = 1_000_000
	// shown bounds what an error repeats of a line.
	shown = 60
)

// List is what a file opts out. The zero value opts nothing out. It does not
// change once it is read, so that many goroutines may use it.
type List struct {
	domains  map[string]struct{} // A-labels, lower case, no final dot
	prefixes map[netip.Prefix]struct{}
	// lengths are those that occur among prefixes, shortest first, of IPv4 and
	// of IPv6.
	lengths [2][]int
}

// Open reads the list in a file. Faults in it are *lists.LineError.
func Open(path string) (*List, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("open opt-out list: %w", err)
	}
	defer file.Close()
	return Read(file, path)
}

// Read reads a list: in each line a domain, which stands for all below it as
// well, an address or a prefix. What follows # is a comment. file is the name
// for errors; every fault is reported, each a *lists.LineError.
func Read(r io.Reader, file string) (*List, error) {
	l := &List{domains: make(map[string]struct{}), prefixes: make(map[netip.Prefix]struct{})}
	lines := bufio.NewScanner(r)
	lines.Buffer(make([]byte, 0, maxLine), maxLine)
	var faults []error
	n := 0
	fault := func(p *lists.Problem) {
		if len(faults) < 20 {
			faults = append(faults, &lists.LineError{File: file, Line: n, Problem: *p})
		}
	}
	for lines.Scan() {
		if n++; n > maxLines {
			fault(&lists.Problem{What: "the list is too long", Fix: fmt.Sprintf("keep it to %d lines", maxLines)})
			break
		}
		text, _, _ := strings.Cut(strings.TrimPrefix(lines.Text(), "\ufeff"), "#")
		if text = strings.TrimSpace(text); text == "" {
			continue
		}
		if problem := l.add(text); problem != nil {
			fault(problem)
		}
	}
	if errors.Is(lines.Err(), bufio.ErrTooLong) {
		n++
		fault(&lists.Problem{What: "the line is too long", Fix: "write one domain, address or prefix in each line"})
	} else if lines.Err() != nil {
		return nil, fmt.Errorf("read %s: %w", file, lines.Err())
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	l.measure()
	return l, nil
}

// add takes one entry into the list.
func (l *List) add(text string) *lists.Problem {
	if strings.ContainsAny(text, "/:") || isAddress(text) {
		return l.addPrefix(text)
	}
	if name, wildcard := strings.CutPrefix(text, "*."); wildcard {
		return &lists.Problem{What: fmt.Sprintf("%.*q is a wildcard", shown, text),
			Fix: fmt.Sprintf("write %.*s: a domain stands for all below it", shown, printable(name))}
	}
	name, _, err := lists.Normalize(text)
	if problem := new(lists.Problem); errors.As(err, &problem) {
		return problem
	} else if err != nil {
		return &lists.Problem{What: err.Error(), Fix: "write a domain, an address or a prefix"}
	}
	l.domains[name] = struct{}{}
	return nil
}

func isAddress(text string) bool {
	_, err := netip.ParseAddr(text)
	return err == nil
}

// addPrefix takes an address or a prefix into the list.
func (l *List) addPrefix(text string) *lists.Problem {
	prefix, err := netip.ParsePrefix(text)
	if addr, notAddr := netip.ParseAddr(text); notAddr == nil && addr.Zone() == "" {
		prefix, err = netip.PrefixFrom(addr, addr.BitLen()), nil
	}
	switch {
	case err != nil:
		return &lists.Problem{What: fmt.Sprintf("%.*q is not a domain, address or prefix", shown, text),
			Fix: "write one such as example.org, 198.51.100.7 or 2001:db8:7::/48, without a scheme, port or path"}
	case prefix.Addr().Is4In6():
		return &lists.Problem{What: fmt.Sprintf("%s is an IPv4 address in IPv6 form", prefix), Fix: "write the IPv4 address or prefix itself"}
	case prefix.Bits() == 0:
		return &lists.Problem{What: fmt.Sprintf("%s opts out a whole address family", prefix), Fix: "write the prefixes that are meant"}
	case prefix != prefix.Masked():
		return &lists.Problem{What: fmt.Sprintf("%s has bits set beyond its length", prefix),
			Fix: fmt.Sprintf("write %s for the network, or %s for the address", prefix.Masked(), prefix.Addr())}
	}
	l.prefixes[prefix] = struct{}{}
	return nil
}

// measure notes the lengths of the prefixes.
func (l *List) measure() {
	for p := range l.prefixes {
		f := family(p.Addr())
		if !slices.Contains(l.lengths[f], p.Bits()) {
			l.lengths[f] = append(l.lengths[f], p.Bits())
		}
	}
	for f := range l.lengths {
		slices.Sort(l.lengths[f])
	}
}

func family(a netip.Addr) int {
	if a.Is4() {
		return 0
	}
	return 1
}

// printable escapes what does not belong on a line of text.
func printable(text string) string {
	quoted := fmt.Sprintf("%q", text)
	return quoted[1 : len(quoted)-1]
}

// HasAddr says whether no packet may go to addr. It implements the OptedOut
// field of netaddr.Dialer. A nil list has none.
func (l *List) HasAddr(addr netip.Addr) bool {
	if l == nil || len(l.prefixes) == 0 {
		return false
	}
	addr = addr.Unmap().WithZone("")
	if !addr.IsValid() {
		return false
	}
	for _, bits := range l.lengths[family(addr)] {
		if _, has := l.prefixes[netip.PrefixFrom(addr, bits).Masked()]; has {
			return true
		}
	}
	return false
}

// HasName says whether a name, or a domain above it, is on the list. name is
// in A-labels; a final dot and the case of letters make no difference.
func (l *List) HasName(name string) bool {
	if l == nil || len(l.domains) == 0 {
		return false
	}
	name = strings.ToLower(strings.TrimSuffix(name, "."))
	for name != "" {
		if _, has := l.domains[name]; has {
			return true
		}
		_, name, _ = strings.Cut(name, ".")
	}
	return false
}

// Size returns how many domains, and how many addresses and prefixes, are on
// the list.
func (l *List) Size() (domains, prefixes int) {
	if l == nil {
		return 0, 0
	}
	return len(l.domains), len(l.prefixes)
}
