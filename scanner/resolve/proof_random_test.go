//go:build linux && !alone

package resolve_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
	"golang.org/x/sync/errgroup"

	"adopt6/scanner/lab/netns"
	"adopt6/scanner/resolve"
)

// randomQuestions is how many names Unbound, BIND and we are compared on over
// each of the families; ADOPT6_PROOF_QUESTIONS may name another number.
const randomQuestions = 300

// randomNumber returns a number that the environment may set, to look further
// than a test run does.
func randomNumber(t *testing.T, name string, usual uint64) uint64 {
	text := os.Getenv(name)
	if text == "" {
		return usual
	}
	n, err := strconv.ParseUint(text, 10, 64)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestProofRandom compares us with Unbound and BIND over random trees of zones
// with random faults, on servers that meddle with their answers, below parents
// that disagree: over both families, and over IPv6 alone.
func TestProofRandom(t *testing.T) {
	t.Parallel()                                    // outside, where it waits for the run in the namespace
	seed := randomNumber(t, "ADOPT6_PROOF_SEED", 8) // read out here, so that go test caches by them
	questions := randomNumber(t, "ADOPT6_PROOF_QUESTIONS", randomQuestions)
	if !netns.Enter(t) {
		return
	}
	dir := t.TempDir()
	start := time.Now()
	r := &trees{Rand: rand.New(rand.NewPCG(seed, 0)), t: t, now: start, alone: make(map[string]string), meddled: make(map[string]bool)}
	r.grow(6, 25)
	cases := r.questions(int(questions))
	r.meddle(rand.New(rand.NewPCG(seed, 1)))
	world := netns.Internet{Hosts: treeHosts(), Zones: r.zones}
	t.Cleanup(world.Stop)
	root, err := world.Start(t.Context(), dir)
	if err != nil {
		t.Fatal(err)
	}
	startMeddling(t)
	t.Logf("%d zones after %v", len(world.Zones), time.Since(start).Round(time.Millisecond))
	for n, family := range []struct {
		name string
		mode resolve.Mode
	}{{"dual", resolve.Dual}, {"ipv6", resolve.V6Only}} {
		t.Run(family.name, func(t *testing.T) {
			v6 := family.mode == resolve.V6Only
			unbound := recursive(t, dir, 1+2*n, netns.Recursive{Hints: root.Hints, Anchor: root.Anchor, IPv6Only: v6})
			bind := recursiveBIND(t, dir, 2+2*n, netns.Recursive{Hints: root.Hints, Anchor: root.BIND, IPv6Only: v6})
			ours := newProofResolver(t, root, time.Second)
			r.compare(t, cases, unbound, bind, ours, family.mode)
		})
	}
}

// recursiveBIND starts a BIND at address number n.
func recursiveBIND(t *testing.T, dir string, n int, r netns.Recursive) netip.Addr {
	t.Helper()
	r.Addr = at(9, n)[1]
	if err := netns.AddAddrs(r.Addr); err != nil {
		t.Fatal(err)
	}
	dir = filepath.Join(dir, "bind-"+r.Addr.String())
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	bind, err := netns.StartNamed(t.Context(), dir, r)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(bind.Stop)
	return r.Addr
}

// answers is what the three programs answer to a question.
type answers struct{ unbound, bind, ours verdict }

// compare asks all three every question.
func (r *trees) compare(t *testing.T, cases []proofCase, unbound, bind netip.Addr, ours *resolve.Resolver, mode resolve.Mode) {
	start := time.Now()
	all := make([]answers, len(cases))
	var group errgroup.Group
	group.SetLimit(48) // most of the time is spent waiting
	for i, c := range cases {
		switch how := r.alone[r.zonesOf(c.name)[0]]; {
		case c.qtype != dns.TypeAAAA:
		case how == "drops AAAA":
			continue // everybody waits, and fails
		case how == onlyRoot && strings.Contains("."+c.name, ".dn."):
			continue // Unbound makes the alias from what it knows by another type
		}
		group.Go(func() (err error) {
			if all[i].unbound, err = askPatiently(t.Context(), unbound, c); err != nil {
				return err
			}
			if all[i].bind, err = askPatiently(t.Context(), bind, c); err != nil {
				return err
			}
			all[i].ours, err = askResolver(t.Context(), ours, mode, c.name, c.qtype)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		t.Fatal(err)
	}
	states, alone := make(map[string]int), 0
	for i, c := range cases {
		if all[i].unbound.State == "" {
			continue
		}
		states[all[i].ours.State]++
		wrong, unconfirmed := r.judge(c, all[i])
		if wrong {
			t.Errorf("%s %s\nunbound: %s\nbind:    %s\nadopt6:  %s", c.name, dns.Type(c.qtype), all[i].unbound, all[i].bind, all[i].ours)
		}
		if unconfirmed {
			alone++
		}
	}
	t.Logf("%d questions in %v: %v; %d answered by us alone", len(cases), time.Since(start).Round(time.Millisecond), states, alone)
}

// askPatiently is askUnbound, and counts a resolver that is at it for long as one
// that fails: both try a silent server for up to two minutes.
func askPatiently(ctx context.Context, server netip.Addr, c proofCase) (verdict, error) {
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	v, err := askUnbound(ctx, server, c.name, c.qtype)
	if netErr, ok := errors.AsType[net.Error](err); ok && netErr.Timeout() {
		return withoutData("failed", "no answer in time"), nil
	}
	return v, err
}

// judge says whether our answer is wrong, or not confirmed by any other. States
// and answers must be those of Unbound; with BIND, which calls denials by
// opt-out secure, codes and answers are compared. On the way through servers
// that meddle, or of which one disagrees with another, either may fail at a
// question that it answers in another run, and whether a failure counts as
// bogus is a matter of order: there an answer of theirs must be ours, and a
// failure of theirs need not.
func (r *trees) judge(c proofCase, a answers) (wrong, unconfirmed bool) {
	shaky := r.isShaky(c.name)
	for _, field := range slices.Concat(strings.Fields(a.unbound.Answer), strings.Fields(a.ours.Answer)) {
		shaky = shaky || strings.Contains(field, ".") && r.isShaky(strings.TrimSuffix(field, ";")) // where an alias leads
	}
	fails := func(v verdict) bool { return v.RCode == dns.RcodeToString[dns.RcodeServerFailure] }
	unbound := a.ours.same(a.unbound) || shaky && fails(a.unbound)
	bind := a.bind.RCode == a.ours.RCode && a.bind.Answer == a.ours.Answer || shaky && fails(a.bind)
	return !unbound || !bind, !fails(a.ours) && fails(a.unbound) && fails(a.bind)
}

// isShaky says whether a server on the way to a name meddles or disagrees.
func (r *trees) isShaky(name string) bool {
	return slices.ContainsFunc(r.zonesOf(name), func(zone string) bool {
		return r.meddled[zone] || dns.CountLabel(zone) == 2 && disagreement(zone) != honest
	})
}

// zonesOf returns the zones that a name lies in, the nearest first.
func (r *trees) zonesOf(name string) []string {
	var found []string
	for _, z := range r.zones {
		if dns.IsSubDomain(z.Name, name) {
			found = append(found, z.Name)
		}
	}
	slices.SortFunc(found, func(a, b string) int { return dns.CountLabel(b) - dns.CountLabel(a) })
	return found
}
