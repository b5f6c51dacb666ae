// Package preflight finds out what a vantage can do before it measures others.
//
// In: the dialer, the root servers, a resolver and a few limits. Out: a list
// of checks, each with a status, the evidence, the effect and how to fix it, and
// the capabilities of the vantage as plain data. It sends some 60 packets, takes
// 10 s at most, and asks only root servers and servers that a scan would ask.
package preflight

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/optout"
	"adopt6/scanner/resolve"
)

// Resolver finds mail exchangers; *resolve.Resolver implements it.
type Resolver interface {
	Resolve(ctx context.Context, mode resolve.Mode, name string, qtype uint16) (*resolve.Result, error)
}

// Config holds what the checks need. Dialer, Roots and Resolver are required.
type Config struct {
	Dialer   *netaddr.Dialer
	Roots    []resolve.RootServer
	Resolver Resolver
	// DatedSerial says that the serial of the root zone is the day of its
	// publication, YYYYMMDDNN, as that of the Internet's root is.
	DatedSerial bool
	Now         func() time.Time // nil: time.Now

	// Exchangers are mail exchangers that are known to answer on port 25.
	// Without any, those of Domains are tried, a few of them.
	Exchangers, Domains []string
	OptOut              *optout.Checker // finds exchangers that opted out; nil: not checked

	// Workers is how many targets are to be measured at the same time, and
	// Folders are those that a scan writes to; they need not exist yet.
	Workers int
	Folders []string

	Timeout time.Duration // the wait for one answer; 0: 2 s
	Limit   time.Duration // the longest that all checks together take; 0: 10 s
}

// The names of the checks.
const (
	IPv6        = "ipv6"
	IPv4        = "ipv4"
	UDP53V6     = "udp53_v6"
	UDP53V4     = "udp53_v4"
	TCP53V6     = "tcp53_v6"
	TCP53V4     = "tcp53_v4"
	Hijack      = "hijack"
	TrustAnchor = "trust_anchor"
	Clock       = "clock"
	SMTPV6      = "smtp_v6"
	SMTPV4      = "smtp_v4"
	Files       = "files"
	Disk        = "disk"
)

// Check is one check and its result.
type Check struct {
	Name   string             `json:"name"`  // a stable token
	Title  string             `json:"title"` // for people
	Status observation.Status `json:"status"`
	// Seen is the evidence. What it quotes of the network is escaped.
	Seen   string `json:"seen"`
	Effect string `json:"effect,omitempty"` // what it means for a scan, where the status is not ok
	Fix    string `json:"fix,omitempty"`
	// Stops means that every verdict of a scan would be wrong.
	Stops bool `json:"stops,omitempty"`
	// Advice says that a scan measures as well without what the check looks for.
	Advice bool `json:"-"`
}

// Result is what a vantage can do.
type Result struct {
	Checks []Check
	// Capabilities are the same, for programs.
	Capabilities observation.Capabilities
}

// Stops returns the checks for which no scan should run.
func (r *Result) Stops() []Check { return r.where(func(c Check) bool { return c.Stops }) }

// Failed returns the checks that found something missing or wrong. Unmeasured
// checks are not among them.
func (r *Result) Failed() []Check { return r.where(Check.Failed) }

// Missing returns the checks that keep a scan from measuring everything.
func (r *Result) Missing() []Check {
	return r.where(func(c Check) bool { return c.Failed() && !c.Advice })
}

// Verdict says in one error what a scan from here would lack; nil for nothing.
func (r *Result) Verdict() error {
	if stops := r.Stops(); len(stops) > 0 {
		return fmt.Errorf("a scan from here would be wrong, and does not run: %s", titles(stops))
	}
	if missing := r.Missing(); len(missing) > 0 {
		return fmt.Errorf("a scan from here would be right, but not complete: %s", titles(missing))
	}
	return nil
}

