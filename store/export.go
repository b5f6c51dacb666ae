package store

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/google/uuid"
	"golang.org/x/text/runes"
	"golang.org/x/text/transform"
)

// ExportFormat is a format of exported tables.
type ExportFormat struct {
	Name, Extension string
	engine          string // what ClickHouse calls it
	binary          bool   // not text: the types of columns matter to its readers
}

// ExportFormats are the formats of exported tables.
var ExportFormats = []ExportFormat{
	{Name: "csv", Extension: ".csv", engine: "CSVWithNames"},
	{Name: "jsonl", Extension: ".jsonl", engine: "JSONEachRow"},
	{Name: "parquet", Extension: ".parquet", engine: "Parquet", binary: true},
	{Name: "arrow", Extension: ".arrow", engine: "Arrow", binary: true},
}

// Export says what leaves the store, and how.
type Export struct {
	Table  Relation // as Schema describes it
	Format ExportFormat
	Scan   uuid.UUID // only this scan; all when zero
	// Countries are the only ones, alpha-2; all when empty. The table scans,
	// which has no country, is not limited by them.
	Countries []string
	// Guard puts a quotation mark before texts that a spreadsheet would take
	// for a formula. It is for CSV: names come from the network.
	Guard bool
}

// exportMemory is how much of a result is sorted in memory, in bytes; more is
// sorted on the disk.
const exportMemory = 256 << 20

// parquetRows are written to a Parquet file at a time; until then they are held
// in memory.
const parquetRows = 64 << 10

// UnexportableError says that a table cannot be exported as was asked for.
type UnexportableError struct{ why string }

func (e *UnexportableError) Error() string { return e.why }

// Export writes the rows of a table or view as they come, in the order of its
// key. Memory does not grow with their number.
func (s *Store) Export(ctx context.Context, e Export, w io.Writer) error {
	if e.Format.binary && s.options.Protocol != clickhouse.HTTP {
		return &UnexportableError{fmt.Sprintf("%s is not written over the native protocol of the server at %s: export csv or jsonl, give the server's address as http:// (ClickHouse 19 or later), or copy the scans into a folder with `adopt6 store copy` and export from there", e.Format.Name, s.where)}
	}
	sql, args, err := e.statement()
	if err != nil {
		return err
	}
	if !s.locked {
		settings := clickhouse.Settings{"readonly": 2, "max_bytes_before_external_sort": exportMemory}
		if e.Format.Name == "parquet" && atLeast(s.version.Version, 23, 8) {
			settings["output_format_parquet_row_group_size"] = parquetRows
			settings["output_format_parquet_parallel_encoding"] = 0
		}
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(settings))
	}
	if e.Format.binary {
		return s.explain(s.query(ctx, sql, e.Format.engine, w, args...))
	}
	valid := transform.NewWriter(w, runes.ReplaceIllFormed())
	if err := s.query(ctx, sql, e.Format.engine, valid, args...); err != nil {
		return s.explain(err)
	}
	return valid.Close()
}

// statement returns the query; every value in it is an argument.
func (e Export) statement() (string, []any, error) {
	has := func(name string) bool {
		return slices.ContainsFunc(e.Table.Columns, func(p Property) bool { return p.Name == name })
	}
	var (
		columns, conditions []string
		args                []any
	)
	for _, p := range e.Table.Columns {
		columns = append(columns, e.column(p))
	}
	if e.Scan != uuid.Nil {
		if !has("scan") {
			return "", nil, &UnexportableError{fmt.Sprintf("%s has no column scan to choose by", e.Table.Name)}
		}
		conditions, args = append(conditions, "scan = toUUID(?)"), append(args, e.Scan.String())
	}
	if len(e.Countries) > 0 && has("country") {
		conditions = append(conditions, "country IN (?"+strings.Repeat(", ?", len(e.Countries)-1)+")")
		for _, country := range e.Countries {
			args = append(args, country)
		}
	}
	// The choice is made inside, where names are those of the columns.
	from := "SELECT * FROM " + e.Table.Name
	if !e.Table.View {
		from += " FINAL"
	}
	if len(conditions) > 0 {
		from += " WHERE " + strings.Join(conditions, " AND ")
	}
	if e.Table.Key != "" {
		from += " ORDER BY " + e.Table.Key
	}
	return "SELECT " + strings.Join(columns, ", ") + " FROM (" + from + ") AS chosen", args, nil
}

// formula finds texts that a spreadsheet computes; see
// https://owasp.org/www-community/attacks/CSV_Injection.
const formula = `'^([=+@\\t\\r-])'`

// column writes a column so that readers of the format understand it.
func (e Export) column(p Property) string {
	isText := p.Type == "String" || p.Type == "LowCardinality(String)"
	switch {
	case e.Format.binary && isText:
		return fmt.Sprintf("toValidUTF8(toString(%s)) AS %s", p.Name, p.Name)
	case e.Format.binary && p.Type == "Array(String)":
		return fmt.Sprintf("arrayMap(x -> toValidUTF8(x), %s) AS %s", p.Name, p.Name)
	case e.Format.binary && (p.Type == "UUID" || strings.HasPrefix(p.Type, "Enum8")):
		return fmt.Sprintf("toString(%s) AS %s", p.Name, p.Name)
	case e.Guard && isText:
		return fmt.Sprintf(`replaceRegexpOne(toString(%s), %s, '\'\\1') AS %s`, p.Name, formula, p.Name)
	}
	return p.Name
}
