// Package probe observes one target: a domain goes in, a complete observation
// comes out, every verdict with its reason and evidence.
//
// One file holds one probe, a function in the table [probes]. A probe asks
// through the resolver and the dialer it is given, so that it never looks a
// name up elsewhere, never dials an address that may not be dialled, and never
// sends faster than the scan's rates allow.
package probe

import (
	"context"
	"crypto/x509"
	"errors"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
	"github.com/miekg/dns"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/memo"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/optout"
	"adopt6/scanner/resolve"
)

// Resolver is what probes ask; *resolve.Resolver implements it.
type Resolver interface {
	Resolve(ctx context.Context, mode resolve.Mode, name string, qtype uint16) (*resolve.Result, error)
	Delegation(ctx context.Context, mode resolve.Mode, zone string) (*resolve.Delegation, error)
	WholeDelegation(ctx context.Context, mode resolve.Mode, zone string) (*resolve.Delegation, error)
	Exchange(ctx context.Context, q resolve.Query) (*resolve.Reply, error)
}

// Prober observes targets. It may be used by many goroutines at once.
type Prober struct {
	Scan     uuid.UUID
	Vantage  string
	Resolver Resolver
	Dialer   *netaddr.Dialer
	Limiter  resolve.Limiter // holds connections back; nil: no limit
	Routes   Routes          // what this vantage can send
	// ConnectTimeout is the wait for a TCP connection, and StepTimeout that
	// for each step after it: a handshake, a page, a reply.
	ConnectTimeout, StepTimeout time.Duration
	// Authorities judge certificates; nil: those of the system.
	Authorities *x509.CertPool
	// Now is the clock that certificates are judged by; nil: time.Now.
	Now func() time.Time
	// Agent is the User-Agent of HTTP requests, From their mail address, which
	// may be empty, and HELO the name in EHLO. All lead to the people behind
	// the scan.
	Agent, From, HELO string
	// ASN returns the number and the name of the autonomous system that an
	// address lies in; nil or false where that is not known.
	ASN func(netip.Addr) (number uint32, name string, ok bool)
	// OnProbe is called before a probe of a target begins; it may be nil.
	OnProbe func(target, probe string)
	// MaxQueries is how many DNS queries one target may cost over all probes;
	// 0: DefaultMaxQueries. What it leaves unmeasured says limit_queries.
	MaxQueries int
	// SerialWait is how long after its first answer a name server may still
	// serve an old version of its zone.
	SerialWait time.Duration
	// OptOut holds the opt-out policies; nil: none are looked up.
	OptOut *optout.Checker
	// Country returns the facts about a country by its alpha-2 code.
	Country func(alpha2 string) (lists.Country, bool)

	reached     ports                // to which connections were made
	served      ports                // of web and mail servers that did what is expected of them
	servers     shared[serverFact]   // what is known of name servers, whatever the zone
	mailServers memo.Cache[exchange] // what mail servers showed, by name and address; about 1 KB each
	delegations delegationFacts      // of the zones that targets share
}

// Fresh returns a prober with the same settings and empty caches that asks
// another resolver.
func (p *Prober) Fresh(r Resolver) *Prober {
	p.OptOut.ForgetFailures()
	return &Prober{
		Scan: p.Scan, Vantage: p.Vantage, Resolver: r, Dialer: p.Dialer, Limiter: p.Limiter, Routes: p.Routes,
		ConnectTimeout: p.ConnectTimeout, StepTimeout: p.StepTimeout, Authorities: p.Authorities, Now: p.Now,
		Agent: p.Agent, From: p.From, HELO: p.HELO, ASN: p.ASN, OnProbe: p.OnProbe, OptOut: p.OptOut, MaxQueries: p.MaxQueries, SerialWait: p.SerialWait, Country: p.Country,
	}
}

// probes run in this order; each may use what those before it found.
var probes = []struct {
	name string
	run  func(context.Context, *measurement)
}{
	{"delegation", delegation},
	{"nameserver", nameservers},
	{"address", addresses},
	{"web", web},
	{"mail", mail},
	{"resolvability", resolvability},
	{"dnssec", security},
	{"serial", serials}, // last, so that zone transfers have had their time
}

