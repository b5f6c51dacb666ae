package report

import (
	"encoding/csv"
	"io"

	"adopt6/store/indicator"
)

// idnPage is the page of IDN ccTLDs beside the ASCII ccTLDs of their territories.
const idnPage = "idn"

type idnView struct {
	frame
	Heads          []idnHead
	Pairs          []idnPair
	Level, Unknown string // sentences; Unknown is empty where all is known
}

type idnHead struct{ Name, Text string }

// idnPair is an IDN ccTLD and its sibling.
type idnPair struct {
	Country, Page string // Page is empty without one
	TLDs          [2]idnTLD
	Level         verdict
}

// idnTLD is one ccTLD as its users write it, as the DNS does, and by figure.
type idnTLD struct {
	Label, ASCII string // ASCII only where it differs
	States       []verdict
}

func (s *Site) idnView(f frame) idnView {
	f.Title = f.T("idn.title")
	v := idnView{frame: f}
	for _, id := range indicator.SiblingFigures {
		i, _ := indicator.ByID(id)
		v.Heads = append(v.Heads, idnHead{i.Names().In(f.Lang), i.Text().In(f.Lang)})
	}
	var level, known, unknown uint64
	byCountry := make(map[string][]indicator.Siblings)
	for _, p := range s.data.Siblings {
		byCountry[p.IDN.Country] = append(byCountry[p.IDN.Country], p)
		switch p.Level() {
		case indicator.Fulfilled:
			level++
			fallthrough
		case indicator.NotFulfilled:
			known++
		default:
			unknown++
		}
	}
	for _, c := range s.ordered[f.Lang] {
		for _, p := range byCountry[c.Alpha2] {
			name := f.Country(c.Country)
			if c.Alpha2 == "" {
				name = "." + p.ASCII.Name
			}
			v.Pairs = append(v.Pairs, idnPair{Country: name, Page: s.pageOf(c.Alpha2), Level: f.levelWord(p.Level()), TLDs: [2]idnTLD{
				{Label: "." + p.IDN.Unicode, ASCII: "." + p.IDN.Name, States: f.stateWords(p.IDNStates)},
				{Label: "." + p.ASCII.Unicode, States: f.stateWords(p.ASCIIStates)},
			}})
		}
	}
	v.Level = f.T("idn.count", f.N(level), f.N(known))
	if unknown > 0 {
		v.Unknown = f.T("idn.unknown", f.N(unknown))
	}
	return v
}

// stateWords write how a ccTLD stands by each figure.
func (l *locale) stateWords(states []indicator.State) (list []verdict) {
	for _, state := range states {
		list = append(list, l.stateWord(state, "state.yes", "state.no"))
	}
	return list
}

// levelWord writes how an IDN ccTLD stands beside its sibling.
func (l *locale) levelWord(state indicator.State) verdict {
	return l.stateWord(state, "idn.level", "idn.behind")
}

func (l *locale) stateWord(state indicator.State, yes, no string) verdict {
	switch state {
	case indicator.Fulfilled:
		return verdict{Class: "ok", Word: l.T(yes)}
	case indicator.NotFulfilled:
		return verdict{Class: "absent", Word: l.T(no)}
	}
	return verdict{Class: "unmeasured", Word: l.T("status.unmeasured")}
}

// stateNames are the states in data files.
var stateNames = map[indicator.State]string{indicator.Fulfilled: "yes", indicator.NotFulfilled: "no", indicator.NotMeasured: "unmeasured"}

// idnCSV writes the pairs, a line for each IDN ccTLD.
func (s *Site) idnCSV(w io.Writer) error {
	out := csv.NewWriter(w)
	head := []string{"country", "idn", "idn_unicode", "ascii", "level"}
	for _, id := range indicator.SiblingFigures {
		head = append(head, "idn_"+id, "ascii_"+id)
	}
	lines := [][]string{head}
	for _, p := range s.data.Siblings {
		line := []string{p.IDN.Country, p.IDN.Name, p.IDN.Unicode, p.ASCII.Name, stateNames[p.Level()]}
		for i := range indicator.SiblingFigures {
			line = append(line, stateNames[p.IDNStates[i]], stateNames[p.ASCIIStates[i]])
		}
		lines = append(lines, line)
	}
	return out.WriteAll(lines)
}
