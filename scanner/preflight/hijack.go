package preflight

import (
	"adopt6/scanner/observation"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// maxQuoted bounds how much of a text from the network is quoted, in octets.
const maxQuoted = 40

// hijack judges whether the root servers themselves answer. A root server never
// offers recursion, is authoritative for the root, and answers with a referral
// for names below it. A server that does otherwise is not a root server.
func (s *survey) hijack() Check {
	c := Check{Name: Hijack, Title: "Answers on port 53"}
	var heard, liars int
	var proofs []string
	hijacked := false
	names := make(map[string][]string) // by identity, who goes by it
	for f := range families {
		familyHeard, familyLiars := 0, 0
		for i := range s[f] {
			root := &s[f][i]
			if !root.heard() {
				continue
			}
			familyHeard++
			if id := root.id(); id != "" {
				names[id] = append(names[id], root.name)
			}
			if proof := root.proof(); proof != "" {
				familyLiars++
				proofs = append(proofs, fmt.Sprintf("%s (%s) %s", root.name, root.addr, proof))
			}
		}
		heard, liars = heard+familyHeard, liars+familyLiars
		hijacked = hijacked || familyLiars > 0 && 2*familyLiars >= familyHeard
	}
	c.Fix = "Ask the provider to stop redirecting port 53, run the scan from another network, or through a VPN that leads out of this one."
	switch {
	case heard == 0:
		return c.unmeasured("no root server answers")
	case hijacked:
		c.Status, c.Stops = observation.Broken, true
		c.Seen = fmt.Sprintf("at %d of %d addresses of root servers another server answers: %s", liars, heard, proofs[0])
		c.Effect = "Another server answers instead of every name server, so every verdict would be wrong."
	case liars > 0:
		c.Status = observation.Partial
		c.Seen = fmt.Sprintf("%d of %d addresses behave like no root server: %s", liars, heard, proofs[0])
		c.Effect = "Should more of them do so, every verdict would be wrong."
	case shared(names) != "":
		c.Status = observation.Partial
		c.Seen = "different root servers " + shared(names)
		c.Effect = "Another server may answer instead of them; then every verdict would be wrong."
	default:
		c.Status = observation.OK
		c.Seen = fmt.Sprintf("%d root servers answer with authority, and none recurses", heard)
		if id := s.oneID(); id != "" {
			c.Seen += "; " + id
		}
	}
	return c.tidy()
}

// heard reports whether any packet came from the root server's address.
func (r *rootServer) heard() bool {
	return r.udp.msg != nil || r.tcp.msg != nil || r.recursion.msg != nil || r.keys.msg != nil
}

// proof returns what shows that an answer is not from a root server; empty when
// it may be.
func (r *rootServer) proof() string {
	for _, m := range []*dns.Msg{r.udp.msg, r.tcp.msg, r.keys.msg, r.recursion.msg, r.identity.msg} {
		if m != nil && m.RecursionAvailable {
			return "offers recursion"
		}
	}
	for _, m := range []*dns.Msg{r.udp.msg, r.tcp.msg, r.keys.msg} {
		if m != nil && !m.Authoritative && (m.Rcode == dns.RcodeSuccess || m.Rcode == dns.RcodeNameError) {
			return "speaks of the root without authority"
		}
	}
	if m := r.recursion.msg; m != nil && !m.Authoritative && (len(m.Answer) > 0 || m.Rcode == dns.RcodeNameError) {
		return "answers for " + strings.TrimSuffix(delegated, ".") + " instead of referring to its servers"
	}
	return ""
}

// id returns the server's identity (RFC 4892), quoted; empty when it gives none.
func (r *rootServer) id() string {
	if r.identity.msg == nil {
		return ""
	}
	for _, rr := range r.identity.msg.Answer {
		if txt, ok := rr.(*dns.TXT); ok && len(txt.Txt) > 0 && txt.Txt[0] != "" {
			text := txt.Txt[0]
			return fmt.Sprintf("%q", text[:min(len(text), maxQuoted)])
		}
	}
	return ""
}

// shared returns an identity that servers of different names share.
func shared(names map[string][]string) string {
	for _, id := range slices.Sorted(maps.Keys(names)) {
		who := names[id]
		for _, other := range who[1:] {
			if other != who[0] {
				return fmt.Sprintf("(%s, %s) call themselves %s", who[0], other, id)
			}
		}
	}
	return ""
}

// oneID returns the identity of one of the servers, as an example.
func (s *survey) oneID() string {
	for _, f := range []family{v6, v4} {
		for i := range s[f] {
			if id := s[f][i].id(); id != "" {
				return s[f][i].name + " is " + id
			}
		}
	}
	return ""
}
