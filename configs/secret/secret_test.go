package secret

import (
	"strings"
	"testing"
)

func TestMask(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"clickhouse://ministry:hidden@db:9000/adopt6":                     "clickhouse://ministry:xxxxx@db:9000/adopt6",
		"clickhouse://db:9000/adopt6?username=a&password=hidden&secure=1": "clickhouse://db:9000/adopt6?username=a&password=xxxxx&secure=1",
		"clickhouse://a:hidden@db?PassWord=hidden":                        "clickhouse://a:xxxxx@db?PassWord=xxxxx",
		"clickhouse://db?pass%77ord=hidden":                               "clickhouse://db?pass%77ord=xxxxx",
		"clickhouse://db?password=hid%zzden#x":                            "clickhouse://db?password=xxxxx#x",
		"http://a:hidden@one:8123,two:8123/db":                            "http://a:xxxxx@one:8123,two:8123/db",
		"clickhouse://db?http_proxy=http%3A%2F%2Fa%3Ahidden%40proxy":      "clickhouse://db?http_proxy=http%3A%2F%2Fa%3Axxxxx%40proxy",
		"clickhouse://u:@h":                                               "clickhouse://u:xxxxx@h",
		// Not escaped, as it should be.
		"clickhouse://a:hid#den@db:9000/x":   "clickhouse://a:xxxxx@db:9000/x",
		"clickhouse://a:hid/den@db:9000/x":   "clickhouse://a:xxxxx@db:9000/x",
		"clickhouse://a:hid?den@db:9000/x":   "clickhouse://a:xxxxx@db:9000/x",
		"clickhouse://a:hid@den@db:9000/x":   "clickhouse://a:xxxxx@db:9000/x",
		"clickhouse://a:hid%den@db:9000/x":   "clickhouse://a:xxxxx@db:9000/x",
		"clickhouse://a:hid den@db?secure=1": "clickhouse://a:xxxxx@db?secure=1",
	} {
		if got := Mask(text); got != want || strings.Contains(got, "hid") || !In(text) {
			t.Errorf("Mask(%q) is %q, want %q", text, got, want)
		}
	}
	for _, text := range []string{
		"", "lome-ixp", "/var/lib/adopt6", "mailto:noc@example.org", "127.0.0.1:8080", "[::1]:8080",
		"clickhouse://reader@db:9000/adopt6?secure=true", "https://example.org/about?lang=fr#scan", "clickhouse://db?password=",
	} {
		if got := Mask(text); got != text || In(text) {
			t.Errorf("Mask(%q) is %q", text, got)
		}
	}
}
