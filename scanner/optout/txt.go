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

// Wish is what an operator asks of a scan. The zero value asks for nothing.
type Wish struct {
	// NoScan asks that nothing of the domain be measured.
	NoScan bool
	// NoConnect asks for no TCP connection to its web and mail servers: the
	// DNS alone is measured.
	NoConnect bool
}

// and returns what two who both have a say ask for.
func (w Wish) and(other Wish) Wish {
	return Wish{NoScan: w.NoScan || other.NoScan, NoConnect: w.NoConnect || other.NoConnect}
}

// Parse reads one TXT record, such as "v=adopt6; scan=no". It is a list of
// tags with semicolons between them, each a name, an equals sign and a value,
// and the first is v=adopt6. Case and blanks around names and values make no
// difference; tags of another name or value are ignored. ok is false for a
// record of another form, which says nothing.
func Parse(record string) (wish Wish, ok bool) {
	if len(record) > maxRecord {
		return Wish{}, false
	}
	tags := strings.Split(strings.TrimSuffix(strings.TrimSpace(record), ";"), ";")
	if len(tags) > maxTags {
		return Wish{}, false
	}
	for i, tag := range tags {
		name, value, whole := strings.Cut(tag, "=")
		name, value = strings.ToLower(strings.TrimSpace(name)), strings.ToLower(strings.TrimSpace(value))
		if !whole || name == "" || i == 0 && (name != "v" || value != "adopt6") {
			return Wish{}, false
		}
		no := value == "no"
		wish = wish.and(Wish{NoScan: name == "scan" && no, NoConnect: name == "connect" && no})
	}
	return wish, true
}

// wishIn returns what a set of TXT records asks for: where several do, all of
// it.
func wishIn(records []dns.RR) (wish Wish) {
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
			wish = wish.and(one)
		}
	}
	return wish
}
