package pages

import (
	"bufio"
	"cmp"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/text/collate"
	"golang.org/x/text/language"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/lists"
	"adopt6/store"
	"adopt6/store/indicator"
)

// smallNumber is the count of domains below which a share says little.
const smallNumber = indicator.SmallNumber

// Countries is the indicators of one scan, in the order of printing.
type Countries struct {
	Scan store.ScanInfo
	Rows []store.IndicatorRow
}

// Sort orders by kind, by the country's name as English readers sort it, and
// within a country as indicators are declared. Targets of no country come
// last.
func (t *Countries) Sort() {
	collator := collate.New(language.English)
	place := make(map[string]int)
	for i, ind := range indicator.All() {
		place[ind.ID] = i
	}
	kinds := map[lists.Kind]int{lists.Government: 0, lists.Custom: 1, lists.CCTLD: 2}
	slices.SortStableFunc(t.Rows, func(a, b store.IndicatorRow) int {
		if c := kinds[a.Kind] - kinds[b.Kind]; c != 0 {
			return c
		}
		if (a.Country == "") != (b.Country == "") {
			return strings.Compare(b.Country, a.Country)
		}
		if c := collator.CompareString(countryLabel(a), countryLabel(b)); c != 0 {
			return c
		}
		if c := strings.Compare(a.Country, b.Country); c != 0 {
			return c
		}
		return place[a.Indicator] - place[b.Indicator]
	})
}

// groups yields the rows of each kind and country together.
func (t *Countries) groups(yield func([]store.IndicatorRow) bool) {
	for start := 0; start < len(t.Rows); {
		end := start
		for end < len(t.Rows) && t.Rows[end].Kind == t.Rows[start].Kind && t.Rows[end].Country == t.Rows[start].Country {
			end++
		}
		if !yield(t.Rows[start:end]) {
			return
		}
		start = end
	}
}

// columns are the indicators of the 80-column table, by kind of target.
var columns = map[lists.Kind][]string{
	lists.CCTLD:      {"dns_v6", "v6_only", "dnssec_secure"},
	lists.Government: {"dns_v6", "web_v6", "v6_only", "dnssec_secure"},
	lists.Custom:     {"dns_v6", "web_v6", "v6_only", "dnssec_secure"},
}

// headings are the columns' short names, of at most shareWidth characters.
var headings = map[string]string{"dns_v6": "DNS", "web_v6": "Web", "v6_only": "no IPv4", "dnssec_secure": "DNSSEC"}

var kindTitles = map[lists.Kind]string{
	lists.CCTLD:      "ccTLDs",
	lists.Government: "Government domains",
	lists.Custom:     "Domains of the user's list",
}

// Widths of the table's columns, 80 in all.
const (
	nameWidth  = 16
	countWidth = 5
	shareWidth = 12
)

// Print writes the table of 80 columns.
func (t *Countries) Print(w io.Writer) error {
	out := bufio.NewWriter(terminal.Printable(w))
	fmt.Fprintf(out, "Scan %s\nstarted %s UTC from %s, %s targets%s\n", t.Scan.ID, t.Scan.Started.Format("2006-01-02 15:04"),
		terminal.Cut(t.Scan.Vantage, 24), terminal.Thousands(int64(t.Scan.Targets)), map[bool]string{true: "; not finished"}[t.Scan.Finished.IsZero()])
	kind := lists.Kind("")
	var small, blurred bool
	for rows := range t.groups {
		if rows[0].Kind != kind {
			kind = rows[0].Kind
			fmt.Fprintf(out, "\n%s over IPv6: %s\n", kindTitles[kind],
				map[bool]string{true: "how many of those measured", false: "share of those measured, with 95% interval"}[kind == lists.CCTLD])
			fmt.Fprintf(out, "%-*s %*s %*s", nameWidth, "", countWidth, "n", countWidth, "meas.")
			for _, id := range columns[kind] {
				fmt.Fprintf(out, " %*s", shareWidth, headings[id])
			}
			fmt.Fprintln(out)
		}
		few, wide := t.printRow(out, rows)
		small, blurred = small || few, blurred || wide
	}
	if small {
		fmt.Fprintf(out, "\nWhere fewer than %d domains were measured, they are counted: a share of so few\ncompares with nothing.\n", smallNumber)
	}
	if blurred {
		fmt.Fprintf(out, "\n? Too much was not measured for a share: the lowest and the highest that it\ncould be.\n")
	}
	fmt.Fprint(out, "\n"+t.unable()+t.coverage())
	return out.Flush()
}

// printRow prints one country and says whether a figure of it is a count, or
// bounds.
func (t *Countries) printRow(out io.Writer, rows []store.IndicatorRow) (small, blurred bool) {
	rules := indicator.RulesOf(t.Scan)
	values := make(map[string]store.IndicatorRow)
	for _, r := range rows {
		values[r.Indicator] = r
	}
	fmt.Fprintf(out, "%-*s %*d %*d", nameWidth, terminal.Cut(countryLabel(rows[0]), nameWidth),
		countWidth, rows[0].Targets, countWidth, values[indicator.Measured].Numerator)
	for _, id := range columns[rows[0].Kind] {
		r := values[id]
		r.Indicator, r.Kind = id, rows[0].Kind
		read := rules.Read(r)
		small = small || read.Say == indicator.Count && r.Kind != lists.CCTLD
		blurred = blurred || read.Say == indicator.Between
		fmt.Fprintf(out, " %*s", shareWidth, share(r, read))
	}
	fmt.Fprintln(out)
	return small, blurred
}

