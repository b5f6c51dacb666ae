package lists

import (
	_ "embed"
	"regexp"
	"slices"
	"strings"
	"sync"
)

//go:embed policy.csv
var policyFile string

// clauseFile has the words by which clauses are cited.
//
//go:embed clauses.csv
var clauseFile string

//go:embed instruments.csv
var instrumentFile string

// Instrument is a text of ITU that indicators refer to. docs/policy.md says
// what of it was read.
type Instrument struct {
	Key   string // such as wtsa-64
	Title string // English, as ITU cites it
	Names Names  // short name, fit for the text of a link
	// Unread names the revisions that are known of and were not read; empty
	// where there is none.
	Unread  string
	Address string // URL of ITU's page about it
	// AddressSeen says that what is at Address was seen. Where it does not
	// hold, the address follows ITU's usual form.
	AddressSeen bool
}

// Clause is a part of an instrument and the indicators that it speaks to. That
// it speaks to them is a reading by adopt6, none by ITU.
type Clause struct {
	Instrument Instrument
	// Part is the clause by the words and letter of the English text. It ends
	// in (draft) or (summary) where only that was read.
	Part       string
	Cited      Names    // Part and Revision as the texts in six languages have them
	Revision   string   // of which Part is, such as "Rev. Dubai, 2012"
	Indicators []string // ids
	Paraphrase Names    // one sentence in our own words; never a quotation
	Verified   bool     // the clause was read in that revision
	Missing    string   // what was not read; empty where Verified holds
	Source     string   // URL of the copy, draft or summary that was read
}

// Policy returns the clauses, those of an instrument together.
func Policy() []Clause {
	all := slices.Clone(policy())
	for i := range all {
		all[i].Indicators = slices.Clone(all[i].Indicators)
	}
	return all
}

// Instruments returns the texts that the clauses are of.
func Instruments() []Instrument { return slices.Clone(instruments()) }

var instruments = sync.OnceValue(func() []Instrument {
	var all []Instrument
	for _, f := range quotedRows(instrumentFile) {
		all = append(all, Instrument{
			Key: f[0], Title: f[1], Unread: f[2], Address: f[3], AddressSeen: f[4] == "yes",
			Names: Names{Ar: f[5], Zh: f[6], En: f[7], Fr: f[8], Ru: f[9], Es: f[10]},
		})
	}
	return all
})

var policy = sync.OnceValue(func() []Clause {
	byKey := make(map[string]Instrument)
	for _, i := range instruments() {
		byKey[i.Key] = i
	}
	words := make(map[string]Names)
	for _, f := range quotedRows(clauseFile) {
		words[f[0]] = Names{En: f[0], Ar: f[1], Zh: f[2], Fr: f[3], Ru: f[4], Es: f[5]}
	}
	var all []Clause
	for _, f := range quotedRows(policyFile) {
		all = append(all, Clause{
			Cited:      cite(words, f[1], f[2]),
			Instrument: byKey[f[0]], Part: f[1], Revision: f[2], Indicators: strings.Fields(f[3]),
			Verified: f[4] == "yes", Missing: f[5], Source: f[6],
			Paraphrase: Names{Ar: f[7], Zh: f[8], En: f[9], Fr: f[10], Ru: f[11], Es: f[12]},
		})
	}
	return all
})

// part is a clause by its words, its letter and what was read of it.
var part = regexp.MustCompile(`^(.+?)(?: ([a-z]))?(?: (\(.+\)))?$`)

// cite puts a part and a revision into words.
func cite(words map[string]Names, of, revision string) Names {
	var cited [6][]string
	for _, piece := range append(part.FindStringSubmatch(of)[1:], "("+revision+")") {
		if piece == "" {
			continue
		}
		w, known := words[piece]
		if !known {
			panic("embedded list: clauses.csv has no " + piece)
		}
		for i, text := range []string{w.Ar, w.Zh, w.En, w.Fr, w.Ru, w.Es} {
			cited[i] = append(cited[i], text)
		}
	}
	join := func(i int) string { return strings.ReplaceAll(strings.Join(cited[i], " "), " （", "（") }
	return Names{Ar: join(0), Zh: join(1), En: join(2), Fr: join(3), Ru: join(4), Es: join(5)}
}
