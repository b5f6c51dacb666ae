package resolve

import (
	"context"
	"errors"
	"net/netip"
	"os"
	"testing"
	"testing/synctest"
	"time"

	"github.com/miekg/dns"
)

func TestConnectionsAreShared(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newTCPSlots()
		greedy, neighbour, other := netip.MustParseAddr("192.0.2.1"), netip.MustParseAddr("192.0.2.200"), netip.MustParseAddr("198.51.100.1")
		var releases []func()
		for range maxTCPConnsOperator {
			release, err := s.acquire(t.Context(), greedy, nil)
			if err != nil {
				t.Fatal(err)
			}
			releases = append(releases, release)
		}
		start := time.Now()
		if _, err := s.acquire(t.Context(), neighbour, nil); !errors.Is(err, errNoTCPSlot) || time.Since(start) != tcpSlotTimeout {
			t.Errorf("beyond an operator's share: %v after %s", err, time.Since(start))
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if _, err := s.acquire(ctx, neighbour, nil); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("the context ended first: %v", err)
		}
		start = time.Now()
		if _, err := s.acquire(t.Context(), other, nil); err != nil || time.Since(start) > 0 {
			t.Errorf("another operator: %v after %s", err, time.Since(start))
		}
		time.AfterFunc(time.Second, releases[0])
		if _, err := s.acquire(t.Context(), neighbour, nil); err != nil || time.Since(start) != time.Second {
			t.Errorf("when a connection is closed: %v after %s", err, time.Since(start))
		}
	})
}

func TestOneTargetHoldsFewConnections(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s, target := newTCPSlots(), NewBudget(500, 200, func() {})
		network := netip.MustParseAddr("2001:db8::")
		for i := range maxTCPConnsTarget {
			addr := network.As16()
			addr[4] = byte(i)
			if _, err := s.acquire(t.Context(), netip.AddrFrom16(addr), target); err != nil {
				t.Fatal(err)
			}
		}
		elsewhere := netip.MustParseAddr("198.51.100.1")
		if _, err := s.acquire(t.Context(), elsewhere, target); !errors.Is(err, errNoTCPSlot) {
			t.Errorf("beyond a target's share: %v", err)
		}
		if _, err := s.acquire(t.Context(), elsewhere, NewBudget(500, 200, func() {})); err != nil {
			t.Errorf("another target: %v", err)
		}
	})
}

// TestJunkKeepsNoConnectionOpen asks a server that answers once and then sends
// unsolicited messages, more often than a connection may be idle.
func TestJunkKeepsNoConnectionOpen(t *testing.T) {
	t.Parallel()
	for name, every := range map[string]time.Duration{"now and then": 20 * time.Millisecond, "a flood": 0} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := newTestNet(t)
			ended := make(chan error, 1)
			n.serveConns("9.9.9.1", func(c *dns.Conn) { ended <- junkAfterAnswer(c, every) })
			r := n.resolver(nil, "9.9.9.1")
			r.tcp.idle = 100 * time.Millisecond
			q := question{}
			if err := q.set("example.org.", dns.TypeSOA); err != nil {
				t.Fatal(err)
			}
			if _, _, err := r.tcp.exchange(t.Context(), time.Minute, r.servers.get(netip.MustParseAddrPort("9.9.9.1:53")), q); err != nil {
				t.Fatal(err)
			}
			if err := <-ended; err == nil || errors.Is(err, os.ErrDeadlineExceeded) {
				t.Errorf("the connection was not closed: %v", err)
			}
		})
	}
}

// junkAfterAnswer answers one question, then sends further messages until the
// client closes the connection, and returns why the last could not be sent:
// a client that leaves the connection open for half a minute is a timeout.
func junkAfterAnswer(c *dns.Conn, every time.Duration) error {
	q, err := c.ReadMsg()
	if err != nil {
		return nil
	}
	if err := c.SetWriteDeadline(time.Now().Add(30 * time.Second)); err != nil {
		return nil
	}
	m := new(dns.Msg).SetReply(q)
	for err == nil {
		err = c.WriteMsg(m)
		m.Id++
		if every > 0 {
			<-time.After(every)
		}
	}
	return err
}
