//go:build linux && !alone

package resolve_test

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/lab/netns"
	"adopt6/scanner/resolve"
)

// randomQuestions is how many names Unbound and we are compared on.
const randomQuestions = 2000

// randomSeed is the seed of the trees; the environment may name another, to
// look further than a test run does.
func randomSeed(t *testing.T) uint64 {
	text := os.Getenv("ADOPT6_PROOF_SEED")
	if text == "" {
		return 8
	}
	seed, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return seed
}

// TestProofRandom compares us with Unbound over random trees of zones with
// random faults.
func TestProofRandom(t *testing.T) {
	seed := randomSeed(t) // read out here, so that go test caches by seed
	if !netns.Enter(t) {
		return
	}
	dir := t.TempDir()
	start := time.Now()
	r := &trees{Rand: rand.New(rand.NewPCG(seed, 0)), t: t, now: start}
	r.grow(6, 25)
	cases := r.questions(randomQuestions)
	world := netns.Internet{Hosts: treeHosts(), Zones: r.zones}
	t.Cleanup(world.Stop)
	root, err := world.Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%d zones after %v", len(world.Zones), time.Since(start).Round(time.Millisecond))
	unbound := recursive(t, dir, 1, netns.Recursive{Hints: root.Hints, Anchor: root.Anchor})
	ours := newProofResolver(t, root, patient)
	states := make(map[string]int)
	for _, c := range cases {
		theirs, err := askUnbound(t.Context(), unbound, c.name, c.qtype)
		if err != nil {
			t.Fatal(err)
		}
		v, err := askResolver(t.Context(), ours, resolve.Dual, c.name, c.qtype)
		if err != nil {
			t.Fatal(err)
		}
		states[theirs.State]++
		if !v.same(theirs) {
			t.Errorf("%s %s\nunbound: %s\nadopt6:  %s", c.name, dns.Type(c.qtype), theirs, v)
		}
	}
	t.Logf("%d questions after %v: %v", len(cases), time.Since(start).Round(time.Millisecond), states)
}
