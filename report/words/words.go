// Package words holds what the pages of a report say, in six languages.
//
// In: the embedded tables of interface texts and of the glossary. Out: texts by
// key and language, numbers and dates as its readers write them. It knows no page.
package words

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"
	"sync"
	"time"

	"adopt6/lists"
)

// Languages are those of the United Nations, in the order of their codes.
var Languages = []string{"ar", "zh", "en", "fr", "ru", "es"}

//go:embed interface.csv
var interfaceCSV string

//go:embed glossary.csv
var glossaryCSV string

// Texts returns the interface texts by key. Some have a %s for a value.
var Texts = sync.OnceValue(func() map[string]lists.Names {
	table := make(map[string]lists.Names)
	for _, l := range read(interfaceCSV, 7) {
		table[l[0]] = names(l[1:])
	}
	return table
})

// Term is one entry of the glossary.
type Term struct {
	ID         string
	Term, Text lists.Names
}

// Glossary returns the terms in the order in which they build on each other.
var Glossary = sync.OnceValue(func() []Term {
	var list []Term
	for _, l := range read(glossaryCSV, 8) {
		if l[1] == "term" {
			list = append(list, Term{ID: l[0], Term: names(l[2:])})
			continue
		}
		list[len(list)-1].Text = names(l[2:])
	}
	return list
})

func names(f []string) lists.Names {
	return lists.Names{Ar: f[0], Zh: f[1], En: f[2], Fr: f[3], Ru: f[4], Es: f[5]}
}

func read(file string, fields int) [][]string {
	r := csv.NewReader(strings.NewReader(file))
	r.FieldsPerRecord = fields
	lines, err := r.ReadAll()
	if err != nil {
		panic(fmt.Sprintf("embedded words of the report: %v", err))
	}
	return lines[1:]
}

// Date writes a day as readers of a language do: "1 November 2026".
func Date(lang string, t time.Time) string {
	t = t.UTC()
	month, day := Texts()[fmt.Sprintf("month.%d", t.Month())].In(lang), fmt.Sprint(t.Day())
	if t.Day() == 1 {
		day = Texts()["day.1"].In(lang) // 1er in French
	}
	r := strings.NewReplacer("{d}", day, "{m}", month, "{y}", fmt.Sprint(t.Year()))
	return r.Replace(Texts()["date"].In(lang))
}
