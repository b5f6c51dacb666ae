package fetch

import (
	"bufio"
	"bytes"
	"errors"
	"net"
	"strconv"
	"strings"

	"golang.org/x/net/http/httpguts"
)

const (
	// maxLead is how many bytes before a status line are skipped, as browsers
	// skip them.
	maxLead = 4
	// maxRawHead is how much of a head is read before it is passed on as it is,
	// so that net/http refuses it for its size.
	maxRawHead = maxHeaderBytes + 4<<10
)

// tolerantConn is a connection whose HTTP/1 responses are read as browsers read
// them. net/http refuses a whole response for one header line that every browser
// accepts, so every head is normalised before net/http sees it. What does not
// begin like a response passes unchanged.
type tolerantConn struct {
	net.Conn
	in    *bufio.Reader
	heard func() // called when the first byte of a head is there
	ready []byte // of a head that is in order, not yet read
	err   error  // what ended the connection within a head; comes after ready
	body  bool   // the heads are over
}

func newTolerantConn(conn net.Conn, heard func()) *tolerantConn {
	return &tolerantConn{Conn: conn, in: bufio.NewReader(conn), heard: heard}
}

// Read implements net.Conn.
func (c *tolerantConn) Read(p []byte) (int, error) {
	if len(c.ready) == 0 && c.err == nil && !c.body {
		c.readHead()
	}
	switch {
	case len(c.ready) > 0:
		n := copy(p, c.ready)
		c.ready = c.ready[n:]
		return n, nil
	case c.err != nil:
		return 0, c.err
	}
	return c.in.Read(p)
}

// readHead reads one head and makes it ready. After that of an interim
// response another one is due (RFC 9110 section 15.2).
func (c *tolerantConn) readHead() {
	c.skipLead()
	var raw []byte
	var lines []string
	begin := 0 // of the line that is being read
	for {
		piece, err := c.in.ReadSlice('\n')
		raw = append(raw, piece...)
		full := errors.Is(err, bufio.ErrBufferFull)
		switch {
		case full && len(raw) < maxRawHead:
			continue // a line longer than the buffer
		case full, err == nil && len(raw) >= maxRawHead:
			c.pass(raw, nil)
			return
		case err != nil:
			c.pass(raw, err)
			return
		}
		line := strings.TrimRight(string(raw[begin:]), "\r\n")
		begin = len(raw)
		if len(lines) == 0 && !isStatusLine(line) {
			c.pass(raw, nil)
			return
		}
		if line == "" {
			break
		}
		lines = append(lines, line)
	}
	status, code := statusLine(lines[0])
	c.ready = append(append([]byte(status), fieldLines(lines[1:])...), "\r\n"...)
	c.body = code < 100 || code > 199 || code == 101
}

// pass passes on what was read, and all that follows, as it is.
func (c *tolerantConn) pass(raw []byte, err error) {
	c.ready, c.err, c.body = raw, err, true
}

// skipLead skips a few bytes before a status line, such as line ends that
// belong to the body before it.
func (c *tolerantConn) skipLead() {
	if _, err := c.in.Peek(1); err != nil {
		return // the next read says why
	}
	c.heard()
	start, _ := c.in.Peek(maxLead + len("HTTP"))
	if i := bytes.Index(bytes.ToUpper(start), []byte("HTTP")); i > 0 {
		_, _ = c.in.Discard(i)
	}
}

func isStatusLine(line string) bool {
	return len(line) >= 4 && strings.EqualFold(line[:4], "HTTP")
}

// statusLine returns a status line in the form of RFC 9112 section 4, with its
// code. As in browsers the code is what digits follow the first blank, and 200
// without any.
func statusLine(line string) (proper string, code int) {
	version, rest, _ := strings.Cut(line, " ")
	rest = strings.TrimLeft(rest, " ")
	digits := 0
	for digits < min(len(rest), 3) && '0' <= rest[digits] && rest[digits] <= '9' {
		digits++
	}
	code = 200
	if digits > 0 {
		code, _ = strconv.Atoi(rest[:digits])
	}
	proto := "HTTP/1.1"
	if strings.EqualFold(version, "HTTP/1.0") {
		proto = "HTTP/1.0"
	}
	number := strconv.Itoa(1000 + code)[1:]
	return proto + " " + number + " " + printable(strings.TrimSpace(rest[digits:])) + "\r\n", code
}

// fieldLines returns the header lines that have a name and a colon, each on
// one line, without those that contradict how the body is delimited.
func fieldLines(lines []string) []byte {
	var out bytes.Buffer
	chunked, kept := false, false
	var lengths []string
	for _, line := range lines {
		if line[0] == ' ' || line[0] == '\t' { // folded (RFC 9112 section 5.2)
			if kept {
				out.Truncate(out.Len() - len("\r\n"))
				out.WriteString(" " + printable(strings.TrimSpace(line)) + "\r\n")
			}
			continue
		}
		name, value, colon := strings.Cut(line, ":")
		name, value = strings.TrimRight(name, " \t"), printable(strings.TrimSpace(value))
		kept = false
		switch {
		case !colon, !httpguts.ValidHeaderFieldName(name):
		case strings.EqualFold(name, "Transfer-Encoding"):
			chunked = chunked || hasToken(value, "chunked")
		case strings.EqualFold(name, "Content-Length"):
			if _, err := strconv.ParseUint(value, 10, 63); err == nil {
				lengths = append(lengths, value)
			}
		default:
			kept = true
			out.WriteString(name + ": " + value + "\r\n")
		}
	}
	if chunked {
		out.WriteString("Transfer-Encoding: chunked\r\n")
		return out.Bytes()
	}
	for _, length := range lengths { // net/http refuses those that differ, as browsers do
		out.WriteString("Content-Length: " + length + "\r\n")
	}
	return out.Bytes()
}

// hasToken reports whether a list of tokens (RFC 9110 section 5.6.1) has one.
func hasToken(list, token string) bool {
	for word := range strings.SplitSeq(list, ",") {
		if strings.EqualFold(strings.TrimSpace(word), token) {
			return true
		}
	}
	return false
}

// printable returns a header value with blanks for the control characters in
// it. Its other bytes, of whatever encoding, stay.
func printable(s string) string {
	b := []byte(s)
	for i := range b {
		if b[i] < ' ' && b[i] != '\t' || b[i] == 0x7f {
			b[i] = ' '
		}
	}
	return string(b)
}
