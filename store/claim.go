package store

import (
	"context"
	"fmt"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/schedule/jobrun"
)

// A claim is how schedulers on several machines agree who makes a run. Each
// inserts a claim, waits until every claim made before must be visible, and
// reads them all: the first has the run, by the clock of the server. ClickHouse
// has no transactions, and this needs none as long as one server takes the
// claims: an insert that took so long that others may have read without it is
// given up.

const (
	// claimLife is how long a claim holds without being renewed.
	claimLife = 15 * time.Minute
	// slowClaim is the longest that inserting a claim may take.
	slowClaim = 3 * time.Second
)

// settleClaims is the wait between making a claim and reading all: slowClaim,
// and the second in which two stamps look the same, and one more.
const settleClaims = slowClaim + 2*time.Second

// ClaimRenewal is how often a claim is to be renewed.
const ClaimRenewal = claimLife / 3

// States of a claim.
const (
	claimHeld   = "held"
	claimDone   = "done"
	claimGiven  = "given_up"
	claimFields = "job, vantage, planned, run, machine, claimed, expires, state, revision"
)

// Claim is a run that this machine may make.
type Claim struct {
	store    *Store
	run      jobrun.Run
	claimed  time.Time
	revision uint64
}

// rival is a claim as others see it.
type rival struct {
	planned  time.Time
	run      uuid.UUID
	claimant string
	claimed  time.Time
	state    string
	live     bool
	revision uint64
}

// ClaimRun claims a run, which takes settleClaims. The error is a
// *jobrun.ElsewhereError when another machine has it, or still makes one of
// the same job from the same vantage. A store in a folder has one process at a
// time, so there nothing needs to be claimed and nil is returned.
func (s *Store) ClaimRun(ctx context.Context, r jobrun.Run) (*Claim, error) {
	if s.engine != nil {
		return nil, nil
	}
	return s.claimRun(ctx, r, func() error {
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-time.After(settleClaims):
			return nil
		}
	})
}

// claimRun claims a run; settle waits until every claim made before is visible.
func (s *Store) claimRun(ctx context.Context, r jobrun.Run, settle func() error) (*Claim, error) {
	c := &Claim{store: s, run: r}
	rivals, err := s.claims(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, own := range rivals {
		if own.run != r.ID {
			continue
		}
		c.revision = own.revision
		if own.live && own.state == claimHeld {
			c.claimed = own.claimed // ours since before a restart
		}
	}
	start := time.Now()
	if err := c.put(ctx, claimHeld); err != nil {
		return nil, err
	}
	if took := time.Since(start); took > slowClaim {
		return nil, c.giveUp(ctx, fmt.Errorf("claim the run: the store took %s, which is too long to be sure that no other machine has it", took.Round(time.Second)))
	}
	if err := settle(); err != nil {
		return nil, c.giveUp(ctx, err)
	}
	if rivals, err = s.claims(ctx, r); err != nil {
		return nil, c.giveUp(ctx, err)
	}
	var own rival
	for _, x := range rivals {
		if x.run == r.ID {
			own = x
		}
	}
	c.claimed = own.claimed
	for _, x := range rivals {
		if x.before(own) {
			return nil, c.giveUp(ctx, &jobrun.ElsewhereError{Claimant: x.claimant})
		}
	}
	return c, nil
}

// before says whether a claim keeps the maker of another from its run.
func (x rival) before(own rival) bool {
	switch {
	case x.run == own.run:
		return false
	case x.claimant == own.claimant && x.state == claimHeld:
		return false // a process of this scheduler that died: we have the job's lock
	case x.state == claimDone:
		return x.planned.Equal(own.planned)
	case x.state != claimHeld || !x.live:
		return false // given up, or its maker is gone
	}
	return x.claimed.Before(own.claimed) || x.claimed.Equal(own.claimed) && x.run.String() < own.run.String()
}

// claims reads the claims on a job that matter for a run: those of the same
// planned time, and those that are held.
func (s *Store) claims(ctx context.Context, r jobrun.Run) ([]rival, error) {
	fail := func(err error) ([]rival, error) {
		return nil, s.explain(fmt.Errorf("read who has runs of job %s: %w", r.Job, err))
	}
	rows, err := s.db.Query(ctx, `SELECT planned, run, machine, claimed, state, expires > now(), revision FROM claims FINAL
		WHERE job = ? AND vantage = ? AND (planned = toDateTime(?) OR state = ?)`,
		r.Job, r.Vantage, uint32(r.Planned.Unix()), claimHeld)
	if err != nil {
		return fail(err)
	}
	defer rows.Close()
	var list []rival
	for rows.Next() {
		var x rival
		var live uint8
		if err := rows.Scan(&x.planned, &x.run, &x.claimant, &x.claimed, &x.state, &live, &x.revision); err != nil {
			return fail(err)
		}
		x.live = live == 1
		list = append(list, x)
	}
	if err := rows.Err(); err != nil {
		return fail(err)
	}
	return list, nil
}

// put stores the claim in a state, with the server's time.
func (c *Claim) put(ctx context.Context, state string) error {
	c.revision++
	claimed, args := "now()", []any{c.run.Job, c.run.Vantage, uint32(c.run.Planned.Unix()), c.run.ID.String(), c.run.Claimant()}
	if !c.claimed.IsZero() {
		claimed, args = "toDateTime(?)", append(args, uint32(c.claimed.Unix()))
	}
	args = append(args, int(claimLife/time.Second), state, c.revision)
	err := c.store.db.Exec(ctx, "INSERT INTO claims ("+claimFields+") SELECT ?, ?, toDateTime(?), toUUID(?), ?, "+claimed+", now() + ?, ?, toUInt64(?)", args...)
	if err != nil {
		return c.store.explain(fmt.Errorf("claim the run of job %s: %w", c.run.Job, err))
	}
	return nil
}

// giveUp lets others have the run, and returns why.
func (c *Claim) giveUp(ctx context.Context, why error) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slowClaim)
	defer cancel()
	if err := c.put(ctx, claimGiven); err != nil {
		return fmt.Errorf("%w (and the claim stays until it expires: %w)", why, err)
	}
	return why
}

// Renew keeps a claim from expiring. A nil claim needs none.
func (c *Claim) Renew(ctx context.Context) error {
	if c == nil {
		return nil
	}
	return c.put(ctx, claimHeld)
}

// Done records that the run is over, also when ctx has ended; done says whether its scan is complete, so
// that no other machine makes it again.
func (c *Claim) Done(ctx context.Context, done bool) error {
	if c == nil {
		return nil
	}
	state := claimGiven
	if done {
		state = claimDone
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), slowClaim)
	defer cancel()
	return c.put(ctx, state)
}
