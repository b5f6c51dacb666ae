package lists

import (
	"errors"
	"fmt"
	"hash/maphash"
	"io"
)

// maxRemembered bounds the names that Check compares with for duplicates, and
// so its memory to about 300 MB.
const maxRemembered = 1 << 22

// Report is what Check found in a list.
type Report struct {
	File      string       `json:"file"`
	Targets   int          `json:"targets"`    // rows in order, without duplicates
	Countries int          `json:"countries"`  // distinct ones among them
	NoCountry int          `json:"no_country"` // targets that count for no country
	Errors    []*LineError `json:"errors"`
	// More says that the list was not read to its end, since Errors is full.
	More bool `json:"more"`
	// Compared is the number of names that were compared for duplicates: the
	// first 4,194,304 of a list. Later ones are compared with these only.
	Compared int `json:"compared"`
}

// Check reads a whole list as Read does and gathers up to most errors, at
// least one. A name that stands in it twice is an error too. Check returns an
// error only when r does.
func Check(r io.Reader, file string, most int) (Report, error) {
	report := Report{File: file, Errors: []*LineError{}}
	var (
		l         = newLister(r, file)
		seed      = maphash.MakeSeed()
		firstLine = make(map[uint64]int32)
		found     = make(map[string]bool)
	)
	for {
		t, err := l.next()
		if err == io.EOF {
			break
		}
		var key uint64
		if err == nil {
			key = maphash.String(seed, t.Name)
			err = l.duplicate(t.Name, firstLine[key])
		}
		if fault := new(LineError); errors.As(err, &fault) {
			if report.Errors = append(report.Errors, fault); len(report.Errors) >= most {
				report.More = !l.done
				break
			}
			continue
		}
		if err != nil {
			return report, err
		}
		if len(firstLine) < maxRemembered {
			firstLine[key] = int32(l.line)
		}
		report.Targets++
		if t.Country == "" {
			report.NoCountry++
		} else {
			found[t.Country] = true
		}
	}
	report.Countries, report.Compared = len(found), len(firstLine)
	return report, nil
}

// duplicate returns the error for a name that stood in the given line before;
// line 0 is none.
func (l *lister) duplicate(name string, line int32) error {
	if line == 0 {
		return nil
	}
	return l.fault(&Problem{fmt.Sprintf("%s stands in line %d already", quote(name), line), "remove this line"})
}
