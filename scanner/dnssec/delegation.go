package dnssec

import (
	"adopt6/scanner/observation"
	"math"
	"time"

	"github.com/miekg/dns"
)

// Delegation reads what parent says of child in r: a referral to child's name
// servers (DS or its denial in the authority section) or the answer to a
// question for child's DS records. child must lie below parent. A parent that
// is not secure passes its own state on.
func (v *Validator) Delegation(parent *Zone, child string, r Response) *Delegation {
	n, err := parseName(child)
	d := &Delegation{Zone: child, Cut: true, Where: parent.Name, Expires: parent.Expires, Facts: parent.Facts, name: n}
	if err != nil || !n.below(parent.name) {
		d.State, d.Reason = observation.Indeterminate, observation.ResponseUnusable
		return d
	}
	d.Zone = n.String()
	if parent.State != observation.Secure {
		d.State, d.Reason, d.Where = parent.State, parent.Reason, parent.Where
		return d
	}
	if !v.load(r) {
		return d.fail(v, observation.BudgetExceeded)
	}
	set := findRRs(v.answer, n, dns.TypeDS)
	if set == nil {
		set = findRRs(v.authority, n, dns.TypeDS)
	}
	if set != nil {
		return v.signedDelegation(d, parent, set)
	}
	j := judging{Validator: v, zone: parent, qtype: dns.TypeDS}
	if findRRs(v.answer, n, dns.TypeCNAME) != nil || j.dnameAbove(n) != nil {
		return d.alias(&j)
	}
	return v.unsignedDelegation(d, parent, r)
}

// alias settles that a name with a CNAME record, or below a DNAME, is not a zone
// cut.
func (d *Delegation) alias(j *judging) *Delegation {
	j.Verdict = Verdict{State: observation.Secure, Facts: d.Facts.clone(), TTL: math.MaxUint32}
	j.link(d.name)
	if j.State == observation.Bogus {
		return d.fail(j.Validator, j.Reason)
	}
	d.Cut, d.State, d.Reason, d.Facts = false, j.State, j.Reason, j.Facts
	if d.State == observation.Secure {
		d.Where = ""
	}
	d.shorten(j.at, j.TTL)
	return d
}

// signedDelegation checks a DS set and keeps the records to rely on.
func (v *Validator) signedDelegation(d *Delegation, parent *Zone, set *rrset) *Delegation {
	if len(set.rrs) > maxDS {
		return d.fail(v, observation.BudgetExceeded)
	}
	got := v.check(set, parent)
	if got.reason == "" && got.expanded {
		got.reason = observation.RRSIGLabelsInvalid // no wildcard makes a delegation, RFC 4592 section 4.2
	}
	if got.reason != "" {
		return d.fail(v, got.reason)
	}
	d.Facts = d.Facts.clone()
	got.rely(&d.Facts, parent.Name)
	d.shorten(v.at, got.ttl)
	all := make([]dsRecord, 0, len(set.rrs))
	for _, rr := range set.rrs {
		if ds, ok := parseDS(rr.(*dns.DS)); ok {
			all = append(all, ds)
		}
	}
	for _, ds := range all {
		if !SupportsAlgorithm(ds.algorithm) {
			d.Facts.UnsupportedAlgorithms = insert(d.Facts.UnsupportedAlgorithms, ds.algorithm)
		}
		if !SupportsDigest(ds.digest) {
			d.Facts.UnsupportedDigests = insert(d.Facts.UnsupportedDigests, ds.digest)
		}
	}
	var reason observation.Reason
	d.ds, reason = usableDS(all)
	if len(d.ds) == 0 {
		d.State, d.Reason = observation.Insecure, reason
		return d
	}
	d.State, d.Where = observation.Secure, ""
	return d
}

func (ds dsRecord) supported() bool {
	return SupportsAlgorithm(ds.algorithm) && SupportsDigest(ds.digest)
}

// usableDS returns the records to rely on: of supported algorithms and digest
// types (RFC 4035 section 5.2, RFC 6840 section 5.2), and none with SHA-1
// when there is one with a better digest (RFC 4509 section 3). When there are
// none the reason says why.
func usableDS(all []dsRecord) (usable []dsRecord, reason observation.Reason) {
	reason = observation.AlgorithmUnsupported
	strong := false
	for _, ds := range all {
		if SupportsAlgorithm(ds.algorithm) && !SupportsDigest(ds.digest) {
			reason = observation.DigestUnsupported
		}
		strong = strong || ds.supported() && ds.digest != dns.SHA1
	}
	for _, ds := range all {
		if ds.supported() && !(strong && ds.digest == dns.SHA1) {
			usable = append(usable, ds)
		}
	}
	return usable, reason
}

// unsignedDelegation looks for a proof that child has no DS records.
func (v *Validator) unsignedDelegation(d *Delegation, parent *Zone, r Response) *Delegation {
	facts := d.Facts.clone()
	den := v.denial(parent, &facts)
	// A referral claims a cut; then a proof that there is none contradicts it.
	referral := findRRs(v.authority, d.name, dns.TypeNS) != nil
	state, reason, cut := den.noDS(d.name, r.RCode == dns.RcodeNameError)
	if state == observation.Secure && cut {
		state, reason = observation.Insecure, observation.DSAbsent
	} else if state == observation.Secure && referral {
		state, reason = observation.Bogus, den.missing()
	}
	d.Facts = facts
	d.Cut = cut || state == observation.Bogus
	return d.settle(v, den, state, reason)
}

func (d *Delegation) settle(v *Validator, den *denial, state observation.State, reason observation.Reason) *Delegation {
	if state == observation.Bogus {
		return d.fail(v, reason)
	}
	d.State, d.Reason = state, reason
	if state == observation.Secure {
		d.Where = ""
	}
	d.shorten(v.at, den.ttl)
	return d
}

func (d *Delegation) fail(v *Validator, reason observation.Reason) *Delegation {
	d.State, d.Reason, d.Expires = observation.Bogus, reason, v.failed()
	return d
}

// shorten lowers d.Expires to ttl seconds after at.
func (d *Delegation) shorten(at time.Time, ttl uint32) {
	d.Expires = earliest(d.Expires, at.Add(time.Duration(ttl)*time.Second))
}
