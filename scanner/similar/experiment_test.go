package similar

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// The experiment behind Enough and Margin. It builds sites and visits each as
// the probe does: twice over IPv4 and once over IPv6, and once more over IPv6
// before it is called different. In one half of the visits over IPv6 the site
// is there; in the other half something else is. Run it with
//
//	go test -run TestThresholds -v ./scanner/similar

// visits is how many sites of each kind are visited.
const visits = 200

// site draws the parts of a site from words of its own language.
type site struct {
	fixed *rand.Rand // parts that stay
	visit *rand.Rand // parts that change from one visit to the next
	words []string

	greeting string // what its pages begin with over IPv6
}

func newSite(seed uint64) *site {
	s := &site{fixed: rand.New(rand.NewPCG(seed, 1)), visit: rand.New(rand.NewPCG(seed, 2))}
	s.words = vocabulary(s.fixed)
	return s
}

// vocabulary makes words of two to four syllables.
func vocabulary(r *rand.Rand) []string {
	words := make([]string, 2000)
	for i := range words {
		for range 1 + r.IntN(3) {
			words[i] += string("bcdfghklmnprstvz"[r.IntN(16)]) + string("aeiou"[r.IntN(5)]) + string("lmnrst"[r.IntN(6)])
		}
	}
	return words
}

// prose returns n words, the first of the vocabulary more often than the last,
// as in a language.
func (s *site) prose(r *rand.Rand, n int) string {
	var b strings.Builder
	for range n {
		b.WriteString(s.words[int(float64(len(s.words))*r.Float64()*r.Float64()*r.Float64())])
		b.WriteByte(' ')
	}
	return b.String()
}

func (s *site) paragraphs(r *rand.Rand, n, words int) []string {
	all := make([]string, n)
	for i := range all {
		all[i] = "<p>" + s.prose(r, words/2+r.IntN(words)) + "</p>\n"
	}
	return all
}

// pick returns k of a number of parts, anew on each visit.
func (s *site) pick(from []string, k int) string {
	var b strings.Builder
	for _, i := range s.visit.Perm(len(from))[:k] {
		b.WriteString(from[i])
	}
	return b.String()
}

// clock is a line as pages have it that know when and by whom they are read.
func (s *site) clock() string {
	return fmt.Sprintf("<p>%02d:%02d:%02d, visitor %d, request %x</p><input type=hidden name=csrf value=%x>\n",
		s.visit.IntN(24), s.visit.IntN(60), s.visit.IntN(60), s.visit.IntN(1e6), s.visit.Uint64(), s.visit.Uint64())
}

func page(parts ...string) string {
	return "<!DOCTYPE html><html><head><title>T</title><script>var x=1</script></head><body>" + strings.Join(parts, "") + "</body></html>"
}

// kinds of sites: each returns a function that is called for every visit.
var kinds = []struct {
	name string
	open func(*site) func() string
}{
	{"static", func(s *site) func() string {
		text := page(s.paragraphs(s.fixed, 10, 40)...)
		return func() string { return text }
	}},
	{"clock, counter and token", func(s *site) func() string {
		text := s.paragraphs(s.fixed, 6, 40)
		return func() string { return page(s.clock(), strings.Join(text, s.clock())) }
	}},
	{"short, with a clock", func(s *site) func() string {
		text := s.prose(s.fixed, 12)
		return func() string { return page(text, s.clock()) }
	}},
	{"rotating news", func(s *site) func() string {
		frame, news := s.skin(), s.paragraphs(s.fixed, 12, 30)
		return func() string { return page(frame[0], s.pick(news, 6), frame[1]) }
	}},
	{"news in another order", func(s *site) func() string {
		frame, news := s.skin(), s.paragraphs(s.fixed, 12, 30)
		return func() string { return page(frame[0], s.pick(news, 12), frame[1]) }
	}},
	{"advertisements", func(s *site) func() string {
		frame, ads := s.skin(), s.paragraphs(s.fixed, 40, 25)
		return func() string { return page(frame[0], s.pick(ads, 3), frame[1]) }
	}},
	{"one of two fronts", func(s *site) func() string {
		frame, fronts := s.skin(), s.paragraphs(s.fixed, 2, 80)
		return func() string { return page(frame[0], s.pick(fronts, 1), frame[1]) }
	}},
	{"half of it new on each visit", func(s *site) func() string {
		frame := s.skin()
		return func() string { return page(frame[0], strings.Join(s.paragraphs(s.visit, 5, 40), ""), frame[1]) }
	}},
	{"a program without text", func(s *site) func() string {
		name, assets := s.prose(s.fixed, 1), s.assets()
		return func() string {
			return page("<div id=app></div><script nonce="+fmt.Sprintf("%x", s.visit.Uint64())+">start()</script>", assets, "<noscript>"+name+"</noscript>")
		}
	}},
}

