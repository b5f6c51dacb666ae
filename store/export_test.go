package store

import "time"

// EnginePID is the process of the embedded engine.
func (s *Store) EnginePID() int { return s.engine.PID() }

// SetBounds changes the bounds of writers made later.
func (s *Store) SetBounds(rows int, age time.Duration, spool int64) {
	s.bounds = bounds{rows: rows, bytes: defaultBounds.bytes, age: age, spool: spool}
}
