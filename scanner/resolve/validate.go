package resolve

import (
	"slices"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
	"adopt6/scanner/observation"
)

// This file drives package dnssec: it fetches the DS and DNSKEY records of the
// zones between a trust anchor and an answer, and keeps the results.

// otherServers is how many further servers of a zone are asked when what one
// of them says is bogus: a secondary may be out of date.
const otherServers = 4

// secure judges the answer to a question. Its second result is the answer that
// the judgement is about: a itself, or that of another server where a was
// bogus.
func (j *job) secure(name string, qtype uint16, a *answer) (dnssec.Verdict, *answer, *failure) {
	got, f := j.judgeAnswer(name, qtype, a)
	if f == nil && got.State == observation.Bogus {
		f = j.elsewhere(name, qtype, a, func(other *answer) (bool, *failure) {
			again, f := j.judgeAnswer(name, qtype, other)
			if f != nil || again.State == observation.Bogus {
				return false, f
			}
			got, a = again, other
			return true, nil
		})
	}
	if f != nil {
		return got, nil, f
	}
	a = j.proved(name, qtype, a, got)
	if j.trace != nil {
		j.event(Event{Step: StepDNSSEC, Zone: got.Zone, Name: name, Type: qtype, Note: note(got.State, got.Reason)})
	}
	return got, a, nil
}

// proved returns a as the judgement leaves it. The signed proof says whether
// the name exists, and not the code of the header, which anybody on the way can
// change; and the answer may be used for no longer than its signatures allow
// (RFC 4035 section 5.3.3), in the cache too.
func (j *job) proved(name string, qtype uint16, a *answer, got dnssec.Verdict) *answer {
	if got.Kind == dnssec.Unjudged {
		return a
	}
	kind, rcode := a.kind, a.rcode
	switch {
	case kind != isNoData && kind != isNXDomain:
		// The verdict on an alias may continue to the target, which is asked
		// for by itself.
	case got.Kind == dnssec.NoData:
		kind, rcode = isNoData, dns.RcodeSuccess
	case got.Kind == dnssec.NoName && rcode != dns.RcodeYXDomain:
		kind, rcode = isNXDomain, dns.RcodeNameError
	}
	expires := min(a.expires, j.now()+int64(got.TTL))
	if rcode == a.rcode && expires == a.expires {
		return a
	}
	fixed := *a
	fixed.kind, fixed.rcode, fixed.expires = kind, rcode, expires
	if kept, ok := j.view.answers.get(key{name, qtype}); ok && kept == a {
		j.view.answers.put(key{name, qtype}, &fixed, expires, fixed.bytes()+len(name))
	}
	return &fixed
}

func note(state observation.State, reason observation.Reason) string {
	if reason == "" {
		return state.String()
	}
	return state.String() + " " + string(reason)
}

// judgeAnswer judges one server's answer.
func (j *job) judgeAnswer(name string, qtype uint16, a *answer) (dnssec.Verdict, *failure) {
	bottom := name
	if qtype == dns.TypeDS {
		bottom = parentOf(name)
	}
	zone, f := j.chain(bottom, a.servers)
	if f != nil {
		return dnssec.Verdict{}, f
	}
	for {
		got := j.validator.Answer(zone, name, qtype, a.response())
		target := bottom
		switch {
		case got.Kind == dnssec.Below:
			target = got.Target
		case got.State != observation.Bogus, a.denies(zone.Name):
			return got, nil
		}
		// A zone cut may hide where parent and child share their servers.
		deeper, f := j.deeper(zone, target)
		if f != nil {
			return got, f
		}
		if deeper == zone {
			return got, nil
		}
		zone = deeper
	}
}

// denies says whether a is a negative answer by the zone of that name itself:
// one with its SOA record. A zone below would have sent its own.
func (a *answer) denies(zone string) bool {
	return (a.kind == isNoData || a.kind == isNXDomain) && a.zone == zone && slices.ContainsFunc(a.proof, func(rr dns.RR) bool {
		return rr.Header().Rrtype == dns.TypeSOA
	})
}

func (a *answer) response() dnssec.Response {
	return dnssec.Response{RCode: a.rcode, Answer: a.rrs, Authority: a.proof}
}

