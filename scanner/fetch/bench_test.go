package fetch

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
)

// BenchmarkGet makes whole exchanges over loopback; the figures hold both
// sides, the server's signature included.
func BenchmarkGet(b *testing.B) {
	page := "<title>T</title>" + strings.Repeat("<p>Some words of a page.</p>", 1000)
	handler := http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, page) })
	for name, scheme := range map[string]string{"HTTP": "http", "HTTP2": "https"} {
		b.Run(name, func(b *testing.B) {
			s := httptest.NewUnstartedServer(handler)
			if s.EnableHTTP2 = scheme == "https"; s.EnableHTTP2 {
				s.StartTLS()
			} else {
				s.Start()
			}
			defer s.Close()
			for b.Loop() {
				if got := get(b, s.Listener, scheme+"://example.com/"); got.Reason != "" {
					b.Fatalf("%s: %s", got.Reason, got.Detail)
				}
			}
		})
	}
}
