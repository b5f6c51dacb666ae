package main

import (
	"compress/gzip"
	"encoding/csv"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
)

// record is one row of a raw table by column name.
type record map[string]string

// readTable reads a CSV file with a header; .gz files are unpacked.
func readTable(file string) ([]record, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var r io.Reader = f
	if strings.HasSuffix(file, ".gz") {
		if r, err = gzip.NewReader(f); err != nil {
			return nil, fmt.Errorf("unpack %s: %w", file, err)
		}
	}
	records, err := parseTable(r)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return records, nil
}

func parseTable(r io.Reader) ([]record, error) {
	all, err := csv.NewReader(r).ReadAll()
	if err != nil {
		return nil, err
	}
	if len(all) == 0 {
		return nil, errors.New("no header")
	}
	records := make([]record, 0, len(all)-1)
	for _, row := range all[1:] {
		rec := make(record, len(row))
		for i, column := range all[0] {
			rec[strings.TrimPrefix(column, "\ufeff")] = row[i]
		}
		records = append(records, rec)
	}
	return records, nil
}

// readLines reads the lines of a text file of the raw data.
func (g *generator) readLines(name string) ([]string, error) {
	b, err := os.ReadFile(filepath.Join(g.raw, name))
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(b)), nil
}

// territoryNames reads the CLDR territory names of one language.
func (g *generator) territoryNames(lang string) (map[string]string, error) {
	file := filepath.Join(g.raw, "meta", "cldr", "territories-"+lang+".json")
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var doc struct {
		Main map[string]struct {
			LocaleDisplayNames struct{ Territories map[string]string }
		}
	}
	if err := json.Unmarshal(b, &doc); err != nil {
		return nil, fmt.Errorf("read %s: %w", file, err)
	}
	return doc.Main[lang].LocaleDisplayNames.Territories, nil
}
