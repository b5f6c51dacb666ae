package fetch

import (
	"adopt6/scanner/observation"
	"bufio"
	"bytes"
	"compress/gzip"
	"compress/zlib"
	"context"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode/utf8"
)

// step is the time limit of the tests: a server that keeps it busy costs so
// much.
const step = 250 * time.Millisecond

// get fetches a URL from a listener.
func get(t testing.TB, l net.Listener, target string, change ...func(*Request)) *Response {
	t.Helper()
	conn, err := net.Dial("tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	u, err := url.Parse(target)
	if err != nil {
		t.Fatal(err)
	}
	r := Request{URL: u, Agent: "adopt6 test", Step: 5 * time.Second, Now: time.Now()}
	for _, f := range change {
		f(&r)
	}
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	defer cancel()
	got := Get(ctx, conn, r)
	if ctx.Err() != nil {
		t.Error("the request did not end by its own limits")
	}
	return got
}

func hurried(r *Request) { r.Step = step }

// listen serves one connection after another with a function, each until the
// client is gone.
func listen(t testing.TB, serve func(net.Conn)) net.Listener {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		for {
			conn, err := l.Accept()
			if err != nil {
				return
			}
			serve(conn)
			conn.Close()
		}
	}()
	t.Cleanup(func() { l.Close(); <-done })
	return l
}

// hear reads a request's headers.
func hear(conn net.Conn) {
	r := bufio.NewReader(conn)
	for {
		line, err := r.ReadString('\n')
		if err != nil || strings.TrimSpace(line) == "" {
			return
		}
	}
}

// say answers the request with a text and closes.
func say(text string) func(net.Conn) {
	return func(conn net.Conn) {
		hear(conn)
		_, _ = io.WriteString(conn, text)
	}
}

// pour answers with a beginning and then repeats a text until the client goes.
func pour(head, again string) func(net.Conn) {
	return func(conn net.Conn) {
		hear(conn)
		_, err := io.WriteString(conn, head)
		for again = strings.Repeat(again, 1+4096/len(again)); err == nil; {
			_, err = io.WriteString(conn, again)
		}
	}
}

func TestGetOverTLS(t *testing.T) {
	for _, proto := range []string{"HTTP/2.0", "HTTP/1.1"} {
		s := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Trailer", "X-Trailer")
			w.Header().Set("Set-Cookie", "a=b")
			w.Header().Set("Content-Type", "text/html; charset=iso-8859-1")
			fmt.Fprintf(w, "<html><head><title> caf\xe9 &amp;\n bar </title></head><body>%s %s %s</body></html>", r.Host, r.UserAgent(), r.URL)
			w.Header().Set("X-Trailer", "ignored")
		}))
		s.EnableHTTP2 = proto == "HTTP/2.0"
		s.StartTLS()
		got := get(t, s.Listener, "https://example.com/a?b=c")
		s.Close()
		if got.Reason != "" || got.Status != 200 || got.Proto != proto || got.Title != "café & bar" || got.ContentType != "text/html" {
			t.Errorf("%s: %+v", proto, got)
		}
		if !strings.Contains(string(got.Body), "<body>example.com adopt6 test /a?b=c</body>") || got.Truncated {
			t.Errorf("%s: body %q", proto, got.Body)
		}
		if got.FirstByte <= 0 || got.TLS == nil || got.TLS.Handshake <= 0 || got.TLS.Version != "1.3" {
			t.Errorf("%s: %+v, %+v", proto, got, got.TLS)
		}
		if got.TLS.Certificate != observation.TLSUntrusted {
			t.Errorf("%s: a certificate of no known authority is %q", proto, got.TLS.Certificate)
		}
	}
}

// TestRedirectIsNotFollowed: Location is a fact, as it came.
func TestRedirectIsNotFollowed(t *testing.T) {
	for _, location := range []string{
		"https://www.example.com/", "/", "//example.net", "javascript:alert(1)", "http://user:secret@example.net/",
		"http://[fe80::1%25eth0]/", "http://[::ffff:10.0.0.1]/", "http://2130706433/", "http://0x7f.1/", "http://example.net/\x1b[2J",
		"data:text/html,<script>", "http://example.net:22/", strings.Repeat("/", maxLocation),
	} {
		l := listen(t, say("HTTP/1.1 302 Found\r\nLocation: "+location+"\r\nContent-Length: 100\r\n\r\nnever whole"))
		got := get(t, l, "http://example.com/")
		if strings.ContainsRune(location, '\x1b') {
			location = strings.ReplaceAll(location, "\x1b", " ")
		}
		if got.Reason != "" || got.Status != 302 || got.Location != location || got.Body != nil {
			t.Errorf("%q: %+v", location, got)
		}
	}
}

