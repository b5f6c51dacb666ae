// Package translationtest checks translated texts.
//
// In: a text in English and in another language. Out: what a reader of the
// other language would miss. It knows no language and judges no style.
package translationtest

import (
	"regexp"
	"slices"
	"strings"
	"testing"

	"adopt6/lists"
)

// Languages are those that texts are translated to.
var Languages = []string{"ar", "zh", "fr", "ru", "es"}

// fixed is what stays the same in every language: record types, protocols,
// numbers with those of RFCs and sections, the names of columns and the places
// of values.
var fixed = regexp.MustCompile(`\b[A-Z][A-Z0-9]+\b|\bICMPv6\b|\bIPv[46]\b|\b(?:www|ipv6hint)\b|\b[a-z0-9]+(?:_[a-z0-9]+)+\b|\d+(?:\.\d+)*|%(?:\[\d\])?[a-z]`)

// Compare checks that a text is there where the English one is and is not left
// in English, and that it keeps what is the same in every language.
func Compare(t *testing.T, where, english, translated string) {
	t.Helper()
	left := english != "" && english == translated
	if left || (english == "") != (translated == "") || strings.TrimSpace(translated) != translated {
		t.Errorf("%s is %q, in English %q", where, translated, english)
		return
	}
	if want, got := kept(english), kept(translated); !slices.Equal(got, want) {
		t.Errorf("%s keeps %q of %q:\n%s\n%s", where, got, want, translated, english)
	}
}

// kept returns what a text has of [fixed], each once.
func kept(text string) []string {
	found := fixed.FindAllString(text, -1)
	slices.Sort(found)
	return slices.Compact(found)
}

// CompareAll checks tables of translations against the English texts by key:
// no language, key or text may be missing, and none be there for nothing.
func CompareAll(t *testing.T, english map[string][]string, all lists.Translations) {
	t.Helper()
	for lang := range all {
		if !slices.Contains(Languages, lang) {
			t.Errorf("%s is none of the languages %v", lang, Languages)
		}
	}
	for _, lang := range Languages {
		texts := all[lang]
		if len(texts) == 0 {
			t.Errorf("there is nothing in %s", lang)
			continue
		}
		for key := range texts {
			if english[key] == nil {
				t.Errorf("%s in %s is unknown", key, lang)
			}
		}
		for key, want := range english {
			got := texts[key]
			if got == nil {
				t.Errorf("%s is missing in %s", key, lang)
				continue
			}
			for i := range want {
				Compare(t, key+" in "+lang, want[i], got[i])
				Typography(t, key, lang, got[i])
			}
		}
	}
}

// Faults of typography by language: in Arabic the signs of Latin script, a
// sentence that begins with a Latin word and so may take its direction, or a
// prefix that can part from its word; in Chinese signs of half width, a blank
// beside a sign or between characters, or none between Han and Latin; in French
// a plain blank where one may not break a line, or a straight apostrophe; in
// Russian other quotation marks than « », a hyphen for a dash, or a unit that
// can part from its number; in Spanish a question or exclamation that is not
// opened.
var faults = map[string]*regexp.Regexp{
	"ar": regexp.MustCompile(`[,;?"“”]|^[A-Za-z][^.]* .*\.$|[بل]ـ [A-Za-z]`),
	"zh": regexp.MustCompile(`\p{Han}[,;:!?()]|[,;:!?()]\p{Han}|\p{Han} \p{Han}| [，。；：！？、（）“”]|[，。；：！？、（）“”] |\p{Han}[A-Za-z0-9]|[A-Za-z0-9][^\P{Han}年月日]`),
	"fr": regexp.MustCompile(`'| [:;!?»]|« | %(?:[^\[a-z]|$)`),
	"ru": regexp.MustCompile(`["'“”„]| - | %(?:[^\[a-z]|$)|п\. п`),
	"es": regexp.MustCompile(`^[^¿]*\?|^[^¡]*!| %(?:[^\[a-z]|$)`),
}

// places are those of values.
var places = regexp.MustCompile(`%(?:\[\d\])?s|\{[dmy]\}`)

// Typography checks what readers of a language expect of its signs.
func Typography(t *testing.T, where, lang string, texts ...string) {
	t.Helper()
	for _, text := range texts {
		plain := places.ReplaceAllString(text, "·")
		if fault := faults[lang]; fault != nil && fault.MatchString(plain) {
			t.Errorf("%s in %s has %q: %q", where, lang, fault.FindString(plain), text)
		}
	}
}
