package optout

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"adopt6/lists"
)

const sample = `# Those who asked not to be measured.
Example.org            # asked on 3 May
sub.example.net.
münchen.de
198.51.100.7
203.0.113.0/24

2a0f:aaaa::/32
2a0f:bbbb::1`

func TestListCovers(t *testing.T) {
	l, err := Read(strings.NewReader(sample), "out.txt")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"example.org": true, "EXAMPLE.org.": true, "a.b.example.org": true, "xn--mnchen-3ya.de": true, "x.sub.example.net": true,
		"notexample.org": false, "example.net": false, "org": false, "": false, ".": false, "example.org.evil.net": false,
	} {
		if got := l.HasName(name); got != want {
			t.Errorf("%q: opted out is %t", name, got)
		}
	}
	for addr, want := range map[string]bool{
		"198.51.100.7": true, "198.51.100.8": false, "203.0.113.255": true, "203.0.112.255": false, "::ffff:203.0.113.9": true,
		"2a0f:aaaa:ffff::1": true, "2a0f:aaab::1": false, "2a0f:bbbb::1": true, "2a0f:bbbb::1%eth0": true, "2a0f:bbbb::2": false,
	} {
		if got := l.HasAddr(netip.MustParseAddr(addr)); got != want {
			t.Errorf("%s: opted out is %t", addr, got)
		}
	}
	if l.HasAddr(netip.Addr{}) {
		t.Error("no address is opted out")
	}
}

// TestListFaults holds that every fault is named with its line and what to
// write in its place.
func TestListFaults(t *testing.T) {
	for text, want := range map[string]string{
		"*.example.org":           "write example.org",
		"https://example.org/x":   "write one such as example.org",
		"198.51.100.7/24":         "write 198.51.100.0/24 for the network, or 198.51.100.7 for the address",
		"0.0.0.0/0":               "write the prefixes that are meant",
		"::/0":                    "write the prefixes that are meant",
		"::ffff:192.0.2.0/120":    "write the IPv4 address or prefix itself",
		"192.0.2.0/33":            "write one such as",
		"mail@example.org":        "",
		"exa mple.org":            "",
		"198.51.100.7:53":         "write one such as",
		strings.Repeat("a", 5000): "write one domain, address or prefix in each line",
	} {
		_, err := Read(strings.NewReader("ok.org\n"+text+"\n"), "out.txt")
		fault := new(lists.LineError)
		if !errors.As(err, &fault) {
			t.Errorf("%.60q: %v", text, err)
			continue
		}
		if fault.File != "out.txt" || fault.Line != 2 || fault.Fix == "" || !strings.Contains(fault.Error(), want) {
			t.Errorf("%.60q: %v", text, fault)
		}
	}
}

func FuzzList(f *testing.F) {
	f.Add(sample)
	f.Add("0/0\n::%x/1\n*.*\n")
	f.Fuzz(func(t *testing.T, text string) {
		l, err := Read(strings.NewReader(text), "f")
		if err != nil {
			return
		}
		l.HasName("a.b.example.org")
		if l.HasAddr(netip.MustParseAddr("9.9.9.9")) && !strings.Contains(text, "/") && !strings.Contains(text, "9.9.9.9") {
			t.Errorf("%q opts 9.9.9.9 out", text)
		}
	})
}

func BenchmarkHasAddr(b *testing.B) {
	l, err := Read(strings.NewReader(sample), "out.txt")
	if err != nil {
		b.Fatal(err)
	}
	addr := netip.MustParseAddr("2a10::1")
	for b.Loop() {
		l.HasAddr(addr)
	}
}
