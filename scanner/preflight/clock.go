package preflight

import (
	"context"
	"fmt"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

const (
	day = 24 * time.Hour
	// maxDays is how far the clock may be from the day of the root zone's
	// publication. It is published twice a day.
	maxDays = 2
)

// clock compares a time with two times that the root servers publish: the serial
// of the root zone and the validity of the signatures over its keys.
func (s *survey) clock(now time.Time, dated bool) Check {
	c := Check{Name: Clock, Title: "Clock",
		Effect: "Signatures and certificates are judged by it, so every secure zone would be judged bogus.",
		Fix:    "Set the clock, and keep it right with NTP: timedatectl set-ntp true"}
	published := s.published()
	from, until, signed := s.validity(now)
	days := 0
	if dated && !published.IsZero() {
		days = int(now.UTC().Truncate(day).Sub(published) / day)
	}
	ours := now.UTC().Format("2006-01-02 15:04")
	switch {
	case days > maxDays, days < -maxDays:
		c.Status = observation.Broken
		c.Seen = fmt.Sprintf("it says %s, and the root zone was published on %s", ours, published.Format(time.DateOnly))
	case signed && (now.Before(from) || now.After(until)):
		c.Status = observation.Broken
		c.Seen = fmt.Sprintf("it says %s, and the root's keys are signed from %s until %s", ours, from.Format(time.DateOnly), until.Format(time.DateOnly))
	case signed:
		c.Status = observation.OK
		c.Seen = fmt.Sprintf("%s UTC; the root's keys are signed until %s", ours, until.Format(time.DateOnly))
	case dated && !published.IsZero():
		c.Status = observation.OK
		c.Seen = fmt.Sprintf("%s UTC; the root zone is of %s", ours, published.Format(time.DateOnly))
	default:
		return c.unmeasured("no root server says anything of the time")
	}
	c.Stops = c.Status == observation.Broken
	return c.tidy()
}

// published returns the day of the latest version of the root zone that a
// server has, by its serial; zero where no serial is a date.
func (s *survey) published() (latest time.Time) {
	for f := range s {
		for i := range s[f] {
			for _, r := range []*reply{&s[f][i].udp, &s[f][i].tcp} {
				if r.msg == nil {
					continue
				}
				for _, rr := range r.msg.Answer {
					if soa, ok := rr.(*dns.SOA); ok {
						if at, ok := serialDay(soa.Serial); ok && at.After(latest) {
							latest = at
						}
					}
				}
			}
		}
	}
	return latest
}

// serialDay reads the day in a serial of the form YYYYMMDDNN.
func serialDay(serial uint32) (time.Time, bool) {
	at, err := time.Parse("20060102", fmt.Sprintf("%08d", serial/100))
	return at, err == nil && at.Year() >= 1990
}

// validity returns the validity of the signatures of the root's keys: that of
// one that is valid now where there is one, else of any.
func (s *survey) validity(now time.Time) (from, until time.Time, ok bool) {
	for f := range s {
		for i := range s[f] {
			if s[f][i].keys.msg == nil {
				continue
			}
			for _, rr := range s[f][i].keys.msg.Answer {
				sig, isSig := rr.(*dns.RRSIG)
				if !isSig || sig.TypeCovered != dns.TypeDNSKEY {
					continue
				}
				from, until, ok = time.Unix(int64(sig.Inception), 0).UTC(), time.Unix(int64(sig.Expiration), 0).UTC(), true
				if !now.Before(from) && !now.After(until) {
					return from, until, true
				}
			}
		}
	}
	return from, until, ok
}

// trustAnchor validates the root's keys, as every proof begins with them.
func (c *Config) trustAnchor(ctx context.Context) Check {
	check := Check{Name: TrustAnchor, Title: "Trust anchor",
		Effect: "Every proof begins at the root, so every signed zone would be judged bogus.",
		Fix:    "Update adopt6, or the file of dns.trust_anchor: https://data.iana.org/root-anchors/"}
	result, err := c.Resolver.Resolve(ctx, resolve.Dual, ".", dns.TypeDNSKEY)
	switch {
	case err != nil || result.Reason != "":
		return check.unmeasured("the root's keys could not be fetched")
	case result.State == observation.Secure:
		check.Status = observation.OK
		check.Seen = "the root's keys verify"
	case result.State == observation.Bogus:
		check.Status, check.Stops = observation.Broken, true
		check.Seen = fmt.Sprintf("the root's keys do not verify: %s", result.StateReason)
	default:
		return check.unmeasured(fmt.Sprintf("nothing to validate with: %s", result.StateReason))
	}
	return check.tidy()
}
