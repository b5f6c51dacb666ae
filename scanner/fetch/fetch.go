// Package fetch makes one HTTP exchange over one open connection.
//
// In: a connection to an address that may be contacted, and a URL. Out: the
// facts of the TLS handshake and of the response, or the reason why there is
// none. It never dials, follows no redirect, keeps no cookie and no connection,
// and spends a bounded amount of time, memory and work on what a server sends.
package fetch

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"mime"
	"net"
	"net/http"
	"net/http/httptrace"
	"net/url"
	"os"
	"strconv"
	"strings"
	"syscall"
	"time"

	"adopt6/scanner/certificate"
	"adopt6/scanner/observation"
)

// Bounds of one exchange.
const (
	maxBody        = 256 << 10 // of the body as decoded; the rest is left unread
	maxHeaderBytes = 64 << 10  // of all headers, those of 1xx responses included
	maxHeaders     = 500       // header lines
	maxWire        = 2 << 20   // bytes read from the connection
	maxLocation    = 4 << 10   // bytes; the longest URLs in use have 2000
	maxText        = 255       // bytes of what is kept as evidence

	// minSpeed is how fast a page must arrive, in bytes of the decoded body a
	// second, for a part that arrived within the time limit to count. A modem
	// is faster.
	minSpeed = 2 << 10
)

// Request describes a request.
type Request struct {
	URL   *url.URL // http or https, with a host and a path
	Agent string   // the User-Agent
	From  string   // mail address of the people behind the request; none when empty
	// Step is the time limit of each step: the handshake, the wait for the
	// response's headers, and the body.
	Step time.Duration
	// Authorities judge the certificate; nil: those of the system.
	Authorities *x509.CertPool
	// Now is the time that certificates are judged by.
	Now time.Time
}

// Response is the result of an exchange. Every text is from the network.
type Response struct {
	// Reason is why there is no complete response; empty when there is one.
	// The facts seen before the failure are still filled in. A bad certificate
	// is not a failure: TLS describes what is wrong with it.
	Reason observation.Reason
	Detail string // of the failure, at most 255 bytes

	TLS       *observation.TLSFacts // nil without a handshake
	Status    int
	Proto     string        // "HTTP/1.1", "HTTP/2.0"
	FirstByte time.Duration // from the request to the first byte of the response
	Location  string        // of a redirect; at most 4096 bytes
	// Refresh is where a page leads that is nothing but a refresh, by its
	// header or a meta element; at most 4096 bytes.
	Refresh string
	// RetryAfter is how long the server asks to wait, at most an hour; zero when
	// it does not ask. A date is compared with the server's own clock; one in
	// the past, or an unreadable value, means a second.
	RetryAfter time.Duration
	// SetsCookie reports that the response sets a cookie, which is not kept.
	SetsCookie bool
	// ContentType is the media type in lower case, without parameters.
	ContentType string
	Title       string // of an HTML page; at most 255 bytes of valid UTF-8
	// Body is the decoded body, as far as it was read; text is in UTF-8. The
	// body of a redirect is not read.
	Body      []byte
	Truncated bool // there is more of the body
}

// Get sends a GET request over conn and closes it. The context ends it early,
// with the reason target_timeout.
func Get(ctx context.Context, conn net.Conn, r Request) *Response {
	g := newGuard(conn, maxWire)
	defer g.Close()
	x := &exchange{Request: r, guard: g, response: new(Response)}
	if err := x.run(ctx); err != nil {
		x.response.Reason = x.reason(ctx, err)
		x.response.Detail = short(err.Error())
	}
	return x.response
}

// exchange is one request in progress.
type exchange struct {
	Request
	guard    *guard
	response *Response
	shaken   bool      // the handshake is over, or there is none
	asked    bool      // for a client certificate
	sent     time.Time // when the request went out
}

func (x *exchange) run(ctx context.Context) error {
	conn, err := x.handshake(ctx)
	if err != nil {
		return fmt.Errorf("TLS handshake: %w", err)
	}
	x.shaken = true
	if secure, ok := conn.(*tls.Conn); !ok || secure.ConnectionState().NegotiatedProtocol != "h2" {
		conn = newTolerantConn(conn, x.firstByte)
	}
	transport := transportOver(conn)
	defer transport.CloseIdleConnections()
	x.guard.limit(x.Step)
	answer, err := x.request(ctx, transport)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if err := x.headers(answer); err != nil || x.response.Location != "" {
		return err
	}
	return x.body(answer)
}

