package observation

import "fmt"

// Status is the outcome of a measurement. The zero value is Unmeasured, so
// that a probe which never ran counts neither for nor against a country.
type Status uint8

// The five outcomes. Their words are the same in Go, SQL, JSON and reports.
const (
	Unmeasured Status = iota // this vantage could not tell
	OK                       // published and works
	Partial                  // works in part
	Absent                   // nothing is published
	Broken                   // published but does not work
)

var statusWords = [...]string{"unmeasured", "ok", "partial", "absent", "broken"}

// Statuses returns every status in the order of its stored value.
func Statuses() []Status { return []Status{Unmeasured, OK, Partial, Absent, Broken} }

// String returns the word for s.
func (s Status) String() string {
	if int(s) < len(statusWords) {
		return statusWords[s]
	}
	return fmt.Sprintf("status(%d)", uint8(s))
}

// MarshalText implements encoding.TextMarshaler.
func (s Status) MarshalText() ([]byte, error) {
	if int(s) >= len(statusWords) {
		return nil, fmt.Errorf("there is no status %d", s)
	}
	return []byte(statusWords[s]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *Status) UnmarshalText(text []byte) error {
	for i, word := range statusWords {
		if word == string(text) {
			*s = Status(i)
			return nil
		}
	}
	return fmt.Errorf("unknown status %q", text)
}

// Verdict is a status and, for every status but OK, the reason for it.
type Verdict struct {
	Status Status `json:"status"`
	Reason Reason `json:"reason,omitempty"`
}
