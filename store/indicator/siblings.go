package indicator

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/store"
)

// State is how a target stands by a share.
type State uint8

// The states. A share that does not apply to a target is not fulfilled.
const (
	NotMeasured State = iota
	NotFulfilled
	Fulfilled
)

// SiblingFigures are the shares by which an IDN ccTLD is compared with its ASCII
// sibling.
var SiblingFigures = []string{"tld_glue_v6", "dns_v6_two", "same_serial", "tld_ds", "dnssec_secure"}

// Siblings are an IDN ccTLD and the ASCII ccTLD of the same territory, as one
// scan saw them.
type Siblings struct {
	IDN, ASCII lists.TLD
	// How each stands by SiblingFigures, in that order. All are not measured
	// for an ASCII sibling that the scan did not have.
	IDNStates, ASCIIStates []State
}

// Level says whether the IDN ccTLD is behind its sibling in none of the
// figures. What was not measured is known not to matter where the IDN ccTLD
// fulfils the figure, or its sibling does not.
func (p Siblings) Level() State {
	level := Fulfilled
	for i, idn := range p.IDNStates {
		ascii := p.ASCIIStates[i]
		switch {
		case idn == Fulfilled || ascii == NotFulfilled:
		case idn == NotFulfilled && ascii == Fulfilled:
			return NotFulfilled
		default:
			level = NotMeasured
		}
	}
	return level
}

// LoadSiblings returns the IDN ccTLDs that exist and that a scan has, each
// beside its ASCII sibling, sorted by A-label.
func LoadSiblings(ctx context.Context, s *store.Store, scan uuid.UUID) ([]Siblings, error) {
	found, err := s.Select(ctx, siblingsQuery(), scan.String())
	if err != nil {
		return nil, fmt.Errorf("read the ccTLDs of scan %s: %w", scan, err)
	}
	states := make(map[string][]State)
	for found.Next() {
		var (
			name   string
			values []uint8
		)
		if err := found.Scan(&name, &values); err != nil {
			return nil, errors.Join(err, found.Close())
		}
		list := make([]State, len(values))
		for i, v := range values {
			list[i] = State(v)
		}
		states[name] = list
	}
	if err := errors.Join(found.Err(), found.Close()); err != nil {
		return nil, err
	}
	var list []Siblings
	for _, pair := range lists.IDNSiblings() {
		idn, there := states[pair.IDN.Name]
		if !there {
			continue
		}
		ascii, there := states[pair.ASCII.Name]
		if !there {
			ascii = make([]State, len(SiblingFigures))
		}
		list = append(list, Siblings{IDN: pair.IDN, ASCII: pair.ASCII, IDNStates: idn, ASCIIStates: ascii})
	}
	return list, nil
}

// siblingsQuery judges every ccTLD that exists by the figures.
func siblingsQuery() string {
	var states []string
	for _, id := range SiblingFigures {
		i, _ := ByID(id)
		states = append(states, fmt.Sprintf("toUInt8(multiIf(NOT (%s), %d, %s, %d, %s, %d, %d))",
			i.applies, NotFulfilled, i.unmeasured, NotMeasured, i.fulfils, Fulfilled, NotFulfilled))
	}
	return `SELECT domain, [` + strings.Join(states, ",\n\t") + `]
FROM observations FINAL WHERE scan = toUUID(?) AND kind = 'cctld' AND ` + exists
}

// siblingCounts are the counts of the share of IDN ccTLDs that are level, by
// the country that the lists assign them to.
type siblingCounts struct{ fulfil, measured, unmeasured uint64 }

func countSiblings(ctx context.Context, s *store.Store, scan uuid.UUID) (map[string]siblingCounts, error) {
	pairs, err := LoadSiblings(ctx, s, scan)
	if err != nil {
		return nil, err
	}
	byCountry := make(map[string]siblingCounts)
	for _, p := range pairs {
		c := byCountry[p.IDN.Country]
		switch p.Level() {
		case Fulfilled:
			c.fulfil++
			c.measured++
		case NotFulfilled:
			c.measured++
		default:
			c.unmeasured++
		}
		byCountry[p.IDN.Country] = c
	}
	return byCountry, nil
}
