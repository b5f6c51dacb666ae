package probe

import (
	"errors"
	"net/netip"
	"net/url"
	"strings"
	"testing"

	"github.com/miekg/dns"

	"adopt6/scanner/fetch"
	"adopt6/scanner/observation"
)

// TestRedirectTarget: where a Location leads. An empty target is a redirect
// to nowhere.
func TestRedirectTarget(t *testing.T) {
	from, err := url.Parse("https://www.example.com/a/b?c=d")
	if err != nil {
		t.Fatal(err)
	}
	for location, want := range map[string]string{
		"/":                               "https://www.example.com/",
		"x?y#z":                           "https://www.example.com/a/x?y",
		"?q":                              "https://www.example.com/a/b?q",
		"//other.example":                 "https://other.example/",
		" http://other.example/ ":         "http://other.example/",
		"HTTP://Other.Example.:80/":       "http://other.example/",
		"https://other.example:443/x":     "https://other.example/x",
		"http://other.example:443/x":      "http://other.example:443/x",
		"https://other.example:8443":      "https://other.example:8443/",
		"https://other.example/100%":      "https://other.example/100%25",
		"https://other.example/%C3%A9":    "https://other.example/%C3%A9",
		"https://other.example/a b":       "https://other.example/a%20b",
		"https://bücher.example/":         "https://xn--bcher-kva.example/",
		"https://user:pass@other.example": "https://other.example/",
		"http://192.0.2.1/":               "http://192.0.2.1/", // an address, which the dialer refuses
		"http://127.0.0.1./":              "http://127.0.0.1/",
		"http://[::ffff:10.0.0.1]/":       "http://[::ffff:10.0.0.1]/",
		"http://[2001:DB8::1]:8080/":      "http://[2001:db8::1]:8080/",
		"http://localhost/":               "http://localhost/", // a name, which the root does not know

		"http://[fe80::1%25eth0]/":        "",
		"http://2130706433/":              "http://127.0.0.1/", // addresses too, by the standard
		"http://0x7f000001/":              "http://127.0.0.1/",
		"http://127.1/":                   "http://127.0.0.1/",
		"http://0177.0.0.1/":              "http://127.0.0.1/",
		"http://１２７.0.0.1/":               "http://127.0.0.1/",
		"http:///x":                       "http://x/",
		"http:other.example":              "http://other.example/",
		"http:/other.example/x":           "http://other.example/x",
		"https:/x":                        "https://www.example.com/x", // the scheme is that of the page
		"https:\\\\other.example\\x":      "https://other.example/x",
		"\\x":                             "https://www.example.com/x",
		"https://my_host.example/":        "https://my_host.example/",
		"https://ab--cd.example/":         "https://ab--cd.example/",
		"https://r3---sn.example/":        "https://r3---sn.example/",
		"https://-a-.example/":            "https://-a-.example/",
		"/caf\xe9":                        "https://www.example.com/caf%E9",
		" /a\tb\nc ":                      "https://www.example.com/abc",
		"http://127.0.0.1\\@example.org/": "http://127.0.0.1/@example.org/",

		"http://other.0x7f/":              "",
		"http://other.example:99999/":     "",
		"http://other.example:0/":         "",
		"http://other.example:x/":         "",
		"http://a\x1b[2J.example/":        "",
		"javascript:alert(1)":             "",
		"data:text/html,x":                "",
		"mailto:someone@example.com":      "",
		"file:///etc/passwd":              "",
		"ftp://other.example/":            "",
		strings.Repeat("a", 300) + "://x": "",
	} {
		got, err := redirectTarget(from, location)
		switch {
		case errors.Is(err, errNotFollowed):
			t.Errorf("%q: %v", location, err)
		case want == "" && err == nil:
			t.Errorf("%q leads to %s", location, got)
		case want != "" && (err != nil || got.String() != want):
			t.Errorf("%q: got %v, %v, want %s", location, got, err, want)
		}
	}
	for _, port := range []string{"22", "25", "587", "6000", "10080"} {
		if got, err := redirectTarget(from, "http://other.example:"+port+"/"); !errors.Is(err, errNotFollowed) {
			t.Errorf("port %s is followed: %v, %v", port, got, err)
		}
	}
}

