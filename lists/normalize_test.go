package lists

import (
	"strings"
	"testing"
)

func TestNormalize(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, ascii, unicode string }{
		{"example.org", "example.org", "example.org"},
		{"  WWW.Example.ORG.\t", "www.example.org", "www.example.org"},
		{"de", "de", "de"},
		{"4chan.org", "4chan.org", "4chan.org"},
		{"3com.3", "", ""},
		{"xn--p1ai", "xn--p1ai", "рф"},
		{"XN--P1AI", "xn--p1ai", "рф"},
		{"мвд.рф", "xn--b1aew.xn--p1ai", "мвд.рф"},
		{"МВД.РФ", "xn--b1aew.xn--p1ai", "мвд.рф"},
		{"straße.de", "xn--strae-oqa.de", "straße.de"},
		{"bücher。example", "xn--bcher-kva.example", "bücher.example"},
		{"bu\u0308cher.example", "xn--bcher-kva.example", "bücher.example"},
		{"日本ドメインab.jp", "xn--ab-mg4a6fuere6524b0ec.jp", "日本ドメインab.jp"},
		{"テレビとラジオ・局.jp", "xn--o9j4gpb0c7czgsa9j8744b.jp", "テレビとラジオ・局.jp"},
		{"한국a漢.kr", "xn--a-pi0cw58oln7a.kr", "한국a漢.kr"},
		{"paral·lel.cat", "xn--parallel-koa.cat", "paral·lel.cat"},
		{"सरकार.भारत", "xn--11b7cb3a6a.xn--h2brj9c", "सरकार.भारत"},
		{"مثال.مصر", "xn--mgbh0fb.xn--wgbh1c", "مثال.مصر"},
		{"नामा\u200dक्ष.भारत", "", ""},
	}
	for _, test := range tests {
		ascii, uni, err := Normalize(test.in)
		if test.ascii == "" {
			if err == nil {
				t.Errorf("Normalize(%q) = %q, want an error", test.in, ascii)
			}
			continue
		}
		if err != nil || ascii != test.ascii || uni != test.unicode {
			t.Errorf("Normalize(%q) = %q, %q, %v; want %q, %q", test.in, ascii, uni, err, test.ascii, test.unicode)
		}
	}
}

func TestNormalizeErrors(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 64)
	longest := strings.Repeat(strings.Repeat("a", 49)+".", 5) // 250 bytes
	if _, _, err := Normalize(longest + "org"); err != nil {
		t.Errorf("a name of 253 bytes: %v", err)
	}
	tests := []struct{ in, want string }{
		{"", "the name is empty: give a domain name such as example.org"},
		{".", `"." has an empty label: remove the surplus dot`},
		{"a..b", `"a..b" has an empty label: remove the surplus dot`},
		{"https://www.example.org/a?b#c", `"https://www.example.org/a?b#c" is a URL: write the host name alone: "www.example.org"`},
		{"http://example.org:8080", `"http://example.org:8080" is a URL: write the host name alone: "example.org"`},
		{"https://", `"https://" is a URL: write the host name alone`},
		{"example.org/index.html", `"example.org/index.html" has a path: write the host name alone: "example.org"`},
		{"example.org:443", `"example.org:443" has a port: write the host name alone: "example.org"`},
		{"info@example.org", `"info@example.org" is an e-mail address: write the domain name alone: "example.org"`},
		{"192.0.2.1", `"192.0.2.1" is an IP address: write a domain name; adopt6 finds its addresses itself`},
		{"2001:db8::1", `"2001:db8::1" is an IP address: write a domain name; adopt6 finds its addresses itself`},
		{"[2001:db8::1]:443", `"[2001:db8::1]:443" is an IP address: write a domain name; adopt6 finds its addresses itself`},
		{"192.0.2.0/24", `"192.0.2.0/24" is an IP address: write a domain name; adopt6 finds its addresses itself`},
		{"127.1", `"127.1" ends in a number: a domain name ends in a top-level domain such as org; put the name in the first column`},
		{"*.example.org", `"*.example.org" is a wildcard: write the domain itself: "example.org"`},
		{"example org", `"example org" holds a space: give one domain name in each line`},
		{"_dmarc.example.org", `"_dmarc.example.org" holds an underscore: a host name has letters, digits and hyphens only (RFC 1123)`},
		{"exa!mple.org", `"exa!mple.org" holds '!': a host name has letters, digits and hyphens only (RFC 1123)`},
		{"exa\x1bmple.org", `"exa\x1bmple.org" holds '\x1b': a host name has letters, digits and hyphens only (RFC 1123)`},
		{"-a.example", `label "-a" begins or ends with a hyphen: remove the hyphen (RFC 1123)`},
		{"ab--c.example", `label "ab--c" has hyphens in the third and fourth place: only A-labels, which begin with xn--, may (RFC 5891)`},
		{long + ".example", `label "` + long + `" has 64 bytes: a label has at most 63 (RFC 1035)`},
		{longest + "orgs", "a name of 254 bytes: a domain name has at most 253"},
		{strings.Repeat("a", 2000), "a name of 2000 bytes: a domain name has at most 253"},
		{"p\u0430ypal.com", `label "pаypal" mixes Latin and Cyrillic: write it in one script; 'а' (U+0430) is Cyrillic`},
		{"xn--pypal-4ve.com", `label "pаypal" mixes Latin and Cyrillic: write it in one script; 'а' (U+0430) is Cyrillic`},
		{"ελλada.gr", `label "ελλada" mixes Greek and Latin: write it in one script; 'a' (U+0061) is Latin`},
		{"i❤.ws", `label "i❤" holds '❤' (U+2764): IDNA 2008 allows letters, marks and digits only (RFC 5892)`},
		{"a·b.cat", `label "a·b" holds '·' (U+00B7): IDNA 2008 allows letters, marks and digits only (RFC 5892)`},
		{"xn--a.example", `"xn--a.example" is not a valid internationalised name (invalid label "\u0080"): check how it is written (RFC 5891)`},
		{"ex\xffample.org", `"ex\xffample.org" is not UTF-8: save the text as UTF-8`},
		{"exam\u202eple.org", `"exam\u202eple.org" is not a valid internationalised name (disallowed rune U+202E): check how it is written (RFC 5891)`},
	}
	for _, test := range tests {
		_, _, err := Normalize(test.in)
		if err == nil || err.Error() != test.want {
			t.Errorf("Normalize(%q):\n got %v\nwant %s", test.in, err, test.want)
		}
	}
}
