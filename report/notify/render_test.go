package notify

import (
	"encoding/json"
	"regexp"
	"strings"
	"testing"
	"time"

	"adopt6/lists"
	"adopt6/report/words"
	"adopt6/scanner/observation"
)

// explain explains two reasons in every language.
func explain(lang string) []observation.ReasonInfo {
	return []observation.ReasonInfo{
		{Reason: observation.NoAAAA, Text: "The name has no AAAA record. (" + lang + ")", Fix: "Publish one. (" + lang + ")"},
		{Reason: observation.Timeout, Text: "Nothing answers. (" + lang + ")", Fix: "Open the firewall. (" + lang + ")"},
	}
}

// TestEveryLanguage writes a digest with everything that can be in one in each
// language: no text of another, no value left out, numbers and dates as readers
// write them.
func TestEveryLanguage(t *testing.T) {
	t.Parallel()
	d := Sample(time.Date(2026, 11, 8, 6, 0, 0, 0, time.UTC))
	d.LeftOff, d.Held, d.See, d.Simulated = 1500, 2, "https://adopt6.example.org/changes", true
	for lang, want := range map[string][]string{
		"en": {"8 November 2026", "1,234", "1,500 more changes", "2 losses", "Gained: 2 · Lost: 1 · Broken: 1", "Senegal", "Web: works → not there. The name", "Fix: Publish one. (en)", "Before: The name"},
		"fr": {"8 novembre 2026", "1\u00a0234", "Perdus\u00a0: 1", "Sénégal", "Correction\u00a0: "},
		"es": {"8 de noviembre de 2026", "1.234", "Perdidos: 1", "Corrección: "},
		"ru": {"8 ноября 2026 г.", "1\u00a0234", "Исчезли: 1", "Сенегал"},
		"zh": {"2026年11月8日", "1,234", "消失：1", "塞内加尔"},
		"ar": {"8 نوفمبر 2026", "1,234", "السنغال", "←", `dir="rtl"`, `<bdi dir="ltr"><strong>example.gouv.tg</strong></bdi>`},
	} {
		m, err := NewWriter(lang, explain).Write(&d, "msg_x")
		if err != nil {
			t.Fatal(err)
		}
		for _, text := range want {
			if !strings.Contains(m.Text+m.HTML, text) {
				t.Errorf("%s: there is no %q in\n%s", lang, text, m.Text)
			}
		}
		if bad := regexp.MustCompile(`%!|%\[|\{\{|<no value>`).FindString(m.Text + m.HTML + m.Subject); bad != "" {
			t.Errorf("%s: %s in\n%s", lang, bad, m.Text)
		}
		if lang != "en" && strings.Contains(m.Text, "(en)") {
			t.Errorf("%s: a reason in English", lang)
		}
		if !json.Valid(m.JSON) || !strings.Contains(string(m.JSON), `"language":"`+lang+`"`) {
			t.Errorf("%s: %s", lang, m.JSON)
		}
		if !strings.Contains(m.HTML, `<html lang="`+lang+`"`) {
			t.Errorf("%s: the page is of another language", lang)
		}
	}
	if len(words.Languages) != 6 {
		t.Errorf("there are languages that this test does not read: %v", words.Languages)
	}
}

// TestHostileNames puts into every field of a digest what would end a header,
// open a tag, move a terminal or turn the writing.
func TestHostileNames(t *testing.T) {
	t.Parallel()
	const evil = "<script>alert(1)</script>\r\nBcc: all@example.org\x1b[2J\u202etxt\u2066\x00"
	b := NewBuilder(10)
	b.Add(observation.Change{Domain: evil + strings.Repeat("x", 5000), Kind: lists.Kind(evil), Country: evil, Service: evil, News: observation.Lost, Before: evil, After: evil, Reason: evil})
	d := b.Digest(Digest{Job: evil, List: evil, Vantage: evil, Domains: observation.Compared{Common: 1}})
	for _, lang := range words.Languages {
		m, err := NewWriter(lang, explain).Write(d, "msg_x")
		if err != nil {
			t.Fatal(err)
		}
		if strings.ContainsAny(m.Subject, "\r\n\x1b\u202e") || len([]rune(m.Subject)) > 200 {
			t.Errorf("%s: the subject is %q", lang, m.Subject)
		}
		if strings.Contains(m.HTML, "<script") || strings.ContainsAny(m.HTML+m.Text, "\r\x1b\x00\u202e\u2066") || strings.Contains(m.Text, "\nBcc") {
			t.Errorf("%s: it gets through: %.2000q", lang, m.Text)
		}
		if len(m.Text) > 8000 {
			t.Errorf("%s: %d bytes", lang, len(m.Text))
		}
	}
}

// TestBuilderIsBounded counts everything and lists losses before gains.
func TestBuilderIsBounded(t *testing.T) {
	t.Parallel()
	b := NewBuilder(3)
	for i := range 10 {
		b.Add(observation.Change{Domain: string(rune('a' + i)), Country: "TG", News: []observation.News{observation.Gained, observation.Lost}[i/8]})
	}
	b.Hold()
	d := b.Digest(Digest{})
	var names string
	for _, c := range d.Changes {
		names += c.Domain
	}
	if names != "aij" || d.LeftOff != 7 || d.Held != 1 || d.Counts != (Counts{8, 2, 0}) || d.Countries[0].Counts != d.Counts {
		t.Errorf("listed %s, left off %d: %+v", names, d.LeftOff, d)
	}
	if (&Digest{}).News() || !d.News() {
		t.Error("news are mistaken")
	}
}

// FuzzClean holds what is cleaned to one line of bounded length that moves
// nothing.
func FuzzClean(f *testing.F) {
	f.Add("a\r\nb\x1b[31m\u202e", 5)
	f.Fuzz(func(t *testing.T, text string, most int) {
		most = 1 + max(0, most)%1000
		got := clean(text, most)
		if len([]rune(got)) > most || strings.ContainsFunc(got, func(r rune) bool {
			return r < ' ' || r >= 0x7f && r < 0xa0 || r >= 0x200b && r <= 0x200f || r >= 0x2028 && r <= 0x202e || r >= 0x2066 && r <= 0x2069
		}) {
			t.Errorf("%q becomes %q", text, got)
		}
	})
}
