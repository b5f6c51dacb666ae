package scanner

import (
	"fmt"
	"strconv"
	"strings"
)

// Shard is one of several equal parts of a list, for machines that share a
// scan: the positions whose remainder modulo Of is Index. The zero value is the
// whole list.
type Shard struct {
	Index uint64 `json:"index"`
	Of    uint64 `json:"of"`
}

// mostShards is how many parts a list can have.
const mostShards = 10_000

// ParseShard reads "3/8", the fourth of eight parts: the first is 0/8, as
// Kubernetes counts the pods of a job.
func ParseShard(text string) (Shard, error) {
	index, of, ok := strings.Cut(text, "/")
	i, err := strconv.ParseUint(index, 10, 32)
	n, err2 := strconv.ParseUint(of, 10, 32)
	if !ok || err != nil || err2 != nil || n < 1 || n > mostShards || i >= n {
		return Shard{}, fmt.Errorf("%q is not a shard of a list; expected I/N with I from 0 to N-1 and N up to %d, such as 0/4", text, mostShards)
	}
	return Shard{i, n}, nil
}

// Whole reports whether s is the whole list.
func (s Shard) Whole() bool { return s.Of < 2 }

// Has reports whether a position is in the shard.
func (s Shard) Has(position uint64) bool { return s.Whole() || position%s.Of == s.Index }

// Count returns how many positions below targets are in the shard.
func (s Shard) Count(targets uint64) uint64 {
	if s.Whole() {
		return targets
	}
	return (targets + s.Of - 1 - s.Index) / s.Of
}

func (s Shard) String() string { return fmt.Sprintf("%d/%d", s.Index, s.Of) }

// OtherShards returns the positions of the list that other machines measure.
func (w *Worklist) OtherShards() *Positions {
	others := new(Positions)
	for position := range w.Targets {
		if !w.Shard.Has(position) {
			others.Add(position)
		}
	}
	return others
}
