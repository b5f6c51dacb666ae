package main

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"adopt6/configs"
	"adopt6/report"
	"adopt6/report/server"
	"adopt6/store"
	"adopt6/store/engine"
)

func newServeCommand(a *app) *cobra.Command {
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the report live: pages, search, a JSON API, metrics",
		Long: `Serve the pages of ` + "`adopt6 report`" + ` for the latest finished scan, with a search
for domains and their history, data as CSV and JSON, and a JSON API, which
/api/v1/openapi.json describes. A scan that ends shows within ten seconds.

The store is only read. The lock on an embedded store is released between
requests, so that scans can take it; while one runs, only pages that were shown
recently are available. A ClickHouse server (--dsn) has no such limit.

Only this machine can reach the default address. To serve others, put a proxy
with TLS before it, or give a certificate (--tls-cert, --tls-key) and another
address. /healthz and /readyz say whether the process and the store answer,
/metrics is for Prometheus. Ctrl-C or SIGTERM ends it once what is under way is
answered.`,
		Example: `  adopt6 serve
  adopt6 serve --listen '[::]:443' --tls-cert cert.pem --tls-key key.pem
  adopt6 serve --dsn clickhouse://reader@db.example:9000/adopt6 --log json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.serve(cmd.Context()) },
	}
	registerStoreFlags(cmd)
	cmd.Flags().String("listen", "", "address and port to listen on")
	configs.NumberFlags(cmd.Flags(), "rate-per-client")
	cmd.Flags().String("tls-cert", "", "`file` of the certificate and its chain (PEM)")
	cmd.Flags().String("tls-key", "", "`file` of the certificate's key (PEM)")
	cmd.Flags().String("log", "", "log of requests: text, json or none")
	return cmd
}

// storeIdle is how long the folder of an embedded store is kept after a use.
const storeIdle = 3 * time.Second

func (a *app) serve(ctx context.Context) (err error) {
	chosen := a.settings.Serve
	proxies, err := server.ParseProxies(chosen.Proxies)
	if err != nil {
		return misusef("serve.proxies: %w", err)
	}
	cfg := server.Config{
		Site: report.SiteOptions{Reasons: reasonTexts()},
		Rate: chosen.Rate, Trusted: proxies, TLS: chosen.TLSCert != "", CacheBytes: int64(chosen.Cache) << 20,
		Queries: chosen.Queries, Timeout: chosen.Timeout, Log: requestLog(a.errOut, chosen.Log),
	}
	end, err := a.lendStore(ctx, &cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, end()) }()
	s, err := server.New(cfg)
	if err != nil {
		return err
	}
	listener, err := net.Listen("tcp", chosen.Listen)
	if err != nil {
		return fmt.Errorf("listen on %s (serve.listen): %w", chosen.Listen, err)
	}
	scheme := "http"
	if cfg.TLS {
		certificates := server.NewCertificates(chosen.TLSCert, chosen.TLSKey)
		if err := certificates.Load(); err != nil {
			return errors.Join(asMisuse(err), listener.Close())
		}
		scheme = "https"
		listener = tls.NewListener(listener, &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: certificates.Get, NextProtos: []string{"h2", "http/1.1"}})
	}
	fmt.Fprintf(a.out, "%s://%s/\n", scheme, listener.Addr())
	if !server.Loopback(listener.Addr()) {
		fmt.Fprintf(a.errOut, "Everyone who can reach this machine at %s can read these pages.\n", listener.Addr())
		if !cfg.TLS {
			fmt.Fprintln(a.errOut, "They go over the network unencrypted: no certificate is set (serve.tls_cert).")
		}
	}
	return s.Run(ctx, listener)
}

// lendStore opens the store for reading: that of a server once, a folder
// whenever it is needed.
func (a *app) lendStore(ctx context.Context, cfg *server.Config) (end func() error, err error) {
	config, err := a.storeConfig()
	if err != nil {
		return nil, err
	}
	if config.Path == "" {
		s, err := a.openConfig(ctx, config, true)
		if err != nil {
			return nil, err
		}
		cfg.Lend = server.Always(s)
		return s.Close, nil
	}
	lent := store.NewOnDemand(filepath.Join(config.Path, engine.LockFile), storeIdle, func(ctx context.Context) (*store.Store, error) {
		return a.openConfig(context.WithoutCancel(ctx), config, true) // the store outlives the request
	})
	cfg.Lend, cfg.Changed = server.OnDemand(lent), lent.Changed
	// Report at once what waiting cannot fix.
	err = cfg.Lend(ctx, func(*store.Store) error { return nil })
	missing, busy := new(store.MissingError), new(server.BusyError)
	if err != nil && !errors.As(err, &missing) && !errors.As(err, &busy) {
		return nil, errors.Join(err, lent.Close())
	}
	if err != nil {
		fmt.Fprintf(a.errOut, "No pages yet: %v\n", err)
	}
	return lent.Close, nil
}

func requestLog(w io.Writer, format string) *slog.Logger {
	switch format {
	case "json":
		return slog.New(slog.NewJSONHandler(w, nil))
	case "text":
		return slog.New(slog.NewTextHandler(w, nil))
	}
	return slog.New(slog.DiscardHandler)
}
