package lists

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/publicsuffix"
)

// maxText bounds a level or source that a user writes, in bytes.
const maxText = 64

// columns says which field of a row is what; -1 is nowhere.
type columns struct {
	name, country, level, kind, source, date int
	width                                    int
	header                                   bool
}

// nameColumns are the words by which a row is known as a header.
var nameColumns = []string{"name", "domain", "domain name", "domain_name", "host", "hostname"}

// otherColumns are the further columns that a list may have. unicode is what
// adopt6 itself writes and is worked out again.
var otherColumns = []string{"country", "level", "kind", "source", "date", "unicode"}

// newColumns reads a header. It returns nil for a row that is none.
func newColumns(fields []string) (*columns, error) {
	c := &columns{name: -1, country: -1, level: -1, kind: -1, source: -1, date: -1, width: len(fields), header: true}
	for i, field := range fields {
		if c.name < 0 && slices.Contains(nameColumns, strings.ToLower(field)) {
			c.name = i
		}
	}
	if c.name < 0 {
		return nil, nil
	}
	place := map[string]*int{"country": &c.country, "level": &c.level, "kind": &c.kind, "source": &c.source, "date": &c.date}
	for i, field := range fields {
		word := strings.ToLower(field)
		if p := place[word]; p != nil {
			if *p >= 0 {
				return nil, &Problem{fmt.Sprintf("two columns are called %s", quote(field)), "remove or rename one"}
			}
			*p = i
			continue
		}
		if slices.Contains(otherColumns, word) || slices.Contains(nameColumns, word) {
			continue
		}
		if meant := nearest(word, otherColumns, len(word)/3); meant != "" {
			return nil, &Problem{"unknown column " + quote(field), fmt.Sprintf("did you mean %q?", meant)}
		}
	}
	return c, nil
}

// noHeader are the columns of a list without a header.
func noHeader() *columns {
	return &columns{name: 0, country: 1, level: 2, kind: -1, source: -1, date: -1, width: 3}
}

// target makes a target of the fields of a row.
func (c *columns) target(fields []string, file string) (Target, error) {
	for len(fields) > c.width && fields[len(fields)-1] == "" {
		fields = fields[:len(fields)-1]
	}
	if len(fields) > c.width {
		if c.header {
			return Target{}, &Problem{fmt.Sprintf("the row has %d fields and the header %d", len(fields), c.width), "quote a field that holds a separator"}
		}
		return Target{}, &Problem{fmt.Sprintf("the row has %d fields and the list no header", len(fields)), "begin the list with a header such as name,country,level"}
	}
	field := func(i int) string {
		if i < 0 || i >= len(fields) {
			return ""
		}
		return fields[i]
	}
	t := Target{Kind: Custom, Source: file}
	var err error
	if t.Name, t.Unicode, err = Normalize(field(c.name)); err != nil {
		return Target{}, err
	}
	if err := checkSingleLabel(t.Name); err != nil {
		return Target{}, err
	}
	if t.Country, err = countryField(field(c.country), t.Name); err != nil {
		return Target{}, err
	}
	if t.Level, err = textField("level", field(c.level)); err != nil {
		return Target{}, err
	}
	if source, err := textField("source", field(c.source)); err != nil {
		return Target{}, err
	} else if source != "" {
		t.Source = source
	}
	if t.Date, err = dateField(field(c.date)); err != nil {
		return Target{}, err
	}
	if kind := field(c.kind); kind != "" {
		t.Kind, err = kindField(kind)
	}
	return t, err
}

// checkSingleLabel returns an error for a name of one label that is no
// top-level domain.
func checkSingleLabel(name string) error {
	if strings.IndexByte(name, '.') >= 0 {
		return nil
	}
	if _, ok := TLDByName(name); ok {
		return nil
	}
	if _, icann := publicsuffix.PublicSuffix(name); icann {
		return nil
	}
	return &Problem{quote(name) + " is a single label and no top-level domain", "write the whole domain name, such as " + quote(name+".example")}
}

// countryField reads a country code. An empty one is that of the name's
// top-level domain.
func countryField(code, name string) (string, error) {
	if code == "" {
		return CountryOf(name), nil
	}
	c, err := ParseCountry(code)
	return c.Alpha2, err
}

// textField checks a word that goes to the store as it is.
func textField(column, s string) (string, error) {
	if len(s) > maxText {
		return "", &Problem{fmt.Sprintf("the %s has %d bytes", column, len(s)), fmt.Sprintf("shorten it to at most %d", maxText)}
	}
	if strings.ContainsFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) {
		return "", &Problem{fmt.Sprintf("the %s %s holds a control character", column, quote(s)), "remove it"}
	}
	return s, nil
}

func dateField(s string) (string, error) {
	if s == "" {
		return "", nil
	}
	if _, err := time.Parse(time.DateOnly, s); err != nil {
		return "", &Problem{quote(s) + " is no date", "write it as year-month-day, such as 2026-11-30"}
	}
	return s, nil
}

func kindField(s string) (Kind, error) {
	switch k := Kind(strings.ToLower(s)); k {
	case CCTLD, Government, Custom:
		return k, nil
	}
	return "", &Problem{"unknown kind " + quote(s), fmt.Sprintf("write %s, %s or %s, or leave it empty", CCTLD, Government, Custom)}
}
