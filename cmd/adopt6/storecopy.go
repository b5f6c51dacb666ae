package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/configs/secret"
	"adopt6/store"
)

func newStoreCopyCommand(a *app) *cobra.Command {
	var scans []string
	cmd := &cobra.Command{
		Use:   "copy FROM TO",
		Short: "Copy scans from one store to another",
		Long: `Copy scans, with everything that belongs to them, from one store to another: a
laptop's folder into the ministry's server, or a server into a folder. Each is a
folder, or the address of a server.

Running it again does no harm: rows keep their keys, and finished scans that are
there already are skipped. A copy that was interrupted continues where it was
when it is run again. The other store is made when it does not exist.

The password of a server comes from ` + passwordVariable + `; where both are
servers, that of FROM from ` + fromPasswordVariable + `.`,
		Example: `  adopt6 store copy /srv/adopt6/store clickhouse://scanner@stats.example.org
  adopt6 store copy clickhouse://reader@stats.example.org ./laptop --scan 4f0c`,
		Args: exactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.copyStore(cmd.Context(), args[0], args[1], scans)
		},
	}
	cmd.Flags().StringSliceVar(&scans, "scan", nil, "only these scans, by their ids or the start of them, or latest")
	return cmd
}

func (a *app) copyStore(ctx context.Context, fromPlace, toPlace string, names []string) (err error) {
	from, err := a.openPlace(ctx, fromPlace, true)
	if err != nil {
		return fmt.Errorf("the store to copy from: %w", err)
	}
	defer func() { err = errors.Join(err, from.Close()) }()
	var chosen []uuid.UUID
	for _, name := range names {
		scan, err := chooseScan(ctx, from, name)
		if err != nil {
			return err
		}
		chosen = append(chosen, scan.ID)
	}
	to, err := a.openPlace(ctx, toPlace, false)
	if err != nil {
		return fmt.Errorf("the store to copy to: %w", err)
	}
	defer func() { err = errors.Join(err, to.Close()) }()
	var (
		mu    sync.Mutex
		state store.Copied
	)
	stop := terminal.Progress(a.errOut, "copy", "rows", func() terminal.Moment {
		mu.Lock()
		defer mu.Unlock()
		return terminal.Moment{Done: int64(state.Rows), Total: int64(state.Total), Detail: fmt.Sprintf("scan %d of %d", min(state.Scans+1, state.Of), state.Of)}
	})
	done, err := store.Copy(ctx, from, to, chosen, func(now store.Copied) {
		mu.Lock()
		defer mu.Unlock()
		state = now
	})
	stop()
	if err != nil {
		return err
	}
	_, err = fmt.Fprintf(a.out, "%d scans copied, %d were there already; %s rows\n", done.Scans-done.Skipped, done.Skipped, terminal.Thousands(int64(done.Rows)))
	return err
}

// openPlace opens the store that an argument names: a folder or a server's
// address. That holds no password, for every user of the machine can read it.
func (a *app) openPlace(ctx context.Context, place string, readOnly bool) (*store.Store, error) {
	if !strings.Contains(place, "://") {
		return a.openConfig(ctx, a.folderConfig(place), readOnly)
	}
	if secret.In(place) {
		return nil, misusef("every user of this machine can read a password given in an argument; put it into %s", passwordVariable)
	}
	cfg, err := a.serverConfig(place)
	if err != nil {
		return nil, err
	}
	if password, set := os.LookupEnv(fromPasswordVariable); readOnly && set {
		cfg.Password = password
	}
	return a.openConfig(ctx, cfg, readOnly)
}
