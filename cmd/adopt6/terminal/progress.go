package terminal

import (
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"time"

	"golang.org/x/term"
)

// Moment is a moment of a long piece of work.
type Moment struct {
	Done, Total int64  // in the unit of the work; a total of 0 is unknown
	Detail      string // what else to say, short
}

// How often progress is shown: a bar that moves, or lines that a log can bear.
const (
	barEvery  = 200 * time.Millisecond
	lineEvery = 10 * time.Second
)

// Bar shows how far a piece of work is, as a bar on a terminal and as plain
// lines elsewhere. Work that ends before the first line is due leaves no trace.
type Bar struct {
	out         io.Writer
	label, unit string
	width       int
	onTerminal  bool
	begun, last time.Time
	drawn       bool
}

// NewBar returns a bar for work that begins now. unit follows the figures
// ("targets", "MB").
func NewBar(out io.Writer, label, unit string) *Bar {
	b := &Bar{out: out, label: label, unit: unit, begun: time.Now(), last: time.Now()}
	b.width, b.onTerminal = Size(out)
	return b
}

// Show shows a moment, where one is due.
func (b *Bar) Show(m Moment) {
	every := lineEvery
	if b.onTerminal {
		every = barEvery
	}
	now := time.Now()
	if now.Sub(b.last) < every-barEvery/2 {
		return
	}
	b.last = now
	elapsed := now.Sub(b.begun)
	if !b.onTerminal {
		fmt.Fprintln(b.out, progressLine(b.label, b.unit, m, elapsed))
		return
	}
	// Where room is scarce, the unit goes without saying.
	fmt.Fprint(b.out, "\r", drawBar(progressLine(b.label, "", m, elapsed), m, b.width), "\x1b[K")
	b.drawn = true
}

// Clear takes the bar off the terminal, so that other lines can follow.
func (b *Bar) Clear() {
	if b.drawn {
		fmt.Fprint(b.out, "\r\x1b[K")
		b.drawn = false
	}
}

// Progress shows on a bar how far a piece of work is, until the returned
// function is called.
func Progress(out io.Writer, label, unit string, state func() Moment) (stop func()) {
	bar, done := NewBar(out, label, unit), make(chan struct{})
	var showing sync.WaitGroup
	showing.Go(func() {
		ticker := time.NewTicker(barEvery)
		defer ticker.Stop()
		defer bar.Clear()
		for {
			select {
			case <-ticker.C:
				bar.Show(state())
			case <-done:
				return
			}
		}
	})
	return func() { close(done); showing.Wait() }
}

// progressLine is the text of one moment:
// "scan 1,200/4,000 targets 30%  400/s  7s left  ok 800, absent 400".
func progressLine(label, unit string, s Moment, elapsed time.Duration) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s %s", label, Thousands(s.Done))
	if s.Total > 0 {
		fmt.Fprintf(&b, "/%s", Thousands(s.Total))
	}
	if unit != "" {
		b.WriteString(" " + unit)
	}
	if s.Total > 0 {
		fmt.Fprintf(&b, " %d%%", 100*s.Done/s.Total)
	}
	if rate := float64(s.Done) / elapsed.Seconds(); s.Done > 0 {
		fmt.Fprintf(&b, "  %s/s", Thousands(int64(rate)))
		if left := s.Total - s.Done; left > 0 {
			remaining := time.Duration(float64(left) / rate * float64(time.Second))
			fmt.Fprintf(&b, "  %s left", remaining.Round(time.Second))
		}
	}
	if s.Detail != "" {
		b.WriteString("  " + s.Detail)
	}
	return b.String()
}

// drawBar puts a bar before the line where the width leaves room for one, and
// cuts the line where it does not.
func drawBar(line string, s Moment, width int) string {
	const full = 20
	if s.Total > 0 && len(line)+full+3 < width {
		filled := int(min(full, full*s.Done/s.Total))
		return "[" + strings.Repeat("#", filled) + strings.Repeat(".", full-filled) + "] " + line
	}
	if runes := []rune(line); len(runes) >= width {
		return string(runes[:max(0, width-1)])
	}
	return line
}

// Size returns the width of w in columns and whether w is a terminal.
func Size(w io.Writer) (width int, onTerminal bool) {
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
