package fetch

import (
	"adopt6/scanner/observation"
	"bytes"
	"crypto/tls"
	"io"
	"net"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"

	"golang.org/x/net/http2"
	"golang.org/x/net/http2/hpack"
)

// listen2 serves HTTP/2 connections with a function, once the first request
// is there; what the client sends afterwards is thrown away.
func listen2(t *testing.T, serve func(*http2.Framer, uint32) error) net.Listener {
	t.Helper()
	s := httptest.NewUnstartedServer(nil) // for its certificate
	s.StartTLS()
	config := &tls.Config{Certificates: s.TLS.Certificates, NextProtos: []string{"h2"}}
	s.Close()
	return listen(t, func(conn net.Conn) {
		c := tls.Server(conn, config)
		defer c.Close()
		if _, err := io.ReadFull(c, make([]byte, len(http2.ClientPreface))); err != nil {
			return
		}
		f := http2.NewFramer(c, c)
		if f.WriteSettings() != nil {
			return
		}
		for {
			frame, err := f.ReadFrame()
			if err != nil {
				return
			}
			if h, ok := frame.(*http2.HeadersFrame); ok {
				rest := make(chan struct{})
				go func() { defer close(rest); _, _ = io.Copy(io.Discard, c) }()
				for err == nil {
					err = serve(f, h.StreamID)
				}
				conn.Close()
				<-rest
				return
			}
		}
	})
}

// block encodes headers.
func block(fields ...string) []byte {
	var b bytes.Buffer
	e := hpack.NewEncoder(&b)
	for i := 0; i < len(fields); i += 2 {
		_ = e.WriteField(hpack.HeaderField{Name: fields[i], Value: fields[i+1]})
	}
	return b.Bytes()
}

// TestHTTP2Misbehaviour: servers that abuse the framing, without end. Each
// costs a bounded time.
func TestHTTP2Misbehaviour(t *testing.T) {
	begun := false
	for _, test := range []struct {
		name   string
		serve  func(*http2.Framer, uint32) error
		reason []observation.Reason
	}{
		{"SETTINGS", func(f *http2.Framer, _ uint32) error {
			return f.WriteSettings(http2.Setting{ID: http2.SettingMaxFrameSize, Val: 1 << 15})
		}, []observation.Reason{observation.ResponseTooLarge, observation.Timeout, observation.TCPReset}},
		{"PING", func(f *http2.Framer, _ uint32) error { return f.WritePing(false, [8]byte{}) },
			[]observation.Reason{observation.ResponseTooLarge, observation.Timeout, observation.TCPReset}},
		{"CONTINUATION", func(f *http2.Framer, id uint32) error {
			if !begun {
				begun = true
				return f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, BlockFragment: block(":status", "200")})
			}
			return f.WriteContinuation(id, false, block("a", strings.Repeat("b", 1000)))
		}, []observation.Reason{observation.ResponseTooLarge, observation.HTTPMalformed}},
		{"1xx", func(f *http2.Framer, id uint32) error {
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, BlockFragment: block(":status", "103", "a", strings.Repeat("b", 1000))})
		}, []observation.Reason{observation.ResponseTooLarge}},
		{"a header bomb", func(f *http2.Framer, id uint32) error {
			fields := []string{":status", "200"}
			for range 1000 { // one byte each, once the table has them
				fields = append(fields, "a", strings.Repeat("b", 1000))
			}
			return f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, BlockFragment: block(fields...)})
		}, []observation.Reason{observation.ResponseTooLarge}},
		{"GOAWAY", func(f *http2.Framer, _ uint32) error { return f.WriteGoAway(0, http2.ErrCodeNo, nil) },
			[]observation.Reason{observation.HTTPMalformed, observation.TCPReset, observation.ResponseTooLarge}},
		{"REFUSED_STREAM", func(f *http2.Framer, id uint32) error { return f.WriteRSTStream(id, http2.ErrCodeRefusedStream) },
			[]observation.Reason{observation.HTTPMalformed, observation.ResponseTooLarge}},
		{"PUSH_PROMISE", func(f *http2.Framer, id uint32) error {
			return f.WritePushPromise(http2.PushPromiseParam{StreamID: id, PromiseID: 2, EndHeaders: true, BlockFragment: block(":method", "GET")})
		}, []observation.Reason{observation.HTTPMalformed, observation.ResponseTooLarge}},
		{"a body beyond the window", func(f *http2.Framer, id uint32) error {
			if err := f.WriteHeaders(http2.HeadersFrameParam{StreamID: id, EndHeaders: true, BlockFragment: block(":status", "200")}); err != nil {
				return err
			}
			for range 2 * maxBody / 16384 {
				if err := f.WriteData(id, false, make([]byte, 16384)); err != nil {
					return err
				}
			}
			return io.EOF
		}, []observation.Reason{observation.HTTPMalformed, observation.TCPReset, ""}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got := get(t, listen2(t, test.serve), "https://example.com/", hurried)
			if !slices.Contains(test.reason, got.Reason) {
				t.Errorf("got %q (%s), want one of %q", got.Reason, got.Detail, test.reason)
			}
			if got.TLS == nil || got.TLS.ALPN != "h2" {
				t.Errorf("TLS: %+v", got.TLS)
			}
		})
	}
}
