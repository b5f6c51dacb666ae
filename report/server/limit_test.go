package server

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"testing"

	"adopt6/store"
)

// testLimits sends more than a client may, from several addresses.
func testLimits(t *testing.T, _ *Server, st *store.Store) {
	proxies, err := ParseProxies("10.0.0.0/8, 2001:db8:ffff::1")
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, Config{Lend: Always(st), Rate: 2, Trusted: proxies})
	from := func(peer, forwarded string) *httptest.ResponseRecorder {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = peer
		if forwarded != "" {
			r.Header.Set("X-Forwarded-For", forwarded)
		}
		w := httptest.NewRecorder()
		s.ServeHTTP(w, r)
		return w
	}
	for range 2 * burst {
		if w := from("192.0.2.1:1000", ""); w.Code != 200 {
			t.Fatalf("status %d within the rate", w.Code)
		}
	}
	w := from("192.0.2.1:2000", "203.0.113.7") // who is not a proxy is not believed
	if after := w.Header().Get("Retry-After"); w.Code != http.StatusTooManyRequests || after != "1" {
		t.Errorf("status %d, Retry-After %q", w.Code, after)
	}
	if w := from("192.0.2.2:1000", ""); w.Code != 200 {
		t.Errorf("another client: status %d", w.Code)
	}
	for i := range 2*burst + 1 { // all of one /64
		w = from(fmt.Sprintf("[2001:db8::%x]:1000", i+1), "")
	}
	if w.Code != http.StatusTooManyRequests || from("[2001:db8:0:1::1]:1000", "").Code != 200 {
		t.Error("clients of IPv6 are not limited by their /64")
	}
	for _, test := range []struct{ peer, forwarded, want string }{
		{"10.1.1.1:1", "198.51.100.9", "198.51.100.9/32"},
		{"10.1.1.1:1", "evil, 198.51.100.9, 10.2.2.2", "198.51.100.9/32"},
		{"10.1.1.1:1", "203.0.113.1, 198.51.100.9", "198.51.100.9/32"}, // what the client itself wrote does not count
		{"10.1.1.1:1", "", "10.1.1.1/32"},
		{"10.1.1.1:1", "nonsense", "10.1.1.1/32"},
		{"[2001:db8:ffff::1]:1", "2001:db8:5::7", "2001:db8:5::/64"},
		{"[::ffff:192.0.2.3]:1", "198.51.100.9", "192.0.2.3/32"},
		{"unreadable", "198.51.100.9", "invalid Prefix"},
	} {
		r := httptest.NewRequest("GET", "/", nil)
		r.RemoteAddr = test.peer
		r.Header.Set("X-Forwarded-For", test.forwarded)
		if got := s.client(r).String(); got != test.want {
			t.Errorf("from %s for %q: %s, want %s", test.peer, test.forwarded, got, test.want)
		}
	}
	for _, bad := range []string{"proxy.example", "0.0.0.0/0", "::/0", "10.0.0.0/33"} {
		if _, err := ParseProxies(bad); err == nil {
			t.Errorf("%s is taken for a proxy", bad)
		}
	}
}