// skin is what all pages of a site have around them: menu and footer.
func (s *site) skin() [2]string {
	return [2]string{"<nav>" + s.prose(s.fixed, 30+s.fixed.IntN(40)) + "</nav>" + strings.Join(s.paragraphs(s.fixed, 3, 40), ""),
		"<footer>" + s.prose(s.fixed, 30+s.fixed.IntN(60)) + "</footer>"}
}

func (s *site) assets() string {
	var b strings.Builder
	for range 3 + s.fixed.IntN(5) {
		fmt.Fprintf(&b, "<script src=/%s/%s.%x.js></script>", strings.TrimSpace(s.prose(s.fixed, 1)), strings.TrimSpace(s.prose(s.fixed, 1)), s.visit.Uint64())
	}
	return b.String()
}

// others are what may stand at the IPv6 address instead of a site: each
// returns a function that is called for every visit with the page that was
// meant to be there.
var others = []struct {
	name string
	open func(s, other *site) func(meant string) string
}{
	{"the web server's default page", func(*site, *site) func(string) string {
		return always(page("<h1>Welcome to nginx!</h1><p>If you see this page, the nginx web server is successfully installed and working. Further configuration is required.</p>" +
			"<p>For online documentation and support please refer to nginx.org. Commercial support is available at nginx.com.</p><p>Thank you for using nginx.</p>"))
	}},
	{"a parked domain", func(_, other *site) func(string) string {
		return always(page("<h1>This domain is parked</h1>", other.prose(other.fixed, 60)))
	}},
	{"an empty page", func(*site, *site) func(string) string { return always(page()) }},
	{"another site", func(_, other *site) func(string) string {
		return always(page(other.paragraphs(other.fixed, 10, 40)...))
	}},
	{"the site in another language", func(_, other *site) func(string) string {
		return other.translator()
	}},
	{"a maintenance page in the site's frame", func(s, _ *site) func(string) string {
		return framed(s.prose(s.fixed, 25))
	}},
	{"an error page in the site's frame", func(*site, *site) func(string) string { return framed("<h1>Not found</h1>") }},
	{"another page in the site's frame", func(s, _ *site) func(string) string {
		return framed(strings.Join(s.paragraphs(s.fixed, 6, 40), ""))
	}},
}

func always(text string) func(string) string { return func(string) string { return text } }

// framed keeps the menu and the footer of a page, a third of its text in all,
// and puts something else between them.
func framed(main string) func(string) string {
	return func(meant string) string {
		words := strings.Fields(strings.ReplaceAll(strings.ReplaceAll(meant, "<", " <"), ">", "> "))
		n := len(words) / 6
		return page(strings.Join(words[:n], " "), main, strings.Join(words[len(words)-n:], " "))
	}
}

