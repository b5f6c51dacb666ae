package probe

import (
	"adopt6/scanner/observation"
	"context"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"
)

func mailServerNumber(n int) mailServer {
	return mailServer{"mx.example.net", netip.AddrFrom4([4]byte{200, byte(n >> 16), byte(n >> 8), byte(n)})}
}

// TestMailServersAreAskedOnce: of many who ask at once one talks, and what it
// saw is believed for a while.
func TestMailServersAreAskedOnce(t *testing.T) {
	now := time.Now()
	m := mailServers{clock: func() time.Time { return now }}
	var talks atomic.Int32
	var verdict observation.Verdict
	all := make(chan struct{})
	ask := func() exchange {
		return m.get(t.Context(), mailServerNumber(1), func() exchange { <-all; talks.Add(1); return exchange{verdict: verdict} })
	}
	verdict = works
	var asking sync.WaitGroup
	for range 50 {
		asking.Go(func() {
			if got := ask(); got.verdict != works {
				t.Errorf("got %v", got.verdict)
			}
		})
	}
	close(all)
	asking.Wait()
	for _, step := range []struct {
		what    string
		after   time.Duration
		verdict observation.Verdict // of the next conversation
		talks   int32               // in all
	}{
		{"many at once", 0, works, 1},
		{"a success is kept", 9 * time.Minute, works, 1},
		{"and in the end forgotten", 2 * time.Minute, broken(observation.Timeout), 2},
		{"a failure is kept", 59 * time.Second, works, 2},
		{"for a minute", 2 * time.Second, unmeasured(observation.TargetTimeout), 3},
		{"what a target had no time for is not kept", 0, unmeasured(observation.LocalFault), 4},
		{"nor what fails here", 0, works, 5},
		{"a success again", 0, works, 5},
	} {
		now = now.Add(step.after)
		verdict = step.verdict
		ask()
		if got := talks.Load(); got != step.talks {
			t.Errorf("%s: %d conversations, want %d", step.what, got, step.talks)
		}
	}
}

// TestMailServersPassOn: who waits for a target that runs out of time talks
// itself; who runs out of time waiting says so.
func TestMailServersPassOn(t *testing.T) {
	var m mailServers
	begun, goOn := make(chan struct{}), make(chan struct{})
	var targets sync.WaitGroup
	targets.Go(func() {
		m.get(t.Context(), mailServerNumber(1), func() exchange {
			close(begun)
			<-goOn
			return exchange{verdict: unmeasured(observation.TargetTimeout)}
		})
	})
	<-begun
	ended, cancel := context.WithCancel(t.Context())
	cancel()
	got := m.get(ended, mailServerNumber(1), func() exchange { return exchange{verdict: works} })
	if got.verdict != unmeasured(observation.TargetTimeout) {
		t.Errorf("a target without time: %v", got.verdict)
	}
	targets.Go(func() {
		got := m.get(t.Context(), mailServerNumber(1), func() exchange { return exchange{verdict: works} })
		if got.verdict != works {
			t.Errorf("the next target: %v", got.verdict)
		}
	})
	close(goOn)
	targets.Wait()
}

func TestMailServersAreBounded(t *testing.T) {
	var m mailServers
	talk := func() exchange { return exchange{verdict: works} }
	for i := range maxMailServers + 100 {
		m.get(t.Context(), mailServerNumber(i), talk)
		m.get(t.Context(), mailServerNumber(0), func() exchange { // used all the time, so never forgotten
			if i > 0 {
				t.Fatal("forgotten")
			}
			return talk()
		})
	}
	if len(m.known) != maxMailServers || m.recent.Len() != maxMailServers {
		t.Errorf("%d and %d entries", len(m.known), m.recent.Len())
	}
}
