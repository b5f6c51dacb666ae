//go:build !alone

package store_test

import (
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
	"adopt6/store/storetest"
)

func TestViews(t *testing.T) {
	t.Parallel()
	storetest.Each(t, func(t *testing.T, cfg store.Config) {
		s := storetest.Open(t, cfg)
		storetest.Sample(t, s)
		// A later scan of Togo from elsewhere: it has none before it to be
		// compared with. And one that is not finished counts nowhere.
		for i, hour := range []int{1, 2} {
			info := store.ScanInfo{ID: uuid.New(), Started: time.Date(2026, 12, 1, hour, 0, 0, 0, time.UTC), Vantage: "elsewhere"}
			if err := s.NewScan(t.Context(), info); err != nil {
				t.Fatal(err)
			}
			w := writer(t, s, info.ID)
			o := plainObservation(info.ID, 0)
			o.Target.Name, o.Web = "finance.gov.tg", observation.Verdict{Status: observation.Broken, Reason: observation.TCPRefused}
			write(t, w, o)
			closeWriter(t, w)
			if _, err := indicator.Compute(t.Context(), s, info.ID); err != nil {
				t.Fatal(err)
			}
			if i == 0 {
				if err := s.FinishScan(t.Context(), info.ID); err != nil {
					t.Fatal(err)
				}
			}
		}
		for sql, want := range map[string]string{
			"SELECT country, scan_started, vantage, previous_started FROM latest_scans WHERE kind = 'government' ORDER BY country": "CI\t2026-11-01 06:00:00\tlab\t2026-09-01 06:00:00\n" +
				"KE\t2026-11-01 06:00:00\tlab\t2026-09-01 06:00:00\nTG\t2026-12-01 01:00:00\telsewhere\t1970-01-01 00:00:00",
			"SELECT kind, country, count() FROM latest_observations GROUP BY kind, country ORDER BY kind, country": "cctld\tCI\t1\ncctld\tKE\t1\ncctld\tTG\t1\n" +
				"government\tCI\t12\ngovernment\tKE\t20\ngovernment\tTG\t1",
			"SELECT scan_started, web_v6 FROM domain_history WHERE domain = 'interior.gov.ci' ORDER BY scan_started": "2026-06-01 06:00:00\tabsent\n" +
				"2026-09-01 06:00:00\tok\n2026-11-01 06:00:00\tabsent",
			"SELECT domain, web_v6_before, web_v6, web_v6_reason FROM changes WHERE country = 'CI' ORDER BY domain": "education.gov.ci\tabsent\tok\t\n" +
				"energy.gov.ci\tok\tabsent\tno_aaaa\nfinance-portal.gov.ci\tabsent\tok\t\nhealth.gov.ci\tok\tabsent\tno_aaaa\ninterior.gov.ci\tok\tabsent\tno_aaaa",
			"SELECT count() FROM changes WHERE country = 'TG'": "0",
			"SELECT operator, domains, domains_alone, domains_dns_v6, domains_freed FROM operators WHERE country = 'CI' ORDER BY domains DESC": "statehost.example\t6\t6\t4\t0\noldhost.example\t4\t4\t0\t4\nbigdns.example\t2\t2\t2\t0\nregistry.example\t1\t1\t1\t0",
			"SELECT domain, service, status, reason FROM broken_v6 WHERE country = 'TG'":                                                       "finance.gov.tg\tweb\tbroken\ttcp_refused",
			"SELECT host, address, reason, domains FROM broken_endpoints WHERE country = 'CI' ORDER BY host":                                   "justice.gov.ci\t2001:db8:80::4\ttimeout\t1\nns2.statehost.example\t2001:db8:53::2\ttimeout\t2",
		} {
			if got := ask(t, s, sql); got != want {
				t.Errorf("%s:\n%s\nwant\n%s", sql, got, want)
			}
		}
	})
}
