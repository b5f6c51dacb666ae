package schedule

import (
	"log/slog"
	"time"
)

// clockWatch finds that the clock was set, by the time that passed meanwhile.
type clockWatch struct {
	wall, since time.Time
}

// step is how far the clock and the time that passed may differ.
const step = 10 * time.Second

// look compares the clock with the time that passed since the last look.
func (c *clockWatch) look(wall time.Time, log *slog.Logger) {
	now := time.Now() // with its monotonic reading
	wall = wall.Round(0)
	if !c.wall.IsZero() {
		leap := wall.Sub(c.wall) - now.Sub(c.since)
		switch {
		case leap > step:
			log.Warn("the clock went forward: it was set, or the machine slept", "by", leap.Round(time.Second))
		case leap < -step:
			log.Warn("the clock was set back; times that were planned before are not planned again", "by", (-leap).Round(time.Second))
		}
	}
	c.wall, c.since = wall, now
}
