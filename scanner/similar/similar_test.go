package similar

import (
	"math"
	"slices"
	"strings"
	"testing"
)

func TestVisibleText(t *testing.T) {
	const text = "<p>one two three four five six</p>"
	for _, test := range []struct {
		name, a, b string
		want       float64
	}{
		{"itself", text, text, 1},
		{"markup and case", long(text), long("<DIV><b>One</b> TWO,\n three <br>four <i>five</i> six</DIV>"), 1},
		{"scripts and comments", long(text), "<script>var a = 'b'</script><style>p{}</style><!-- x -->" + long(text), 1},
		{"nested frames that are not shown", long(text), "<svg><svg>x</svg>y</svg><template>z</template>" + long(text), 1},
		{"times and tokens", long(text) + "<p>at 12:30:59 by 10.0.0.1, id 0a1b2c</p>", long(text) + "<p>at 8:01 by 2001:db8::1, id ffe01122</p>", 1},
		{"words too long to be any", long(text) + strings.Repeat("ab", 50), long(text) + strings.Repeat("cd", 70), 1},
		{"hidden fields", long(text), long(text) + "<input type=hidden value='seven eight nine'>", 1},
		{"nothing in common", long(text), long("<p>uno dos tres cuatro cinco seis</p>"), 0},
		{"no page and none", "", "", 1},
		{"a page and none", long(text), "", 0},
		{"another script", long("<p>政府网站首页欢迎您</p>"), long("<p>政府网站首页欢迎您</p>"), 1},
		{"programs that load the same", "<div id=app></div><script src=/js/main.1a2b.js?v=1></script>", "<div id=app></div><script src=/js/main.3c4d.js?v=2></script>", 1},
		{"programs that load something else", "<div id=app></div><script src=/js/main.js></script><script src=/js/chunk.js></script>", "<div></div><script src=/wp/theme.js></script><link href=/a.css>", 0},
	} {
		got := Similarity(OfHTML([]byte(test.a), ""), OfHTML([]byte(test.b), ""))
		if math.Abs(got-test.want) > 0.01 {
			t.Errorf("%s: %.2f, want %.2f", test.name, got, test.want)
		}
	}
}

// long makes a page long enough to be known by its words.
func long(text string) string { return strings.Repeat(text, 10) }

// TestCompare: how much a site differs from itself decides.
func TestCompare(t *testing.T) {
	words := strings.Fields(strings.Repeat("a b c d e f g h i j k l m n o p q r s t u v w x y z ", 3))
	for i := range words {
		words[i] += strings.Repeat("x", i/26)
	}
	pageOf := func(from, to int) *Page { return OfHTML([]byte(strings.Join(words[from:to], " ")), "") }
	whole, half, other := pageOf(0, 78), pageOf(39, 78), OfHTML([]byte(long("something else altogether ")), "")
	for _, test := range []struct {
		name      string
		pages     []*Page
		reference []*Page
		want      Judgement
	}{
		{"the same", []*Page{whole}, []*Page{whole}, Same},
		{"something else", []*Page{other}, []*Page{whole, whole}, Differs},
		{"half of it", []*Page{pageOf(0, 36)}, []*Page{whole, whole}, Differs},
		{"half of it, as at the other side", []*Page{pageOf(0, 40)}, []*Page{whole, half}, Same},
		{"the second time it is there", []*Page{other, half}, []*Page{whole, half}, Same},
		{"a site that is never the same", []*Page{half}, []*Page{pageOf(0, 39), other}, Unclear},
	} {
		if got, similarity := Compare(test.pages, test.reference); got != test.want {
			t.Errorf("%s: got %d with a similarity of %.2f, want %d", test.name, got, similarity, test.want)
		}
	}
}

func TestSameTitle(t *testing.T) {
	for _, test := range []struct {
		a, b string
		want bool
	}{
		{"Ministry of Health", "Ministry of Health", true},
		{"Ministry of Health", "MINISTRY OF HEALTH | Home", true},
		{"12 new messages - Mail", "3 new messages - Mail", true},
		{"Ministry of Health", "Welcome to nginx!", false},
		{"Ministry of Health", "", true},
		{"", "", true},
	} {
		if got := SameTitle(OfHTML(nil, test.a), OfHTML(nil, test.b)); got != test.want {
			t.Errorf("%q and %q: %v", test.a, test.b, got)
		}
	}
}

func TestTextAndBytes(t *testing.T) {
	if Similarity(OfText([]byte(`{"status": "ok", "at": 1}`)), OfText([]byte(`{"status": "ok", "at": 2}`))) != 1 {
		t.Error("numbers in plain text count")
	}
	if Similarity(OfBytes([]byte{1, 2}), OfBytes([]byte{1, 2})) != 1 || Similarity(OfBytes([]byte{1, 2}), OfBytes([]byte{1, 3})) != 0 {
		t.Error("other bodies are the same or not")
	}
}

// FuzzOfHTML: whatever a page holds, its words are bounded, it equals itself,
// and comparing it is symmetric.
func FuzzOfHTML(f *testing.F) {
	for _, seed := range []string{"<title>x</title><p>a b c", "<svg><svg></svg><p>a", "</script><script><p>", "<a href='\xff'>\xe4\xb8", "<input hidden><textarea><p>", "1a2b 12:30 ๑๒"} {
		f.Add([]byte(seed))
	}
	reference := OfHTML([]byte(long("<p>some words of a page</p>")), "A title")
	f.Fuzz(func(t *testing.T, body []byte) {
		p := OfHTML(body, string(body))
		if len(p.shingles) > maxWords+maxElements || !slices.IsSorted(p.shingles) {
			t.Fatalf("%d shingles", len(p.shingles))
		}
		if Similarity(p, p) != 1 || !SameTitle(p, p) {
			t.Error("a page differs from itself")
		}
		s := Similarity(p, reference)
		if s < 0 || s > 1 || s != Similarity(reference, p) {
			t.Errorf("similarity %v", s)
		}
	})
}

// BenchmarkOfHTML reads a page of 60 kB, and one as costly as the limit of a
// body allows.
func BenchmarkOfHTML(b *testing.B) {
	for name, body := range map[string]string{
		"usual": strings.Repeat("<div class='teaser'><a href='/news/1'><h2>A headline of some words</h2></a><p>And a text below it, longer.</p></div>\n", 500),
		"worst": strings.Repeat("<a b c d e f g h i j k l m n o p>", 512<<10/32),
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				OfHTML([]byte(body), "")
			}
		})
	}
}
