package resolve

import (
	"adopt6/scanner/observation"
	"slices"

	"github.com/miekg/dns"
)

const (
	// minimiseOne is how many labels are added one at a time, and
	// minimiseSteps how many steps are taken in all before the full name is
	// asked (RFC 9156 section 2.3).
	minimiseOne   = 4
	minimiseSteps = 10

	failureTTL = 30 // seconds; RFC 9520 section 3.2 asks for 1 to 300
)

// lookup finds what the zone of name says to a question, without following
// aliases.
func (j *job) lookup(name string, qtype uint16) (*answer, *failure) {
	k := key{name, qtype}
	if a, ok := j.view.answers.get(k); ok {
		if j.trace != nil {
			j.event(Event{Step: StepCached, Zone: a.zone, Name: name, Type: qtype})
		}
		return a, nil
	}
	if reason, ok := j.view.failures.get(k); ok {
		return nil, j.failed(name, qtype, &failure{reason: reason, zone: name})
	}
	if slices.Contains(j.stack, k) {
		return nil, j.failed(name, qtype, &failure{reason: observation.NSLoop, zone: name})
	}
	j.stack = append(j.stack, k)
	defer func() { j.stack = j.stack[:len(j.stack)-1] }()
	c, f := j.closest(name, qtype)
	if f != nil {
		return nil, j.failed(name, qtype, f)
	}
	if j.trace != nil {
		j.event(Event{Step: StepStart, Zone: c.zone, Name: name, Type: qtype})
	}
	a, f := j.descend(c, name, qtype, false)
	if f != nil {
		return nil, j.failed(name, qtype, f)
	}
	if j.trace != nil {
		j.event(Event{Step: StepAnswer, Zone: a.zone, Name: name, Type: qtype, RCode: a.rcode})
	}
	return a, nil
}

func (j *job) failed(name string, qtype uint16, f *failure) *failure {
	if j.trace != nil && f.err == nil {
		j.event(Event{Step: StepFailed, Zone: f.zone, Name: name, Type: qtype, Note: string(f.reason)})
	}
	return f
}

// closest returns the zone cut closest to name that is known: one that can
// hold the answer. DS records are the parent's (RFC 4035 section 3.1.4.1).
func (j *job) closest(name string, qtype uint16) (*cut, *failure) {
	if qtype == dns.TypeDS {
		name = parentOf(name)
	}
	for ; name != "."; name = parentOf(name) {
		if c, ok := j.view.cuts.get(key{name: name}); ok {
			return c, nil
		}
	}
	return j.root()
}

// parentSide asks the servers of the zone above name for the NS records of
// name. The answer is a referral where name is a zone cut; its glue is that of
// both families.
func (j *job) parentSide(name string) (*answer, *failure) {
	c, f := j.closest(name, dns.TypeDS)
	if f != nil {
		return nil, f
	}
	return j.descend(c, name, dns.TypeNS, true)
}

// descend goes down from zone cut to zone cut until one answers the question.
// With atParent it stops at a referral to name itself.
//
// It shows servers no more of the name than they need (RFC 9156): it asks for
// one label more than the zone has, until that is the whole name. A server
// that fails over a shortened name is asked for the whole name ("relaxed").
func (j *job) descend(c *cut, name string, qtype uint16, atParent bool) (*answer, *failure) {
	total := labels(name)
	known := labels(c.zone)
	whole := j.r.config.FullNames
	for steps := 0; ; steps++ {
		ask, kind := name, qtype
		known = j.next(known, total, steps)
		if !whole && known < total {
			ask, kind = lastLabels(name, known), j.probeType()
		}
		a, f := j.cachedOrAsk(c, ask, kind, atParent && ask == name)
		if ask != name {
			switch {
			case f != nil && f.final():
				return nil, f
			case f != nil && networkReason(f.reason) && !f.alive && !f.large:
				return nil, f
			case f != nil || a.kind == isNXDomain:
				whole = true
				continue
			case a.kind != isReferral:
				continue // no zone cut there
			}
		} else if f != nil {
			return nil, f
		}
		if a.kind != isReferral {
			return a, nil
		}
		if j.trace != nil {
			j.event(Event{Step: StepReferral, Zone: c.zone, Name: ask, Type: kind, Note: a.cut.zone})
		}
		j.keep(a)
		if atParent && a.cut.zone == name {
			return a, nil
		}
		c, known = a.cut, labels(a.cut.zone)
	}
}

