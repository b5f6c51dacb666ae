package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync/atomic"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/pages"
	"adopt6/cmd/adopt6/terminal"
	"adopt6/configs"
	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/advice"
	"adopt6/scanner/campaign"
	"adopt6/scanner/network"
	"adopt6/scanner/observation"
	"adopt6/scanner/probe"
	"adopt6/scanner/resolve"
)

// checkFlags are the flags of the check command.
type checkFlags struct {
	json, explain bool
	failBelow     int
	lab           string
	skipPreflight bool
}

func newCheckCommand(a *app) *cobra.Command {
	var f checkFlags
	cmd := &cobra.Command{
		Use:   "check DOMAIN...",
		Short: "Measure a domain and say what to do about it",
		Long: `Measure domains one after the other, with all probes of a scan, and print for
each a page: what was checked over IPv4 and IPv6 side by side, what fails, why,
whose fix it is, what to type to see it and what to ask the provider for. The
most valuable advice comes first. Nothing is stored.

A domain may be written in any script. A ccTLD is judged as one: by its name
servers, without web and mail.

The exit code is 0 whatever the verdict; with --fail-below it is 1 for a domain
that has not reached the level, for an operator's own monitoring. It is 1 as
well where nothing could be measured.`,
		Example: `  adopt6 check service-public.gouv.tg
  adopt6 check tg gouv.tg --explain | less
  adopt6 check --json gouv.tg | jq '{dns_v6, web_v6, mail_v6, v6_only}'
  adopt6 check --fail-below 4 www.example.org && echo ready`,
		Args: minArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.check(cmd.Context(), &f, args)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&f.json, "json", false, "print one JSON object a line for each domain (docs/check.md)")
	flags.BoolVar(&f.explain, "explain", false, "show every DNS query under the probe that sent it")
	configs.IntFlag(flags, &f.failBelow, "fail-below", 0, len(advice.Levels())-1, "exit with 1 when a domain's readiness is below this `level`; 0 is none")
	flags.StringVar(&f.lab, "lab", "", "check domains of a running lab, by the `file` that 'adopt6 lab up' wrote")
	registerProbeFlags(cmd)
	registerPreflightFlag(cmd, &f.skipPreflight)
	return cmd
}

// check does what the flags ask for.
func (a *app) check(ctx context.Context, f *checkFlags, args []string) error {
	net, err := a.openNetwork(f.lab)
	if err != nil {
		return err
	}
	targets, err := checkTargets(args)
	if err != nil {
		return err
	}
	prober, resolver, err := net.Prober(ctx, a.settings, net.Rates(a.settings), uuid.New(), a.vantage())
	if err != nil {
		return err
	}
	defer resolver.Close()
	if !prober.Routes.V4 && !prober.Routes.V6 {
		return fmt.Errorf("this vantage has neither an IPv4 nor an IPv6 route, so nothing can be measured; see: %s doctor", calledAs())
	}
	if !f.skipPreflight {
		if err := a.checkVantage(ctx, net, resolver, prober, targets); err != nil {
			return err
		}
	}
	c := checker{app: a, flags: f, prober: prober, page: pages.NewPage(a.out), reasons: observation.Reasons(), total: int64(len(targets))}
	c.page.Lab = f.lab != ""
	if net.Now != nil {
		c.page.Now = net.Now()
	}
	if f.explain {
		c.trace = new(pages.Tracer)
		c.trace.Resolver = prober.Resolver
		prober.Resolver = c.trace
	}
	return c.run(ctx, targets)
}

// checkVantage finds out what this vantage can do and tells the prober. It says
// what is missing, and returns an error where every verdict would be wrong.
func (a *app) checkVantage(ctx context.Context, net *network.Network, resolver *resolve.Resolver, prober *probe.Prober, targets []lists.Target) error {
	found, err := net.Preflight(ctx, a.settings, resolver, lists.Each(slices.Values(targets)), nil)
	if err != nil {
		return err
	}
	prober.Routes = probe.RoutesOf(found.Capabilities)
	if len(found.Failed()) == 0 {
		return nil
	}
	announce(a.errOut, found)
	if stops := found.Stops(); len(stops) > 0 {
		return &campaign.UnfitError{Checks: stops}
	}
	return nil
}

