package indicator

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"
	"sync"

	"adopt6/lists"
)

// wordsCSV holds the texts for readers of an indicator in the six official
// languages of the United Nations, a line for its name and one for its text.
//
//go:embed words.csv
var wordsCSV string

type word struct{ id, field string }

// words reads the embedded table; a test holds it whole.
var words = sync.OnceValue(func() map[word]lists.Names {
	table := make(map[word]lists.Names)
	r := csv.NewReader(strings.NewReader(wordsCSV))
	r.FieldsPerRecord = 8
	lines, err := r.ReadAll()
	if err != nil {
		panic(fmt.Sprintf("embedded words of the indicators: %v", err))
	}
	for _, l := range lines[1:] {
		table[word{l[0], l[1]}] = lists.Names{Ar: l[2], Zh: l[3], En: l[4], Fr: l[5], Ru: l[6], Es: l[7]}
	}
	return table
})

// Names returns the indicator's name in six languages.
func (i Indicator) Names() lists.Names { return words()[word{i.ID, "name"}] }

// Text returns one sentence for readers in six languages. The definition that
// a figure is checked against is in the other fields.
func (i Indicator) Text() lists.Names { return words()[word{i.ID, "text"}] }
