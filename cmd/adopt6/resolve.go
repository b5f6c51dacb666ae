package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
	"github.com/spf13/cobra"

	"adopt6/configs"
	"adopt6/scanner/network"
	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// resolveFlags are the flags of the resolve command.
type resolveFlags struct {
	family      string
	trace, json bool
	at          string
	insecure    []string
	noDNSSEC    bool
	dialPrivate bool
	lab         string

	batch     bool
	server    string
	recursion bool
	window    int
}

func newResolveCommand(a *app) *cobra.Command {
	var f resolveFlags
	cmd := &cobra.Command{
		Use:   "resolve NAME [TYPE]",
		Short: "Look a name up from the root, over either address family",
		Long: `Look a name up the way a scan does: from the root servers down, trusting no
local resolver, over IPv4, IPv6 or both, and validate the answer with DNSSEC.
TYPE is AAAA when it is left out, and may be a number, as in TYPE65534.

The exit code is 0 whatever the answer and its DNSSEC state; --json has both in
a form for scripts: rcode, answer, dnssec, reason. A reason is empty, or says
why there is no answer or why it is not secure.

With --at, --root-hints and --trust-anchor an incident can be replayed against
servers of one's own; those with private addresses need --dial-private.

With --batch it reads names from standard input, one a line, and writes one
JSON object for each as they are done, in any order; then the only argument is
the type. With --server it asks that one server, without validation, instead of
the root and what lies below.`,
		Example: `  adopt6 resolve example.com
  adopt6 resolve example.com MX --family v6 --trace
  adopt6 resolve example.com A --json --at 2026-08-22T12:00:00Z
  adopt6 resolve --batch AAAA < names.txt > answers.jsonl
  adopt6 resolve --batch NS --server 192.0.2.53 --dial-private < names.txt`,
		Args: func(cmd *cobra.Command, args []string) error { return asMisuse(cobra.MaximumNArgs(2)(cmd, args)) },
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.resolve(cmd.Context(), &f, args)
		},
	}
	flags := cmd.Flags()
	flags.StringVar(&f.family, "family", "dual", "address families to use: v4, v6 or dual")
	flags.BoolVar(&f.trace, "trace", false, "show every step")
	flags.BoolVar(&f.json, "json", false, "print as JSON")
	flags.StringVar(&f.at, "at", "", "validate as of this time (RFC 3339 or YYYY-MM-DD)")
	flags.StringSliceVar(&f.insecure, "insecure", nil, "treat these domains and what is below as unsigned")
	flags.BoolVar(&f.noDNSSEC, "no-dnssec", false, "do not validate")
	flags.BoolVar(&f.dialPrivate, "dial-private", false, "allow special-purpose addresses, for private test networks")
	flags.StringVar(&f.lab, "lab", "", "ask a running lab, by the `file` that 'adopt6 lab up' wrote")
	flags.BoolVar(&f.batch, "batch", false, "read names from standard input, write JSON lines")
	flags.StringVar(&f.server, "server", "", "with --batch: ask this server only (ADDRESS or ADDRESS:PORT)")
	flags.BoolVar(&f.recursion, "rd", false, "with --server: ask for recursion")
	f.window = 1000
	configs.IntFlag(flags, &f.window, "window", 1, maxWindow, "with --batch: names under way at a time")
	flags.String("root-hints", "", "file of root name servers in zone file form (default: built in)")
	flags.String("trust-anchor", "", "file of DNSSEC trust anchors, DS or DNSKEY records (default: built in)")
	configs.NumberFlags(flags, "dns-timeout", "dns-retries")
	return cmd
}

// resolve does what the flags ask for.
func (a *app) resolve(ctx context.Context, f *resolveFlags, args []string) error {
	mode, ok := map[string]resolve.Mode{"dual": resolve.Dual, "v4": resolve.V4Only, "v6": resolve.V6Only}[f.family]
	if !ok {
		return misusef("--family %q: want v4, v6 or dual", f.family)
	}
	name, kind, err := f.question(args)
	if err != nil {
		return err
	}
	r, err := a.resolver(f)
	if err != nil {
		return err
	}
	defer r.Close()
	if f.batch {
		return f.runBatch(ctx, a, r, mode, kind)
	}
	var events []resolve.Event
	if f.trace {
		ctx = resolve.WithTrace(ctx, func(e resolve.Event) {
			if f.json {
				events = append(events, e)
			} else {
				fmt.Fprintln(a.out, e)
			}
		})
	}
	result, err := r.Resolve(ctx, mode, name, kind)
	switch {
	case err != nil && ctx.Err() == nil:
		return asMisuse(err)
	case err != nil:
		return err
	case f.json:
		return printResultJSON(a.out, result, f.trace, events)
	}
	return printResult(a.out, result)
}

