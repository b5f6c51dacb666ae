package main

import (
	"fmt"
	"time"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/scanner"
)

// shardFlags split a scan among machines.
type shardFlags struct {
	shard, begun string
}

func (f *shardFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&f.shard, "shard", "", "measure the part I/N of the list only, I from 0 to N-1; needs --begun")
	cmd.Flags().StringVar(&f.begun, "begun", "", "`time` (RFC 3339) that names a scan which several machines share")
}

// scanNames is the name space of the ids of scans that several machines share.
var scanNames = uuid.MustParse("6f1c1d2e-5a0b-5c58-9a4f-2d4a1d0c7f64")

// header fills in what makes the parts of one scan known as such: an id that
// follows from vantage and time, and the same time for all.
func (f *shardFlags) header(h *scanner.Header) error {
	if f.shard == "" && f.begun == "" {
		return nil
	}
	if f.shard == "" || f.begun == "" {
		return misusef("--shard and --begun go together: all machines of a scan give the same time and vantage, each its own part")
	}
	var err error
	if h.Shard, err = scanner.ParseShard(f.shard); err != nil {
		return misusef("--shard: %w", err)
	}
	begun, err := time.Parse(time.RFC3339, f.begun)
	if err != nil {
		return misusef("--begun %s: expected a time such as 2026-11-24T06:00:00Z", f.begun)
	}
	if begun.After(time.Now().Add(24 * time.Hour)) {
		return misusef("--begun %s lies in the future", f.begun)
	}
	h.Created = begun.UTC().Truncate(time.Second)
	h.Scan = uuid.NewSHA1(scanNames, []byte(h.Vantage+"\x00"+h.Created.Format(time.RFC3339)))
	return nil
}

// scanFolder is where a scan keeps its work list, below the folder of all.
func scanFolder(h scanner.Header) string {
	if h.Shard.Whole() {
		return h.Scan.String()
	}
	return fmt.Sprintf("%s-%d-of-%d", h.Scan, h.Shard.Index, h.Shard.Of)
}