func zipped(times int, text string) string {
	for range times {
		var b bytes.Buffer
		w := gzip.NewWriter(&b)
		_, _ = io.WriteString(w, text)
		_ = w.Close()
		text = b.String()
	}
	return text
}

func deflated(text string) string {
	var b bytes.Buffer
	w := zlib.NewWriter(&b)
	_, _ = io.WriteString(w, text)
	_ = w.Close()
	return b.String()
}

// TestResponses: the results of well-formed and malformed answers.
func TestResponses(t *testing.T) {
	const html = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n"
	page := "<title>T</title>" + strings.Repeat("<p>Some words of a page.</p>", 20)
	large := strings.Repeat("A line of a very large page. ", 1<<20/29)
	zeros := strings.Repeat("\x00", 20<<20)
	coded := func(coding, body string) string { return html + "Content-Encoding: " + coding + "\r\n\r\n" + body }
	for _, test := range []struct {
		name, answer string
		reason       observation.Reason
		bytes        int
		title        string
	}{
		{"plain", html + "\r\n" + page, "", len(page), "T"},
		{"gzip", coded("gzip", zipped(1, page)), "", len(page), "T"},
		{"gzip with rubbish behind it", coded("gzip", zipped(1, page)+"rubbish"), "", len(page), "T"},
		{"gzip twice", coded("gzip, GZIP", zipped(2, page)), "", len(page), "T"},
		{"deflate", coded("deflate", deflated(page)), "", len(page), "T"},
		{"deflate without its header", coded("deflate", deflated(page)[2:]), "", len(page), "T"},
		{"gzip of nothing", coded("gzip", ""), "", 0, ""},
		{"unasked brotli", coded("br", "\x0b\x02"), "", 2, ""},
		{"UTF-16", "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n\xff\xfe<\x00t\x00i\x00t\x00l\x00e\x00>\x00U\x00", "", 8, "U"},
		{"large", html + "\r\n" + page + large, "", maxBody, "T"},
		{"large, gzip", coded("gzip", zipped(1, page+noise())), "", maxBody, "T"},
		{"bomb", coded("gzip", zipped(1, zeros)), observation.ResponseTooLarge, maxBody, ""},
		{"bomb in a bomb", coded("gzip, gzip", zipped(2, zeros)), observation.ResponseTooLarge, maxBody, ""},
		{"a hundred codings", coded(strings.Repeat("gzip,", 100), "x"), observation.HTTPMalformed, 0, ""},
		{"no gzip", coded("gzip", "<html>"), observation.HTTPMalformed, 0, ""},
		{"half a gzip", coded("gzip", zipped(1, large)[:500]), observation.HTTPMalformed, -1, ""},
		{"cut short", html + "Content-Length: 1000\r\n\r\n" + page[:100], observation.HTTPMalformed, 100, "T"},
		{"bad chunk", html + "Transfer-Encoding: chunked\r\n\r\nzz\r\n", observation.HTTPMalformed, 0, ""},
		{"endless chunk size", html + "Transfer-Encoding: chunked\r\n\r\n" + strings.Repeat("0", 100000), observation.HTTPMalformed, 0, ""},
		{"two lengths", html + "Content-Length: 5\r\nContent-Length: 6\r\n\r\nhello", observation.HTTPMalformed, 0, ""},
		{"no HTTP", "SSH-2.0-OpenSSH_9.2\r\n", observation.HTTPMalformed, 0, ""},
		{"binary", "\x00\x01\x02\xff\xfe\r\n\r\n\x1b[2J", observation.HTTPMalformed, 0, ""},
		{"HTTP/0.9", "<html>", observation.HTTPMalformed, 0, ""},
		{"nothing", "", observation.TCPReset, 0, ""},
		{"half a header", "HTTP/1.1 200 OK\r\nContent-Ty", observation.HTTPMalformed, 0, ""},
		{"too long a Location", "HTTP/1.1 302 Found\r\nLocation: " + strings.Repeat("/", maxLocation+1) + "\r\n\r\n", observation.ResponseTooLarge, 0, ""},
		{"too many headers", html + strings.Repeat("A: b\r\n", maxHeaders+1) + "\r\n", observation.ResponseTooLarge, 0, ""},
		{"too large headers", html + "A: " + strings.Repeat("b", 2*maxHeaderBytes) + "\r\n\r\n", observation.ResponseTooLarge, 0, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := get(t, listen(t, say(test.answer)), "http://example.com/")
			if got.Reason != test.reason || test.bytes >= 0 && len(got.Body) != test.bytes || got.Title != test.title {
				t.Errorf("%q (%s), %d bytes, title %q; want %q, %d, %q", got.Reason, got.Detail, len(got.Body), got.Title,
					test.reason, test.bytes, test.title)
			}
			if got.Truncated != (test.bytes == maxBody) {
				t.Errorf("truncated is %v", got.Truncated)
			}
		})
	}
}

