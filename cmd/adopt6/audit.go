package main

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/pages"
	"adopt6/cmd/adopt6/terminal"
	"adopt6/configs"
	"adopt6/lists"
	"adopt6/scanner/zonefile"
)

// auditOptions are the flags of adopt6 audit.
type auditOptions struct {
	origin, tempDir, output string
	include                 bool
	json, csv               bool
	country, delegations    bool
	top                     int
}

func newAuditCommand(a *app) *cobra.Command {
	var o auditOptions
	cmd := &cobra.Command{
		Use:   "audit ZONEFILE",
		Short: "Report IPv6 glue and DNSSEC of every delegation in a zone file",
		Long: `Read a zone file (RFC 1035 master file, plain or gzip) and report, for every
delegation and in total, how many name servers have IPv6 glue, whether glue is
missing, and which DS records there are. No packet is sent.

The file is read once, as a stream, in any order of its records. Zones of any
size need less than 200 MB of memory; a large one is sorted in temporary files.
"-" reads the standard input.

The figures count what this zone file says. Addresses of name servers outside
the zone are not in it: such name servers count as unknown. docs/audit.md
explains every figure.`,
		Example: `  adopt6 audit root.zone.gz
  adopt6 audit --country root.zone.gz
  adopt6 audit --csv -o delegations.csv gov.zone.gz
  dig @ns.example. example. AXFR | adopt6 audit --json -`,
		Args: exactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := o.check(); err != nil {
				return err
			}
			return a.audit(cmd.Context(), args[0], o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.origin, "origin", "", "name of the zone (default: owner of its SOA record)")
	f.BoolVar(&o.include, "include", false, "allow $INCLUDE of files in ZONEFILE's folder and below")
	f.BoolVar(&o.json, "json", false, "print as JSON")
	f.BoolVar(&o.csv, "csv", false, "print delegations, or with --country ccTLDs, as CSV")
	f.BoolVar(&o.country, "country", false, "print a root zone's ccTLDs by country")
	f.BoolVar(&o.delegations, "delegations", false, "print every delegation")
	f.StringVarP(&o.output, "output", "o", "", "write the delegations to a file as well")
	o.top = 10
	configs.IntFlag(f, &o.top, "top", 0, 1000, "length of the lists of servers and operators")
	f.StringVar(&o.tempDir, "temp-dir", "", "folder for temporary files (default: $TMPDIR, /tmp)")
	return cmd
}

func (o *auditOptions) check() error {
	switch {
	case o.json && o.csv:
		return misusef("give --json or --csv, not both")
	case o.country && o.delegations:
		return misusef("give --country or --delegations, not both")
	case o.country && o.csv && o.output != "":
		return misusef("with --country --csv, redirect the standard output instead of giving --output")
	}
	// CSV of a zone is that of its delegations, unless it is of countries.
	o.delegations = o.delegations || o.output != "" || o.csv && !o.country
	return nil
}

// auditMemory is the soft limit of the Go heap during an audit, in bytes. It
// keeps the collector from letting garbage pile up beside the buffers.
const auditMemory = 160 << 20

func (a *app) audit(ctx context.Context, file string, o auditOptions) error {
	defer debug.SetMemoryLimit(debug.SetMemoryLimit(auditMemory))
	in, err := a.openZone(file)
	if err != nil {
		return err
	}
	defer in.Close()
	progress := new(zonefile.Progress)
	cfg := zonefile.Config{
		Name: in.name, Input: in, TempDir: o.tempDir, Top: o.top,
		Country: countryOfTLD, Progress: progress,
	}
	if o.origin != "" {
		if cfg.Origin, err = zonefile.ParseName(o.origin); err != nil {
			return misusef("--origin %q: %w", o.origin, err)
		}
	}
	if o.include && file != "-" {
		cfg.Include = zonefile.IncludeFrom(filepath.Dir(file))
	}
	stream := new(pages.Delegations)
	if o.delegations {
		if stream, err = pages.OpenDelegations(a.out, o.output, o.json, o.csv); err != nil {
			return err
		}
	}
	defer stream.Abandon()
	cfg.Each = stream.Each

	stop := terminal.Progress(a.errOut, "audit", "MB", func() terminal.Moment { return in.progress(progress) })
	report, err := zonefile.Audit(ctx, cfg)
	stop()
	if err != nil {
		return auditError(err, progress)
	}
	if err := stream.Close(); err != nil {
		return err
	}
	return a.printAudit(report, o)
}

// auditError gives an error of the audit the exit code it deserves.
func auditError(err error, progress *zonefile.Progress) error {
	switch {
	case errors.Is(err, context.Canceled), errors.Is(err, context.DeadlineExceeded):
		return fmt.Errorf("interrupted after %s records; there is no result", terminal.Thousands(progress.Records.Load()))
	case zonefile.Malformed(err):
		return asMisuse(err)
	}
	return err
}

func (a *app) printAudit(r *zonefile.Report, o auditOptions) error {
	out := bufio.NewWriter(a.out)
	switch {
	case o.country && r.CCTLD == nil:
		return misusef("--country is for a root zone, and %s is the zone %s", r.File, r.Zone)
	case o.json && !(o.delegations && o.output == ""):
		if err := printJSON(out, r); err != nil {
			return err
		}
	case o.country && o.csv:
		pages.AuditCountriesCSV(out, r)
	case o.country:
		pages.AuditCountries(out, r)
	case !o.delegations || o.output != "":
		pages.AuditSummary(out, r)
	default: // the delegations were the output
		for _, w := range r.Warnings {
			fmt.Fprintln(a.errOut, "adopt6: note:", w)
		}
	}
	return out.Flush()
}

// countryOfTLD is the country that a ccTLD counts for.
func countryOfTLD(label string) (zonefile.Country, bool) {
	tld, ok := lists.TLDByName(label)
	if !ok {
		return zonefile.Country{}, false
	}
	country, _ := lists.CountryByCode(tld.Country)
	return zonefile.Country{Code: tld.Country, Name: cmp.Or(country.Names.En, "(no country)")}, true
}

// zoneInput is an open zone file that knows how much of it has been read.
type zoneInput struct {
	io.Reader
	name string
	size int64 // 0 when not known
	read atomic.Int64
	file *os.File // nil for the standard input
}

func (a *app) openZone(file string) (*zoneInput, error) {
	if file == "-" {
		return &zoneInput{Reader: a.in, name: "standard input"}, nil
	}
	f, err := os.Open(file)
	if errors.Is(err, os.ErrNotExist) {
		return nil, misusef("%s: no such file", zonefile.Printable(file))
	}
	if err != nil {
		return nil, fmt.Errorf("open the zone file: %w", err)
	}
	info, err := f.Stat()
	if err == nil && info.IsDir() {
		err = misusef("%s is a folder; give a zone file", zonefile.Printable(file))
	}
	if err != nil {
		_ = f.Close()
		return nil, err
	}
	in := &zoneInput{Reader: f, name: file, file: f}
	if info.Mode().IsRegular() {
		in.size = info.Size()
	}
	return in, nil
}

// Read implements io.Reader.
func (in *zoneInput) Read(p []byte) (int, error) {
	n, err := in.Reader.Read(p)
	in.read.Add(int64(n))
	return n, err
}

// Close closes the file.
func (in *zoneInput) Close() error {
	if in.file == nil {
		return nil
	}
	return in.file.Close()
}

func (in *zoneInput) progress(p *zonefile.Progress) terminal.Moment {
	s := terminal.Moment{Done: in.read.Load() / 1e6, Total: in.size / 1e6}
	s.Detail = terminal.Thousands(p.Records.Load()) + " records"
	if n := p.Delegations.Load(); n > 0 {
		s.Detail = terminal.Thousands(n) + " delegations"
	}
	return s
}
