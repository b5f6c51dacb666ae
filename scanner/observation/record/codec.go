package record

import (
	"encoding"
	"fmt"
	"math"
	"reflect"
	"strings"
	"time"
	"unicode/utf8"
)

// codec turns the values of a type into plain ones and back.
type codec struct {
	plain     reflect.Type
	toPlain   func(v reflect.Value) (any, error)
	fromPlain func(to, plain reflect.Value) error
}

// isValue says whether a struct is one value, and not its fields.
func isValue(t reflect.Type) bool {
	return t == reflect.TypeFor[time.Time]() || t.Implements(reflect.TypeFor[encoding.TextMarshaler]())
}

// codecOf returns the codec of a type. What is text for others is text here, a
// duration is microseconds, and an int is a count, which is never negative.
func codecOf(t reflect.Type) codec {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return second
	case t == reflect.TypeFor[time.Duration]():
		return elapsed
	case isValue(t) && t.Kind() == reflect.Uint8:
		return wordOf(t)
	case isValue(t):
		return text
	}
	switch t.Kind() {
	case reflect.String:
		return codec{reflect.TypeFor[string](), func(v reflect.Value) (any, error) { return valid(v.String()), nil },
			func(to, plain reflect.Value) error { to.SetString(plain.String()); return nil }}
	case reflect.Int:
		return count[uint32]()
	case reflect.Int64:
		return count[uint64]()
	case reflect.Float32:
		return codec{t, func(v reflect.Value) (any, error) { return float32(finite(v.Float())), nil }, set}
	case reflect.Float64:
		return codec{t, func(v reflect.Value) (any, error) { return finite(v.Float()), nil }, set}
	case reflect.Bool, reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		return codec{t, func(v reflect.Value) (any, error) { return v.Interface(), nil }, set}
	case reflect.Slice:
		return listOf(codecOf(t.Elem()))
	}
	panic(fmt.Sprintf("record: no column holds a %s", t))
}

func set(to, plain reflect.Value) error { to.Set(plain); return nil }

// valid replaces what is not UTF-8: JSON cannot hold it, and what is stored must
// not depend on the way that it took.
func valid(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}

// finite leaves out what JSON has no number for.
func finite(f float64) float64 {
	if math.IsNaN(f) || math.IsInf(f, 0) {
		return 0
	}
	return f
}

// text is a type that is text for others too: addresses, identifiers, words.
var text = codec{reflect.TypeFor[string](), func(v reflect.Value) (any, error) {
	b, err := v.Interface().(encoding.TextMarshaler).MarshalText()
	return string(b), err
}, func(to, plain reflect.Value) error {
	if u, ok := to.Addr().Interface().(encoding.TextUnmarshaler); ok {
		return u.UnmarshalText([]byte(plain.String()))
	}
	to.SetString(plain.String())
	return nil
}}

// wordOf is a type of few values that are words for others. They are made once:
// most columns are of such a type.
func wordOf(t reflect.Type) codec {
	type word struct {
		value any
		err   error
	}
	words := make([]word, 1<<8)
	for i := range words {
		v := reflect.New(t).Elem()
		v.SetUint(uint64(i))
		words[i].value, words[i].err = text.toPlain(v)
	}
	return codec{text.plain, func(v reflect.Value) (any, error) {
		w := words[v.Uint()]
		return w.value, w.err
	}, text.fromPlain}
}

// elapsed is a duration in microseconds; what does not fit becomes the nearest
// that does.
var elapsed = codec{reflect.TypeFor[uint32](), func(v reflect.Value) (any, error) {
	return uint32(min(max(time.Duration(v.Int()).Microseconds(), 0), math.MaxUint32)), nil
}, func(to, plain reflect.Value) error {
	to.SetInt(int64(time.Duration(plain.Uint()) * time.Microsecond))
	return nil
}}

// second is a time of whole seconds, and microsecond what is left of it. Columns
// hold 1970 to 2106; a clock that stands outside gives the nearest end. No time
// is 1970-01-01.
var second = codec{reflect.TypeFor[time.Time](), func(v reflect.Value) (any, error) {
	seconds, _ := split(v.Interface().(time.Time))
	return seconds, nil
}, func(to, plain reflect.Value) error {
	t := plain.Interface().(time.Time)
	if t.Unix() <= 0 {
		t = time.Time{}
	} else {
		t = t.UTC()
	}
	to.Set(reflect.ValueOf(t))
	return nil
}}

var microsecond = codec{reflect.TypeFor[uint32](), func(v reflect.Value) (any, error) {
	_, micros := split(v.Interface().(time.Time))
	return micros, nil
}, func(to, plain reflect.Value) error {
	if t := to.Interface().(time.Time); !t.IsZero() {
		to.Set(reflect.ValueOf(t.Add(time.Duration(plain.Uint()) * time.Microsecond)))
	}
	return nil
}}

func split(t time.Time) (seconds time.Time, micros uint32) {
	s := t.Unix()
	if s < 0 || s > math.MaxUint32 {
		return time.Unix(min(max(s, 0), math.MaxUint32), 0).UTC(), 0
	}
	return time.Unix(s, 0).UTC(), uint32(t.Nanosecond() / 1000)
}

// count is a number of things.
func count[S uint32 | uint64]() codec {
	return codec{reflect.TypeFor[S](), func(v reflect.Value) (any, error) {
		return S(min(uint64(max(v.Int(), 0)), uint64(^S(0)))), nil
	}, func(to, plain reflect.Value) error {
		to.SetInt(int64(min(plain.Uint(), math.MaxInt64)))
		return nil
	}}
}

// listOf is a list of values; an empty one is read as nil.
func listOf(each codec) codec {
	plain := reflect.SliceOf(each.plain)
	none := zeroOf(plain)
	return codec{plain, func(v reflect.Value) (any, error) {
		if v.Len() == 0 {
			return none, nil
		}
		list := reflect.MakeSlice(plain, v.Len(), v.Len())
		for i := range v.Len() {
			value, err := each.toPlain(v.Index(i))
			if err != nil {
				return nil, err
			}
			list.Index(i).Set(reflect.ValueOf(value))
		}
		return list.Interface(), nil
	}, func(to, plain reflect.Value) error {
		to.SetZero()
		if plain.Len() == 0 {
			return nil
		}
		to.Set(reflect.MakeSlice(to.Type(), plain.Len(), plain.Len()))
		for i := range plain.Len() {
			if err := each.fromPlain(to.Index(i), plain.Index(i)); err != nil {
				return err
			}
		}
		return nil
	}}
}

// zeroOf is the plain value of a struct that is not there.
func zeroOf(plain reflect.Type) any {
	switch {
	case plain == second.plain:
		return time.Unix(0, 0).UTC()
	case plain.Kind() == reflect.Slice:
		return reflect.MakeSlice(plain, 0, 0).Interface()
	}
	return reflect.Zero(plain).Interface()
}

// isZero says whether a plain value is that of a struct that is not there.
func isZero(plain reflect.Value) bool {
	switch plain.Kind() {
	case reflect.Slice:
		return plain.Len() == 0
	case reflect.Struct:
		return plain.Interface().(time.Time).Unix() <= 0
	}
	return plain.IsZero()
}