func titles(checks []Check) string {
	var all []string
	for _, c := range checks {
		all = append(all, c.Title)
	}
	return strings.Join(all, "; ")
}

func (r *Result) where(wanted func(Check) bool) []Check {
	return slices.DeleteFunc(slices.Clone(r.Checks), func(c Check) bool { return !wanted(c) })
}

// Failed reports whether the check found something missing or wrong.
func (c Check) Failed() bool { return c.Status != observation.OK && c.Status != observation.Unmeasured }

const (
	defaultTimeout = 2 * time.Second
	defaultLimit   = 10 * time.Second
)

// Run makes every check. The error is the context's: what a check could not
// find out is in the result.
func Run(ctx context.Context, config Config) (*Result, error) {
	if config.Timeout <= 0 {
		config.Timeout = defaultTimeout
	}
	if config.Limit <= 0 {
		config.Limit = defaultLimit
	}
	if config.Now == nil {
		config.Now = time.Now
	}
	limited, cancel := context.WithTimeout(ctx, config.Limit)
	defer cancel()
	var asked survey
	var anchor Check
	var mail [families]Check
	var all sync.WaitGroup
	all.Go(func() { asked = config.survey(limited) })
	all.Go(func() { anchor = config.trustAnchor(limited) })
	all.Go(func() { mail = config.mail(limited) })
	all.Wait()
	if ctx.Err() != nil {
		return nil, fmt.Errorf("preflight: %w", context.Cause(ctx))
	}
	return config.judge(asked, anchor, mail), nil
}

// judge returns the checks in the order in which they are shown, with the
// capabilities.
func (c *Config) judge(asked survey, anchor Check, mail [families]Check) *Result {
	var packets, udp, tcp [families]Check
	for f := range families {
		udp[f], tcp[f] = asked.udp(f), asked.tcp(f)
		packets[f] = asked.family(f, mail[f].Status == observation.OK)
		if packets[f].Status == observation.Absent {
			mail[f] = withoutRoute(mail[f])
		}
	}
	hijack, clock := asked.hijack(), asked.clock(c.Now(), c.DatedSerial)
	if clock.Stops {
		anchor.Stops = false // the wrong clock is the cause
	}
	r := &Result{Checks: []Check{packets[v6], packets[v4], udp[v6], udp[v4], tcp[v6], tcp[v4], hijack, anchor, clock, mail[v6], mail[v4]}}
	if !resolves(udp[v6]) && !resolves(udp[v4]) {
		for i := range r.Checks[:4] {
			if c := &r.Checks[i]; c.Failed() {
				c.Stops, c.Effect = true, "No name can be resolved, so nothing can be measured."
			}
		}
	}
	r.Checks = append(r.Checks, c.machine()...)
	ability := func(f family, c [families]Check) observation.Status {
		if packets[f].Status == observation.Absent {
			return observation.Absent
		}
		return c[f].Status
	}
	r.Capabilities = observation.Capabilities{
		IPv4: packets[v4].Status, IPv6: packets[v6].Status,
		UDP53V4: ability(v4, udp), UDP53V6: ability(v6, udp),
		TCP53V4: ability(v4, tcp), TCP53V6: ability(v6, tcp),
		SMTPV4: ability(v4, mail), SMTPV6: ability(v6, mail),
		Hijacked: hijack.Stops, ClockOff: clock.Stops,
	}
	return r
}

// resolves reports whether a resolver can work with what passes over UDP.
func resolves(udp Check) bool {
	return udp.Status == observation.OK || udp.Status == observation.Partial
}

// family is an index: v4 or v6.
type family int

const (
	v4 family = iota
	v6
	families
)

// String returns "IPv4" or "IPv6".
func (f family) String() string { return [...]string{"IPv4", "IPv6"}[f] }

// choose returns the name of f's check among the two.
func (f family) choose(nameV4, nameV6 string) string { return [...]string{nameV4, nameV6}[f] }
