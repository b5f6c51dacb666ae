package dnssec

import (
	"adopt6/scanner/observation"
	"math"
	"slices"

	"github.com/miekg/dns"
)

// Kind is what sort of answer a [Verdict] is about.
type Kind uint8

// The kinds of answer.
const (
	// Unjudged: the zone is not secure, so nothing was looked at; or the
	// answer is bogus.
	Unjudged Kind = iota
	Positive      // records of the queried type
	Alias         // a CNAME or DNAME: continue at Target
	NoData        // the name exists, and has no records of the type
	NoName        // the name does not exist, or a DNAME makes it too long
	// Below: the answer comes from a zone further down, at Target. Find the
	// delegation of Target and those between, and judge it with that zone. If
	// there is none the answer is bogus, as State says.
	Below
)

var kindWords = [...]string{"unjudged", "positive", "alias", "nodata", "noname", "below"}

// String returns the word for k.
func (k Kind) String() string { return kindWords[min(int(k), len(kindWords)-1)] }

// Verdict is what [Validator.Answer] found.
type Verdict struct {
	Kind   Kind
	State  observation.State
	Reason observation.Reason // why State is not Secure
	Zone   string             // the zone in which Reason arose
	Name   string             // and the record set: its owner
	Type   uint16             // and its type; 0 when it is not about one

	Target  string   // of Alias and Below, absolute, lower case
	Records []dns.RR // those that were validated, as they came
	// TTL is how many seconds the answer may be used, RFC 4035 section 5.3.3.
	TTL   uint32
	Facts Facts
}

// Worse returns the state of a resolution that rests on both a and b: bogus
// before indeterminate before insecure before secure.
func Worse(a, b observation.State) observation.State {
	rank := [...]int{observation.Indeterminate: 2, observation.Secure: 0, observation.Insecure: 1, observation.Bogus: 3}
	if rank[b] > rank[a] {
		return b
	}
	return a
}

// Between returns the names at which a zone cut may lie between zone and
// domain, domain among them, the shortest first. An answer that zone's servers
// give without a referral may come from a zone further down that they hold
// too: the caller asks them for the DS records of these names in turn, until a
// [Delegation] has a cut.
func Between(zone, domain string) []string {
	z, err1 := parseName(zone)
	n, err2 := parseName(domain)
	if err1 != nil || err2 != nil {
		return nil
	}
	var names []string
	for ; n.below(z); n = n.parent() {
		names = append(names, n.String())
	}
	slices.Reverse(names)
	return names
}

// judging is an answer under judgement.
type judging struct {
	*Validator
	zone  *Zone
	rcode int
	qtype uint16
	Verdict
}

// Answer judges the answer of z's servers to a question for qname, which lies
// in z, and qtype. Of a chain of aliases it takes as many links as z itself
// proves; the rest is for the caller to ask anew, at Target. For a zone that
// is not secure the verdict is that of the zone.
//
// A bogus verdict is final only when no zone cut lies between z and qname. A
// caller that does not know rules out the names of [Between] first.
func (v *Validator) Answer(z *Zone, qname string, qtype uint16, r Response) Verdict {
	j := judging{Validator: v, zone: z, rcode: r.RCode, qtype: qtype}
	j.Verdict = Verdict{Zone: z.Where, State: z.State, Reason: z.Reason, Facts: z.Facts}
	if z.State != observation.Secure {
		return j.Verdict
	}
	j.Zone = z.Name
	j.TTL = math.MaxUint32
	n, err := parseName(qname)
	usable := r.RCode == dns.RcodeSuccess || r.RCode == dns.RcodeNameError || r.RCode == dns.RcodeYXDomain
	parentSide := qtype == dns.TypeDS && n == z.name && n != root
	if err != nil || !usable || !n.within(z.name) || parentSide || qtype == dns.TypeRRSIG {
		j.State, j.Reason = observation.Indeterminate, observation.ResponseUnusable
		return j.Verdict
	}
	if !v.load(r) {
		j.fail(observation.BudgetExceeded, nil)
		return j.Verdict
	}
	j.Facts = z.Facts.clone()
	j.follow(n)
	if j.State == observation.Bogus {
		j.TTL = 0
	}
	return j.Verdict
}

// follow walks the chain of aliases from n to the answer or to where z's
// proofs end.
func (j *judging) follow(n name) {
	for links := 0; ; links++ {
		before := j.Verdict
		next := j.link(n)
		if links > 0 && j.State == observation.Bogus {
			// Not proved here; the caller asks for n itself.
			j.Verdict = before
			return
		}
		if next == "" || j.State == observation.Bogus {
			if j.Kind != Below {
				j.Target = ""
			}
			return
		}
		j.Kind, j.Target = Alias, next.String()
		if !next.within(j.zone.name) || links == maxAliases {
			return
		}
		n = next
	}
}

// link judges what the answer says of n, and returns the alias's target when
// it is one.
func (j *judging) link(n name) (target name) {
	if j.qtype == dns.TypeANY {
		found := false
		for i := range j.answer {
			if s := &j.answer[i]; s.owner == n && len(s.rrs) > 0 {
				found = true
				if !j.take(s) {
					return ""
				}
			}
		}
		if found {
			j.Kind = Positive
			return ""
		}
	} else if dname := j.dnameAbove(n); dname != nil && j.qtype == dns.TypeCNAME {
		// The CNAME asked for is unsigned: the DNAME vouches for it, RFC 6672
		// section 5.3.1.
		if j.substitute(n, dname) != "" {
			j.Kind = Positive
		}
		return ""
	} else if s := findRRs(j.answer, n, j.qtype); s != nil {
		if j.take(s) {
			j.Kind = Positive
		}
		return ""
	}
	if dname := j.dnameAbove(n); dname != nil {
		return j.substitute(n, dname)
	}
	if s := findRRs(j.answer, n, dns.TypeCNAME); s != nil {
		return j.cname(s)
	}
	j.deny(n)
	return ""
}

