package lists

import (
	"cmp"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"maps"
	"slices"
	"strings"
)

// maxRemembered bounds the names that Check compares with for duplicates, and
// so its memory to about 300 MB.
const maxRemembered = 1 << 22

// Outcome says how a row of a list is read.
type Outcome string

// What may become of a row.
const (
	Taken     Outcome = "taken"     // measured as it is written
	Changed   Outcome = "changed"   // measured under the name that was meant
	SameSite  Outcome = "same-site" // the same site as a row before: x beside www.x
	Duplicate Outcome = "duplicate" // the name of a row before
	Refused   Outcome = "refused"   // not understood: the list must be corrected
)

// CheckedRow is a row of a list and how it is read.
type CheckedRow struct {
	Line    int     `json:"line"`
	Outcome Outcome `json:"outcome"`
	Written string  `json:"written"` // the text in the column of the name
	Target  Target  `json:"-"`       // zero for a row that is refused
	Why     string  `json:"why,omitempty"`
}

// Report is what Check found in a list.
type Report struct {
	File      string       `json:"file"`
	Targets   int          `json:"targets"`    // rows that are taken, without duplicates
	Changed   int          `json:"changed"`    // of these, those under another name than is written
	Countries int          `json:"countries"`  // distinct ones among them
	NoCountry int          `json:"no_country"` // targets that count for no country
	Errors    []*LineError `json:"errors"`
	Warnings  []*LineError `json:"warnings"` // at most as many as errors
	// Unread are the columns of the header that adopt6 does not know.
	Unread []string `json:"unread_columns"`
	// More says that the list was not read to its end, since Errors is full.
	More bool `json:"more"`
	// Compared is the number of names that were compared for duplicates: the
	// first 4,194,304 of a list. Later ones are compared with these only.
	Compared int `json:"compared"`
	// ByCountry is sorted by country; targets of none come last.
	ByCountry []CountryRows `json:"by_country"`
}

// CountryRows counts the targets of a list in one country.
type CountryRows struct {
	Country string         `json:"country"` // ISO 3166-1 alpha-2; empty for none
	Targets int            `json:"targets"`
	Roles   map[string]int `json:"roles"` // code of a role to targets that serve it
}

// Check reads a whole list as Read does and gathers up to most errors, at
// least one. A name that stands in it twice is an error too; a site that stands
// in it as x and as www.x is a warning. each, when given, is called for every
// row, and its error ends the reading. Check returns an error only when r or
// each does.
func Check(r io.Reader, file string, most int, each func(CheckedRow) error) (Report, error) {
	c := checker{
		lister: newLister(r, file), most: most, each: each, seed: maphash.MakeSeed(),
		firstLine: make(map[uint64]int32), byCountry: make(map[string]*CountryRows),
		report: Report{File: file, Errors: []*LineError{}, Warnings: []*LineError{}},
	}
	err := c.run()
	c.report.Compared, c.report.Unread = len(c.firstLine), []string{}
	if c.columns != nil {
		c.report.Unread = append(c.report.Unread, c.columns.unread...)
	}
	for _, country := range slices.SortedFunc(maps.Keys(c.byCountry), emptyLast) {
		if c.report.ByCountry = append(c.report.ByCountry, *c.byCountry[country]); country != "" {
			c.report.Countries++
		}
	}
	return c.report, err
}

func emptyLast(a, b string) int {
	if (a == "") != (b == "") {
		return cmp.Compare(b, a)
	}
	return cmp.Compare(a, b)
}

// checker is one run of Check.
type checker struct {
	*lister
	most      int
	each      func(CheckedRow) error
	report    Report
	seed      maphash.Seed
	firstLine map[uint64]int32 // site to its first line, negative when it stands there with www
	byCountry map[string]*CountryRows
}

func (c *checker) run() error {
	for {
		t, err := c.next()
		if err == io.EOF {
			return nil
		}
		row := CheckedRow{Line: c.line, Target: t, Outcome: Taken}
		if c.columns != nil {
			row.Written = c.columns.field(c.fields, columnName)
		}
		var fault *LineError
		switch {
		case errors.As(err, &fault):
			row.Outcome = Refused
		case err != nil:
			return err
		default:
			fault = c.compare(&row)
		}
		if err := c.note(row, fault); err != nil || c.report.More {
			return err
		}
	}
}

// compare looks for the row's site among those before, and for the name under
// which it is written.
func (c *checker) compare(row *CheckedRow) *LineError {
	site, www := strings.CutPrefix(row.Target.Name, "www.")
	key := maphash.String(c.seed, site)
	line := int32(row.Line)
	if www {
		line = -line
	}
	first, known := c.firstLine[key]
	if !known && len(c.firstLine) < maxRemembered {
		c.firstLine[key] = line
	}
	switch {
	case known && (first < 0) == www:
		row.Outcome = Duplicate
		return c.problem("%s stands in line %d already", "remove this line", row.Target.Name, first)
	case known:
		row.Outcome = SameSite
		return c.problem("%s is the site of line %d, with www or without", "remove the one with www: it is measured with its domain", row.Target.Name, first)
	case row.Written != row.Target.Name && row.Written != row.Target.Unicode:
		row.Outcome, row.Why = Changed, "written as "+quote(row.Written)
	}
	return nil
}

func (c *checker) problem(what, fix, name string, line int32) *LineError {
	problem := Problem{fmt.Sprintf(what, quote(name), max(line, -line)), fix}
	return &LineError{File: c.file, Line: c.line, Problem: problem}
}

// note counts a row and hands it on.
func (c *checker) note(row CheckedRow, fault *LineError) error {
	switch row.Outcome {
	case Refused, Duplicate:
		row.Why = fault.What + ": " + fault.Fix
		if len(c.report.Errors) < c.most {
			c.report.Errors = append(c.report.Errors, fault)
		}
		c.report.More = len(c.report.Errors) == c.most && !c.done
	case SameSite:
		row.Why = fault.What
		if len(c.report.Warnings) < c.most {
			c.report.Warnings = append(c.report.Warnings, fault)
		}
	default:
		if row.Outcome == Changed {
			c.report.Changed++
		}
		c.count(row.Target)
	}
	if c.each == nil {
		return nil
	}
	return c.each(row)
}

func (c *checker) count(t Target) {
	c.report.Targets++
	if t.Country == "" {
		c.report.NoCountry++
	}
	country := c.byCountry[t.Country]
	if country == nil {
		country = &CountryRows{Country: t.Country, Roles: make(map[string]int)}
		c.byCountry[t.Country] = country
	}
	country.Targets++
	for role := range strings.FieldsSeq(t.Roles) {
		country.Roles[role]++
	}
}
