package smtp

import (
	"bufio"
	"errors"
	"io"
	"strings"
)

// What one reply may be. RFC 5321 section 4.5.3.1.5 allows lines of 512 bytes;
// servers send a few dozen lines at most.
const (
	maxLine  = 2048
	maxLines = 128
	maxReply = 32 << 10
)

var (
	errMalformed = errors.New("no SMTP reply")
	errTooLarge  = errors.New("reply without end")
)

// reply is what a server says at a time: a code and the text of its lines
// (RFC 5321 section 4.2). The text is as the server sent it.
type reply struct {
	code  int
	lines []string
}

// kind is the first digit of the code, which says how it went.
func (r reply) kind() int { return r.code / 100 }

// text returns the lines as one.
func (r reply) text() string { return strings.Join(r.lines, " ") }

// offers says whether an answer to EHLO names an extension.
func (r reply) offers(keyword string) bool {
	if len(r.lines) == 0 {
		return false
	}
	for _, line := range r.lines[1:] {
		if words := strings.Fields(line); len(words) > 0 && strings.EqualFold(words[0], keyword) {
			return true
		}
	}
	return false
}

// readReply reads one reply. in must hold lines of maxLine bytes. A server that
// ends its lines with LF alone is understood, as other clients understand it.
// The error is errMalformed, errTooLarge or that of the connection.
func readReply(in *bufio.Reader) (reply, error) {
	var r reply
	size := 0
	for {
		line, err := in.ReadSlice('\n')
		size += len(line)
		switch {
		case errors.Is(err, bufio.ErrBufferFull):
			if _, _, _, ok := parseLine(line); !ok {
				return reply{}, errMalformed
			}
			return reply{}, errTooLarge
		case errors.Is(err, io.EOF) && len(line) > 0:
			return reply{}, io.ErrUnexpectedEOF
		case err != nil:
			return reply{}, err
		}
		code, text, last, ok := parseLine(line)
		switch {
		case !ok, len(r.lines) > 0 && code != r.code:
			return reply{}, errMalformed
		case size > maxReply, len(r.lines) == maxLines:
			return reply{}, errTooLarge
		}
		r.code, r.lines = code, append(r.lines, text)
		if last {
			return r, nil
		}
	}
}

// parseLine takes a line of a reply apart. All lines but the last have a hyphen
// behind the code; some servers end the last one after the code.
func parseLine(line []byte) (code int, text string, last, ok bool) {
	line = trimEnd(line)
	if len(line) < 3 || line[0] < '2' || line[0] > '5' {
		return 0, "", false, false
	}
	for _, digit := range line[:3] {
		if digit < '0' || digit > '9' {
			return 0, "", false, false
		}
		code = code*10 + int(digit-'0')
	}
	if len(line) == 3 {
		return code, "", true, true
	}
	if line[3] != ' ' && line[3] != '-' {
		return 0, "", false, false
	}
	return code, string(line[4:]), line[3] == ' ', true
}

// trimEnd drops the end of a line: LF, or CR and LF.
func trimEnd(line []byte) []byte {
	if n := len(line); n > 0 && line[n-1] == '\n' {
		line = line[:n-1]
		if n > 1 && line[n-2] == '\r' {
			line = line[:n-2]
		}
	}
	return line
}
