package channels

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/google/uuid"

	"adopt6/report"
	"adopt6/report/notify"
	"adopt6/scanner/schedule/jobrun"
	"adopt6/store"
)

// lookBack is how many scans a digest looks at: the two that it compares, and
// those before in which a service was last measured for certain.
const lookBack = 6

// ScansBefore returns a scan and those before it that it may be compared with,
// the oldest first: of the same list and vantage, or of the same job.
func ScansBefore(ctx context.Context, s *store.Store, to store.ScanInfo, job string) (scans []store.ScanInfo, err error) {
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

// Digest writes what the last of some scans changed, as the channel wants it.
func (c *Channel) Digest(ctx context.Context, s *store.Store, scans []store.ScanInfo, job string) (*notify.Digest, error) {
	from, to := scans[len(scans)-2], scans[len(scans)-1]
	compared, err := s.Compare(ctx, from.ID, to.ID)
	if err != nil {
		return nil, err
	}
	ids := make([]uuid.UUID, len(scans))
	for i, scan := range scans {
		ids[i] = scan.ID
	}
	b := notify.NewBuilder(c.Settings.Most)
	for change, err := range s.ConfirmedChanges(ctx, ids, c.Settings.ConfirmScans, c.Settings.Countries...) {
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
		Job: job, Vantage: to.Vantage, List: to.List, Simulated: to.Simulated, See: c.Settings.See,
		From: notify.Scan{ID: from.ID, Started: from.Started}, To: notify.Scan{ID: to.ID, Started: to.Started},
		Created: time.Now(), Domains: compared,
	}), nil
}

// Queued is what was put into the spool.
type Queued struct {
	Messages int
	Told     []string // about the spool, and channels without news
}

// Queue puts the digests of the last of some scans into the spool, for the
// channels that want them.
func Queue(ctx context.Context, s *store.Store, spool *notify.Spool, channels []Channel, scans []store.ScanInfo, job string) (q Queued, err error) {
	for _, c := range channels {
		if !c.Wants(job) {
			continue
		}
		d, err := c.Digest(ctx, s, scans, job)
		if err != nil {
			return q, err
		}
		if !d.News() && !c.Settings.Always {
			q.Told = append(q.Told, fmt.Sprintf("There is no news for the channel %s.", c.Settings.Name))
			continue
		}
		entries, err := c.Entries(d, d.To.ID.String())
		if err != nil {
			return q, err
		}
		for _, e := range entries {
			added, told, err := spool.Put(e)
			if err != nil {
				return q, err
			}
			q.Told = append(q.Told, told...)
			if added {
				q.Messages++
			} else {
				q.Told = append(q.Told, fmt.Sprintf("The digest of this scan was queued before for %s to %s.", c.Settings.Name, e.Receiver))
			}
		}
	}
	return q, nil
}
