package indicator

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"adopt6/lists"
)

const pageIntroduction = `# Indicators

What every figure of adopt6 counts, as ` + "`make docs`" + ` writes it from the
declarations in ` + "`store/indicator`" + `: the SQL that computes the figures, the API and
the reports come from the same table. ` + "`adopt6 countries`" + ` prints the figures,
[report.md](report.md) says how they are shown, [verdicts.md](verdicts.md) what
the verdicts in the definitions mean, [policy.md](policy.md) what the clauses of
international policy say and what of them was read. No clause of ITU that could
be read asks for web sites, mail or name servers over IPv6, or for DNSSEC: that
an indicator serves one is a reading by adopt6.

A share is numerator over denominator. What could not be measured is in neither,
and is counted apart, with the bounds that it sets to the share; what the vantage
lacks has no figure. Every share of a selection has its 95% interval (Wilson
score); one of fewer than 10 is marked. Conditions are over the columns of
` + "`observations`" + `, see [schema.md](schema.md): a target counts where *applies*
holds, as unmeasured where *unmeasured* holds, else in the denominator, and in
the numerator where *fulfils* holds. A condition that is left out never holds.
`

// WritePage writes the page about the indicators as Markdown.
func WritePage(w io.Writer) error {
	out := bufio.NewWriter(w)
	fmt.Fprintf(out, "%s\n%d indicators:\n\n| indicator | name | targets | better is | unit |\n|---|---|---|---|---|\n", pageIntroduction, len(all))
	for _, i := range all {
		fmt.Fprintf(out, "| [`%s`](#%s) | %s | %s | %s | %s |\n", i.ID, i.ID, i.Name, kindsOf(i), i.Direction, i.Unit)
	}
	for _, i := range all {
		i.writeEntry(out)
	}
	return out.Flush()
}

func kindsOf(i Indicator) string {
	var kinds []string
	for _, kind := range i.Kinds {
		kinds = append(kinds, string(kind))
	}
	return strings.Join(kinds, ", ")
}

// measures says what the value is, by the measure.
var measures = map[Measure]string{
	Share:   "share, 0 to 1",
	Median:  "median over the targets measured",
	Largest: "share of the largest, 0 to 1",
	HHI:     "Herfindahl-Hirschman index of the shares, 0 to 1",
}

// writeEntry writes one indicator, with its names in every language.
func (i Indicator) writeEntry(w io.Writer) {
	fmt.Fprintf(w, "\n## %s\n\n%s: %s\n\n| | |\n|---|---|\n", i.ID, i.Name, i.Text().En)
	line := func(name, text string) {
		if text != "" {
			fmt.Fprintf(w, "| %s | %s |\n", name, text)
		}
	}
	line("value", measures[i.Measure])
	line("numerator", i.Numerator)
	line("denominator", i.Denominator)
	line("left out as unmeasured", i.Unmeasured)
	line("better is", string(i.Direction))
	line("unit", i.Unit)
	line("defined elsewhere by", i.Reference)
	for _, tie := range []struct {
		strength lists.Strength
		name     string
	}{{lists.Direct, "is named by"}, {lists.ByReading, "serves, by reading"}, {lists.Thin, "touches the subject of"}} {
		line(tie.name, i.citations(tie.strength))
	}
	line("needs of the vantage", needsOf(i))
	for _, part := range []struct{ name, sql string }{
		{"applies", i.applies}, {"unmeasured", i.unmeasured}, {"fulfils", i.fulfils}, {"partial", i.partial}, {"quantity", i.quantity}, {"operators", i.operators},
	} {
		if part.sql != "" && part.sql != "0" {
			line("SQL: "+part.name, "`"+strings.ReplaceAll(part.sql, "|", `\|`)+"`")
		}
	}
	names := i.Names()
	line("names", fmt.Sprintf("ar: %s; zh: %s; fr: %s; ru: %s; es: %s", names.Ar, names.Zh, names.Fr, names.Ru, names.Es))
}

// abilities are in words what a vantage needs.
var abilities = map[Ability]string{OverIPv6: "IPv6", MailOnIPv6: "port 25 over IPv6", MailAtAll: "port 25"}

func needsOf(i Indicator) string {
	var list []string
	for _, a := range i.needs {
		list = append(list, abilities[a])
	}
	return strings.Join(list, ", ")
}

// citations are the clauses to which the indicator is tied so.
func (i Indicator) citations(strength lists.Strength) string {
	var texts []string
	for _, s := range i.Serves() {
		if s.Strength != strength {
			continue
		}
		text := s.Clause.Instrument.Names.En + ", " + s.Clause.Cited.En
		if s.Clause.OfChange {
			text += ", by its change between scans"
		}
		texts = append(texts, text)
	}
	return strings.Join(texts, "; ")
}
