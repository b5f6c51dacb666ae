package schedule

import (
	"log/slog"
	"time"
)

// clockWatch finds that the clock was set, by the time that passed meanwhile.
type clockWatch struct {
	wall, since time.Time
	leapt       time.Time // when it was last set, or first looked at, by the time that passed
}

// step is how far the clock and the time that passed may differ.
const step = 10 * time.Second

// look compares the clock with the time that passed since the last look.
func (c *clockWatch) look(wall time.Time, log *slog.Logger) {
	now := time.Now() // with its monotonic reading
	wall = wall.Round(0)
	if c.wall.IsZero() {
		c.leapt = now
	} else {
		leap := wall.Sub(c.wall) - now.Sub(c.since)
		switch {
		case leap > step:
			c.leapt = now
			log.Warn("the clock went forward: it was set, or the machine slept", "by", leap.Round(time.Second))
		case leap < -step:
			c.leapt = now
			log.Warn("the clock was set back; times that were planned before are not planned again", "by", (-leap).Round(time.Second))
		}
	}
	c.wall, c.since = wall, now
}

// steady is how long a clock must not have been set before one that is days
// behind the journal is believed. A machine without a clock of its own begins in
// 1970, and finds the time some minutes later.
const steady = time.Hour

// isSteady says whether the clock was not set for as long.
func (c *clockWatch) isSteady() bool { return time.Since(c.leapt) >= steady }
