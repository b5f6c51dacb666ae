package pages

import (
	"fmt"
	"strings"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/advice"
	"adopt6/scanner/observation"
)

// labelColumns is the width of the labels before the lines of a piece of
// advice.
const labelColumns = 14

// mostLocations is how many locations of one fault are named.
const mostLocations = 4

// urgencyWords says how urgent a piece of advice is.
var urgencyWords = map[advice.Urgency]text{
	advice.Harm:     {bad, "broken"},
	advice.InPart:   {bad, "broken in part"},
	advice.Missing:  {fair, "missing"},
	advice.Lacking:  {fair, "missing in part"},
	advice.Practice: {plain, "could be better"},
	advice.Unseen:   {faint, "not seen from here"},
}

// advice prints what to do, the most valuable first.
func (p *Page) advice(o *observation.Observation, todo []advice.Advice) {
	p.Put()
	if len(todo) == 0 {
		p.Put(text{strong, "What to do"})
		p.nothingToDo(o)
		return
	}
	p.Put(text{strong, "What to do, the most valuable first"})
	for i, a := range todo {
		p.Put()
		number := fmt.Sprintf("%2d. ", i+1)
		urgency := urgencyWords[a.Urgency]
		for j, line := range terminal.Fold(terminal.Clean(a.Title), p.Columns-len(number)-terminal.Columns(urgency.s)-2, 0) {
			switch j {
			case 0:
				gap := p.Columns - len(number) - terminal.Columns(line) - terminal.Columns(urgency.s)
				p.Put(text{strong, number + line}, text{plain, strings.Repeat(" ", max(gap, 1))}, urgency)
			default:
				p.Put(text{strong, "    " + line})
			}
		}
		p.labelled("Where", advice.LocationList(a.Locations, mostLocations))
		p.labelled("Why it matters", a.Why)
		p.labelled("Whose fix", owner(a))
		p.labelled("Fix", a.Fix)
		p.labelled("Frees", services(a.Unblocks))
		for j, command := range a.See {
			label := ""
			if j == 0 {
				label = "See it"
			}
			p.command(label, command)
		}
		if a.Ask != "" {
			p.labelled("Ask", "“"+a.Ask+"”")
		}
		p.labelled("Reason", string(a.Reason))
	}
	if p.Lab {
		p.Put()
		p.Put(text{faint, "The domain is simulated: no command but those with --lab finds it."})
	}
}

// nothingToDo says that there is no advice: because all works, or because what
// is missing calls for none.
func (p *Page) nothingToDo(o *observation.Observation) {
	if open := advice.Open(o); len(open) > 0 {
		p.note(fair, "There is no advice for what was found: "+strings.Join(open, ", ")+".")
	} else {
		p.note(good, "Nothing: all that was checked works.")
	}
	p.note(faint, "Not checked: "+strings.Join(advice.Unchecked(o), ", ")+".")
}

// note prints a sentence, folded.
func (p *Page) note(style style, s string) {
	for _, line := range terminal.Fold(terminal.Clean(s), p.Columns-3, 0) {
		p.Put(text{style, "   " + line})
	}
}

func owner(a advice.Advice) string {
	if a.Who == "" {
		return a.Owner.Words()
	}
	return a.Owner.Words() + ": " + a.Who
}

func services(list []advice.Service) string {
	var words []string
	for _, s := range list {
		words = append(words, s.Words())
	}
	return strings.Join(words, ", ")
}

// labelled prints a text behind its label, folded; nothing without a text.
func (p *Page) labelled(label, s string) {
	if s = terminal.Clean(s); s == "" {
		return
	}
	for i, line := range terminal.Fold(s, p.Columns-labelColumns-5, 0) {
		if i > 0 {
			label = ""
		}
		p.Put(text{faint, fmt.Sprintf("    %-*s ", labelColumns, label)}, text{plain, line})
	}
}

// command prints a line to type.
func (p *Page) command(label, s string) {
	for i, line := range terminal.FoldCommand(terminal.Clean(s), p.Columns-labelColumns-5) {
		if i > 0 {
			label = ""
		}
		p.Put(text{faint, fmt.Sprintf("    %-*s ", labelColumns, label)}, text{plain, line})
	}
}
