// Package record lays a struct out flat: the tag col of its fields names the
// columns of a table and the members of a JSON object, which are the same.
//
// In: a struct. Out: the names, the values as ClickHouse's driver takes them,
// JSON, and the way back. It does no input or output.
//
// A field of one value has one name. A field of several values names them all,
// in order: a struct its fields, and a slice of structs the fields of each of
// its elements, every one a list. A time with two names has the seconds in the
// first and the microseconds in the second. A struct without a tag has the
// columns that its own fields name, and a pointer to one has them where it is
// not nil. Any other field without a tag is not kept, and none with the tag "-".
//
//	Verdict Verdict       `col:"web_v6,web_v6_reason"`
//	Hosting []AS          `col:"hosting_as,hosting_as_names"`
//	Took    time.Duration `col:"took_us"`
package record

import (
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"
)

// Derived is a column whose value follows from others. It is written, and not
// read back.
type Derived struct {
	Name  string
	Value any
}

// deriver is a struct with such columns: the same, in the same order, for every
// value.
type deriver interface{ Derived() []Derived }

// Record is how the fields of a struct of type T are laid out. It is safe for
// concurrent use.
type Record[T any] struct {
	columns []column
	names   []string
}

// column is one value of a struct.
type column struct {
	name string
	path []int // fields from the outermost struct to that of the value, pointers followed
	each []int // the field of every element, where the value is a list of what a list of structs has
	codec
	isText  bool // the field is a string, and its value that string
	zero    any  // the value where the struct is not there
	derived int  // which of the values that Derived returns; -1 for a value of a field
}

// Of lays out T. It panics on a struct that cannot be laid out, which is a
// fault of the program.
func Of[T any]() Record[T] {
	r := Record[T]{columns: layout(nil, reflect.TypeFor[T](), nil)}
	for i, c := range r.columns {
		r.columns[i].zero = zeroOf(c.plain)
		if slices.Contains(r.names, c.name) {
			panic(fmt.Sprintf("record: %s has column %s twice", reflect.TypeFor[T](), c.name))
		}
		r.names = append(r.names, c.name)
	}
	return r
}

// layout appends the columns of a struct at path, and of those in it.
func layout(list []column, t reflect.Type, path []int) []column {
	for i := range t.NumField() {
		f, at := t.Field(i), append(slices.Clone(path), i)
		tag, tagged := f.Tag.Lookup("col")
		inner := f.Type
		if inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		switch {
		case tag == "-":
		case tagged:
			list = append(list, named(f, strings.Split(tag, ","), at)...)
		case inner.Kind() == reflect.Struct && !isValue(inner):
			list = layout(list, inner, at)
		}
	}
	if d, ok := reflect.New(t).Interface().(deriver); ok && !promotes(t) {
		for i, value := range d.Derived() {
			list = append(list, column{name: value.Name, path: path, codec: codecOf(reflect.TypeOf(value.Value)), derived: i})
		}
	}
	return list
}

// promotes says whether a struct's method Derived is that of a struct in it.
func promotes(t reflect.Type) bool {
	for i := range t.NumField() {
		if f := t.Field(i); f.Anonymous && f.Type.Kind() == reflect.Struct && reflect.PointerTo(f.Type).Implements(reflect.TypeFor[deriver]()) {
			return true
		}
	}
	return false
}

// named returns the columns of a field with names.
func named(f reflect.StructField, names []string, path []int) (list []column) {
	add := func(name string, path []int, c codec) {
		list = append(list, column{name: name, path: path, codec: c, derived: -1})
	}
	ofField := func(name string, path []int, t reflect.Type) {
		add(name, path, codecOf(t))
		list[len(list)-1].isText = t.Kind() == reflect.String && !isValue(t)
	}
	switch t := f.Type; {
	case t == reflect.TypeFor[time.Time]() && len(names) == 2:
		add(names[0], path, second)
		add(names[1], path, microsecond)
	case t.Kind() == reflect.Struct && !isValue(t):
		for i := range t.NumField() {
			ofField(names[i], append(slices.Clone(path), i), t.Field(i).Type)
		}
	case t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct && !isValue(t.Elem()):
		for i := range t.Elem().NumField() {
			add(names[i], path, codecOf(reflect.SliceOf(t.Elem().Field(i).Type)))
			list[len(list)-1].each = []int{i}
		}
	default:
		ofField(names[0], path, t)
	}
	if len(list) != len(names) {
		panic(fmt.Sprintf("record: field %s has %d values and %d names", f.Name, len(list), len(names)))
	}
	return list
}

