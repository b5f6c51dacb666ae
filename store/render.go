package store

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// renderer writes rows in one format.
type renderer interface {
	head(names, types []string) error
	row(values []any) error
	end() error
}

// renderers are the formats that adopt6 writes itself.
var renderers = map[string]func(w *bufio.Writer) renderer{
	"TabSeparated":          func(w *bufio.Writer) renderer { return &separated{w: w, tab: true} },
	"TabSeparatedWithNames": func(w *bufio.Writer) renderer { return &separated{w: w, tab: true, names: true} },
	"TSV":                   func(w *bufio.Writer) renderer { return &separated{w: w, tab: true} },
	"TSVWithNames":          func(w *bufio.Writer) renderer { return &separated{w: w, tab: true, names: true} },
	"CSV":                   func(w *bufio.Writer) renderer { return &separated{w: w} },
	"CSVWithNames":          func(w *bufio.Writer) renderer { return &separated{w: w, names: true} },
	"JSONEachRow":           func(w *bufio.Writer) renderer { return &jsonLines{w: w} },
	"PrettyCompact":         func(w *bufio.Writer) renderer { return &pretty{w: w} },
}

// Formats lists what Query writes over the native protocol.
func Formats() []string { return slices.Sorted(maps.Keys(renderers)) }

// render runs a query over the native protocol and writes its rows.
func (s *Store) render(ctx context.Context, sql, format string, w io.Writer, args ...any) error {
	newRenderer, known := renderers[format]
	if !known {
		return fmt.Errorf("format %s is not written over the native protocol; give one of %s, or the server's address as http://, which has every format", format, strings.Join(Formats(), ", "))
	}
	rows, err := s.db.Query(small(ctx), sql, args...)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	defer rows.Close()
	out := bufio.NewWriterSize(w, 1<<16)
	if err := renderRows(rows, newRenderer(out)); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return out.Flush()
}

func renderRows(rows driver.Rows, r renderer) error {
	columns := rows.ColumnTypes()
	types := make([]string, len(columns))
	dest := make([]any, len(columns))
	for i, c := range columns {
		types[i] = c.DatabaseTypeName()
		dest[i] = reflect.New(c.ScanType()).Interface()
	}
	if err := r.head(rows.Columns(), types); err != nil {
		return err
	}
	values := make([]any, len(columns))
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return err
		}
		for i, d := range dest {
			values[i] = plain(reflect.ValueOf(d).Elem(), types[i])
		}
		if err := r.row(values); err != nil {
			return err
		}
	}
	if err := rows.Err(); err != nil {
		return err
	}
	return r.end()
}

// plain reduces a value to nil, string, a number or []any of these.
func plain(v reflect.Value, dbType string) any {
	for v.Kind() == reflect.Pointer || v.Kind() == reflect.Interface {
		if v.IsNil() {
			return nil
		}
		v = v.Elem()
	}
	switch value := v.Interface().(type) {
	case time.Time:
		if strings.HasPrefix(strings.TrimPrefix(dbType, "Nullable("), "DateTime") {
			return value.Format("2006-01-02 15:04:05")
		}
		return value.Format(time.DateOnly)
	case fmt.Stringer: // UUID, decimals, addresses
		return value.String()
	case string:
		return value
	}
	switch {
	case v.Kind() == reflect.Slice && v.Type().Elem().Kind() != reflect.Uint8 || v.Kind() == reflect.Array:
		list := make([]any, v.Len())
		inner := strings.TrimSuffix(strings.TrimPrefix(dbType, "Array("), ")")
		for i := range list {
			list[i] = plain(v.Index(i), inner)
		}
		return list
	case v.Kind() == reflect.Slice && strings.HasPrefix(dbType, "Array("): // Array(UInt8)
		list := make([]any, v.Len())
		for i := range list {
			list[i] = v.Index(i).Interface()
		}
		return list
	case v.Kind() == reflect.Float32, v.Kind() == reflect.Float64:
		return floatOf(v.Float(), v.Type().Bits())
	case v.Kind() == reflect.Slice:
		return string(v.Bytes())
	}
	return v.Interface()
}

// float is a number in ClickHouse's own notation: nan, inf, 1e100.
type float struct{ text string }

func floatOf(f float64, bits int) any {
	size := math.Abs(f)
	switch {
	case math.IsNaN(f):
		return float{"nan"}
	case math.IsInf(f, 0):
		return float{strings.TrimPrefix(strings.ToLower(strconv.FormatFloat(f, 'g', -1, bits)), "+")}
	case size == 0 || size >= 1e-6 && size < 1e21:
		return float{strconv.FormatFloat(f, 'f', -1, bits)}
	}
	mantissa, exponent, _ := strings.Cut(strconv.FormatFloat(f, 'e', -1, bits), "e")
	sign := strings.TrimPrefix(exponent[:1], "+")
	return float{mantissa + "e" + sign + strings.TrimLeft(exponent[1:], "0")}
}

// textOf writes a value as it stands in a cell; strings inside arrays are quoted.
func textOf(v any, quoted bool) string {
	switch v := v.(type) {
	case nil:
		return "NULL"
	case string:
		if quoted {
			return "'" + literal.Replace(v) + "'"
		}
		return v
	case float:
		return v.text
	case []any:
		parts := make([]string, len(v))
		for i := range v {
			parts[i] = textOf(v[i], true)
		}
		return "[" + strings.Join(parts, ",") + "]"
	}
	return fmt.Sprint(v)
}

