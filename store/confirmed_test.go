//go:build !alone

package store_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/uuid"

	"adopt6/store"
	"adopt6/store/storetest"
)

// TestConfirmedChanges follows domains over four scans: what each scan tells,
// when a loss counts at once, and when it counts once the next scan saw it too.
func TestConfirmedChanges(t *testing.T) {
	t.Parallel()
	story := map[string][]string{ // per domain what each scan found of its web
		"steady.tg":  {"ok", "ok", "ok", "ok"},
		"flap.tg":    {"ok", "broken timeout", "ok", "ok"},
		"lost.tg":    {"ok", "absent no_aaaa", "absent no_aaaa", "absent no_aaaa"},
		"fails.tg":   {"ok", "broken timeout", "broken tcp_refused", "ok"},
		"gained.tg":  {"absent no_aaaa", "ok", "ok", "absent no_aaaa"},
		"unseen.tg":  {"ok", "broken timeout", "unmeasured dns_failure", "broken timeout"},
		"unsure.tg":  {"ok", "broken timeout flapping", "broken timeout", "broken timeout"},
		"worse.tg":   {"ok", "broken timeout", "absent no_aaaa", "absent no_aaaa"},
		"tried.tg":   {"absent no_aaaa", "broken timeout", "absent no_aaaa", "absent no_aaaa"},
		"later.tg":   {"", "ok", "broken timeout", "broken timeout"},
		"far.gov.sn": {"absent no_aaaa", "ok", "ok", "ok"},
	}
	atOnce := []string{`fails.tg broken ok to broken timeout
flap.tg broken ok to broken timeout
gained.tg gained absent to ok no_aaaa
lost.tg lost ok to absent no_aaaa
tried.tg broken absent to broken timeout
unseen.tg broken ok to broken timeout
worse.tg broken ok to broken timeout`,
		`flap.tg gained broken to ok timeout
later.tg broken ok to broken timeout
tried.tg lost broken to absent no_aaaa
unsure.tg broken ok to broken timeout
worse.tg lost broken to absent no_aaaa`,
		`fails.tg gained broken to ok tcp_refused
gained.tg lost ok to absent no_aaaa`}
	inARow := []string{`fails.tg broken ok to broken timeout, held
flap.tg broken ok to broken timeout, held
gained.tg gained absent to ok no_aaaa
lost.tg lost ok to absent no_aaaa, held
tried.tg broken absent to broken timeout, held
unseen.tg broken ok to broken timeout, held
worse.tg broken ok to broken timeout, held`,
		`fails.tg broken ok to broken tcp_refused
later.tg broken ok to broken timeout, held
lost.tg lost ok to absent no_aaaa
unsure.tg broken ok to broken timeout, held
worse.tg lost ok to absent no_aaaa`,
		`fails.tg gained broken to ok tcp_refused
gained.tg lost ok to absent no_aaaa, held
later.tg broken ok to broken timeout
unseen.tg broken ok to broken timeout
unsure.tg broken ok to broken timeout`}

	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		var scans []uuid.UUID
		for day := range 4 {
			domains := make(found)
			for name, days := range story {
				if days[day] != "" {
					domains[name] = "web " + days[day]
				}
			}
			scans = append(scans, storeFound(t, s, day+1, domains))
		}
		told := func(scans []uuid.UUID, confirm int, countries ...string) string {
			var lines []string
			for c, err := range s.ConfirmedChanges(t.Context(), scans, confirm, countries...) {
				if err != nil {
					t.Fatal(err)
				}
				line := fmt.Sprintf("%s %s %s to %s %s", c.Domain, c.News, c.Before, c.After, c.Reason)
				if c.Held {
					line += ", held"
				}
				lines = append(lines, line)
			}
			return strings.Join(lines, "\n")
		}
		for last := 1; last < 4; last++ {
			if got := told(scans[:last+1], 1, "TG"); got != atOnce[last-1] {
				t.Errorf("scan %d, at once:\n%s\nwant\n%s", last+1, got, atOnce[last-1])
			}
			if got := told(scans[:last+1], 2, "TG"); got != inARow[last-1] {
				t.Errorf("scan %d, two in a row:\n%s\nwant\n%s", last+1, got, inARow[last-1])
			}
		}
		if got := told(scans[:2], 2, "SN", "KE"); got != "far.gov.sn gained absent to ok no_aaaa" {
			t.Errorf("of Senegal: %s", got)
		}
	})
}
