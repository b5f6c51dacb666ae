package similar

import (
	"bytes"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/net/html"
	"golang.org/x/net/html/atom"
)

const (
	// number stands for every word with a digit in it, and for words too long
	// to be any: times, counters, prices, addresses and nonces change from one
	// fetch to the next. A run of them is one word.
	number  = 1
	maxWord = 40 // letters
	// fewWords is how many words a page needs to be known by them.
	fewWords = 30
	// maxElements bounds what is kept of the elements of a page with few words.
	maxElements = 4000
)

// reader takes the words out of a page.
type reader struct {
	words []uint64
}

// unseen are elements whose text is not shown.
var unseen = map[atom.Atom]bool{
	atom.Script: true, atom.Style: true, atom.Noscript: true, atom.Template: true, atom.Svg: true,
	atom.Title: true, atom.Textarea: true, atom.Iframe: true, atom.Object: true,
}

// html adds the visible words of a page, and its elements when they are few.
func (r *reader) html(body []byte) {
	var elements []uint64
	z := html.NewTokenizer(bytes.NewReader(body))
	hidden, depth := atom.Atom(0), 0 // the element within which nothing is shown
	for len(r.words) < maxWords {
		kind := z.Next()
		if kind == html.ErrorToken {
			break
		}
		switch kind {
		case html.TextToken:
			if hidden == 0 {
				r.text(z.Raw())
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, attributes := z.TagName()
			tag := atom.Lookup(name)
			if len(r.words) < fewWords && len(elements) < maxElements {
				elements = append(elements, element(z, name, attributes))
			}
			switch {
			case kind == html.SelfClosingTagToken:
			case hidden == 0 && unseen[tag]:
				hidden, depth = tag, 1
			case hidden != 0 && tag == hidden:
				depth++
			}
		case html.EndTagToken:
			name, _ := z.TagName()
			if hidden != 0 && atom.Lookup(name) == hidden {
				if depth--; depth == 0 {
					hidden = 0
				}
			}
		}
	}
	if len(r.words) < fewWords {
		r.words = append(r.words, elements...)
	}
}

// element is the hash of an element's name and of the path it loads or leads
// to, without what changes between fetches.
func element(z *html.Tokenizer, name []byte, attributes bool) uint64 {
	h := hashBytes(name)
	for attributes {
		var key, value []byte
		key, value, attributes = z.TagAttr()
		switch string(key) {
		case "src", "href", "action":
			path, _, _ := strings.Cut(string(value[:min(len(value), 256)]), "?")
			for _, word := range wordsOf(path) {
				h = mix(h ^ word)
			}
		}
	}
	return h
}

// text adds the words of a text. Character references count as the letters
// that they are made of, on either page.
func (r *reader) text(text []byte) {
	var h uint64
	letters, digits := 0, false
	end := func() {
		if letters > 0 {
			r.add(h, digits || letters > maxWord)
		}
		h, letters, digits = 0, 0, false
	}
	for i := 0; i < len(text) && len(r.words) < maxWords; {
		c, size := rune(text[i]), 1
		if c >= utf8.RuneSelf {
			c, size = utf8.DecodeRune(text[i:])
		}
		i += size
		switch {
		case 'a' <= c && c <= 'z':
		case 'A' <= c && c <= 'Z':
			c += 'a' - 'A'
		case '0' <= c && c <= '9':
			digits = true
		case c < utf8.RuneSelf:
			end()
			continue
		case unicode.IsLetter(c) || unicode.IsMark(c):
			c = unicode.ToLower(c)
			if unicode.In(c, spaceless...) {
				end()
				r.add(mix(uint64(c)), false)
				continue
			}
		case unicode.IsDigit(c):
			digits = true
		default:
			end()
			continue
		}
		letters++
		h = mix(h ^ uint64(c))
	}
	end()
}

// spaceless are scripts that put no blanks between words: each letter counts.
var spaceless = []*unicode.RangeTable{
	unicode.Han, unicode.Hiragana, unicode.Katakana, unicode.Thai, unicode.Lao, unicode.Khmer, unicode.Myanmar, unicode.Tibetan,
}

func (r *reader) add(hash uint64, changes bool) {
	if changes {
		if n := len(r.words); n > 0 && r.words[n-1] == number {
			return
		}
		hash = number
	}
	if len(r.words) < maxWords {
		r.words = append(r.words, hash)
	}
}

func hashBytes(b []byte) uint64 {
	h := uint64(14695981039346656037) // FNV-1a
	for _, c := range b {
		h = (h ^ uint64(c)) * 1099511628211
	}
	return mix(h)
}
