package campaign

import (
	"context"
	"fmt"
	"iter"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner"
	"adopt6/scanner/metrics"
	"adopt6/scanner/observation"
)

// Sink keeps what a campaign finds.
type Sink interface {
	// Done yields the positions of a scan that are kept; none of one that is
	// not known.
	Done(ctx context.Context, scan uuid.UUID) iter.Seq2[uint64, error]
	// Begin records a scan, unless it is known, and returns what is known of it.
	Begin(ctx context.Context, info Info) (known Info, err error)
	// Writer takes the observations of a scan that was begun.
	Writer(ctx context.Context, scan uuid.UUID) (Writer, error)
	// Finish completes a scan whose targets are all stored.
	Finish(ctx context.Context, scan uuid.UUID) error
}

// Writer takes over observations of one scan.
type Writer interface {
	// Write keeps an observation, which must not be changed afterwards. It may
	// wait for room until ctx ends.
	Write(ctx context.Context, o *observation.Observation) error
	// State may be asked for at any time.
	State() metrics.StoreState
	// Close brings everything to where it is kept. Of a scan that was cut short
	// it brings what can be brought at once; the rest is on disk and loses
	// nothing.
	Close(ctx context.Context, whole bool) error
}

// Info says what a scan is.
type Info struct {
	Scan         uuid.UUID
	Started      time.Time // UTC, to the second
	List         string
	Vantage      string
	Targets      uint64
	Program      string // the version of adopt6
	Capabilities observation.Capabilities
	Simulated    bool
	ASTable      string // of autonomous systems; empty for none
}

// OtherListError says that machines which share a scan have different lists.
type OtherListError struct{ Known, Mine Info }

func (e *OtherListError) Error() string {
	return fmt.Sprintf("the scan that began at %s is of %s with %d targets, and this list is %s with %d: all machines need the same list",
		e.Mine.Started.Format(time.RFC3339), e.Known.List, e.Known.Targets, e.Mine.List, e.Mine.Targets)
}

// listName says which list a scan is of. Where several machines share it, they
// must have the same one, so that its digest is part of the name.
func listName(w *scanner.Worklist) string {
	if w.Shard.Whole() {
		return w.List
	}
	return fmt.Sprintf("%s (%.12s)", w.List, w.Digest)
}

// kept says what of a list is kept already.
type kept struct {
	// done holds all positions that are not to be measured here: those that are
	// kept and those of other machines.
	done *scanner.Positions
	// mine and all count what is kept, of this machine's part and of the whole
	// list.
	mine, all uint64
}

func whatIsKept(ctx context.Context, sink Sink, w *scanner.Worklist) (kept, error) {
	found := kept{done: new(scanner.Positions)}
	for position, err := range sink.Done(ctx, w.Scan) {
		if err != nil {
			return found, fmt.Errorf("ask what is stored already: %w", err)
		}
		found.done.Add(position)
	}
	for position := range w.Targets {
		if found.done.Has(position) {
			found.all++
			if w.Shard.Has(position) {
				found.mine++
			}
		} else if !w.Shard.Has(position) {
			found.done.Add(position)
		}
	}
	return found, nil
}