// Names are those of the columns, in the order of the fields.
func (r Record[T]) Names() []string { return r.names }

// Values appends the values of the columns to list: text, numbers, bool, times
// of whole seconds, and slices of these. A struct that is not there has zeros.
func (r Record[T]) Values(list []any, v *T) ([]any, error) {
	root := reflect.ValueOf(v).Elem()
	for i := range r.columns {
		value := r.columns[i].zero
		if at, there := r.columns[i].follow(root, false); there {
			var err error
			if value, err = r.columns[i].value(at); err != nil {
				return list, err
			}
		}
		list = append(list, value)
	}
	return list, nil
}

// Dest returns where the values of a row go that is read: pointers, for Take.
func (r Record[T]) Dest() []any {
	list := make([]any, len(r.columns))
	for i, c := range r.columns {
		list[i] = reflect.New(c.plain).Interface()
	}
	return list
}

// Take makes the struct of a row that was read into dest, and clears dest. Zeros
// make no struct that a pointer leads to.
func (r Record[T]) Take(v *T, dest []any) error {
	root := reflect.ValueOf(v).Elem()
	for i := range r.columns {
		plain := reflect.ValueOf(dest[i]).Elem()
		if err := r.columns[i].set(root, plain, isZero(plain)); err != nil {
			return err
		}
		plain.SetZero() // so that the next row's value shares no memory with this one's
	}
	return nil
}

// value returns the plain value of what the path leads to.
func (c *column) value(at reflect.Value) (any, error) {
	switch {
	case c.derived >= 0:
		at = reflect.ValueOf(at.Addr().Interface().(deriver).Derived()[c.derived].Value)
	case c.each != nil:
		at = gather(at, c.each[0])
	}
	value, err := c.toPlain(at)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", c.name, err)
	}
	return value, nil
}

// set puts a plain value where it belongs.
func (c *column) set(root, plain reflect.Value, zero bool) error {
	if c.derived >= 0 {
		return nil
	}
	at, there := c.follow(root, !zero)
	if !there {
		return nil
	}
	target := at
	if c.each != nil {
		target = reflect.New(reflect.SliceOf(at.Type().Elem().Field(c.each[0]).Type)).Elem()
	}
	if err := c.fromPlain(target, plain); err != nil {
		return fmt.Errorf("%s: %w", c.name, err)
	}
	if c.each != nil {
		spread(at, target, c.each[0])
	}
	return nil
}

// follow goes the column's path. A nil pointer on it ends the way, or is made to
// point to something.
func (c *column) follow(at reflect.Value, make bool) (reflect.Value, bool) {
	for _, i := range c.path {
		if at.Kind() == reflect.Pointer {
			at = at.Elem()
		}
		at = at.Field(i)
		if at.Kind() != reflect.Pointer || !at.IsNil() {
			continue
		}
		if !make {
			return at, false
		}
		at.Set(reflect.New(at.Type().Elem()))
	}
	return at, true
}

// gather makes a list of one field of every element.
func gather(list reflect.Value, field int) reflect.Value {
	values := reflect.MakeSlice(reflect.SliceOf(list.Type().Elem().Field(field).Type), list.Len(), list.Len())
	for i := range list.Len() {
		values.Index(i).Set(list.Index(i).Field(field))
	}
	return values
}

// spread sets one field of every element of a list, which the first of its
// columns makes as long as it is.
func spread(list, values reflect.Value, field int) {
	if list.Len() == 0 && values.Len() > 0 {
		list.Set(reflect.MakeSlice(list.Type(), values.Len(), values.Len()))
	}
	for i := range min(list.Len(), values.Len()) {
		list.Index(i).Field(field).Set(values.Index(i))
	}
}
