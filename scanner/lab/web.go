package lab

import (
	"bufio"
	"compress/gzip"
	"context"
	"crypto/tls"
	"fmt"
	"html"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"adopt6/scanner/lab/authority"
)

// webServer serves HTTP on one loopback port for every simulated host. The
// address that a connection came to says which host it is.
type webServer struct {
	lab    *Lab
	port   uint16 // 80 or 443
	server *http.Server
	conns  chan net.Conn
	addr   net.Addr
	done   chan struct{}
	once   sync.Once
}

type viewKey struct{}

// listenWeb opens the listeners of HTTP and HTTPS.
func (l *Lab) listenWeb() error {
	for _, w := range []*webServer{{port: 80}, {port: 443}} {
		config := listenConfig(false)
		listener, err := config.Listen(context.Background(), "tcp4", "0.0.0.0:0")
		if err != nil {
			return fmt.Errorf("listen for port %d: %w", w.port, err)
		}
		w.lab, w.addr = l, listener.Addr()
		w.conns, w.done = make(chan net.Conn), make(chan struct{})
		w.server = &http.Server{
			Handler:           w,
			ReadHeaderTimeout: webIdle, IdleTimeout: webIdle,
			ErrorLog: log.New(io.Discard, "", 0), // clients that break off are not news
			ConnContext: func(ctx context.Context, c net.Conn) context.Context {
				return context.WithValue(ctx, viewKey{}, viewOf(c))
			},
		}
		if w.port == 443 {
			w.server.TLSConfig = &tls.Config{NextProtos: []string{"h2", "http/1.1"}, GetConfigForClient: w.clientConfig}
			l.ports.HTTPS = uint16(w.addr.(*net.TCPAddr).Port)
		} else {
			l.ports.HTTP = uint16(w.addr.(*net.TCPAddr).Port)
		}
		l.serveTCP(listener, w.handle)
		l.servers = append(l.servers, w)
		l.wg.Go(func() {
			if w.port == 443 {
				_ = w.server.ServeTLS(w, "", "")
			} else {
				_ = w.server.Serve(w)
			}
		})
	}
	return nil
}

const webIdle = 15 * time.Second

// webConn is a connection that remembers whose it is.
type webConn struct {
	net.Conn
	view   *view
	closed chan struct{}
	once   sync.Once
}

func (c *webConn) Close() error {
	c.once.Do(func() { close(c.closed) })
	return c.Conn.Close()
}

// viewOf returns the simulated host that a connection of the HTTP server is
// for.
func viewOf(c net.Conn) *view {
	if t, ok := c.(*tls.Conn); ok {
		c = t.NetConn()
	}
	return c.(*webConn).view
}

