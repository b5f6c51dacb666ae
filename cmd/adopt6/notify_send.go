package main

import (
	"context"
	"errors"
	"fmt"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/report/notify"
	"adopt6/report/notify/channels"
	"adopt6/scanner/schedule/service"
	"adopt6/store"
)

func (a *app) notifySend(ctx context.Context, want, job string, dryRun, asJSON bool) (err error) {
	list, err := a.channels()
	if err != nil {
		return err
	}
	s, err := a.openStore(ctx, true)
	if err != nil {
		return err
	}
	queued, err := a.queueDigests(ctx, s, list, want, job, dryRun, asJSON)
	if err = errors.Join(err, s.Close()); err != nil || dryRun {
		return err
	}
	spool, err := a.notifySpool()
	if err != nil {
		return err
	}
	d, err := deliver(ctx, spool, list, false)
	if busy := new(notify.BusyError); errors.As(err, &busy) {
		d, err = &deliveries{Messages: []notify.Outcome{}, Told: []string{err.Error() + ", and these as well"}}, nil
	}
	if err != nil {
		return err
	}
	d.Told = append(d.Told, queued.Told...)
	if len(d.Messages) == 0 && !asJSON && queued.Messages == 0 {
		fmt.Fprintln(a.errOut, "There is nothing to send.")
	}
	return d.print(a, asJSON)
}

// queueDigests writes the digests of a scan and puts them into the spool, or
// prints them.
func (a *app) queueDigests(ctx context.Context, s *store.Store, list []channels.Channel, want, job string, dryRun, asJSON bool) (q channels.Queued, err error) {
	to, err := chooseScan(ctx, s, want)
	if err != nil {
		return q, err
	}
	if to.Finished.IsZero() {
		return q, fmt.Errorf("scan %s is not finished, so what it lacks would look lost; finish it with `%s scan --resume`", to.ID, calledAs())
	}
	scans, err := channels.ScansBefore(ctx, s, to, job)
	if err != nil {
		return q, err
	}
	if len(scans) < 2 {
		fmt.Fprintf(a.errOut, "Scan %s is the first of its line: there is none to compare it with.\n", to.ID)
		return q, nil
	}
	if !dryRun {
		spool, err := a.notifySpool()
		if err != nil {
			return q, err
		}
		return channels.Queue(ctx, s, spool, list, scans, job)
	}
	for _, c := range list {
		if !c.Wants(job) {
			continue
		}
		d, err := c.Digest(ctx, s, scans, job)
		if err != nil {
			return q, err
		}
		m, err := c.Write(d, "dry-run")
		if err != nil {
			return q, err
		}
		if asJSON {
			fmt.Fprintf(a.out, "%s\n", m.JSON)
			continue
		}
		fmt.Fprintf(terminal.Printable(a.out), "To %s by %s\nSubject: %s\n\n%s\n", c.Receivers(), c.Settings.Name, m.Subject, m.Text)
	}
	return q, nil
}

// openNotify opens what deliveries need. Without channels the spool is nil.
func (a *app) openNotify() (*notify.Spool, []channels.Channel, error) {
	list, err := a.someChannels()
	if err != nil || len(list) == 0 {
		return nil, nil, err
	}
	spool, err := a.notifySpool()
	return spool, list, err
}

// notifyAfterRun puts the digests of a job's run into the spool. The scheduler
// delivers them.
func notifyAfterRun(ctx context.Context, a *app, s *store.Store, done service.Finished) error {
	spool, list, err := a.openNotify()
	if err != nil || len(list) == 0 {
		return err
	}
	to, err := s.Scan(ctx, done.Run.Scan)
	if err != nil {
		return err
	}
	scans, err := channels.ScansBefore(ctx, s, to, done.Job.Name)
	if err != nil || len(scans) < 2 {
		return err
	}
	q, err := channels.Queue(ctx, s, spool, list, scans, done.Job.Name)
	for _, line := range q.Told {
		a.note("%s", line)
	}
	return err
}

// sendQueued delivers what is due after a run by hand.
func (a *app) sendQueued(ctx context.Context) error {
	spool, list, err := a.openNotify()
	if err != nil || len(list) == 0 {
		return err
	}
	d, err := deliver(ctx, spool, list, false)
	if err != nil {
		return err
	}
	shown := *a
	shown.out = a.errOut
	return d.print(&shown, false)
}
