package zonefile

import (
	"context"
	"io"
	"sync/atomic"
)

// Config says what to audit and how.
type Config struct {
	Name  string    // what errors and the report call the file
	Input io.Reader // the zone file, plain or compressed with gzip
	// Origin is the zone's name, and completes relative names until the first
	// $ORIGIN. Nil takes the name from the SOA record.
	Origin Name
	// Include opens the file that an $INCLUDE names; nil refuses them all.
	Include func(name string) (io.ReadCloser, error)
	// TempDir is the folder for temporary files; empty for the system's own.
	TempDir string
	// Memory is about how much of the zone is kept in memory, in bytes; zero
	// is 32 MiB, which is as fast as more, since what is sorted then fits in
	// the processor's cache. The rest is sorted on disk. Buffers and counters
	// come on top, some 50 MiB at most.
	Memory int
	// Top is how many name servers and operators to list.
	Top int
	// Country returns the country of a top-level domain, in lower case and
	// without dots, and whether it is a ccTLD. It is asked in a root zone.
	Country func(tld string) (c Country, isCCTLD bool)
	// Each is given every delegation, in canonical order of the names. Its
	// error ends the audit.
	Each func(*Delegation) error
	// Progress, when set, is kept up to date during the audit.
	Progress *Progress
}

// Country is what ccTLDs are grouped by.
type Country struct {
	Code string // ISO 3166-1 alpha-2; empty for a ccTLD of no country
	Name string
}

// Progress counts what an audit has done so far.
type Progress struct {
	Records     atomic.Int64 // read from the zone file
	Delegations atomic.Int64 // judged, once all records are read
}

const defaultMemory = 32 << 20

// progressEvery is how many records or delegations pass between updates of the
// progress and looks at the context.
const progressEvery = 1 << 12

// Audit reads a zone file and returns the figures over its delegations. They
// do not depend on the order of the records. An error for which [Malformed]
// holds is the file's own fault.
func Audit(ctx context.Context, cfg Config) (*Report, error) {
	if cfg.Memory == 0 {
		cfg.Memory = defaultMemory
	}
	if cfg.Progress == nil {
		cfg.Progress = new(Progress)
	}
	disk := &disk{ctx: ctx, dir: cfg.TempDir}
	c := &collector{
		cfg:         cfg,
		delegations: newSorter(disk, cfg.Memory/5),
		hosts:       newSorter(disk, cfg.Memory/10),
		shared:      newHostTable(cfg.Memory / 10 * 7),
		apex:        cfg.Origin,
	}
	defer c.delegations.close()
	defer c.hosts.close()
	if err := c.read(ctx); err != nil {
		return nil, err
	}
	m := &matcher{ctx: ctx, cfg: cfg, zone: c, disk: disk, figures: newFigures()}
	if err := m.match(); err != nil {
		return nil, err
	}
	return m.report()
}