// noise is a text that does not compress much.
func noise() string {
	var b strings.Builder
	for i := uint64(1); b.Len() < 1<<20; i++ {
		fmt.Fprintf(&b, "%x ", i*0x9e3779b97f4a7c15)
	}
	return b.String()
}

// TestMisbehaviour: servers that never end. Each costs a bounded time. On
// which bound some of them end depends on the machine's speed.
func TestMisbehaviour(t *testing.T) {
	const html = "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
	hang := func(conn net.Conn) { _, _ = io.Copy(io.Discard, conn) }
	drip := func(head string) func(net.Conn) {
		return func(conn net.Conn) {
			hear(conn)
			_, err := io.WriteString(conn, head)
			for tick := time.NewTicker(5 * time.Millisecond); err == nil; <-tick.C {
				_, err = io.WriteString(conn, "x")
			}
		}
	}
	for _, test := range []struct {
		name, scheme string
		serve        func(net.Conn)
		reason       observation.Reason
	}{
		{"silence", "http", hang, observation.Timeout},
		{"TLS that hangs", "https", hang, observation.Timeout},
		{"no TLS", "https", func(conn net.Conn) {
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\n\r\n")
			hang(conn)
		}, observation.TLSFailed},
		{"TLS that ends at once", "https", func(net.Conn) {}, observation.TCPReset},
		{"a flood of TLS records", "https", func(conn net.Conn) {
			_, err := io.ReadFull(conn, make([]byte, 5))
			for err == nil {
				_, err = io.WriteString(conn, "\x16\x03\x01\x00\x04\x0b\x00\x00\x00")
			}
		}, observation.TLSFailed},
		{"a reset", "http", func(conn net.Conn) { hear(conn); _ = conn.(*net.TCPConn).SetLinger(0) }, observation.TCPReset},
		{"a reset in the body", "http", func(conn net.Conn) {
			hear(conn)
			_, _ = io.WriteString(conn, html+"Content-Length: 100\r\n\r\n<html>")
			_ = conn.(*net.TCPConn).SetLinger(0)
		}, observation.TCPReset},
		{"headers that drip", "http", drip(html + "A: "), observation.Timeout},
		{"a body that drips", "http", drip(html + "\r\n"), observation.Timeout},
		{"endless headers", "http", pour(html, "A: bcdef\r\n"), observation.ResponseTooLarge},
		{"an endless header", "http", pour(html+"A: ", "bcdef"), observation.ResponseTooLarge},
		{"an endless status line", "http", pour("HTTP/1.1 200 ", "OK"), observation.ResponseTooLarge},
		{"endless 1xx", "http", pour("", "HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n"), observation.ResponseTooLarge},
		{"an endless body", "http", pour(html+"\r\n", "<p>more</p>"), ""},
		{"endless chunks of one byte", "http", pour(html+"Transfer-Encoding: chunked\r\n\r\n", "1\r\nx\r\n"), "bounded"},
		{"endless chunks", "http", pour(html+"Transfer-Encoding: chunked\r\n\r\n", "b\r\n<p>more</p>\r\n"), ""},
		{"endless chunk extensions", "http", pour(html+"Transfer-Encoding: chunked\r\n\r\n1;", "ext"), observation.HTTPMalformed},
		{"endless trailers", "http", pour(html+"Transfer-Encoding: chunked\r\n\r\n1\r\nx\r\n0\r\n", "A: b\r\n"), observation.HTTPMalformed},
		{"an endless bomb", "http", pour(html+"Content-Encoding: gzip\r\n\r\n", zipped(1, strings.Repeat("\x00", 1<<20))), observation.ResponseTooLarge},
		{"endless empty blocks", "http", pour(html+"Content-Encoding: deflate\r\n\r\n", "\x00\x00\x00\xff\xff"), "bounded"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := get(t, listen(t, test.serve), test.scheme+"://example.com/", hurried)
			bounded := test.reason == "bounded" && slices.Contains([]observation.Reason{"", observation.Timeout, observation.ResponseTooLarge}, got.Reason)
			if got.Reason != test.reason && !bounded {
				t.Errorf("got %q (%s), want %q", got.Reason, got.Detail, test.reason)
			}
			if len(got.Body) > maxBody || len(got.Detail) > maxText {
				t.Errorf("kept %d bytes of body, %d of detail", len(got.Body), len(got.Detail))
			}
		})
	}
}