// chain returns what is known of the zone whose servers answer for bottom,
// from the trust anchor down through the zone cuts that are known.
func (j *job) chain(bottom, servers string) (*dnssec.Zone, *failure) {
	start, zone, ok := j.r.config.Anchors.Closest(bottom)
	if !ok {
		return zone, nil
	}
	zone, f := j.zone(start, func() (*dnssec.Zone, *failure) { return j.anchored(start) })
	if f != nil || start == servers {
		return zone, f
	}
	for _, at := range dnssec.Between(start, servers) {
		if zone.State != observation.Secure {
			break
		}
		if at != servers && !j.isCut(at) {
			continue
		}
		if zone, f = j.child(zone, at, true); f != nil {
			return nil, f
		}
	}
	return zone, nil
}

// isCut says whether a name is known to be a zone cut.
func (j *job) isCut(name string) bool {
	if j.referralTo(name) != nil {
		return true
	}
	if _, ok := j.view.zones.get(key{name: name}); ok {
		return true
	}
	_, ok := j.view.cuts.get(key{name: name})
	return ok
}

// deeper returns the zone of the first cut between zone and bottom, or zone
// itself. It asks for the DS records of each name between.
func (j *job) deeper(zone *dnssec.Zone, bottom string) (*dnssec.Zone, *failure) {
	if zone.State != observation.Secure {
		return zone, nil
	}
	for _, at := range dnssec.Between(zone.Name, bottom) {
		child, f := j.child(zone, at, false) // those between have been asked about
		if f != nil || child != zone {
			return child, f
		}
	}
	return zone, nil
}

// zone returns the zone of a name, made by one goroutine for all that need it.
// Making one waits for zones above it only, so that no two ever wait for each
// other.
func (j *job) zone(name string, build func() (*dnssec.Zone, *failure)) (*dnssec.Zone, *failure) {
	k := key{name: name}
	if z, ok := j.view.zones.get(k); ok {
		return z, nil
	}
	fl, leads := j.view.building.join(flightKey{zone: name, name: name})
	if !leads {
		select {
		case <-fl.done:
		case <-j.ctx().Done():
			return nil, j.ended(name, j.ctx().Err())
		}
		if fl.value != nil {
			return fl.value, nil
		}
		return build() // the other gave up for reasons of its own
	}
	var made *dnssec.Zone
	defer func() { j.view.building.land(flightKey{zone: name, name: name}, fl, made) }()
	z, f := build()
	if f != nil {
		return nil, f
	}
	// A zone that must not be kept is not for those who wait either: they
	// have budgets of their own, and it failed for want of this job's.
	if z.Name == name && z.Expires.After(j.validator.At()) {
		made = z
		life := z.Expires.Sub(j.validator.At())
		j.view.zones.put(k, z, j.now()+int64(life/time.Second), z.Size()+len(name))
	}
	if j.trace != nil {
		j.event(Event{Step: StepDNSSEC, Zone: name, Name: name, Type: dns.TypeDNSKEY, Note: note(z.State, z.Reason)})
	}
	return z, nil
}

// anchored makes the zone of a trust anchor.
func (j *job) anchored(name string) (*dnssec.Zone, *failure) {
	return j.withKeys(name, func(keys dnssec.Response) *dnssec.Zone {
		return j.validator.Anchored(j.r.config.Anchors, name, keys)
	})
}

// child makes the zone at a name below parent. Where there is no zone cut it
// returns the zone that the name lies in: parent, or one between the two.
func (j *job) child(parent *dnssec.Zone, name string, between bool) (*dnssec.Zone, *failure) {
	return j.zone(name, func() (*dnssec.Zone, *failure) {
		d, parent, f := j.delegated(parent, name, between)
		switch {
		case f != nil:
			return unfetched(name, f)
		case !d.Cut:
			return parent, nil
		case !d.NeedsKeys():
			return j.validator.Child(d, dnssec.Response{}), nil
		}
		return j.withKeys(name, func(keys dnssec.Response) *dnssec.Zone { return j.validator.Child(d, keys) })
	})
}

// delegated finds out what the zone above a name says of it: from the
// referral, when that says enough, or by asking for the DS records. With
// between it looks for zone cuts between parent and name when parent's word
// does not hold: a server of parent that holds zones in between answers for
// them without a referral to them. It returns the zone above as well.
func (j *job) delegated(parent *dnssec.Zone, name string, between bool) (*dnssec.Delegation, *dnssec.Zone, *failure) {
	if a := j.referralTo(name); a != nil {
		if d := j.validator.Delegation(parent, name, a.response()); d.State != observation.Bogus {
			return d, parent, nil
		}
	}
	a, f := j.lookup(name, dns.TypeDS)
	if f != nil {
		return nil, parent, f
	}
	d := j.validator.Delegation(parent, name, a.response())
	for between && d.State == observation.Bogus {
		nearer, f := j.deeper(parent, parentOf(name))
		if f != nil {
			return nil, parent, f
		}
		if nearer == parent {
			break
		}
		parent = nearer
		d = j.validator.Delegation(parent, name, a.response())
	}
	if d.State == observation.Bogus && parent.State == observation.Secure {
		f = j.elsewhere(name, dns.TypeDS, a, func(other *answer) (bool, *failure) {
			again := j.validator.Delegation(parent, name, other.response())
			if again.State == observation.Bogus {
				return false, nil
			}
			d = again
			return true, nil
		})
	}
	return d, parent, f
}

