package reach

import (
	"adopt6/scanner/observation"
	"math/rand/v2"
	"net/netip"
	"slices"
	"testing"
)

// TestAgainstASimulatedResolver compares the decisions on random worlds with a
// naive resolver that asks its way through them, by records and by answers.
func TestAgainstASimulatedResolver(t *testing.T) {
	causes := make(map[observation.Reason]int)
	for seed := range uint64(3000) {
		w := randomWorld(rand.New(rand.NewPCG(seed, 6)))
		g := w.graph()
		records := g.Decide(View{})
		for _, answers := range []bool{false, true} {
			d := g.Decide(View{Answers: answers})
			for _, z := range w.zones {
				got, want := d.Reached(z.name), w.reaches(z, answers)
				if got != want {
					t.Fatalf("seed %d, answers %v: %s is reached: %v, the resolver says %v", seed, answers, z.name, got, want)
				}
				e := d.Explain(z.name)
				causes[e.Cause]++
				if (e.Cause == "") != got || !got && (g.Zone(e.Zone) == nil || d.Reached(e.Zone)) {
					t.Fatalf("seed %d: %s reached: %v, explained by %+v", seed, z.name, got, e)
				}
				if !answers && e.Cause == observation.NSUnreachableV6 {
					t.Fatalf("seed %d: the records alone say that servers of %s are silent", seed, z.name)
				}
				if answers && !got && records.Reached(z.name) && e.Cause != observation.NSUnreachableV6 {
					t.Fatalf("seed %d: the records of %s are in order, and it fails by %+v", seed, z.name, e)
				}
			}
		}
	}
	for _, cause := range []observation.Reason{"", observation.NoNSAAAA, observation.GlueMissingAAAA, observation.NSZoneV4Only,
		observation.ParentV4Only, observation.NSCycle, observation.NSUnreachableV6, observation.SpecialPurposeAddress} {
		if causes[cause] < 20 {
			t.Errorf("the random worlds have %q only %d times", cause, causes[cause])
		}
	}
}

// reaches asks for a name that only the zone's own servers know.
func (w *world) reaches(z *worldZone, answers bool) bool {
	name := "www."
	if z.name != "." {
		name += z.name
	}
	return w.resolves(name, nil, answers)
}

// TestMoreRecordsNeverHarm publishes one more AAAA record, with its glue, and
// finds every zone reached that was reached before.
func TestMoreRecordsNeverHarm(t *testing.T) {
	for seed := range uint64(1000) {
		r := rand.New(rand.NewPCG(seed, 7))
		w := randomWorld(r)
		before := w.graph().Decide(View{})
		for _, h := range w.hosts {
			h.aaaa = true
			break
		}
		z := w.zones[r.IntN(len(w.zones))]
		z.glue[z.servers[0]] = true
		after := w.graph().Decide(View{})
		for _, z := range w.zones {
			if before.Reached(z.name) && !after.Reached(z.name) {
				t.Fatalf("seed %d: %s is lost", seed, z.name)
			}
		}
	}
}

// TestFreedByComesTrue does what FreedBy supposes: it enables IPv6 at one
// operator, and finds the zone reached if and only if the operator was named.
func TestFreedByComesTrue(t *testing.T) {
	freed := 0
	for seed := range uint64(1500) {
		w := randomWorld(rand.New(rand.NewPCG(seed, 8)))
		g := w.graph()
		target := w.zones[len(w.zones)-1]
		named := g.FreedBy(target.name)
		if g.Decide(View{}).Reached(target.name) {
			if len(named) > 0 {
				t.Fatalf("seed %d: %s is reached, and freed by %v", seed, target.name, named)
			}
			continue
		}
		var operators []string
		for name, h := range w.hosts {
			operators = append(operators, Operator(name, h.zone))
		}
		slices.Sort(operators)
		for _, operator := range slices.Compact(operators) {
			enabled := randomWorld(rand.New(rand.NewPCG(seed, 8)))
			enabled.enable(operator)
			got := enabled.graph().Decide(View{}).Reached(target.name)
			if got != slices.Contains(named, operator) {
				t.Fatalf("seed %d: with IPv6 at %s, %s is reached: %v; freed by %v", seed, operator, target.name, got, named)
			}
			if got {
				freed++
			}
		}
	}
	if freed < 50 {
		t.Errorf("only %d zones were freed: the test proves little", freed)
	}
}

// enable gives every server of an operator a usable address, an AAAA record
// and glue wherever the parent can have it.
func (w *world) enable(operator string) {
	for name, h := range w.hosts {
		if Operator(name, h.zone) != operator {
			continue
		}
		h.aaaa = true
		if !Usable([]netip.Addr{h.addr}) {
			b := h.addr.As16()
			b[0], b[1] = 0x2a, 0x10
			h.addr = netip.AddrFrom16(b)
		}
		for _, z := range w.zones {
			if slices.Contains(z.servers, name) && In(name, z.parent) {
				z.glue[name] = true
			}
		}
	}
}
