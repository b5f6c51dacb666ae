// Command generate rebuilds the CSV files of package lists from raw data: a
// folder of public data sets goes in, cctlds.csv, countries.csv,
// countries_groups.csv, governments.csv, left.csv, suffixes.csv and frame.csv come out, sorted, the same bytes from the same data. It
// reads no network; docs/lists.md says where the raw data comes from.
package main

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"os"
	"path/filepath"

	"adopt6/lists"
)

func main() {
	raw := flag.String("raw", defaultRaw(), "folder of the raw data sets (or $ADOPT6_RAWDATA)")
	out := flag.String("out", ".", "folder that the lists go to")
	flag.Parse()
	if err := run(*raw, *out); err != nil {
		fmt.Fprintln(os.Stderr, "generate lists:", err)
		os.Exit(1)
	}
}

// defaultRaw is the folder beside the repository, as seen from lists.
func defaultRaw() string {
	if dir := os.Getenv("ADOPT6_RAWDATA"); dir != "" {
		return dir
	}
	return filepath.Join("..", "..", "rawdata")
}

func run(raw, out string) error {
	g := &generator{raw: raw, dates: make(map[string]string)}
	for _, s := range lists.Sources() {
		g.dates[s.ID] = s.Date
	}
	if err := g.loadCountries(); err != nil {
		return err
	}
	if err := g.loadTLDs(); err != nil {
		return err
	}
	governments, left, suffixes, err := g.governments()
	if err != nil {
		return err
	}
	frame, err := g.frameRows()
	if err != nil {
		return err
	}
	for _, f := range []struct {
		name string
		rows [][]string
	}{
		{"countries.csv", g.countryRows()},
		{"countries_groups.csv", g.groupRows()},
		{"cctlds.csv", g.tldRows()},
		{"governments.csv", governments},
		{"frame.csv", frame},
		{"left.csv", left},
		{"suffixes.csv", suffixes},
	} {
		if err := writeCSV(filepath.Join(out, f.name), f.rows); err != nil {
			return err
		}
	}
	g.report(os.Stderr)
	return nil
}

// generator is one run: the raw data, and what is known so far.
type generator struct {
	raw       string
	dates     map[string]string // source to its date
	countries []country
	byAlpha2  map[string]*country
	alpha2    map[string]string // alpha-3 to alpha-2
	tlds      []tld
	tldOf     map[string]tld // every delegated top-level domain
	dropped   map[string]map[string]int
}

// table reads a CSV file of the raw data, plain or gzipped.
func (g *generator) table(name string) ([]record, error) {
	return readTable(filepath.Join(g.raw, name))
}

func writeCSV(file string, rows [][]string) error {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	if err := w.WriteAll(rows); err != nil {
		return fmt.Errorf("write %s: %w", file, err)
	}
	return os.WriteFile(file, b.Bytes(), 0o644)
}
