package store

import (
	"context"
	"fmt"
	"net/url"
	"regexp"
	"slices"
	"strings"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// On a cluster every table is two: one with the ending _local, replicated
// within its shard, that holds the rows, and a Distributed one in front of it
// with the table's own name. So everything that reads and writes says the same
// as elsewhere; only what makes, alters and drops says more.

// localSuffix ends the names of the tables that hold a shard's rows.
const localSuffix = "_local"

// shardKeys say on which shard a row lies. Each takes columns of the sorting
// key only, so rows of one key, one of which counts, are always on one shard,
// where ClickHouse merges them and FINAL sees them both.
var shardKeys = map[string]string{
	"scans":             "cityHash64(toString(scan))",
	"observations":      "cityHash64(toString(scan), position)",
	"endpoints":         "cityHash64(toString(scan), position)", // with their target
	"domain_history":    "cityHash64(toString(scan), position)", // where it is fed from
	"indicators":        "cityHash64(toString(scan), country)",
	"jobs":              "cityHash64(job)",
	"runs":              "cityHash64(job)", // a job's together, with their claims
	"claims":            "cityHash64(job)",
	"schema_migrations": "cityHash64(version)",
}

// cluster is the cluster that a store's tables are on; without a name, none.
type cluster struct{ name, database string }

// on is the clause of statements that change something.
func (c cluster) on() string {
	if c.name == "" {
		return ""
	}
	return " ON CLUSTER " + quoteName(c.name)
}

// local names the table that holds the rows of one.
func (c cluster) local(table string) string {
	if c.name == "" {
		return table
	}
	return table + localSuffix
}

// system names a table of ClickHouse about its parts: of every shard, each by
// one of its replicas.
func (c cluster) system(table string) string {
	if c.name == "" {
		return "system." + table
	}
	return "cluster(" + quoteText(c.name) + ", system, " + table + ")"
}

var (
	createTable = regexp.MustCompile(`(?s)^CREATE TABLE IF NOT EXISTS (\w+)\n\((.*)\n\)\nENGINE = ReplacingMergeTree(?:\((\w+)\))?\n(.*)$`)
	alterTable  = regexp.MustCompile(`(?s)^ALTER TABLE (\w+)(.*)$`)
	dropTable   = regexp.MustCompile(`(?s)^(DROP TABLE IF EXISTS \w+)$`)
	createView  = regexp.MustCompile(`(?s)^(CREATE VIEW IF NOT EXISTS \w+)( AS\n.*)$`)
	createFeed  = regexp.MustCompile(`(?s)^(CREATE MATERIALIZED VIEW IF NOT EXISTS \w+) TO (\w+)( AS\n.*\n)FROM (\w+)$`)
	insertInto  = regexp.MustCompile(`^INSERT INTO `)
	fromTable   = regexp.MustCompile(`\bFROM (\w+)`)
	// columnLine is a line of CREATE TABLE, commentColumn the end of an ALTER
	// TABLE that only changes a comment of a column.
	columnLine    = regexp.MustCompile(`(?m)^ +(\w+) +(.*?) +COMMENT ('[^']*'),?$`)
	commentColumn = regexp.MustCompile(`^ COMMENT COLUMN (\w+) ('[^']*')$`)
	// columnComment is left out of the tables that hold the rows: ClickHouse
	// 18.16 takes them for others than those of the next replica with it.
	columnComment = regexp.MustCompile(` +COMMENT '[^']*'`)
)

// frontColumn is a column of a table in front: its name, its type with the
// default, and its explanation in quotes.
type frontColumn struct{ name, definition, comment string }

// placing turns migrations into those for a cluster. It keeps the columns of
// the tables in front, because ClickHouse 18.16 refuses to alter these on a
// cluster with replicas: they hold no rows, and are created again.
type placing struct {
	cluster
	columns map[string][]frontColumn
}

// place returns the migrations as the cluster needs them.
func (c cluster) place(steps []migration) ([]migration, error) {
	if c.name == "" {
		return steps, nil
	}
	p := placing{c, make(map[string][]frontColumn)}
	placed := slices.Clone(steps)
	for i := range placed {
		var err error
		if placed[i].statements, err = p.step(steps[i].statements); err != nil {
			return nil, fmt.Errorf("migration %d on a cluster: %w", steps[i].version, err)
		}
	}
	return placed, nil
}

// step places the statements of one migration. A table in front is created again
// once, behind the last statement that changes the columns of its table.
func (p placing) step(statements []string) (list []string, err error) {
	last := make(map[string]int)
	for i, statement := range statements {
		if m := alterTable.FindStringSubmatch(statement); m != nil {
			last[m[1]] = i
		}
	}
	for i, statement := range statements {
		if m := createTable.FindStringSubmatch(statement); m != nil {
			made, err := p.create(m[1], m[2], m[3], m[4])
			if err != nil {
				return nil, err
			}
			list = append(list, made...)
		} else if m := alterTable.FindStringSubmatch(statement); m != nil {
			list = append(list, p.alter(m[1], m[2])...)
			if last[m[1]] == i {
				list = append(list, "DROP TABLE IF EXISTS "+m[1]+p.on(), p.front(m[1]))
			}
		} else if m := dropTable.FindStringSubmatch(statement); m != nil {
			list = append(list, m[1]+p.on())
		} else if m := createView.FindStringSubmatch(statement); m != nil {
			list = append(list, m[1]+p.on()+p.view(m[2]))
		} else if m := createFeed.FindStringSubmatch(statement); m != nil {
			// On every server it takes rows from one table there to another.
			database := quoteName(p.database) + "."
			list = append(list, m[1]+p.on()+" TO "+database+p.local(m[2])+m[3]+"FROM "+database+p.local(m[4]))
		} else if insertInto.MatchString(statement) {
			list = append(list, statement)
		} else {
			return nil, fmt.Errorf("nothing is known of a statement like %.60q", statement)
		}
	}
	return list, nil
}

// view names the database of every table, which other servers of the cluster do
// not guess, and asks what is asked within a query once and not on every shard.
func (p placing) view(query string) string {
	query = fromTable.ReplaceAllString(query, "FROM "+strings.ReplaceAll(quoteName(p.database), "$", "$$")+".$1")
	return strings.ReplaceAll(query, " IN (SELECT ", " GLOBAL IN (SELECT ")
}

// create makes a table of a cluster: lines of columns, the column whose highest
// value counts, and the clauses for partition and order.
func (p placing) create(name, columns, version, clauses string) ([]string, error) {
	if shardKeys[name] == "" {
		return nil, fmt.Errorf("table %s has no key to shard by", name)
	}
	for _, line := range columnLine.FindAllStringSubmatch(columns, -1) {
		p.columns[name] = append(p.columns[name], frontColumn{line[1], line[2], line[3]})
	}
	arguments := quoteText("/clickhouse/tables/{shard}/"+url.PathEscape(p.database)+"/"+name) + ", '{replica}'"
	if version != "" {
		arguments += ", " + version
	}
	local := "CREATE TABLE IF NOT EXISTS " + p.local(name) + p.on() + "\n(" + columnComment.ReplaceAllString(columns, "") +
		"\n)\nENGINE = ReplicatedReplacingMergeTree(" + arguments + ")\n" + clauses
	return []string{local, p.front(name)}, nil
}

// front makes the table in front of one.
func (p placing) front(name string) string {
	var lines []string
	for _, c := range p.columns[name] {
		lines = append(lines, "    "+c.name+" "+c.definition+" COMMENT "+c.comment)
	}
	return "CREATE TABLE IF NOT EXISTS " + name + p.on() + "\n(\n" + strings.Join(lines, ",\n") +
		"\n)\nENGINE = Distributed(" + quoteText(p.name) + ", " + quoteText(p.database) + ", " + p.local(name) + ", " + shardKeys[name] + ")"
}

// alter changes the table that holds the rows, and keeps what the one in front
// will need. Comments change only that.
func (p placing) alter(name, changes string) []string {
	columns := p.columns[name]
	at := func(name string) int {
		return slices.IndexFunc(columns, func(c frontColumn) bool { return c.name == name })
	}
	if m := commentColumn.FindStringSubmatch(changes); m != nil {
		columns[at(m[1])].comment = m[2]
		return nil
	}
	for _, line := range addColumn.FindAllStringSubmatch(changes, -1) {
		columns = slices.Insert(columns, at(strings.TrimPrefix(line[4], "AFTER "))+1, frontColumn{line[1], line[2], line[3]})
	}
	p.columns[name] = columns
	return []string{"ALTER TABLE " + p.local(name) + p.on() + columnComment.ReplaceAllString(changes, "")}
}

// quoteText writes a literal of ClickHouse's SQL.
func quoteText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, "'", `\'`).Replace(s) + "'"
}

