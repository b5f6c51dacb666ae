package pages

import (
	"fmt"
	"io"
	"strings"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/dnssec"
	"adopt6/scanner/zonefile"
	"adopt6/store/indicator"
)

// auditRow is a line of the summary: a label, a count, and what it is a share
// of (0 for no share).
type auditRow struct {
	label string
	n, of uint64
}

func printRows(w io.Writer, title string, rows []auditRow) {
	fmt.Fprintf(w, "\n%s\n", title)
	for _, r := range rows {
		share := ""
		if r.of > 0 {
			share = fmt.Sprintf("%8s", indicator.TenthsText(float64(r.n)/float64(r.of)))
		}
		line := fmt.Sprintf("  %-54s %13s %s", r.label, terminal.Thousands(int64(r.n)), share)
		fmt.Fprintln(w, strings.TrimRight(line, " "))
	}
}

// AuditSummary prints a report for people, 80 columns wide.
func AuditSummary(w io.Writer, r *zonefile.Report) {
	serial := ""
	if r.Serial != nil {
		serial = fmt.Sprintf(", serial %d", *r.Serial)
	}
	signed := "no DNSKEY record"
	if len(r.Apex.Algorithms) > 0 {
		signed = "signed with " + strings.Join(r.Apex.Algorithms, ", ")
	}
	fmt.Fprintf(w, "Zone     %s%s, %s\n", r.Zone, serial, signed)
	fmt.Fprintf(w, "File     %s\n", zonefile.Printable(r.File))
	fmt.Fprintf(w, "Records  %s\n", terminal.Thousands(int64(r.Records)))
	t := &r.Delegations
	printRows(w, "Delegations", delegationRows(t))
	printRows(w, "Name servers, once for each delegation that has them", serverRows(t))
	printRows(w, "Glue", []auditRow{
		{"delegations that need glue", t.GlueNeeded, t.Delegations},
		{"  of these, with a name server without any", t.GlueMissing, t.GlueNeeded},
		{"  of these, cannot be reached at all", t.GlueMissingAll, t.GlueNeeded},
		{"delegations with special-purpose AAAA glue", t.GlueSpecial, t.Delegations},
		{"hosts that delegations name and that have addresses", r.Addresses.Servers, 0},
		{"  of these, with usable AAAA records", r.Addresses.IPv6, r.Addresses.Servers},
	})
	printRows(w, "DNSSEC", dnssecRows(t))
	printCodes(w, "DS algorithms", r.Algorithms)
	printCodes(w, "DS digests", r.Digests)
	printTop(w, "Name servers of most delegations", r.Servers)
	printTop(w, "Operators of most delegations, by the domain of their name servers", r.Operators)
	if r.CCTLD != nil {
		printRows(w, "ccTLDs (--country lists them)", append(delegationRows(r.CCTLD), auditRow{"with DS records", r.CCTLD.WithDS, r.CCTLD.Delegations}))
		if len(r.WithoutIPv6) > 0 {
			names := strings.ReplaceAll(strings.Join(r.WithoutIPv6, " "), ". ", " ")
			fmt.Fprintf(w, "  without IPv6:\n%s", terminal.Indent(strings.TrimSuffix(names, ".")))
		}
	}
	odd := oddRows(r)
	if len(odd) > 0 {
		printRows(w, "Odd", odd)
	}
	for _, warning := range r.Warnings {
		fmt.Fprintf(w, "\nNote:\n%s", terminal.Indent(warning))
	}
}

func delegationRows(t *zonefile.Totals) []auditRow {
	rows := []auditRow{
		{"delegations", t.Delegations, 0},
		{"at least one name server with IPv6 glue", t.IPv6One, t.Delegations},
		{"at least two", t.IPv6Two, t.Delegations},
		{"all", t.IPv6All, t.Delegations},
		{"none", t.IPv6None, t.Delegations},
	}
	if t.IPv6Unknown > 0 {
		rows = append(rows, auditRow{"not knowable from this zone", t.IPv6Unknown, t.Delegations})
	}
	return rows
}

func serverRows(t *zonefile.Totals) []auditRow {
	s := &t.Servers
	return []auditRow{
		{"name servers", s.All, 0},
		{"with IPv6 glue", s.IPv6, s.All},
		{"with special-purpose IPv6 addresses only", s.Special, s.All},
		{"with IPv4 glue only", s.IPv4Only, s.All},
		{"without the glue they need", s.GlueMissing, s.All},
		{"not knowable: outside the zone, or no sibling glue", s.Unknown, s.All},
	}
}