// checkTargets reads the domains.
func checkTargets(args []string) ([]lists.Target, error) {
	var targets []lists.Target
	for _, arg := range args {
		ascii, unicode, err := lists.Normalize(arg)
		if err != nil {
			return nil, asMisuse(err)
		}
		t := lists.Target{Name: ascii, Unicode: unicode, Kind: lists.Custom, Country: lists.CountryOf(ascii)}
		if _, ok := lists.TLDByName(ascii); ok {
			t.Kind = lists.CCTLD
		}
		targets = append(targets, t)
	}
	return targets, nil
}

// checker measures one domain after the other and prints what was found.
type checker struct {
	*app
	flags   *checkFlags
	prober  *probe.Prober
	page    *pages.Page
	reasons []observation.ReasonInfo
	trace   *pages.Tracer // nil without --explain
	total   int64
	done    atomic.Int64
	probing atomic.Pointer[string] // the probe at work, for the progress line
}

func (c *checker) run(ctx context.Context, targets []lists.Target) error {
	c.prober.OnProbe = func(target, probe string) {
		words := target + ": " + probe
		c.probing.Store(&words)
		if c.trace != nil {
			c.trace.Begin(probe)
		}
	}
	var failed []error
	for i, target := range targets {
		o, err := c.measure(ctx, scanner.Pending{Position: uint64(i), Target: target})
		if err != nil {
			return err
		}
		if err := c.print(i, o); err != nil {
			return fmt.Errorf("print: %w", err)
		}
		failed = append(failed, c.judge(o))
	}
	return errors.Join(failed...)
}

// measure observes one target, with a progress line meanwhile.
func (c *checker) measure(ctx context.Context, target scanner.Pending) (*observation.Observation, error) {
	words := target.Target.Name
	c.probing.Store(&words)
	stop := terminal.Progress(c.errOut, "check", "domains", func() terminal.Moment {
		return terminal.Moment{Done: c.done.Load(), Total: c.total, Detail: *c.probing.Load()}
	})
	defer stop()
	limited, cancel := context.WithTimeout(ctx, c.settings.Scan.Timeout)
	defer cancel()
	o := c.prober.Measure(limited, target)
	c.done.Add(1)
	return o, ctx.Err()
}

func (c *checker) print(i int, o *observation.Observation) error {
	todo := advice.For(o, c.reasons)
	var traces []pages.ProbeTrace
	if c.trace != nil {
		traces = c.trace.Take()
	}
	if c.flags.json {
		return pages.CheckJSON(c.out, o, todo, traces, c.trace != nil)
	}
	if i > 0 {
		c.page.Put()
		c.page.Put()
	}
	if err := c.page.Print(o, todo); err != nil {
		return err
	}
	return c.page.Trace(traces)
}

// judge returns an error where nothing could be measured or the domain has not
// reached the level that is asked for.
func (c *checker) judge(o *observation.Observation) error {
	switch {
	case unseen(o):
		return fmt.Errorf("%s: nothing could be measured from here (%s)", o.Target.Name, o.DNS.Reason)
	case c.flags.failBelow == 0:
		return nil
	case !c.prober.Routes.V6:
		return fmt.Errorf("%s: its readiness cannot be judged from a vantage without IPv6", o.Target.Name)
	case int(o.Readiness) < c.flags.failBelow:
		return fmt.Errorf("%s: readiness %d is below %d", o.Target.Name, o.Readiness, c.flags.failBelow)
	}
	return nil
}

// unseen says whether no verdict on the domain could be reached, by no fault of
// its own.
func unseen(o *observation.Observation) bool {
	ours := []observation.Reason{observation.NotProbed, observation.NoRoute, observation.TargetTimeout, observation.LocalFault}
	for _, v := range []observation.Verdict{o.DNS, o.Web, o.Mail, o.V6Only, o.DNSV4, o.WebV4, o.MailV4} {
		if v.Status != observation.Unmeasured || !slices.Contains(ours, v.Reason) {
			return false
		}
	}
	return true
}
