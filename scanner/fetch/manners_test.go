package fetch

import (
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"testing"
	"time"
)

// TestGetSaysWhoAsks sends the User-Agent and From, and hears when to come back.
func TestGetSaysWhoAsks(t *testing.T) {
	heard := make(chan http.Header, 2)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		heard <- r.Header
		w.Header().Set("Retry-After", "7")
		w.WriteHeader(http.StatusTooManyRequests)
	}))
	defer server.Close()
	for _, from := range []string{"noc@example.org", ""} {
		u, err := url.Parse(server.URL + "/")
		if err != nil {
			t.Fatal(err)
		}
		conn, err := net.Dial("tcp", u.Host)
		if err != nil {
			t.Fatal(err)
		}
		page := Get(t.Context(), conn, Request{URL: u, Agent: "adopt6/1", From: from, Step: 5 * time.Second})
		header := <-heard
		_, sent := header["From"]
		if header.Get("User-Agent") != "adopt6/1" || header.Get("From") != from || sent != (from != "") {
			t.Errorf("the server heard %v", header)
		}
		if page.Status != http.StatusTooManyRequests || page.RetryAfter != 7*time.Second {
			t.Errorf("status %d, come back after %s, %s", page.Status, page.RetryAfter, page.Reason)
		}
	}
}

func TestRetryAfter(t *testing.T) {
	const date = "Tue, 03 Nov 2026 10:00:00 GMT"
	for text, want := range map[string]time.Duration{
		"": 0, "0": time.Second, "30": 30 * time.Second, " 5 ": 5 * time.Second, "99999999": time.Hour, "-4": time.Second, "soon": time.Second,
		"Tue, 03 Nov 2026 10:00:20 GMT": 20 * time.Second, "Tue, 03 Nov 2026 09:00:00 GMT": time.Second, "Wed, 04 Nov 2026 10:00:00 GMT": time.Hour,
		"99999999999999999999999": time.Second,
	} {
		if got := retryAfter(http.Header{"Retry-After": {text}, "Date": {date}}); got != want {
			t.Errorf("%q is %s, want %s", text, got, want)
		}
	}
}
