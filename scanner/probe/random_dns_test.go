package probe_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	crand "crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/binary"
	"io"
	"math/big"
	"math/rand/v2"
	"net"
	"strings"
	"testing"
	"time"
)

// serveUDP answers questions with spoiled answers.
func (s *randomServers) serveUDP() {
	query := make([]byte, 4096)
	for {
		n, from, err := s.udp.ReadFrom(query)
		if err != nil {
			return
		}
		answer := s.ask(query[:n])
		r := s.draw()
		for range 1 + r.IntN(8)/7 {
			if spoiled := spoil(answer, r); len(spoiled) > 0 {
				_, _ = s.udp.WriteTo(spoiled, from)
			}
		}
	}
}

// serveDNS answers questions over TCP, in messages whose length may be wrong.
func (s *randomServers) serveDNS(conn net.Conn, r *rand.Rand) {
	for range 8 {
		var length [2]byte
		if _, err := io.ReadFull(conn, length[:]); err != nil {
			return
		}
		query := make([]byte, binary.BigEndian.Uint16(length[:]))
		if _, err := io.ReadFull(conn, query); err != nil {
			return
		}
		answer := spoil(s.ask(query), r)
		size := len(answer)
		if r.IntN(6) == 0 {
			size = r.IntN(1 << 16)
		}
		if r.IntN(10) == 0 {
			return
		}
		if _, err := conn.Write(append(binary.BigEndian.AppendUint16(nil, uint16(size)), answer...)); err != nil {
			return
		}
	}
}

// ask has the lab answer a question; nil when it does not.
func (s *randomServers) ask(query []byte) []byte {
	s.mu.Lock()
	upstream := s.upstream
	s.mu.Unlock()
	conn, err := net.Dial("udp4", upstream.String())
	if err != nil {
		return nil
	}
	defer conn.Close()
	answer := make([]byte, 8192)
	if conn.SetDeadline(time.Now().Add(time.Second)) != nil {
		return nil
	}
	if _, err := conn.Write(query); err != nil {
		return nil
	}
	n, err := conn.Read(answer)
	if err != nil {
		return nil
	}
	return answer[:n]
}

// spoil changes an answer in one of the ways in which answers go wrong. Most
// stay as they are, or a measurement would never come far.
func spoil(answer []byte, r *rand.Rand) []byte {
	if len(answer) < 12 || r.IntN(3) > 0 {
		return answer
	}
	out := append([]byte(nil), answer...)
	switch r.IntN(9) {
	case 0: // silence
		return nil
	case 1: // cut
		return out[:r.IntN(len(out))]
	case 2: // bits anywhere behind the id
		for range 1 + r.IntN(8) {
			out[2+r.IntN(len(out)-2)] ^= 1 << r.IntN(8)
		}
	case 3: // bits in the records
		for range 1 + r.IntN(8) {
			at := 12 + len(out)/2
			if at < len(out) {
				out[at+r.IntN(len(out)-at)] ^= 1 << r.IntN(8)
			}
		}
	case 4: // counts
		out[4+r.IntN(8)] = byte(r.Uint32())
	case 5: // flags
		out[2], out[3] = byte(r.Uint32())|0x80, byte(r.Uint32())
	case 6: // truncation
		out[2] |= 2
	case 7: // compression pointers
		at := 12 + r.IntN(max(1, len(out)-13))
		if at+1 < len(out) {
			out[at], out[at+1] = 0xC0|byte(r.IntN(64)), byte(r.Uint32())
		}
	case 8: // noise at the end
		for range r.IntN(500) {
			out = append(out, byte(r.Uint32()))
		}
	}
	return out
}

// randomCertificate is valid for no host, and its names are hostile.
func randomCertificate(t *testing.T) tls.Certificate {
	key, err := ecdsa.GenerateKey(elliptic.P256(), crand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(6), NotAfter: time.Now().Add(time.Hour),
		Subject:  pkix.Name{CommonName: "\x1b[2J\x00" + strings.Repeat("n", 1000)},
		DNSNames: []string{"*.*", "\x1b]0;owned\x07", strings.Repeat("a.", 120)}}
	der, err := x509.CreateCertificate(crand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

// What servers say, well formed and not.
var (
	httpFragments = []string{
		"HTTP/1.1 200 OK\r\n", "HTTP/1.0 200\r\n", "HTTP/1.1 301 Moved\r\nLocation: /\r\n\r\n", "HTTP/1.1 302 Found\r\nLocation: http://[::1]/\r\n\r\n",
		"HTTP/1.1 302 Found\r\nLocation: \x1b[2J\r\nContent-Length: 0\r\n\r\n", "HTTP/1.1 100 Continue\r\n\r\n", "HTTP/1.1 103 Early Hints\r\n\r\n",
		"HTTP/1.1 101 Switching\r\nUpgrade: h2c\r\n\r\n", "HTTP/1.1 204 No Content\r\n\r\n", "HTTP/9.9 999 \r\n\r\n", "HTTP/1.1 -1 No\r\n\r\n",
		"Content-Length: 10\r\n", "Content-Length: -1\r\n", "Content-Length: 99999999999999999999\r\n", "Content-Length: 5\r\nContent-Length: 6\r\n",
		"Transfer-Encoding: chunked\r\n", "Transfer-Encoding: gzip, chunked\r\n", "Content-Encoding: gzip\r\n", "Content-Encoding: br\r\n",
		"Content-Type: text/html; charset=utf-16\r\n", "Content-Type: text/html; charset=\x00\r\n", "Set-Cookie: a=b; domain=.ar\r\n", "X: \xff\xfe\x00\r\n",
		": empty\r\n", " folded\r\n", "\r\n", "\n", "ffffffffffffffff\r\n", "5\r\nhello\r\n", "0\r\n\r\n", "-1\r\n", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03",
		"<html><head><title>T\x1b[31m</title>", "<title>", "</title></body>", "<script>while(1);</script>", "<!--", "<p>text " + strings.Repeat("word ", 50),
		"\x00\x00\x12\x04\x00\x00\x00\x00\x00", "\x00\x00\x00\x04\x01\x00\x00\x00\x00", "\x00\x00\x08\x07\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00",
		"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nConnection: close\r\n\r\n<html><title>ok</title><body>hello</body></html>",
	}
	smtpFragments = []string{
		"220 mail.example ESMTP\r\n", "220-mail\r\n", "220-\r\n220 x\r\n", "250 ok\r\n", "250-mail\r\n250-STARTTLS\r\n250 SMTPUTF8\r\n", "250-STARTTLS\r\n", "250-SIZE\r\n250-",
		"220 go ahead\r\n", "421 busy\r\n", "521 no\r\n", "554 go away\r\n", "221 bye\r\n", "999 what\r\n", "-1 x\r\n", "250\r\n", "250", "25\r\n", "\r\n", "\n", "220 \x00\x1b[2J\r\n",
		"250-A\n250 B\n", "500 unknown\r\n", "530 must\r\n", strings.Repeat("x", 3000) + "\r\n", "334 VXNlcm5hbWU6\r\n",
	}
	tlsFragments = []string{
		"\x16\x03\x01\x00\x02\x02\x28", "\x15\x03\x03\x00\x02\x02\x28", "\x15\x03\x03\x00\x02\x01\x00", "\x16\x03\x03\xff\xff", "\x14\x03\x03\x00\x01\x01",
		"\x17\x03\x03\x00\x00", "\x16\x03\x03\x00\x04\x02\x00\x00\x00", "HTTP/1.1 400 Bad Request\r\n\r\n", "\x80\x2e\x01\x00\x02",
	}
)
