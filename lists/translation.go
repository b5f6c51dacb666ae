package lists

import (
	"encoding/csv"
	"fmt"
	"io/fs"
	"path"
	"slices"
	"strings"
)

// Translations are texts by language and by the key of their row: the cells
// after the key.
type Translations map[string]map[string][]string

// ReadTranslations reads tables of texts, a file LANGUAGE.csv for each language,
// whose rows are a key and its texts. Every file must begin with the columns
// given and name a key once.
func ReadTranslations(files fs.FS, columns ...string) (Translations, error) {
	names, err := fs.Glob(files, "*/*.csv")
	if err != nil {
		return nil, fmt.Errorf("find translations: %w", err)
	}
	all := make(Translations)
	for _, name := range names {
		texts, err := readTranslation(files, name, columns)
		if err != nil {
			return nil, fmt.Errorf("read translation %s: %w", name, err)
		}
		all[strings.TrimSuffix(path.Base(name), ".csv")] = texts
	}
	return all, nil
}

func readTranslation(files fs.FS, name string, columns []string) (map[string][]string, error) {
	file, err := files.Open(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	r := csv.NewReader(file)
	r.FieldsPerRecord = len(columns)
	rows, err := r.ReadAll()
	if err != nil {
		return nil, err
	}
	if len(rows) == 0 || !slices.Equal(rows[0], columns) {
		return nil, fmt.Errorf("the first line is not %s", strings.Join(columns, ","))
	}
	texts := make(map[string][]string)
	for _, row := range rows[1:] {
		if _, twice := texts[row[0]]; twice || row[0] == "" {
			return nil, fmt.Errorf("the key %q is empty or there twice", row[0])
		}
		texts[row[0]] = row[1:]
	}
	return texts, nil
}