// UnknownClusterError says that a server knows no cluster of a name.
type UnknownClusterError struct {
	Where, Name string
	Known       []string
}

func (e *UnknownClusterError) Error() string {
	known := "it knows none; its configuration lists them as remote_servers"
	if len(e.Known) > 0 {
		known = "it knows " + strings.Join(e.Known, ", ")
	}
	return fmt.Sprintf("the server at %s knows no cluster %q (store.cluster): %s", e.Where, e.Name, known)
}

// checkCluster refuses a cluster that the server does not know or on which no
// replicated tables can be made.
func (s *Store) checkCluster(ctx context.Context, db driver.Conn) error {
	if s.cfg.Cluster == "" {
		return nil
	}
	var known, macros []string
	if err := db.QueryRow(ctx, "SELECT arraySort(groupUniqArray(cluster)) FROM system.clusters").Scan(&known); err != nil {
		return fmt.Errorf("list the clusters: %w", err)
	}
	if !slices.Contains(known, s.cfg.Cluster) {
		return &UnknownClusterError{Where: s.where, Name: s.cfg.Cluster, Known: known}
	}
	if err := db.QueryRow(ctx, "SELECT groupArray(macro) FROM system.macros").Scan(&macros); err != nil {
		return fmt.Errorf("list the macros: %w", err)
	}
	for _, macro := range []string{"shard", "replica"} {
		if !slices.Contains(macros, macro) {
			return fmt.Errorf("the server at %s has no macro %s: replicated tables need the macros shard and replica in the configuration of every server of the cluster", s.where, macro)
		}
	}
	return nil
}

