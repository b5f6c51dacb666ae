package resolve

import (
	"context"
	"encoding/binary"
	"net/netip"
	"testing"

	"github.com/miekg/dns"
)

// floodOf is what an off-path attacker sends: refusals without a question and
// answers in other letters, with one id after the other, the right one and its
// neighbours among them.
func floodOf(query []byte) (forged [][]byte) {
	const ids = 200 // as many as a socket's buffer holds with ease
	id := binary.BigEndian.Uint16(query)
	end := headerLen
	for query[end] != 0 {
		end += 1 + int(query[end])
	}
	for i := range ids {
		header := [headerLen]byte{2: 0x84, 3: dns.RcodeRefused}
		binary.BigEndian.PutUint16(header[:], id-ids/2+uint16(i))
		forged = append(forged, append([]byte(nil), header[:]...))
		header[3], header[5] = dns.RcodeNameError, 1
		other := append(header[:], query[headerLen:end+5]...)
		for k := headerLen; k < end; k++ {
			if c := other[k] | 0x20; c >= 'a' && c <= 'z' {
				other[k] ^= 0x20
			}
		}
		forged = append(forged, other)
	}
	return forged
}

// TestForgedAnswersSpoilNoVerdict floods ids and letters before each true answer.
func TestForgedAnswersSpoilNoVerdict(t *testing.T) {
	for _, test := range []struct {
		name string
		tcp  bool
	}{{"with TCP", true}, {"without TCP", false}} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := withLeaf(t, func(*dns.Msg, string) []byte { return nil })
			n.flood(leafAddr, test.tcp, func(q *dns.Msg, _ string) []byte { return pack(good(q)) }, floodOf)
			r := n.resolver(nil, rootAddr)
			if got := summary(resolve(t, r, Dual, "www.bad.test", dns.TypeA)); got != "NOERROR 203.0.112.1" {
				t.Errorf("got %s", got)
			}
			q := Query{Server: netip.MustParseAddrPort(leafAddr + ":53"), Name: "bad.test", Type: dns.TypeA}
			reply, err := r.Exchange(context.Background(), q)
			if err != nil || reply.Msg.Rcode != dns.RcodeSuccess || reply.Tries != 1 {
				t.Errorf("got %+v, %v", reply, err)
			}
		})
	}
}

// TestSilenceAndAFloodIsAskedOverTCP: a server whose answers over UDP are lost is
// believed over TCP, whatever came beside them.
func TestSilenceAndAFloodIsAskedOverTCP(t *testing.T) {
	n := withLeaf(t, func(*dns.Msg, string) []byte { return nil })
	n.flood(leafAddr, true, func(q *dns.Msg, network string) []byte {
		if network == "udp" {
			return nil
		}
		return pack(good(q))
	}, floodOf)
	if got := summary(resolve(t, n.resolver(nil, rootAddr), Dual, "www.bad.test", dns.TypeA)); got != "NOERROR 203.0.112.1" {
		t.Errorf("got %s", got)
	}
}
