package record

import (
	"bytes"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"time"
)

// AppendJSON appends the members of a struct, without the braces around them. A
// member of a struct that is not there is left out, a list is never null, a
// time is in RFC 3339, UTC.
func (r Record[T]) AppendJSON(b []byte, v *T) ([]byte, error) {
	root := reflect.ValueOf(v).Elem()
	first := true
	for i := range r.columns {
		c := &r.columns[i]
		at, there := c.follow(root, false)
		if !there {
			continue
		}
		if !first {
			b = append(b, ',')
		}
		first = false
		b = append(append(append(b, '"'), c.name...), `":`...)
		if c.isText {
			b = appendText(b, valid(at.String())) // most are, and this takes no memory
			continue
		}
		value, err := c.value(at)
		if err != nil {
			return b, err
		}
		b = appendValue(b, value)
	}
	return b, nil
}

func appendValue(b []byte, value any) []byte {
	switch v := value.(type) {
	case string:
		return appendText(b, v)
	case bool:
		return strconv.AppendBool(b, v)
	case uint8:
		return strconv.AppendUint(b, uint64(v), 10)
	case uint16:
		return strconv.AppendUint(b, uint64(v), 10)
	case uint32:
		return strconv.AppendUint(b, uint64(v), 10)
	case uint64:
		return strconv.AppendUint(b, v, 10)
	case float32:
		return strconv.AppendFloat(b, float64(v), 'g', -1, 32)
	case float64:
		return strconv.AppendFloat(b, v, 'g', -1, 64)
	case time.Time:
		return append(v.AppendFormat(append(b, '"'), time.RFC3339), '"')
	}
	list := reflect.ValueOf(value)
	b = append(b, '[')
	for i := range list.Len() {
		if i > 0 {
			b = append(b, ',')
		}
		b = appendValue(b, list.Index(i).Interface())
	}
	return append(b, ']')
}

// appendText appends a string; most need no escape.
func appendText(b []byte, s string) []byte {
	for i := range len(s) {
		if c := s[i]; c < 0x20 || c > 0x7e || c == '"' || c == '\\' {
			var escaped bytes.Buffer
			encoder := json.NewEncoder(&escaped)
			encoder.SetEscapeHTML(false)
			if err := encoder.Encode(s); err != nil {
				panic(err) // a string always has a form in JSON
			}
			return append(b, bytes.TrimSuffix(escaped.Bytes(), []byte("\n"))...)
		}
	}
	return append(append(append(b, '"'), s...), '"')
}

// ReadJSON reads the members of an object into a struct, and returns those that
// are not the record's. What is missing stays as it is in v.
func (r Record[T]) ReadJSON(object []byte, v *T) (others map[string]json.RawMessage, err error) {
	if err := json.Unmarshal(object, &others); err != nil {
		return nil, err
	}
	root := reflect.ValueOf(v).Elem()
	for i := range r.columns {
		c := &r.columns[i]
		raw, ok := others[c.name]
		if !ok {
			continue
		}
		delete(others, c.name)
		plain := reflect.New(c.plain)
		if err := readValue(raw, plain); err != nil {
			return nil, fmt.Errorf("%s: %w", c.name, err)
		}
		if err := c.set(root, plain.Elem(), false); err != nil {
			return nil, err
		}
	}
	return others, nil
}

// readValue keeps a list of bytes from being taken for text in base64.
func readValue(raw json.RawMessage, plain reflect.Value) error {
	small, ok := plain.Interface().(*[]uint8)
	if !ok {
		return json.Unmarshal(raw, plain.Interface())
	}
	var wide []uint16
	if err := json.Unmarshal(raw, &wide); err != nil {
		return err
	}
	for _, n := range wide {
		if n > 1<<8-1 {
			return fmt.Errorf("%d is more than a byte", n)
		}
		*small = append(*small, uint8(n))
	}
	return nil
}

// Unknown returns an error that names members which no column has.
func Unknown(others map[string]json.RawMessage) error {
	if len(others) == 0 {
		return nil
	}
	var names []string
	for name := range others {
		names = append(names, name)
	}
	slices.Sort(names)
	return fmt.Errorf("unknown member %q: written by a later adopt6", names[0])
}
