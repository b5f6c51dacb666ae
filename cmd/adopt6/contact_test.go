package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"adopt6/configs"
	"adopt6/scanner"
	"adopt6/scanner/campaign"
	"adopt6/scanner/lab"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/network"
)

// TestNamelessScansAreWarnedOf warns of a large scan of the Internet that names
// nobody, and of no other.
func TestNamelessScansAreWarnedOf(t *testing.T) {
	t.Parallel()
	internet, inLab := &network.Network{Dialer: new(netaddr.Dialer)}, &network.Network{Dialer: &netaddr.Dialer{Lab: new(lab.Lab)}}
	for _, c := range []struct {
		net     *network.Network
		targets uint64
		contact string
		warned  bool
	}{
		{internet, 11, "", true}, {internet, 10, "", false}, {internet, 5000, "noc@example.org", false}, {inLab, 5000, "", false},
	} {
		var errOut bytes.Buffer
		a := &app{settings: &configs.Settings{Scan: configs.Scan{Contact: c.contact}}}
		warnNameless(&errOut, campaign.Started{Header: scanner.Header{Targets: c.targets}, Simulated: c.net.Simulated()}, c.contact)
		if warned := strings.Contains(errOut.String(), "--contact"); warned != c.warned {
			t.Errorf("%d targets, contact %q, lab %t: %q", c.targets, c.contact, c.net.Simulated(), errOut.String())
		}
		if check := a.checkContact(c.net); check.Failed() != (c.contact == "" && !c.net.Simulated()) {
			t.Errorf("doctor on contact %q, lab %t: %+v", c.contact, c.net.Simulated(), check)
		}
	}
}

// TestOptOutFaults names the file, the line and the fix, and sends nothing.
func TestOptOutFaults(t *testing.T) {
	t.Parallel()
	file := filepath.Join(t.TempDir(), "out.txt")
	if err := os.WriteFile(file, []byte("example.org\n*.example.net # all\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	code, _, errOut := runMain("scan", "--opt-out", file, "example.com")
	if code != exitMisuse || !strings.Contains(errOut, file+":2: ") || !strings.Contains(errOut, "write example.net") {
		t.Errorf("exit code %d: %s", code, errOut)
	}
}