// handshake speaks TLS where the URL asks for it.
func (x *exchange) handshake(ctx context.Context) (net.Conn, error) {
	if x.URL.Scheme != "https" {
		return x.guard, nil
	}
	host := x.URL.Hostname()
	config := certificate.Config(host, "h2", "http/1.1")
	config.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) {
		x.asked = true
		return new(tls.Certificate), nil // none
	}
	conn := tls.Client(x.guard, config)
	x.guard.limit(x.Step)
	start := time.Now()
	if err := conn.HandshakeContext(ctx); err != nil {
		return nil, err
	}
	handshake := time.Since(start)
	x.response.TLS = certificate.Judge(conn.ConnectionState(), host, x.Authorities, x.Now)
	x.response.TLS.Handshake = handshake
	return conn, nil
}

// errSpent is the error for a transport that asks for a second connection.
var errSpent = errors.New("the server ended the only connection")

// transportOver returns a transport for one request over an open connection.
// It is not shared: a transport hands connections to whichever request waits
// for the same host, and here the address makes the difference.
func transportOver(conn net.Conn) *http.Transport {
	once := make(chan net.Conn, 1)
	once <- conn
	hand := func(context.Context, string, string) (net.Conn, error) {
		select {
		case c := <-once:
			return c, nil
		default:
			return nil, errSpent
		}
	}
	t := &http.Transport{
		DialContext: hand, DialTLSContext: hand,
		DisableKeepAlives: true, DisableCompression: true,
		MaxResponseHeaderBytes: maxHeaderBytes,
		Protocols:              new(http.Protocols),
		HTTP2:                  &http.HTTP2Config{MaxReceiveBufferPerStream: maxBody, MaxReceiveBufferPerConnection: maxBody},
	}
	t.Protocols.SetHTTP1(true)
	t.Protocols.SetHTTP2(true)
	return t
}

// request sends the request and waits for the headers of the response.
func (x *exchange) request(ctx context.Context, transport *http.Transport) (*http.Response, error) {
	x.sent = time.Now()
	ctx = httptrace.WithClientTrace(ctx, &httptrace.ClientTrace{GotFirstResponseByte: x.firstByte})
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, x.URL.String(), nil)
	if err != nil {
		return nil, fmt.Errorf("make request: %w", err)
	}
	request.Header.Set("User-Agent", x.Agent)
	if x.From != "" {
		request.Header.Set("From", x.From) // RFC 9110 section 10.1.2: robots should
	}
	request.Header.Set("Accept", "text/html,application/xhtml+xml,*/*;q=0.8")
	request.Header.Set("Accept-Encoding", "gzip, deflate")
	answer, err := transport.RoundTrip(request)
	x.response.FirstByte = x.guard.first()
	if err != nil {
		return nil, fmt.Errorf("request: %w", err)
	}
	return answer, nil
}

// firstByte keeps when the response began.
func (x *exchange) firstByte() { x.guard.firstByte(time.Since(x.sent)) }

// headers records the facts in the headers.
func (x *exchange) headers(answer *http.Response) error {
	lines := 0
	for _, values := range answer.Header {
		lines += len(values)
	}
	x.response.Status, x.response.Proto = answer.StatusCode, answer.Proto
	x.response.SetsCookie = answer.Header.Get("Set-Cookie") != ""
	x.response.RetryAfter = retryAfter(answer.Header)
	location := answer.Header.Get("Location")
	switch {
	case lines > maxHeaders:
		return fmt.Errorf("%d header lines: %w", lines, errTooMuch)
	case answer.StatusCode < 200:
		return fmt.Errorf("status %d", answer.StatusCode)
	case !isRedirect(answer.StatusCode), location == "": // then the body is the page (RFC 9110 section 15.4)
		return nil
	case len(location) > maxLocation:
		return fmt.Errorf("a Location of %d bytes: %w", len(location), errTooMuch)
	}
	x.response.Location = location
	return nil
}

