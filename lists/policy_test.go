package lists

import (
	"fmt"
	"net/url"
	"os"
	"strings"
	"testing"
	"unicode"
)

// languages maps a language to the letters that a text in it must have.
var languages = map[string]*unicode.RangeTable{
	"ar": unicode.Arabic, "zh": unicode.Han, "en": unicode.Latin, "fr": unicode.Latin, "ru": unicode.Cyrillic, "es": unicode.Latin,
}

// TestPolicyIsWhole holds every clause complete in six languages, with the
// place where it was read, and honest about what was not.
func TestPolicyIsWhole(t *testing.T) {
	t.Parallel()
	if len(Policy()) == 0 {
		t.Fatal("no clauses")
	}
	seen := make(map[string]bool)
	for _, c := range Policy() {
		id := c.Instrument.Key + ", " + c.Part + ", " + c.Revision
		if c.Instrument.Key == "" || c.Part == "" || c.Revision == "" || len(c.Ties) == 0 || seen[id] {
			t.Errorf("%s: no instrument, part, revision or indicator, or twice in the table", id)
		}
		tied := make(map[string]bool)
		for _, tie := range c.Ties {
			if tied[tie.Indicator] {
				t.Errorf("%s is tied twice to %s", id, tie.Indicator)
			}
			tied[tie.Indicator] = true
		}
		seen[id] = true
		if c.Verified != (c.Missing == "") {
			t.Errorf("%s: verified %v, but missing %q", id, c.Verified, c.Missing)
		}
		if strings.HasSuffix(c.Part, ")") == c.Verified {
			t.Errorf("%s: verified %v; a draft, summary or report is not, and says so", id, c.Verified)
		}
		if strings.Contains(c.Source, "://") || c.Verified {
			checkAddress(t, id, c.Source)
		} else if c.Source == "" {
			t.Errorf("%s: what was read is not said", id)
		}
		checkWords(t, id, c.Paraphrase)
		checkWords(t, id, c.Cited)
		if want := c.Part + " (" + c.Revision + ")"; c.Cited.En != want {
			t.Errorf("%s is cited as %q, want %q", id, c.Cited.En, want)
		}
		for lang := range languages {
			text := c.Paraphrase.In(lang)
			if !strings.HasSuffix(text, ".") && !strings.HasSuffix(text, "。") || strings.ContainsAny(text, `"“”«»「」`) {
				t.Errorf("%s in %s is not a sentence, or quotes: %q", id, lang, text)
			}
		}
	}
}

func TestInstrumentsAreWhole(t *testing.T) {
	t.Parallel()
	used := make(map[string]bool)
	for _, c := range Policy() {
		used[c.Instrument.Key] = true
	}
	for _, i := range Instruments() {
		if i.Title == "" || !used[i.Key] {
			t.Errorf("%s: no title, or no clause", i.Key)
		}
		if i.Body == "" || i.Unread == "" {
			t.Errorf("%s: who adopted it, or what was not read, is not said", i.Key)
		}
		if i.Address == "" && !i.AddressSeen {
			continue
		}
		checkAddress(t, i.Key, i.Address)
		if u, _ := url.Parse(i.Address); !i.AddressSeen && !strings.HasSuffix(u.Host, "itu.int") {
			t.Errorf("%s: %s is not ITU's, and was not seen", i.Key, i.Address)
		}
		checkWords(t, i.Key, i.Names)
	}
}

// TestPolicyIsNotShared lets a caller change what it got.
func TestPolicyIsNotShared(t *testing.T) {
	t.Parallel()
	Policy()[0].Ties[0].Indicator = "changed"
	if Policy()[0].Ties[0].Indicator == "changed" {
		t.Error("a caller changed the table")
	}
}

// TestPolicyIsDocumented compares docs/policy.md with the table.
func TestPolicyIsDocumented(t *testing.T) {
	t.Parallel()
	doc, err := os.ReadFile("../docs/policy.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range Policy() {
		read := "yes"
		if !c.Verified {
			read = "no: " + c.Missing
		}
		of := "state"
		if c.OfChange {
			of = "change"
		}
		row := fmt.Sprintf("| %s | %s | %s | %s | %s | %s | %s | %s | %s |\n", c.Part, c.Revision, c.Paraphrase.En, read, of,
			code(c.With(Direct)), code(c.With(ByReading)), code(c.With(Thin)), c.Source)
		if !strings.Contains(string(doc), row) {
			t.Errorf("docs/policy.md misses the row of %s:\n%s", c.Instrument.Key, row)
		}
	}
	for _, i := range Instruments() {
		if !strings.Contains(string(doc), i.Unread) || !strings.Contains(string(doc), i.Address) || !strings.Contains(string(doc), i.Title) {
			t.Errorf("docs/policy.md misses the title, the address or the unread revisions of %s", i.Key)
		}
	}
}

// code writes ids as docs/policy.md has them.
func code(ids []string) string {
	if len(ids) == 0 {
		return ""
	}
	return "`" + strings.Join(ids, "` `") + "`"
}

func checkAddress(t *testing.T, id, address string) {
	t.Helper()
	u, err := url.Parse(address)
	if err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http" {
		t.Errorf("%s: %q is not an address", id, address)
	}
}

func checkWords(t *testing.T, id string, n Names) {
	t.Helper()
	for lang, script := range languages {
		text := n.In(lang)
		if strings.TrimSpace(text) != text || !strings.ContainsFunc(text, func(r rune) bool { return unicode.Is(script, r) }) {
			t.Errorf("%s in %s: %q", id, lang, text)
		}
	}
}
