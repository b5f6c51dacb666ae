package probe

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
)

// delegationGravity orders what can be wrong with a delegation: the verdict has
// the first of these reasons that was found. What was found and is not in it
// does not lower the verdict: same_asn depends on a table that not every scan
// has.
var delegationGravity = []observation.Reason{
	observation.NSUnregistered, observation.GlueMissingAAAA, observation.NSIsAlias, observation.SpecialPurposeAddress,
	observation.ParentsDiffer, observation.NSNoAddress, observation.OneNSAAAA, observation.NSSetDiffers,
	observation.GlueDiffers, observation.GlueMissingA, observation.SameNetwork,
}

// judgeDelegation compares the two sides of the zone cut and looks at how the
// name servers are spread.
func (v *measurement) judgeDelegation(ctx context.Context, s serverSet) observation.Verdict {
	found := make(map[observation.Reason]bool)
	note := func(subject string, reason observation.Reason, detail string) {
		found[reason] = true
		v.find("delegation", subject, partial(reason), detail)
	}
	unregistered := v.findUnregistered(ctx, s.hosts, note)
	v.compareParents(ctx, note)
	v.parentsDiffer = found[observation.ParentsDiffer]
	v.compareSets(s, note)
	g := v.compareGlue(ctx, s, note)
	v.obs.GlueV6 = uint16(g.published[v6])
	for _, h := range s.hosts {
		if h.alias {
			note(h.name, observation.NSIsAlias, "")
		}
		if v.hasNoAddress(h) && !unregistered[h] {
			note(h.name, observation.NSNoAddress, "")
		}
		if bad := h.special(v6); len(bad) > 0 {
			note(h.name, observation.SpecialPurposeAddress, joinAddrs(bad))
		}
	}
	have := s.withV6()
	switch {
	case len(have) == 0 && found[observation.SpecialPurposeAddress]:
		return broken(observation.SpecialPurposeAddress)
	case len(have) == 0 && found[observation.NSIsAlias]:
		return broken(observation.NSIsAlias)
	case len(have) == 0 && s.failure() != "":
		return unresolved(s.failure())
	case len(have) == 0:
		return absent(observation.NoNSAAAA)
	case g.lacking[v6] == len(have):
		return broken(observation.GlueMissingAAAA) // no way in over IPv6
	}
	v.judgeSpread(have, note)
	for _, reason := range delegationGravity {
		if found[reason] {
			return partial(reason)
		}
	}
	return observation.Verdict{Status: observation.OK}
}

// hasNoAddress says whether a name server can be found nowhere: its name has no
// address, and the parent gives none.
func (v *measurement) hasNoAddress(h *host) bool {
	name := dns.Fqdn(h.name)
	return h.failure() == "" && !h.alias && !h.hasAddress() && len(v.parent.Glue[name])+len(v.parent.AtParent[name]) == 0
}

// noteFunc keeps a finding about a host or the zone.
type noteFunc func(subject string, reason observation.Reason, detail string)

// compareSets notes where parent and zone name different name servers. Where
// both are served by the same servers the parent's records are not to be seen.
func (v *measurement) compareSets(s serverSet, note noteFunc) {
	if v.parent.SameServers || len(s.child) == 0 || slices.Equal(s.parent, s.child) {
		return
	}
	var detail []string
	for where, sets := range map[string][2][]string{"parent": {s.parent, s.child}, "zone": {s.child, s.parent}} {
		only := slices.DeleteFunc(slices.Clone(sets[0]), func(name string) bool { return slices.Contains(sets[1], name) })
		if len(only) > 0 {
			detail = append(detail, fmt.Sprintf("only in the %s: %s", where, strings.Join(only, " ")))
		}
	}
	slices.Sort(detail)
	note(v.zone, observation.NSSetDiffers, strings.Join(detail, "; "))
}

// judgeSpread notes name servers with IPv6 that fail together: a single one, or
// all within one /48, the longest prefix that the Internet's routers commonly
// accept, or one autonomous system.
func (v *measurement) judgeSpread(have []*host, note noteFunc) {
	var addrs []netip.Addr
	for _, h := range have {
		addrs = append(addrs, h.usable()...)
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	if addrs = slices.Compact(addrs); len(have) == 1 || len(addrs) == 1 {
		note(v.zone, observation.OneNSAAAA, joinAddrs(addrs))
		return
	}
	network, _ := addrs[0].Prefix(48)
	if !slices.ContainsFunc(addrs, func(a netip.Addr) bool { return !network.Contains(a) }) {
		note(v.zone, observation.SameNetwork, network.String())
	}
	if v.ASN == nil {
		return
	}
	first, _, known := v.ASN(addrs[0])
	if known && !slices.ContainsFunc(addrs, func(a netip.Addr) bool { n, _, ok := v.ASN(a); return !ok || n != first }) {
		note(v.zone, observation.SameASN, fmt.Sprintf("AS%d", first))
	}
}

func joinAddrs(addrs []netip.Addr) string {
	words := make([]string, len(addrs))
	for i, a := range addrs {
		words[i] = a.String()
	}
	return strings.Join(words, " ")
}
