package server

import (
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"slices"
	"strings"
	"time"

	lru "github.com/hashicorp/golang-lru/v2"
	"golang.org/x/time/rate"
)

// maxClients bounds the table of clients. Who is pushed out of it by others
// starts again with a full burst.
const maxClients = 16 << 10

// burst is how many requests a client may make at once, in seconds of its rate:
// a page comes with its style, its script and the next click.
const burst = 3

// limiter keeps a rate per client. It answers at once and starts nothing: the
// limiter that scans use makes its callers wait, and runs a goroutine for each.
type limiter struct {
	rate    int
	clients *lru.Cache[netip.Prefix, *rate.Limiter] // nil for no limit
}

func newLimiter(perSecond int) (l *limiter, err error) {
	l = &limiter{rate: perSecond}
	if perSecond > 0 {
		l.clients, err = lru.New[netip.Prefix, *rate.Limiter](maxClients)
	}
	return l, err
}

// wait returns 0 where a client may continue, else after how long it may.
func (l *limiter) wait(client netip.Prefix, now time.Time) time.Duration {
	if l.clients == nil {
		return 0
	}
	own, known := l.clients.Get(client)
	if !known {
		own = rate.NewLimiter(rate.Limit(l.rate), l.rate*burst)
		if first, raced, _ := l.clients.PeekOrAdd(client, own); raced {
			own = first
		}
	}
	reservation := own.ReserveN(now, 1)
	delay := reservation.DelayFrom(now)
	if delay > 0 {
		reservation.CancelAt(now)
	}
	return delay
}

// maxForwarded bounds the addresses of X-Forwarded-For that are looked at.
const maxForwarded = 16

// client returns who sends a request: an IPv4 address, or the /64 of an IPv6
// address, which is what one customer has. X-Forwarded-For counts only as far as
// trusted proxies wrote it, that is from its end.
func (s *Server) client(r *http.Request) netip.Prefix {
	peer, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Prefix{} // all of these together
	}
	address := peer.Addr().Unmap().WithZone("")
	if s.trusts(address) {
		hops := strings.Split(strings.Join(r.Header.Values("X-Forwarded-For"), ","), ",")
		slices.Reverse(hops)
		for _, hop := range hops[:min(len(hops), maxForwarded)] {
			next, err := netip.ParseAddr(strings.TrimSpace(hop))
			if err != nil {
				break
			}
			if address = next.Unmap().WithZone(""); !s.trusts(address) {
				break
			}
		}
	}
	bits := 32
	if address.Is6() {
		bits = 64
	}
	return netip.PrefixFrom(address, bits).Masked()
}

func (s *Server) trusts(address netip.Addr) bool {
	return slices.ContainsFunc(s.cfg.Trusted, func(p netip.Prefix) bool { return p.Contains(address) })
}

// ParseProxies reads addresses and networks with commas between them.
func ParseProxies(text string) (list []netip.Prefix, err error) {
	for part := range strings.SplitSeq(text, ",") {
		part = strings.TrimSpace(part)
		if part == "" {
			continue
		}
		prefix, err := netip.ParsePrefix(part)
		if address, single := netip.ParseAddr(part); single == nil {
			prefix, err = address.Prefix(address.BitLen())
		}
		if err != nil {
			return nil, fmt.Errorf("%q is neither an address nor a network such as 192.0.2.0/24", part)
		}
		if prefix.Bits() == 0 {
			return nil, fmt.Errorf("%s would believe everybody; name the proxies", part)
		}
		list = append(list, prefix.Masked())
	}
	return list, nil
}

// Loopback says whether only this machine can reach an address.
func Loopback(address net.Addr) bool {
	tcp, ok := address.(*net.TCPAddr)
	return !ok || tcp.IP.IsLoopback()
}
