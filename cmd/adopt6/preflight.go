package main

import (
	"context"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/preflight"
	"adopt6/scanner/resolve"
)

// mailDomains is how many domains the preflight may search for mail exchangers
// whose port 25 it tries.
const mailDomains = 12

// preflight finds out what this place can do. targets are those of the scan,
// in the order in which they are measured.
func (a *app) preflight(ctx context.Context, net network, resolver *resolve.Resolver, targets iter.Seq2[scanner.Pending, error]) (*preflight.Result, error) {
	folders, err := a.writtenFolders()
	if err != nil {
		return nil, err
	}
	config := a.preflightConfig(net, resolver)
	config.Workers, config.Folders = a.settings.Scan.Workers, folders
	for p, err := range targets {
		if err != nil {
			return nil, err
		}
		if p.Target.Kind != lists.CCTLD {
			config.Domains = append(config.Domains, p.Target.Name)
		}
		if len(config.Domains) == mailDomains {
			break
		}
	}
	return preflight.Run(ctx, config)
}

// preflightConfig says how to look at the network, and at nothing else.
func (a *app) preflightConfig(net network, resolver *resolve.Resolver) preflight.Config {
	return preflight.Config{
		Dialer: net.dialer, Roots: net.roots, Resolver: resolver, Now: net.now, OptOut: net.optOut,
		DatedSerial: a.settings.DNS.RootHints == "" || net.dialer.Lab != nil,
		Exchangers:  strings.FieldsFunc(a.settings.Scan.SMTPCheck, func(r rune) bool { return r == ',' || r == ' ' }),
	}
}

// writtenFolders are those that a scan fills.
func (a *app) writtenFolders() ([]string, error) {
	state, err := a.stateFolder()
	if err != nil {
		return nil, err
	}
	config, err := a.storeConfig()
	if err != nil || config.Path == "" {
		return []string{state}, err
	}
	return []string{filepath.Clean(config.Path), state}, nil
}

// announce says what this place cannot do, before a scan, and returns an error
// where every verdict would be wrong.
func announce(out io.Writer, found *preflight.Result) error {
	failed := found.Failed()
	if len(failed) == 0 {
		fmt.Fprintln(out, "Preflight: everything can be measured from here.")
		return nil
	}
	fmt.Fprintf(out, "Preflight: %d of %d checks failed.\n", len(failed), len(found.Checks))
	for _, c := range failed {
		fmt.Fprintf(out, "  %s: %s\n%s", c.Title, c.Status, terminal.Indent(c.Seen+"."))
		fmt.Fprint(out, terminal.Indent(c.Effect), terminal.Indent("Fix: "+c.Fix))
	}
	var reasons []string
	for _, c := range found.Stops() {
		reasons = append(reasons, fmt.Sprintf("%s: %s", c.Title, c.Seen))
	}
	if len(reasons) == 0 {
		return nil
	}
	return fmt.Errorf("no verdict made from here would be right:\n  %s\nMend that first; --skip-preflight scans all the same", strings.Join(reasons, "\n  "))
}

// remind says once more, after a scan, what could not be measured.
func remind(out io.Writer, found *preflight.Result) {
	for _, c := range found.Failed() {
		fmt.Fprintln(out, terminal.Wrap(fmt.Sprintf("%s: %s during this scan. %s", c.Title, c.Status, c.Effect), pageWidth))
	}
}
