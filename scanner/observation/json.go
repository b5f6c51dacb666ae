package observation

import (
	"encoding/json"
	"fmt"

	"adopt6/scanner/observation/record"
)

// The layouts of what an observation is made of.
var (
	ofObservation = record.Of[Observation]()
	ofEndpoint    = record.Of[Endpoint]()
)

// Derived are the columns of an observation that follow from its contacts.
func (o *Observation) Derived() []record.Derived {
	return []record.Derived{{Name: "findings", Value: o.Findings()}}
}

// Derived are the columns of a contact that follow from others.
func (e *Endpoint) Derived() []record.Derived {
	return []record.Derived{{Name: "family", Value: e.Family()}}
}

// MarshalJSON implements json.Marshaler: every column of the table observations
// is a member, and endpoints has the contacts, each with its columns of the
// table endpoints.
func (o *Observation) MarshalJSON() ([]byte, error) { return o.AppendJSON(nil) }

// AppendJSON appends the observation's JSON to b. It fails for what no reader
// would take, such as a status that does not exist.
func (o *Observation) AppendJSON(b []byte) ([]byte, error) {
	b, err := ofObservation.AppendJSON(append(b, '{'), o)
	if err != nil {
		return b, err
	}
	b = append(b, `,"endpoints":[`...)
	for i := range o.Endpoints {
		if i > 0 {
			b = append(b, ',')
		}
		if b, err = ofEndpoint.AppendJSON(append(b, '{'), &o.Endpoints[i]); err != nil {
			return b, err
		}
		b = append(b, '}')
	}
	return append(b, "]}"...), nil
}

// UnmarshalJSON implements json.Unmarshaler. A member that this adopt6 does not
// know is an error: a later one wrote it, and nothing is to be lost. What an
// earlier one did not know is unmeasured, because it was not probed.
func (o *Observation) UnmarshalJSON(text []byte) error {
	*o = Observation{}
	for _, verdict := range o.Verdicts() {
		verdict.Reason = NotProbed
	}
	others, err := ofObservation.ReadJSON(text, o)
	if err != nil {
		return err
	}
	var contacts []json.RawMessage
	if err := json.Unmarshal(others["endpoints"], &contacts); err != nil {
		return fmt.Errorf("endpoints: %w", err)
	}
	delete(others, "endpoints")
	if err := record.Unknown(others); err != nil {
		return err
	}
	for _, contact := range contacts {
		var e Endpoint
		others, err := ofEndpoint.ReadJSON(contact, &e)
		if err == nil {
			err = record.Unknown(others)
		}
		if err != nil {
			return fmt.Errorf("endpoints: %w", err)
		}
		o.Endpoints = append(o.Endpoints, e)
	}
	o.Country.Of(o.Target)
	return nil
}
