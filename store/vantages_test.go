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

// TestSeenBy compares the results of three vantages for each domain.
func TestSeenBy(t *testing.T) {
	t.Parallel()
	const web = 1
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		scans := []uuid.UUID{
			storeFound(t, s, 1, found{"all.gov.tg": "web ok", "two.gov.tg": "web ok", "one.gov.tg": "web ok", "unseen.gov.tg": "web unmeasured no_route", "there.gouv.sn": "web ok"}),
			storeFound(t, s, 2, found{"all.gov.tg": "web ok", "two.gov.tg": "web ok", "one.gov.tg": "web broken timeout", "unseen.gov.tg": "web unmeasured no_route"}),
			storeFound(t, s, 3, found{"all.gov.tg": "web ok", "two.gov.tg": "web broken timeout", "one.gov.tg": "web broken timeout", "unseen.gov.tg": "web ok"}),
		}
		told := func(countries ...string) string {
			var lines []string
			for seen, err := range s.SeenBy(t.Context(), scans, countries...) {
				if err != nil {
					t.Fatal(err)
				}
				line := seen.Country + " " + seen.Domain + ":"
				for _, statuses := range seen.Statuses {
					status := "-"
					if statuses != nil {
						status = statuses[web]
					}
					line += " " + status
				}
				lines = append(lines, fmt.Sprintf("%s; %s %s %s %t", line, seen.Agreed(web, 1), seen.Agreed(web, 2), seen.Agreed(web, 3), seen.Differs(web)))
			}
			return strings.Join(lines, "\n")
		}
		want := `SN there.gouv.sn: ok - -; ok unmeasured unmeasured false
TG all.gov.tg: ok ok ok; ok ok ok false
TG one.gov.tg: ok broken broken; ok broken partial true
TG two.gov.tg: ok ok broken; ok ok partial true
TG unseen.gov.tg: unmeasured unmeasured ok; ok unmeasured unmeasured false`
		if got := told(); got != want {
			t.Errorf("got\n%s", got)
		}
		if got := told("SN"); got != strings.SplitN(want, "\n", 2)[0] {
			t.Errorf("of Senegal: got\n%s", got)
		}
	})
}
