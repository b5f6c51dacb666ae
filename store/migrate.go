package store

import (
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
)

var (
	//go:embed migrations/0*.sql
	migrationFiles embed.FS
	//go:embed migrations/views.sql
	viewsFile string
)

// migration is one numbered step of the schema.
type migration struct {
	version    uint32
	name       string
	statements []string
}

// migrations returns the steps in order. Their files are embedded, so a fault
// in one is a fault of the build.
func migrations() ([]migration, error) {
	files, err := migrationFiles.ReadDir("migrations")
	if err != nil {
		return nil, fmt.Errorf("read the migrations: %w", err)
	}
	var steps []migration
	for i, file := range files { // sorted by name
		number, name, found := strings.Cut(strings.TrimSuffix(file.Name(), ".sql"), "_")
		version, err := strconv.ParseUint(number, 10, 32)
		if err != nil || !found || version != uint64(i+1) {
			return nil, fmt.Errorf("migration %s: expected a name like %04d_what_it_does.sql", file.Name(), i+1)
		}
		text, err := migrationFiles.ReadFile(path.Join("migrations", file.Name()))
		if err != nil {
			return nil, fmt.Errorf("read migration %s: %w", file.Name(), err)
		}
		steps = append(steps, migration{uint32(version), name, splitStatements(string(text))})
	}
	return steps, nil
}

// splitStatements cuts at semicolons that end a line and drops comments that
// fill one.
func splitStatements(text string) []string {
	var lines []string
	for line := range strings.Lines(text) {
		if !strings.HasPrefix(strings.TrimSpace(line), "--") {
			lines = append(lines, line)
		}
	}
	var statements []string
	for statement := range strings.SplitSeq(strings.Join(lines, ""), ";\n") {
		if statement = strings.TrimSpace(statement); statement != "" {
			statements = append(statements, statement)
		}
	}
	return statements
}

const createMigrationTable = `CREATE TABLE IF NOT EXISTS schema_migrations
(
    version UInt32           COMMENT 'number of the migration',
    name    String           COMMENT 'what it does',
    applied DateTime('UTC')  COMMENT 'when it was applied'
)
ENGINE = ReplacingMergeTree
ORDER BY version`

// NewerSchemaError says that the store was written by a later adopt6.
type NewerSchemaError struct {
	Where        string
	Store, Known uint32
}

func (e *NewerSchemaError) Error() string {
	return fmt.Sprintf("the store in %s has schema version %d, and this adopt6 knows versions up to %d: it was written by a later adopt6; use that one, or another store", e.Where, e.Store, e.Known)
}

// schemaVersion returns the last migration that was applied; 0 for none.
func (s *Store) schemaVersion(ctx context.Context) (uint32, error) {
	var there uint64
	err := s.db.QueryRow(ctx, "SELECT count() FROM system.tables WHERE database = currentDatabase() AND name = 'schema_migrations'").Scan(&there)
	if err != nil {
		return 0, fmt.Errorf("look for the schema's version: %w", err)
	}
	if there == 0 {
		return 0, nil
	}
	var version uint32
	if err := s.db.QueryRow(ctx, "SELECT max(version) FROM schema_migrations").Scan(&version); err != nil {
		return 0, fmt.Errorf("read the schema's version: %w", err)
	}
	return version, nil
}

// checkSchema refuses a store that this program does not understand.
func (s *Store) checkSchema(ctx context.Context) error {
	version, err := s.schemaVersion(ctx)
	if err != nil {
		return err
	}
	known := uint32(len(s.steps))
	switch {
	case version > known:
		return &NewerSchemaError{Where: s.where, Store: version, Known: known}
	case version == 0:
		return &MissingError{Where: s.where}
	case version < known:
		return fmt.Errorf("the store in %s has schema version %d and this adopt6 needs %d; the next scan brings it up to date", s.where, version, known)
	}
	return nil
}

// migrate applies the migrations that the store lacks. Each is recorded when
// all of it is done, and its statements bear being run again, so one that was
// interrupted is simply applied again.
func (s *Store) migrate(ctx context.Context) (err error) {
	version, err := s.schemaVersion(ctx)
	if err != nil {
		return err
	}
	known := uint32(len(s.steps))
	if version > known {
		return &NewerSchemaError{Where: s.where, Store: version, Known: known}
	}
	if version == known {
		return nil
	}
	unlock, err := s.lockSchema(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, unlock()) }()
	switch version, err = s.schemaVersion(ctx); { // another may have been faster
	case err != nil || version == known:
		return err
	case version > known:
		return &NewerSchemaError{Where: s.where, Store: version, Known: known}
	}
	record, err := s.cluster.place([]migration{{statements: []string{createMigrationTable}}})
	if err != nil {
		return err
	}
	for _, statement := range record[0].statements {
		if err := s.db.Exec(ctx, statement); err != nil {
			return fmt.Errorf("create the table of migrations: %w", err)
		}
	}
	for _, step := range s.steps[version:] {
		for _, statement := range step.statements {
			if err := s.applyStatement(ctx, statement); err != nil {
				return fmt.Errorf("migration %d (%s): %w", step.version, step.name, err)
			}
		}
		if step.version == known {
			if err := s.makeViews(ctx, version > 0); err != nil {
				return err
			}
			if err := s.tuneTables(ctx); err != nil {
				return err
			}
		}
		err := s.db.Exec(ctx, "INSERT INTO schema_migrations (version, name, applied) SELECT toUInt32(?), ?, now()", step.version, step.name)
		if err != nil {
			return fmt.Errorf("record migration %d: %w", step.version, err)
		}
	}
	return nil
}

