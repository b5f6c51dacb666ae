package reach

import (
	"slices"
	"strings"

	"golang.org/x/net/publicsuffix"
)

// governmentLabels are the names below a ccTLD under which governments
// register domains. The public suffix list has many of these suffixes, and
// not all.
var governmentLabels = map[string]bool{
	"gov": true, "gob": true, "gouv": true, "gub": true, "gv": true, "go": true, "govt": true,
	"govern": true, "governo": true, "gouvernement": true, "government": true,
}

// Operator returns the domain that stands for who runs a name server: the one
// that its name is registered under, one label more than the public suffix.
//
// Private suffixes count: below eu.org everybody runs their own. A host right
// below a suffix, such as ns1.gouv.sn or ns1.dyndns.org, has no domain of its
// own; its operator is that of the suffix, as long as zone, the zone that the
// name lies in, does not say that the name is a zone by itself. An empty zone
// is taken to say so. Both may end with the final dot; the result does not.
func Operator(name, zone string) string {
	name, zone = strings.TrimSuffix(name, "."), strings.TrimSuffix(zone, ".")
	suffix := publicSuffix(name)
	if name == suffix {
		return name
	}
	labels := strings.TrimSuffix(name, "."+suffix)
	registered := labels[strings.LastIndexByte(labels, '.')+1:] + "." + suffix
	if registered == name && zone != "" && zone != name {
		return suffix
	}
	return registered
}

// NeedsZone says whether [Operator] of name depends on its zone.
func NeedsZone(name string) bool {
	name = strings.TrimSuffix(name, ".")
	return Operator(name, "") == name && name != publicSuffix(name)
}

// publicSuffix is that of the public suffix list, and one label longer for
// the suffixes of governments that it lacks.
func publicSuffix(name string) string {
	suffix, _ := publicsuffix.PublicSuffix(name)
	if len(suffix) != 2 || len(name) == 2 {
		return suffix
	}
	labels := strings.TrimSuffix(name, "."+suffix)
	if label := labels[strings.LastIndexByte(labels, '.')+1:]; governmentLabels[label] {
		return label + "." + suffix
	}
	return suffix
}

// Operators returns the operators of a zone's name servers, sorted.
func (g *Graph) Operators(zone string) []string {
	z := g.zones[zone]
	if z == nil {
		return nil
	}
	return operatorsOf(z)
}

func operatorsOf(zones ...*Zone) []string {
	var all []string
	for _, z := range zones {
		for _, s := range z.Servers {
			if s.Operator != "" {
				all = append(all, s.Operator)
			}
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}

// FreedBy returns the operators of whom each, by enabling IPv6 on all its name
// servers, would alone make all of the given zones reachable by the records;
// none when they are already. It is sorted.
func (g *Graph) FreedBy(zones ...string) []string {
	d := g.Decide(View{})
	all := func(d *Decision) bool {
		return !slices.ContainsFunc(zones, func(z string) bool { return !d.Reached(z) })
	}
	if all(d) {
		return nil
	}
	var failing []*Zone
	for _, z := range g.order {
		if d.Reached(z.Name) {
			continue
		}
		failing = append(failing, z)
		if above := g.zones[z.Parent]; above != nil && len(z.Hosting) > 0 {
			failing = append(failing, above) // its servers may free the zone
		}
	}
	var freeing []string
	for _, operator := range operatorsOf(failing...) {
		if all(g.Decide(View{Enabled: operator})) {
			freeing = append(freeing, operator)
		}
	}
	return freeing
}
