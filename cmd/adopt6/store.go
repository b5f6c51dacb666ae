package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/configs/secret"
	"adopt6/store"
	"adopt6/store/engine"
)

// passwordVariable names the variable that holds a server's password. It is no
// setting, so that no command prints it.
const passwordVariable = "ADOPT6_STORE_PASSWORD"

// fromPasswordVariable names that of the server which a copy is made from.
const fromPasswordVariable = "ADOPT6_STORE_PASSWORD_FROM"

// registerStoreFlags adds the flags that choose the store.
func registerStoreFlags(cmd *cobra.Command) {
	cmd.Flags().String("store", "", "folder of the embedded ClickHouse store")
	cmd.Flags().String("dsn", "", "ClickHouse server: clickhouse://user@host:9000/database; password in "+passwordVariable)
	cmd.Flags().String("cluster", "", "cluster of that server to make new tables on, by its `name` in remote_servers")
}

// openStore opens the configured store. For reading it is left as it is; for
// writing it is made, brought up to date, and given what earlier runs left.
func (a *app) openStore(ctx context.Context, readOnly bool) (*store.Store, error) {
	cfg, err := a.storeConfig()
	if err != nil {
		return nil, err
	}
	return a.openConfig(ctx, cfg, readOnly)
}

// openConfig opens a store, and fetches the embedded engine where it is missing.
func (a *app) openConfig(ctx context.Context, cfg store.Config, readOnly bool) (*store.Store, error) {
	cfg.ReadOnly = readOnly
	s, err := store.Open(ctx, cfg)
	if missing := new(engine.MissingError); errors.As(err, &missing) {
		if _, err := a.fetchEngine(ctx); err != nil {
			return nil, err
		}
		s, err = store.Open(ctx, cfg)
	}
	return s, err
}

// storeConfig is the store that the settings name.
func (a *app) storeConfig() (store.Config, error) {
	chosen := a.settings.Store
	if chosen.DSN != "" {
		if a.settings.Origin("store.dsn") == "--dsn" && secret.In(chosen.DSN) {
			return store.Config{}, misusef("every user of this machine can read a password given with --dsn; put it into %s, or the whole address into ADOPT6_STORE_DSN or the configuration file", passwordVariable)
		}
		return a.serverConfig(chosen.DSN)
	}
	if a.settings.Origin("store.cluster") == "--cluster" {
		return store.Config{}, misusef("--cluster names a cluster of a ClickHouse server; name the server too, with --dsn")
	}
	path := chosen.Path
	if path == "" {
		data, err := userFolder("XDG_DATA_HOME", ".local/share")
		if err != nil {
			return store.Config{}, err
		}
		path = filepath.Join(data, "store")
	}
	return a.folderConfig(path), nil
}

func (a *app) folderConfig(path string) store.Config {
	cfg := a.anyConfig()
	cfg.Path = path
	return cfg
}

// serverConfig is a store on a server. Every server has a spool of its own, so
// that what was measured for one never reaches another.
func (a *app) serverConfig(dsn string) (store.Config, error) {
	cfg := a.anyConfig()
	cfg.DSN, cfg.CA, cfg.Cluster = dsn, a.settings.Store.CA, a.settings.Store.Cluster
	var err error
	if cfg.Password, err = a.password(); err != nil {
		return cfg, err
	}
	state, err := a.stateFolder()
	cfg.SpoolDir = filepath.Join(state, "spool", store.SpoolName(dsn, cfg.Database))
	return cfg, err
}

// maxPassword bounds the file of a password, in bytes.
const maxPassword = 4 << 10

// password is the server's: from the environment, else the first line of the
// file that the settings name.
func (a *app) password() (string, error) {
	if password, set := os.LookupEnv(passwordVariable); set || a.settings.Store.PasswordFile == "" {
		return password, nil
	}
	file, err := os.Open(a.settings.Store.PasswordFile)
	if err != nil {
		return "", misusef("read the password (store.password_file): %w", err)
	}
	defer file.Close()
	text, err := io.ReadAll(io.LimitReader(file, maxPassword))
	if err != nil {
		return "", fmt.Errorf("read the password (store.password_file): %w", err)
	}
	line, _, _ := strings.Cut(string(text), "\n")
	return strings.TrimSuffix(line, "\r"), nil
}

func (a *app) anyConfig() store.Config {
	return store.Config{
		Database: a.settings.Store.Database, Library: a.settings.Store.Library,
		Logf: func(format string, args ...any) { a.note("adopt6: "+format, args...) },
	}
}

func newStoreCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "store",
		Short: "Look at the store, copy it, prune it, fetch the embedded engine",
		Args:  noArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	cmd.AddCommand(newStoreInfoCommand(a), newStoreSchemaCommand(a), newStoreCopyCommand(a), newStorePruneCommand(a), newFetchEngineCommand(a))
	return cmd
}

func newFetchEngineCommand(a *app) *cobra.Command {
	return &cobra.Command{
		Use:   "fetch-engine",
		Short: "Fetch the embedded ClickHouse engine into the user's cache folder",
		Long: `Fetch the embedded ClickHouse engine (about 165 MB, 560 MB unpacked) with
'npm pack' into the user's cache folder, unless it is there. It is used only
when its hash is the one that this adopt6 was tested with.

Where npm cannot reach a registry, set store.library to a libchdb that you
trust, or use a ClickHouse server with --dsn.`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			path, err := a.fetchEngine(cmd.Context())
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(a.out, path)
			return err
		},
	}
}

// fetchEngine fetches the engine and shows how far it is.
func (a *app) fetchEngine(ctx context.Context) (string, error) {
	_, onTerminal := terminal.Size(a.errOut)
	onTerminal = onTerminal && a.log == nil
	last := ""
	path, err := engine.Fetch(ctx, engine.FetchConfig{Progress: func(p engine.Progress) {
		percent := p.Done * 100 / max(p.Total, 1)
		switch line := fmt.Sprintf("%s the ClickHouse engine: %d%% of %d MB", p.Step, percent, p.Total/1e6); {
		case onTerminal && line != last:
			fmt.Fprintf(a.errOut, "\r%-70s", line)
			last = line
		case !onTerminal && p.Step != last:
			a.note("%s the ClickHouse engine, %d MB", p.Step, p.Total/1e6)
			last = p.Step
		}
	}})
	if onTerminal && last != "" {
		fmt.Fprintln(a.errOut)
	}
	return path, err
}

func newStoreInfoCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "info",
		Short: "Print where the store is and what it holds",
		Long: `Print the engine and its version, where the data lies, the version of the
schema, the tables with their size, the scans, and what waits in the spool.

Rows are those on the disk: one that was sent twice counts twice there until
ClickHouse has merged its parts. Nothing that adopt6 computes counts it twice.`,
		Example: `  adopt6 store info
  adopt6 store info --dsn clickhouse://reader@stats.example.org --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.openStore(cmd.Context(), true)
			if err != nil {
				return err
			}
			info, err := s.Info(cmd.Context())
			if err = errors.Join(err, s.Close()); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.out).Encode(info)
			}
			return a.printInfo(info)
		},
	}
	registerStoreFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func newStoreSchemaCommand(a *app) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "schema",
		Short: "Print every table, view and column of the store with its meaning",
		Example: `  adopt6 store schema
  adopt6 store schema --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			s, err := a.openStore(cmd.Context(), true)
			if err != nil {
				return err
			}
			list, err := s.Schema(cmd.Context())
			if err = errors.Join(err, s.Close()); err != nil {
				return err
			}
			if asJSON {
				return json.NewEncoder(a.out).Encode(list)
			}
			return store.WriteDictionary(a.out, list)
		},
	}
	registerStoreFlags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print as JSON")
	return cmd
}

func (a *app) printInfo(info store.Info) error {
	out := tabwriter.NewWriter(terminal.Printable(a.out), 0, 0, 2, ' ', 0)
	fmt.Fprintf(out, "engine\t%s ClickHouse %s\n", info.Engine, info.Version)
	fmt.Fprintf(out, "data\t%s\n", info.Where)
	fmt.Fprintf(out, "schema\tversion %d\n", info.Schema)
	if info.SpoolDir != "" {
		fmt.Fprintf(out, "spool\t%s results wait in %s\n", terminal.Thousands(int64(info.Spool.Rows)), info.SpoolDir)
	}
	if info.Spool.Damaged > 0 {
		fmt.Fprintf(out, "\t%d damaged files were set aside there\n", info.Spool.Damaged)
	}
	fmt.Fprint(out, "\nTABLE\tROWS\tMB ON DISK\n")
	for _, t := range info.Tables {
		fmt.Fprintf(out, "%s\t%s\t%.1f\n", t.Name, terminal.Thousands(int64(t.Rows)), float64(t.Bytes)/1e6)
	}
	fmt.Fprint(out, "\nSCAN\tSTARTED\tTARGETS\tSTATE\n")
	for _, scan := range info.Scans {
		state := "finished"
		if scan.Finished.IsZero() {
			state = "not finished"
		}
		fmt.Fprintf(out, "%s\t%s\t%s\t%s\n", scan.ID, scan.Started.Format("2006-01-02 15:04"), terminal.Thousands(int64(scan.Targets)), state)
	}
	return out.Flush()
}
