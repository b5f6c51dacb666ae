package store

import (
	"adopt6/scanner/observation"
	"net/netip"
	"reflect"
	"slices"
	"time"
)

// The sorts of columns that the tables are made of, by the type of the
// property in Go. at returns where the property is.

// same is a property that is stored as it is.
func same[R, T any](name string, at func(row *R) *T) column[R] {
	return field(name, func(r *R) T { return *at(r) }, func(r *R, v T) { *at(r) = v })
}

// text is a string of any type.
func text[R any, T ~string](name string, at func(row *R) *T) column[R] {
	return field(name, func(r *R) string { return string(*at(r)) }, func(r *R, v string) { *at(r) = T(v) })
}

// word is a string of which there are few different ones, which is stored as
// LowCardinality(String).
func word[R any, T ~string](name string, at func(row *R) *T) column[R] {
	return wordOf(name, func(r *R) string { return string(*at(r)) }, func(r *R, v string) { *at(r) = T(v) })
}

func wordOf[R any](name string, get func(row *R) string, set func(row *R, value string)) column[R] {
	return column[R]{name: name, collect: collect(newWordCells, get), dest: dest(set)}
}

// code is a value of an enumeration, which is stored as Enum8.
func code[R any, T ~uint8](name string, at func(row *R) *T) column[R] {
	return field(name, func(r *R) int8 { return int8(*at(r)) }, func(r *R, v int8) { *at(r) = T(v) })
}

// flag is a bool, which is stored as 0 or 1.
func flag[R any](name string, at func(row *R) *bool) column[R] {
	return field(name, func(r *R) uint8 { return flagValue(*at(r)) }, func(r *R, v uint8) { *at(r) = v == 1 })
}

// count is a number that is stored in the narrower type S. What does not fit
// becomes the nearest value that does.
func count[S uint8 | uint16 | uint32 | uint64, R any, T ~int | ~int64](name string, at func(row *R) *T) column[R] {
	return field(name, func(r *R) S {
		v := max(*at(r), 0)
		if uint64(v) > uint64(^S(0)) {
			return ^S(0)
		}
		return S(v)
	}, func(r *R, v S) { *at(r) = T(v) })
}

// elapsed is a duration, which is stored in microseconds.
func elapsed[R any](name string, at func(row *R) *time.Duration) column[R] {
	return field(name, func(r *R) uint32 { return micros(*at(r)) }, func(r *R, v uint32) { *at(r) = time.Duration(v) * time.Microsecond })
}

// moment is a time of whole seconds; none is stored as 1970-01-01.
func moment[R any](name string, at func(row *R) *time.Time) column[R] {
	return field(name, func(r *R) time.Time {
		seconds, _ := storedTime(*at(r))
		return seconds
	}, func(r *R, v time.Time) {
		if *at(r) = (time.Time{}); v.Unix() > 0 {
			*at(r) = v.UTC()
		}
	})
}

// verdict is two columns: the status and, with the ending _reason, why.
func verdict[R any](name string, at func(row *R) *observation.Verdict) []column[R] {
	return []column[R]{
		code(name, func(r *R) *observation.Status { return &at(r).Status }),
		word(name+"_reason", func(r *R) *observation.Reason { return &at(r).Reason }),
	}
}

// listOf is a list; an empty one is read as nil.
func listOf[R, T any](name string, at func(row *R) *[]T) column[R] {
	return field(name, func(r *R) []T { return *at(r) }, func(r *R, v []T) {
		if *at(r) = v; len(v) == 0 {
			*at(r) = nil
		}
	})
}

// addressList is a list of addresses, which are stored as text.
func addressList[R any](name string, at func(row *R) *[]netip.Addr) column[R] {
	return column[R]{
		name:    name,
		collect: collect(newCells[[]netip.Addr], func(r *R) []netip.Addr { return *at(r) }),
		dest: dest(func(r *R, texts []string) {
			*at(r) = nil
			for _, text := range texts {
				if a, err := netip.ParseAddr(text); err == nil {
					*at(r) = append(*at(r), a)
				}
			}
		}),
	}
}

// isZero says whether a value read from a column is that of a row without the
// property.
func isZero(pointer any) bool {
	switch v := pointer.(type) {
	case *time.Time:
		return v.Unix() == 0
	case *string: // the most frequent ones without reflection
		return *v == ""
	case *uint32:
		return *v == 0
	}
	return reflect.ValueOf(pointer).Elem().IsZero()
}

func flagValue(set bool) uint8 {
	if set {
		return 1
	}
	return 0
}

// micros rounds to microseconds and saturates at the column's bounds.
func micros(d time.Duration) uint32 {
	return uint32(min(max(d.Microseconds(), 0), 1<<32-1))
}

// storedTime cuts a time into what a DateTime column holds, which is 1970 to
// 2106, and the microseconds beside it. A clock that stands outside gives the
// nearest end.
func storedTime(t time.Time) (seconds time.Time, micros uint32) {
	s := t.Unix()
	if s < 0 || s > 1<<32-1 {
		return time.Unix(min(max(s, 0), 1<<32-1), 0).UTC(), 0
	}
	return time.Unix(s, 0).UTC(), uint32(t.Nanosecond() / 1000)
}

// columns joins columns and lists of columns.
func columns[R any](parts ...[]column[R]) []column[R] { return slices.Concat(parts...) }
