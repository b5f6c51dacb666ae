package resolve

import (
	"adopt6/scanner/observation"
	"math/rand/v2"
	"net/netip"
	"slices"
	"time"

	"github.com/miekg/dns"
)

const dnsPort = 53

// round is one question to the servers of one zone.
type round struct {
	cut        *cut
	name       string
	qtype      uint16
	keepGlue   bool
	candidates []candidate
	sources    []source // name servers whose addresses are still to be looked up
	sourced    bool
	cutShort   bool               // there are more than may be looked up
	reason     observation.Reason // of the failures so far, the one that says most
	weak       *answer            // from a server that is not authoritative
	large      bool               // a truncated answer could not be had over TCP
}

// candidate is a server that may be asked.
type candidate struct {
	server *server
	host   string
	tries  int
	cost   int64 // when it was last looked at
	gone   bool  // it has answered, and the answer is unusable
}

// source is a name server whose addresses of one type are not known.
type source struct {
	host string
	kind uint16
}

// ask puts a question to the servers of a zone, one after the other, until
// one answers. It gives up when every one has been tried as often as allowed.
func (j *job) ask(c *cut, name string, qtype uint16, keepGlue bool) (*answer, *failure) {
	r := &round{cut: c, name: name, qtype: qtype, keepGlue: keepGlue, candidates: make([]candidate, 0, 8)}
	for _, host := range c.ns {
		j.addCandidates(r, host.name, host.addrs)
	}
	if len(r.candidates) > 0 && !keepGlue && len(j.avoid) == 0 {
		if a, f := j.askTogether(r); a != nil || f != nil {
			return a, f
		}
	}
	return j.askAll(r)
}

// askTogether makes the first try at every server whose address is known,
// once for all who have the same question. It looks no addresses up, so that
// no two of them ever wait for each other. Both results are nil when the
// caller has to ask itself.
func (j *job) askTogether(r *round) (a *answer, f *failure) {
	k := flightKey{r.cut.zone, r.name, r.qtype}
	fl, leads := j.view.flights.join(k)
	if !leads {
		select {
		case <-fl.done:
		case <-j.ctx().Done():
			return nil, j.ended(r.cut.zone, j.ctx().Err())
		}
		if fl.value != nil && j.trace != nil {
			j.event(Event{Step: StepShared, Zone: r.cut.zone, Name: r.name, Type: r.qtype})
		}
		return fl.value, nil
	}
	defer func() { j.view.flights.land(k, fl, a) }()
	for {
		next := r.pick(1)
		if next == nil {
			return nil, nil
		}
		if a, f := j.askServer(r, next); a != nil || f != nil {
			return a, f
		}
	}
}

// askAll asks until an answer comes or nothing is left to try.
func (j *job) askAll(r *round) (*answer, *failure) {
	tries := 1 + j.r.config.Retries
	for {
		next := r.pick(1)
		if next == nil {
			more, f := j.moreCandidates(r)
			if f != nil {
				return nil, f
			}
			if more {
				continue
			}
			next = r.pick(tries)
		}
		if next == nil && r.weak == nil {
			more, f := j.fromParent(r)
			if f != nil {
				return nil, f
			}
			if more {
				continue
			}
		}
		if next == nil {
			break
		}
		if a, f := j.askServer(r, next); a != nil || f != nil {
			return a, f
		}
	}
	if r.weak != nil {
		return r.weak, nil
	}
	if r.reason == "" {
		r.reason = observation.NoServerAddress
	}
	f := &failure{reason: r.reason, zone: r.cut.zone}
	if r.reason == observation.Timeout && r.large {
		f.large = true
	} else if r.reason == observation.Timeout {
		f.alive = j.answers(r.cut, r.qtype, r.candidates)
	}
	return nil, f
}

// maxControls is how many servers that were silent are asked something else.
const maxControls = 4

// answers says whether one of a zone's servers that were silent to questions of
// a type answers one that each must: for the SOA record, or for the NS records
// where it was that. Some servers, and firewalls before them, drop what they do
// not know (RFC 8906 section 3.1.4).
func (j *job) answers(c *cut, qtype uint16, candidates []candidate) bool {
	r := &round{cut: c, name: c.zone, qtype: dns.TypeSOA}
	if qtype == dns.TypeSOA {
		r.qtype = dns.TypeNS
	}
	for _, silent := range candidates {
		if !silent.gone {
			r.candidates = append(r.candidates, candidate{server: silent.server, host: silent.host})
		}
	}
	for range maxControls {
		next := r.pick(1)
		if next == nil {
			return false
		}
		next.tries++ // a server met for the first time has more time than at its first try
		_, f := j.askServer(r, next)
		if f != nil || j.out.reason == "" {
			return f == nil
		}
	}
	return false
}

// addCandidates adds the servers at the addresses of a host.
func (j *job) addCandidates(r *round, host string, addrs []netip.Addr) {
	for _, a := range addrs {
		if !j.view.mode.uses(a) {
			continue
		}
		s := j.r.servers.get(netip.AddrPortFrom(a, dnsPort))
		if slices.Contains(j.avoid, s) {
			continue
		}
		if slices.ContainsFunc(r.candidates, func(c candidate) bool { return c.server == s }) {
			continue
		}
		r.candidates = append(r.candidates, candidate{server: s, host: host})
	}
}

