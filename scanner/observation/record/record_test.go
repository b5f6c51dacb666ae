package record_test

import (
	"encoding/json"
	"math"
	"net/netip"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/observation/record"
)

type colour uint8

func (c colour) MarshalText() ([]byte, error) { return []byte([]string{"none", "red"}[c%2]), nil }

func (c *colour) UnmarshalText(text []byte) error {
	*c = 0
	if string(text) == "red" {
		*c = 1
	}
	return nil
}

type pair struct {
	Colour colour
	Why    string
}

type facts struct {
	Code int `col:"code"`
}

type part struct {
	Size uint16 `col:"size"`
}

type row struct {
	ID      uuid.UUID     `col:"id"`
	When    time.Time     `col:"started,started_micros"`
	Took    time.Duration `col:"took_us"`
	Sky     pair          `col:"sky,sky_reason"`
	Stages  []pair        `col:"colours,reasons"`
	Addrs   []netip.Addr  `col:"addresses"`
	Small   []uint8       `col:"small"`
	Share   float32       `col:"share"`
	Yes     bool          `col:"yes"`
	Ignored string
	Part    part
	Facts   *facts
}

func (r *row) Derived() []record.Derived {
	return []record.Derived{{Name: "stages", Value: len(r.Stages)}}
}

func filledRow() row {
	return row{
		ID: uuid.UUID{15: 1}, When: time.Date(2026, 11, 30, 1, 2, 3, 4000, time.UTC), Took: 5 * time.Microsecond, Sky: pair{1, "dawn"},
		Stages: []pair{{1, "a"}, {0, "b"}}, Addrs: []netip.Addr{netip.MustParseAddr("2001:db8::1")}, Small: []uint8{8, 255}, Share: 0.5, Yes: true,
		Part: part{Size: 9}, Facts: &facts{Code: 7},
	}
}

const filledJSON = `"id":"00000000-0000-0000-0000-000000000001","started":"2026-11-30T01:02:03Z","started_micros":4,"took_us":5,` +
	`"sky":"red","sky_reason":"dawn","colours":["red","none"],"reasons":["a","b"],"addresses":["2001:db8::1"],"small":[8,255],"share":0.5,"yes":true,"size":9,"code":7,"stages":2`

func TestJSON(t *testing.T) {
	layout := record.Of[row]()
	want := filledRow()
	text, err := layout.AppendJSON(nil, &want)
	if err != nil || string(text) != filledJSON {
		t.Fatalf("error %v, JSON\n%s, want\n%s", err, text, filledJSON)
	}
	var got row
	others, err := layout.ReadJSON([]byte("{"+filledJSON+`,"more":1}`), &got)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("came back as %+v, error %v", got, err)
	}
	if _, there := others["more"]; !there || record.Unknown(others) == nil {
		t.Errorf("the unknown member was not noticed: %v", others)
	}
	if record.Unknown(nil) != nil {
		t.Error("no unknown member is an error")
	}
	for _, wrong := range []string{`[]`, `{"small":[256]}`, `{"took_us":-1}`, `{"addresses":["x"]}`, `{"share":"a"}`} {
		if _, err := layout.ReadJSON([]byte(wrong), new(row)); err == nil {
			t.Errorf("%s was read", wrong)
		}
	}
}

func TestEmptyJSON(t *testing.T) {
	text, err := record.Of[row]().AppendJSON(nil, new(row))
	if err != nil || !json.Valid([]byte("{"+string(text)+"}")) {
		t.Fatalf("%s, error %v", text, err)
	}
	if s := string(text); strings.Contains(s, "null") || strings.Contains(s, "code") || !strings.Contains(s, `"started":"1970-01-01T00:00:00Z"`) {
		t.Errorf("lists that are null, facts that are not there, or no time: %s", s)
	}
}

// Values go to a driver, and come back by way of Dest and Take.
func TestValues(t *testing.T) {
	layout := record.Of[row]()
	for _, want := range []row{filledRow(), {}} {
		values, err := layout.Values(nil, &want)
		if err != nil || len(values) != len(layout.Names()) {
			t.Fatalf("%d values of %d columns, error %v", len(values), len(layout.Names()), err)
		}
		dest := layout.Dest()
		for i := range dest {
			reflect.ValueOf(dest[i]).Elem().Set(reflect.ValueOf(values[i]))
		}
		var got row
		if err := layout.Take(&got, dest); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("came back as %+v, want %+v, error %v", got, want, err)
		}
	}
}

// What no column and no JSON holds becomes the nearest that they do.
func TestBounds(t *testing.T) {
	layout := record.Of[row]()
	at := func(name string, r row) any {
		values, err := layout.Values(nil, &r)
		if err != nil {
			t.Fatal(err)
		}
		return values[slices.Index(layout.Names(), name)]
	}
	for name, got := range map[string][2]any{
		"not UTF-8":      {at("sky_reason", row{Sky: pair{Why: "a\xff\xfeb"}}), "a\uFFFDb"},
		"no number":      {at("share", row{Share: float32(math.NaN())}), float32(0)},
		"endless":        {at("share", row{Share: float32(math.Inf(1))}), float32(0)},
		"a long time":    {at("took_us", row{Took: 1 << 62}), uint32(math.MaxUint32)},
		"less than none": {at("took_us", row{Took: -1}), uint32(0)},
		"a count":        {at("code", row{Facts: &facts{Code: -1}}), uint32(0)},
		"before 1970":    {at("started", row{When: time.Date(1950, 1, 1, 0, 0, 0, 5000, time.UTC)}), time.Unix(0, 0).UTC()},
		"after 2106":     {at("started", row{When: time.Date(2300, 1, 1, 0, 0, 0, 0, time.UTC)}), time.Unix(math.MaxUint32, 0).UTC()},
	} {
		if got[0] != got[1] {
			t.Errorf("%s: %v, want %v", name, got[0], got[1])
		}
	}
}

// A fault in the tags is found when the program starts.
func TestFaults(t *testing.T) {
	for name, of := range map[string]func(){
		"a name too few": func() {
			record.Of[struct {
				P pair `col:"a"`
			}]()
		},
		"a name twice": func() {
			record.Of[struct {
				A, B int `col:"a"`
			}]()
		},
		"no such value": func() {
			record.Of[struct {
				M map[string]int `col:"m"`
			}]()
		},
		"a name too many": func() {
			record.Of[struct {
				A int `col:"a,b"`
			}]()
		},
	} {
		t.Run(name, func(t *testing.T) {
			defer func() {
				if recover() == nil {
					t.Error("it was laid out")
				}
			}()
			of()
		})
	}
}
