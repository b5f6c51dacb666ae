package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"time"

	"adopt6/cmd/adopt6/pages"
	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner"
	"adopt6/scanner/campaign"
	"adopt6/scanner/observation"
	"adopt6/scanner/preflight"
	"adopt6/store"
	"adopt6/store/sink"
)

// runCampaign makes a scan with an open store, and prints or logs its progress.
func (a *app) runCampaign(ctx context.Context, s *store.Store, plan campaign.Plan) (err error) {
	if plan.Settings == nil {
		plan.Settings = a.settings
	}
	plan.Live = a.live
	if plan.Folders, err = a.writtenFolders(); err != nil {
		return err
	}
	tell := campaign.Log(a.log, logEvery)
	if a.log == nil {
		p := &scanPrinter{out: a.errOut, contact: a.settings.Scan.Contact}
		defer p.end()
		tell = p.tell
	}
	err = campaign.Run(ctx, plan, sink.Sink{Store: s}, tell)
	if other := new(campaign.OtherListError); errors.As(err, &other) {
		err = asMisuse(err)
	}
	return err
}

// logEvery is how often a scan that writes records logs how far it is.
const logEvery = 10 * time.Second

// scanPrinter prints the progress of a campaign.
type scanPrinter struct {
	out     io.Writer
	contact string // of the people behind it; empty for none
	bar     *terminal.Bar
}

// end clears the bar.
func (p *scanPrinter) end() {
	if p.bar != nil {
		p.bar.Clear()
	}
}

// tell prints an event.
func (p *scanPrinter) tell(event campaign.Event) {
	switch e := event.(type) {
	case campaign.Started:
		warnNameless(p.out, e, p.contact)
		fmt.Fprintf(p.out, "Scan %s of %s from %s\n", e.Scan, e.List, e.Vantage)
		if e.Kept > 0 {
			fmt.Fprintf(p.out, "%s of %s targets are stored already; the rest follows\n", thousands(e.Kept), thousands(e.Part))
		}
	case campaign.Checked:
		announce(p.out, e.Result)
	case campaign.Progress:
		if p.bar == nil {
			p.bar = terminal.NewBar(p.out, "scan", "targets")
		}
		p.bar.Show(scanMoment(e))
	case campaign.Done:
		p.end()
		printFreed(p.out, e)
		p.done(e)
		remind(p.out, e.Checked)
	}
}

// shown are the statuses in the order in which progress counts them: where a
// line is cut, what could not be measured goes first.
var shown = []observation.Status{observation.OK, observation.Partial, observation.Absent, observation.Broken, observation.Unmeasured}

func scanMoment(p campaign.Progress) terminal.Moment {
	var detail []string
	if p.Pass.Number > 0 {
		what := fmt.Sprintf("measuring %s failures again", thousands(p.Pass.Targets))
		if p.Pass.Pause > 0 {
			what += " after " + p.Pass.Pause.String()
		}
		detail = append(detail, what+";")
	}
	for _, status := range shown {
		if n := p.Counts[status]; n > 0 {
			detail = append(detail, fmt.Sprintf("%s %s", status, thousands(n)))
		}
	}
	return terminal.Moment{Done: p.Done, Total: p.Total, Detail: strings.Join(detail, " ")}
}

// printFreed names the operators of whom each, by enabling IPv6, would make
// the most of the scan's targets resolvable without IPv4.
func printFreed(w io.Writer, d campaign.Done) {
	for i, f := range d.Freed {
		if f.Domains < 2 {
			break
		}
		if i == 0 && d.Resumed {
			fmt.Fprintln(w, "Of what was measured now:")
		}
		least := ""
		if f.AtMost > f.Domains {
			least = "At least "
		}
		fmt.Fprintf(w, "%s%s domains would resolve without IPv4 if %s enabled IPv6.\n", least, thousands(f.Domains), f.Operator)
	}
}

func (p *scanPrinter) done(d campaign.Done) {
	if d.Complete() {
		fmt.Fprintf(p.out, "Scan %s is complete: %s targets, each stored once.\n", d.Scan, thousands(d.Targets))
		return
	}
	fmt.Fprintf(p.out, "Shard %s is complete: %s targets, each stored once. The scan is not: %s targets of other shards are not\nstored yet, and the last of them finishes it.\n",
		d.Shard, thousands(d.Mine), thousands(d.Targets-d.All))
}

func thousands[N int | int64 | uint64](n N) string { return terminal.Thousands(int64(n)) }

// announce says what this vantage cannot do, before a scan.
func announce(out io.Writer, found *preflight.Result) {
	failed := found.Failed()
	if len(failed) == 0 {
		fmt.Fprintln(out, "Preflight: everything can be measured from here.")
		return
	}
	fmt.Fprintf(out, "Preflight: %d of %d checks failed.\n", len(failed), len(found.Checks))
	for _, c := range failed {
		fmt.Fprintf(out, "  %s: %s\n%s", c.Title, c.Status, terminal.Indent(c.Seen+"."))
		fmt.Fprint(out, terminal.Indent(c.Effect), terminal.Indent("Fix: "+c.Fix))
	}
}

// remind says once more, after a scan, what could not be measured.
func remind(out io.Writer, found *preflight.Result) {
	for _, c := range found.Failed() {
		fmt.Fprintln(out, terminal.Wrap(fmt.Sprintf("%s: %s during this scan. %s", c.Title, c.Status, c.Effect), pages.PageWidth))
	}
}

// withResume adds to the error that ended a scan how to continue it.
func (a *app) withResume(err error, w *scanner.Worklist) error {
	flags := ""
	for _, f := range []struct{ key, flag, value string }{
		{"store.path", "--store", a.settings.Store.Path},
		{"scan.state", "--state", a.settings.Scan.State},
	} {
		if a.settings.Origin(f.key) == f.flag {
			flags += fmt.Sprintf(" %s %s", f.flag, f.value)
		}
	}
	if a.settings.Origin("store.dsn") == "--dsn" {
		flags += " --dsn ..."
	}
	if errors.Is(err, context.Canceled) {
		err = errors.New("interrupted; what was measured is kept")
	}
	return fmt.Errorf("%w\nContinue with: %s scan --resume=%s%s", err, calledAs(), w.Scan, flags)
}