// makeViews creates the views, and replaces older ones.
func (s *Store) makeViews(ctx context.Context, anew bool) error {
	views, err := s.cluster.place([]migration{{statements: splitStatements(viewsFile)}})
	if err != nil {
		return err
	}
	for _, view := range views[0].statements {
		name := viewName.FindStringSubmatch(view)[1]
		if anew {
			if err := s.db.Exec(ctx, "DROP TABLE IF EXISTS "+name+s.cluster.on()); err != nil {
				return fmt.Errorf("drop the view %s: %w", name, err)
			}
		}
		if err := s.db.Exec(ctx, view); err != nil {
			return fmt.Errorf("make the view %s: %w", name, err)
		}
	}
	return nil
}

// viewName finds the name of the view that a statement makes.
var viewName = regexp.MustCompile(`^CREATE VIEW IF NOT EXISTS (\w+)`)

// addColumn is a line of a migration that adds one column.
var addColumn = regexp.MustCompile(`(?m)^ +ADD COLUMN IF NOT EXISTS (\w+) (.*?)(?: COMMENT ('[^']*'))? (AFTER \w+),?$`)

// applyStatement runs one statement of a migration.
func (s *Store) applyStatement(ctx context.Context, statement string) error {
	var there []string
	if m := alterTable.FindStringSubmatch(statement); m != nil {
		var err error
		if there, err = s.columnNames(ctx, m[1]); err != nil {
			return err
		}
	}
	for _, one := range addColumns(statement, there) {
		if err := s.db.Exec(ctx, one); err != nil {
			return err
		}
	}
	return nil
}

// addColumns writes a statement in a way that ClickHouse 18.16 understands: it
// knows no ADD COLUMN IF NOT EXISTS, so columns that are there already are left
// out, and it does not keep the comment of an added column.
func addColumns(statement string, there []string) []string {
	added := addColumn.FindAllStringSubmatch(statement, -1)
	if len(added) == 0 {
		return []string{statement}
	}
	head, _, _ := strings.Cut(statement, "\n") // ALTER TABLE name
	var adds, comments []string
	for _, line := range added {
		name, definition, comment, place := line[1], line[2], line[3], line[4]
		if !slices.Contains(there, name) {
			adds = append(adds, fmt.Sprintf("ADD COLUMN %s %s %s", name, definition, place))
		}
		if comment != "" {
			comments = append(comments, fmt.Sprintf("COMMENT COLUMN %s %s", name, comment))
		}
	}
	var list []string
	for _, changes := range [][]string{adds, comments} {
		if len(changes) > 0 {
			list = append(list, head+" "+strings.Join(changes, ", "))
		}
	}
	return list
}

// columnNames lists the columns of a table.
func (s *Store) columnNames(ctx context.Context, table string) ([]string, error) {
	var names []string
	err := s.db.QueryRow(ctx, "SELECT groupArray(name) FROM system.columns WHERE database = currentDatabase() AND table = ?", table).Scan(&names)
	if err != nil {
		return nil, fmt.Errorf("list the columns of %s: %w", table, err)
	}
	return names, nil
}

// embeddedSettings are those of the tables of an embedded engine.
//
// It puts a batch on the disk before it confirms it: a laptop has no second
// power supply; a server's owner decides that for himself. And below 256 MiB it
// keeps the columns of a part in one file: a batch has 300 of them, and to make
// and to sync a file for each takes longer than all the rest.
const embeddedSettings = "fsync_after_insert = 1, fsync_part_directory = 1, min_bytes_for_wide_part = 268435456"

// tuneTables sets them.
func (s *Store) tuneTables(ctx context.Context) error {
	if s.engine == nil {
		return nil
	}
	var tables []string
	err := s.db.QueryRow(ctx, "SELECT groupArray(name) FROM system.tables WHERE database = currentDatabase() AND engine = 'ReplacingMergeTree' AND name != 'schema_migrations'").Scan(&tables)
	if err != nil {
		return fmt.Errorf("list the tables: %w", err)
	}
	for _, table := range tables {
		if err := s.db.Exec(ctx, "ALTER TABLE "+quoteName(table)+" MODIFY SETTING "+embeddedSettings); err != nil {
			return fmt.Errorf("set how %s is kept on the disk: %w", table, err)
		}
	}
	return nil
}

// isStore says whether a folder holds an embedded store. The error is of a folder
// that cannot be looked into.
func isStore(folder string) (bool, error) {
	info, err := os.Stat(filepath.Join(folder, "metadata"))
	if err == nil {
		return info.IsDir(), nil
	}
	if errors.Is(err, fs.ErrPermission) {
		return false, fmt.Errorf("this account may not read the store in %s: %w", folder, err)
	}
	return false, nil
}