// pick returns the next server to ask among those with the fewest tries, if
// these are below tries: one of those expected to answer soonest, at random,
// so that equal servers share the load.
func (r *round) pick(tries int) *candidate {
	const near = int64(30 * time.Millisecond)
	fewest, best := tries, int64(0)
	for i := range r.candidates {
		c := &r.candidates[i]
		if c.gone || c.tries > fewest || c.tries >= tries {
			continue
		}
		c.cost = c.server.cost()
		if c.tries < fewest || c.cost < best {
			fewest, best = c.tries, c.cost
		}
	}
	var chosen *candidate
	seen := uint32(0)
	for i := range r.candidates {
		c := &r.candidates[i]
		if c.gone || c.tries != fewest || fewest >= tries || c.cost > best+near {
			continue
		}
		if seen++; rand.Uint32N(seen) == 0 {
			chosen = c
		}
	}
	return chosen
}

// moreCandidates looks up the addresses of the next name server that the
// parent gave none for. It returns false when there is none left.
func (j *job) moreCandidates(r *round) (bool, *failure) {
	if !r.sourced {
		r.sourced = true
		r.sources, r.cutShort = j.sources(r.cut, func(nsHost) bool { return true })
	}
	for len(r.sources) > 0 {
		s := r.sources[0]
		r.sources = r.sources[1:]
		addrs, reason, f := j.addresses(s)
		switch {
		case f != nil:
			return false, f
		case reason == reasonNoName:
			r.sources = slices.DeleteFunc(r.sources, func(other source) bool { return other.host == s.host })
			reason = observation.NoServerAddress
			fallthrough
		case reason != "":
			r.reason = worse(r.reason, reason)
			continue
		}
		before := len(r.candidates)
		j.addCandidates(r, s.host, addrs)
		if len(r.candidates) > before {
			return true, nil
		}
	}
	if r.cutShort {
		r.reason = worse(r.reason, observation.LimitFanOut)
	}
	return false, nil
}

// sources lists the name servers of c to look up: first those without an
// address, then those whose address came from a sibling zone's glue, which may
// be out of date. Names in the zone itself can only be found through it; of the
// others only those that wanted chooses are looked up. The second result is true
// when Limits.FanOut left some out.
func (j *job) sources(c *cut, wanted func(nsHost) bool) (list []source, cutShort bool) {
	kinds := j.view.mode.addressTypes()
	for _, glued := range []bool{false, true} {
		var hosts []string
		for _, host := range c.ns {
			if (len(host.addrs) > 0) == glued && !inZone(host.name, c.zone) && wanted(host) {
				hosts = append(hosts, host.name)
			}
		}
		if most := j.r.config.Limits.FanOut; len(hosts) > most {
			hosts, cutShort = hosts[:most], true
		}
		for _, kind := range kinds {
			for _, host := range hosts {
				list = append(list, source{host, kind})
			}
		}
	}
	return list, cutShort
}

// addresses looks up a name server. The failure is one that ends the job.
func (j *job) addresses(s source) ([]netip.Addr, observation.Reason, *failure) {
	if j.depth >= j.r.config.Limits.Depth {
		return nil, observation.LimitDepth, nil
	}
	if j.lookups >= lookupsPerQuery*j.r.config.Limits.Queries {
		return nil, "", &failure{reason: observation.LimitQueries, zone: s.host}
	}
	j.lookups++
	j.depth++
	a, f := j.lookup(s.host, s.kind)
	j.depth--
	switch {
	case f != nil && f.final():
		return nil, "", f
	case f != nil && (f.reason == observation.NSLoop || f.reason == observation.LimitDepth || f.reason == observation.LimitFanOut):
		return nil, f.reason, nil
	case f != nil:
		return nil, observation.NoServerAddress, nil
	case a.kind == isNXDomain:
		return nil, reasonNoName, nil
	case a.kind == isAlias:
		return nil, observation.NSIsAlias, nil
	}
	addrs := addressesOf(a)
	if len(addrs) == 0 {
		return nil, observation.NoServerAddress, nil
	}
	return addrs, "", nil
}

// addressesOf returns the addresses in an answer, at most maxAddresses.
func addressesOf(a *answer) []netip.Addr {
	var addrs []netip.Addr
	for _, rr := range a.rrs {
		if len(addrs) == maxAddresses {
			break
		}
		switch rr := rr.(type) {
		case *dns.A:
			if ip, ok := netip.AddrFromSlice(rr.A.To4()); ok {
				addrs = append(addrs, ip)
			}
		case *dns.AAAA:
			if ip, ok := netip.AddrFromSlice(rr.AAAA.To16()); ok {
				addrs = append(addrs, ip)
			}
		}
	}
	return addrs
}

