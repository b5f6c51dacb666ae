package preflight

import (
	"adopt6/scanner/observation"
	"fmt"
	"strings"
	"time"
)

// minLarge is the size in octets from which on an answer is called large: more
// fits no packet without EDNS (RFC 1035 section 4.2.1).
const minLarge = 512

// tell counts the replies that arrived, and collects why the others did not.
func tell(roots []rootServer, pick func(*rootServer) *reply) (came int, fastest time.Duration, why string) {
	var reasons []string
	for i := range roots {
		r := pick(&roots[i])
		if r.msg == nil {
			if w := words(r.err); !strings.Contains(strings.Join(reasons, ","), w) {
				reasons = append(reasons, w)
			}
			continue
		}
		if came == 0 || r.rtt < fastest {
			fastest = r.rtt
		}
		came++
	}
	return came, fastest, strings.Join(reasons, ", ")
}

func pickUDP(r *rootServer) *reply { return &r.udp }
func pickTCP(r *rootServer) *reply { return &r.tcp }

// large returns how many answers with the root's keys arrived, or the word
// that they would not fit, and the size of the largest in octets.
func (s *survey) large(f family) (came, size int) {
	for i := range s[f] {
		if r := &s[f][i].keys; r.msg != nil && (r.msg.Truncated || len(r.msg.Answer) > 0) {
			came, size = came+1, max(size, r.size)
		}
	}
	return came, size
}

// hasRoute reports whether the machine can send over the family at all.
func (s *survey) hasRoute(f family) bool {
	for i := range s[f] {
		if r := &s[f][i]; !isNoRoute(r.udp.err) || !isNoRoute(r.tcp.err) {
			return true
		}
	}
	return false
}

// family judges whether packets of a family leave and come back. mail reports
// that a mail exchanger answered over it.
func (s *survey) family(f family, mail bool) Check {
	c := Check{Name: f.choose(IPv4, IPv6), Title: f.String(), Effect: effects[f]}
	udp, fastest, why := tell(s[f], pickUDP)
	tcp, _, _ := tell(s[f], pickTCP)
	switch {
	case len(s[f]) == 0:
		c.Status = observation.Unmeasured
		c.Seen = "the root hints have no address of this family"
		c.Fix = "Add addresses of the family to the file of dns.root_hints."
	case udp > 0:
		c.Status = observation.OK
		c.Seen = fmt.Sprintf("%d of %d root servers answer, the fastest in %s", udp, len(s[f]), milliseconds(fastest))
	case tcp > 0 || mail:
		c.Status = observation.OK
		c.Seen = "packets come back, though none from UDP port 53"
	case !s.hasRoute(f):
		c.Status = observation.Absent
		c.Seen = "this machine has no " + f.String() + " route to the Internet"
		c.Fix = fixRoute[f]
	default:
		c.Status = observation.Broken
		c.Seen = fmt.Sprintf("there is a route, and none of %d root servers answers: %s", len(s[f]), why)
		c.Fix = "Try: " + f.choose("ping -4", "ping -6") + " " + s[f][0].addr.String() + ". Where that answers, a firewall drops port 53."
	}
	return c.tidy()
}

// effects of a missing family on a scan.
var effects = [families]string{
	v4: "What is compared with IPv4 is stored as unmeasured: dns_v4, web_v4, mail_v4, same content.",
	v6: "Everything that needs IPv6 is stored as unmeasured: dns_v6, web_v6, mail_v6, v6_only.",
}

var fixRoute = [families]string{
	v4: "Connect the machine to a network with IPv4, or use NAT.",
	v6: "Ask the provider for native IPv6, or run the scan from a host that has it. A tunnel will do, at the cost of its round trips.",
}

// udp judges whether DNS over UDP passes, answers with EDNS included.
func (s *survey) udp(f family) Check {
	c := Check{Name: f.choose(UDP53V4, UDP53V6), Title: "DNS over UDP, " + f.String(),
		Effect: "Name servers cannot be judged over " + f.String() + ": stored as unmeasured.",
		Fix:    "Let UDP port 53 out to any address, and EDNS with it (RFC 6891)."}
	came, _, why := tell(s[f], pickUDP)
	large, size := s.large(f)
	switch {
	case len(s[f]) == 0 || !s.hasRoute(f):
		return c.unmeasured("no " + f.String() + " to try it over")
	case came == 0:
		c.Status = observation.Broken
		c.Seen = fmt.Sprintf("none of %d root servers answers: %s", len(s[f]), why)
	case large == 0:
		c.Status = observation.Partial
		c.Seen = "small answers arrive, and the root's keys do not: EDNS or large answers are dropped"
	case size < minLarge:
		c.Status = observation.OK
		c.Seen = fmt.Sprintf("answers of %d bytes pass; this root has none that is larger", size)
	default:
		c.Status = observation.OK
		c.Seen = fmt.Sprintf("answers of %d bytes pass", size)
	}
	return c.tidy()
}

// tcp judges whether DNS over TCP passes.
func (s *survey) tcp(f family) Check {
	c := Check{Name: f.choose(TCP53V4, TCP53V6), Title: "DNS over TCP, " + f.String(),
		Effect: "Large answers and name servers over TCP cannot be judged over " + f.String() + ": stored as unmeasured.",
		Fix:    "Let TCP port 53 out to any address (RFC 7766)."}
	came, fastest, why := tell(s[f], pickTCP)
	switch {
	case len(s[f]) == 0 || !s.hasRoute(f):
		return c.unmeasured("no " + f.String() + " to try it over")
	case came == 0:
		c.Status = observation.Broken
		c.Seen = fmt.Sprintf("none of %d root servers answers: %s", len(s[f]), why)
	default:
		c.Status = observation.OK
		c.Seen = fmt.Sprintf("%d of %d root servers answer, the fastest in %s", came, len(s[f]), milliseconds(fastest))
	}
	return c.tidy()
}

// unmeasured returns the check as unmeasured.
func (c Check) unmeasured(seen string) Check {
	return Check{Name: c.Name, Title: c.Title, Status: observation.Unmeasured, Seen: seen}
}

// tidy removes effect and fix from a check that found nothing wrong.
func (c Check) tidy() Check {
	if c.Status == observation.OK {
		c.Effect, c.Fix = "", ""
	}
	return c
}

func milliseconds(d time.Duration) string {
	return fmt.Sprintf("%d ms", max(1, d.Round(time.Millisecond).Milliseconds()))
}
