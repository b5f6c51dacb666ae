package resolve

import (
	"adopt6/scanner/observation"
	"context"
	"encoding/binary"
	"io"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// TestExchangeOverTCPStandsAlone asks servers that do one thing each, three
// times: every query has a connection of its own, and its outcome is reported.
func TestExchangeOverTCPStandsAlone(t *testing.T) {
	answer := func(change func(*dns.Msg)) func(net.Conn) {
		return func(conn net.Conn) {
			c := &dns.Conn{Conn: conn}
			q, err := c.ReadMsg()
			if err != nil {
				return
			}
			m := good(q)
			change(m)
			_ = c.WriteMsg(m)
			_, _ = io.Copy(io.Discard, conn) // until the other side closes
		}
	}
	// after reads the query, writes and closes.
	after := func(data []byte) func(net.Conn) {
		return func(conn net.Conn) {
			_, _ = (&dns.Conn{Conn: conn}).ReadMsg()
			_, _ = conn.Write(data)
		}
	}
	for name, test := range map[string]struct {
		serve func(net.Conn)
		want  observation.Reason
	}{
		"sound":                {answer(func(*dns.Msg) {}), ""},
		"closes":               {after(nil), observation.TCPClosed},
		"says nothing":         {func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }, observation.Timeout},
		"another question":     {answer(func(m *dns.Msg) { m.Question[0].Name = "other.test." }), observation.BadResponse},
		"another id":           {answer(func(m *dns.Msg) { m.Id++ }), observation.BadResponse},
		"half an answer":       {after(append(binary.BigEndian.AppendUint16(nil, 100), "half"...)), observation.TCPClosed},
		"an answer of nothing": {after([]byte{0, 0}), observation.BadResponse},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			listener, err := net.Listen("tcp4", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			var accepted atomic.Int32
			var running sync.WaitGroup
			running.Go(func() {
				for {
					conn, err := listener.Accept()
					if err != nil {
						return
					}
					accepted.Add(1)
					running.Go(func() { defer conn.Close(); test.serve(conn) })
				}
			})
			t.Cleanup(running.Wait)
			t.Cleanup(func() { listener.Close() })
			n := newTestNet(t)
			at := netip.MustParseAddrPort(leafAddr + ":53")
			n.routes[at.Addr()] = listener.Addr().(*net.TCPAddr).AddrPort()
			r := n.resolver(nil, rootAddr)
			for range 3 {
				reply, err := r.Exchange(context.Background(), Query{Server: at, Transport: TCP, Name: "bad.test", Type: dns.TypeA, Timeout: 200 * time.Millisecond})
				if Reason(err) != test.want || (reply == nil) != (test.want != "") {
					t.Errorf("got %+v, %v, want %q", reply, err, test.want)
				}
			}
			if n := accepted.Load(); n != 3 {
				t.Errorf("%d connections for 3 queries", n)
			}
		})
	}
}
