package lists

import (
	_ "embed"
	"encoding/csv"
	"fmt"
	"strings"
	"sync"
)

//go:embed sources.csv
var sourceFile string

// Source is a data set that the built-in lists were made from. NOTICE has the
// text that its licence asks for.
type Source struct {
	ID      string `json:"id"`      // the value of Target.Source
	Title   string `json:"title"`   // what it is and who made it
	Origin  string `json:"origin"`  // where it comes from: a URL
	Licence string `json:"licence"` // SPDX identifier, or "facts" where no licence applies
	Date    string `json:"date"`    // when it was made: YYYY-MM-DD, or YYYY-MM when the day is unknown
	Use     string `json:"use"`     // what adopt6 takes from it
	Refresh string `json:"refresh"` // the command that fetches it again
	// Stale says that the source has not been updated for years: what
	// it has may be gone.
	Stale bool `json:"stale"`
}

// Sources returns the data sets behind the built-in lists.
func Sources() []Source { return append([]Source(nil), sources()...) }

var sources = sync.OnceValue(func() []Source {
	var all []Source
	for _, f := range quotedRows(sourceFile) {
		all = append(all, Source{ID: f[0], Title: f[1], Origin: f[2], Licence: f[3], Date: f[4], Use: f[5], Refresh: f[6], Stale: f[7] == "1"})
	}
	return all
})

// quotedRows returns the rows of an embedded CSV file that may hold quotes,
// without its header. A file that is not CSV is an error of the build.
func quotedRows(file string) [][]string {
	all, err := csv.NewReader(strings.NewReader(file)).ReadAll()
	if err != nil {
		panic(fmt.Sprintf("embedded list: %v", err))
	}
	return all[1:]
}
