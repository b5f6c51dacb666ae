package probe

import (
	"embed"
	"fmt"
	"sync"

	"adopt6/lists"
	"adopt6/scanner"
)

// wordFiles explain the reasons in the official languages of the United
// Nations other than English, a file for each.
//
//go:embed words/*.csv
var wordFiles embed.FS

// words reads the embedded tables; a test holds them whole.
var words = sync.OnceValue(func() lists.Translations {
	all, err := lists.ReadTranslations(wordFiles, "reason", "text", "fix")
	if err != nil {
		panic(fmt.Sprintf("embedded words of the reasons: %v", err))
	}
	return all
})

// ReasonsIn returns [Reasons] with their explanations in one of the languages
// ar, zh, en, fr, ru and es; in another language they are English.
func ReasonsIn(lang string) []scanner.ReasonInfo {
	all := Reasons()
	for i := range all {
		if w, ok := words()[lang][string(all[i].Reason)]; ok {
			all[i].Text, all[i].Fix = w[0], w[1]
		}
	}
	return all
}
