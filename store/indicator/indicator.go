// Package indicator declares the indicators of the IPv6 transition and
// computes them.
//
// In: the observations of a scan, in ClickHouse. Out: for every kind of target
// and country a numerator, a denominator and what could not be measured, with
// an interval for the share. It never ranks countries, and never counts what
// was not measured for or against one.
package indicator

import (
	"slices"

	"adopt6/lists"
)

// Direction says which way is better.
type Direction string

// The directions.
const (
	HigherIsBetter Direction = "higher"
	LowerIsBetter  Direction = "lower"
)

// Measure says what the value of an indicator is.
type Measure string

// The measures.
const (
	Share  Measure = "share"  // targets that fulfil it, of those measured; 0 to 1
	Median Measure = "median" // of a quantity over the targets measured, in Unit
	// Targets that depend on the largest operator, of those with one; 0 to 1.
	// It has no interval: which operator is the largest was found in the same
	// targets.
	Largest Measure = "largest"
	HHI     Measure = "hhi" // Herfindahl-Hirschman index of the operators' shares; 0 to 1
)

// Topic groups indicators for readers.
type Topic string

// The topics, in the order in which they are shown.
const (
	Coverage      Topic = "coverage"
	Addresses     Topic = "addresses"
	NameServers   Topic = "name_servers"
	Web           Topic = "web"
	Mail          Topic = "mail"
	WithoutV4     Topic = "without_v4"
	Readiness     Topic = "readiness"
	Quality       Topic = "quality"
	Security      Topic = "security"
	Concentration Topic = "concentration"
)

// Indicator is the declaration of one indicator. Its SQL and its words stand
// side by side, so that one is read against the other.
type Indicator struct {
	ID      string // stable; the key in the table indicators
	Topic   Topic
	Name    string // English, short
	Measure Measure
	// What is counted, in words that a reader can check. Of a median, Numerator
	// says what the quantity is.
	Numerator, Denominator, Unmeasured string
	Direction                          Direction
	Unit                               string
	Kinds                              []lists.Kind // it says something about targets of these
	Reference                          string       // who defines it elsewhere; empty for our own

	// needs are what a vantage must be able to do for the figure to say
	// something. What is published can be seen from anywhere.
	needs []Ability

	// Conditions over the columns of the table observations. A target counts
	// when applies holds: as unmeasured when unmeasured holds, else in the
	// denominator, and there in the numerator when fulfils holds or as partial
	// when partial holds.
	applies, unmeasured, fulfils, partial string
	// quantity is what a median is of; operators the array of names that
	// Largest and HHI count. Denominator and unmeasured are as above.
	quantity, operators string
	// siblings says that pairs of ccTLDs are counted, by LoadSiblings and not
	// by the conditions, which hold for no target.
	siblings bool
}

// all is the table of indicators. A new indicator is one entry.
var all = slices.Concat(coverage, addresses, nameServers, web, mail, withoutV4, siblings, security, concentration)

// All returns the indicators in the order in which they are shown.
func All() []Indicator { return slices.Clone(all) }

// ByID returns the indicator of an id.
func ByID(id string) (Indicator, bool) {
	i := slices.IndexFunc(all, func(ind Indicator) bool { return ind.ID == id })
	if i < 0 {
		return Indicator{}, false
	}
	return all[i], true
}

// Service is a clause of a policy text that an indicator serves, and how.
type Service struct {
	Clause   lists.Clause
	Strength lists.Strength
}

// Serves returns the clauses that the indicator is tied to, in the order of
// the table; lists/policy.csv alone says which.
func (i Indicator) Serves() (list []Service) {
	for _, c := range lists.Policy() {
		for _, tie := range c.Ties {
			if tie.Indicator == i.ID {
				list = append(list, Service{c, tie.Strength})
			}
		}
	}
	return list
}

// Headline returns the ids of the figures that lead for a kind of target: name
// servers, AAAA, web, mail, without IPv4, ready, DNSSEC, same content, as far as
// the kind has them. The others are an annex.
func Headline(kind lists.Kind) (ids []string) {
	for _, id := range []string{"dns_v6", "aaaa_apex", "tld_glue_v6", "web_v6", "mail_v6", "v6_only", "ready", "dnssec_secure", "web_same"} {
		if i, _ := ByID(id); i.Covers(kind) {
			ids = append(ids, id)
		}
	}
	return ids
}

// Covers says whether the indicator says something about targets of a kind.
func (i Indicator) Covers(kind lists.Kind) bool { return slices.Contains(i.Kinds, kind) }
