package smtp

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"strings"
	"testing"
)

// FuzzReply reads replies from arbitrary bytes: within the bounds, and so that
// what was read means the same when it is written down and read again.
func FuzzReply(f *testing.F) {
	for _, seed := range []string{
		"220 mx.example.net ESMTP\r\n", "250-mx\r\n250-STARTTLS\r\n250 SMTPUTF8\r\n", "250\n", "220-a\r\n220-b\r\n", "220-a\r\n250 b\r\n",
		"221", "\r\n", "199 x\r\n", "600 x\r\n", "2x0 y\r\n", "220\x00\r\n", "220 \x1b[2J\x07\x00\xff\r\r\n", "220-\n220 \n250 next\n",
		"220 " + strings.Repeat("x", 3000), strings.Repeat("250-x\r\n", 200),
	} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		source := bytes.NewReader(data)
		in := bufio.NewReaderSize(source, maxLine)
		r, err := readReply(in)
		if read := len(data) - source.Len() - in.Buffered(); read > maxReply+maxLine {
			t.Fatalf("took %d bytes", read)
		}
		if err != nil {
			if len(r.lines) > 0 || r.code != 0 {
				t.Fatalf("a reply %+v beside the error %v", r, err)
			}
			return
		}
		if r.code < 200 || r.code > 599 || len(r.lines) == 0 || len(r.lines) > maxLines || len(r.text()) > maxReply {
			t.Fatalf("got %d with %d lines", r.code, len(r.lines))
		}
		r.offers("STARTTLS")
		var again strings.Builder
		for i, line := range r.lines {
			separator := "-"
			if i == len(r.lines)-1 {
				separator = " "
			}
			fmt.Fprintf(&again, "%d%s%s\r\n", r.code, separator, line)
		}
		if again.Len() > maxReply {
			return // the ends of lines have grown
		}
		second, err := readReply(bufio.NewReaderSize(strings.NewReader(again.String()), maxLine+2))
		if err != nil || second.code != r.code || second.text() != r.text() {
			t.Fatalf("%q was read as %+v, and again as %+v, %v", data, r, second, err)
		}
	})
}

func TestReadReply(t *testing.T) {
	in := bufio.NewReaderSize(strings.NewReader("250-a\r\n250-b\r\n250 c\r\n221 next\r\n"), maxLine)
	for _, want := range []string{"250 a b c", "221 next"} {
		if r, err := readReply(in); err != nil || fmt.Sprint(r.code, " ", r.text()) != want {
			t.Errorf("got %+v, %v; want %s", r, err, want)
		}
	}
	if _, err := readReply(in); err != io.EOF {
		t.Errorf("at the end: %v", err)
	}
	if _, err := readReply(bufio.NewReaderSize(strings.NewReader("220 half"), maxLine)); err != io.ErrUnexpectedEOF {
		t.Errorf("half a line: %v", err)
	}
}
