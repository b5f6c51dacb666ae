package report

import (
	"bufio"
	"fmt"
	"io"
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"
)

// markdown writes the memo as Markdown with tables (GitHub Flavored Markdown).
func (m *memo) markdown(w io.Writer) error {
	out := bufio.NewWriter(w)
	for i, b := range m.Blocks {
		if i > 0 {
			fmt.Fprintln(out)
		}
		switch {
		case b.Heading != "":
			fmt.Fprintf(out, "%s %s\n", strings.Repeat("#", b.Level), escaped(b.Heading))
		case b.Table != nil:
			b.Table.markdown(out)
		case b.Items != nil:
			for _, item := range b.Items {
				fmt.Fprintf(out, "- %s\n", item.markdown())
			}
		case b.Strong:
			fmt.Fprintf(out, "**%s**\n", escaped(b.Text))
		default:
			fmt.Fprintln(out, escaped(b.Text))
		}
	}
	return out.Flush()
}

func (t *memoTable) markdown(w io.Writer) {
	line := func(cells []string) { fmt.Fprintf(w, "| %s |\n", strings.Join(cells, " | ")) }
	var head, rule []string
	for i, text := range t.Head {
		head, rule = append(head, escaped(text)), append(rule, map[bool]string{true: "---:", false: "---"}[t.Number(i)])
	}
	line(head)
	line(rule)
	for _, row := range t.Rows {
		var cells []string
		for _, c := range row {
			cells = append(cells, c.markdown())
		}
		line(cells)
	}
}

func (c cell) markdown() string {
	if c.Network {
		return code(c.Text)
	}
	return escaped(c.Text)
}

func (l memoLink) markdown() string {
	if l.Address == "" {
		return escaped(l.Text)
	}
	return fmt.Sprintf("%s (<%s>)", escaped(l.Text), l.Address)
}

// code writes a text from the network as a code span, in which Markdown
// interprets nothing. What could end the span or the cell is spelt out, as
// visible does with what cannot be seen.
func code(text string) string {
	var b strings.Builder
	for _, r := range visible(text) {
		switch r {
		case '`', '|':
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	if text := strings.TrimSpace(b.String()); text != "" {
		return "`" + text + "`"
	}
	return ""
}

// numbered is how an item of a numbered list begins.
var numbered = regexp.MustCompile(`^(\d{1,9})([.)])`)

// escaped writes a text of ours so that Markdown shows it as it is.
func escaped(text string) string {
	var b strings.Builder
	for i, r := range strings.Join(strings.Fields(text), " ") {
		first := i == 0 && strings.ContainsRune("#+->=", r)
		if first || strings.ContainsRune("\\`*_[]<>|~&", r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	// An address becomes a link without any mark.
	shown := strings.NewReplacer("://", `\://`, "www.", `www\.`).Replace(b.String())
	return numbered.ReplaceAllString(shown, `$1\$2`)
}

// visible spells out as \u{202e} what a reader cannot see or what turns the
// order of the text around it: control and format characters, separators of
// lines, and bytes that are not UTF-8.
func visible(text string) string {
	var b strings.Builder
	for i, r := range text {
		switch {
		case r == utf8.RuneError && strings.HasPrefix(text[i:], "\uFFFD"):
			b.WriteRune(r)
		case r == utf8.RuneError:
			fmt.Fprintf(&b, `\x%02x`, text[i])
		case unicode.In(r, unicode.Cc, unicode.Cf, unicode.Zl, unicode.Zp), r != ' ' && unicode.Is(unicode.Zs, r):
			fmt.Fprintf(&b, `\u{%x}`, r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}
