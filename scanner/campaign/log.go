package campaign

import (
	"log/slog"
	"strings"
	"time"

	"adopt6/scanner/observation"
)

// Log returns a listener that writes a campaign's events as records, and its
// progress at most once in every.
func Log(log *slog.Logger, every time.Duration) func(Event) {
	last := time.Now()
	return func(event Event) {
		switch e := event.(type) {
		case Started:
			log.Info("the scan begins", "scan", e.Scan, "list", e.List, "vantage", e.Vantage, "targets", e.Targets, "part", e.Part, "stored", e.Kept)
		case Checked:
			logChecks(log, e)
		case Pass:
			log.Info("failures are measured again", "pass", e.Number, "targets", e.Targets, "after", e.Pause)
		case Progress:
			if time.Since(last) < every {
				return
			}
			last = time.Now()
			logProgress(log, e)
		case Done:
			for _, f := range e.Freed {
				log.Info("domains would resolve without IPv4 if one operator enabled IPv6", "operator", f.Operator, "domains", f.Domains)
			}
			if e.Complete() {
				log.Info("the scan is complete", "scan", e.Scan, "targets", e.Targets)
			} else {
				log.Info("the shard is complete; the last of the others finishes the scan", "scan", e.Scan, "shard", e.Shard.String(), "targets", e.Mine, "missing", e.Targets-e.All)
			}
		}
	}
}

func logChecks(log *slog.Logger, e Checked) {
	failed := e.Failed()
	for _, c := range failed {
		log.Warn("a preflight check failed", "check", c.Name, "status", c.Status.String(), "seen", c.Seen, "effect", c.Effect, "fix", c.Fix)
	}
	if len(failed) == 0 {
		log.Info("the preflight passed: everything can be measured from here")
	}
}

func logProgress(log *slog.Logger, p Progress) {
	args := []any{"done", p.Done, "total", p.Total}
	for _, status := range observation.Statuses() {
		if n := p.Counts[status]; n > 0 {
			args = append(args, strings.ToLower(status.String()), n)
		}
	}
	if p.Pass.Number > 0 {
		args = append(args, "pass", p.Pass.Number)
	}
	log.Info("the scan is under way", args...)
}
