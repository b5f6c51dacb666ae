// Package filled makes observations for tests in which no field is zero, so
// that a field which is not kept is noticed, also one that was added yesterday.
//
// In: a scan and a position. Out: an observation. It never knows the fields by
// name, but for those whose values are bounded or depend on each other.
package filled

import (
	"fmt"
	"net/netip"
	"reflect"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
)

// Observation returns an observation with something in every field. Texts hold
// extra, lists have two elements.
func Observation(scan uuid.UUID, position uint64, extra string) observation.Observation {
	var o observation.Observation
	f := filler{extra: extra}
	f.fill(reflect.ValueOf(&o).Elem(), "o")
	o.Scan, o.Position = scan, position
	o.Target.Kind = lists.Government
	o.Country.Alpha2 = o.Target.Country
	// Of the country's names only the English one is kept, everywhere.
	o.Country.Names = lists.Names{En: o.Country.Names.En}
	o.Country.Short = lists.Names{}
	return o
}

// filler gives every value another number.
type filler struct {
	n     int
	extra string
}

func (f *filler) fill(v reflect.Value, path string) {
	f.n++
	switch v.Interface().(type) {
	case time.Time:
		v.Set(reflect.ValueOf(time.Unix(1795000000+int64(f.n), 0).UTC()))
		return
	case time.Duration:
		v.SetInt(int64(time.Duration(f.n) * time.Millisecond))
		return
	case netip.Addr:
		v.Set(reflect.ValueOf(netip.AddrFrom16([16]byte{0x20, 0x01, 0x0d, 0xb8, 15: byte(f.n)})))
		return
	case uuid.UUID:
		v.Set(reflect.ValueOf(uuid.UUID{15: byte(f.n)}))
		return
	case observation.Status:
		v.SetUint(uint64(1 + f.n%(len(observation.Statuses())-1)))
		return
	case observation.State:
		v.SetUint(uint64(1 + f.n%(len(observation.States())-1)))
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			f.fill(v.Field(i), path+"."+v.Type().Field(i).Name)
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		f.fill(v.Elem(), path)
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			f.fill(v.Index(i), path)
		}
	case reflect.String:
		v.SetString(fmt.Sprint("t", f.n, f.extra))
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Float32, reflect.Float64:
		v.SetFloat(1 / float64(f.n))
	case reflect.Uint8, reflect.Uint16, reflect.Uint32, reflect.Uint64:
		v.SetUint(uint64(f.n % 251))
	case reflect.Int, reflect.Int64:
		v.SetInt(int64(f.n % 251))
	default:
		panic(fmt.Sprintf("%s: no filling for a %s", path, v.Type()))
	}
}

// Differences names the fields in which two values differ, with both.
func Differences(want, got any) []string {
	return differences("", reflect.ValueOf(want), reflect.ValueOf(got))
}

func differences(path string, want, got reflect.Value) (list []string) {
	if reflect.DeepEqual(want.Interface(), got.Interface()) {
		return nil
	}
	switch {
	case want.Kind() == reflect.Struct && want.NumField() > 0 && want.Type().Field(0).IsExported():
		for i := range want.NumField() {
			list = append(list, differences(path+"."+want.Type().Field(i).Name, want.Field(i), got.Field(i))...)
		}
	case want.Kind() == reflect.Slice && want.Len() == got.Len():
		for i := range want.Len() {
			list = append(list, differences(fmt.Sprintf("%s[%d]", path, i), want.Index(i), got.Index(i))...)
		}
	case want.Kind() == reflect.Pointer && !want.IsNil() && !got.IsNil():
		return differences(path, want.Elem(), got.Elem())
	}
	if list == nil {
		list = []string{fmt.Sprintf("%s is %.200q, want %.200q", path, fmt.Sprint(got), fmt.Sprint(want))}
	}
	return list
}
