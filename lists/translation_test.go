package lists

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestReadTranslations(t *testing.T) {
	t.Parallel()
	read := func(text string) (Translations, error) {
		return ReadTranslations(fstest.MapFS{"words/fr.csv": {Data: []byte(text)}}, "reason", "text", "fix")
	}
	all, err := read("reason,text,fix\nlame,\"Un, deux.\",\n")
	if got := all["fr"]["lame"]; err != nil || len(got) != 2 || got[0] != "Un, deux." || got[1] != "" {
		t.Errorf("read %q, error %v", all, err)
	}
	for text, want := range map[string]string{
		"":                                      "first line is not reason,text,fix",
		"reason,fix,text\n":                     "first line is not reason,text,fix",
		"reason,text,fix\nlame,Un.,Deux.,Trois": "wrong number of fields",
		"reason,text,fix\nlame,Un.,\nlame,Un.,": "the key \"lame\" is empty or there twice",
		"reason,text,fix\n,Un.,":                "the key \"\" is empty or there twice",
	} {
		if _, err := read(text); err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), "words/fr.csv") {
			t.Errorf("%q: error %v, want one of words/fr.csv with %q", text, err, want)
		}
	}
}
