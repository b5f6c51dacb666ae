package store

import "time"

// EnginePID is the process of the embedded engine.
func (s *Store) EnginePID() int { return s.engine.PID() }

// SetBounds changes the bounds of a writer.
func (w *Writer) SetBounds(rows int, age time.Duration, limit int64) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.rows, w.age, w.limit = rows, age, limit
}