// Measure observes one target; it implements [scanner.Measure]. When the
// context ends early, what was not yet measured says so.
func (p *Prober) Measure(ctx context.Context, target scanner.Pending) *observation.Observation {
	started := time.Now()
	ctx, cancel := p.withinBudget(ctx)
	defer cancel(nil)
	v := p.newMeasurement(target)
	v.askOptOut(ctx)
	for _, probe := range probes {
		if ctx.Err() != nil || v.policy.NoScan {
			break
		}
		if p.OnProbe != nil {
			p.OnProbe(target.Target.Name, probe.name)
		}
		begun := time.Now()
		v.running = probe.name
		probe.run(ctx, v)
		v.obs.Probes = append(v.obs.Probes, observation.ProbeTime{Probe: probe.name, Took: time.Since(begun)})
	}
	v.settle(ctx)
	v.obs.Took = time.Since(started)
	v.obs.Started = started.UTC()
	return v.obs
}

var _ scanner.Measure = (*Prober)(nil).Measure

// measurement is one target's observation while its probes run.
type measurement struct {
	*Prober
	obs *observation.Observation

	running string // the probe at work

	policy  optout.Policy       // of the target's operators
	zone    string              // the zone the target lies in, once delegation has found it
	parent  *resolve.Delegation // what the zone above says of it
	serials []zoneSerial        // of the zone, from each address that answered
	signed  []signedAnswer      // the SOA record with its signatures, from each of them
	// parentsDiffer says that servers of the zone above do not say the same of it.
	parentsDiffer bool

	exchangersV6 []exchangerV6 // that take the target's mail

	hosts    map[string]*host   // addresses of every host looked up
	failures map[[2]string]bool // names and reasons of lookups that failed, see findFailure

	mu sync.Mutex // guards obs.Queries, obs.Endpoints, hosts and failures
}

func (p *Prober) newMeasurement(target scanner.Pending) *measurement {
	obs := &observation.Observation{Scan: p.Scan, Position: target.Position, Target: target.Target, Vantage: p.Vantage}
	if country, ok := p.Country(target.Target.Country); ok {
		obs.Country = country
	}
	unseen := observation.Verdict{Status: observation.Unmeasured, Reason: observation.NotProbed}
	for _, verdict := range obs.Verdicts() {
		*verdict = unseen
	}
	return &measurement{Prober: p, obs: obs, hosts: make(map[string]*host), failures: make(map[[2]string]bool)}
}

// settle names the reason of what was left out or cut short and derives the
// readiness.
func (v *measurement) settle(ctx context.Context) {
	switch {
	case v.policy.NoScan:
		for _, verdict := range v.obs.Verdicts() {
			*verdict = unmeasured(observation.OptedOut)
		}
		v.obs.DNSSECReason = observation.OptedOut
	case ctx.Err() != nil:
		for _, verdict := range v.obs.Verdicts() {
			if verdict.Reason == observation.NotProbed {
				verdict.Reason = interrupted(ctx)
			}
		}
	}
	v.obs.Readiness = readiness(v.obs)
	v.systems()
}

// name is the target's name as the resolver takes it.
func (v *measurement) name() string { return dns.Fqdn(v.obs.Target.Name) }

// lookup asks for a record set and returns its records; without any, reason
// says why: empty for a name or type that does not exist. Why a name could not
// be resolved is kept as evidence.
func (v *measurement) lookup(ctx context.Context, mode resolve.Mode, name string, qtype uint16) (result *resolve.Result, reason observation.Reason) {
	if v.OptOut.Covers(name) {
		return &resolve.Result{Name: name, Type: qtype, RCode: dns.RcodeServerFailure}, observation.OptedOut
	}
	result, err := v.Resolver.Resolve(ctx, mode, name, qtype)
	if err != nil {
		return &resolve.Result{Name: name, Type: qtype, RCode: dns.RcodeServerFailure}, interrupted(ctx)
	}
	v.mu.Lock()
	v.obs.Queries += uint32(result.Queries)
	v.mu.Unlock()
	reason = result.Reason
	if mode == resolve.Dual {
		v.findFailure(result)
	}
	return result, reason
}

