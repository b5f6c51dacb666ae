package channels

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"adopt6/report/notify"
)

// Deliver tries the messages of a spool that are due, or all that wait, by the
// channels, as [notify.Spool.Deliver] does.
func Deliver(ctx context.Context, spool *notify.Spool, channels []Channel, all bool) (done []notify.Outcome, told []string, err error) {
	by := make(map[string]notify.Channel, len(channels))
	for _, c := range channels {
		by[c.Settings.Name] = c.By
	}
	return spool.Deliver(ctx, by, all)
}

// every is how often the scheduler looks for messages that are due.
const every = 30 * time.Second

// Opener opens what a delivery needs, with the settings as they are now. Without
// channels the spool is nil.
type Opener func() (*notify.Spool, []Channel, error)

// Keep delivers the messages that are due, until ctx ends, and logs what became
// of them.
func Keep(ctx context.Context, log *slog.Logger, open Opener) {
	ticker := time.NewTicker(every)
	defer ticker.Stop()
	var said []string // the last time, so that what lasts is said once
	for {
		told, err := deliverDue(ctx, log, open)
		if err != nil && ctx.Err() == nil {
			told = append(told, fmt.Sprintf("notifications cannot be delivered: %v", err))
		}
		for _, line := range told {
			if !slices.Contains(said, line) {
				log.Warn(line)
			}
		}
		said = told
		select {
		case <-ctx.Done():
			return
		case <-ticker.C:
		}
	}
}

// deliverDue delivers what is due once, and logs what became of it. It returns
// what an operator should know besides.
func deliverDue(ctx context.Context, log *slog.Logger, open Opener) ([]string, error) {
	spool, channels, err := open()
	if err != nil || len(channels) == 0 {
		return nil, err
	}
	done, told, err := Deliver(ctx, spool, channels, false)
	if busy := new(notify.BusyError); errors.As(err, &busy) {
		return nil, nil // what it leaves is due the next time
	}
	for _, m := range done {
		if m.State == notify.Delivered {
			log.Info("a digest was delivered", "channel", m.Channel, "receiver", m.Receiver, "id", m.ID)
		} else {
			log.Warn("a digest was not delivered", "channel", m.Channel, "receiver", m.Receiver, "id", m.ID, "state", m.State, "error", m.Error)
		}
	}
	return told, err
}