// take validates a set and, if a wildcard made it, that this was right.
func (j *judging) take(s *rrset) bool {
	got := j.check(s, j.zone)
	if got.reason != "" {
		if below := j.signerBelow(s); below != "" {
			j.fail(observation.RRSIGSignerInvalid, s)
			j.Kind, j.Target = Below, below.String()
			return false
		}
		j.fail(got.reason, s)
		return false
	}
	got.rely(&j.Facts, j.zone.Name)
	j.TTL = min(j.TTL, got.ttl)
	if got.expanded {
		den := j.denial(j.zone, &j.Facts)
		state, reason := den.expansion(s.owner, int(got.sig.Labels))
		if state == observation.Bogus {
			j.fail(reason, s)
			return false
		}
		j.TTL = min(j.TTL, den.ttl)
		if state == observation.Insecure {
			j.State, j.Reason = state, reason
		}
	}
	j.Records = append(j.Records, s.rrs...)
	return true
}

// signerBelow returns the signer of s when that is a zone below the present
// one that can hold s.
func (j *judging) signerBelow(s *rrset) name {
	for _, sig := range s.sigs {
		signer, err := parseName(sig.SignerName)
		if err == nil && signer.below(j.zone.name) && s.owner.within(signer) {
			return signer
		}
	}
	return ""
}

// dnameAbove returns the DNAME set of a proper ancestor of n in the zone.
func (j *judging) dnameAbove(n name) *rrset {
	for i := range j.answer {
		s := &j.answer[i]
		if s.typ == dns.TypeDNAME && len(s.rrs) > 0 && n.below(s.owner) && s.owner.within(j.zone.name) {
			return s
		}
	}
	return nil
}

// cname validates a CNAME and returns its target.
func (j *judging) cname(s *rrset) name {
	rr, ok := s.rrs[0].(*dns.CNAME)
	if !ok || !single(s) {
		j.fail(observation.AliasInvalid, s)
		return ""
	}
	if !j.take(s) {
		return ""
	}
	target, err := parseName(rr.Target)
	if err != nil {
		j.fail(observation.AliasInvalid, s)
		return ""
	}
	return target
}

// substitute validates a DNAME and returns what it makes of n, RFC 6672
// section 2.2. The CNAME that comes with it is not signed, and must say the
// same.
func (j *judging) substitute(n name, s *rrset) name {
	rr, ok := s.rrs[0].(*dns.DNAME)
	if !ok || !single(s) {
		j.fail(observation.AliasInvalid, s)
		return ""
	}
	if !j.take(s) {
		return ""
	}
	to, err := parseName(rr.Target)
	prefix := len(n) - len(s.owner)
	if err != nil {
		j.fail(observation.AliasInvalid, s)
		return ""
	}
	if prefix+len(to) > 255 {
		j.Kind = NoName // what the DNAME leads to is not a name; servers say YXDOMAIN
		return ""
	}
	target := n[:prefix] + to
	if c := findRRs(j.answer, n, dns.TypeCNAME); c != nil {
		made, ok := c.rrs[0].(*dns.CNAME)
		if !ok || !single(c) {
			j.fail(observation.AliasInvalid, c)
			return ""
		}
		if got, err := parseName(made.Target); err != nil || got != target {
			j.fail(observation.AliasInvalid, c)
			return ""
		}
		j.Records = append(j.Records, c.rrs...)
	}
	return target
}

// deny judges an answer that holds nothing for n.
func (j *judging) deny(n name) {
	soa := j.soa()
	if soa != nil && soa.owner.below(j.zone.name) && n.within(soa.owner) {
		j.fail(observation.DenialMissing, nil)
		j.Kind, j.Target = Below, soa.owner.String()
		j.Name, j.Type = n.String(), j.qtype
		return
	}
	den := j.denial(j.zone, &j.Facts)
	kind := NoData
	var state observation.State
	var reason observation.Reason
	if j.rcode == dns.RcodeNameError {
		kind = NoName
		state, reason = den.noName(n)
	}
	if kind == NoData || state == observation.Bogus {
		// Some servers say NXDOMAIN of an empty non-terminal; what they prove
		// counts, not the code. Opt-out proves nothing there: for NXDOMAIN the
		// wildcard must be denied as well, RFC 5155 section 8.4.
		if s, r := den.noData(n, j.qtype); kind == NoData || s == observation.Secure {
			kind, state, reason = NoData, s, r
			if den.nxname {
				kind = NoName
			}
		}
	}
	if state == observation.Bogus {
		j.fail(reason, nil)
		j.Name, j.Type = n.String(), j.qtype
		return
	}
	j.TTL = min(j.TTL, den.ttl)
	if soa != nil && soa.owner == j.zone.name && !j.take(soa) {
		return
	}
	j.Kind = kind
	if state == observation.Insecure {
		j.State, j.Reason = state, reason
	}
}

// soa returns the SOA set of the authority section.
func (j *judging) soa() *rrset {
	for i := range j.authority {
		if s := &j.authority[i]; s.typ == dns.TypeSOA && len(s.rrs) > 0 {
			return s
		}
	}
	return nil
}

// fail makes the verdict bogus, for the set s if it is about one.
func (j *judging) fail(reason observation.Reason, s *rrset) {
	j.Kind, j.State, j.Reason, j.Zone = Unjudged, observation.Bogus, reason, j.zone.Name
	j.Records, j.Target = nil, ""
	if s != nil {
		j.Name, j.Type = s.owner.String(), s.typ
	}
}