// askServer makes one try at one server. Both results are nil when another
// must be asked.
func (j *job) askServer(r *round, c *candidate) (*answer, *failure) {
	a := attempt{server: c.server, name: r.name, qtype: r.qtype, edns: !c.server.noEDNS.Load(), do: j.full}
	a.timeout = c.server.rto(c.tries, 1+j.r.config.Retries, j.r.config.Timeout)
	c.tries++
	doubts, said := 0, ""
	for cookies := 0; ; {
		if j.queries >= j.r.config.Limits.Queries {
			return nil, &failure{reason: observation.LimitQueries, zone: r.cut.zone}
		}
		left := j.timeLeft()
		if left <= 0 {
			return nil, &failure{reason: observation.LimitTime, zone: r.cut.zone}
		}
		a.timeout = min(a.timeout, left)
		j.queries++
		ctx := j.outer
		if j.r.config.Limiter != nil {
			ctx = j.ctx()
		}
		if err := j.r.try(ctx, &a, &j.out); err != nil {
			return nil, j.ended(r.cut.zone, err)
		}
		j.queries += j.out.sent - 1
		if j.trace != nil {
			j.traceTry(r, c, &a)
		}
		m := &j.out.msg
		switch {
		case j.out.reason == reasonDoubtful && doubts == 0:
			doubts++
			a.transport, a.timeout = TCP, j.r.config.Timeout
			continue
		case j.out.reason == reasonDoubtful && !a.fixedCase:
			a.fixedCase = true
			continue
		case j.out.reason == reasonDoubtful:
			r.reason, c.gone = worse(r.reason, observation.BadResponse), true
			return nil, nil
		case j.out.reason != "" && doubts == 1 && a.transport == TCP:
			// Without TCP the true answer gets all the time there is. If none
			// comes, what it says twice over UDP is believed: a forger would
			// have to guess two more ids and ports.
			r.reason, doubts = worse(r.reason, j.out.reason), 2
			a.transport, a.timeout = UDP, j.r.config.Timeout
			continue
		case j.out.reason != "":
			r.reason = worse(r.reason, j.out.reason)
			r.large = r.large || a.transport == TCP
			// Only what may have been lost on the way is worth another try.
			c.gone = j.out.reason != observation.Timeout && j.out.reason != observation.BadResponse && j.out.reason != observation.TCPClosed
			return nil, nil
		case m.truncated():
			// Nothing in it is judged, not even its code (RFC 2181 section 9).
			a.transport, a.timeout = TCP, j.r.config.Timeout
			continue
		case a.fixedCase && a.transport == UDP && said == "":
			said = m.said()
			continue
		case a.fixedCase && a.transport == UDP && said != m.said():
			r.reason, c.gone = worse(r.reason, observation.BadResponse), true
			return nil, nil
		}
		said = "" // confirmed, if it had to be
		switch {
		case m.rcode == dns.RcodeBadCookie && a.edns && cookies < 2:
			// The answer brought the right cookie; a server that is still
			// not content gets the question over TCP (RFC 7873 section 5.3).
			if cookies++; cookies == 2 {
				a.transport = TCP
			}
			continue
		case a.edns && withoutEDNS(m):
			if m.hasEDNS && m.rcode == dns.RcodeFormatError && !c.server.noCookie.Load() {
				c.server.noCookie.Store(true)
			} else {
				a.edns, a.do = false, false
			}
			continue
		}
		if !a.edns && m.rcode == dns.RcodeSuccess {
			c.server.noEDNS.Store(true)
		}
		return j.judge(r, c, m), nil
	}
}

// withoutEDNS says whether a response calls for a query without OPT record
// (RFC 6891 sections 6.1.3 and 7).
func withoutEDNS(m *message) bool {
	switch m.rcode {
	case dns.RcodeBadVers, dns.RcodeFormatError:
		return true
	case dns.RcodeNotImplemented:
		return !m.hasEDNS
	}
	return false
}

// judge returns the answer in a response, or nil.
func (j *job) judge(r *round, c *candidate, m *message) *answer {
	rd := reader{
		m: m, zone: r.cut.zone, name: r.name, qtype: r.qtype, mode: j.view.mode,
		now: j.now(), full: j.full, keepGlue: r.keepGlue,
	}
	a, reason := rd.read()
	if a != nil {
		a.from = c.server
	}
	if reason != "" {
		r.reason = worse(r.reason, reason)
		c.gone = reason != observation.ServFail || c.tries > 1
		if j.trace != nil && reason == observation.Lame {
			j.event(Event{Step: StepNoReply, Zone: r.cut.zone, Name: r.name, Type: r.qtype, Host: c.host, Server: c.server.addr, Note: string(reason)})
		}
		return nil
	}
	if a.weak && a.kind != isReferral {
		c.gone = true
		r.weak = a
		return nil
	}
	return a
}

func (j *job) traceTry(r *round, c *candidate, a *attempt) {
	e := Event{
		Step: StepReply, Zone: r.cut.zone, Name: r.name, Type: r.qtype,
		Host: c.host, Server: c.server.addr, Transport: a.transport, RTT: j.out.rtt,
	}
	if j.out.reason != "" {
		e.Step, e.Note = StepNoReply, string(j.out.reason)
	} else {
		e.RCode = j.out.msg.rcode
		if j.out.msg.truncated() {
			e.Note = "truncated"
		}
	}
	j.event(e)
}
