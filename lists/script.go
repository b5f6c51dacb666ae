package lists

import (
	"fmt"
	"slices"
	"strings"
	"unicode"
)

// scripts are the tables that a letter is looked up in, those of IDN
// registrations first. Common and Inherited go with any script.
var scripts = scriptOrder()

func scriptOrder() []string {
	order := []string{"Latin", "Cyrillic", "Arabic", "Han", "Greek", "Hangul", "Hiragana", "Katakana", "Devanagari", "Thai", "Hebrew"}
	var rest []string
	for name := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && !slices.Contains(order, name) {
			rest = append(rest, name)
		}
	}
	slices.Sort(rest)
	return append(order, rest...)
}

// scriptOf returns the Unicode script of r, or "" for what scripts share.
func scriptOf(r rune) string {
	if r < 0x80 {
		if 'a' <= r && r <= 'z' || 'A' <= r && r <= 'Z' {
			return "Latin"
		}
		return ""
	}
	if unicode.Is(unicode.Common, r) || unicode.Is(unicode.Inherited, r) {
		return ""
	}
	for _, name := range scripts {
		if unicode.Is(unicode.Scripts[name], r) {
			return name
		}
	}
	return ""
}

// mixtures are the scripts that one label may combine: UTS 39 section 5.2,
// highly restrictive. They cover Japanese, Chinese and Korean.
var mixtures = [][]string{
	{"Latin", "Han", "Hiragana", "Katakana"},
	{"Latin", "Han", "Bopomofo"},
	{"Latin", "Han", "Hangul"},
}

// checkScripts returns an error for a label in scripts that do not go
// together: such a label is mistyped, or made to be mistaken for another.
func checkScripts(label string) error {
	var found []string
	var odd rune
	for _, r := range label {
		if s := scriptOf(r); s != "" && !slices.Contains(found, s) {
			if len(found) == 1 {
				odd = r
			}
			found = append(found, s)
		}
	}
	if len(found) < 2 {
		return nil
	}
	for _, allowed := range mixtures {
		if !slices.ContainsFunc(found, func(s string) bool { return !slices.Contains(allowed, s) }) {
			return nil
		}
	}
	return &Problem{
		fmt.Sprintf("label %s mixes %s", quote(label), strings.Join(found, " and ")),
		fmt.Sprintf("write it in one script; %q (%U) is %s", odd, odd, scriptOf(odd)),
	}
}

// checkCodePoints returns an error for what UTS 46 lets pass and IDNA 2008
// does not: symbols, punctuation, emoji (RFC 5892 section 2), and the few
// signs that need a context (appendix A) outside it.
func checkCodePoints(label string) error {
	runes := []rune(label)
	for i, r := range runes {
		if !unicode.In(r, unicode.L, unicode.Mn, unicode.Mc, unicode.Nd) && !inContext(runes, i) {
			return &Problem{fmt.Sprintf("label %s holds %q (%U)", quote(label), r, r),
				"IDNA 2008 allows letters, marks and digits only (RFC 5892)"}
		}
	}
	return nil
}

// inContext tells whether the sign at i, which is not a letter, mark or digit,
// may stand there. The idna package has checked the two joiners.
func inContext(label []rune, i int) bool {
	before, after := rune(0), rune(0)
	if i > 0 {
		before = label[i-1]
	}
	if i+1 < len(label) {
		after = label[i+1]
	}
	switch label[i] {
	case '-', '\u200c', '\u200d', // hyphen, joiners
		'\u06fd', '\u06fe', '\u0f0b', '\u3007': // RFC 5892 section 2.6
		return true
	case '\u00b7': // middle dot, as in Catalan
		return before == 'l' && after == 'l'
	case '\u0375': // Greek numeral sign
		return scriptOf(after) == "Greek"
	case '\u05f3', '\u05f4': // Hebrew geresh and gershayim
		return scriptOf(before) == "Hebrew"
	case '\u30fb': // Katakana middle dot
		return slices.ContainsFunc(label, func(r rune) bool {
			s := scriptOf(r)
			return s == "Hiragana" || s == "Katakana" || s == "Han"
		})
	}
	return false
}
