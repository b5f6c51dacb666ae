package words

import (
	"fmt"
	"regexp"
	"strings"
	"time"

	"golang.org/x/text/language"
	"golang.org/x/text/message"
	"golang.org/x/text/number"

	"adopt6/lists"
)

// Locale says things in one language.
type Locale struct {
	Lang, Dir string           // Dir is ltr or rtl
	Printer   *message.Printer // of numbers
}

// NewLocale prepares one of the [Languages]. Arabic is written with the digits
// that domain names and addresses beside them have.
func NewLocale(lang string) *Locale {
	l := &Locale{Lang: lang, Dir: "ltr", Printer: message.NewPrinter(language.MustParse(lang))}
	if lang == "ar" {
		l.Dir, l.Printer = "rtl", message.NewPrinter(language.MustParse("ar-u-nu-latn"))
	}
	return l
}

// Start is the side where lines begin, and End the other one.
func (l *Locale) Start() string { return map[string]string{"rtl": "right", "ltr": "left"}[l.Dir] }
func (l *Locale) End() string   { return map[string]string{"rtl": "left", "ltr": "right"}[l.Dir] }

// T returns an interface text with values where it has room for them. Values
// are texts: a number is written by its readers' rules first, with N.
func (l *Locale) T(key string, values ...string) string {
	names, known := Texts()[key]
	if !known {
		panic("words: no text for " + key)
	}
	return fill(key, names.In(l.Lang), values)
}

// Count returns a text whose words depend on n, with values where it has room
// for them.
func (l *Locale) Count(n uint64, key string, values ...string) string {
	text, known := Plurals()[key]
	if !known {
		panic("words: no text for " + key + " that depends on a number")
	}
	words := text.In(l.Lang, n)
	if !strings.Contains(words, "%[") {
		values = nil // "one domain" has no room for the number
	}
	return fill(key, words, values)
}

// misfit is what fmt writes where there are too many values or too few.
var misfit = regexp.MustCompile(`%!(?:\(EXTRA|\(BADINDEX|[a-z]\((?:MISSING|BADINDEX))`)

// fill writes values into a text. Values that do not fit are a fault of the
// caller, which a page must not show.
func fill(key, text string, values []string) string {
	list := make([]any, len(values))
	for i, v := range values {
		list[i] = v
	}
	filled := fmt.Sprintf(text, list...)
	if misfit.MatchString(filled) && !misfit.MatchString(strings.Join(values, "")) {
		panic(fmt.Sprintf("words: %d values do not fit the text of %s: %s", len(values), key, filled))
	}
	return filled
}

// Word returns the text of a key made of a group and a token, or the token
// where there is none: a store may be newer than the program.
func (l *Locale) Word(group, token string) string {
	if names, known := Texts()[group+"."+token]; known {
		return names.In(l.Lang)
	}
	return token
}

// N writes a whole number.
func (l *Locale) N(n any) string { return l.Printer.Sprint(number.Decimal(n)) }

// Decimal writes a number with a fixed number of digits after the point.
func (l *Locale) Decimal(v float64, digits int) string {
	return l.Printer.Sprint(number.Decimal(v, number.Scale(digits)))
}

// Date writes a day.
func (l *Locale) Date(t time.Time) string { return Date(l.Lang, t) }

// Gap is what stands between two sentences: a blank, and nothing in Chinese.
func (l *Locale) Gap() string {
	if l.Lang == "zh" {
		return ""
	}
	return " "
}

// Stop is what ends a sentence that another follows.
func (l *Locale) Stop() string {
	if l.Lang == "zh" {
		return "。"
	}
	return ". "
}

// Country writes the name of a country as documents have it, or of no country.
func (l *Locale) Country(c lists.Country) string { return l.nameOf(c, c.Names) }

// ShortCountry writes the short name of a country, for charts.
func (l *Locale) ShortCountry(c lists.Country) string { return l.nameOf(c, c.Short) }

func (l *Locale) nameOf(c lists.Country, names lists.Names) string {
	if name := names.In(l.Lang); name != "" {
		return name
	}
	if c.Alpha2 != "" {
		return c.Alpha2
	}
	return l.T("nocountry")
}
