package report

import (
	"strings"
	"testing"
	"unicode"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	tables "github.com/yuin/goldmark/extension/ast"
	"github.com/yuin/goldmark/text"
)

// FuzzMarkdown puts any text from the network into a cell of a memo and reads
// the table with a Markdown parser that also makes links of bare addresses: the
// table keeps its shape, and the cell holds the text and nothing else.
func FuzzMarkdown(f *testing.F) {
	for _, seed := range []string{
		"ns.example", "`", "``` | **b** [l](https://evil.example)", "<script>alert(1)</script>", "https://evil.example", "www.evil.example",
		"a@evil.example", "\u202egnp.exe", "x\r\n\r\n# title", "\\", "|", "\x00\xff", " ", "- - -", "&#124;&lt;b&gt;",
	} {
		f.Add(seed)
	}
	parser := goldmark.New(goldmark.WithExtensions(extension.GFM)).Parser()
	f.Fuzz(func(t *testing.T, value string) {
		m := &memo{}
		m.table("a", "b").Rows = [][]cell{{{value, true}, {"end", false}}}
		var out strings.Builder
		if err := m.markdown(&out); err != nil {
			t.Fatal(err)
		}
		source := []byte(out.String())
		cells, got := 0, ""
		err := ast.Walk(parser.Parse(text.NewReader(source)), func(n ast.Node, entering bool) (ast.WalkStatus, error) {
			if !entering {
				return ast.WalkContinue, nil
			}
			switch n := n.(type) {
			case *tables.TableCell:
				cells++
			case *ast.CodeSpan:
				for c := n.FirstChild(); c != nil; c = c.NextSibling() {
					got += string(c.(*ast.Text).Value(source))
				}
			case *ast.Document, *ast.Text, *tables.Table, *tables.TableHeader, *tables.TableRow:
			default:
				t.Errorf("%q became a %s", value, n.Kind())
			}
			return ast.WalkContinue, nil
		})
		want := strings.TrimSpace(strings.NewReplacer("`", `\u{60}`, "|", `\u{7c}`).Replace(visible(value)))
		if err != nil || cells != 4 || got != want {
			t.Errorf("%q became %q in a table of %d cells, want %q: %v\n%s", value, got, cells, want, err, source)
		}
		for _, r := range got {
			if unicode.Is(unicode.Cf, r) || unicode.IsControl(r) {
				t.Errorf("%q shows %q, which is invisible", value, r)
			}
		}
	})
}

// Texts of ours stay as they are, marks and addresses included.
func TestTextInMarkdown(t *testing.T) {
	for _, words := range []string{
		"* Fewer than 10: a share of so few", "# 1", "+3 ms", "a_b_c [x] <y> | z", "1. First", "see https://itu.example and www.itu.example", "5 > 3 & 2", "50%–60%", "- no",
	} {
		m := &memo{locale: newLocale("en")}
		m.text(words)
		var out strings.Builder
		if err := m.markdown(&out); err != nil {
			t.Fatal(err)
		}
		var html strings.Builder
		if err := goldmark.New(goldmark.WithExtensions(extension.GFM)).Convert([]byte(out.String()), &html); err != nil {
			t.Fatal(err)
		}
		want := "<p>" + strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;").Replace(words) + "</p>\n"
		if html.String() != want {
			t.Errorf("%q is written as %q and read as %q", words, out.String(), html.String())
		}
	}
}
