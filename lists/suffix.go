package lists

import (
	_ "embed"
	"iter"
	"slices"
	"strings"
	"sync"
)

//go:embed suffixes.csv
var suffixFile string

// Suffixes returns the domains below which governments register names (gov.xx,
// gouv.xx, go.xx), sorted by name. Each is a zone, seldom a site: what matters
// of it is whether it is signed and whether its name servers answer over IPv6.
func Suffixes() iter.Seq[Target] {
	return func(yield func(Target) bool) {
		for f := range rows(suffixFile) {
			if !yield(Target{Name: f[0], Unicode: f[1], Kind: Suffix, Country: f[2], Source: f[3], Date: f[4]}) {
				return
			}
		}
	}
}

//go:embed left.csv
var leftFile string

// Reason says why a name that a source has as central is on no list.
type Reason string

// Why a name may be on no list.
const (
	LeftSuffix  Reason = "suffix"  // names are registered below it: it is of kind suffix
	LeftBelow   Reason = "below"   // it is below the name of the same body
	LeftMachine Reason = "machine" // it names a machine or a trial, and no body
)

// Left is a name that a source has as central and that is on no list.
type Left struct {
	Name, Country string
	Reason        Reason
	Into          string // the row that stands for it; may be empty
	Source, Date  string
}

// leftNames are the rows of left.csv.
var leftNames = sync.OnceValue(func() []Left {
	var all []Left
	for f := range rows(leftFile) {
		all = append(all, Left{f[0], f[1], Reason(f[2]), f[3], f[4], f[5]})
	}
	return all
})

// LeftOut returns why a name is on no list, when a source has it as central.
func LeftOut(name string) (Left, bool) {
	i := slices.IndexFunc(leftNames(), func(l Left) bool { return strings.EqualFold(l.Name, name) })
	if i < 0 {
		return Left{}, false
	}
	return leftNames()[i], true
}
