package dnssec

import (
	"adopt6/scanner/observation"
	"bytes"
	"slices"
	"time"

	"github.com/miekg/dns"
)

// Lifetimes that stand where no record gives one.
const (
	maxLife   = 24 * time.Hour   // of a Zone, whatever its TTLs say
	bogusLife = 60 * time.Second // of a failure, RFC 9520 section 3.2
)

// Zone is what validation found out about one zone: its state and, when it is
// secure, its keys. It does not change once it is made and may be shared
// between goroutines.
type Zone struct {
	Name   string // absolute, lower case
	State  observation.State
	Reason observation.Reason // why State is not Secure
	Where  string             // the zone in which Reason arose: this one or an ancestor
	// Expires is when the zone must be validated again: the shortest TTL or
	// signature on the way to it, at most a day; a minute for a bogus zone. It
	// is the time of judgement when the budget was spent: the zone is then not
	// to be cached, since the fault may be that of another. Zero for a zone
	// that is not secure by configuration or could not be fetched.
	Expires time.Time
	Facts   Facts

	name name
	keys []*key
	memo *memo // set when there are keys
}

// Size returns about how many bytes of memory the zone holds, for the account
// of a cache.
func (z *Zone) Size() int {
	size := 512 + 2*len(z.Name) + 64*(len(z.Facts.Keys)+len(z.Facts.Ends))
	if z.memo != nil {
		size += memoSlots * (8 + 32)
	}
	for _, k := range z.keys {
		size += 256 + 2*cap(k.rdata)
	}
	return size
}

// Delegation is what a parent says of a name below it.
type Delegation struct {
	Zone string // the child, absolute, lower case
	// Cut is false when the parent proves that there is no zone cut at the
	// name: it lies in the parent's zone or does not exist.
	Cut bool
	// State is that of the statement. Secure with a cut: the child must be
	// signed by a key that the parent names. Secure without: nothing but that.
	// Insecure: the child is unsigned, or signed in no way that is supported.
	State   observation.State
	Reason  observation.Reason
	Where   string // the zone in which Reason arose
	Expires time.Time
	Facts   Facts

	name name
	ds   []dsRecord // those to be relied on
}

// NeedsKeys reports whether [Validator.Child] has use for the child's DNSKEY
// answer. When it is false the caller need not ask for it.
func (d *Delegation) NeedsKeys() bool { return d.Cut && d.State == observation.Secure }

// Validator does the checks of one resolution at one point in time, within
// one budget. It reuses memory between calls and is for one goroutine at a
// time.
type Validator struct {
	at     time.Time
	budget Budget

	answer, authority []rrset
	canonical         canonical
	signature         []byte
}

// NewValidator returns a Validator that judges as of the given time.
func NewValidator(at time.Time, budget Budget) *Validator {
	return &Validator{at: at, budget: budget}
}

// Reset makes v as good as new, so that it can serve another resolution.
func (v *Validator) Reset(at time.Time, budget Budget) {
	v.at, v.budget = at, budget
}

// Left returns what is left of the budget.
func (v *Validator) Left() Budget { return v.budget }

// At returns the time as of which v judges.
func (v *Validator) At() time.Time { return v.at }

// load groups the sections of a response.
func (v *Validator) load(r Response) bool {
	v.canonical.forget()
	var ok1, ok2 bool
	v.answer, ok1 = group(v.answer, r.Answer)
	v.authority, ok2 = group(v.authority, r.Authority)
	return ok1 && ok2
}

// Anchored makes the Zone of a trust anchor from its DNSKEY answer. zone must
// be one that [Anchors.Closest] returned.
func (v *Validator) Anchored(a *Anchors, zone string, keys Response) *Zone {
	n, err := parseName(zone)
	at := a.zones[n]
	if err != nil || at == nil {
		return &Zone{Name: zone, State: observation.Indeterminate, Reason: observation.NoAnchor, Where: zone, name: n}
	}
	start := &Delegation{Zone: n.String(), Cut: true, State: observation.Secure, name: n, Expires: v.at.Add(maxLife)}
	ds, _ := usableDS(at.ds)
	start.ds = ds
	return v.zone(start, at.keys, keys, observation.AnchorMismatch)
}

// Child makes the child's Zone from its DNSKEY answer, RFC 4035 section 5.2.
// keys is not looked at unless d.NeedsKeys. An answer without DNSKEY records
// makes the zone bogus with [DNSKEYMissing]; where there was no answer at all,
// use [Unfetched] instead.
//
// A Delegation without a cut has no child; its Zone is indeterminate.
func (v *Validator) Child(d *Delegation, keys Response) *Zone {
	if !d.Cut {
		return &Zone{Name: d.Zone, State: observation.Indeterminate, Reason: observation.ResponseUnusable, Where: d.Zone, name: d.name}
	}
	if !d.NeedsKeys() {
		return &Zone{Name: d.Zone, State: d.State, Reason: d.Reason, Where: d.Where,
			Expires: d.Expires, Facts: d.Facts, name: d.name}
	}
	return v.zone(d, nil, keys, observation.DSMismatch)
}

