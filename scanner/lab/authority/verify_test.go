//go:build !alone

package authority

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/miekg/dns"
)

// TestVerifyZone has another program check the whole signed zone: every
// signature, the completeness of the chain and its bitmaps.
func TestVerifyZone(t *testing.T) {
	verify, err := exec.LookPath("ldns-verify-zone")
	if err != nil {
		t.Fatal("needs ldns-verify-zone (Debian: ldnsutils); make test installs it")
	}
	for _, c := range []struct {
		name    string
		signing *Signing
	}{
		{"P-256 NSEC", signWith(t, false, nil, dns.ECDSAP256SHA256)},
		{"P-256 split", signWith(t, true, nil, dns.ECDSAP256SHA256)},
		{"P-384 NSEC3", signWith(t, false, &NSEC3{}, dns.ECDSAP384SHA384)},
		{"Ed25519 NSEC3 salt", signWith(t, false, &NSEC3{Iterations: 10, Salt: []byte{1, 2, 3}}, dns.ED25519)},
		{"Ed448", signWith(t, false, nil, dns.ED448)},
		{"RSASHA256 opt-out", signWith(t, true, &NSEC3{OptOut: true}, dns.RSASHA256)},
		{"RSASHA1", signWith(t, false, nil, dns.RSASHA1)},
		{"RSASHA512", signWith(t, false, nil, dns.RSASHA512)},
		{"two algorithms", signWith(t, true, &NSEC3{}, dns.ECDSAP256SHA256, dns.RSASHA256)},
	} {
		t.Run(c.name, func(t *testing.T) {
			verifyZone(t, verify, testZone(t, c.signing))
			z := NewZone(MustName("example.com"))
			z.Children = manyChildren{t}
			verifyZone(t, verify, fillZone(t, z, c.signing))
		})
	}
	broken := signWith(t, false, nil, dns.ECDSAP256SHA256)
	broken.Faults = []SigningFault{{Kind: CorruptRRSIG, Types: []uint16{dns.TypeMX}}}
	if out, err := runVerify(t, verify, testZone(t, broken)); err == nil {
		t.Errorf("the verifier accepts a corrupt signature:\n%s", out)
	}
}

func verifyZone(t *testing.T, verify string, z *Zone) {
	t.Helper()
	if out, err := runVerify(t, verify, z); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
}

func runVerify(t *testing.T, verify string, z *Zone) ([]byte, error) {
	t.Helper()
	var text strings.Builder
	if err := z.Write(&text); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "zone")
	if err := os.WriteFile(file, []byte(text.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	return exec.Command(verify, "-V", "2", file).CombinedOutput()
}
