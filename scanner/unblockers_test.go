package scanner

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"

	"adopt6/lists"
	"adopt6/scanner/observation"
)

func TestTopUnblockers(t *testing.T) {
	var tally Tally
	for target, freedBy := range map[string][]string{
		"a.gov.tg": {"oldhost.net"}, "b.gov.tg": {"oldhost.net", "splithost.net"}, "c.gov.tg": {"splithost.net"}, "d.gov.tg": {"oldhost.net"},
		"inhouse.gov.tg": {"inhouse.gov.tg"}, "free.gov.tg": nil,
	} {
		tally.add(&observation.Observation{Target: lists.Target{Name: target}, FreedBy: freedBy})
	}
	want := []Unblocker{{"oldhost.net", 3, 3}, {"splithost.net", 2, 2}}
	if got := tally.TopUnblockers(5); !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
	if got := tally.TopUnblockers(1); !slices.Equal(got, want[:1]) {
		t.Errorf("the first one: got %v, want %v", got, want[:1])
	}
}

// TestTopUnblockersInBoundedMemory counts far more operators than are kept. The
// frequent ones are found, and their bounds hold.
func TestTopUnblockersInBoundedMemory(t *testing.T) {
	r := rand.New(rand.NewPCG(6, 4))
	var tally Tally
	truth := make(map[string]int64)
	for range 200_000 {
		operator := fmt.Sprintf("rare-%d.net", r.IntN(100_000))
		if r.IntN(10) == 0 {
			operator = fmt.Sprintf("big-%d.net", r.IntN(20))
		}
		truth[operator]++
		tally.add(&observation.Observation{Target: lists.Target{Name: "x.gov.tg"}, FreedBy: []string{operator}})
	}
	if n := len(tally.unblockers.byName); n != maxOperators || len(tally.unblockers.smallest) != n {
		t.Fatalf("%d operators are kept, want %d", n, maxOperators)
	}
	top := tally.TopUnblockers(20)
	for _, f := range top {
		if len(f.Operator) < 4 || f.Operator[:4] != "big-" {
			t.Errorf("%v is among the first 20, and is rare", f)
		}
		if f.Domains > truth[f.Operator] || f.AtMost < truth[f.Operator] {
			t.Errorf("%v does not enclose the true count %d", f, truth[f.Operator])
		}
	}
}
