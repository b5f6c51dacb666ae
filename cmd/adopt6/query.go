package main

import (
	"errors"
	"io"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/store"
)

// maxStatement bounds a statement read from standard input, in bytes.
const maxStatement = 1 << 20

func newQueryCommand(a *app) *cobra.Command {
	var format string
	var write bool
	cmd := &cobra.Command{
		Use:   "query [SQL]",
		Short: "Ask the store in ClickHouse's SQL",
		Long: `Run one statement on the store and print its result, in any format of
ClickHouse: PrettyCompact on a terminal and TSVWithNames elsewhere, unless
--format or a FORMAT clause says otherwise. Without an argument, or with "-",
the statement is read from standard input.

Only statements that read are run; --write allows all.

The tables are scans, observations, endpoints and indicators; DESCRIBE explains
their columns. Say FINAL after a table's name while a scan is running, so that
a row that was sent twice counts once. Over a server's native protocol
(clickhouse://) the formats are TSV, CSV, JSONEachRow and PrettyCompact; over
http:// all of them.`,
		Example: `  adopt6 query 'DESCRIBE observations'
  adopt6 query "SELECT country, countIf(web_v6 = 'ok') FROM observations FINAL
      WHERE kind = 'government' GROUP BY country ORDER BY country"
  adopt6 query --format Parquet 'SELECT * FROM scans' > scans.parquet
  adopt6 query < question.sql`,
		Args: atMostOneArg,
		RunE: func(cmd *cobra.Command, args []string) error {
			statement, err := a.statement(args)
			if err != nil {
				return err
			}
			statement, format, err := store.SplitFormat(statement, format)
			if err != nil {
				return asMisuse(err)
			}
			_, onTerminal := terminal.Size(a.out)
			if format == "" && !onTerminal {
				format = "TSVWithNames"
			}
			s, err := a.openStore(cmd.Context(), !write)
			if err != nil {
				return err
			}
			run, out := s.Query, a.out
			if write {
				run = s.Execute
			}
			if onTerminal {
				out = terminal.Printable(a.out)
			}
			err = run(cmd.Context(), statement, format, out)
			if errors.Is(err, store.ErrWrites) {
				err = misusef("%w; say --write to run it", err)
			}
			return errors.Join(err, s.Close())
		},
	}
	registerStoreFlags(cmd)
	cmd.Flags().StringVar(&format, "format", "", "ClickHouse format of the result: CSVWithNames, JSONEachRow, Parquet, ...")
	cmd.Flags().BoolVar(&write, "write", false, "allow statements that change the store")
	return cmd
}

func (a *app) statement(args []string) (string, error) {
	if len(args) == 1 && args[0] != "-" {
		return args[0], nil
	}
	if len(args) == 0 && !piped(a.in) {
		return "", misusef("give a statement, or pipe one in: adopt6 query 'SELECT ...'")
	}
	text, err := io.ReadAll(io.LimitReader(a.in, maxStatement+1))
	if err == nil && len(text) > maxStatement {
		err = misusef("the statement on standard input is longer than %d bytes", maxStatement)
	}
	return string(text), err
}

func atMostOneArg(cmd *cobra.Command, args []string) error {
	return asMisuse(cobra.MaximumNArgs(1)(cmd, args))
}
