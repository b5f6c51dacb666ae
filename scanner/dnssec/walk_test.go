package dnssec

import (
	"adopt6/scanner/observation"
	"testing"

	"github.com/miekg/dns"
)

// walk is a driver as a resolver would be, over anything that answers
// questions. It asks for the DS records of every name on the way, and follows
// aliases.
type walk struct {
	anchors *Anchors
	v       *Validator
	ask     func(labQuestion) Response
	zones   map[string]*Zone // may be nil
}

// verdict resolves q and returns the last verdict, with the state of the
// whole way and the first reason that is not secure.
func (w *walk) verdict(t testing.TB, q labQuestion) Verdict {
	t.Helper()
	var whole Verdict
	seen := map[string]bool{}
	for {
		got := w.one(q)
		if len(seen) > 0 {
			if Worse(whole.State, got.State) == whole.State {
				got.State, got.Reason, got.Zone = whole.State, whole.Reason, whole.Zone
			}
			got.Facts = got.Facts.Merge(whole.Facts)
		}
		whole = got
		if got.Kind != Alias || seen[got.Target] {
			return whole
		}
		seen[got.Target] = true
		q.name = got.Target
	}
}

// one judges one link: from the closest anchor it goes down whenever an
// answer comes from further below, or might.
func (w *walk) one(q labQuestion) Verdict {
	start, zone, ok := w.anchors.Closest(q.name)
	if ok {
		zone = w.cached(start, func() *Zone {
			return w.v.Anchored(w.anchors, start, w.ask(labQuestion{start, dns.TypeDNSKEY}))
		})
	}
	for {
		got := w.v.Answer(zone, q.name, q.qtype, w.ask(q))
		bottom := ""
		switch {
		case got.Kind == Below:
			bottom = got.Target
		case got.State == observation.Bogus:
			bottom = q.name
		}
		deeper := w.descend(zone, bottom)
		if deeper == zone {
			return got
		}
		zone = deeper
	}
}

// descend returns the zone of the first cut between zone and bottom.
func (w *walk) descend(zone *Zone, bottom string) *Zone {
	if zone.State != observation.Secure || bottom == "" {
		return zone
	}
	for _, cut := range Between(zone.Name, bottom) {
		d := w.v.Delegation(zone, cut, w.ask(labQuestion{cut, dns.TypeDS}))
		if !d.Cut {
			continue
		}
		return w.cached(cut, func() *Zone {
			var keys Response
			if d.NeedsKeys() {
				keys = w.ask(labQuestion{cut, dns.TypeDNSKEY})
			}
			return w.v.Child(d, keys)
		})
	}
	return zone
}

func (w *walk) cached(zone string, make func() *Zone) *Zone {
	if z := w.zones[zone]; z != nil {
		return z
	}
	z := make()
	if w.zones != nil {
		w.zones[zone] = z
	}
	return z
}
