// Package forecast says what a scan would send, to whom and for how long,
// before it sends anything.
//
// In: targets, with what an earlier scan sent for them where there was one, and
// the caps of the scan. Out: queries and connections by operator, and the time
// that each limit asks for. It asks nobody, and what it estimates is marked.
package forecast

import (
	"cmp"
	"net/netip"
	"slices"
	"time"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/observation"
)

// Limits are those of the scan.
type Limits struct {
	scanner.Caps
	Workers int
	// Name returns what the table of autonomous systems calls one that an
	// address lies in; nil without a table.
	Name func(netip.Addr) string
}

// typical is what is taken for a target where nothing of its kind was ever
// scanned: about what the demo laboratory sees. See docs/ethics.md.
var typical = map[bool]observation.Load{ // by whether it is a ccTLD
	true:  {Queries: 42, Took: 6 * time.Second},
	false: {Queries: 29, Took: 8 * time.Second},
}

const typicalConnections = 9

// Plan adds up. Its methods are for one goroutine.
type Plan struct {
	limits  Limits
	known   map[bool][]observation.Load // without their addresses, by whether a ccTLD
	missing map[bool]uint64
	packets map[netip.Addr]packets
	counts  map[[2]string]uint64
	sum     Forecast
}

type packets struct{ queries, connections float64 }

// New returns an empty plan.
func New(limits Limits) *Plan {
	return &Plan{limits: limits, known: make(map[bool][]observation.Load), missing: make(map[bool]uint64),
		packets: make(map[netip.Addr]packets), counts: make(map[[2]string]uint64)}
}

// OptOut counts a target to which nothing is sent.
func (p *Plan) OptOut() { p.sum.Targets++; p.sum.OptedOut++ }

// Add takes a target; load is nil where no scan knows it. Its queries are
// shared out evenly among its name servers: how many of them go to the root and
// to registries depends on what else is scanned.
func (p *Plan) Add(target lists.Target, load *observation.Load) {
	p.sum.Targets++
	p.counts[[2]string{target.Country, string(target.Kind)}]++
	cctld := target.Kind.IsZone()
	if load == nil {
		p.missing[cctld]++
		return
	}
	p.sum.Known++
	if load.OptedOut {
		p.sum.OptedOutBefore++
		return
	}
	made := load.ConnectionCount()
	p.sum.Queries += load.Queries
	p.sum.Connections += made
	p.known[cctld] = append(p.known[cctld], observation.Load{Queries: load.Queries, Took: load.Took, Connections: map[netip.Addr]uint64{{}: made}})
	for _, a := range load.Servers {
		sent := p.packets[a]
		sent.queries += float64(load.Queries) / float64(len(load.Servers))
		p.packets[a] = sent
	}
	for a, n := range load.Connections {
		sent := p.packets[a]
		sent.connections += float64(n)
		p.packets[a] = sent
	}
}

// Forecast is what a scan would send.
type Forecast struct {
	Targets  uint64 `json:"targets"`
	OptedOut uint64 `json:"opted_out"` // by the list; TXT records are not asked
	// OptedOutBefore are those that were opted out in the scan that knows them,
	// by a TXT record or the list of then; nothing is counted for them.
	OptedOutBefore uint64 `json:"opted_out_before"`
	Known          uint64 `json:"known"`     // measured by an earlier scan
	Estimated      uint64 `json:"estimated"` // never measured: the medians of their kind stand for them
	Queries        uint64 `json:"queries"`
	Connections    uint64 `json:"connections"`
	// ByEstimate is how many of these are for targets never measured; their
	// operators are not known.
	ByEstimate struct {
		Queries     uint64 `json:"queries"`
		Connections uint64 `json:"connections"`
	} `json:"by_estimate"`
	Countries []Count     `json:"countries"`
	Operators []Operator  `json:"operators"` // those who get most first
	Limits    []LimitTime `json:"limits"`    // the one that takes longest first
	Seconds   float64     `json:"seconds"`   // the least that the scan takes: that of the first limit
}

// Count is how many targets of a kind a country has.
type Count struct {
	Country string `json:"country"` // ISO 3166-1 alpha-2; empty for none
	Kind    string `json:"kind"`
	Targets uint64 `json:"targets"`
}

// Operator is what one would get.
type Operator struct {
	ID          string `json:"operator"` // AS64496, or a network
	Name        string `json:"name,omitempty"`
	Addresses   uint64 `json:"addresses"`
	Queries     uint64 `json:"queries"`
	Connections uint64 `json:"connections"`
}

