package resolve

import (
	"context"
	"fmt"
	"net/netip"
	"slices"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
	"adopt6/scanner/observation"
)

// Delegation finds the zone cut at or above name and asks a server of the parent
// zone what it says of it: several where the first denies the name or leaves out
// glue, as another may not. Errors are as for Resolve.
func (r *Resolver) Delegation(ctx context.Context, mode Mode, name string) (*Delegation, error) {
	return r.delegation(ctx, mode, name, false)
}

// WholeDelegation is Delegation, and asks every server of the parent zone, 8 at
// most. What they say together is what later lookups begin with.
func (r *Resolver) WholeDelegation(ctx context.Context, mode Mode, name string) (*Delegation, error) {
	return r.delegation(ctx, mode, name, true)
}

func (r *Resolver) delegation(ctx context.Context, mode Mode, name string, whole bool) (*Delegation, error) {
	name, err := canonical(name)
	if err != nil {
		return nil, err
	}
	j := r.newJob(ctx, mode)
	defer j.end()
	d, err := j.delegation(name, whole)
	if err != nil {
		return nil, fmt.Errorf("delegation of %s: %w", name, err)
	}
	d.Queries = j.queries
	return d, nil
}

// delegation finds the zone cut at or above name.
func (j *job) delegation(name string, whole bool) (*Delegation, error) {
	for {
		if name == "." {
			return j.rootDelegation()
		}
		a, f := j.parentSide(name)
		d := &Delegation{Zone: name}
		switch {
		case f != nil && f.err != nil:
			return nil, f.err
		case f != nil:
			d.Zone, d.Parent, d.Reason, d.RCode = name, f.zone, f.reason, dns.RcodeServerFailure
			return d, nil
		case a.kind == isNXDomain, a.cut != nil && a.cut.zone == name && (whole || a.kind == isReferral && a.cut.lacksGlue(a.glue)):
			return d, j.everyReferral(d, a)
		case a.cut != nil && a.cut.zone == name:
			d.Parent, d.Glue, d.SameServers = a.cut.parent, a.glue, a.kind == isAnswer
			if d.SameServers {
				d.Parent = a.zone
			}
			for _, host := range a.cut.ns {
				d.NS = append(d.NS, host.name)
			}
			return d, j.delegationDS(d)
		case a.zone == name:
			// The zone exists, on its parent's servers, and shows no NS.
			d.SameServers = true
			return d, j.delegationDS(d)
		}
		name = a.zone // no zone cut at name, but there
	}
}

// everyReferral completes d by what other servers of the parent say than the one
// that gave a: that the name does not exist, or where it is delegated to.
func (j *job) everyReferral(d *Delegation, a *answer) error {
	d.Parent = a.zone
	above, f := j.closest(d.Zone, dns.TypeDS)
	var all []Referral
	if f == nil {
		all, f = j.askParents(above, d.Zone)
	}
	if f != nil {
		d.Reason = f.reason
		return f.err
	}
	d.Referrals = all
	whole, glue := merged(d.Zone, above.zone, all)
	if whole == nil && a.cut != nil {
		// No server repeats it now: use the referral that was found before.
		whole, glue = merged(d.Zone, above.zone, []Referral{{cut: a.cut, Glue: a.glue, Child: a.kind == isAnswer}})
	}
	if whole == nil {
		d.RCode = a.rcode
		return nil
	}
	d.Parent, d.Glue = above.zone, glue
	d.SameServers = !slices.ContainsFunc(all, func(r Referral) bool { return r.cut != nil && !r.Child })
	for _, host := range whole.ns {
		d.NS = append(d.NS, host.name)
	}
	if d.AtParent, f = j.addressesAtParent(above, whole); f != nil {
		d.Reason = f.reason
		return f.err
	}
	for name, addrs := range d.AtParent {
		whole.add(nsHost{name, addrs, true})
	}
	if !d.SameServers { // who answers for the zone need not be one of its servers
		j.view.cuts.put(key{name: whole.zone}, whole, whole.expires, whole.bytes())
	}
	return j.delegationDS(d)
}

// delegationDS adds the DS records of d.
func (j *job) delegationDS(d *Delegation) error {
	a, f := j.lookup(d.Zone, dns.TypeDS)
	if f != nil {
		d.Reason = f.reason
		return f.err
	}
	d.StateReason, d.StateZone = observation.NoAnchor, "."
	if j.full {
		var got dnssec.Verdict
		if got, a, f = j.secure(d.Zone, dns.TypeDS, a); f != nil {
			d.Reason = f.reason
			return f.err
		}
		d.State, d.StateReason, d.StateZone = got.State, got.Reason, got.Zone
	}
	for _, rr := range a.rrs {
		if ds, ok := rr.(*dns.DS); ok {
			d.DS = append(d.DS, ds)
		}
	}
	if d.SameServers && below(d.Zone, a.zone) {
		d.Parent = a.zone
	}
	return nil
}

// rootDelegation describes the root, whose parent is the file of hints.
func (j *job) rootDelegation() (*Delegation, error) {
	c, f := j.root()
	if f != nil {
		if f.err != nil {
			return nil, f.err
		}
		return &Delegation{Zone: ".", Reason: f.reason, RCode: dns.RcodeServerFailure}, nil
	}
	d := &Delegation{Zone: ".", Glue: make(map[string][]netip.Addr)}
	for _, host := range c.ns {
		d.NS = append(d.NS, host.name)
		d.Glue[host.name] = slices.Clone(host.addrs)
	}
	return d, nil
}