// translator replaces every word of a page by one of another language.
func (s *site) translator() func(string) string {
	dictionary := map[string]string{}
	blanks := strings.NewReplacer("<", " <", ">", "> ")
	return func(meant string) string {
		words := strings.Fields(blanks.Replace(meant))
		for i, word := range words {
			if strings.ContainsAny(word, "<>=/.") {
				continue
			}
			if dictionary[word] == "" {
				dictionary[word] = s.words[s.fixed.IntN(len(s.words))]
			}
			words[i] = dictionary[word]
		}
		return strings.Join(words, " ")
	}
}

// trial is one comparison of what IPv4 and IPv6 showed.
type trial struct {
	name   string
	v4, v6 []*Page
	same   bool // the truth
}

// judged says whether the site passes as the same: with one page over IPv6
// or, where that differs, with another.
func (x *trial) judged(enough, margin float64) bool {
	self := Similarity(x.v4[0], x.v4[1])
	for _, v6 := range x.v6 {
		if j := judge(max(Similarity(v6, x.v4[0]), Similarity(v6, x.v4[1])), self, enough, margin); j != Differs {
			return true
		}
	}
	return false
}

func trials() []trial {
	var all []trial
	html := func(text string) *Page { return OfHTML([]byte(text), "") }
	for k, kind := range kinds {
		for i := range visits {
			s, other := newSite(uint64(1000*k+i)), newSite(uint64(1_000_000+1000*k+i))
			visit := kind.open(s)
			v4 := []*Page{html(visit()), html(visit())}
			all = append(all, trial{kind.name, v4, []*Page{html(s.greet(visit())), html(s.greet(visit()))}, true})
			o := others[i%len(others)]
			if kind.name == "a program without text" && o.name == "the site in another language" {
				continue // there is nothing to translate
			}
			instead := o.open(s, other)
			all = append(all, trial{o.name, v4, []*Page{html(instead(visit())), html(instead(visit()))}, false})
		}
	}
	return all
}

// greet adds a line for those who come over IPv6, as one site in ten does.
func (s *site) greet(text string) string {
	if s.greeting == "" {
		s.greeting = "<body>"
		if s.fixed.IntN(10) == 0 {
			s.greeting += "<p>You have reached us over IPv6 from 2001:db8::1. Welcome!</p>"
		}
	}
	return strings.Replace(text, "<body>", s.greeting, 1)
}

// TestThresholds prints how often each pair of thresholds errs, and holds the
// ones in use to what the documentation says of them.
func TestThresholds(t *testing.T) {
	all := trials()
	same := 0
	for _, x := range all {
		if x.same {
			same++
		}
	}
	different := len(all) - same
	rates := func(enough, margin float64) (alarms, misses float64) {
		for _, x := range all {
			switch judged := x.judged(enough, margin); {
			case x.same && !judged:
				alarms += 100 / float64(same)
			case !x.same && judged:
				misses += 100 / float64(different)
			}
		}
		return alarms, misses
	}
	t.Logf("%d sites that are the same over both families, %d that are not", same, different)
	t.Log("enough  margin  false alarms  misses")
	for _, enough := range []float64{0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9} {
		for _, margin := range []float64{0, 0.1, 0.2, 0.3} {
			alarms, misses := rates(enough, margin)
			t.Logf("  %.2f    %.2f      %6.2f %%    %6.2f %%", enough, margin, alarms, misses)
		}
	}
	type count struct{ sites, wrong int }
	perKind := map[string]count{}
	for _, x := range all {
		n := perKind[x.name]
		n.sites++
		if x.judged(Enough, Margin) != x.same {
			n.wrong++
		}
		perKind[x.name] = n
	}
	for _, name := range slices.Sorted(maps.Keys(perKind)) {
		t.Logf("%-40s %4d sites, %3d wrong", name, perKind[name].sites, perKind[name].wrong)
	}
	if alarms, misses := rates(Enough, Margin); alarms > 2 || misses > 3 {
		t.Errorf("false alarms %.2f %%, misses %.2f %%", alarms, misses)
	}
}
