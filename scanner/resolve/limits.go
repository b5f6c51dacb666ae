package resolve

import "time"

// Limits bound the work of one call of Resolve or Delegation, whatever the
// zones on the way say. The reason of what hits one is named after it.
type Limits struct {
	// Queries is how many packets and connections there may be, every try
	// counted; and ten times as many lookups of name servers, as those in a
	// web of zones take work without end and no packet.
	Queries int
	Depth   int           // lookups of name servers nested in each other
	FanOut  int           // name servers looked up for one zone (NXNSAttack)
	Aliases int           // CNAME and DNAME records followed
	Time    time.Duration // from start to end
}

// lookupsPerQuery is how many lookups of name servers Limits.Queries allows
// for each query.
const lookupsPerQuery = 10

// DefaultLimits returns limits far above what any sound zone needs.
func DefaultLimits() Limits {
	return Limits{Queries: 300, Depth: 8, FanOut: 16, Aliases: 16, Time: time.Minute}
}

// orDefault returns l with its zero fields set.
func (l Limits) orDefault() Limits {
	d := DefaultLimits()
	if l.Queries <= 0 {
		l.Queries = d.Queries
	}
	if l.Depth <= 0 {
		l.Depth = d.Depth
	}
	if l.FanOut <= 0 {
		l.FanOut = d.FanOut
	}
	if l.Aliases <= 0 {
		l.Aliases = d.Aliases
	}
	if l.Time <= 0 {
		l.Time = d.Time
	}
	return l
}