// resolver returns a resolver as the flags and settings describe it.
func (a *app) resolver(f *resolveFlags) (*resolve.Resolver, error) {
	n, err := a.openNetwork(f.lab)
	if err != nil {
		return nil, err
	}
	n.Dialer.AllowSpecial = n.Dialer.AllowSpecial || f.dialPrivate
	config := resolve.Config{
		Dialer: n.Dialer, Roots: n.Roots, Now: n.Now,
		Timeout: a.settings.DNS.Timeout, Retries: network.Retries(a.settings.DNS.Retries),
	}
	if !f.noDNSSEC {
		if config.Anchors, err = n.Anchors.WithInsecure(f.insecure...); err != nil {
			return nil, misusef("--insecure: %w", err)
		}
	}
	if config.At, err = parseTime(f.at); err != nil {
		return nil, err
	}
	r, err := resolve.New(config)
	if err != nil {
		return nil, fmt.Errorf("start resolver: %w", err)
	}
	return r, nil
}

// parseTime reads the value of --at; empty is the zero time.
func parseTime(text string) (time.Time, error) {
	if text == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, nil
		}
	}
	return time.Time{}, misusef("--at %q: want a time such as 2026-08-22T12:00:00Z or 2026-08-22", text)
}

// question reads the arguments: NAME [TYPE], or [TYPE] of a batch.
func (f *resolveFlags) question(args []string) (name string, kind uint16, err error) {
	switch {
	case f.batch && len(args) > 1:
		return "", 0, misusef("--batch takes names from standard input; the only argument is the type")
	case f.batch && (f.json || f.trace):
		return "", 0, misusef("--batch writes JSON lines and no trace; leave --json and --trace out")
	case !f.batch && len(args) == 0:
		return "", 0, misusef("no name given (see: adopt6 resolve --help)")
	case !f.batch && f.server != "":
		return "", 0, misusef("--server goes with --batch")
	}
	if !f.batch {
		name, args = args[0], args[1:]
	}
	if len(args) == 0 {
		return name, dns.TypeAAAA, nil
	}
	kind, ok := parseType(args[0])
	if !ok {
		return "", 0, misusef("record type %q: not one that can be looked up", args[0])
	}
	return name, kind, nil
}

// parseType reads a record type: a mnemonic, or a number as in TYPE65534 (RFC
// 3597 section 5). It returns false for types that no zone holds.
func parseType(word string) (kind uint16, ok bool) {
	word = strings.ToUpper(word)
	if kind, ok = dns.StringToType[word]; !ok {
		digits, numbered := strings.CutPrefix(word, "TYPE")
		n, err := strconv.ParseUint(digits, 10, 16)
		if !numbered || err != nil {
			return 0, false
		}
		kind = uint16(n)
	}
	switch kind {
	case dns.TypeNone, dns.TypeOPT, dns.TypeTKEY, dns.TypeTSIG, dns.TypeIXFR, dns.TypeAXFR:
		return 0, false
	}
	return kind, true
}

// maxWindow keeps the number of ids under way far below what a socket has.
const maxWindow = 20_000

// printResultJSON prints one object; the trace is a member of it.
func printResultJSON(w io.Writer, result *resolve.Result, traced bool, events []resolve.Event) error {
	b := result.AppendJSON(nil)
	if traced {
		trace, err := json.Marshal(events)
		if err != nil {
			return fmt.Errorf("write the trace: %w", err)
		}
		b = append(b[:len(b)-1], `,"trace":`...)
		b = append(append(b, trace...), '}')
	}
	_, err := w.Write(append(b, '\n'))
	return err
}

// printResult prints the answer for people.
func printResult(w io.Writer, result *resolve.Result) error {
	b := fmt.Appendf(nil, "%s %s: %s", result.Name, dns.Type(result.Type), dns.RcodeToString[result.RCode])
	if result.Reason != "" {
		b = fmt.Appendf(b, " (%s at %s)", result.Reason, result.Zone)
	}
	b = fmt.Appendf(b, ", %d queries\n", result.Queries)
	for _, rr := range result.Answer {
		h := rr.Header()
		b = fmt.Appendf(b, "%s\t%d\t%s\t%s\n", h.Name, h.Ttl, dns.Type(h.Rrtype), resolve.RData(rr))
	}
	b = fmt.Appendf(b, "DNSSEC: %s", result.State)
	if result.StateReason != "" {
		b = fmt.Appendf(b, " (%s at %s)", result.StateReason, result.StateZone)
	}
	if days, ok := result.Facts.DaysLeft(result.At); ok {
		b = fmt.Appendf(b, ", signatures end in %d days (%s)", days, result.Facts.ExpiresZone)
	}
	if len(result.Facts.Algorithms) > 0 {
		var names []string
		for _, algorithm := range result.Facts.Algorithms {
			names = append(names, dns.AlgorithmToString[algorithm])
		}
		b = fmt.Appendf(b, ", %s", strings.Join(names, " "))
	}
	b = append(b, '\n')
	if result.State != observation.Secure {
		b = appendExplanation(b, result)
	}
	_, err := w.Write(b)
	return err
}

// appendExplanation says in words what is wrong.
func appendExplanation(b []byte, result *resolve.Result) []byte {
	explain := func(r observation.Reason) {
		if info, ok := observation.Explain(r); ok {
			b = fmt.Appendf(b, "%s %s\n", info.Text, info.Fix)
		}
	}
	explain(result.Reason)
	if result.State != observation.Indeterminate && result.StateReason != result.Reason {
		explain(result.StateReason)
	}
	return b
}