// share is "45% 38-52"; "2 of 7" of a census or where there are too few for a
// share, "0% to 63%" where too much was not measured for one, and a dash where
// nothing can be said.
func share(r store.IndicatorRow, read indicator.Reading) string {
	switch read.Say {
	case indicator.Count:
		return fmt.Sprintf("%d of %d", r.Numerator, r.Denominator)
	case indicator.Between:
		return strings.TrimSuffix(indicator.PercentText(read.Worst), "%") + "-" + indicator.PercentText(read.Best) + " ?"
	case indicator.Rate:
		text := indicator.PercentText(read.Share)
		if read.Interval {
			text += " " + indicator.IntervalText(read.Low, read.High)
		}
		return text
	}
	return "-"
}

// value is an indicator's figure in its unit.
func value(ind indicator.Indicator, r store.IndicatorRow, read indicator.Reading) string {
	switch {
	case ind.Measure == indicator.Share:
		return share(r, read)
	case read.Say != indicator.Number:
		return "-"
	case ind.Measure == indicator.Largest:
		return indicator.PercentText(r.Value)
	case ind.Measure == indicator.Median:
		return fmt.Sprintf("%+.1f %s", r.Value, ind.Unit)
	}
	return fmt.Sprintf("%.2f", r.Value)
}

// basis says what a figure rests on.
func basis(ind indicator.Indicator, r store.IndicatorRow) string {
	switch ind.Measure {
	case indicator.Share:
		return fmt.Sprintf("%d of %d, %d in part, %d unmeasured", r.Numerator, r.Denominator, r.Partial, r.Unmeasured)
	case indicator.Largest:
		return fmt.Sprintf("%d of %d, %d unmeasured: %s", r.Numerator, r.Denominator, r.Unmeasured, terminal.Cut(r.Detail, 24))
	}
	return fmt.Sprintf("over %d, %d unmeasured", r.Denominator, r.Unmeasured)
}

// unable says what the vantage lacked, and what has no figure for it.
func (t *Countries) unable() string {
	var text string
	for _, a := range indicator.RulesOf(t.Scan).Lacking() {
		text += map[indicator.Ability]string{
			indicator.OverIPv6:   "The scan ran without IPv6: what works over IPv6 has no figure.\n",
			indicator.MailOnIPv6: "The scan did not reach port 25 over IPv6: mail over IPv6 has no figure.\n",
			indicator.MailAtAll:  "The scan did not reach port 25: mail servers have no figures.\n",
		}[a]
	}
	if text == "" {
		return ""
	}
	return text + "`adopt6 doctor` says what is missing here.\n\n"
}

// coverage says in one line how much of the scan the figures rest on.
func (t *Countries) coverage() string {
	var targets, measured uint64
	countries := make(map[string]bool)
	for _, r := range t.Rows {
		if r.Indicator == indicator.Measured {
			targets += r.Targets
			measured += r.Numerator
			countries[r.Country] = true
		}
	}
	delete(countries, "")
	return fmt.Sprintf("Coverage: %s of %s targets measured, in %d countries and territories;\n%s could not be measured from here.\n",
		terminal.Thousands(int64(measured)), terminal.Thousands(int64(targets)), len(countries), terminal.Thousands(int64(targets-measured)))
}

// PrintDetails prints every indicator of the chosen countries.
func (t *Countries) PrintDetails(w io.Writer) error {
	out := bufio.NewWriter(terminal.Printable(w))
	for rows := range t.groups {
		fmt.Fprintf(out, "%s, %s: %s targets\n", countryLabel(rows[0]), kindTitles[rows[0].Kind], terminal.Thousands(int64(rows[0].Targets)))
		for _, r := range rows {
			ind, known := indicator.ByID(r.Indicator)
			if !known {
				continue
			}
			fmt.Fprintf(out, "  %-36s %*s\n", ind.Name, shareWidth, value(ind, r, indicator.RulesOf(t.Scan).Read(r)))
			text := basis(ind, r) + ". " + ind.Numerator + ", of " + ind.Denominator
			for line := range strings.SplitSeq(terminal.Wrap(text, 74), "\n") {
				fmt.Fprintf(out, "      %s\n", line)
			}
		}
		fmt.Fprintln(out)
	}
	if len(t.Rows) == 0 {
		fmt.Fprintln(out, "The scan has no target of this country.")
	}
	fmt.Fprint(out, t.coverage())
	return out.Flush()
}

// countryLabel is the short name of a country: a line of a terminal has no room
// for the one that documents have.
func countryLabel(r store.IndicatorRow) string {
	if r.Country == "" {
		return "(no country)"
	}
	c, _ := lists.CountryByCode(r.Country)
	return cmp.Or(c.Short.En, r.CountryName, r.Country)
}
