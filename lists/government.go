package lists

import (
	_ "embed"
	"iter"
)

//go:embed governments.csv
var governmentFile string

// Governments returns the government domains of every level, sorted by
// country and name. Default has those that a scan takes by itself.
func Governments() iter.Seq[Target] {
	return func(yield func(Target) bool) {
		for f := range rows(governmentFile) {
			if !yield(Target{Name: f[0], Unicode: f[1], Kind: Government, Country: f[2],
				Level: f[3], Source: f[4], Date: f[5]}) {
				return
			}
		}
	}
}
