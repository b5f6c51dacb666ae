package main

import (
	"context"
	"fmt"
	"sync"

	"github.com/miekg/dns"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/probe"
	"adopt6/scanner/resolve"
)

// tracer stands between the probes and the resolver and keeps every step, by
// look-up: the look-ups of one probe go on at the same time.
type tracer struct {
	probe.Resolver
	mu     sync.Mutex
	probes []probeTrace
}

// probeTrace is what one probe asked.
type probeTrace struct {
	Probe   string        `json:"probe"`
	Lookups []lookupTrace `json:"lookups"`
}

// lookupTrace is one look-up from the root, or one question to one server.
type lookupTrace struct {
	Question string          `json:"question"`
	Steps    []resolve.Event `json:"steps"`
}

// begin says that what is asked from now on is asked by a probe.
func (t *tracer) begin(probe string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.probes = append(t.probes, probeTrace{Probe: probe, Lookups: []lookupTrace{}})
}

// take returns what was kept and begins anew.
func (t *tracer) take() []probeTrace {
	t.mu.Lock()
	defer t.mu.Unlock()
	kept := t.probes
	t.probes = nil
	return kept
}

func (t *tracer) keep(question string, steps []resolve.Event) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.probes) == 0 {
		return
	}
	last := &t.probes[len(t.probes)-1]
	last.Lookups = append(last.Lookups, lookupTrace{Question: question, Steps: steps})
}

// families names a mode for people.
var families = map[resolve.Mode]string{resolve.Dual: "", resolve.V4Only: " without IPv6", resolve.V6Only: " without IPv4"}

// Resolve implements [probe.Resolver].
func (t *tracer) Resolve(ctx context.Context, mode resolve.Mode, name string, qtype uint16) (*resolve.Result, error) {
	var steps []resolve.Event
	result, err := t.Resolver.Resolve(resolve.WithTrace(ctx, func(e resolve.Event) { steps = append(steps, e) }), mode, name, qtype)
	t.keep(name+" "+dns.Type(qtype).String()+families[mode], steps)
	return result, err
}

// Delegation implements [probe.Resolver].
func (t *tracer) Delegation(ctx context.Context, mode resolve.Mode, zone string) (*resolve.Delegation, error) {
	return t.delegation(ctx, t.Resolver.Delegation, mode, zone)
}

// WholeDelegation implements [probe.Resolver].
func (t *tracer) WholeDelegation(ctx context.Context, mode resolve.Mode, zone string) (*resolve.Delegation, error) {
	return t.delegation(ctx, t.Resolver.WholeDelegation, mode, zone)
}

func (t *tracer) delegation(ctx context.Context, ask func(context.Context, resolve.Mode, string) (*resolve.Delegation, error),
	mode resolve.Mode, zone string) (*resolve.Delegation, error) {
	var steps []resolve.Event
	d, err := ask(resolve.WithTrace(ctx, func(e resolve.Event) { steps = append(steps, e) }), mode, zone)
	t.keep(zone+" delegation"+families[mode], steps)
	return d, err
}

// Exchange implements [probe.Resolver]: one question to one server.
func (t *tracer) Exchange(ctx context.Context, q resolve.Query) (*resolve.Reply, error) {
	reply, err := t.Resolver.Exchange(ctx, q)
	e := resolve.Event{Step: resolve.StepNoReply, Name: dns.Fqdn(q.Name), Type: q.Type, Host: "server", Server: q.Server, Transport: q.Transport, Note: string(resolve.Reason(err))}
	if err == nil {
		e.Step, e.RCode, e.RTT = resolve.StepReply, reply.Msg.Rcode, reply.RTT
	}
	t.keep(fmt.Sprintf("%s %s at %s", dns.Fqdn(q.Name), dns.Type(q.Type), q.Server.Addr()), []resolve.Event{e})
	return reply, err
}

// trace prints what every probe asked.
func (p *page) trace(probes []probeTrace) error {
	if probes == nil {
		return p.err
	}
	p.put()
	p.put(text{strong, "What was asked"})
	for _, t := range probes {
		p.put()
		p.put(text{strong, "  " + t.Probe})
		if len(t.Lookups) == 0 {
			p.put(text{faint, "    nothing that was not known already"})
		}
		for _, l := range t.Lookups {
			p.put(text{plain, "    " + terminal.Clean(l.Question)})
			for _, step := range l.Steps {
				p.put(text{faint, "    " + step.String()})
			}
		}
	}
	return p.err
}