// distributed is the engine of a table in front, and the cluster in it.
var distributed = regexp.MustCompile(`^Distributed\('?([^',]+)'?,`)

// findCluster says which cluster the tables that are there are on, so that only
// who makes them needs to name it. Another than the one asked for is refused.
func (s *Store) findCluster(ctx context.Context) error {
	s.cluster = cluster{name: s.cfg.Cluster, database: s.options.Auth.Database}
	if s.engine != nil {
		return nil
	}
	var there, alone uint64
	var engine string
	err := untangle(ctx, func() error {
		return s.db.QueryRow(ctx, `SELECT count(), countIf(engine != 'Distributed'), any(engine_full) FROM system.tables
			WHERE database = currentDatabase() AND name IN ('scans', 'observations', 'endpoints', 'indicators', 'schema_migrations')`).Scan(&there, &alone, &engine)
	})
	if err != nil {
		return fmt.Errorf("look for the store's cluster: %w", err)
	}
	if there == 0 {
		return s.joinCluster(ctx)
	}
	found := ""
	if m := distributed.FindStringSubmatch(engine); m != nil && alone == 0 {
		found = m[1]
	}
	if s.cfg.Cluster != "" && found != s.cfg.Cluster {
		place := "on one server and not on a cluster"
		if found != "" {
			place = fmt.Sprintf("on the cluster %q", found)
		}
		return fmt.Errorf("the tables in %s are %s; to have them on the cluster %q (store.cluster), copy the scans with `adopt6 store copy` into another database there", s.where, place, s.cfg.Cluster)
	}
	s.cluster.name = found
	return s.joinCluster(ctx)
}

// clusterWords are settings of a cluster that make what was stored be what is
// read next, since replicas follow each other with a delay and are asked at
// random otherwise, and make a query within another be asked once.
var clusterWords = map[string]string{"load_balancing": "in_order", "distributed_product_mode": "global"}

// settingsAsText is the first revision of the protocol that carries settings
// which are words.
const settingsAsText = 54429

// clusterSettings make a batch be on its shard when it is confirmed, and not
// left at the server that took it; and they are the words of clusterWords. A
// batch that a replica knows is stored again, which does no harm: ClickHouse
// would not feed domain_history from one that it leaves out, and that may be
// what the first attempt did not come to.
func (s *Store) clusterSettings() clickhouse.Settings {
	settings := clickhouse.Settings{"insert_distributed_sync": 1, "insert_deduplicate": 0, "prefer_localhost_replica": 0}
	if s.version.Revision >= settingsAsText || s.options.Protocol == clickhouse.HTTP {
		for name, value := range clusterWords {
			settings[name] = value
		}
	}
	return settings
}

// checkWords refuses to write to a cluster whose profile lacks what cannot be
// sent along.
func (s *Store) checkWords(ctx context.Context) error {
	for name, want := range clusterWords {
		var value string
		if err := s.db.QueryRow(ctx, "SELECT any(value) FROM system.settings WHERE name = ?", name).Scan(&value); err != nil {
			return fmt.Errorf("ask for the setting %s: %w", name, err)
		}
		if value != want {
			return fmt.Errorf("the profile of the account at %s has %s = %s, and a cluster needs %s there; see configs/clickhouse/users.d/adopt6-cluster.xml", s.where, name, value, want)
		}
	}
	return nil
}

// joinCluster applies what the cluster needs, if there is one.
func (s *Store) joinCluster(ctx context.Context) error {
	if s.cluster.name == "" {
		return nil
	}
	var err error
	if s.steps, err = s.cluster.place(s.steps); err != nil {
		return err
	}
	db, err := s.connect(s.options.Auth.Database)
	if err != nil {
		return err
	}
	err = s.db.Close()
	if s.db = db; err == nil && !s.cfg.ReadOnly {
		err = s.checkWords(ctx)
	}
	return err
}
