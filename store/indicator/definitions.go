package indicator

import (
	"embed"
	"fmt"
	"sync"

	"adopt6/lists"
)

// definitionFiles translate the definitions of the declarations, a file for
// each language but English.
//
//go:embed definitions/*.csv
var definitionFiles embed.FS

// definitions reads the embedded tables; a test holds them whole.
var definitions = sync.OnceValue(func() lists.Translations {
	all, err := lists.ReadTranslations(definitionFiles, "id", "numerator", "denominator", "unmeasured")
	if err != nil {
		panic(fmt.Sprintf("embedded definitions of the indicators: %v", err))
	}
	return all
})

// Definition is what an indicator counts, in one language.
type Definition struct{ Numerator, Denominator, Unmeasured string }

// Definition returns the indicator's definition in one of the languages ar, zh,
// en, fr, ru and es; in another language it is English.
func (i Indicator) Definition(lang string) Definition {
	if d, ok := definitions()[lang][i.ID]; ok {
		return Definition{d[0], d[1], d[2]}
	}
	return Definition{i.Numerator, i.Denominator, i.Unmeasured}
}
