package server

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"adopt6/report"
	"adopt6/store"
	"adopt6/store/indicator"
)

// FuzzRequest sends any address with any headers to a server whose store is away:
// no request is a fault of ours, and no header of an answer is made by the client.
func FuzzRequest(f *testing.F) {
	for _, target := range []string{"/", "/en/index.html", "/en/search?q=a%27b", "/en/domain?name=xn--a", "/data/world.csv", "/api/v1/domains?cursor=eyJzIjoiIn0&limit=3",
		"/api/v1/groups/world?scan=latest", "//a/../b", "/en//x%2f..", "/%00"} {
		f.Add(target, "gzip;q=0.5", "1.2.3.4, ::1", "fr-CA")
	}
	proxies, err := ParseProxies("192.0.2.0/24")
	if err != nil {
		f.Fatal(err)
	}
	s, err := New(Config{Trusted: proxies, Rate: 1 << 20, Lend: func(context.Context, func(*store.Store) error) error { return &BusyError{errors.New("away")} }})
	if err != nil {
		f.Fatal(err)
	}
	data := &report.Data{}
	for _, g := range indicator.Groups(time.Now()) {
		data.Groups = append(data.Groups, report.Group{Group: g})
	}
	site, err := report.NewSite(data, report.SiteOptions{Live: true})
	if err != nil {
		f.Fatal(err)
	}
	s.world.Store(&world{data: data, site: site, key: "none"})
	f.Fuzz(func(t *testing.T, target, coding, forwarded, language string) {
		if _, err := url.ParseRequestURI(target); err != nil || !strings.HasPrefix(target, "/") {
			return // net/http has turned it away
		}
		w := ask(s, "GET", target, "Accept-Encoding", coding, "X-Forwarded-For", forwarded, "Accept-Language", language)
		if w.Code == http.StatusInternalServerError {
			t.Errorf("%q: status %d", target, w.Code)
		}
		for name, values := range w.Header() {
			for _, value := range values {
				if strings.ContainsAny(value, "\r\n\x00") || name == "Location" && strings.HasPrefix(value, "//") {
					t.Errorf("%q: %s: %q", target, name, value)
				}
			}
		}
	})
}
