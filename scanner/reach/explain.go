package reach

import (
	"adopt6/scanner/observation"
	"slices"
)

// Explanation says why a zone is not reached.
type Explanation struct {
	// Cause is the reason; empty for a zone that is reached.
	Cause observation.Reason
	// Zone is the one to blame: where the fault lies that is nearest to the
	// zone asked about, or the highest zone that fails above it.
	Zone string
	// Path leads from the zone asked about to the fault; Root is its cause.
	Path []string
	Root observation.Reason
}

// Explain finds the cause for which a zone is not reached. In the causes of
// Streibelt et al. (PAM 2023): no AAAA records for NS names is no_ns_aaaa or
// special_purpose_address, missing glue is glue_missing_aaaa, zone of
// out-of-bailiwick NSes not resolving is ns_zone_v4_only or ns_cycle, and
// parent zone not IPv6-resolvable is parent_v4_only.
func (d *Decision) Explain(zone string) Explanation {
	if d.Reached(zone) {
		return Explanation{}
	}
	path, root := d.nearest(zone)
	if d.view.Answers && root != observation.NSUnreachableV6 && d.g.Decide(View{Trusting: d.view.Trusting}).Reached(zone) {
		// The records lead there on a way of which nothing above tells: a
		// server met before answers for the zone, or should.
		path, root = []string{zone}, observation.NSUnreachableV6
	}
	e := Explanation{Cause: root, Zone: path[len(path)-1], Path: path, Root: root}
	switch top := d.highest(zone); {
	case root == observation.NSUnreachableV6:
	case top != zone:
		e.Cause, e.Zone = observation.ParentV4Only, top
	case len(path) > 1:
		e.Cause = observation.NSZoneV4Only
	}
	return e
}

// nearest follows what a zone waits for, the nearest first, to one that fails
// by its own fault: where it counts what answers, to one that is silent.
// Where there is none the zones wait for each other.
func (d *Decision) nearest(zone string) (path []string, root observation.Reason) {
	trail, order := d.follow(zone)
	for _, silent := range []bool{true, false} {
		for _, next := range order {
			own, _ := d.fault(next)
			if own == observation.NSUnreachableV6 || own != "" && !silent {
				return trail(next), own
			}
		}
	}
	for _, next := range order {
		if d.waitsFor(next) {
			return trail(next), observation.NSCycle
		}
	}
	return trail(zone), observation.NSCycle // not reached: waiting without end is a circle
}

// follow returns the zones that a zone waits for, itself first, the nearest
// first, and the way to each.
func (d *Decision) follow(zone string) (trail func(to string) []string, order []string) {
	from := map[string]string{zone: ""}
	order = []string{zone}
	for i := 0; i < len(order); i++ {
		_, waits := d.fault(order[i])
		for _, next := range waits {
			if _, seen := from[next]; !seen {
				from[next] = order[i]
				order = append(order, next)
			}
		}
	}
	return func(to string) (path []string) {
		for ; to != ""; to = from[to] {
			path = append(path, to)
		}
		slices.Reverse(path)
		return path
	}, order
}

// waitsFor says whether a zone can only be reached after itself.
func (d *Decision) waitsFor(zone string) bool {
	_, order := d.follow(zone)
	for _, next := range order {
		if _, waits := d.fault(next); slices.Contains(waits, zone) {
			return true
		}
	}
	return false
}

// highest returns the highest of the zones from zone upwards that are not
// reached.
func (d *Decision) highest(zone string) string {
	top := zone
	for z := d.g.zones[zone]; z != nil && !d.Reached(z.Name); z = d.g.zones[z.Parent] {
		top = z.Name
	}
	return top
}

// grave orders the faults of name servers: the zone's is the first that one of
// its servers has, so that it names what lacks least.
var grave = []observation.Reason{
	observation.NSUnreachableV6, observation.GlueMissingAAAA, observation.NSZoneV4Only, observation.SpecialPurposeAddress, observation.NoNSAAAA,
}

// fault returns what is wrong with a zone that is not reached: its own fault,
// if one of its servers has a graver one than to wait, and the zones that it
// waits for.
func (d *Decision) fault(zone string) (own observation.Reason, waits []string) {
	z := d.g.zones[zone]
	if z == nil || z.Unknown {
		return observation.NSUnreachableV6, nil
	}
	if z.Parent != "" && !d.Reached(z.Parent) {
		return "", []string{d.highest(z.Parent)}
	}
	worst := len(grave) - 1
	for i := range z.Servers {
		s := &z.Servers[i]
		reason := d.serverFault(z, s)
		if reason == observation.NSZoneV4Only && !slices.Contains(waits, s.Zone) {
			waits = append(waits, s.Zone)
		}
		worst = min(worst, slices.Index(grave, reason))
	}
	if own = grave[worst]; own == observation.NSZoneV4Only {
		own = ""
	}
	return own, waits
}

// serverFault returns why a server of z, which is not reached though its
// parent is, leads nowhere.
func (d *Decision) serverFault(z *Zone, s *Server) observation.Reason {
	silent := d.view.Answers && len(d.usable(s, s.Glue))+len(d.usable(s, s.Addrs)) == 0
	switch {
	case Usable(s.Glue), silent && Usable(s.Addrs):
		return observation.NSUnreachableV6
	case !s.publishes():
		return observation.NoNSAAAA
	case !Usable(s.Addrs):
		return observation.SpecialPurposeAddress
	case In(s.Name, z.Name):
		return observation.GlueMissingAAAA
	case d.homeReached(s):
		return observation.NSUnreachableV6
	case s.Zone == "":
		return observation.NoNSAAAA
	}
	return observation.NSZoneV4Only
}
