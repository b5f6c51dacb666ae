package lists

import (
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"golang.org/x/net/publicsuffix"
)

// How long what a user writes beside a name may be, in bytes.
const (
	maxText = 64  // a source, sector or tag
	maxBody = 256 // the name of a body
)

// columns says which field of a row is what.
type columns struct {
	at     map[string]int // column to field
	width  int
	header bool
	unread []string // columns whose meaning is not known
}

// noHeader are the columns of a list without a header.
func noHeader() *columns {
	return &columns{at: map[string]int{columnName: 0, columnCountry: 1, columnLevel: 2}, width: 3}
}

// field returns what a row has in a column; "" when the list lacks it.
func (c *columns) field(fields []string, column string) string {
	if i, ok := c.at[column]; ok && i < len(fields) {
		return fields[i]
	}
	return ""
}

// target makes a target of the fields of a row.
func (c *columns) target(fields []string, file string) (t Target, err error) {
	for len(fields) > c.width && fields[len(fields)-1] == "" {
		fields = fields[:len(fields)-1]
	}
	if len(fields) > c.width {
		if c.header {
			return t, &Problem{fmt.Sprintf("the row has %d fields and the header %d", len(fields), c.width), "quote a field that holds a separator"}
		}
		return t, &Problem{fmt.Sprintf("the row has %d fields and the list no header", len(fields)), "begin the list with a header such as name,country,level"}
	}
	if t.Name, t.Unicode, err = Normalize(hostIn(c.field(fields, columnName))); err != nil {
		return t, err
	}
	if err := checkSingleLabel(t.Name); err != nil {
		return t, err
	}
	if t.Country, err = countryField(c.field(fields, columnCountry), t.Name); err != nil {
		return t, err
	}
	if t.Level, err = levelField(c.field(fields, columnLevel)); err != nil {
		return t, err
	}
	if t.Kind, err = kindField(c.field(fields, columnKind), t.Level); err != nil {
		return t, err
	}
	if t.Date, err = dateField(c.field(fields, columnDate)); err != nil {
		return t, err
	}
	if t.Roles, err = ParseRoles(c.field(fields, columnRoles)); err != nil {
		return t, err
	}
	for _, text := range []struct {
		column string
		most   int
		to     *string
	}{
		{columnSource, maxText, &t.Source}, {columnOrganisation, maxBody, &t.Organisation},
		{columnSector, maxText, &t.Sector}, {columnTags, maxBody, &t.Tags},
	} {
		if *text.to, err = textField(text.column, c.field(fields, text.column), text.most); err != nil {
			return t, err
		}
	}
	if t.Source == "" {
		t.Source = file
	}
	return t, nil
}

// hostIn returns the host of a web address, which is what many lists have in
// the place of a name, and everything else as it is: Normalize says what is
// wrong with it. An address with a port is left alone, since another server
// may answer there than the one that adopt6 measures.
func hostIn(cell string) string {
	rest := cell
	if scheme, after, found := strings.Cut(cell, "://"); found {
		if !strings.EqualFold(scheme, "http") && !strings.EqualFold(scheme, "https") {
			return cell
		}
		rest = after
	} else if !strings.Contains(cell, "/") || strings.Contains(cell, "@") || isAddress(cell) {
		return cell
	}
	host, _, _ := strings.Cut(rest, "/")
	if i := strings.IndexAny(host, `?#`); i >= 0 {
		host = host[:i]
	}
	host = host[strings.LastIndexByte(host, '@')+1:]
	if host == "" || strings.ContainsAny(host, ":[") {
		return cell
	}
	return host
}

// checkSingleLabel returns an error for a name of one label that is not a
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

// levelAdvice is what to write for other words for a level.
var levelAdvice = map[string]string{
	"national": LevelCentral, "federal": LevelCentral, "government": LevelCentral,
	"state": LevelRegional, "province": LevelRegional, "provincial": LevelRegional, "region": LevelRegional,
	"municipal": LevelLocal, "municipality": LevelLocal, "city": LevelLocal, "district": LevelLocal, "county": LevelLocal,
	"public": LevelPublicSector,
}

// Levels are the levels of government, highest first.
func Levels() []string {
	return []string{LevelCentral, LevelRegional, LevelLocal, LevelPublicSector}
}

// levelField reads a level of government in any case.
func levelField(s string) (string, error) {
	level := strings.ToLower(s)
	if level == "" || slices.Contains(Levels(), level) {
		return level, nil
	}
	fix := "write " + strings.Join(Levels(), ", ") + ", or leave it empty"
	meant := levelAdvice[level]
	if meant == "" {
		meant = nearest(level, Levels(), len(level)/3)
	}
	if meant != "" {
		fix = fmt.Sprintf("did you mean %q?", meant)
	}
	return "", &Problem{"unknown level " + quote(s), fix}
}

// textField checks a text that goes to the store as it is.
func textField(column, s string, most int) (string, error) {
	if len(s) > most {
		return "", &Problem{fmt.Sprintf("the %s has %d bytes", column, len(s)), fmt.Sprintf("shorten it to at most %d", most)}
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
		return "", &Problem{quote(s) + " is not a date", "write it as year-month-day, such as 2026-11-30"}
	}
	return s, nil
}

// kindField reads a kind in any case. Where none is given, a domain of the
// central government is one of kind government, and every other is custom.
func kindField(s, level string) (Kind, error) {
	switch k := Kind(strings.ToLower(s)); {
	case k == "" && level == LevelCentral:
		return Government, nil
	case k == "":
		return Custom, nil
	case k == CCTLD || k == Government || k == Custom:
		return k, nil
	}
	return "", &Problem{"unknown kind " + quote(s), fmt.Sprintf("write %s, %s or %s, or leave it empty", CCTLD, Government, Custom)}
}