// LimitTime is how long a scan takes that nothing but one limit holds up.
type LimitTime struct {
	Setting string  `json:"setting"`
	Value   int     `json:"value"`
	Seconds float64 `json:"seconds"`
	At      string  `json:"at,omitempty"` // the address or operator that gets most
}

// Forecast adds everything up.
func (p *Plan) Forecast() Forecast {
	f := p.sum
	f.Countries, f.Operators, f.Limits = []Count{}, []Operator{}, []LimitTime{}
	busy := p.estimate(&f)
	operators := make(map[scanner.Operator]*Operator)
	loads := make(map[scanner.Operator]float64)
	var mostAddr netip.Addr
	var most float64
	for a, sent := range p.packets {
		key := scanner.OperatorOf(a, p.limits.ASN)
		o := operators[key]
		if o == nil {
			o = &Operator{ID: key.String()}
			operators[key] = o
		}
		if o.Name == "" && p.limits.Name != nil {
			o.Name = p.limits.Name(a)
		}
		o.Addresses++
		o.Queries += uint64(sent.queries + 0.5)
		o.Connections += uint64(sent.connections + 0.5)
		total := sent.queries + sent.connections
		loads[key] += total
		if total > most || total == most && a.Less(mostAddr) {
			mostAddr, most = a, total
		}
	}
	var mostOperator string
	var mostLoad float64
	for key, o := range operators {
		f.Operators = append(f.Operators, *o)
		if l := loads[key]; l > mostLoad || l == mostLoad && o.ID < mostOperator {
			mostOperator, mostLoad = o.ID, l
		}
	}
	slices.SortFunc(f.Operators, func(a, b Operator) int {
		return cmp.Or(cmp.Compare(b.Queries+b.Connections, a.Queries+a.Connections), cmp.Compare(a.ID, b.ID))
	})
	for key, n := range p.counts {
		f.Countries = append(f.Countries, Count{key[0], key[1], n})
	}
	slices.SortFunc(f.Countries, func(a, b Count) int { return cmp.Or(cmp.Compare(a.Country, b.Country), cmp.Compare(a.Kind, b.Kind)) })
	f.limit("scan.rate", p.limits.Overall, float64(f.Queries+f.Connections), "")
	f.limit("scan.rate_per_server", p.limits.PerServer, most, text(mostAddr))
	f.limit("scan.rate_per_operator", p.limits.PerOperator, mostLoad, mostOperator)
	f.limit("scan.workers", p.limits.Workers, busy.Seconds(), "")
	slices.SortStableFunc(f.Limits, func(a, b LimitTime) int { return cmp.Compare(b.Seconds, a.Seconds) })
	if len(f.Limits) > 0 {
		f.Seconds = f.Limits[0].Seconds
	}
	return f
}

func text(a netip.Addr) string {
	if !a.IsValid() {
		return ""
	}
	return a.String()
}

// limit adds the time that work takes at so much a second; 0 means no limit.
func (f *Forecast) limit(setting string, perSecond int, work float64, at string) {
	if perSecond <= 0 {
		return
	}
	f.Limits = append(f.Limits, LimitTime{setting, perSecond, work / float64(perSecond), at})
}

// estimate adds what targets never measured would get, and returns how long all
// targets together took, one after the other.
func (p *Plan) estimate(f *Forecast) (busy time.Duration) {
	for _, cctld := range []bool{true, false} {
		known := p.known[cctld]
		for _, l := range known {
			busy += l.Took
		}
		n := p.missing[cctld]
		if n == 0 {
			continue
		}
		usual, made := typical[cctld], uint64(typicalConnections)
		if cctld {
			made = 0
		}
		if len(known) > 0 {
			usual.Queries = median(known, func(l observation.Load) uint64 { return l.Queries })
			usual.Took = time.Duration(median(known, func(l observation.Load) uint64 { return uint64(l.Took) }))
			made = median(known, func(l observation.Load) uint64 { return l.ConnectionCount() })
		}
		f.Estimated += n
		f.ByEstimate.Queries += n * usual.Queries
		f.ByEstimate.Connections += n * made
		busy += time.Duration(n) * usual.Took
	}
	f.Queries += f.ByEstimate.Queries
	f.Connections += f.ByEstimate.Connections
	return busy
}

func median(known []observation.Load, of func(observation.Load) uint64) uint64 {
	values := make([]uint64, len(known))
	for i, l := range known {
		values[i] = of(l)
	}
	slices.Sort(values)
	return values[len(values)/2]
}
