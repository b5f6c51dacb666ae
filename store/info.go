package store

import (
	"context"
	"fmt"
	"strings"

	"adopt6/store/spool"
)

// Info says what a store is and holds.
type Info struct {
	Engine  string      `json:"engine"` // "embedded" or "server"
	Version string      `json:"version"`
	Where   string      `json:"where"` // folder or address, without password
	Schema  uint32      `json:"schema"`
	Tables  []TableInfo `json:"tables"`
	Scans   []ScanInfo  `json:"scans"`
	// Spool is what waits to be delivered, here; SpoolDir is empty when this
	// machine has none for the store.
	Spool    spool.Depth `json:"spool"`
	SpoolDir string      `json:"spool_dir,omitempty"`
}

// TableInfo says how large a table is. Rows counts what lies on the disk, so
// rows that were sent twice count twice until ClickHouse has merged them.
type TableInfo struct {
	Name  string `json:"name"`
	Rows  uint64 `json:"rows"`
	Bytes uint64 `json:"bytes"` // compressed, on disk
}

// Info returns what the store is and holds.
func (s *Store) Info(ctx context.Context) (Info, error) {
	info := Info{Engine: "server", Version: s.versionText(), Where: s.where, SpoolDir: s.spoolDir, Tables: []TableInfo{}, Scans: []ScanInfo{}}
	if s.engine != nil {
		info.Engine = "embedded"
	}
	var err error
	if info.Schema, err = s.schemaVersion(ctx); err != nil {
		return info, s.explain(err)
	}
	if info.Tables, err = s.tables(ctx); err != nil {
		return info, s.explain(err)
	}
	for scan, err := range s.Scans(ctx) {
		if err != nil {
			return info, err
		}
		info.Scans = append(info.Scans, scan)
	}
	if s.spoolDir != "" {
		info.Spool, err = spool.Measure(s.spoolDir)
	}
	return info, err
}

func (s *Store) tables(ctx context.Context) ([]TableInfo, error) {
	rows, err := s.db.Query(ctx, `SELECT name, sum(rows), sum(bytes) FROM
		(
			SELECT name, toUInt64(0) AS rows, toUInt64(0) AS bytes FROM system.tables WHERE database = ? AND engine NOT IN ('View', 'MaterializedView', 'Distributed')
			UNION ALL
			SELECT table AS name, rows, bytes_on_disk AS bytes FROM `+s.cluster.system("parts")+` WHERE database = ? AND active
		) AS sizes GROUP BY name ORDER BY name`, s.options.Auth.Database, s.options.Auth.Database)
	if err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	defer rows.Close()
	list := []TableInfo{}
	for rows.Next() {
		var t TableInfo
		if err := rows.Scan(&t.Name, &t.Rows, &t.Bytes); err != nil {
			return nil, fmt.Errorf("list the tables: %w", err)
		}
		t.Name = strings.TrimSuffix(t.Name, localSuffix)
		list = append(list, t)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("list the tables: %w", err)
	}
	return list, nil
}
