package fetch

import (
	"bufio"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
)

// TestTolerantReading: what browsers read, though it is not quite HTTP.
func TestTolerantReading(t *testing.T) {
	const page = "<title>Ministry</title>Welcome"
	for _, test := range []struct {
		name, answer string
		status       int
	}{
		{"a header line without a colon", "HTTP/1.1 200 OK\r\nX-Broken\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"a header without a name", "HTTP/1.1 200 OK\r\n: x\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"a name with a blank in it", "HTTP/1.1 200 OK\r\nX Y: x\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"a blank before the colon", "HTTP/1.1 200 OK\r\nContent-Type : text/html\r\n\r\n" + page, 200},
		{"a first line that is folded", "HTTP/1.1 200 OK\r\n folded\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"a folded line", "HTTP/1.1 200 OK\r\nContent-Type:\r\n text/html\r\n\r\n" + page, 200},
		{"control characters in a value", "HTTP/1.1 200 OK\r\nX: a\x00\x1b[2J\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"LF alone", "HTTP/1.1 200 OK\nContent-Type: text/html\n\n" + page, 200},
		{"identity", "HTTP/1.1 200 OK\r\nTransfer-Encoding: identity\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"chunked twice", "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\nTransfer-Encoding: identity, chunked\r\nContent-Type: text/html\r\n\r\n1e\r\n" + page + "\r\n0\r\n\r\n", 200},
		{"an empty length", "HTTP/1.1 200 OK\r\nContent-Length:\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"a length that is none", "HTTP/1.1 200 OK\r\nContent-Length: many\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"chunked with a length", "HTTP/1.1 200 OK\r\nContent-Length: 3\r\nTransfer-Encoding: chunked\r\nContent-Type: text/html\r\n\r\n1e\r\n" + page + "\r\n0\r\n\r\n", 200},
		{"no blank behind the status", "HTTP/1.1 200OK\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"two blanks before the status", "HTTP/1.1  404 Not Found\r\nContent-Type: text/html\r\n\r\n" + page, 404},
		{"no status", "HTTP/1.1\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"no version", "HTTP 200 OK\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"lower case", "http/1.0 200 ok\r\ncontent-type: text/html\r\n\r\n" + page, 200},
		{"line ends before it", "\r\n\r\nHTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"status 999", "HTTP/1.1 999 No\r\nContent-Type: text/html\r\n\r\n" + page, 999},
		{"an interim response", "HTTP/1.1 103 Early Hints\r\nLink\r\n\r\nHTTP/1.1 200OK\r\nContent-Type: text/html\r\n\r\n" + page, 200},
		{"a redirect without Location", "HTTP/1.1 302 Found\r\nContent-Type: text/html\r\n\r\n" + page, 302},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := get(t, listen(t, say(test.answer)), "http://example.com/")
			if got.Reason != "" || got.Status != test.status || string(got.Body) != page || got.Title != "Ministry" {
				t.Errorf("%q (%s), status %d, body %q", got.Reason, got.Detail, got.Status, got.Body)
			}
		})
	}
}

// TestLocationKeepsItsBytes: a Location in another encoding than UTF-8 is not
// changed on the way.
func TestLocationKeepsItsBytes(t *testing.T) {
	got := get(t, listen(t, say("HTTP/1.1 302 Found\r\nLocation: /caf\xe9\r\n\r\n")), "http://example.com/")
	if got.Location != "/caf\xe9" {
		t.Errorf("Location is %q", got.Location)
	}
}

// FuzzTolerantReading: what net/http reads as it is, it reads the same behind
// a tolerantConn, and nothing makes that fail or grow.
func FuzzTolerantReading(f *testing.F) {
	for _, seed := range []string{
		"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok", "HTTP/1.0 302 Found\r\nLocation: /x\r\n\r\n",
		"HTTP/1.1 200OK\r\n: x\r\n y\r\nTransfer-Encoding: identity\r\n\r\nbody", "\r\nHTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\n\r\n",
		"HTTP/1.1 200 OK\r\nA: b\r\n c\r\n\r\n", "SSH-2.0\r\n", "", "HTTP",
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, answer []byte) {
		client, server := net.Pipe()
		defer client.Close()
		go func() {
			_, _ = server.Write(answer)
			server.Close()
		}()
		read, _ := io.ReadAll(newTolerantConn(client, func() {}))
		if len(read) > 3*len(answer)+64 {
			t.Fatalf("%d bytes become %d", len(answer), len(read))
		}
		plain, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(answer))), nil)
		if err != nil {
			return
		}
		tolerant, err := http.ReadResponse(bufio.NewReader(strings.NewReader(string(read))), nil)
		if err != nil || tolerant.StatusCode != plain.StatusCode || tolerant.Header.Get("Location") != plain.Header.Get("Location") {
			t.Errorf("%q\nis read as %v\nbehind it %q as %v, %v", answer, plain, read, tolerant, err)
		}
	})
}
