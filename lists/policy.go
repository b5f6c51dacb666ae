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

// Instrument is a text of international policy that indicators refer to.
// docs/policy.md says what of it was read.
type Instrument struct {
	Key   string // such as wtsa-64
	Body  string // who adopted it; ITU where every state is a member
	Title string // English, as the body cites it
	Names Names  // short name, fit for the text of a link
	// Unread names the parts and revisions that are known of and were not read.
	Unread  string
	Address string // URL of a page about it; empty where none is known
	// AddressSeen says that what is at Address was seen. Where it does not
	// hold, the address follows ITU's usual form.
	AddressSeen bool
}

// ITU is the body whose texts address every state.
const ITU = "ITU"

// Strength says how a clause and an indicator hang together.
type Strength string

// The strengths, the strongest first.
const (
	Direct    Strength = "direct"  // the clause names what the indicator counts
	ByReading Strength = "reading" // it follows from the clause by one step
	Thin      Strength = "thin"    // both are about the same subject, no more
)

// Tie says that a clause speaks to an indicator. That it does is a reading by
// adopt6; the text says so nowhere.
type Tie struct {
	Indicator string // id
	Strength  Strength
}

// Clause is a part of an instrument and the indicators that it speaks to.
type Clause struct {
	Instrument Instrument
	// Part is the clause by the words, letter, number and item of the English
	// text. It ends in (draft), (summary) or (report) where only that was read.
	Part     string
	Cited    Names  // Part and Revision as the texts in six languages have them
	Revision string // that has Part, such as "Rev. Dubai, 2012"
	// OfChange says that the clause speaks to how the indicators change from
	// one scan to the next, not to the state that one scan finds.
	OfChange   bool
	Ties       []Tie  // the strongest first
	Paraphrase Names  // one sentence in our own words; never a quotation
	Verified   bool   // the clause was read in that revision
	Missing    string // what was not read; empty where Verified holds
	Source     string // URL of what was read, or what it was where it has none
}

// With returns the ids of the indicators that the clause is tied to so.
func (c Clause) With(s Strength) (ids []string) {
	for _, t := range c.Ties {
		if t.Strength == s {
			ids = append(ids, t.Indicator)
		}
	}
	return ids
}

// Policy returns the clauses, those of an instrument together.
func Policy() []Clause {
	all := slices.Clone(policy())
	for i := range all {
		all[i].Ties = slices.Clone(all[i].Ties)
	}
	return all
}

// Instruments returns the texts that the clauses are of.
func Instruments() []Instrument { return slices.Clone(instruments()) }

var instruments = sync.OnceValue(func() []Instrument {
	var all []Instrument
	for _, f := range quotedRows(instrumentFile) {
		all = append(all, Instrument{
			Key: f[0], Body: f[1], Title: f[2], Unread: f[3], Address: f[4], AddressSeen: f[5] == "yes",
			Names: Names{Ar: f[6], Zh: f[7], En: f[8], Fr: f[9], Ru: f[10], Es: f[11]},
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
		c := Clause{
			Cited:      cite(words, f[0], f[1], f[2]),
			Instrument: byKey[f[0]], Part: f[1], Revision: f[2], OfChange: f[3] == "change",
			Verified: f[7] == "yes", Missing: f[8], Source: f[9],
			Paraphrase: Names{Ar: f[10], Zh: f[11], En: f[12], Fr: f[13], Ru: f[14], Es: f[15]},
		}
		for i, strength := range []Strength{Direct, ByReading, Thin} {
			for _, id := range strings.Fields(f[4+i]) {
				c.Ties = append(c.Ties, Tie{id, strength})
			}
		}
		all = append(all, c)
	}
	return all
})

// part is a clause by its words, its letter or number, an item of it, and what
// of it was read.
var part = regexp.MustCompile(`^(.+?)(?: ([a-z]|[0-9]+[a-z]?))?(?: ([ivx]+))?(, [a-z]+ item)?(?: (\(.+\)))?$`)

// untranslated are numbers, which every language writes alike.
var untranslated = regexp.MustCompile(`^(?:[0-9]+[a-z]?|[ivx]+)$`)

// cite puts a part and a revision of an instrument into words. A word of which
// the form depends on who adopted the text has a row with the instrument's key
// before it.
func cite(words map[string]Names, key, of, revision string) Names {
	var cited [6][]string
	for _, piece := range append(part.FindStringSubmatch(of)[1:], "("+revision+")") {
		if piece == "" {
			continue
		}
		w, known := words[key+" "+piece]
		if !known {
			w, known = words[piece]
		}
		if !known && untranslated.MatchString(piece) {
			w, known = Names{Ar: piece, Zh: piece, Fr: piece, Ru: piece, Es: piece}, true
		}
		if !known {
			panic("embedded list: clauses.csv has no " + piece)
		}
		w.En = piece
		for i, text := range []string{w.Ar, w.Zh, w.En, w.Fr, w.Ru, w.Es} {
			cited[i] = append(cited[i], text)
		}
	}
	tight := strings.NewReplacer(" （", "（", " ,", ",", " ،", "،", " ，", "，")
	join := func(i int) string { return tight.Replace(strings.Join(cited[i], " ")) }
	return Names{Ar: join(0), Zh: join(1), En: join(2), Fr: join(3), Ru: join(4), Es: join(5)}
}
