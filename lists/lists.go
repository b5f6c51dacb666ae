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

// Default returns the targets of a scan that names none: every ccTLD, then
// the government domains of LevelCentral. The other levels stay out because
// only the central level means the same bodies in every country; the rest
// mirror how thoroughly somebody has listed them.
func Default() iter.Seq[Target] {
	return func(yield func(Target) bool) {
		for t := range CCTLDs() {
			if !yield(t) {
				return
			}
		}
		for t := range Governments() {
			if t.Level == LevelCentral && !yield(t) {
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
