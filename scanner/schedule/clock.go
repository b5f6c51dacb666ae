package schedule

import (
	"log/slog"
	"time"
)

// clockWatch detects that the clock was set, by comparison with monotonic time.
type clockWatch struct {
	wall, since time.Time
	leapt       time.Time // when it was last set or first checked, in monotonic time
}

// step is how far the clock may differ from monotonic time.
const step = 10 * time.Second

// look compares the clock with the monotonic time since the last look.
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
			log.Warn("the clock jumped forward: it was set, or the machine slept", "by", leap.Round(time.Second))
		case leap < -step:
			c.leapt = now
			log.Warn("the clock was set back; times already planned are not planned again", "by", (-leap).Round(time.Second))
		}
	}
	c.wall, c.since = wall, now
}

// steady is how long a clock that is days behind the journal must run without
// being set before it is trusted. A machine without a hardware clock starts in
// 1970, and learns the time some minutes later.
const steady = time.Hour

// isSteady reports whether the clock ran that long without being set.
func (c *clockWatch) isSteady() bool { return time.Since(c.leapt) >= steady }
