package preflight

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"os"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/resolve"
)

const (
	// rootsAsked is how many root servers of each family are asked, so that one
	// dead server does not decide.
	rootsAsked = 4
	// udpTries is how often a question is sent over UDP.
	udpTries = 2
	// ednsSize is the buffer that the resolver announces too: an answer of
	// that size passes every path without fragments.
	ednsSize = 1232
	// maxStray is how many datagrams that are not answers are read while waiting
	// for one.
	maxStray = 16
	portDNS  = 53
)

// delegated is a name that root servers have delegated: they answer every query
// for it with a referral to the servers of com.
const delegated = "com."

// rootServer is what one address of a root server answered.
type rootServer struct {
	name string
	addr netip.Addr

	udp, tcp  reply // the root's SOA record
	keys      reply // the root's keys, signed: the largest answer that a root server has
	recursion reply // a question that only a recursive server would answer
	identity  reply // id.server, RFC 4892
}

// reply is the answer to one question.
type reply struct {
	msg  *dns.Msg // nil without an answer
	size int      // octets
	rtt  time.Duration
	err  error // why there is no answer
}

// survey is what the root servers answered, by family.
type survey [families][]rootServer

// survey asks all questions of all chosen root servers at once.
func (c *Config) survey(ctx context.Context) survey {
	s := chooseRoots(c.Roots)
	var all sync.WaitGroup
	for f := range s {
		for i := range s[f] {
			root := &s[f][i]
			for _, q := range []struct {
				to      *reply
				network string
				msg     *dns.Msg
			}{
				{&root.udp, "udp", question(".", dns.TypeSOA, dns.ClassINET, false, false)},
				{&root.tcp, "tcp", question(".", dns.TypeSOA, dns.ClassINET, false, false)},
				{&root.keys, "udp", question(".", dns.TypeDNSKEY, dns.ClassINET, true, false)},
				{&root.recursion, "udp", question(delegated, dns.TypeSOA, dns.ClassINET, false, true)},
				{&root.identity, "udp", question("id.server.", dns.TypeTXT, dns.ClassCHAOS, false, false)},
			} {
				all.Go(func() { *q.to = c.ask(ctx, q.network, netip.AddrPortFrom(root.addr, portDNS), q.msg) })
			}
		}
	}
	all.Wait()
	return s
}

// chooseRoots returns the first addresses of each family, each of another
// server.
func chooseRoots(roots []resolve.RootServer) survey {
	var s survey
	for _, root := range roots {
		var taken [families]bool
		for _, addr := range root.Addrs {
			f := v6
			if addr.Is4() {
				f = v4
			}
			if !taken[f] && len(s[f]) < rootsAsked {
				taken[f] = true
				s[f] = append(s[f], rootServer{name: strings.TrimSuffix(root.Name, "."), addr: addr})
			}
		}
	}
	return s
}

// question returns a query, with EDNS, as the resolver sends it.
func question(name string, qtype, class uint16, do, recursion bool) *dns.Msg {
	m := new(dns.Msg)
	m.Id = dns.Id()
	m.Question = []dns.Question{{Name: name, Qtype: qtype, Qclass: class}}
	m.RecursionDesired = recursion
	m.SetEdns0(ednsSize, do)
	return m
}

// ask sends a question until it is answered or the tries are used up.
func (c *Config) ask(ctx context.Context, network string, to netip.AddrPort, m *dns.Msg) reply {
	tries := udpTries
	if network == "tcp" {
		tries = 1
	}
	var r reply
	for range tries {
		if r = c.askOnce(ctx, network, to, m); r.err == nil || !isTimeout(r.err) || ctx.Err() != nil {
			break
		}
	}
	return r
}

func (c *Config) askOnce(ctx context.Context, network string, to netip.AddrPort, m *dns.Msg) reply {
	limited, cancel := context.WithTimeout(ctx, c.Timeout)
	defer cancel()
	conn, err := c.Dialer.DialContext(limited, network, to)
	if err != nil {
		return reply{err: err}
	}
	defer conn.Close()
	stop := context.AfterFunc(limited, func() { conn.SetDeadline(time.Unix(1, 0)) })
	defer stop()
	start := time.Now()
	wire := &dns.Conn{Conn: conn, UDPSize: dns.MaxMsgSize}
	if err := wire.WriteMsg(m); err != nil {
		return reply{err: fmt.Errorf("query %s: %w", to, err)}
	}
	for range maxStray {
		raw, err := wire.ReadMsgHeader(nil)
		if err != nil {
			return reply{err: fmt.Errorf("wait for an answer of %s: %w", to, err)}
		}
		got := new(dns.Msg)
		if err := got.Unpack(raw); err == nil && answers(got, m) {
			return reply{msg: got, size: len(raw), rtt: time.Since(start)}
		}
	}
	return reply{err: fmt.Errorf("%s sends what is not an answer", to)}
}

// answers reports whether a message is a response to the query.
func answers(got, query *dns.Msg) bool {
	return got.Id == query.Id && got.Response && (len(got.Question) == 0 && got.Rcode != dns.RcodeSuccess ||
		len(got.Question) == 1 && got.Question[0].Qtype == query.Question[0].Qtype &&
			got.Question[0].Qclass == query.Question[0].Qclass && strings.EqualFold(got.Question[0].Name, query.Question[0].Name))
}

func isTimeout(err error) bool {
	return errors.Is(err, os.ErrDeadlineExceeded) || errors.Is(err, context.DeadlineExceeded) || errors.Is(err, syscall.ETIMEDOUT)
}

// isNoRoute reports whether this machine has no route to the address.
func isNoRoute(err error) bool {
	return errors.Is(err, syscall.ENETUNREACH) || errors.Is(err, syscall.EADDRNOTAVAIL) || errors.Is(err, syscall.EAFNOSUPPORT)
}

func isRefused(err error) bool {
	return errors.Is(err, syscall.ECONNREFUSED) || errors.Is(err, syscall.ECONNRESET)
}

// isUnreachable reports whether the network reported the address unreachable.
func isUnreachable(err error) bool {
	return errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.EACCES) || errors.Is(err, syscall.EPERM)
}

// words returns in short why there was no answer.
func words(err error) string {
	switch {
	case isNoRoute(err):
		return "no route"
	case isTimeout(err):
		return "no answer"
	case errors.Is(err, syscall.ECONNREFUSED):
		return "refused"
	case errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "broken off"
	case isUnreachable(err):
		return "reported as unreachable"
	}
	return "no usable answer"
}
