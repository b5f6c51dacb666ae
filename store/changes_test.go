//go:build !alone

package store_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/storetest"
)

// found is what a scan found of a domain: "web ok", "web broken timeout",
// "dnssec bogus".
type found map[string]string

func storeFound(t *testing.T, s *store.Store, day int, domains found) uuid.UUID {
	t.Helper()
	info := store.ScanInfo{ID: uuid.New(), Started: time.Date(2026, 11, day, 6, 0, 0, 0, time.UTC), Vantage: "lome"}
	if err := s.NewScan(t.Context(), info); err != nil {
		t.Fatal(err)
	}
	w := writer(t, s, info.ID)
	position := uint64(0)
	for name, what := range domains {
		o := plainObservation(info.ID, position)
		position++
		o.Target.Name, o.Started = name, info.Started
		if strings.HasSuffix(name, ".sn") {
			o.Target.Country = "SN"
			o.Country, _ = lists.CountryByCode("SN")
		}
		fields := strings.Fields(what)
		switch fields[0] {
		case "dnssec":
			if err := o.DNSSEC.UnmarshalText([]byte(fields[1])); err != nil {
				t.Fatal(err)
			}
		case "web":
			o.DNSSEC = observation.Insecure
			if err := o.Web.Status.UnmarshalText([]byte(fields[1])); err != nil {
				t.Fatal(err)
			}
			o.Web.Reason = ""
			if len(fields) > 2 {
				o.Web.Reason = observation.Reason(fields[2])
			}
			if len(fields) > 3 {
				o.Flapping = []string{"web_v6"}
			}
		}
		write(t, w, o)
	}
	closeWriter(t, w)
	return info.ID
}

// TestChanges says what was gained, lost and broken, and which of it may be a
// flap.
func TestChanges(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		before := storeFound(t, s, 1, found{
			"same.gov.tg": "web ok", "gained.gov.tg": "web absent no_aaaa", "mended.gov.tg": "web broken timeout", "partly.gov.tg": "web broken timeout",
			"lost.gov.tg": "web ok", "withdrawn.gov.tg": "web broken timeout", "broken.gov.tg": "web ok", "worse.gov.tg": "web ok", "tried.gov.tg": "web absent no_aaaa",
			"flap.gov.tg": "web ok", "flapped.gov.tg": "web broken timeout flapping", "unseen.gov.tg": "web ok", "gone.gov.tg": "web ok",
			"signed.gov.tg": "dnssec insecure", "bogus.gov.tg": "dnssec secure", "there.gouv.sn": "web ok",
		})
		after := storeFound(t, s, 8, found{
			"same.gov.tg": "web ok", "gained.gov.tg": "web ok", "mended.gov.tg": "web ok", "partly.gov.tg": "web partial some_hosts_fail",
			"lost.gov.tg": "web absent no_aaaa", "withdrawn.gov.tg": "web absent no_aaaa", "broken.gov.tg": "web broken tcp_refused", "worse.gov.tg": "web partial some_hosts_fail",
			"tried.gov.tg": "web broken timeout", "flap.gov.tg": "web broken timeout flapping", "flapped.gov.tg": "web ok", "unseen.gov.tg": "web unmeasured dns_failure",
			"new.gov.tg": "web ok", "signed.gov.tg": "dnssec secure", "bogus.gov.tg": "dnssec bogus", "there.gouv.sn": "web absent no_aaaa",
		})
		told := func(countries ...string) string {
			var lines []string
			for c, err := range s.Changes(t.Context(), before, after, countries...) {
				if err != nil {
					t.Fatal(err)
				}
				line := fmt.Sprintf("%s %s: %s %s, %s to %s %s", c.Country, c.Domain, c.Service, c.News, c.Before, c.After, c.Reason)
				if c.Flapping {
					line += " ?"
				}
				lines = append(lines, line)
			}
			return strings.Join(lines, "\n")
		}
		senegal := "SN there.gouv.sn: web_v6 lost, ok to absent no_aaaa"
		togo := `TG bogus.gov.tg: dnssec broken, secure to bogus ` + `
TG broken.gov.tg: web_v6 broken, ok to broken tcp_refused
TG flap.gov.tg: web_v6 broken, ok to broken timeout ?
TG flapped.gov.tg: web_v6 gained, broken to ok timeout ?
TG gained.gov.tg: web_v6 gained, absent to ok no_aaaa
TG lost.gov.tg: web_v6 lost, ok to absent no_aaaa
TG mended.gov.tg: web_v6 gained, broken to ok timeout
TG partly.gov.tg: web_v6 gained, broken to partial some_hosts_fail
TG signed.gov.tg: dnssec gained, insecure to secure ` + `
TG tried.gov.tg: web_v6 broken, absent to broken timeout
TG withdrawn.gov.tg: web_v6 lost, broken to absent no_aaaa
TG worse.gov.tg: web_v6 broken, ok to partial some_hosts_fail`
		if got := told(); got != senegal+"\n"+togo {
			t.Errorf("got\n%s", got)
		}
		if got := told("SN", "KE"); got != senegal {
			t.Errorf("of Senegal: got\n%s", got)
		}
		if c, err := s.Compare(t.Context(), before, after); err != nil || c != (observation.Compared{Common: 15, OnlyBefore: 1, OnlyAfter: 1}) {
			t.Errorf("got %+v, error %v", c, err)
		}
	})
}
