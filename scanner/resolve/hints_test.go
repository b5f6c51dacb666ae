package resolve

import (
	"strings"
	"testing"
)

func TestBuiltinHints(t *testing.T) {
	roots := BuiltinHints()
	if len(roots) != 13 {
		t.Fatalf("%d root servers, want 13", len(roots))
	}
	for _, r := range roots {
		if len(r.Addrs) != 2 || !r.Addrs[0].Is4() || !r.Addrs[1].Is6() {
			t.Errorf("%s: addresses %v, want one of each family", r.Name, r.Addrs)
		}
	}
}

func TestParseHintsNamesTheLine(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"empty", "; nothing\n\n", "no NS record of the root"},
		{"no address", ". NS a.test.\n", "no A or AAAA record"},
		{"garbage", ". NS a.test.\na.test. A 1.2.3\n", "line 2: "},
		{"other zone", "\ncom. NS a.test.\n", "line 2: NS record of com."},
		{"other type", ". NS a.test.\na.test. TXT hello\n", "line 2: record of type TXT"},
		{"directive", "$INCLUDE /etc/passwd\n", "line 1: directives such as \"$INCLUDE\""},
		{"several lines", ". NS a.test.\na.test. A (\n192.0.2.1 )\n", "line 2: record over several lines"},
		{"long line", ". NS " + strings.Repeat("a", 1<<17), "line 1: "},
		{"too many", strings.Repeat("\n", maxHintLines+1), "line 10001: more than"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			_, err := ParseHints(strings.NewReader(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got %v, want %s", err, test.want)
			}
		})
	}
	roots, err := ParseHints(strings.NewReader("\ufeff. 3600 IN NS A.test.\r\na.TEST. 60 IN AAAA 2001:db8::1 ; (here)\r\n"))
	if err != nil || len(roots) != 1 || len(roots[0].Addrs) != 1 {
		t.Errorf("got %v, %v", roots, err)
	}
}
