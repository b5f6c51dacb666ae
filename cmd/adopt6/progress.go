package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"
)

// progressState is a moment of a long piece of work.
type progressState struct {
	done, total int64  // in the unit of the work; a total of 0 is unknown
	detail      string // what else to say, short
}

// How often progress is shown: a bar that moves, or lines that a log can bear.
const (
	barEvery  = 200 * time.Millisecond
	lineEvery = 10 * time.Second
)

// showProgress shows on the error stream how far a piece of work is, as a bar
// on a terminal and as plain lines elsewhere, until the returned function is
// called. unit follows the figures ("targets", "MB"). Work that ends before
// the first line is due leaves no trace.
func (a *app) showProgress(label, unit string, state func() progressState) (stop func()) {
	width, onTerminal := terminalWidth(a.errOut)
	every := max(lineEvery, a.progressEvery)
	if onTerminal {
		every = barEvery
	}
	done := make(chan struct{})
	finished := make(chan struct{})
	start := time.Now()
	go func() {
		defer close(finished)
		ticker := time.NewTicker(every)
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				now, elapsed := state(), time.Since(start)
				if onTerminal { // where room is scarce, the unit goes without saying
					fmt.Fprint(a.errOut, "\r", drawBar(progressLine(label, "", now, elapsed), now, width), "\x1b[K")
				} else {
					fmt.Fprintln(a.errOut, progressLine(label, unit, now, elapsed))
				}
			case <-done:
				if onTerminal {
					fmt.Fprint(a.errOut, "\r\x1b[K")
				}
				return
			}
		}
	}()
	return func() { close(done); <-finished }
}

// progressLine is the text of one moment:
// "scan 1,200/4,000 targets 30%  400/s  7s left  ok 800, absent 400".
func progressLine(label, unit string, s progressState, elapsed time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", label, thousands(s.done))
	if s.total > 0 {
		fmt.Fprintf(&b, "/%s", thousands(s.total))
	}
	if unit != "" {
		b.WriteString(" " + unit)
	}
	if s.total > 0 {
		fmt.Fprintf(&b, " %d%%", 100*s.done/s.total)
	}
	if rate := float64(s.done) / elapsed.Seconds(); s.done > 0 {
		fmt.Fprintf(&b, "  %s/s", thousands(int64(rate)))
		if left := s.total - s.done; left > 0 {
			remaining := time.Duration(float64(left) / rate * float64(time.Second))
			fmt.Fprintf(&b, "  %s left", remaining.Round(time.Second))
		}
	}
	if s.detail != "" {
		b.WriteString("  " + s.detail)
	}
	return b.String()
}

// drawBar puts a bar before the line where the width leaves room for one, and
// cuts the line where it does not.
func drawBar(line string, s progressState, width int) string {
	const full = 20
	if s.total > 0 && len(line)+full+3 < width {
		filled := int(min(full, full*s.done/s.total))
		return "[" + strings.Repeat("#", filled) + strings.Repeat(".", full-filled) + "] " + line
	}
	if runes := []rune(line); len(runes) >= width {
		return string(runes[:max(0, width-1)])
	}
	return line
}

// terminalWidth returns the width of w in columns and whether w is a terminal.
func terminalWidth(w io.Writer) (width int, onTerminal bool) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) {
		return 80, false
	}
	width, _, err := term.GetSize(int(f.Fd()))
	if err != nil || width <= 0 {
		width = 80
	}
	return width, true
}

// thousands formats n with commas between groups of three digits.
func thousands(n int64) string {
	digits := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}
