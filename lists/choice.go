package lists

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Choice chooses targets. Empty fields choose all.
type Choice struct {
	Countries []string   // ISO 3166-1 alpha-2, in upper case after Check
	Kinds     []string   // CCTLD, Government, Suffix
	Levels    []string   // of government domains; ccTLDs have none and stay
	Frame     []FrameRow // states' own rows, which replace the built-in ones
}

// Check finds what a choice cannot mean, and writes codes of countries in
// upper case.
func (c *Choice) Check() error {
	for i, code := range c.Countries {
		country, err := ParseCountry(code)
		if err != nil {
			return fmt.Errorf("--country %s: %w", code, err)
		}
		c.Countries[i] = country.Alpha2
	}
	for _, kind := range c.Kinds {
		if k := Kind(kind); k != CCTLD && k != Government && k != Suffix {
			return fmt.Errorf("--kind %s: expected %s, %s or %s", kind, CCTLD, Government, Suffix)
		}
	}
	for _, level := range c.Levels {
		if !slices.Contains(Levels(), level) {
			return fmt.Errorf("--level %s: expected one of %s", level, strings.Join(Levels(), ", "))
		}
	}
	return nil
}

// Has says whether a target is chosen.
func (c *Choice) Has(t Target) bool {
	return (len(c.Countries) == 0 || slices.Contains(c.Countries, t.Country)) &&
		(len(c.Kinds) == 0 || slices.Contains(c.Kinds, string(t.Kind))) &&
		(len(c.Levels) == 0 || t.Kind.IsZone() || slices.Contains(c.Levels, t.Level))
}

// Of yields the targets of a list that are chosen, and its errors.
func (c *Choice) Of(targets iter.Seq2[Target, error]) iter.Seq2[Target, error] {
	return func(yield func(Target, error) bool) {
		for t, err := range targets {
			if err == nil && !c.Has(t) {
				continue
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

// Builtin yields what is chosen of the built-in lists: what DefaultWith has,
// unless levels are given; suffixes only when they are asked for.
func (c *Choice) Builtin() iter.Seq2[Target, error] {
	if slices.Contains(c.Kinds, string(Suffix)) {
		rest := *c
		rest.Kinds = slices.DeleteFunc(slices.Clone(c.Kinds), func(kind string) bool { return kind == string(Suffix) })
		suffixes := c.Of(Each(Suffixes()))
		if len(rest.Kinds) == 0 {
			return suffixes
		}
		return Join(rest.Builtin(), suffixes)
	}
	if len(c.Levels) == 0 {
		return c.Of(Each(DefaultWith(c.Frame)))
	}
	return c.Of(Join(Each(CCTLDs()), Each(Governments())))
}

// Describe adds to a list's name what is chosen of it.
func (c *Choice) Describe(name string) string {
	for _, part := range []struct {
		label  string
		values []string
	}{{"country", c.Countries}, {"kind", c.Kinds}, {"level", c.Levels}} {
		if len(part.values) > 0 {
			name += fmt.Sprintf(", %s %s", part.label, strings.Join(part.values, ","))
		}
	}
	return name
}

// Each yields targets as a list that is read without error.
func Each(targets iter.Seq[Target]) iter.Seq2[Target, error] {
	return func(yield func(Target, error) bool) {
		for t := range targets {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// Join yields the targets of one list after the other.
func Join(parts ...iter.Seq2[Target, error]) iter.Seq2[Target, error] {
	return func(yield func(Target, error) bool) {
		for _, part := range parts {
			for t, err := range part {
				if !yield(t, err) {
					return
				}
			}
		}
	}
}
