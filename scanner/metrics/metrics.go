// Package metrics shows a running scan to Prometheus.
//
// In: the counters of the scan's parts. Out: metrics, read from them when they
// are asked for, so that a scan that nobody watches pays nothing. It never asks
// the network, and no label has a value that came from it.
package metrics

import (
	"iter"
	"sync"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"adopt6/scanner"
	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// Scan is what is read of one running scan. Parts that are nil are left out.
type Scan struct {
	List, Vantage string
	Started       time.Time
	Targets       int64 // of this machine, still to be measured when it began
	Tally         *scanner.Tally
	Rates         *scanner.Rates
	Queries       func() iter.Seq2[resolve.QueryKind, int64]
	CacheBytes    func() int64
	Store         func() StoreState
}

// StoreState is how far the results of a scan are on their way to ClickHouse.
type StoreState struct {
	Rows    int64         // observations confirmed
	Batches int64         // in which they were sent
	Took    time.Duration // from sending these to their confirmation, in all
	Spooled int64         // bytes on disk, not confirmed
	Waits   int64         // times that the scan waited for room
}

// Set holds the scans that run in this process. The zero value is empty; it is
// a prometheus.Collector.
type Set struct {
	mu    sync.Mutex
	scans map[string]*Scan // by the name that people gave: a job, or empty
	// ended keeps what finished scans counted, so that no counter goes back.
	ended map[resolve.QueryKind]int64
	done  int64
	jobs  func() []Job // of the scheduler; nil for none
}

// Add shows a scan under a name until the returned function is called.
// A nil Set shows nothing.
func (s *Set) Add(name string, scan *Scan) (remove func()) {
	if s == nil {
		return func() {}
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.scans == nil {
		s.scans, s.ended = make(map[string]*Scan), make(map[resolve.QueryKind]int64)
	}
	s.scans[name] = scan
	return func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if scan.Queries != nil {
			for kind, n := range scan.Queries() {
				s.ended[kind] += n
			}
		}
		s.done += scan.Tally.Done()
		if s.scans[name] == scan {
			delete(s.scans, name)
		}
	}
}

var (
	descTargets = prometheus.NewDesc("adopt6_scan_targets", "Targets of the running scan that this machine measures.", []string{"job"}, nil)
	descDone    = prometheus.NewDesc("adopt6_scan_targets_done", "Of these, measured and handed to the store's spool.", []string{"job"}, nil)
	descStatus  = prometheus.NewDesc("adopt6_scan_targets_status", "Measured targets by the status of their leading verdict: the web over IPv6, of a ccTLD the name servers.", []string{"job", "status"}, nil)
	descLeft    = prometheus.NewDesc("adopt6_scan_remaining_seconds", "Time that the rest takes at the rate so far; 0 before the first target.", []string{"job"}, nil)
	descRunning = prometheus.NewDesc("adopt6_scan_targets_in_flight", "Targets being measured.", []string{"job"}, nil)
	descLimit   = prometheus.NewDesc("adopt6_scan_targets_limit", "How many may be measured at a time, as this machine keeps up.", []string{"job"}, nil)
	descSent    = prometheus.NewDesc("adopt6_sent_total", "Queries and connections that the rate limits released, of the running scan.", []string{"job"}, nil)
	descCap     = prometheus.NewDesc("adopt6_rate_cap", "Queries and connections a second that are allowed: in all, to one operator, to one server; 0 for no limit.", []string{"job", "of"}, nil)
	descCache   = prometheus.NewDesc("adopt6_resolver_cache_bytes", "What the resolver's caches hold.", []string{"job"}, nil)
	descSpool   = prometheus.NewDesc("adopt6_spool_bytes", "Observations on disk that ClickHouse has not confirmed.", []string{"job"}, nil)
	descRows    = prometheus.NewDesc("adopt6_store_observations_total", "Observations that ClickHouse has confirmed, of the running scan.", []string{"job"}, nil)
	descBatches = prometheus.NewDesc("adopt6_store_batches_total", "Batches that ClickHouse has confirmed, of the running scan.", []string{"job"}, nil)
	descLatency = prometheus.NewDesc("adopt6_store_batch_seconds_total", "Time from sending these batches to their confirmation.", []string{"job"}, nil)
	descWaits   = prometheus.NewDesc("adopt6_store_waits_total", "Times that the running scan waited for room in the spool.", []string{"job"}, nil)
	descQueries = prometheus.NewDesc("adopt6_dns_queries_total", "DNS queries that came to an end, by address family, transport and RCODE; timeout and failed where no answer came.", []string{"family", "transport", "outcome"}, nil)
	descTotal   = prometheus.NewDesc("adopt6_targets_measured_total", "Targets measured since this process began.", nil, nil)
)

// Describe implements prometheus.Collector.
func (s *Set) Describe(ch chan<- *prometheus.Desc) { prometheus.DescribeByCollect(s, ch) }

// Collect implements prometheus.Collector.
func (s *Set) Collect(ch chan<- prometheus.Metric) {
	s.mu.Lock()
	defer s.mu.Unlock()
	queries := make(map[resolve.QueryKind]int64)
	for kind, n := range s.ended {
		queries[kind] = n
	}
	done := s.done
	for job, scan := range s.scans {
		scan.collect(job, ch)
		done += scan.Tally.Done()
		if scan.Queries != nil {
			for kind, n := range scan.Queries() {
				queries[kind] += n
			}
		}
	}
	for kind, n := range queries {
		ch <- prometheus.MustNewConstMetric(descQueries, prometheus.CounterValue, float64(n), kind.Family, kind.Transport, kind.Outcome)
	}
	ch <- prometheus.MustNewConstMetric(descTotal, prometheus.CounterValue, float64(done))
	if s.jobs != nil {
		collectJobs(s.jobs(), ch)
	}
}

func (c *Scan) collect(job string, ch chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, append([]string{job}, labels...)...)
	}
	counter := func(desc *prometheus.Desc, v float64) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.CounterValue, v, job)
	}
	done := c.Tally.Done()
	gauge(descTargets, float64(c.Targets))
	gauge(descDone, float64(done))
	for _, status := range observation.Statuses() {
		gauge(descStatus, float64(c.Tally.Count(status)), status.String())
	}
	gauge(descLeft, c.remaining(done).Seconds())
	running, limit := c.Tally.InFlight()
	gauge(descRunning, float64(running))
	gauge(descLimit, float64(limit))
	if c.Rates != nil {
		caps := c.Rates.Caps()
		counter(descSent, float64(c.Rates.Sent()))
		gauge(descCap, float64(max(caps.Overall, 0)), "all")
		gauge(descCap, float64(max(caps.PerOperator, 0)), "operator")
		gauge(descCap, float64(max(caps.PerServer, 0)), "server")
	}
	if c.CacheBytes != nil {
		gauge(descCache, float64(c.CacheBytes()))
	}
	if c.Store != nil {
		state := c.Store()
		gauge(descSpool, float64(state.Spooled))
		counter(descRows, float64(state.Rows))
		counter(descBatches, float64(state.Batches))
		counter(descLatency, state.Took.Seconds())
		counter(descWaits, float64(state.Waits))
	}
}

// remaining is how long the rest takes at the rate so far.
func (c *Scan) remaining(done int64) time.Duration {
	if done == 0 || done >= c.Targets {
		return 0
	}
	return time.Duration(float64(time.Since(c.Started)) / float64(done) * float64(c.Targets-done))
}