var (
	literal = strings.NewReplacer(`\`, `\\`, "'", `\'`, "\n", `\n`, "\t", `\t`, "\r", `\r`, "\b", `\b`, "\f", `\f`, "\x00", `\0`)
	tabbed  = strings.NewReplacer(`\`, `\\`, "\n", `\n`, "\t", `\t`, "\r", `\r`, "\b", `\b`, "\f", `\f`, "\x00", `\0`, "'", `\'`)
)

// separated writes the formats TSV and CSV.
type separated struct {
	w          *bufio.Writer
	tab, names bool
}

func (s *separated) head(names, _ []string) error {
	if !s.names {
		return nil
	}
	values := make([]any, len(names))
	for i, name := range names {
		values[i] = name
	}
	return s.row(values)
}

func (s *separated) row(values []any) error {
	for i, v := range values {
		if i > 0 {
			s.w.WriteByte(map[bool]byte{true: '\t', false: ','}[s.tab])
		}
		s.w.WriteString(s.cell(v))
	}
	return s.w.WriteByte('\n')
}

func (s *separated) cell(v any) string {
	value, isString := v.(string)
	_, isArray := v.([]any)
	switch {
	case v == nil:
		return `\N`
	case s.tab && isString:
		return tabbed.Replace(value)
	case !s.tab && (isString || isArray):
		return `"` + strings.ReplaceAll(textOf(v, false), `"`, `""`) + `"`
	}
	return textOf(v, false)
}

func (s *separated) end() error { return nil }

// jsonLines writes the format JSONEachRow.
type jsonLines struct {
	w     *bufio.Writer
	names [][]byte
}

func (j *jsonLines) head(names, _ []string) error {
	for _, name := range names {
		encoded, err := encodeJSON(name)
		if err != nil {
			return err
		}
		j.names = append(j.names, encoded)
	}
	return nil
}

func (j *jsonLines) row(values []any) error {
	for i, v := range values {
		j.w.WriteByte(map[bool]byte{true: '{', false: ','}[i == 0])
		j.w.Write(j.names[i])
		j.w.WriteByte(':')
		encoded, err := encodeJSON(v)
		if err != nil {
			return err
		}
		j.w.Write(encoded)
	}
	_, err := j.w.WriteString("}\n")
	return err
}

// encodeJSON is json.Marshal that leaves "<" as it is.
func encodeJSON(v any) ([]byte, error) {
	var out bytes.Buffer
	encoder := json.NewEncoder(&out)
	encoder.SetEscapeHTML(false)
	err := encoder.Encode(v)
	return bytes.TrimSuffix(out.Bytes(), []byte("\n")), err
}

func (j *jsonLines) end() error { return nil }

// MarshalJSON writes a number; JSON knows neither nan nor inf, and ClickHouse
// writes null for them.
func (n float) MarshalJSON() ([]byte, error) {
	if _, err := strconv.ParseFloat(n.text, 64); err != nil || strings.ContainsAny(n.text, "nif") {
		return []byte("null"), nil
	}
	return []byte(n.text), nil
}

// pretty writes the format PrettyCompact: tables of at most prettyRows rows, so
// that a result of any size streams.
type pretty struct {
	w       *bufio.Writer
	names   []string
	numeric []bool
	cells   [][]string
}

const (
	prettyRows = 1000
	prettyCell = 250 // runes of one cell
)

func (p *pretty) head(names, types []string) error {
	p.names = names
	for _, t := range types {
		t = strings.TrimPrefix(t, "Nullable(")
		p.numeric = append(p.numeric, strings.HasPrefix(t, "UInt") || strings.HasPrefix(t, "Int") || strings.HasPrefix(t, "Float") || strings.HasPrefix(t, "Decimal"))
	}
	return nil
}

func (p *pretty) row(values []any) error {
	cells := make([]string, len(values))
	for i, v := range values {
		cells[i] = tabbed.Replace(textOf(v, false))
		if runes := []rune(cells[i]); len(runes) > prettyCell {
			cells[i] = string(runes[:prettyCell-1]) + "⋯"
		}
		if v == nil {
			cells[i] = "ᴺᵁᴸᴸ"
		}
	}
	if p.cells = append(p.cells, cells); len(p.cells) == prettyRows {
		return p.end()
	}
	return nil
}

func (p *pretty) end() error {
	if len(p.cells) == 0 {
		return nil
	}
	widths := make([]int, len(p.names))
	for i, name := range p.names {
		widths[i] = utf8.RuneCountInString(name)
		for _, row := range p.cells {
			widths[i] = max(widths[i], utf8.RuneCountInString(row[i]))
		}
	}
	for i, name := range p.names {
		line := strings.Repeat("─", widths[i]-utf8.RuneCountInString(name))
		if p.numeric[i] {
			name = line + name
		} else {
			name += line
		}
		p.w.WriteString(map[bool]string{true: "┌─", false: "─┬─"}[i == 0] + name)
	}
	p.w.WriteString("─┐\n")
	for _, row := range p.cells {
		for i, cell := range row {
			space := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(cell))
			if p.numeric[i] {
				cell = space + cell
			} else {
				cell += space
			}
			p.w.WriteString(map[bool]string{true: "│ ", false: " │ "}[i == 0] + cell)
		}
		p.w.WriteString(" │\n")
	}
	for i := range p.names {
		p.w.WriteString(map[bool]string{true: "└─", false: "─┴─"}[i == 0] + strings.Repeat("─", widths[i]))
	}
	p.cells = p.cells[:0]
	_, err := p.w.WriteString("─┘\n")
	return err
}
