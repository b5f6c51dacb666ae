package main

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"os"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/lab"
)

func newLabCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "lab",
		Short: "Run a simulated Internet on this machine",
		Long: `Run a simulated Internet on the loopback interface: a DNS root, all ccTLDs, and
the domains of a scenario with their name servers, web sites and mail servers,
signed with real keys. It needs no privileges, and no packet leaves the machine.

A scenario is a YAML file that says which domains there are, what is wrong with
them, and what a correct scan says of each; docs/scenarios.md explains it.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(
		newLabFaultsCommand(a),
		newLabListCommand(a),
		newLabRouteCommand(a),
		newLabRunCommand(a),
		newLabUpCommand(a),
	)
	return cmd
}

func newLabUpCommand(a *app) *cobra.Command {
	file := "lab.json"
	cmd := &cobra.Command{
		Use:   "up SCENARIO",
		Short: "Start a scenario and keep it running until interrupted",
		Long: `Start a scenario, a file or one that is built in (see adopt6 lab list), and keep
it running until interrupted. What other commands need to reach it is written
to lab.json; give them that file with --lab.`,
		Example: `  adopt6 lab up demo
  adopt6 scan --lab lab.json`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			s, err := lab.Open(args[0])
			if err != nil {
				return asMisuse(err)
			}
			l, err := lab.Start(s)
			if err != nil {
				return err
			}
			defer l.Close()
			return a.labUp(cmd.Context(), l, file)
		},
	}
	cmd.Flags().StringVar(&file, "file", file, "where to write what other commands need")
	return cmd
}

// labUp describes a running laboratory and waits for the end.
func (a *app) labUp(ctx context.Context, l *lab.Lab, file string) error {
	if err := l.WriteFile(file); err != nil {
		return err
	}
	defer os.Remove(file)
	targets := 0
	for range l.Targets() {
		targets++
	}
	s := l.Scenario()
	fmt.Fprintf(a.out, "%s: %s\n", s.Name, s.About)
	fmt.Fprintf(a.out, "Serving the root, %d zones and %s targets on 127.0.0.0/8.\n", l.Zones(), terminal.Thousands(int64(targets)))
	fmt.Fprintf(a.out, "\nScan it:\n  adopt6 scan --lab %s\n", file)
	sockets := l.RootSockets()
	if roots := slices.Sorted(maps.Keys(sockets)); len(roots) > 0 {
		host, port, _ := strings.Cut(sockets[roots[0]], ":")
		fmt.Fprintf(a.out, "Ask a root server (%s):\n  dig @%s -p %s +norecurse +dnssec ar NS\n", roots[0], host, port)
	}
	fmt.Fprintf(a.out, "\nWritten to %s; Ctrl-C ends the simulation.\n", file)
	<-ctx.Done()
	return nil
}

func newLabListCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "list",
		Short: "List the built-in scenarios",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			for _, name := range lab.BuiltinNames() {
				s, err := lab.Builtin(name)
				if err != nil {
					return err
				}
				fmt.Fprintf(table, "%s\t%s\n", name, s.About)
			}
			return table.Flush()
		},
	}
}

func newLabFaultsCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "faults",
		Short: "List the faults that a scenario can give to servers and zones",
		Args:  noArgs,
		RunE: func(*cobra.Command, []string) error {
			table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			faults := lab.Faults()
			for _, name := range slices.Sorted(maps.Keys(faults)) {
				fmt.Fprintf(table, "%s\t%s\n", name, faults[name])
			}
			return table.Flush()
		},
	}
}

func newLabRouteCommand(a *app) *cobra.Command {
	file := "lab.json"
	cmd := &cobra.Command{
		Use:   "route ADDRESS...",
		Short: "Print the loopback sockets that play simulated addresses",
		Example: `  adopt6 lab route 2001:503:ba3e::2:30
  adopt6 lab route --lab /tmp/lab.json 198.41.0.4`,
		Args: minArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			l, err := lab.Attach(file)
			if err != nil {
				return asMisuse(err)
			}
			table := tabwriter.NewWriter(a.out, 0, 0, 2, ' ', 0)
			for _, arg := range args {
				addr, err := netip.ParseAddr(arg)
				if err != nil {
					return misusef("%q is not an IP address", arg)
				}
				for _, port := range []uint16{53, 80, 443, 25} {
					to, err := l.Route("tcp", netip.AddrPortFrom(addr, port))
					if err != nil {
						return err
					}
					fmt.Fprintf(table, "%s\t%d\t%s\n", addr, port, to)
				}
			}
			return table.Flush()
		},
	}
	cmd.Flags().StringVar(&file, "lab", file, "file that adopt6 lab up has written")
	return cmd
}
