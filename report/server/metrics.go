package server

import (
	"net/http"
	"strconv"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/collectors"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

// metrics are what Prometheus reads; docs/serve.md lists them. Labels have few
// values each, none of them from a request.
type metrics struct {
	registry *prometheus.Registry
	requests *prometheus.CounterVec
	took     *prometheus.HistogramVec
	under    prometheus.Gauge
	queries  *prometheus.HistogramVec
	failures *prometheus.CounterVec
	caches   *prometheus.CounterVec
	held     *prometheus.GaugeVec
	scan     prometheus.Gauge
}

// buckets are seconds, from a page that is ready to a query over all domains.
var buckets = []float64{.0005, .001, .0025, .005, .01, .025, .05, .1, .25, .5, 1, 2.5, 5, 10, 30}

func newMetrics() *metrics {
	m := &metrics{
		registry: prometheus.NewRegistry(),
		requests: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "adopt6_http_requests_total",
			Help: "Requests that were answered."}, []string{"route", "code"}),
		took: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "adopt6_http_request_duration_seconds",
			Help: "Time from the head of a request to the end of its answer.", Buckets: buckets}, []string{"route"}),
		under: prometheus.NewGauge(prometheus.GaugeOpts{Name: "adopt6_http_requests_in_flight",
			Help: "Requests under way."}),
		queries: prometheus.NewHistogramVec(prometheus.HistogramOpts{Name: "adopt6_store_query_duration_seconds",
			Help: "Time that one use of the store took.", Buckets: buckets}, []string{"query"}),
		failures: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "adopt6_store_query_failures_total",
			Help: "Uses of the store that failed."}, []string{"query"}),
		caches: prometheus.NewCounterVec(prometheus.CounterOpts{Name: "adopt6_cache_requests_total",
			Help: "What was asked of the caches, and whether it was there."}, []string{"cache", "result"}),
		held: prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "adopt6_cache_bytes",
			Help: "What the caches hold."}, []string{"cache"}),
		scan: prometheus.NewGauge(prometheus.GaugeOpts{Name: "adopt6_scan_started_timestamp_seconds",
			Help: "When the scan that is shown was begun; 0 without one."}),
	}
	m.registry.MustRegister(m.requests, m.took, m.under, m.queries, m.failures, m.caches, m.held, m.scan,
		collectors.NewGoCollector(), collectors.NewProcessCollector(collectors.ProcessCollectorOpts{}))
	return m
}

func (m *metrics) handler() http.Handler {
	return promhttp.HandlerFor(m.registry, promhttp.HandlerOpts{Registry: m.registry, DisableCompression: true})
}

func (m *metrics) answered(route string, code int, took time.Duration) {
	m.requests.WithLabelValues(route, strconv.Itoa(code)).Inc()
	m.took.WithLabelValues(route).Observe(took.Seconds())
}

func (m *metrics) query(what string, took time.Duration, err error) {
	m.queries.WithLabelValues(what).Observe(took.Seconds())
	if err != nil {
		m.failures.WithLabelValues(what).Inc()
	}
}

func (m *metrics) cached(cache, result string)     { m.caches.WithLabelValues(cache, result).Inc() }
func (m *metrics) holds(cache string, bytes int64) { m.held.WithLabelValues(cache).Set(float64(bytes)) }
func (m *metrics) shows(started time.Time)         { m.scan.Set(float64(started.Unix())) }