// next returns how many labels to ask for after known ones led no further.
func (j *job) next(known, total, steps int) int {
	switch {
	case steps < minimiseOne:
		return min(known+1, total)
	case steps >= minimiseSteps:
		return total
	}
	return min(known+max(1, (total-known)/(minimiseSteps-steps)), total)
}

// probeType is the type asked for with a shortened name.
func (j *job) probeType() uint16 {
	if j.view.mode == V6Only {
		return dns.TypeAAAA
	}
	return dns.TypeA
}

// cachedOrAsk is ask, unless the answer to a shortened name is known.
func (j *job) cachedOrAsk(c *cut, name string, qtype uint16, keepGlue bool) (*answer, *failure) {
	if !keepGlue && len(j.avoid) == 0 {
		if a, ok := j.view.answers.get(key{name, qtype}); ok {
			return a, nil
		}
	}
	if reason, ok := j.view.failures.get(key{name: c.zone}); ok {
		return nil, &failure{reason: reason, zone: c.zone}
	}
	if reason, ok := j.view.failures.get(silence(c.zone, qtype)); ok {
		return nil, &failure{reason: reason, zone: c.zone, alive: true}
	}
	a, f := j.ask(c, name, qtype, keepGlue)
	switch {
	case len(j.avoid) > 0:
		// Some servers were excluded, so do not cache.
	case f == nil && a.kind != isReferral && !a.weak:
		j.view.answers.put(key{name, qtype}, a, a.expires, a.bytes()+len(name))
	case f != nil && f.err == nil && f.zone == c.zone && f.shared():
		k := key{name, qtype}
		switch {
		case f.large:
		case f.alive:
			k = silence(c.zone, qtype)
		case networkReason(f.reason):
			k = key{name: c.zone}
		}
		j.view.failures.put(k, f.reason, j.now()+failureTTL, len(k.name))
	}
	return a, f
}

// keep remembers a zone cut, and for this job the referral, which may tell how
// the zone is signed.
func (j *job) keep(referral *answer) {
	c := referral.cut
	j.view.cuts.put(key{name: c.zone}, c, c.expires, c.bytes())
	if j.full {
		j.referrals = append(j.referrals, referral)
	}
}

// networkReason says whether a reason concerns a zone's servers whatever they
// are asked.
func networkReason(reason observation.Reason) bool {
	switch reason {
	case observation.Timeout, observation.PortClosed, observation.Unreachable, observation.NoRoute, observation.SpecialPurposeAddress, observation.NoServerAddress:
		return true
	}
	return false
}

// silence is the key of a zone whose servers are silent to questions of a type
// and answer others. No name begins with a blank.
func silence(zone string, qtype uint16) key { return key{" " + zone, qtype} }

// root returns the root zone's servers: those that they name themselves (RFC
// 9609), or those of the hints when they do not.
func (j *job) root() (*cut, *failure) {
	v := j.view
	if c := v.root.Load(); c != nil && c.expires > j.now() {
		return c, nil
	}
	select {
	case v.priming <- struct{}{}:
		defer func() { <-v.priming }()
	case <-j.ctx().Done():
		return nil, j.ended(".", j.ctx().Err())
	}
	if c := v.root.Load(); c != nil && c.expires > j.now() {
		return c, nil
	}
	if reason, ok := v.failures.get(key{name: "."}); ok {
		return nil, &failure{reason: reason, zone: "."}
	}
	if j.trace != nil {
		j.event(Event{Step: StepStart, Zone: ".", Name: ".", Type: dns.TypeNS, Note: "priming"})
	}
	a, f := j.ask(v.hints, ".", dns.TypeNS, true)
	if f != nil {
		if f.err == nil && f.shared() {
			v.failures.put(key{name: "."}, f.reason, j.now()+failureTTL, 1)
		}
		return nil, f
	}
	fresh := &cut{zone: ".", expires: j.now() + maxTTL}
	if a.cut != nil {
		fresh.expires = max(a.cut.expires, j.now()+60)
		fresh.ns = v.withHints(a.cut.ns)
	}
	if !slices.ContainsFunc(fresh.ns, func(h nsHost) bool { return len(h.addrs) > 0 }) {
		fresh.ns = v.hints.ns
	}
	v.root.Store(fresh)
	return fresh, nil
}

// withHints adds the addresses of the hints to root servers whose own did not
// fit into the answer.
func (v *view) withHints(ns []nsHost) []nsHost {
	for i := range ns {
		n := slices.IndexFunc(v.hints.ns, func(h nsHost) bool { return h.name == ns[i].name })
		if n >= 0 && len(ns[i].addrs) == 0 {
			ns[i].addrs = v.hints.ns[n].addrs
		}
	}
	return ns
}