func dnssecRows(t *zonefile.Totals) []auditRow {
	rows := []auditRow{{"delegations with DS records", t.WithDS, t.Delegations}}
	for _, r := range []auditRow{
		{"  with a deprecated algorithm or digest", t.DSDeprecated, t.WithDS},
		{"  with an unknown one, or a digest of the wrong length", t.DSUnknown, t.WithDS},
		{"  with nothing but those", t.DSUnusable, t.WithDS},
	} {
		if r.n > 0 {
			rows = append(rows, r)
		}
	}
	return rows
}

// oddRows are the things that a zone should not have.
func oddRows(r *zonefile.Report) (rows []auditRow) {
	for _, row := range []auditRow{
		{"delegations with a single name server", r.Delegations.OneServer, r.Delegations.Delegations},
		{"duplicate NS records", r.Delegations.DuplicateNS, 0},
		{"duplicate DS records", r.Delegations.DuplicateDS, 0},
		{"duplicate address records", r.Addresses.Duplicates, 0},
	} {
		if row.n > 0 {
			rows = append(rows, row)
		}
	}
	return rows
}

func printCodes(w io.Writer, title string, codes []zonefile.CodeCount) {
	if len(codes) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%-42s %12s %12s  %s\n", title, "delegations", "DS records", "advice")
	for _, c := range codes {
		fmt.Fprintf(w, "  %3d %-36s %12s %12s  %s\n", c.Number, c.Name,
			terminal.Thousands(int64(c.Delegations)), terminal.Thousands(int64(c.Records)), adviceWord(c.Advice))
	}
}

// adviceWord fits the advice in what is left of 80 columns.
func adviceWord(a dnssec.Advice) string {
	switch a {
	case dnssec.Recommended:
		return "good"
	case dnssec.NotRecommended:
		return "avoid"
	case dnssec.Deprecated:
		return "DEPRECATED"
	}
	return string(a)
}

func printTop(w io.Writer, title string, top zonefile.Top) {
	if len(top.Entries) == 0 {
		return
	}
	fmt.Fprintf(w, "\n%s\n", title)
	if !top.Exact {
		fmt.Fprintf(w, "  (each count may be up to %s too low)\n", terminal.Thousands(int64(top.MaxError)))
	}
	for _, e := range top.Entries {
		fmt.Fprintf(w, "  %12s  %s\n", terminal.Thousands(int64(e.Delegations)), terminal.Cut(e.Name, 62))
	}
}

// AuditCountries prints the ccTLDs of a root zone by country.
func AuditCountries(w io.Writer, r *zonefile.Report) {
	fmt.Fprintf(w, "%-28s %5s %6s %6s %5s %4s  %s\n", "COUNTRY", "TLDs", "IPv6>0", "IPv6>1", "all", "DS", "TLD: NS, IPv6, DS")
	row := func(name string, t *zonefile.Totals) string {
		return fmt.Sprintf("%-28s %5d %6d %6d %5d %4d", terminal.Cut(name, 28), t.Delegations, t.IPv6One, t.IPv6Two, t.IPv6All, t.WithDS)
	}
	for i := range r.Countries {
		c := &r.Countries[i]
		text := row(strings.TrimSpace(c.Code+" "+c.Name), &c.Totals)
		for _, tld := range c.TLDs {
			cell := fmt.Sprintf("  %s %d,%d,%d", strings.TrimSuffix(tld.Name, "."), tld.Servers, tld.IPv6, tld.DS)
			if len(c.TLDs) > 1 || len([]rune(text))+len(cell) > 80 {
				text += "\n    " + cell
				continue
			}
			text += cell
		}
		fmt.Fprintln(w, text)
	}
	fmt.Fprintln(w, row("Total", r.CCTLD))
}

// AuditCountriesCSV prints a line for every ccTLD.
func AuditCountriesCSV(w io.Writer, r *zonefile.Report) {
	fmt.Fprintln(w, "country,name,tld,ns,ns_ipv6,ns_special_purpose,ns_glue_missing,ns_unknown,ds")
	for _, c := range r.Countries {
		for _, tld := range c.TLDs {
			fmt.Fprintf(w, "%s,%q,%s,%d,%d,%d,%d,%d,%d\n", c.Code, c.Name, tld.Name,
				tld.Servers, tld.IPv6, tld.Special, tld.GlueMissing, tld.Unknown, tld.DS)
		}
	}
}
