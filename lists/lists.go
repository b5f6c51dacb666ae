// Package lists holds what adopt6 measures and what it groups by: the
// delegated ccTLDs, government domains and countries, as embedded CSV files.
// A user's own list comes in through Read; Targets go out. The package never
// touches the network or the disk, and imports nothing else of adopt6.
package lists

import (
	"iter"
	"strings"
)

//go:generate go run ./internal/generate

// Levels of government, the values of Target.Level in the built-in lists.
const (
	LevelCentral      = "central"       // the state: ministries, parliament, courts, agencies
	LevelRegional     = "regional"      // the first tier below the state
	LevelLocal        = "local"         // municipalities, districts and the like
	LevelPublicSector = "public-sector" // a public body whose level the source does not say
)

// Default returns the targets of a scan that names none: every ccTLD, and the
// frame of roles, which means the same bodies in every state. Countries and
// territories that the frame does not cover have their domains of LevelCentral. What else Governments has stays out: it
// reflects how completely a country was listed.
func Default() iter.Seq[Target] { return DefaultWith(nil) }

// DefaultWith is Default with the rows of own instead of the frame's for the
// countries that they name.
func DefaultWith(own []FrameRow) iter.Seq[Target] {
	return func(yield func(Target) bool) {
		frame := overridden(own)
		covered := make(map[string]bool)
		for _, r := range frame {
			covered[r.Country] = true
		}
		for _, list := range []iter.Seq[Target]{CCTLDs(), targetsOf(frame), centralOf(func(country string) bool { return !covered[country] })} {
			for t := range list {
				if !yield(t) {
					return
				}
			}
		}
	}
}

// centralOf yields the government domains of LevelCentral in some countries.
func centralOf(wanted func(country string) bool) iter.Seq[Target] {
	return func(yield func(Target) bool) {
		for t := range Governments() {
			if t.Level == LevelCentral && wanted(t.Country) && !yield(t) {
				return
			}
		}
	}
}

// rows yields the fields of each line of an embedded file that the generator
// wrote, without its header. The generator writes no quotes into these files.
func rows(file string) iter.Seq[[]string] {
	return func(yield func([]string) bool) {
		var fields []string
		_, rest, _ := strings.Cut(file, "\n")
		for rest != "" {
			var line string
			line, rest, _ = strings.Cut(rest, "\n")
			fields = appendFields(fields[:0], line, ',')
			if !yield(fields) {
				return
			}
		}
	}
}

// appendFields appends the parts of line between separators to fields.
func appendFields(fields []string, line string, sep byte) []string {
	for {
		i := strings.IndexByte(line, sep)
		if i < 0 {
			return append(fields, line)
		}
		fields = append(fields, line[:i])
		line = line[i+1:]
	}
}
