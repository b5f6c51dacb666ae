package pages

import (
	"fmt"
	"io"
	"strings"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/observation"
	"adopt6/scanner/preflight"
)

// The layout of the page: a status, a title, and the rest in a column.
const (
	statusWidth = 11
	titleWidth  = 21
	PageWidth   = 78 // of text in paragraphs
)

// Doctor writes the checks of a vantage, in colour on a terminal. program is how
// this one was called.
func Doctor(out io.Writer, found *preflight.Result, program string) {
	_, colour := terminal.Size(out)
	margin := strings.Repeat(" ", statusWidth+titleWidth)
	block := func(text string) string {
		text = strings.Map(terminal.Showable, text)
		return strings.ReplaceAll(terminal.Wrap(text, PageWidth-len(margin)), "\n", "\n"+margin)
	}
	for _, c := range found.Checks {
		status := fmt.Sprintf("%-*s", statusWidth, c.Status)
		switch {
		case !colour:
		case c.Status == observation.OK:
			status = "\x1b[32m" + status + "\x1b[0m"
		case c.Failed():
			status = "\x1b[31m" + status + "\x1b[0m"
		}
		fmt.Fprintf(out, "%s%-*s%s\n", status, titleWidth, c.Title, block(c.Seen))
		if c.Failed() && c.Effect != "" {
			fmt.Fprintf(out, "%s%s\n", margin, block(c.Effect))
		}
		if c.Fix != "" {
			fmt.Fprintf(out, "%s%s\n", margin, block("Fix: "+c.Fix))
		}
	}
	fmt.Fprintln(out)
	if len(found.Missing()) == 0 {
		fmt.Fprintf(out, "A scan can measure everything from here: %s scan\n", program)
	}
}