// withKeys fetches the DNSKEY records of a zone for build.
func (j *job) withKeys(name string, build func(dnssec.Response) *dnssec.Zone) (*dnssec.Zone, *failure) {
	a, f := j.lookup(name, dns.TypeDNSKEY)
	if f != nil {
		return unfetched(name, f)
	}
	z := build(a.response())
	if z.State == observation.Bogus {
		f = j.elsewhere(name, dns.TypeDNSKEY, a, func(other *answer) (bool, *failure) {
			again := build(other.response())
			if again.State == observation.Bogus {
				return false, nil
			}
			z = again
			return true, nil
		})
	}
	return z, f
}

// unfetched returns what is known of a zone whose DS or DNSKEY records could
// not be had. Where its servers, or those of its parent, were there and did not
// give them, no validating resolver has them: the zone is bogus (RFC 4035
// sections 4.3 and 5.5). Where nothing was heard of them the reason is that of
// the lookup. The zone is not kept; the lookup's failure is, for as long as
// any (RFC 9520).
func unfetched(name string, f *failure) (*dnssec.Zone, *failure) {
	switch {
	case f.ours():
		return nil, f
	case f.answered():
		return dnssec.Unanswered(name, f.zone), nil
	}
	return dnssec.Unfetched(name, f.reason, f.zone), nil
}

// withoutAnswer puts into the result what is known of the security of a name
// whose servers gave no answer: that the zone is unsigned, or that its keys
// cannot be had.
func (j *job) withoutAnswer(result *Result, name string, failed *failure) {
	result.State, result.StateReason, result.StateZone = observation.Indeterminate, observation.ResponseUnusable, failed.zone
	if !j.full || failed.ours() {
		return
	}
	bottom := name
	if result.Type == dns.TypeDS {
		bottom = parentOf(name)
	}
	c, f := j.closest(bottom, dns.TypeNone)
	if f != nil {
		return
	}
	zone, f := j.chain(bottom, c.zone)
	if f == nil && (zone.State == observation.Insecure || zone.State == observation.Bogus) {
		result.State, result.StateReason, result.StateZone = zone.State, zone.Reason, zone.Where
	}
}

// answered says whether a failure is what servers said, or kept silent about
// while they answered something else.
func (f *failure) answered() bool {
	switch f.reason {
	case observation.ServFail, observation.Refused, observation.Lame, observation.FormErr, observation.NotImp, observation.BadResponse:
		return true
	}
	return f.alive
}

// ours says whether a failure is ours and not the servers'.
func (f *failure) ours() bool {
	switch f.reason {
	case observation.NoRoute, observation.LocalFault, observation.LimitQueries, observation.LimitTime:
		return true
	}
	return f.err != nil
}

// referralTo returns the referral to a zone if this job has met it.
func (j *job) referralTo(zone string) *answer {
	i := slices.IndexFunc(j.referrals, func(a *answer) bool { return a.cut.zone == zone })
	if i < 0 {
		return nil
	}
	return j.referrals[i]
}

// elsewhere puts a question to other servers than the one that gave a, until
// accept takes an answer or enough have been asked.
func (j *job) elsewhere(name string, qtype uint16, a *answer, accept func(*answer) (bool, *failure)) *failure {
	kept := len(j.avoid)
	defer func() { j.avoid = j.avoid[:kept] }()
	for range otherServers {
		if a.from == nil || slices.Contains(j.avoid[kept:], a.from) {
			return nil
		}
		j.avoid = append(j.avoid, a.from)
		c, f := j.closest(name, qtype)
		if f == nil {
			a, f = j.descend(c, name, qtype, false)
		}
		if f != nil {
			if f.final() {
				return f
			}
			return nil // no other server knows better
		}
		ok, f := accept(a)
		if ok {
			j.view.answers.put(key{name, qtype}, a, a.expires, a.bytes()+len(name))
		}
		if ok || f != nil {
			return f
		}
	}
	return nil
}