// handle passes a connection to the HTTP server and waits until it ends.
func (w *webServer) handle(conn *net.TCPConn, v *view) {
	if w.lab.onContact != nil {
		w.lab.contact(v, w.port, "tcp", conn.RemoteAddr().(*net.TCPAddr).AddrPort(), nil)
	}
	if w.lab.linkFault(conn, v, w.port) {
		return
	}
	if w.port == 443 {
		switch faults := w.lab.layerFaults(v, tlsLayer, 443); {
		case faults.has("tls_hang"):
			<-w.lab.gone(conn)
			return
		case faults.has("tls_none"):
			_, _ = io.WriteString(conn, "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
			return
		}
	}
	c := &webConn{Conn: w.lab.lagging(conn, v, w.port), view: v, closed: make(chan struct{})}
	select {
	case w.conns <- c:
	case <-w.done:
		return
	}
	select {
	case <-c.closed:
	case <-w.done:
	}
}

// Accept, Addr and Close make the webServer the HTTP server's listener.
func (w *webServer) Accept() (net.Conn, error) {
	select {
	case c := <-w.conns:
		return c, nil
	case <-w.done:
		return nil, net.ErrClosed
	}
}

func (w *webServer) Addr() net.Addr { return w.addr }

func (w *webServer) Close() error {
	w.once.Do(func() { close(w.done) })
	return nil
}

func (w *webServer) close() { w.server.Close() }

func (w *webServer) clientConfig(hello *tls.ClientHelloInfo) (*tls.Config, error) {
	v := viewOf(hello.Conn)
	protocols := []string{"h2", "http/1.1"}
	if d := w.domainOf(hello.ServerName); d != nil && slices.ContainsFunc(d.spec.Web.Pages, func(p Page) bool { return p.Raw != "" }) {
		protocols = protocols[1:] // HTTP/2 has no text to replace
	}
	return w.lab.tlsConfig(w.lab.layerFaults(v, tlsLayer, 443), v.addr().String(), protocols...), nil
}

// domainOf returns the domain that a host name lies in, or nil.
func (w *webServer) domainOf(hostname string) *domain {
	name, err := authority.ParseName(hostname)
	if err != nil {
		return nil
	}
	return w.lab.world.domainOf(name)
}

// ServeHTTP answers a request by the pages of the domain that its host is of.
func (w *webServer) ServeHTTP(rw http.ResponseWriter, r *http.Request) {
	v := r.Context().Value(viewKey{}).(*view)
	for _, f := range w.lab.layerFaults(v, httpLayer, w.port) {
		if f.Do != "http_cookie_wall" || r.Header.Get("Cookie") == "" {
			w.misbehave(rw, r, f)
			return
		}
	}
	hostname := r.Host
	if h, _, err := net.SplitHostPort(hostname); err == nil {
		hostname = h
	}
	page := w.page(hostname, v, r.URL.Path)
	if page.Raw != "" {
		w.sayRaw(rw, page.Raw)
		return
	}
	for name, value := range page.Headers {
		rw.Header().Set(name, value)
	}
	if page.Redirect != "" {
		target := page.Redirect
		if target == "https" {
			target = "https://" + hostname + r.URL.RequestURI()
		}
		rw.Header().Set("Location", target)
	}
	if rw.Header().Get("Content-Type") == "" {
		rw.Header().Set("Content-Type", "text/html; charset=utf-8")
	}
	rw.WriteHeader(page.Status)
	_, _ = io.WriteString(rw, page.Body)
}

// sayRaw sends a text in place of a response and closes the connection.
func (w *webServer) sayRaw(rw http.ResponseWriter, text string) {
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	_, _ = io.WriteString(conn, text)
}

// page returns the first page of the host's domain whose conditions hold,
// completed; by default HTTP leads to HTTPS, and HTTPS shows a page.
func (w *webServer) page(hostname string, v *view, path string) Page {
	scheme, family := "http", "v6"
	if w.port == 443 {
		scheme = "https"
	}
	if v.addr().Is4() {
		family = "v4"
	}
	var pages []Page
	owner := ""
	if d := w.domainOf(hostname); d != nil {
		pages, owner = d.spec.Web.Pages, d.name.Text()
	}
	page := Page{}
	for _, p := range pages {
		if p.fits(hostname, owner, family, scheme, path) {
			page = p
			break
		}
	}
	if page.Status == 0 && page.Redirect == "" && page.Body == "" && page.Title == "" && scheme == "http" {
		page.Redirect = "https"
	}
	return page.complete(hostname)
}

func (p *Page) fits(hostname, domain, family, scheme, path string) bool {
	want := p.Host
	switch want {
	case "apex":
		want = domain
	case "www":
		want = "www." + domain
	}
	return (want == "" || strings.EqualFold(bare(want), bare(hostname))) && (p.Family == "" || p.Family == family) &&
		(p.Scheme == "" || p.Scheme == scheme) && (p.Path == "" || p.Path == path)
}

// complete fills in what the page leaves open.
func (p Page) complete(hostname string) Page {
	if p.Status == 0 {
		p.Status = http.StatusOK
		if p.Redirect != "" {
			p.Status = http.StatusMovedPermanently
		}
	}
	if p.Title == "" {
		p.Title = hostname
	}
	if p.Body == "" {
		title := html.EscapeString(p.Title)
		p.Body = "<!DOCTYPE html>\n<html lang=\"en\"><head><title>" + title + "</title></head>\n<body><h1>" + title +
			"</h1>\n<p>A page of a simulated Internet. Nothing here is real.</p>\n</body></html>\n"
	}
	for range p.Varies {
		p.Body += variation[rand.IntN(len(variation))] + " "
	}
	return p
}

// variation are the words of pages that vary from one visit to the next.
var variation = strings.Fields(`budget school road river council water permit museum election harbour forest library
	hospital railway bridge market tax passport licence weather census tender garden theatre court police`)

// misbehave answers as an HTTP fault says.
func (w *webServer) misbehave(rw http.ResponseWriter, r *http.Request, f Fault) {
	switch f.Do {
	case "http_loop":
		http.Redirect(rw, r, r.URL.RequestURI(), http.StatusFound)
		return
	case "http_chain":
		http.Redirect(rw, r, r.URL.Path+"x", http.StatusFound)
		return
	case "http_cookie_wall":
		rw.Header().Set("Set-Cookie", "seen=1")
		http.Redirect(rw, r, r.URL.Path+"x", http.StatusFound)
		return
	case "http_bomb":
		rw.Header().Set("Content-Encoding", "gzip")
		zip := gzip.NewWriter(rw)
		w.pour(zip, f.Bytes, strings.Repeat("\x00", 64<<10))
		_ = zip.Close()
		return
	case "http_endless_body":
		w.pour(rw, f.Bytes, strings.Repeat("endless ", 4<<10))
		return
	case "http_cut_short":
		rw.Header().Set("Content-Length", "100000")
		_, _ = io.WriteString(rw, "<html>")
		_ = http.NewResponseController(rw).Flush()
		panic(http.ErrAbortHandler)
	}
	if r.ProtoMajor == 2 {
		w.misbehave2(rw, f)
		return
	}
	conn, _, err := http.NewResponseController(rw).Hijack()
	if err != nil {
		return
	}
	defer conn.Close()
	switch f.Do {
	case "http_slow":
		w.lab.drip(conn, []byte("HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"+strings.Repeat("slow ", 1000)), f.Delay)
	case "http_garbage":
		_, _ = io.WriteString(conn, "\x00\x01\x02\xff\xfenot HTTP at all\r\n\r\n\x1b[2J")
	case "http_endless_headers":
		out := bufio.NewWriter(conn)
		_, _ = io.WriteString(out, "HTTP/1.1 200 OK\r\n")
		for i := 0; i*64 < f.Bytes; i++ {
			if _, err := io.WriteString(out, "X-Header-"+strconv.Itoa(i)+": "+strings.Repeat("x", 48)+"\r\n"); err != nil {
				return
			}
		}
		_ = out.Flush()
	}
}

// misbehave2 is misbehave for the faults below HTTP's meaning, which HTTP/2
// frames: what cannot be done within its frames breaks the stream off.
func (w *webServer) misbehave2(rw http.ResponseWriter, f Fault) {
	switch f.Do {
	case "http_slow":
		out := http.NewResponseController(rw)
		for range 5000 {
			if _, err := io.WriteString(rw, "s"); err != nil || out.Flush() != nil || !w.lab.wait(f.Delay) {
				return
			}
		}
		return
	case "http_endless_headers": // all of them are in memory here
		for i := 0; i*64 < min(f.Bytes, 1<<20); i++ {
			rw.Header().Set("X-Header-"+strconv.Itoa(i), strings.Repeat("x", 48))
		}
		return
	}
	panic(http.ErrAbortHandler)
}

// pour writes size octets, or until nobody reads any more.
func (w *webServer) pour(to io.Writer, size int, chunk string) {
	for sent := 0; sent < size; sent += len(chunk) {
		select {
		case <-w.lab.closing:
			return
		default:
		}
		if _, err := io.WriteString(to, chunk); err != nil {
			return
		}
	}
}
