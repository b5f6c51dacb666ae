//go:build !alone

package store_test

import (
	"bytes"
	"strings"
	"testing"

	"adopt6/store"
	"adopt6/store/storetest"
)

// values is one of everything that a result may hold. Both engines know it.
const values = `SELECT toInt32(-5) AS i, toUInt64(18446744073709551615) AS u, 0.1 AS f, [1e100, 1e-7, 1.5e-6, 0.00001, 1e20, 1e21, -2.5e22, 0, 123456.789] AS floats, toFloat32(0.1) AS f32, 0. / 0. AS n, 1. / 0. AS inf,
	'a\'b"c\td\ne\\f<g>' AS s, CAST(NULL AS Nullable(String)) AS none, [1, 2] AS numbers, ['x\'y', 'z'] AS texts,
	toDate('2026-11-23') AS d, toDateTime('2026-11-23 01:02:03', 'UTC') AS t, toUUID('7c9e6679-7425-40de-944b-e07fc1f90ae7') AS id,
	CAST('b' AS Enum8('a' = 1, 'b' = 2)) AS e, toFixedString('xy', 2) AS fixed
	UNION ALL SELECT 1, 2, 3.5, [], 4, 5, 6, '', 'set', [], [], toDate('1970-01-01'), toDateTime('1970-01-01 00:00:00', 'UTC'), toUUID('00000000-0000-0000-0000-000000000000'),
	CAST('a' AS Enum8('a' = 1, 'b' = 2)), toFixedString('ab', 2)`

// What adopt6 writes itself over the native protocol must be what ClickHouse
// writes.
func TestFormatsAreThoseOfClickHouse(t *testing.T) {
	t.Parallel()
	embedded, server := storetest.Open(t, storetest.Embedded(t)), storetest.Open(t, storetest.OnServer(t))
	for _, format := range store.Formats() {
		if format == "PrettyCompact" {
			continue // made for people; versions of ClickHouse differ
		}
		var theirs, ours bytes.Buffer
		sql := "SELECT * FROM (" + values + ") AS v ORDER BY i"
		if err := embedded.Query(t.Context(), sql, format, &theirs); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if err := server.Query(t.Context(), sql, format, &ours); err != nil {
			t.Errorf("%s: %v", format, err)
		}
		if ours.String() != theirs.String() {
			t.Errorf("%s: we write\n%s\nClickHouse writes\n%s", format, ours.String(), theirs.String())
		}
	}
	if err := server.Query(t.Context(), "SELECT 1", "Parquet", new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), "http://") {
		t.Errorf("a format that the native protocol does not carry: %v", err)
	}
	var parquet bytes.Buffer
	if err := embedded.Query(t.Context(), "SELECT number FROM numbers(100000)", "Parquet", &parquet); err != nil || !strings.HasPrefix(parquet.String(), "PAR1") {
		t.Errorf("Parquet from the embedded engine: %d bytes, error %v", parquet.Len(), err)
	}
}

func TestQueryOfAnySizeAndShape(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		counter := new(lineCounter)
		if err := s.Query(t.Context(), "SELECT number, toString(number) FROM numbers(1000000)", "TSV", counter); err != nil || counter.lines != 1_000_000 {
			t.Errorf("%d lines of a million, error %v", counter.lines, err)
		}
		for sql, want := range map[string]string{
			"SELECT 1;":                            "1\n",
			" SELECT ';' -- ; one\n; /* ; */ ":     ";\n",
			"SELECT 1 AS a FORMAT CSVWithNames":    "\"a\"\n1\n",
			"SELECT 1 AS a FORMAT CSVWithNames;\n": "\"a\"\n1\n",
			"(SELECT 1)":                           "1\n",
			"/* why */ SELECT count() FROM scans":  "0\n",
			"SELECT * FROM scans":                  "",
			"EXISTS TABLE scans FORMAT TSV":        "1\n",
		} {
			var out bytes.Buffer
			format := "TSV"
			if strings.Contains(sql, "FORMAT") {
				format = ""
			}
			if err := s.Query(t.Context(), sql, format, &out); err != nil || out.String() != want {
				t.Errorf("%q gave %q, error %v, want %q", sql, out.String(), err, want)
			}
		}
		for sql, want := range map[string]string{
			"":                             "no statement",
			" -- nothing\n;":               "no statement",
			"SELECT 1; SELECT 2":           "one statement",
			"SELECT nothing FROM nowhere":  "nowhere",
			"INSERT INTO scans SELECT 1":   "does not only read",
			"SELECT 1 FORMAT NoSuchFormat": "NoSuchFormat",
			"SELECT sleepy":                "sleepy",
		} {
			if err := s.Query(t.Context(), sql, "", new(bytes.Buffer)); err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%q: error %v, want one with %q", sql, err, want)
			}
		}
	})
}

type lineCounter struct{ lines int }

func (c *lineCounter) Write(p []byte) (int, error) {
	c.lines += bytes.Count(p, []byte("\n"))
	return len(p), nil
}

func TestPrettyTable(t *testing.T) {
	t.Parallel()
	s := storetest.Open(t, storetest.OnServer(t))
	var out bytes.Buffer
	sql := "SELECT toUInt32(number * 100) AS n, if(number = 0, 'é\n\x1b[31m', 'b') AS s, CAST(NULL AS Nullable(String)) AS x FROM system.numbers LIMIT 2"
	if err := s.Query(t.Context(), sql, "", &out); err != nil {
		t.Fatal(err)
	}
	want := "┌───n─┬─s────────┬─x────┐\n" +
		"│   0 │ é\\n\x1b[31m │ ᴺᵁᴸᴸ │\n" +
		"│ 100 │ b        │ ᴺᵁᴸᴸ │\n" +
		"└─────┴──────────┴──────┘\n"
	if out.String() != want {
		t.Errorf("printed\n%s\nwant\n%s", out.String(), want)
	}
}
