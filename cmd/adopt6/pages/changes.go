package pages

import (
	"bufio"
	"fmt"
	"io"
	"slices"

	"github.com/google/uuid"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/observation"
	"adopt6/store"
)

// Changes is what differs between two scans.
type Changes struct {
	From     ScanName             `json:"from"`
	To       ScanName             `json:"to"`
	Compared observation.Compared `json:"domains"`
	List     []observation.Change `json:"changes"`
}

// ScanName is a scan as people tell it from others.
type ScanName struct {
	ID      uuid.UUID `json:"scan"`
	Started string    `json:"started"` // UTC, RFC 3339
	List    string    `json:"list"`
	Vantage string    `json:"vantage"`
}

// NameScan returns the name of a scan.
func NameScan(s store.ScanInfo) ScanName {
	return ScanName{s.ID, s.Started.UTC().Format("2006-01-02T15:04:05Z"), s.List, s.Vantage}
}

// Print writes the list for people, with an explanation of every reason in it. Without all it leaves flaps out.
func (l *Changes) Print(out io.Writer, all bool) error {
	w := bufio.NewWriter(terminal.Printable(out))
	fmt.Fprintf(w, "From %s (scan %.8s) to %s (scan %.8s)\nVantage: %s\n", l.From.Started[:10], l.From.ID, l.To.Started[:10], l.To.ID, l.To.Vantage)
	fmt.Fprintf(w, "%s domains are in both scans, %s in the earlier only, %s in the later only.\n",
		terminal.Thousands(int64(l.Compared.Common)), terminal.Thousands(int64(l.Compared.OnlyBefore)), terminal.Thousands(int64(l.Compared.OnlyAfter)))
	counts := make(map[observation.News]int)
	flaps, place, domain := 0, "", ""
	var reasons []string
	for _, c := range l.List {
		if c.Flapping {
			if flaps++; !all {
				continue
			}
		} else {
			counts[c.News]++
		}
		if at := countryHeading(c); at != place {
			fmt.Fprintf(w, "\n%s\n", at)
			place, domain = at, ""
		}
		if c.Domain != domain {
			fmt.Fprintf(w, "  %s\n", c.Domain)
			domain = c.Domain
		}
		line := fmt.Sprintf("    %-6s  %-8s %s -> %s", c.News, c.Service, c.Before, c.After)
		if c.Reason != "" {
			if line += "  "; c.News == observation.Gained && c.After == "ok" {
				line += "was "
			}
			line += string(c.Reason)
			reasons = append(reasons, string(c.Reason))
		}
		if c.Flapping {
			line += "  (may be a flap)"
		}
		fmt.Fprintln(w, line)
	}
	fmt.Fprintf(w, "\n%d gained, %d lost, %d broken.\n", counts[observation.Gained], counts[observation.Lost], counts[observation.Failed])
	switch {
	case flaps > 0 && all:
		fmt.Fprintf(w, "%d more may be flaps.\n", flaps)
	case flaps > 0:
		fmt.Fprintf(w, "%d more may be flaps; --all prints them.\n", flaps)
	}
	explainReasons(w, reasons)
	return w.Flush()
}

func countryHeading(c observation.Change) string {
	name := c.CountryName
	if name == "" {
		name = "No country"
	}
	return fmt.Sprintf("%s, %s", name, c.Kind)
}

// explainReasons says what each of the tokens stands for.
func explainReasons(w io.Writer, tokens []string) {
	slices.Sort(tokens)
	tokens = slices.Compact(tokens)
	if len(tokens) > 0 {
		fmt.Fprintln(w)
	}
	for _, r := range observation.Reasons() {
		if slices.Contains(tokens, string(r.Reason)) {
			fmt.Fprintf(w, "%s\n%s", r.Reason, terminal.Indent(r.Text))
		}
	}
}
