package resolve

import (
	"crypto/rand"
	"hash/maphash"
	"net"
	"net/netip"
	"sync"
	"sync/atomic"
	"time"

	"adopt6/scanner/netaddr"
)

// server is what is known of one server address. It is shared and lives as
// long as anything uses it.
type server struct {
	addr     netip.AddrPort // as published
	udp, tcp netip.AddrPort // where packets go
	udpErr   error          // why nothing may be sent
	tcpErr   error
	sockaddr *net.UDPAddr // udp, for batched sends

	client [clientCookieLen]byte  // our cookie for this server
	cookie atomic.Pointer[[]byte] // client and server cookie; nil: only ours is known

	srtt     atomic.Int64 // smoothed round trip, nanoseconds; 0: not measured
	rttvar   atomic.Int64
	lost     atomic.Int32 // queries lost since the last answer
	noEDNS   atomic.Bool  // it does not speak EDNS
	noCookie atomic.Bool  // it fails when sent a cookie

	history history // of what it answers and refuses
}

const (
	initialRTO = 400 * time.Millisecond // wait for a server never met
	minRTO     = 100 * time.Millisecond
	// lostPenalty makes a server that loses queries look slower.
	lostPenalty = 200 * time.Millisecond
)

// observe takes a measured round trip into account (RFC 6298 section 2).
func (s *server) observe(rtt time.Duration) {
	s.lost.Store(0)
	r := max(int64(rtt), 1)
	old := s.srtt.Load()
	if old == 0 {
		s.srtt.Store(r)
		s.rttvar.Store(r / 2)
		return
	}
	diff := old - r
	if diff < 0 {
		diff = -diff
	}
	s.rttvar.Store((3*s.rttvar.Load() + diff) / 4)
	s.srtt.Store((7*old + r) / 8)
}

// penalise notes a lost query.
func (s *server) penalise() {
	if s.lost.Load() < 30 {
		s.lost.Add(1)
	}
}

// rto returns how long to wait for an answer at the given try, from 0: what
// the server usually needs and some more, doubled with every try, and never
// more than longest. The last try waits that long.
func (s *server) rto(try, tries int, longest time.Duration) time.Duration {
	if try >= tries-1 {
		return longest
	}
	wait := initialRTO
	if srtt := s.srtt.Load(); srtt != 0 {
		wait = max(minRTO, time.Duration(srtt+4*s.rttvar.Load()))
	}
	return min(wait<<min(try, 16), longest)
}

// cost orders servers: the expected time to an answer. A server never met is
// taken for a near one, so that each is tried once in a while.
func (s *server) cost() int64 {
	srtt := s.srtt.Load()
	if srtt == 0 {
		srtt = int64(50 * time.Millisecond)
	}
	return srtt + int64(s.lost.Load())*int64(lostPenalty)
}

// clientAndServerCookie returns what to send in the COOKIE option.
func (s *server) clientAndServerCookie() []byte {
	if c := s.cookie.Load(); c != nil {
		return *c
	}
	return s.client[:]
}

// learnCookie takes the COOKIE option of a response. It returns false for one
// that was made for somebody else (RFC 7873 section 5.3): such a response must
// be dropped.
func (s *server) learnCookie(option []byte) bool {
	if len(option) < clientCookieLen || string(option[:clientCookieLen]) != string(s.client[:]) {
		return false
	}
	size := len(option) - clientCookieLen
	if size < 8 || size > maxServerCookieLen {
		return size == 0
	}
	if known := s.cookie.Load(); known == nil || string(*known) != string(option) {
		fresh := append([]byte(nil), option...)
		s.cookie.Store(&fresh)
	}
	return true
}

const (
	serverShards    = 64
	serversPerShard = 4096
)

// servers finds the server of an address.
type servers struct {
	dialer *netaddr.Dialer
	seed   maphash.Seed
	shards [serverShards]serverShard
}

type serverShard struct {
	sync.Mutex
	known map[netip.AddrPort]*server
}

func newServers(dialer *netaddr.Dialer) *servers {
	s := &servers{dialer: dialer, seed: maphash.MakeSeed()}
	for i := range s.shards {
		s.shards[i].known = make(map[netip.AddrPort]*server)
	}
	return s
}

// get returns the server at addr. Whether it may be reached is asked of the
// dialer once.
func (s *servers) get(addr netip.AddrPort) *server {
	shard := &s.shards[maphash.Comparable(s.seed, addr)%serverShards]
	shard.Lock()
	defer shard.Unlock()
	if known := shard.known[addr]; known != nil {
		return known
	}
	fresh := &server{addr: addr}
	fresh.udp, fresh.udpErr = s.dialer.Route("udp", addr)
	fresh.tcp, fresh.tcpErr = s.dialer.Route("tcp", addr)
	fresh.udp = netip.AddrPortFrom(fresh.udp.Addr().Unmap(), fresh.udp.Port())
	fresh.sockaddr = net.UDPAddrFromAddrPort(fresh.udp)
	rand.Read(fresh.client[:]) // never fails
	if len(shard.known) >= serversPerShard {
		// Any will do: what is forgotten is measured again.
		for old := range shard.known {
			delete(shard.known, old)
			break
		}
	}
	shard.known[addr] = fresh
	return fresh
}
