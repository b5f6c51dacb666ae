package zonefile

import (
	"bytes"
	"strconv"
)

// CSVHeader names the columns of what AppendCSV writes.
const CSVHeader = "name,country,ns,ns_ipv6,ns_special_purpose,ns_ipv4_only,ns_glue_missing,ns_unknown," +
	"ns_in_domain,ds,ds_usable,ds_algorithms,ds_digests,duplicate_ns,duplicate_ds,name_servers\n"

// AppendCSV appends the delegation as a line of comma-separated values (RFC
// 4180, with a bare line feed). Lists are separated by spaces. A cell that a
// spreadsheet would take for a formula begins with an apostrophe.
func (d *Delegation) AppendCSV(b []byte) []byte {
	start := len(b)
	b = closeCell(d.Name.AppendText(b), start)
	b = append(b, ',')
	b = append(b, d.Country...)
	for _, n := range d.numbers() {
		b = append(b, ',')
		b = strconv.AppendInt(b, int64(n), 10)
	}
	b = append(b, ',')
	b = appendNumbers(b, d.DS, ' ', func(ds DS) uint8 { return ds.Algorithm })
	b = append(b, ',')
	b = appendNumbers(b, d.DS, ' ', func(ds DS) uint8 { return ds.DigestType })
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(d.DuplicateNS), 10)
	b = append(b, ',')
	b = strconv.AppendInt(b, int64(d.DuplicateDS), 10)
	b = append(b, ',')
	start = len(b)
	for i, s := range d.Servers {
		if i > 0 {
			b = append(b, ' ')
		}
		b = s.Name.AppendText(b)
	}
	return append(closeCell(b, start), '\n')
}

// numbers returns the figures of the columns ns to ds_usable.
func (d *Delegation) numbers() [9]int {
	usable := 0
	for _, ds := range d.DS {
		if ds.Usable() {
			usable++
		}
	}
	return [...]int{
		len(d.Servers), d.Count(StateIPv6), d.Count(StateSpecial), d.Count(StateIPv4Only),
		d.Count(StateNoAddress), d.Count(StateUnknown), d.InDomain(), len(d.DS), usable,
	}
}

// appendNumbers appends one number of each DS record.
func appendNumbers(b []byte, records []DS, separator byte, number func(DS) uint8) []byte {
	for i, ds := range records {
		if i > 0 {
			b = append(b, separator)
		}
		b = strconv.AppendInt(b, int64(number(ds)), 10)
	}
	return b
}

// closeCell makes a cell of the text that b holds from start on.
func closeCell(b []byte, start int) []byte {
	if start < len(b) && bytes.IndexByte([]byte("=+-@"), b[start]) >= 0 {
		b = append(b, 0)
		copy(b[start+1:], b[start:])
		b[start] = '\''
	}
	if bytes.IndexByte(b[start:], ',') < 0 && bytes.IndexByte(b[start:], '"') < 0 {
		return b
	}
	text := bytes.ReplaceAll(b[start:], []byte(`"`), []byte(`""`)) // a copy
	b = append(b[:start], '"')
	b = append(b, text...)
	return append(b, '"')
}

// AppendJSON appends the delegation as a JSON object on one line, with a line
// feed.
func (d *Delegation) AppendJSON(b []byte) []byte {
	b = append(b, `{"name":`...)
	b = appendJSONName(b, d.Name)
	if d.Country != "" {
		b = append(b, `,"country":"`...)
		b = append(b, d.Country...)
		b = append(b, '"')
	}
	for i, n := range d.numbers() {
		b = append(b, `,"`...)
		b = append(b, jsonNumbers[i]...)
		b = append(b, `":`...)
		b = strconv.AppendInt(b, int64(n), 10)
	}
	b = append(b, `,"ds_algorithms":[`...)
	b = appendNumbers(b, d.DS, ',', func(ds DS) uint8 { return ds.Algorithm })
	b = append(b, `],"ds_digests":[`...)
	b = appendNumbers(b, d.DS, ',', func(ds DS) uint8 { return ds.DigestType })
	b = append(b, `],"duplicate_ns":`...)
	b = strconv.AppendInt(b, int64(d.DuplicateNS), 10)
	b = append(b, `,"duplicate_ds":`...)
	b = strconv.AppendInt(b, int64(d.DuplicateDS), 10)
	b = append(b, `,"name_servers":[`...)
	for i, s := range d.Servers {
		if i > 0 {
			b = append(b, ',')
		}
		b = append(b, `{"name":`...)
		b = appendJSONName(b, s.Name)
		b = append(b, `,"kind":"`...)
		b = append(b, s.Kind.String()...)
		b = append(b, `","ipv6":"`...)
		b = append(b, s.State().String()...)
		b = append(b, `"}`...)
	}
	return append(b, "]}\n"...)
}

var jsonNumbers = [...]string{
	"ns", "ns_ipv6", "ns_special_purpose", "ns_ipv4_only", "ns_glue_missing", "ns_unknown",
	"ns_in_domain", "ds", "ds_usable",
}

// appendJSONName appends a name as a JSON string. Its presentation form is
// printable ASCII, so only two characters need care.
func appendJSONName(b []byte, n Name) []byte {
	b = append(b, '"')
	start := len(b)
	b = n.AppendText(b)
	if bytes.IndexByte(b[start:], '\\') >= 0 {
		text := bytes.Clone(b[start:])
		b = b[:start]
		for _, c := range text {
			if c == '\\' || c == '"' {
				b = append(b, '\\')
			}
			b = append(b, c)
		}
	}
	return append(b, '"')
}
