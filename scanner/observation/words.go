package observation

import (
	"embed"
	"fmt"
	"slices"
	"strings"
	"sync"

	"adopt6/lists"
)

// wordFiles explain the reasons in the official languages of the United
// Nations, a file for each.
//
//go:embed words/*.csv
var wordFiles embed.FS

// words reads the embedded tables once; a test checks that they are complete.
var words = sync.OnceValue(func() lists.Translations {
	all, err := lists.ReadTranslations(wordFiles, "reason", "text", "fix")
	if err != nil {
		panic(fmt.Sprintf("embedded words of the reasons: %v", err))
	}
	return all
})

// ReasonInfo explains one reason.
type ReasonInfo struct {
	Reason Reason
	Text   string // what was found, one sentence
	Fix    string // what the operator can do; empty when nothing is to be done
}

// Reasons returns every reason with its English explanation, in the order of
// the tokens.
func Reasons() []ReasonInfo { return ReasonsIn("en") }

// ReasonsIn returns every reason with its explanation in one of the languages
// ar, zh, en, fr, ru and es, in the order of the tokens; in another language
// the explanations are English.
func ReasonsIn(lang string) []ReasonInfo {
	texts, ok := words()[lang]
	if !ok {
		texts = words()["en"]
	}
	all := make([]ReasonInfo, 0, len(texts))
	for token, cells := range texts {
		all = append(all, ReasonInfo{Reason(token), cells[0], cells[1]})
	}
	slices.SortFunc(all, func(a, b ReasonInfo) int { return strings.Compare(string(a.Reason), string(b.Reason)) })
	return all
}

// Explain returns the English explanation of a reason, and whether there is one.
func Explain(r Reason) (ReasonInfo, bool) {
	cells, ok := words()["en"][string(r)]
	if !ok {
		return ReasonInfo{}, false
	}
	return ReasonInfo{r, cells[0], cells[1]}, true
}
