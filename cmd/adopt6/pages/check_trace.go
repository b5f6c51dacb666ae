package pages

import (
	"context"
	"fmt"
	"sync"

	"github.com/miekg/dns"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/probe"
	"adopt6/scanner/resolve"
)

// Tracer stands between the probes and the resolver and keeps every step, by
// lookup: the lookups of one probe run at the same time.
type Tracer struct {
	probe.Resolver
	mu     sync.Mutex
	probes []ProbeTrace
}

// ProbeTrace is what one probe asked.
type ProbeTrace struct {
	Probe   string        `json:"probe"`
	Lookups []LookupTrace `json:"lookups"`
}

// LookupTrace is one lookup from the root, or one question to one server.
type LookupTrace struct {
	Question string          `json:"question"`
	Steps    []resolve.Event `json:"steps"`
}

// Begin says that what is asked from now on is asked by a probe.
func (t *Tracer) Begin(probe string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.probes = append(t.probes, ProbeTrace{Probe: probe, Lookups: []LookupTrace{}})
}

// Take returns what was kept and begins anew.
func (t *Tracer) Take() []ProbeTrace {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := t.probes
	t.probes = nil
	return kept
}

func (t *Tracer) keep(question string, steps []resolve.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.probes) == 0 {
		return
	}
	last := &t.probes[len(t.probes)-1]
	last.Lookups = append(last.Lookups, LookupTrace{Question: question, Steps: steps})
}

// families names a mode for people.
var families = map[resolve.Mode]string{resolve.Dual: "", resolve.V4Only: " without IPv6", resolve.V6Only: " without IPv4"}

// Resolve implements [probe.Resolver].
func (t *Tracer) Resolve(ctx context.Context, mode resolve.Mode, name string, qtype uint16) (*resolve.Result, error) {
	var steps []resolve.Event
	result, err := t.Resolver.Resolve(resolve.WithTrace(ctx, func(e resolve.Event) { steps = append(steps, e) }), mode, name, qtype)
	t.keep(name+" "+dns.Type(qtype).String()+families[mode], steps)
	return result, err
}

// Delegation implements [probe.Resolver].
func (t *Tracer) Delegation(ctx context.Context, mode resolve.Mode, zone string) (*resolve.Delegation, error) {
	return t.delegation(ctx, t.Resolver.Delegation, mode, zone)
}

// WholeDelegation implements [probe.Resolver].
func (t *Tracer) WholeDelegation(ctx context.Context, mode resolve.Mode, zone string) (*resolve.Delegation, error) {
	return t.delegation(ctx, t.Resolver.WholeDelegation, mode, zone)
}

func (t *Tracer) delegation(ctx context.Context, ask func(context.Context, resolve.Mode, string) (*resolve.Delegation, error),
	mode resolve.Mode, zone string) (*resolve.Delegation, error) {
	var steps []resolve.Event
	d, err := ask(resolve.WithTrace(ctx, func(e resolve.Event) { steps = append(steps, e) }), mode, zone)
	t.keep(zone+" delegation"+families[mode], steps)
	return d, err
}

// Exchange implements [probe.Resolver]: one question to one server.
func (t *Tracer) Exchange(ctx context.Context, q resolve.Query) (*resolve.Reply, error) {
	reply, err := t.Resolver.Exchange(ctx, q)
	e := resolve.Event{Step: resolve.StepNoReply, Name: dns.Fqdn(q.Name), Type: q.Type, Host: "server", Server: q.Server, Transport: q.Transport, Note: string(resolve.Reason(err))}
	if err == nil {
		e.Step, e.RCode, e.RTT = resolve.StepReply, reply.Msg.Rcode, reply.RTT
	}
	t.keep(fmt.Sprintf("%s %s at %s", dns.Fqdn(q.Name), dns.Type(q.Type), q.Server.Addr()), []resolve.Event{e})
	return reply, err
}

// Trace prints what every probe asked.
func (p *Page) Trace(probes []ProbeTrace) error {
	if probes == nil {
		return p.err
	}
	p.Put()
	p.Put(text{strong, "What was asked"})
	for _, t := range probes {
		p.Put()
		p.Put(text{strong, "  " + t.Probe})
		if len(t.Lookups) == 0 {
			p.Put(text{faint, "    nothing that was not known already"})
		}
		for _, l := range t.Lookups {
			p.Put(text{plain, "    " + terminal.Clean(l.Question)})
			for _, step := range l.Steps {
				p.Put(text{faint, "    " + step.String()})
			}
		}
	}
	return p.err
}
