package main

import (
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/pprof"
	"net/netip"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
	"github.com/spf13/cobra"

	"adopt6/scanner/metrics"
)

// registerWatchFlags adds the flags of commands that run long enough to be
// watched.
func registerWatchFlags(cmd *cobra.Command) {
	cmd.Flags().String("metrics", "", "serve metrics for Prometheus on this `address`, such as 127.0.0.1:9464")
	cmd.Flags().String("pprof", "", "serve Go profiles on this `address` of loopback, such as 127.0.0.1:6060")
	cmd.Flags().String("log-format", "", "messages: plain, or one record a line as text or json")
}

// note prints or logs a line.
func (a *app) note(format string, args ...any) {
	if a.log != nil {
		a.log.Info(fmt.Sprintf(format, args...))
		return
	}
	fmt.Fprintf(a.errOut, format+"\n", args...)
}

// logMessages makes a record of every message, where the settings ask for it.
func (a *app) logMessages() {
	if a.settings.Log.Format != "plain" {
		a.log = slog.New(a.journalHandler())
	}
}

// watch serves metrics and profiles where the settings ask for it, until stop
// is called.
func (a *app) watch() (stop func(), err error) {
	watched := a.settings.Metrics
	var servers []*http.Server
	var serving sync.WaitGroup
	stop = func() {
		for _, s := range servers {
			_ = s.Close()
		}
		serving.Wait()
	}
	serve := func(setting, address string, handler http.Handler, loopbackOnly bool) error {
		if address == "" {
			return nil
		}
		l, err := net.Listen("tcp", address)
		if err != nil {
			return misusef("%s: %w", setting, err)
		}
		at, err := netip.ParseAddrPort(l.Addr().String())
		switch {
		case err == nil && at.Addr().Unmap().IsLoopback():
		case loopbackOnly:
			return errors.Join(misusef("%s %s: profiles show the memory of this process; give an address of loopback", setting, address), l.Close())
		default:
			a.note("%s: %s can be reached from other machines; metrics have no password", setting, l.Addr())
		}
		s := &http.Server{Handler: handler, ReadHeaderTimeout: 5 * time.Second, WriteTimeout: 2 * time.Minute, IdleTimeout: time.Minute, MaxHeaderBytes: 16 << 10}
		servers = append(servers, s)
		serving.Go(func() { _ = s.Serve(l) })
		return nil
	}
	a.live = new(metrics.Set)
	if err := errors.Join(
		serve("metrics.listen", watched.Listen, metricsHandler(a.live), false),
		serve("metrics.pprof", watched.Pprof, profiles(), true),
	); err != nil {
		stop()
		return nil, asMisuse(err)
	}
	return stop, nil
}

func metricsHandler(live *metrics.Set) http.Handler {
	registry := prometheus.NewRegistry()
	registry.MustRegister(live, collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	mux := http.NewServeMux()
	mux.Handle("GET /metrics", promhttp.HandlerFor(registry, promhttp.HandlerOpts{MaxRequestsInFlight: 4}))
	return mux
}

func profiles() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /debug/pprof/", pprof.Index)
	mux.HandleFunc("GET /debug/pprof/profile", pprof.Profile)
	mux.HandleFunc("GET /debug/pprof/symbol", pprof.Symbol)
	mux.HandleFunc("GET /debug/pprof/trace", pprof.Trace)
	return mux
}