// FuzzRedirectTarget: whatever a Location says, it leads to a web address
// without user and fragment on a port that is followed, and following it to
// itself changes nothing.
func FuzzRedirectTarget(f *testing.F) {
	for _, seed := range []string{"/", "//x.example", "http://[::1%25]/", "https://a.example:8443/%", "http://１.2.3.4", "\x00", "http://a@b@c/", "HTTPS://[::FFFF:1.2.3.4]:80"} {
		f.Add(seed)
	}
	from, _ := url.Parse("http://www.example.com/")
	f.Fuzz(func(t *testing.T, location string) {
		u, err := redirectTarget(from, location)
		if err != nil {
			return
		}
		port := portOf(u)
		if u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Fragment != "" || port != 80 && port != 443 && port < 1024 {
			t.Errorf("%q leads to %s", location, u)
		}
		if a, err := netip.ParseAddr(u.Hostname()); err == nil && a.Zone() != "" {
			t.Errorf("%q leads to an address with a zone", location)
		}
		again, err := redirectTarget(u, u.String())
		if err != nil || again.String() != u.String() {
			t.Errorf("%q leads to %s, and that to %v, %v", location, u, again, err)
		}
	})
}

// TestJudgeSchemes: HTTPS counts where the host has it, and what plain HTTP
// delivers makes up for a part.
func TestJudgeSchemes(t *testing.T) {
	refused, expired, silent := broken(observation.TCPRefused), broken(observation.TLSExpired), broken(observation.Timeout)
	toV4 := partial(observation.RedirectToV4Only)
	for _, test := range []struct {
		name              string
		https, http       observation.Verdict
		exists, elsewhere bool
		want              observation.Verdict
	}{
		{"both work", works, works, true, true, works},
		{"no plain HTTP", works, refused, true, true, works},
		{"no HTTPS anywhere", refused, works, false, false, works},
		{"no HTTPS anywhere, and HTTP fails", refused, silent, false, false, silent},
		{"HTTPS over IPv4 only", refused, works, true, true, partial(observation.HTTPSOnlyOverV4)},
		{"HTTPS fails over both", silent, works, true, false, partial(observation.Timeout)},
		{"a bad certificate, and HTTP works", expired, works, true, true, partial(observation.TLSExpired)},
		{"a bad certificate, and HTTP leads to it", expired, expired, true, true, expired},
		{"nothing works", refused, silent, true, true, refused},
		{"both lead to a host without IPv6", toV4, toV4, true, true, toV4},
		{"HTTP leads to a host without IPv6", refused, toV4, true, true, toV4},
		{"HTTPS could not be measured", unmeasured(observation.TargetTimeout), works, true, true, unmeasured(observation.TargetTimeout)},
	} {
		if got := judgeSchemes(test.https, test.http, test.exists, test.elsewhere); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

func TestJudgeAccess(t *testing.T) {
	for _, test := range []struct {
		name   string
		status int
		shown  bool // over the other family
		unseen observation.Reason
		want   observation.Verdict
	}{
		{"a page", 200, false, "", works},
		{"an error", 500, true, "", broken(observation.HTTPError)},
		{"an error everywhere", 503, false, "", broken(observation.HTTPError)},
		{"denied here alone", 403, true, "", partial(observation.HTTPError)},
		{"denied", 403, false, "", works},
		{"not found", 404, false, "", works},
		{"denied, and the other family cannot be seen", 403, false, observation.NoRoute, unmeasured(observation.NoRoute)},
		{"denied by a status of its own", 999, false, "", works},
	} {
		j := &redirectChain{verdict: works, last: &contact{page: &fetch.Response{Status: test.status}}}
		if got := judgeAccess(j, test.shown, test.unseen); got != test.want {
			t.Errorf("%s: got %v, want %v", test.name, got, test.want)
		}
	}
}

// TestOwnHints: only hints about the name itself count, and not too many.
func TestOwnHints(t *testing.T) {
	var records []dns.RR
	for _, text := range []string{
		"www.example.com. HTTPS 1 . alpn=h2 ipv4hint=192.0.2.1 ipv6hint=2a0f::1,2a0f::2",
		"www.example.com. HTTPS 2 WWW.example.com. ipv6hint=2a0f::3",
		"www.example.com. HTTPS 3 cdn.example.net. ipv6hint=2a0f::bad",
		"www.example.com. HTTPS 0 alias.example.net.",
		"www.example.com. AAAA 2a0f::4",
		"www.example.com. HTTPS 1 . ipv6hint=" + strings.TrimSuffix(strings.Repeat("2a0f::5,", 100), ","),
	} {
		rr, err := dns.NewRR(text)
		if err != nil {
			t.Fatal(err)
		}
		records = append(records, rr)
	}
	got := ownHints(records)
	if len(got) != maxAddresses || got[0] != netip.MustParseAddr("2a0f::1") || got[2] != netip.MustParseAddr("2a0f::3") || got[3] != netip.MustParseAddr("2a0f::5") {
		t.Errorf("got %v", got)
	}
}
