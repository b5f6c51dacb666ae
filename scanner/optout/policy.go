package optout

import (
	"strings"

	"github.com/miekg/dns"
)

// Label is where an operator says what a scan may do: the TXT record of this
// label below the domain.
const Label = "_adopt6"

// What is read of a TXT record set; the rest is ignored.
const (
	maxRecords = 16  // records
	maxRecord  = 512 // bytes of one record
	maxTags    = 16  // tags of one record
)

// Policy is what an operator asks of a scan. The zero value asks for nothing.
type Policy struct {
	// NoScan asks that nothing of the domain be measured.
	NoScan bool
	// NoConnect asks for no TCP connection to its web and mail servers: the
	// DNS alone is measured.
	NoConnect bool
}

// and returns the policy that satisfies both.
func (p Policy) and(other Policy) Policy {
	return Policy{NoScan: p.NoScan || other.NoScan, NoConnect: p.NoConnect || other.NoConnect}
}

// Parse reads one TXT record, such as "v=adopt6; scan=no". It is a list of
// tags with semicolons between them, each a name, an equals sign and a value,
// and the first is v=adopt6. Case and blanks around names and values make no
// difference; tags of another name or value are ignored. ok is false for a
// record of another form, which says nothing.
func Parse(record string) (policy Policy, ok bool) {
	if len(record) > maxRecord {
		return Policy{}, false
	}
	tags := strings.Split(strings.TrimSuffix(strings.TrimSpace(record), ";"), ";")
	if len(tags) > maxTags {
		return Policy{}, false
	}
	for i, tag := range tags {
		name, value, whole := strings.Cut(tag, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.ToLower(strings.TrimSpace(value))
		if !whole || name == "" || i == 0 && (name != "v" || value != "adopt6") {
			return Policy{}, false
		}
		no := value == "no"
		policy = policy.and(Policy{NoScan: name == "scan" && no, NoConnect: name == "connect" && no})
	}
	return policy, true
}

// policyIn returns the policy in a set of TXT records: where several records
// hold one, all of them together.
func policyIn(records []dns.RR) (policy Policy) {
	n := 0
	for _, rr := range records {
		txt, is := rr.(*dns.TXT)
		if !is {
			continue
		}
		if n++; n > maxRecords {
			break
		}
		// The strings of one record are one text (RFC 7208 section 3.3).
		if one, ok := Parse(strings.Join(txt.Txt, "")); ok {
			policy = policy.and(one)
		}
	}
	return policy
}
