package store

import (
	"context"
	"fmt"
	"iter"
	"net/netip"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
)

// TargetLoad is what a scan sent for one target.
type TargetLoad struct {
	Domain string
	Kind   lists.Kind
	observation.Load
}

// Loads streams what a scan sent for its targets.
func (s *Store) Loads(ctx context.Context, scan uuid.UUID) iter.Seq2[TargetLoad, error] {
	const observed = `SELECT position, domain, toString(kind), queries, took_us, toUInt8(dnssec_reason = 'opted_out') FROM observations FINAL
WHERE scan = toUUID(?) ORDER BY position`
	const contacts = `SELECT position, address, probe = 'nameserver' AS serves, count() FROM endpoints FINAL
WHERE scan = toUUID(?) AND address != '' AND (probe = 'nameserver' OR transport IN ('tcp', 'tls')) AND rtt_us + took_us > 0
GROUP BY position, address, serves ORDER BY position`
	return func(yield func(TargetLoad, error) bool) {
		fail := func(err error) { yield(TargetLoad{}, s.explain(fmt.Errorf("read what scan %s sent: %w", scan, err))) }
		made, err := s.Select(ctx, contacts, scan.String())
		if err != nil {
			fail(err)
			return
		}
		byTarget := make(map[uint64]*observation.Load)
		for made.Next() {
			var position, n uint64
			var address string
			var serves uint8
			if err := made.Scan(&position, &address, &serves, &n); err != nil {
				made.Close()
				fail(err)
				return
			}
			addr, err := netip.ParseAddr(address)
			if err != nil {
				continue // no address of ours
			}
			l := byTarget[position]
			if l == nil {
				l = &observation.Load{Connections: make(map[netip.Addr]uint64)}
				byTarget[position] = l
			}
			if serves == 1 {
				l.Servers = append(l.Servers, addr)
			} else {
				l.Connections[addr] += n
			}
		}
		if err := made.Close(); err != nil {
			fail(err)
			return
		}
		rows, err := s.Select(ctx, observed, scan.String())
		if err != nil {
			fail(err)
			return
		}
		defer rows.Close()
		for rows.Next() {
			var t TargetLoad
			var position uint64
			var kind string
			var queries, took uint32
			var optedOut uint8
			if err := rows.Scan(&position, &t.Domain, &kind, &queries, &took, &optedOut); err != nil {
				fail(err)
				return
			}
			if l := byTarget[position]; l != nil {
				t.Load = *l
			}
			t.OptedOut = optedOut == 1
			t.Kind, t.Queries, t.Took = lists.Kind(kind), uint64(queries), time.Duration(took)*time.Microsecond
			if !yield(t, nil) {
				return
			}
		}
		if err := rows.Err(); err != nil {
			fail(err)
		}
	}
}
