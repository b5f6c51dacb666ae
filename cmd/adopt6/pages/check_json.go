package pages

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/netip"
	"unicode/utf16"
	"unicode/utf8"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/advice"
	"adopt6/scanner/observation"
)

// checkVersion is that of the shape of `adopt6 check --json`, which
// docs/check.md explains. Members are only ever added.
const checkVersion = 1

// checkJSON is what `adopt6 check --json` adds to the members of the
// observation. Lists are never null.
type checkJSON struct {
	Advice []adviceJSON `json:"advice"`
	Trace  []ProbeTrace `json:"trace,omitempty"` // with --explain
}

type adviceJSON struct {
	Reason  observation.Reason `json:"reason"`
	Urgency string             `json:"urgency"`
	Service advice.Service     `json:"service"`
	Title   string             `json:"title"`
	Places  []placeJSON        `json:"places"`
	Family  string             `json:"family,omitempty"`
	Why     string             `json:"why"`
	Fix     string             `json:"fix"`
	Owner   advice.Owner       `json:"owner"`
	Who     string             `json:"who,omitempty"`
	Frees   []advice.Service   `json:"frees"`
	See     []string           `json:"see"`
	Ask     string             `json:"ask,omitempty"`
}

type placeJSON struct {
	Host    string     `json:"host"`
	Address netip.Addr `json:"address,omitzero"`
	Port    uint16     `json:"port,omitempty"`
}

// CheckJSON prints an observation as one line. Texts from the network are
// given as they are, in JSON's own escapes.
func CheckJSON(w io.Writer, o *observation.Observation, todo []advice.Advice, trace []ProbeTrace, traced bool) error {
	more := checkJSON{Advice: []adviceJSON{}}
	for _, a := range todo {
		more.Advice = append(more.Advice, toAdviceJSON(a))
	}
	if traced {
		more.Trace = trace
	}
	members, err := o.MarshalJSON()
	if err != nil {
		return err
	}
	var line bytes.Buffer
	enc := json.NewEncoder(&line)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(more); err != nil {
		return err
	}
	whole := fmt.Appendf(nil, `{"version":%d,%s,%s`, checkVersion, members[1:len(members)-1], line.Bytes()[1:])
	_, err = w.Write(escapeHidden(whole))
	return err
}

// escapeHidden escapes the characters that a terminal would obey or hide and
// that JSON allows as they are.
func escapeHidden(encoded []byte) []byte {
	safe := make([]byte, 0, len(encoded))
	for _, r := range string(encoded) {
		switch {
		case terminal.Showable(r) == r:
			safe = utf8.AppendRune(safe, r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			safe = fmt.Appendf(safe, `\u%04x\u%04x`, high, low)
		default:
			safe = fmt.Appendf(safe, `\u%04x`, r)
		}
	}
	return safe
}

func toAdviceJSON(a advice.Advice) adviceJSON {
	j := adviceJSON{
		Reason: a.Reason, Urgency: a.Urgency.String(), Service: a.Service, Title: a.Title, Places: []placeJSON{}, Family: a.Family,
		Why: a.Why, Fix: a.Fix, Owner: a.Owner, Who: a.Who, Frees: list(a.Unblocks), See: list(a.See), Ask: a.Ask,
	}
	for _, p := range a.Locations {
		j.Places = append(j.Places, placeJSON{p.Host, p.Addr, p.Port})
	}
	return j
}

// list turns no list into an empty one.
func list[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}
