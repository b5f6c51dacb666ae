// Package similar computes how much the visible text of two web pages has in
// common, and whether they are one page.
//
// In: bodies as they were fetched, decoded. Out: a similarity from 0 to 1, and
// a judgement that allows for pages which differ from themselves. It does no
// I/O, and a page costs it a bounded amount of work and memory.
package similar

import "slices"

const (
	// maxWords is how many words of a page are compared.
	maxWords = 20000
	// span is how many neighbouring words make one shingle.
	span = 3
)

// Page is what is compared of a page: the set of its shingles.
type Page struct {
	title    []uint64
	shingles []uint64 // sorted, each once
}

// OfHTML returns the visible text of an HTML page in UTF-8 for comparison. A
// page with hardly any text, as programs in the browser fill it, is compared
// by its elements and what they load as well.
func OfHTML(body []byte, title string) *Page {
	r := reader{words: make([]uint64, 0, 1024)}
	r.html(body)
	return &Page{title: wordsOf(title), shingles: shingles(r.words)}
}

// OfText returns a text in UTF-8 for comparison.
func OfText(body []byte) *Page {
	r := reader{}
	r.text(body)
	return &Page{shingles: shingles(r.words)}
}

// OfBytes returns anything else for comparison: it is the same or it is not.
func OfBytes(body []byte) *Page { return &Page{shingles: []uint64{hashBytes(body)}} }

func wordsOf(text string) []uint64 {
	r := reader{}
	r.text([]byte(text))
	return r.words
}

// shingles returns the hashes of all runs of neighbouring words, sorted, each
// once. A text shorter than a run is one shingle.
func shingles(words []uint64) []uint64 {
	if len(words) == 0 {
		return nil
	}
	all := make([]uint64, 0, max(1, len(words)-span+1))
	for i := 0; i == 0 || i+span <= len(words); i++ {
		h := uint64(0)
		for _, word := range words[i:min(i+span, len(words))] {
			h = mix(h ^ word)
		}
		all = append(all, h)
	}
	slices.Sort(all)
	return slices.Clip(slices.Compact(all))
}

// mix spreads the bits of a number (the finaliser of SplitMix64).
func mix(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// Similarity is the share of what both pages have in what either has (Jaccard's
// index), 0 to 1. Two pages without anything are the same.
func Similarity(a, b *Page) float64 {
	if len(a.shingles) == 0 && len(b.shingles) == 0 {
		return 1
	}
	common := 0
	for i, j := 0, 0; i < len(a.shingles) && j < len(b.shingles); {
		switch x, y := a.shingles[i], b.shingles[j]; {
		case x == y:
			common++
			i++
			j++
		case x < y:
			i++
		default:
			j++
		}
	}
	return float64(common) / float64(len(a.shingles)+len(b.shingles)-common)
}

// SameTitle reports whether two titles agree roughly: in half of their words, in
// any order. A page without a title agrees with any.
func SameTitle(a, b *Page) bool {
	if len(a.title) == 0 || len(b.title) == 0 {
		return true
	}
	x, y := slices.Compact(slices.Sorted(slices.Values(a.title))), slices.Compact(slices.Sorted(slices.Values(b.title)))
	return Similarity(&Page{shingles: x}, &Page{shingles: y}) >= 0.5
}

// The thresholds of [Compare]; docs/verdicts.md has the experiment behind them.
const (
	// Enough is the similarity at which two pages are one, whatever they are.
	Enough = 0.5
	// Margin is how much less similar than a site is to itself another page may
	// be and still be of it.
	Margin = 0.1
	// Least is how similar to itself a site must be for its text to say
	// anything.
	Least = 0.25
)

// Judgement is the result of a comparison.
type Judgement int

const (
	Unclear Judgement = iota // the site has little in common with itself
	Same
	Differs
)

// Compare reports whether the pages fetched over two paths are of one site, and
// how similar they are. Over each path the page was fetched once or more; of the
// pairs of pages from both, the closest counts. How much the site differs from
// itself is measured by the pages of the reference.
func Compare(pages, reference []*Page) (Judgement, float64) {
	best, self := 0.0, 1.0
	for i, b := range reference {
		for _, a := range pages {
			best = max(best, Similarity(a, b))
		}
		for _, a := range reference[:i] {
			self = min(self, Similarity(a, b))
		}
	}
	return judge(best, self, Enough, Margin), best
}

func judge(similarity, self, enough, margin float64) Judgement {
	switch {
	case similarity >= enough:
		return Same
	case self < Least:
		return Unclear
	case similarity >= self-margin:
		return Same
	}
	return Differs
}
