package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"github.com/google/uuid"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/configs"
	"adopt6/report"
	"adopt6/report/notify"
	"adopt6/scanner/schedule/jobrun"
	"adopt6/scanner/schedule/service"
	"adopt6/store"
)

// lookBack is how many scans a digest looks at: the two that it compares, and
// those before in which a service was last measured for certain.
const lookBack = 6

func (a *app) notifySend(ctx context.Context, want, job string, dryRun, asJSON bool) (err error) {
	channels, err := a.channels()
	if err != nil {
		return err
	}
	s, err := a.openStore(ctx, true)
	if err != nil {
		return err
	}
	queued, err := a.queueDigests(ctx, s, channels, want, job, dryRun, asJSON)
	if err = errors.Join(err, s.Close()); err != nil || dryRun {
		return err
	}
	spool, err := a.notifySpool()
	if err != nil {
		return err
	}
	d, err := deliver(ctx, spool, channels, false)
	if busy := new(notify.BusyError); errors.As(err, &busy) {
		d, err = &deliveries{Messages: []delivery{}, Told: []string{err.Error() + ", and these as well"}}, nil
	}
	if err != nil {
		return err
	}
	d.Told = append(d.Told, queued.told...)
	if len(d.Messages) == 0 && !asJSON && queued.messages == 0 {
		fmt.Fprintln(a.errOut, "There is nothing to send.")
	}
	return d.print(a, asJSON)
}

// queued is what was put into the spool.
type queued struct {
	messages int
	told     []string // about the spool, and channels without news
}

// queueDigests writes the digests of a scan and puts them into the spool, or
// prints them.
func (a *app) queueDigests(ctx context.Context, s *store.Store, channels []channel, want, job string, dryRun, asJSON bool) (q queued, err error) {
	to, err := chooseScan(ctx, s, want)
	if err != nil {
		return q, err
	}
	if to.Finished.IsZero() {
		return q, fmt.Errorf("scan %s is not finished, so what it lacks would look lost; finish it with `%s scan --resume`", to.ID, calledAs())
	}
	scans, err := scansBefore(ctx, s, to, job)
	if err != nil {
		return q, err
	}
	if len(scans) < 2 {
		fmt.Fprintf(a.errOut, "Scan %s is the first of its line: there is none to compare it with.\n", to.ID)
		return q, nil
	}
	if !dryRun {
		return a.spoolDigests(ctx, s, channels, scans, job)
	}
	for _, c := range channels {
		if !c.wants(job) {
			continue
		}
		d, err := digestOf(ctx, s, &c, scans, job)
		if err != nil {
			return q, err
		}
		m, err := c.writer.Write(d, "dry-run")
		if err != nil {
			return q, err
		}
		if asJSON {
			fmt.Fprintf(a.out, "%s\n", m.JSON)
			continue
		}
		fmt.Fprintf(terminal.Printable(a.out), "To %s by %s\nSubject: %s\n\n%s\n", c.receivers(), c.settings.Name, m.Subject, m.Text)
	}
	return q, nil
}

// spoolDigests puts the digests of the last of some scans into the spool, for
// the channels that want them.
func (a *app) spoolDigests(ctx context.Context, s *store.Store, channels []channel, scans []store.ScanInfo, job string) (q queued, err error) {
	spool, err := a.notifySpool()
	if err != nil {
		return q, err
	}
	for _, c := range channels {
		if !c.wants(job) {
			continue
		}
		d, err := digestOf(ctx, s, &c, scans, job)
		if err != nil {
			return q, err
		}
		if !d.News() && !c.settings.Always {
			q.told = append(q.told, fmt.Sprintf("There is no news for the channel %s.", c.settings.Name))
			continue
		}
		entries, err := c.entries(d, d.To.ID.String())
		if err != nil {
			return q, err
		}
		for _, e := range entries {
			added, told, err := spool.Put(e)
			if err != nil {
				return q, err
			}
			q.told = append(q.told, told...)
			if added {
				q.messages++
			} else {
				q.told = append(q.told, fmt.Sprintf("The digest of this scan was queued before for %s to %s.", c.settings.Name, e.Receiver))
			}
		}
	}
	return q, nil
}

// scansBefore returns a scan and those before it that it may be compared with,
// the oldest first: of the same list and vantage, or of the same job.
func scansBefore(ctx context.Context, s *store.Store, to store.ScanInfo, job string) (scans []store.ScanInfo, err error) {
	scans = []store.ScanInfo{to}
	if job != "" {
		return scansOfJob(ctx, s, to, job)
	}
	for len(scans) < lookBack {
		before, err := report.Previous(ctx, s, scans[0])
		if err != nil {
			return nil, err
		}
		if before.ID == uuid.Nil {
			break
		}
		scans = slices.Insert(scans, 0, before)
	}
	return scans, nil
}

