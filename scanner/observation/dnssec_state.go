package observation

import "fmt"

// State is the security status of an answer, RFC 4033 section 5. The zero
// value is Indeterminate: nothing has been proved.
type State uint8

// The four states.
const (
	Indeterminate State = iota // no trust anchor says whether it should be secure
	Secure                     // a chain of signed DNSKEY and DS records was verified
	Insecure                   // a proof shows that a delegation on the path is unsigned
	Bogus                      // it should be secure, and does not validate
)

var stateWords = [...]string{"indeterminate", "secure", "insecure", "bogus"}

// States returns every state in the order of its stored value.
func States() []State { return []State{Indeterminate, Secure, Insecure, Bogus} }

// String returns the word for s.
func (s State) String() string {
	if int(s) < len(stateWords) {
		return stateWords[s]
	}
	return fmt.Sprintf("state(%d)", uint8(s))
}

// MarshalText implements encoding.TextMarshaler.
func (s State) MarshalText() ([]byte, error) {
	if int(s) >= len(stateWords) {
		return nil, fmt.Errorf("there is no DNSSEC state %d", s)
	}
	return []byte(stateWords[s]), nil
}

// UnmarshalText implements encoding.TextUnmarshaler.
func (s *State) UnmarshalText(text []byte) error {
	for i, word := range stateWords {
		if word == string(text) {
			*s = State(i)
			return nil
		}
	}
	return fmt.Errorf("unknown DNSSEC state %q", text)
}
