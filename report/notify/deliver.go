package notify

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/cenkalti/backoff/v5"
)

// RefusedError says that a receiver will never take a message.
type RefusedError struct{ Err error }

func (e *RefusedError) Error() string { return e.Err.Error() }
func (e *RefusedError) Unwrap() error { return e.Err }

// LaterError says that a receiver asks to wait.
type LaterError struct {
	Err   error
	After time.Duration
}

func (e *LaterError) Error() string { return e.Err.Error() }
func (e *LaterError) Unwrap() error { return e.Err }

// The pauses between tries: doubled from the first to the longest, each a third
// shorter or longer by chance.
const (
	firstPause   = 30 * time.Second
	longestPause = 4 * time.Hour
	pauseChance  = 1.0 / 3
)

// pause returns how long to wait after some failed tries.
func pause(tries int) (d time.Duration) {
	b := backoff.ExponentialBackOff{
		InitialInterval: firstPause, Multiplier: 2, MaxInterval: longestPause, RandomizationFactor: pauseChance,
	}
	for range min(tries, 20) {
		d = b.NextBackOff()
	}
	return d
}

// Outcome is what became of an entry in one delivery.
type Outcome struct {
	ID       string `json:"id"`
	Channel  string `json:"channel"`
	Receiver string `json:"receiver"`
	State    string `json:"state"` // one of those below
	Error    string `json:"error,omitempty"`
}

// States of outcomes.
const (
	Delivered = "delivered"
	Waiting   = "waiting"
	SetAside  = "aside"
	Failed    = "failed" // a test, which is not tried again
)

func (e *Entry) outcome(state, text string) Outcome {
	return Outcome{ID: e.ID, Channel: e.Channel, Receiver: e.Receiver, State: state, Error: text}
}

// DeliverOnce tries a message once, and keeps nothing of it: that of a test.
func DeliverOnce(ctx context.Context, channel Channel, e Entry) Outcome {
	limited, cancel := context.WithTimeout(ctx, deliverTime)
	defer cancel()
	if err := channel.Deliver(limited, e); err != nil {
		return e.outcome(Failed, err.Error())
	}
	return e.outcome(Delivered, "")
}

// deliverTime is the longest that one try may take.
const deliverTime = time.Minute

// Deliver tries what is due, or with all everything that waits, by the channels
// of those names. After a failure the rest of the channel waits for the next
// delivery. It returns what became of the entries that were tried, and what an
// operator should know besides. One process delivers at a time; another gets a
// *BusyError.
func (s *Spool) Deliver(ctx context.Context, channels map[string]Channel, all bool) (done []Outcome, told []string, err error) {
	lock, err := s.lockDelivery()
	if err != nil {
		return nil, nil, err
	}
	defer lock.Unlock()
	told, err = s.boundLocked()
	if err != nil {
		return nil, told, err
	}
	failing := make(map[string]bool)
	list, unreadable := s.Pending()
	told = append(told, unreadable...)
	// What was never tried goes first: it does not wait behind what fails.
	slices.SortStableFunc(list, func(a, b Entry) int { return cmp.Compare(a.Tries, b.Tries) })
	for _, e := range list {
		if ctx.Err() != nil {
			return done, told, ctx.Err()
		}
		if s.wasDelivered(e) {
			if err := s.delivered(e); err != nil {
				return done, told, err
			}
			continue
		}
		channel, known := channels[e.Channel]
		if !known || failing[e.Channel] || !all && s.now().Before(e.Next) {
			continue
		}
		outcome, err := s.try(ctx, channel, e)
		if err != nil {
			return done, told, err
		}
		failing[e.Channel] = outcome.State == Waiting
		done = append(done, outcome)
	}
	return done, told, nil
}

func (s *Spool) boundLocked() ([]string, error) {
	lock, err := s.lock()
	if err != nil {
		return nil, err
	}
	defer lock.Unlock()
	return s.bound()
}

// try makes one try. Its error is one of the spool: a channel that cannot record what
// was sent must stop.
func (s *Spool) try(ctx context.Context, channel Channel, e Entry) (Outcome, error) {
	limited, cancel := context.WithTimeout(ctx, deliverTime)
	defer cancel()
	failure := channel.Deliver(limited, e)
	if failure == nil {
		return e.outcome(Delivered, ""), s.delivered(e)
	}
	if err := ctx.Err(); err != nil {
		return Outcome{}, fmt.Errorf("interrupted: %w", err)
	}
	text := clean(failure.Error(), 2*maxDetail)
	if refused := new(RefusedError); errors.As(failure, &refused) {
		return e.outcome(SetAside, s.setAside(e, text)), nil
	}
	e.Tries++
	wait := pause(e.Tries)
	if later := new(LaterError); errors.As(failure, &later) {
		wait = max(wait, min(later.After, longestPause))
	}
	e.Error, e.Next = text, s.now().Add(wait).UTC().Truncate(time.Second)
	return e.outcome(Waiting, text), s.write(queueFolder, e)
}