// findFailure keeps why a lookup gave nothing, or what its answer lacks to be
// believed: once for each name and reason, as that is mostly the same for
// every type.
func (v *measurement) findFailure(r *resolve.Result) {
	verdict, zone := unmeasured(r.Reason), r.Zone
	if r.Reason == "" {
		if r.State != observation.Bogus {
			return
		}
		verdict, zone = broken(r.StateReason), r.StateZone
	}
	failure := [2]string{r.Name, string(verdict.Reason)}
	v.mu.Lock()
	known := v.failures[failure]
	v.failures[failure] = true
	v.mu.Unlock()
	if !known {
		v.find(v.running, r.Name, verdict, "resolution ended in the zone "+zone)
	}
}

// interrupted is the reason of a failure that the network did not cause: the
// target's budget of queries or its time is spent, or this host has a fault.
func interrupted(ctx context.Context) observation.Reason {
	switch {
	case ctx.Err() == nil:
		return observation.LocalFault
	case errors.Is(context.Cause(ctx), resolve.ErrBudget):
		return observation.LimitQueries
	}
	return observation.TargetTimeout
}

// ownFault says whether a reason is about this scan and not about the target.
func ownFault(r observation.Reason) bool {
	switch r {
	case observation.TargetTimeout, observation.LocalFault, observation.LimitQueries:
		return true
	}
	return false
}

// record keeps a piece of evidence.
func (v *measurement) record(e observation.Endpoint) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.obs.Endpoints = append(v.obs.Endpoints, e)
}

// find keeps a finding about a host or a zone: evidence without a contact.
func (v *measurement) find(probe, subject string, verdict observation.Verdict, detail string) {
	v.record(observation.Endpoint{Probe: probe, Host: strings.TrimSuffix(subject, "."), Verdict: verdict, Detail: detail[:min(len(detail), 255)]})
}

// now is the time that certificates are judged by.
func (v *measurement) now() time.Time {
	if v.Now != nil {
		return v.Now()
	}
	return time.Now()
}

// unmeasured returns the verdict that the vantage could not tell.
func unmeasured(reason observation.Reason) observation.Verdict {
	return observation.Verdict{Status: observation.Unmeasured, Reason: reason}
}

func absent(reason observation.Reason) observation.Verdict {
	return observation.Verdict{Status: observation.Absent, Reason: reason}
}

func broken(reason observation.Reason) observation.Verdict {
	return observation.Verdict{Status: observation.Broken, Reason: reason}
}

func partial(reason observation.Reason) observation.Verdict {
	return observation.Verdict{Status: observation.Partial, Reason: reason}
}

// hindrances are findings that keep some users from reaching the domain, or
// could send them elsewhere: they keep it from the highest level.
var hindrances = []observation.Reason{observation.NSUnregistered, observation.NSNoAddress, observation.DanglingAlias}

// hindered says whether the domain has such a finding, or does not wholly work
// for those without IPv6 (RFC 10001). What this vantage could not tell is
// not held against it.
func hindered(o *observation.Observation) bool {
	for _, v := range []observation.Verdict{o.DNSV4, o.WebV4, o.MailV4} {
		if v.Status == observation.Broken || v.Status == observation.Partial || v.Reason == observation.NoNSA || v.Reason == observation.NoA {
			return true
		}
	}
	return slices.ContainsFunc(o.Findings(), func(r observation.Reason) bool { return slices.Contains(hindrances, r) })
}

// readiness is the ladder of docs/verdicts.md: the number of steps from the
// bottom that the target has taken without leaving one out.
func readiness(o *observation.Observation) uint8 {
	works := func(v observation.Verdict) bool { return v.Status == observation.OK || v.Status == observation.Partial }
	published := func(v observation.Verdict) bool { return works(v) || v.Status == observation.Broken }
	registry := o.Target.Kind.IsZone() // a TLD has no web site or mail of its own
	mail := hasNoMail(o.Mail) || o.Mail.Status == observation.OK && o.MailV6Only.Status == observation.OK
	steps := []bool{
		published(o.DNS) || published(o.Web) || published(o.Mail),
		works(o.DNS),
		registry || works(o.Web),
		o.V6Only.Status == observation.OK,
		o.DNS.Status == observation.OK && !hindered(o) &&
			(registry || o.Web.Status == observation.OK && mail),
	}
	for level, taken := range steps {
		if !taken {
			return uint8(level)
		}
	}
	return uint8(len(steps))
}
