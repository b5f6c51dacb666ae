package lists

import (
	"fmt"
	"slices"
	"strings"
)

// Explain says in sentences why a host is on the built-in lists, or why not. The
// error of a host that is not one is a *Problem.
func Explain(host string) ([]string, error) {
	name, _, err := Normalize(hostIn(strings.TrimSpace(host)))
	if err != nil {
		return nil, err
	}
	if bare, www := strings.CutPrefix(name, "www."); www && strings.Contains(bare, ".") {
		name = bare
	}
	var facts []string
	add := func(format string, args ...any) { facts = append(facts, fmt.Sprintf(format, args...)) }
	if t, ok := TLDByName(name); ok {
		add("%s is a ccTLD of %s, from %s (%s): scanned by default.", name, orNobody(t.Country), t.Source, t.Date)
	}
	for _, r := range frame() {
		switch {
		case r.Host != name:
		case r.Status.Known():
			add("%s has the role %s in %s (%s), from %s, %s (%s), checked by %s: scanned by default.", name, r.Role, r.Country, r.Status, r.Source, r.Record, r.Date, r.Checked)
		default:
			add("%s was turned down for the role %s in %s by %s: %s.", name, r.Role, r.Country, r.Checked, r.Note)
		}
	}
	for t := range Governments() {
		if t.Name == name {
			add("%s is a government domain of level %s of %s, from %s (%s): scanned with --level %s.", name, t.Level, t.Country, t.Source, t.Date, t.Level)
		}
	}
	for t := range Suffixes() {
		if t.Name == name {
			add("%s is a government suffix of %s, from %s (%s): names are registered below it.", name, t.Country, t.Source, t.Date)
		}
	}
	if l, left := LeftOut(name); left {
		facts = append(facts, l.explain())
	}
	if len(facts) == 0 {
		facts = append(facts, explainAbsence(name))
	}
	return facts, nil
}

func orNobody(country string) string {
	if country == "" {
		return "no country"
	}
	return country
}

// explain says why the name is not among the central domains.
func (l Left) explain() string {
	why := map[Reason]string{
		LeftSuffix:  "it is a suffix, names are registered below it",
		LeftBelow:   "it lies below " + l.Into + ", which stands for the same body",
		LeftMachine: "it names a machine or a trial, and no body",
	}[l.Reason]
	return fmt.Sprintf("%s is central by %s (%s), and was taken off the list: %s.", l.Name, l.Source, l.Date, why)
}

// explainAbsence says what is near a name that no list has.
func explainAbsence(name string) string {
	near := ""
	for _, domain, found := strings.Cut(name, "."); found && near == ""; _, domain, found = strings.Cut(domain, ".") {
		if slices.ContainsFunc(frame(), func(r FrameRow) bool { return r.Host == domain && r.Status.Known() }) {
			near = fmt.Sprintf(" %s, above it, is in the frame.", domain)
		} else if strings.Contains(domain, ".") {
			for t := range Governments() {
				if t.Name == domain {
					near = fmt.Sprintf(" %s, above it, is one of level %s.", domain, t.Level)
				}
			}
		}
	}
	return fmt.Sprintf("%s is on no built-in list: no source has it in a form that is taken (docs/lists.md).%s A list of your own may have it.", name, near)
}