// Unfetched returns the Zone of a name whose DS or DNSKEY records could not be
// had: it is indeterminate, for a reason of the caller's that arose in the
// zone where. Expires is zero: there is nothing to keep.
func Unfetched(zone string, reason observation.Reason, where string) *Zone {
	n, _ := parseName(zone) // unread: a zone that is not secure has no say
	return &Zone{Name: zone, State: observation.Indeterminate, Reason: reason, Where: where, name: n}
}

// Unanswered returns the Zone of a name that should be secure and whose DS or
// DNSKEY records the servers of the zone where do not give: it is bogus, as data
// is missing that the parent says is there (RFC 4035 section 4.3). Expires is
// zero: there is nothing to keep.
func Unanswered(zone, where string) *Zone {
	n, _ := parseName(zone) // unread: a zone that is not secure has no say
	return &Zone{Name: zone, State: observation.Bogus, Reason: observation.ChainUnanswered, Where: where, name: n}
}

// zone finds the keys that d or trusted name in a DNSKEY answer, and checks
// that one of them signs the set.
func (v *Validator) zone(d *Delegation, trusted []*key, r Response, mismatch observation.Reason) *Zone {
	z := &Zone{Name: d.Zone, Where: d.Zone, Facts: d.Facts, name: d.name}
	fail := func(reason observation.Reason) *Zone {
		z.State, z.Reason, z.Expires = observation.Bogus, reason, v.failed()
		return z
	}
	if !v.load(r) {
		return fail(observation.BudgetExceeded)
	}
	set := findRRs(v.answer, d.name, dns.TypeDNSKEY)
	if set == nil {
		return fail(observation.DNSKEYMissing)
	}
	if len(set.rrs) > maxKeys {
		return fail(observation.BudgetExceeded)
	}
	keys := make([]*key, 0, len(set.rrs))
	for _, rr := range set.rrs {
		if k := parseKey(rr.(*dns.DNSKEY)); k != nil {
			keys = append(keys, k)
		}
	}
	entry, digests, reason := entryKeys(d, trusted, keys, mismatch)
	if len(entry) == 0 {
		return fail(reason)
	}
	got := v.checkWith(set, d.name, entry, nil)
	if got.reason == observation.RRSIGKeyMissing {
		got.reason = observation.RRSIGMissing // by the key that the parent or the anchor names
	}
	if got.reason != "" {
		return fail(got.reason)
	}
	z.State = observation.Secure
	z.Where = ""
	z.Facts = d.Facts.clone()
	got.rely(&z.Facts, z.Name)
	for _, digest := range digests {
		z.Facts.Digests = insert(z.Facts.Digests, digest)
	}
	z.Expires = earliest(d.Expires, v.at.Add(time.Duration(got.ttl)*time.Second))
	z.memo = new(memo)
	z.keys = slices.DeleteFunc(keys, func(k *key) bool { return !k.zoneKey() })
	return z
}

// entryKeys returns the keys through which a zone is entered: those that a DS
// record of d or a trusted key names and that can be used. When there are
// none the reason says why.
func entryKeys(d *Delegation, trusted, keys []*key, mismatch observation.Reason) (entry []*key, digests []uint8, reason observation.Reason) {
	reason = mismatch
	var sum [64]byte
	try := func(k *key, digest uint8) {
		switch why := unusable(k); {
		case !k.zoneKey() || why == observation.DNSKEYInvalid:
			reason = observation.DNSKEYInvalid
		case why != "":
			reason = why
		default:
			if !slices.Contains(entry, k) {
				entry = append(entry, k)
			}
			if digest != 0 {
				digests = insert(digests, digest)
			}
		}
	}
	for _, ds := range d.ds {
		same := 0
		for _, k := range keys {
			if k.tag != ds.tag || k.algorithm != ds.algorithm {
				continue
			}
			if same++; same > maxKeysPerTag {
				return nil, nil, observation.BudgetExceeded
			}
			if bytes.Equal(digestOf(sum[:0], ds.digest, d.name, k), ds.sum) {
				try(k, ds.digest)
			}
		}
		if same == 0 && namesRevoked(d.name, ds, keys) {
			reason = observation.KeyRevoked
		}
	}
	for _, want := range trusted {
		for _, k := range keys {
			// A revoked key differs from itself by that flag alone.
			if k.flags&^dns.REVOKE == want.flags && bytes.Equal(k.rdata[2:], want.rdata[2:]) {
				try(k, 0)
			}
		}
	}
	return entry, digests, reason
}

// namesRevoked reports whether ds is of a key that has been revoked since,
// which changed its flags and so its tag and digest.
func namesRevoked(zone name, ds dsRecord, keys []*key) bool {
	var sum [64]byte
	for _, k := range keys {
		if !k.revoked() || k.algorithm != ds.algorithm {
			continue
		}
		was := &key{rdata: slices.Clone(k.rdata)}
		was.rdata[1] &^= dns.REVOKE
		if keyTag(was.rdata) == ds.tag && bytes.Equal(digestOf(sum[:0], ds.digest, zone, was), ds.sum) {
			return true
		}
	}
	return false
}

// failed returns until when a failure may be remembered.
func (v *Validator) failed() time.Time {
	if v.budget.spent() {
		return v.at
	}
	return v.at.Add(bogusLife)
}

// earliest returns the earlier of two times, of which a may be zero.
func earliest(a, b time.Time) time.Time {
	if a.IsZero() || b.Before(a) {
		return b
	}
	return a
}
