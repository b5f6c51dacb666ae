package smtp

import (
	"bufio"
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"adopt6/scanner/observation"
)

// TestHostileServers meets servers that want to cost time or memory. Each must
// be left by the client's own limits.
func TestHostileServers(t *testing.T) {
	const step = 200 * time.Millisecond
	certificate, _ := issue(t, time.Now().Add(time.Hour), serverName)
	offer := func(s *server) {
		s.say("220 hi")
		s.heard()
		s.say("250-hi\r\n250 STARTTLS")
		s.heard()
	}
	for _, test := range []struct {
		name     string
		serve    func(*server)
		reason   observation.Reason
		startTLS observation.Reason
	}{
		{"says nothing", func(s *server) { s.untilGone() }, observation.Timeout, ""},
		{"drips the greeting", func(s *server) { drip(s, "220 "+strings.Repeat("x", 1000), 20*time.Millisecond) }, observation.Timeout, ""},
		{"drips lines", func(s *server) { drip(s, strings.Repeat("220-x\r\n", 200), 2*time.Millisecond) }, observation.Timeout, ""},
		{"drips the answer to EHLO", func(s *server) {
			s.say("220 hi")
			s.heard()
			drip(s, strings.Repeat("250-x\r\n", 200), 2*time.Millisecond)
		}, observation.Timeout, ""},
		{"a line without end", func(s *server) { flood(s, "220 ", "banner ") }, observation.ResponseTooLarge, ""},
		{"a line without end that is not a reply", func(s *server) { flood(s, "", "\x00\xff\x1b") }, observation.SMTPMalformed, ""},
		{"lines without end", func(s *server) { flood(s, "", "220-x\r\n") }, observation.ResponseTooLarge, ""},
		{"empty lines without end", func(s *server) { flood(s, "", "\r\n") }, observation.SMTPMalformed, ""},
		{"extensions without end", func(s *server) { s.say("220 hi"); s.heard(); flood(s, "", "250-STARTTLS\r\n") }, observation.ResponseTooLarge, ""},
		{"long lines", func(s *server) { flood(s, "", "220-"+strings.Repeat("x", 2000)+"\r\n") }, observation.ResponseTooLarge, ""},
		{"closes at once", func(s *server) {}, observation.TCPReset, ""},
		{"resets", func(s *server) { reset(s) }, observation.TCPReset, ""},
		{"resets in the greeting", func(s *server) { io.WriteString(s, "220-h"); reset(s) }, observation.TCPReset, ""},
		{"resets after EHLO", func(s *server) { s.say("220 hi"); s.heard(); reset(s) }, observation.TCPReset, ""},
		{"resets after STARTTLS", func(s *server) { offer(s); reset(s) }, "", observation.StartTLSFailed},
		{"TLS that never begins", func(s *server) { offer(s); s.say("220 go"); s.untilGone() }, "", observation.StartTLSFailed},
		{"TLS that drips", func(s *server) {
			offer(s)
			s.say("220 go")
			s.in.Peek(1)
			drip(s, "\x16\x03\x03\x40\x00"+strings.Repeat("\x02", 5000), 2*time.Millisecond)
		}, "", observation.StartTLSFailed},
		{"TLS that floods", func(s *server) {
			offer(s)
			s.say("220 go")
			s.in.Peek(1)
			flood(s, "", "\x16\x03\x03\x00\x04\x02\xff\xff\xff")
		}, "", observation.StartTLSFailed},
		{"injects before TLS", func(s *server) {
			offer(s)
			io.WriteString(s, "220 go ahead\r\n250-evil\r\n250 SMTPUTF8\r\n")
			s.untilGone()
		}, "", observation.StartTLSFailed},
		{"floods under TLS", func(s *server) { offer(s); s.secure(certificate); s.heard(); flood(s, "", "250-x\r\n") }, "", observation.StartTLSFailed},
		{"keeps the connection open", func(s *server) {
			s.say("220 hi")
			s.heard()
			s.say("250 hi")
			s.heard()
			drip(s, strings.Repeat("221-x\r\n", 200), 2*time.Millisecond)
		}, "", observation.NoStartTLS},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			conn, heard := connect(t, test.serve)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			got := (&Client{StepTimeout: step}).Session(ctx, conn, serverName)
			if ctx.Err() != nil {
				t.Error("the session did not end by its own limits")
			}
			if got.Reason != test.reason || got.StartTLS != test.startTLS || got.Facts.UTF8 {
				t.Errorf("got %+v, want the reason %q and for STARTTLS %q", got, test.reason, test.startTLS)
			}
			if len(got.Detail) > 255 || len(got.Facts.Banner) > 255 {
				t.Errorf("texts of %d and %d bytes", len(got.Detail), len(got.Facts.Banner))
			}
			onlyPolite(t, heard())
		})
	}
}

// drip sends byte by byte until the client leaves.
func drip(s *server, text string, every time.Duration) {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for i := range len(text) {
		if _, err := io.WriteString(s, text[i:i+1]); err != nil {
			return
		}
		<-tick.C
	}
	s.untilGone()
}

// flood sends a text again and again until the client leaves, or 64 MB have
// gone.
func flood(s *server, first, again string) {
	_, _ = io.WriteString(s, first)
	chunk := strings.Repeat(again, 1+(64<<10)/len(again))
	for sent := 0; sent < 64<<20; sent += len(chunk) {
		if _, err := io.WriteString(s, chunk); err != nil {
			return
		}
	}
}

// reset ends the connection with a RST.
func reset(s *server) {
	_ = s.Conn.(*net.TCPConn).SetLinger(0)
	s.Close()
}

// TestSessionIsBounded meets a server that takes as long as it may for every
// reply: the conversation as a whole has its limit too.
func TestSessionIsBounded(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		const step = 500 * time.Millisecond
		certificate, _ := issue(t, time.Now().Add(time.Hour), serverName)
		tarry := func() { time.Sleep(step * 8 / 10) } // simulated
		client, conn := net.Pipe()
		defer client.Close()
		var commands []string
		ended := make(chan struct{})
		go func() {
			defer close(ended)
			defer conn.Close()
			s := &server{Conn: conn, in: bufio.NewReader(conn), commands: &commands}
			tarry()
			s.say("220 hi")
			s.heard()
			tarry()
			s.say("250-hi\r\n250 STARTTLS")
			s.heard()
			tarry()
			s.secure(certificate)
			s.heard()
			tarry() // past the third step
			s.say("250 SMTPUTF8")
			s.untilGone()
		}()
		begun := time.Now()
		got := (&Client{StepTimeout: step}).Session(t.Context(), client, serverName)
		if took := time.Since(begun); got.StartTLS != observation.StartTLSFailed || took != sessionSteps*step {
			t.Errorf("after %s: %+v", took, got)
		}
		client.Close()
		<-ended
		onlyPolite(t, commands)
	})
}