func scansOfJob(ctx context.Context, s *store.Store, to store.ScanInfo, job string) (scans []store.ScanInfo, err error) {
	made := make(map[uuid.UUID]bool)
	for run, err := range s.Runs(ctx) {
		if err != nil {
			return nil, err
		}
		if run.Job == job && run.Outcome == jobrun.Finished {
			made[run.Scan] = true
		}
	}
	for scan, err := range s.Scans(ctx) { // the oldest first
		if err != nil {
			return nil, err
		}
		if made[scan.ID] && scan.ID != to.ID && !scan.Finished.IsZero() && scan.Started.Before(to.Started) &&
			scan.Vantage == to.Vantage && scan.Simulated == to.Simulated {
			scans = append(scans, scan)
		}
	}
	return append(scans[max(0, len(scans)-lookBack+1):], to), nil
}

// digestOf writes what the last of some scans changed, as one channel wants it.
func digestOf(ctx context.Context, s *store.Store, c *channel, scans []store.ScanInfo, job string) (*notify.Digest, error) {
	from, to := scans[len(scans)-2], scans[len(scans)-1]
	compared, err := s.Compare(ctx, from.ID, to.ID)
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(scans))
	for i, scan := range scans {
		ids[i] = scan.ID
	}
	b := notify.NewBuilder(c.settings.Most)
	for change, err := range s.ConfirmedChanges(ctx, ids, c.settings.ConfirmScans, c.settings.Countries...) {
		switch {
		case err != nil:
			return nil, err
		case change.Held:
			b.Hold()
		default:
			b.Add(change.Change)
		}
	}
	return b.Digest(notify.Digest{
		Job: job, Vantage: to.Vantage, List: to.List, Simulated: to.Simulated, See: c.settings.See,
		From: notify.Scan{ID: from.ID, Started: from.Started}, To: notify.Scan{ID: to.ID, Started: to.Started},
		Created: time.Now(), Domains: compared,
	}), nil
}

// notifyAfterRun puts the digests of a job's run into the spool. The scheduler
// delivers them.
func notifyAfterRun(ctx context.Context, a *app, s *store.Store, done service.Finished) error {
	channels, err := a.someChannels()
	if err != nil || len(channels) == 0 {
		return err
	}
	to, err := s.Scan(ctx, done.Run.Scan)
	if err != nil {
		return err
	}
	scans, err := scansBefore(ctx, s, to, done.Job.Name)
	if err != nil || len(scans) < 2 {
		return err
	}
	q, err := a.spoolDigests(ctx, s, channels, scans, done.Job.Name)
	for _, line := range q.told {
		a.note("%s", line)
	}
	return err
}

// sendQueued delivers what is due after a run by hand.
func (a *app) sendQueued(ctx context.Context) error {
	channels, err := a.someChannels()
	if err != nil || len(channels) == 0 {
		return err
	}
	spool, err := a.notifySpool()
	if err != nil {
		return err
	}
	d, err := deliver(ctx, spool, channels, false)
	if err != nil {
		return err
	}
	shown := *a
	shown.out = a.errOut
	return d.print(&shown, false)
}

// notifyEvery is how often the scheduler looks for messages that are due.
const notifyEvery = 30 * time.Second

// keepNotifying delivers the messages that are due, until ctx ends.
func keepNotifying(ctx context.Context, log *slog.Logger, settings func() *configs.Settings) {
	ticker := time.NewTicker(notifyEvery)
	defer ticker.Stop()
	var said []string // the last time, so that what lasts is said once
	for {
		told, err := notifyDue(ctx, log, settings())
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

// notifyDue delivers what is due once, and logs what became of it. It returns
// what an operator should know besides.
func notifyDue(ctx context.Context, log *slog.Logger, settings *configs.Settings) ([]string, error) {
	sender := &app{settings: settings}
	channels, err := sender.someChannels()
	if err != nil || len(channels) == 0 {
		return nil, err
	}
	spool, err := sender.notifySpool()
	if err != nil {
		return nil, err
	}
	d, err := deliver(ctx, spool, channels, false)
	if busy := new(notify.BusyError); errors.As(err, &busy) {
		return nil, nil // what it leaves is due the next time
	}
	for _, m := range d.Messages {
		if m.State == notify.Delivered {
			log.Info("a digest was delivered", "channel", m.Channel, "receiver", m.Receiver, "id", m.ID)
		} else {
			log.Warn("a digest was not delivered", "channel", m.Channel, "receiver", m.Receiver, "id", m.ID, "state", m.State, "error", m.Error)
		}
	}
	return d.Told, err
}
