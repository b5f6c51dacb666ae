//go:build !alone

package lab_test

import (
	"bytes"
	"fmt"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"adopt6/scanner/lab"
)

// TestDelv asks another validator about every kind of answer.
func TestDelv(t *testing.T) {
	delv, err := exec.LookPath("delv")
	if err != nil {
		t.Fatal("needs delv (Debian: bind9-dnsutils); make test installs it")
	}
	for _, signing := range []string{
		"{algorithm: ECDSAP256SHA256}", "{algorithm: ED25519, nsec3: true}", "{algorithm: RSASHA256, split: true, nsec3: {opt_out: true}}",
	} {
		t.Run(signing, func(t *testing.T) {
			l := start(t, fmt.Sprintf(delvZone, signing))
			anchor := anchorFile(t, l, "200.1.2.3", "example.gov.ar.")
			for question, want := range map[string]string{
				"www.example.gov.ar AAAA":       "fully validated",
				"example.gov.ar MX":             "fully validated",
				"example.gov.ar DNSKEY":         "fully validated",
				"example.gov.ar SRV":            "negative response, fully validated",
				"nothing.example.gov.ar A":      "negative response, fully validated",
				"x.y.nothing.example.gov.ar A":  "negative response, fully validated",
				"b.c.example.gov.ar A":          "negative response, fully validated",
				"any.wild.example.gov.ar TXT":   "fully validated",
				"x.any.wild.example.gov.ar TXT": "fully validated",
				"any.wild.example.gov.ar A":     "negative response, fully validated",
				"alias.example.gov.ar A":        "fully validated",
				"q.walias.example.gov.ar A":     "fully validated",
				"x.tree.example.gov.ar TXT":     "fully validated",
				"unsigned.example.gov.ar DS":    "negative response, fully validated",
			} {
				name, qtype, _ := strings.Cut(question, " ")
				out := delvAsk(t, l, delv, anchor, "example.gov.ar", "200.1.2.3", name, qtype)
				if strings.Contains(signing, "opt_out") && optedOut[question] != "" {
					want = optedOut[question]
				}
				if !strings.Contains(out, "; "+want) {
					t.Errorf("%s: want %q\n%s", question, want, out)
				}
			}
		})
	}
}

// optedOut are the answers whose proof rests on an opt-out NSEC3 record: these
// are insecure (RFC 5155 section 9.2).
var optedOut = map[string]string{
	"any.wild.example.gov.ar TXT":   "unsigned answer",
	"x.any.wild.example.gov.ar TXT": "unsigned answer",
	"q.walias.example.gov.ar A":     "unsigned answer",
	"any.wild.example.gov.ar A":     "resolution failed: ncache",
	"nothing.example.gov.ar A":      "resolution failed: ncache",
	"x.y.nothing.example.gov.ar A":  "resolution failed: ncache",
	"unsigned.example.gov.ar DS":    "resolution failed: ncache",
}

// TestDelvFaults has delv refuse what is wrongly signed.
func TestDelvFaults(t *testing.T) {
	delv, err := exec.LookPath("delv")
	if err != nil {
		t.Fatal("needs delv (Debian: bind9-dnsutils); make test installs it")
	}
	for fault, question := range map[string]string{
		"expired": "www A", "not_yet_valid": "www A", "missing_rrsig": "www A", "corrupt_rrsig": "www A",
		"missing_denial": "nothing A", "wrong_denial": "nothing A", "wrong_signer": "www A", "unknown_key": "www A", "wrong_labels": "www A",
	} {
		t.Run(fault, func(t *testing.T) {
			l := start(t, fmt.Sprintf(delvZone, "{fault: "+fault+"}"))
			anchor := anchorFile(t, l, "200.1.2.3", "example.gov.ar.")
			name, qtype, _ := strings.Cut(question, " ")
			out := delvAsk(t, l, delv, anchor, "example.gov.ar", "200.1.2.3", name+".example.gov.ar", qtype)
			if strings.Contains(out, "fully validated") {
				t.Errorf("delv accepts it:\n%s", out)
			}
		})
	}
}

// anchorFile writes the zone's own key as a trust anchor for delv.
func anchorFile(t *testing.T, l *lab.Lab, server, zone string) string {
	t.Helper()
	r, err := ask(t, l, "tcp", server, zone, dns.TypeDNSKEY, false)
	if err != nil {
		t.Fatal(err)
	}
	var text bytes.Buffer
	text.WriteString("trust-anchors {\n")
	for _, rr := range r.Answer {
		if k, ok := rr.(*dns.DNSKEY); ok && k.Flags == 257 {
			fmt.Fprintf(&text, "%s static-key %d %d %d \"%s\";\n", zone, k.Flags, k.Protocol, k.Algorithm, k.PublicKey)
		}
	}
	text.WriteString("};\n")
	file := filepath.Join(t.TempDir(), "anchor")
	if err := os.WriteFile(file, text.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

func delvAsk(t *testing.T, l *lab.Lab, delv, anchor, root, server, name, qtype string) string {
	t.Helper()
	to, err := l.Route("udp", netip.AddrPortFrom(netip.MustParseAddr(server), 53))
	if err != nil {
		t.Fatal(err)
	}
	out, _ := exec.Command(delv, "@"+to.Addr().String(), "-p", fmt.Sprint(to.Port()), "-a", anchor,
		"+root="+root, "+multiline", "+vtrace", name, qtype).CombinedOutput()
	return string(out)
}
