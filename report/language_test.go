package report_test

import (
	"testing"

	"adopt6/report"
)

func TestLanguageAndName(t *testing.T) {
	for header, want := range map[string]string{"": "en", "fr-CA,fr;q=0.9": "fr", "de, ru;q=0.3": "ru", "ar-EG": "ar", "zh-Hant-TW": "zh", "\x00;;": "en", "*": "en"} {
		if got := report.Language(header); got != want {
			t.Errorf("Accept-Language %q: %s, want %s", header, got, want)
		}
	}
	for text, want := range map[string]string{" https://a.example/b ": "a.example", "a.example.": "a.example", "\xffa": "a", "": ""} {
		if got := report.CleanName(text); got != want {
			t.Errorf("%q: %q, want %q", text, got, want)
		}
	}
}

func FuzzLanguage(f *testing.F) {
	f.Add("fr;q=0.5, *;q=0.1")
	f.Fuzz(func(t *testing.T, header string) {
		if len(report.Language(header)) != 2 {
			t.Errorf("%q", header)
		}
	})
}
