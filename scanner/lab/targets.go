package lab

import (
	"cmp"
	"iter"

	"adopt6/lists"
	"adopt6/scanner/lab/authority"
	"adopt6/scanner/observation"
)

// targets yields the ccTLDs and domains that are targets, in the order of
// their declaration, and then the generated domains.
func (w *world) targets() iter.Seq[lists.Target] {
	return func(yield func(lists.Target) bool) {
		for _, d := range w.order {
			if d.target && !yield(w.target(d.name, d.spec)) {
				return
			}
		}
		for e := range w.gen.entries {
			entry := &w.gen.entries[e]
			for id := entry.first; id < entry.first+uint32(entry.Count); id++ {
				spec := *w.templateOf(id).spec
				spec.Kind = cmp.Or(entry.Kind, spec.Kind)
				spec.Level = cmp.Or(entry.Level, spec.Level)
				spec.Country = cmp.Or(entry.Country, spec.Country)
				if !yield(w.target(w.nameOf(id), &spec)) {
					return
				}
			}
		}
	}
}

func (w *world) target(name authority.Name, spec *Domain) lists.Target {
	t := lists.Target{
		Name: name.Text(), Kind: cmp.Or(spec.Kind, lists.Government), Level: spec.Level,
		Country: cmp.Or(spec.Country, lists.CountryOf(name.Text())),
		Source:  "lab:" + w.scenario.Name, Date: w.now.UTC().Format("2006-01-02"),
	}
	t.Unicode = t.Name
	if tld, ok := lists.TLDByName(t.Name); ok {
		t.Unicode, t.Kind, t.Country = tld.Unicode, lists.CCTLD, cmp.Or(spec.Country, tld.Country)
	} else if _, unicode, err := lists.Normalize(t.Name); err == nil {
		t.Unicode = unicode
	}
	return t
}

// truth returns what is stated of a target.
func (w *world) truth(name authority.Name) (Truth, bool) {
	if d := w.domains[name]; d != nil {
		t := d.spec.Truth.truth()
		if d.name.Labels() == 1 {
			return w.tldTruth(d, t), d.target
		}
		return w.judged(name, t), d.target
	}
	if id, ok := w.idOf(name); ok {
		return w.judged(name, w.templateOf(id).truth), true
	}
	return Truth{}, false
}

// tldTruth states what follows from the real delegation of a top-level domain
// where the scenario says nothing else: its servers all work.
func (w *world) tldTruth(d *domain, t Truth) Truth {
	if len(d.spec.Faults) > 0 || len(w.scenario.spec.Faults) > 0 {
		return t
	}
	with := 0
	for _, h := range d.nsHosts() {
		if d.publishes([]*host{h}) {
			with++
		}
	}
	if t.DNS == nil {
		t.DNS = &observation.Verdict{Status: observation.OK}
		switch with {
		case 0:
			t.DNS = &observation.Verdict{Status: observation.Absent, Reason: observation.NoNSAAAA}
		case 1:
			t.DNS = &observation.Verdict{Status: observation.Partial, Reason: observation.OneNSAAAA}
		}
	}
	if t.DNSSEC == nil {
		state := observation.Insecure
		if d.spec.DNSSEC.Signed {
			state = observation.Secure
		}
		if len(d.spec.DNSSEC.Faults) == 0 && d.spec.DNSSEC.DS == "" {
			t.DNSSEC = &state
		}
	}
	return t
}
