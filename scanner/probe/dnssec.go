package probe

import (
	"context"
	"strings"
	"sync"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// security reads the DNSSEC state of the zone's key set, of www and of the MX
// records from the resolver, and looks at how the zone is signed. The key set
// is secure only where the whole chain from the root is.
func security(ctx context.Context, v *measurement) {
	if v.zone == "" {
		return
	}
	var found signed
	var both sync.WaitGroup
	both.Go(func() { found.keys, found.keysReason = v.lookup(ctx, resolve.Dual, v.zone, dns.TypeDNSKEY) })
	both.Go(func() { found.ds, found.dsReason = v.lookup(ctx, resolve.Dual, v.zone, dns.TypeDS) })
	if !v.obs.Target.Kind.IsZone() {
		both.Go(func() { found.mx, _ = v.lookup(ctx, resolve.Dual, v.name(), dns.TypeMX) })
		both.Go(func() { found.www = v.lookupWWW(ctx) })
	}
	both.Wait()
	v.obs.DNSSEC, v.obs.DNSSECReason = found.keys.State, found.keys.StateReason
	if found.keysReason != "" && found.keys.State == observation.Indeterminate {
		v.obs.DNSSECReason = found.keysReason
	}
	v.findBreak(ctx, found.keys)
	v.findUnsigned(found.keys)
	v.obs.DNSKEY = uint16(min(len(recordsOf[*dns.DNSKEY](found.keys)), 1<<16-1))
	if !v.obs.Target.Kind.IsZone() {
		v.obs.DNSSECMX, v.obs.DNSSECWWW = found.mx.State, found.www.State
	}
	if v.obs.DNSKEY > 0 || len(recordsOf[*dns.DS](found.ds)) > 0 {
		v.lookupPractice(ctx, &found)
		v.practice(&found)
	}
}

// findBreak names the zone above the target's at which the chain of trust ends.
func (v *measurement) findBreak(ctx context.Context, keys *resolve.Result) {
	at, verdict := keys.StateZone, broken(keys.StateReason)
	switch {
	case keys.State == observation.Insecure && keys.StateReason == observation.DSAbsent:
		at, verdict = v.zoneBelow(ctx, at), absent(keys.StateReason) // its parent proves the absence
	case keys.State != observation.Bogus:
		return
	}
	if at != v.zone && dns.IsSubDomain(at, v.zone) {
		v.find("dnssec", at, verdict, "the chain of trust ends here, above "+strings.TrimSuffix(v.zone, "."))
	}
}

// zoneBelow returns the next zone below an ancestor of the target's zone on the
// way to it.
func (v *measurement) zoneBelow(ctx context.Context, ancestor string) string {
	for _, name := range dnssec.Between(ancestor, v.zone) {
		if soa, reason := v.lookup(ctx, resolve.Dual, name, dns.TypeSOA); reason == "" && len(recordsOf[*dns.SOA](soa)) > 0 {
			return name
		}
	}
	return v.zone
}

// signed is what was asked of a zone's signing. Only www and mx may be nil.
type signed struct {
	keys, ds, params, cds, cdnskey, www, mx *resolve.Result
	keysReason, dsReason                    observation.Reason
}

// lookupWWW returns what the DNS says of www: its AAAA records, or else its A
// records, or that there is neither.
func (v *measurement) lookupWWW(ctx context.Context) *resolve.Result {
	aaaa, _ := v.lookup(ctx, resolve.Dual, "www."+v.name(), dns.TypeAAAA)
	if len(recordsOf[*dns.AAAA](aaaa)) > 0 {
		return aaaa
	}
	if a, _ := v.lookup(ctx, resolve.Dual, "www."+v.name(), dns.TypeA); len(recordsOf[*dns.A](a)) > 0 {
		return a
	}
	return aaaa
}

// lookupPractice asks what only a zone that is signed, or said to be, can
// answer.
func (v *measurement) lookupPractice(ctx context.Context, found *signed) {
	var all sync.WaitGroup
	all.Go(func() { found.params, _ = v.lookup(ctx, resolve.Dual, v.zone, dns.TypeNSEC3PARAM) })
	all.Go(func() { found.cds, _ = v.lookup(ctx, resolve.Dual, v.zone, dns.TypeCDS) })
	all.Go(func() { found.cdnskey, _ = v.lookup(ctx, resolve.Dual, v.zone, dns.TypeCDNSKEY) })
	all.Wait()
}

// recordsOf returns the records of one type in an answer.
func recordsOf[T dns.RR](answer *resolve.Result) []T {
	var records []T
	for _, rr := range answer.Answer {
		if r, ok := rr.(T); ok {
			records = append(records, r)
		}
	}
	return records
}
