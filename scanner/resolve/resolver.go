package resolve

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

const (
	defaultTimeout    = 2 * time.Second
	defaultRetries    = 2
	defaultCacheBytes = 256 << 20
)

// Resolver resolves. It may be used from any number of goroutines.
type Resolver struct {
	config  Config
	servers *servers
	udp     *udpTransport
	tcp     *tcpTransport
	views   [modes]*view
	jobs    sync.Pool
	counts  queryCounts
}

// view is what has been learnt in one mode.
type view struct {
	mode     Mode
	hints    *cut
	root     atomic.Pointer[cut] // primed; nil before
	priming  chan struct{}       // held by the one job that primes
	cuts     *cache[*cut]
	answers  *cache[*answer]
	failures *cache[observation.Reason] // reasons, RFC 9520
	flights  *flights[*answer]
	zones    *cache[*dnssec.Zone]
	building *flights[*dnssec.Zone]
}

// New returns a resolver. It sends nothing before it is asked, and holds
// sockets until it is closed.
func New(config Config) (*Resolver, error) {
	if config.Dialer == nil {
		config.Dialer = new(netaddr.Dialer)
	}
	if config.Roots == nil {
		config.Roots = BuiltinHints()
	}
	if config.Timeout <= 0 {
		config.Timeout = defaultTimeout
	}
	config.Retries = retries(config.Retries, defaultRetries)
	config.Limits = config.Limits.orDefault()
	if config.CacheBytes <= 0 {
		config.CacheBytes = defaultCacheBytes
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	r := &Resolver{config: config, servers: newServers(config.Dialer), udp: newUDPTransport(), tcp: newTCPTransport()}
	found := false
	for m := range modes {
		r.views[m] = newView(m, &r.config)
		found = found || slices.ContainsFunc(r.views[m].hints.ns, func(h nsHost) bool { return len(h.addrs) > 0 })
	}
	if !found {
		return nil, fmt.Errorf("no address of any root server")
	}
	return r, nil
}

func newView(m Mode, config *Config) *view {
	// Most runs use two modes; each may take half.
	size := config.CacheBytes / 2
	v := &view{
		mode:     m,
		hints:    &cut{zone: "."},
		priming:  make(chan struct{}, 1),
		cuts:     newCache[*cut](size*6/16, config.Now),
		answers:  newCache[*answer](size*5/16, config.Now),
		zones:    newCache[*dnssec.Zone](size*4/16, config.Now),
		failures: newCache[observation.Reason](size*1/16, config.Now),
		flights:  newFlights[*answer](),
		building: newFlights[*dnssec.Zone](),
	}
	for _, root := range config.Roots {
		host := nsHost{name: dns.CanonicalName(root.Name)}
		for _, a := range root.Addrs {
			if m.uses(a) {
				host.addrs = append(host.addrs, a)
			}
		}
		v.hints.ns = append(v.hints.ns, host)
	}
	return v
}

// Close ends what is under way and closes every socket.
func (r *Resolver) Close() error {
	r.udp.close()
	r.tcp.close()
	return nil
}

// Resolve looks up name and type, starting at the root, and follows aliases.
// The error is the context's, or says that name is not a domain name; all else
// that can go wrong is in the result.
func (r *Resolver) Resolve(ctx context.Context, mode Mode, name string, qtype uint16) (*Result, error) {
	name, err := canonical(name)
	if err != nil {
		return nil, err
	}
	j := r.newJob(ctx, mode)
	defer j.end()
	result := &Result{Name: name, Type: qtype}
	err = j.resolve(result)
	result.Queries = j.queries
	if err != nil {
		return nil, fmt.Errorf("resolve %s %s: %w", name, dns.Type(qtype), err)
	}
	return result, nil
}

// resolve follows name through its aliases.
func (j *job) resolve(result *Result) error {
	name := result.Name
	seen := []string{name}
	expires := int64(0)
	result.StateReason, result.StateZone = observation.NoAnchor, "."
	if j.full {
		result.State, result.StateReason, result.StateZone = observation.Secure, "", ""
		result.At = j.validator.At()
	}
	for {
		a, f := j.lookup(name, result.Type)
		if f == nil && j.full {
			a, f = j.secureLink(result, name, a)
		}
		if f != nil {
			if f.err != nil {
				return f.err
			}
			result.RCode, result.Reason, result.Zone = dns.RcodeServerFailure, f.reason, f.zone
			if result.State == observation.Secure {
				j.withoutAnswer(result, name, f)
			}
			return nil
		}
		if expires == 0 || a.expires < expires {
			expires = a.expires
		}
		result.TTL = time.Duration(max(0, expires-j.now())) * time.Second
		result.Answer = append(result.Answer, withoutSignatures(a.rrs, result.Type)...)
		result.Zone, result.RCode = a.zone, a.rcode
		if a.kind != isAlias {
			return nil
		}
		name = a.target
		if j.trace != nil {
			j.event(Event{Step: StepAlias, Zone: a.zone, Name: seen[len(seen)-1], Type: result.Type, Note: name})
		}
		var reason observation.Reason
		if slices.Contains(seen, name) {
			reason = observation.AliasLoop
		} else if len(seen) > j.r.config.Limits.Aliases {
			reason = observation.LimitAliases
		}
		if reason != "" {
			result.RCode, result.Reason = dns.RcodeServerFailure, reason
			return nil
		}
		seen = append(seen, name)
	}
}

// secureLink judges one link of the chain of aliases and takes the judgement
// into the result.
func (j *job) secureLink(result *Result, name string, a *answer) (*answer, *failure) {
	got, a, f := j.secure(name, result.Type, a)
	if f != nil {
		return nil, f
	}
	if dnssec.Worse(result.State, got.State) != result.State {
		result.State, result.StateReason, result.StateZone = got.State, got.Reason, got.Zone
	}
	if len(result.Facts.Algorithms) == 0 && result.Facts.Expires.IsZero() {
		result.Facts = got.Facts
	} else {
		result.Facts = result.Facts.Merge(got.Facts)
	}
	return a, nil
}

// withoutSignatures returns rrs without the RRSIG records that were fetched
// for validation only.
func withoutSignatures(rrs []dns.RR, qtype uint16) []dns.RR {
	if qtype == dns.TypeRRSIG || qtype == dns.TypeANY {
		return rrs
	}
	keep := make([]dns.RR, 0, len(rrs))
	for _, rr := range rrs {
		if rr.Header().Rrtype != dns.TypeRRSIG {
			keep = append(keep, rr)
		}
	}
	return keep
}
