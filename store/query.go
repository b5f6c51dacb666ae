package store

import (
	"context"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
)

// DefaultFormat is for results that people read.
const DefaultFormat = "PrettyCompact"

// ErrWrites is returned by Query for a statement that might change something.
var ErrWrites = errors.New("the statement does not only read")

var errReadOnly = errors.New("the store was opened for reading")

// Query runs one statement that reads and writes its result to w as it comes,
// in a format of ClickHouse. Nothing can be changed by it.
//
// The embedded engine and servers reached over HTTP write every format that
// they know. The native protocol carries no formats, so there adopt6 writes
// those in Formats itself, each as ClickHouse does.
func (s *Store) Query(ctx context.Context, sql, format string, w io.Writer) error {
	sql, format, err := SplitFormat(sql, format)
	if err != nil {
		return err
	}
	if !returnsRows(sql) {
		return ErrWrites
	}
	if !s.locked {
		// 2 and not 1: the driver sends settings of its own along, and 1 would
		// forbid these too. Neither lets a statement raise it again.
		ctx = clickhouse.Context(ctx, clickhouse.WithSettings(clickhouse.Settings{"readonly": 2}))
	}
	return s.explain(s.query(ctx, sql, format, w))
}

// Execute runs one statement of any sort. A result goes to w as Query writes
// it.
func (s *Store) Execute(ctx context.Context, sql, format string, w io.Writer) error {
	sql, format, err := SplitFormat(sql, format)
	if err != nil {
		return err
	}
	if s.cfg.ReadOnly {
		return errReadOnly
	}
	if returnsRows(sql) {
		return s.explain(s.query(ctx, sql, format, w))
	}
	return s.explain(s.db.Exec(ctx, sql))
}

func (s *Store) query(ctx context.Context, sql, format string, w io.Writer, args ...any) error {
	if format == "" {
		format = DefaultFormat
	}
	if s.options.Protocol != clickhouse.HTTP {
		return s.render(ctx, sql, format, w, args...)
	}
	stream, err := s.db.QueryFormat(ctx, format, sql, args...)
	if err != nil {
		return fmt.Errorf("query: %w", err)
	}
	_, err = io.Copy(w, stream)
	if err = errors.Join(err, stream.Close()); err != nil {
		return fmt.Errorf("query: %w", err)
	}
	return nil
}

// formatClause is a FORMAT at the end of a statement.
var formatClause = regexp.MustCompile(`(?is)^(.*\s)FORMAT\s+([A-Za-z][A-Za-z0-9]*)$`)

// SplitFormat takes the end off a statement: semicolon, comments, and a FORMAT
// clause, which names the format unless one is asked for. Without either the
// format is empty, which stands for DefaultFormat.
func SplitFormat(sql, format string) (string, string, error) {
	sql, err := oneStatement(sql)
	if err != nil {
		return "", "", err
	}
	if m := formatClause.FindStringSubmatch(sql); m != nil && !strings.EqualFold(m[2], "asc") && !strings.EqualFold(m[2], "desc") {
		sql = strings.TrimSpace(m[1])
		if format == "" {
			format = m[2]
		}
	}
	return sql, format, nil
}

// lexeme is what the parts of ClickHouse's SQL look like in which a semicolon
// means nothing, and any other character.
var lexeme = regexp.MustCompile(`(?s)^(?:'(?:[^'\\]|\\.|'')*'|"(?:[^"\\]|\\.)*"|` + "`(?:[^`\\\\]|\\\\.)*`" + `|--[^\n]*|/\*.*?\*/|\s+|.)`)

// oneStatement returns sql without what follows its last word, and refuses
// more statements than one.
func oneStatement(sql string) (string, error) {
	end, ended := 0, false
	for at := 0; at < len(sql); {
		part := lexeme.FindString(sql[at:])
		if part == "" { // a byte that is not UTF-8
			part = sql[at : at+1]
		}
		at += len(part)
		switch {
		case strings.TrimSpace(part) == "" || strings.HasPrefix(part, "--") || strings.HasPrefix(part, "/*") && len(part) > 1:
		case part == ";":
			ended = true
		case ended:
			return "", errors.New("give one statement at a time")
		default:
			end = at
		}
	}
	if end == 0 {
		return "", errors.New("there is no statement")
	}
	return sql[:end], nil
}

var leadingWord = regexp.MustCompile(`(?is)^(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*([a-z]+)`)

// returnsRows says whether a statement only reads, by its first word.
func returnsRows(sql string) bool {
	word := leadingWord.FindStringSubmatch(sql)
	if word == nil {
		return false
	}
	switch strings.ToUpper(word[1]) {
	case "SELECT", "WITH", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS":
		return true
	}
	return false
}