// retryAfter reads a Retry-After header: seconds, or a date (RFC 9110 section
// 10.2.3).
func retryAfter(header http.Header) time.Duration {
	text := strings.TrimSpace(header.Get("Retry-After"))
	if text == "" {
		return 0
	}
	wait := time.Second
	if seconds, err := strconv.Atoi(text); err == nil && seconds >= 0 && seconds < 3600 {
		wait = time.Duration(seconds) * time.Second
	} else if err == nil && seconds >= 3600 {
		wait = time.Hour
	} else if at, err := http.ParseTime(text); err == nil {
		from := time.Now()
		if date, err := http.ParseTime(header.Get("Date")); err == nil {
			from = date
		}
		wait = at.Sub(from)
	}
	return min(max(wait, time.Second), time.Hour)
}

// isRedirect reports whether a status redirects to Location (RFC 9110 section
// 15.4). 300 and 304 do not by themselves.
func isRedirect(status int) bool {
	switch status {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return true
	}
	return false
}

// body reads the body and the facts in it.
func (x *exchange) body(answer *http.Response) error {
	start := time.Now()
	x.guard.limit(x.Step)
	data, truncated, opaque, err := decode(answer.Body, answer.Header.Values("Content-Encoding"))
	if isTimeout(err) && float64(len(data)) >= minSpeed*time.Since(start).Seconds() {
		truncated, err = true, nil // large and on its way
	}
	if err != nil {
		err = fmt.Errorf("body: %w", err)
	}
	declared := answer.Header.Get("Content-Type")
	if declared == "" {
		declared = http.DetectContentType(data)
	}
	x.response.Truncated = truncated
	x.response.ContentType, _, _ = mime.ParseMediaType(declared)
	if x.response.ContentType == "" {
		media, _, _ := strings.Cut(declared, ";")
		x.response.ContentType = short(strings.ToLower(strings.TrimSpace(media)))
	}
	if !opaque && isText(x.response.ContentType) {
		data = toUTF8(data, declared)
	}
	x.response.Body = data
	if !opaque && IsHTML(x.response.ContentType) {
		x.response.Title = title(data)
		x.response.Refresh = refreshOf(answer.Header.Get("Refresh"), data)
	}
	return err
}

// reason returns why an exchange failed.
func (x *exchange) reason(ctx context.Context, err error) observation.Reason {
	switch {
	case ctx.Err() != nil:
		return observation.TargetTimeout
	case x.asked && x.response.Status == 0 && !isTimeout(err):
		return observation.ClientCertificate
	case errors.Is(err, errTooMuch), x.guard.exceeded(), headersTooLarge(err):
		return observation.ResponseTooLarge
	case isTimeout(err), isTimeout(x.guard.failure()):
		return observation.Timeout
	case isAlert(err): // whatever the connection came to after it
		return observation.TLSFailed
	case isReset(err), isReset(x.guard.failure()), x.guard.total() == 0 && errors.Is(x.guard.failure(), io.EOF):
		return observation.TCPReset // a connection that ends unheard was broken off as well
	case !x.shaken:
		return observation.TLSFailed
	case x.response.Status == 0 && x.guard.total() > maxHeaderBytes:
		return observation.ResponseTooLarge // HTTP/2 calls it a breach of protocol
	}
	return observation.HTTPMalformed
}

func isTimeout(err error) bool { return errors.Is(err, os.ErrDeadlineExceeded) }

func isReset(err error) bool {
	return errors.Is(err, syscall.ECONNRESET) || errors.Is(err, syscall.EPIPE)
}

// isAlert reports whether the server ended a TLS connection with an alert (RFC
// 8446 section 6.2).
func isAlert(err error) bool {
	operation := new(net.OpError)
	return errors.As(err, &operation) && operation.Op == "remote error"
}

// headersTooLarge recognises the errors of net/http for headers beyond its limit,
// which have no type of their own.
func headersTooLarge(err error) bool {
	text := err.Error()
	return strings.Contains(text, "server response headers exceeded") || // HTTP/1
		strings.Contains(text, "header list larger than") || strings.Contains(text, "header list too large") // HTTP/2
}

// short bounds a text from the network.
func short(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	if len(s) <= maxText {
		return s
	}
	return strings.ToValidUTF8(s[:maxText], "")
}
