package pages

import (
	"cmp"
	"fmt"
	"io"
	"slices"
	"text/tabwriter"
	"time"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/forecast"
)

// How many operators and countries the page of a dry run has.
const (
	shownOperators = 20
	shownCountries = 20
)

// DryRun is what a scan would send; its fields are the JSON form.
type DryRun struct {
	List      string `json:"list"`
	Scans     int    `json:"scans"`     // in the store that knew some of the targets
	Simulated bool   `json:"simulated"` // of a lab
	forecast.Forecast
}

// Print writes the forecast, and the operators and countries with most of it.
func (p *DryRun) Print(w io.Writer) error {
	fmt.Fprintf(w, "Dry run of %s: nothing was sent.\n\n", p.List)
	known := fmt.Sprintf("%s measured before, in %s of the store", terminal.Thousands(int64(p.Known)), terminal.Plural(p.Scans, "scan"))
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintf(t, "Targets\t%s\t%s\n", terminal.Thousands(int64(p.Targets)), known)
	if p.Estimated > 0 {
		fmt.Fprintf(t, "\t%s\testimated by the medians of their kind\n", terminal.Thousands(int64(p.Estimated)))
	}
	fmt.Fprintf(t, "\t%s\topted out by the list; TXT records are not asked now\n", terminal.Thousands(int64(p.OptedOut)))
	if p.OptedOutBefore > 0 {
		fmt.Fprintf(t, "\t%s\topted out the last time; they are asked once more\n", terminal.Thousands(int64(p.OptedOutBefore)))
	}
	fmt.Fprintf(t, "Queries\t%s\t%s of them estimated\n", terminal.Thousands(int64(p.Queries)), terminal.Thousands(int64(p.ByEstimate.Queries)))
	fmt.Fprintf(t, "Connections\t%s\t%s of them estimated\n", terminal.Thousands(int64(p.Connections)), terminal.Thousands(int64(p.ByEstimate.Connections)))
	for i, l := range p.Limits {
		label, note := "", ""
		if i == 0 {
			label, note = "Time", ", what holds it up most"
		}
		if l.At != "" {
			note += "; most goes to " + l.At
		}
		fmt.Fprintf(t, "%s\t%s\tby %s %d%s\n", label, roughly(l.Seconds), l.Setting, l.Value, note)
	}
	if len(p.Limits) == 0 {
		fmt.Fprintf(t, "Time\tno limit is set\t\n")
	}
	if err := t.Flush(); err != nil {
		return err
	}
	fmt.Fprint(w, "\n", terminal.Wrap("Failures are measured again on top of this (--confirm). Queries are shared out evenly among the name servers of a target; those of registries and of the root answer some of them.", PageWidth), "\n\n")
	p.printOperators(w)
	return p.printCountries(w)
}

func (p *DryRun) printOperators(w io.Writer) {
	if len(p.Operators) == 0 {
		return
	}
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "Operator\tAddresses\tQueries\tConnections\tName")
	for _, o := range p.Operators[:min(len(p.Operators), shownOperators)] {
		name := []rune(o.Name)
		fmt.Fprintf(t, "%s\t%s\t%s\t%s\t%s\n", o.ID, terminal.Thousands(int64(o.Addresses)), terminal.Thousands(int64(o.Queries)), terminal.Thousands(int64(o.Connections)),
			string(name[:min(len(name), 24)]))
	}
	t.Flush()
	if more := len(p.Operators) - shownOperators; more > 0 {
		fmt.Fprintf(w, "and %s more; --json has all\n", terminal.Thousands(int64(more)))
	}
	fmt.Fprintln(w)
}

func (p *DryRun) printCountries(w io.Writer) error {
	most := slices.Clone(p.Countries)
	slices.SortStableFunc(most, func(x, y forecast.Count) int { return cmp.Compare(y.Targets, x.Targets) })
	t := tabwriter.NewWriter(w, 0, 0, 2, ' ', 0)
	fmt.Fprintln(t, "Country\tKind\tTargets")
	for _, c := range most[:min(len(most), shownCountries)] {
		fmt.Fprintf(t, "%s\t%s\t%s\n", cmp.Or(c.Country, "none"), c.Kind, terminal.Thousands(int64(c.Targets)))
	}
	if err := t.Flush(); err != nil {
		return err
	}
	if more := len(most) - shownCountries; more > 0 {
		fmt.Fprintf(w, "and %s more; --json has all\n", terminal.Thousands(int64(more)))
	}
	return nil
}

// roughly is a duration as people say it.
func roughly(seconds float64) string {
	d := time.Duration(seconds * float64(time.Second))
	switch {
	case d < time.Second:
		return "below 1 s"
	case d < time.Minute:
		return fmt.Sprintf("%.0f s", d.Seconds())
	case d < time.Hour:
		return fmt.Sprintf("%.0f min", d.Minutes())
	}
	return fmt.Sprintf("%.1f h", d.Hours())
}
