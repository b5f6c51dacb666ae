package metrics

import (
	"time"

	"github.com/prometheus/client_golang/prometheus"
)

// Job is how one job of the scheduler is.
type Job struct {
	Name    string
	Next    time.Time // when it is planned next; zero for never
	Success time.Time // when its last finished run ended; zero for none that is known
	Outcome string    // of its latest run; empty for none
	Paused  bool
}

// ShowJobs shows jobs, which are asked for when the metrics are. A nil Set
// shows nothing.
func (s *Set) ShowJobs(jobs func() []Job) {
	if s == nil {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.jobs = jobs
}

var (
	descNext    = prometheus.NewDesc("adopt6_job_next_run_timestamp_seconds", "When the job is planned next.", []string{"job"}, nil)
	descSuccess = prometheus.NewDesc("adopt6_job_last_success_timestamp_seconds", "When the last finished run of the job ended.", []string{"job"}, nil)
	descOutcome = prometheus.NewDesc("adopt6_job_last_outcome", "1 for the outcome of the latest run of the job.", []string{"job", "outcome"}, nil)
	descPaused  = prometheus.NewDesc("adopt6_job_paused", "1 where the job is not run at present.", []string{"job"}, nil)
)

// collectJobs leaves out what there is nothing to say of.
func collectJobs(jobs []Job, ch chan<- prometheus.Metric) {
	gauge := func(desc *prometheus.Desc, v float64, labels ...string) {
		ch <- prometheus.MustNewConstMetric(desc, prometheus.GaugeValue, v, labels...)
	}
	for _, j := range jobs {
		paused := 0.
		if j.Paused {
			paused = 1
		}
		gauge(descPaused, paused, j.Name)
		if !j.Next.IsZero() {
			gauge(descNext, float64(j.Next.Unix()), j.Name)
		}
		if !j.Success.IsZero() {
			gauge(descSuccess, float64(j.Success.Unix()), j.Name)
		}
		if j.Outcome != "" {
			gauge(descOutcome, 1, j.Name, j.Outcome)
		}
	}
}