// TestSlowButSteady: a large page on a slow line counts as delivered, cut.
func TestSlowButSteady(t *testing.T) {
	l := listen(t, func(conn net.Conn) {
		hear(conn)
		_, err := io.WriteString(conn, "HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<title>Slow</title>")
		for tick := time.NewTicker(5 * time.Millisecond); err == nil; <-tick.C {
			_, err = io.WriteString(conn, strings.Repeat("x", 1000))
		}
	})
	if got := get(t, l, "http://example.com/", hurried); got.Reason != "" || !got.Truncated || got.Title != "Slow" {
		t.Errorf("%q (%s), truncated %v, title %q", got.Reason, got.Detail, got.Truncated, got.Title)
	}
}

// TestContextEnds: running out of the target's time is not reported as the
// server's failure.
func TestContextEnds(t *testing.T) {
	for _, scheme := range []string{"http", "https"} {
		heard := make(chan struct{})
		l := listen(t, func(conn net.Conn) {
			_, _ = conn.Read(make([]byte, 1))
			close(heard)
			_, _ = io.Copy(io.Discard, conn)
		})
		conn, err := net.Dial("tcp", l.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		go func() { <-heard; cancel() }()
		u, _ := url.Parse(scheme + "://example.com/")
		if got := Get(ctx, conn, Request{URL: u, Step: time.Minute, Now: time.Now()}); got.Reason != observation.TargetTimeout {
			t.Errorf("%s: %q (%s)", scheme, got.Reason, got.Detail)
		}
	}
}

// TestOldTLS: a server that offers only an old version of TLS is still measured.
func TestOldTLS(t *testing.T) {
	s := httptest.NewUnstartedServer(http.NotFoundHandler())
	s.TLS = &tls.Config{MinVersion: tls.VersionTLS10, MaxVersion: tls.VersionTLS10}
	s.StartTLS()
	defer s.Close()
	if got := get(t, s.Listener, "https://example.com/"); got.Reason != "" || got.Status != 404 || got.TLS.Version != "1.0" {
		t.Errorf("%+v, %+v", got, got.TLS)
	}
}

func TestTitles(t *testing.T) {
	for page, want := range map[string]string{
		"<title>A</title>":                             "A",
		"<head><TITLE lang=x>\n A \t B </TITLE>":       "A B",
		"<title></title><title>second</title>":         "second",
		"<title>&lt;script&gt;</title>":                "<script>",
		"<title>\x1b]0;owned\x07</title>":              "\x1b]0;owned\x07", // escaping is for who prints
		"<title>\xff\xfe</title>":                      "\uFFFD",
		"<title>" + strings.Repeat("é", 200):           strings.Repeat("é", 127),
		"<!-- <title>no</title> --><title>yes</title>": "yes",
		"<script>'<title>no</title>'</script>":         "",
		strings.Repeat("<", maxHead) + "<title>late":   "",
		strings.Repeat("<p a=", 1000) + "<title>x":     "",
		"": "",
	} {
		if got := title([]byte(page)); got != want {
			t.Errorf("%.40q: got %q, want %q", page, got, want)
		}
	}
}

// FuzzGet answers with arbitrary bytes: whatever they are, the facts stay
// within their bounds.
func FuzzGet(f *testing.F) {
	f.Add([]byte("HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=big5\r\nContent-Encoding: gzip\r\n\r\n" + zipped(1, "<title>x</title>")))
	f.Add([]byte("HTTP/1.1 301 Moved\r\nLocation: https://[::1]/\r\n\r\n"))
	f.Add([]byte("HTTP/1.1 103 Hint\r\n\r\nHTTP/1.0 404 No\r\n\r\n<title>\xff"))
	f.Add([]byte("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\nA: b\r\n\r\n"))
	u, _ := url.Parse("http://example.com/")
	f.Fuzz(func(t *testing.T, answer []byte) {
		client, server := net.Pipe()
		done := make(chan struct{})
		go func() {
			defer close(done)
			hear(server)
			_, _ = server.Write(answer)
			server.Close()
		}()
		got := Get(t.Context(), client, Request{URL: u, Step: 5 * time.Second, Now: time.Now()})
		<-done
		if len(got.Body) > maxBody || len(got.Title) > maxText || !utf8.ValidString(got.Title) ||
			len(got.Location) > maxLocation || len(got.Detail) > maxText || len(got.ContentType) > maxHeaderBytes {
			t.Errorf("beyond its bounds: %+v", got)
		}
		if got.Reason == "" && (got.Status < 200 || got.Status > 599) {
			t.Errorf("status %d is a whole response", got.Status)
		}
	})
}
