package resolve

import (
	"adopt6/scanner/observation"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/miekg/dns"
)

func TestDelegation(t *testing.T) {
	n := threeLevels(t)
	r := n.resolver(nil, rootAddr, rootAddr6)
	tests := []struct{ name, want string }{
		{"test", "test. below .: a.nic.test. [192.5.6.30 2001:503:a83e::2:30]"},
		{"example.test", "example.test. below test.: ns.example.test. [199.43.135.53 2001:500:8f::53]"},
		{"www.example.test", "example.test. below test.: ns.example.test. [199.43.135.53 2001:500:8f::53]"},
		{"a.ent.example.test", "example.test. below test.: ns.example.test. [199.43.135.53 2001:500:8f::53]"},
		{"glueless.test", "glueless.test. below test.: ns.other. []"},
		{"v4only.test", "v4only.test. below test.: ns.v4only.test. [199.43.135.53]"},
		{"nothing.test", "nothing.test. NXDOMAIN below test."},
		{".", ". below : a.root-servers.test. [2001:503:ba3e::2:30]"},
	}
	for range 2 {
		for _, test := range tests {
			d, err := r.Delegation(context.Background(), V6Only, test.name)
			if err != nil {
				t.Fatal(err)
			}
			got := fmt.Sprintf("%s below %s: %s", d.Zone, d.Parent, strings.Join(d.NS, " "))
			if d.RCode != dns.RcodeSuccess || d.Reason != "" {
				got = fmt.Sprintf("%s %s%s below %s", d.Zone, dns.RcodeToString[d.RCode], d.Reason, d.Parent)
			} else if len(d.NS) > 0 {
				got += fmt.Sprintf(" %v", d.Glue[d.NS[0]])
			}
			if got != test.want {
				t.Errorf("%s: got %q, want %q", test.name, got, test.want)
			}
		}
	}
}

func TestDelegationWhereParentAndChildShareServers(t *testing.T) {
	n := newTestNet(t)
	n.zone(".", ". NS a.root-servers.test.\na.root-servers.test. A 198.41.0.4\ntest. NS a.nic.test.\na.nic.test. A 192.5.6.30", rootAddr)
	n.zone("test.", "test. NS a.nic.test.\na.nic.test. A 192.5.6.30\ngov.test. NS a.nic.test.\ngov.test. DS 1 13 2 00112233445566778899AABBCCDDEEFF00112233445566778899AABBCCDDEEFF", tldAddr)
	n.zone("gov.test.", "gov.test. NS a.nic.test.\nwww.gov.test. A 203.0.112.1", tldAddr)
	r := n.resolver(nil, rootAddr)
	for _, name := range []string{"gov.test", "www.gov.test"} {
		d, err := r.Delegation(context.Background(), Dual, name)
		if err != nil {
			t.Fatal(err)
		}
		if d.Zone != "gov.test." || d.Parent != "test." || !d.SameServers || !slices.Equal(d.NS, []string{"a.nic.test."}) || len(d.DS) != 1 {
			t.Errorf("%s: %+v", name, d)
		}
	}
	if got := resolve(t, r, Dual, "nothing.gov.test", dns.TypeA); got.RCode != dns.RcodeNameError || got.Zone != "gov.test." {
		t.Errorf("got %s from %s", summary(got), got.Zone)
	}
}

func TestServersSeeNoMoreOfTheNameThanTheyNeed(t *testing.T) {
	var mu sync.Mutex
	seen := make(map[string][]string)
	watch := func(who string, answer func(q *dns.Msg) *dns.Msg) handler {
		return func(q *dns.Msg, _ string) []byte {
			mu.Lock()
			seen[who] = append(seen[who], strings.ToLower(q.Question[0].Name)+" "+dns.TypeToString[q.Question[0].Qtype])
			mu.Unlock()
			return pack(answer(q))
		}
	}
	refer := func(zone, host, addr string) func(q *dns.Msg) *dns.Msg {
		return func(q *dns.Msg) *dns.Msg {
			m := reply(q)
			if q.Question[0].Name == "." {
				m.Authoritative = true
				m.Answer = []dns.RR{mustRR(t, ". 300 NS a.root-servers.test.")}
				return m
			}
			m.Ns = []dns.RR{mustRR(t, zone+" 300 NS "+host)}
			m.Extra = append(m.Extra, mustRR(t, host+" 300 A "+addr))
			return m
		}
	}
	n := newTestNet(t)
	n.serve(rootAddr, watch("root", refer("test.", "a.nic.test.", tldAddr)))
	n.serve(tldAddr, watch("tld", refer("example.test.", "ns.example.test.", leafAddr)))
	// A server that denies empty non-terminals (RFC 8020 section 2 says it
	// must not) is asked for the whole name all the same.
	n.serve(leafAddr, watch("leaf", func(q *dns.Msg) *dns.Msg {
		if strings.EqualFold(q.Question[0].Name, "secret.dept.example.test.") {
			return good(q)
		}
		m := reply(q)
		m.Authoritative, m.Rcode = true, dns.RcodeNameError
		m.Ns = []dns.RR{mustRR(t, "example.test. 300 SOA ns.example.test. host.example.test. 1 2 3 4 5")}
		return m
	}))
	r := n.resolver(nil, rootAddr)
	if got := summary(resolve(t, r, V4Only, "secret.dept.example.test", dns.TypeA)); got != "NOERROR 203.0.112.1" {
		t.Errorf("got %s", got)
	}
	want := map[string][]string{
		"root": {". NS", "test. A"},
		"tld":  {"example.test. A"},
		"leaf": {"dept.example.test. A", "secret.dept.example.test. A"},
	}
	mu.Lock()
	for who, questions := range want {
		if !slices.Equal(seen[who], questions) {
			t.Errorf("%s was asked %q, want %q", who, seen[who], questions)
		}
	}
	clear(seen)
	mu.Unlock()
	whole := n.resolver(func(c *Config) { c.FullNames = true }, rootAddr)
	resolve(t, whole, V4Only, "secret.dept.example.test", dns.TypeA)
	mu.Lock()
	defer mu.Unlock()
	if !slices.Contains(seen["root"], "secret.dept.example.test. A") {
		t.Errorf("with FullNames the root was asked %q", seen["root"])
	}
}

func TestFailuresAreRemembered(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	var mu sync.Mutex
	n := withLeaf(t, func(*dns.Msg, string) []byte { return nil })
	r := n.resolver(func(c *Config) {
		c.Timeout, c.Retries = 50*time.Millisecond, -1
		c.Now = func() time.Time { mu.Lock(); defer mu.Unlock(); return now }
	}, rootAddr)
	for _, name := range []string{"bad.test", "www.bad.test", "bad.test"} {
		if got := summary(resolve(t, r, Dual, name, dns.TypeA)); got != "timeout at bad.test." {
			t.Errorf("%s: %s", name, got)
		}
	}
	if q := n.queries(leafAddr); q != 2 {
		t.Errorf("%d queries to a dead server, want the question and one that every server answers", q)
	}
	mu.Lock()
	now = now.Add((failureTTL + 1) * time.Second)
	mu.Unlock()
	resolve(t, r, Dual, "bad.test", dns.TypeA)
	if q := n.queries(leafAddr); q != 4 {
		t.Errorf("%d queries after the time of the failure, want 4", q)
	}
}

func TestAnswersExpire(t *testing.T) {
	now := time.Unix(1_000_000, 0)
	n := threeLevels(t)
	r := n.resolver(func(c *Config) { c.Now = func() time.Time { return now } }, rootAddr)
	count := func(name string) int {
		return resolve(t, r, V4Only, name, dns.TypeA).Queries
	}
	for _, step := range []struct {
		name string
		pass time.Duration
		want int
	}{
		{"example.test", 0, 4}, // priming, two referrals, the answer
		{"example.test", 0, 0},
		{"nothing.example.test", 0, 1},
		{"nothing.example.test", 0, 0},
		{"nothing.example.test", 301 * time.Second, 1}, // SOA minimum, RFC 2308
		{"example.test", 0, 0},
		{"example.test", 2 * time.Hour, 4},
	} {
		now = now.Add(step.pass)
		if got := count(step.name); got != step.want {
			t.Errorf("%s after %s: %d queries, want %d", step.name, step.pass, got, step.want)
		}
	}
}

func TestModesShareNothing(t *testing.T) {
	n := threeLevels(t)
	r := n.resolver(nil, rootAddr, rootAddr6)
	first := resolve(t, r, V4Only, "www.glueless.test", dns.TypeA)
	second := resolve(t, r, V6Only, "www.glueless.test", dns.TypeA)
	if first.Queries < 4 || second.Queries < 4 {
		t.Errorf("%d queries over IPv4, then %d over IPv6", first.Queries, second.Queries)
	}
	if q := n.queries(rootAddr6) + n.queries(tldAddr6) + n.queries(leafAddr6); q != int64(second.Queries) {
		t.Errorf("%d queries over IPv6, want %d", q, second.Queries)
	}
}

func TestSiblingGlueIsUsed(t *testing.T) {
	n := newTestNet(t)
	n.zone(".", ". NS a.root-servers.test.\na.root-servers.test. A 198.41.0.4\ntest. NS a.nic.test.\na.nic.test. A 192.5.6.30", rootAddr)
	n.zone("test.", "test. NS a.nic.test.\na.nic.test. A 192.5.6.30\na.test. NS ns.b.test.\nb.test. NS ns.b.test.\nns.b.test. A "+leafAddr, tldAddr)
	n.serve(leafAddr, func(q *dns.Msg, _ string) []byte { return pack(good(q)) })
	r := n.resolver(nil, rootAddr)
	got := resolve(t, r, Dual, "a.test", dns.TypeA)
	if summary(got) != "NOERROR 203.0.112.1" || got.Queries != 4 {
		t.Errorf("got %s after %d queries", summary(got), got.Queries)
	}
}

func TestTraceNamesEveryStep(t *testing.T) {
	n := threeLevels(t)
	r := n.resolver(nil, rootAddr)
	var lines []string
	ctx := WithTrace(context.Background(), func(e Event) {
		lines = append(lines, fmt.Sprint(e.Step, " ", e.Zone, " ", e.Name, " ", e.Note))
		if text, err := json.Marshal(e); err != nil || !json.Valid(text) || e.String() == "" {
			t.Errorf("%+v: %s, %v", e, text, err)
		}
	})
	if _, err := r.Resolve(ctx, V4Only, "www.example.test", dns.TypeA); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		"start . . priming", "reply . test. ", "referral . test. test.", "referral test. example.test. example.test.",
		"reply example.test. www.example.test. ", "alias example.test. www.example.test. web.example.test.", "answer example.test. web.example.test. ",
	} {
		if !slices.Contains(lines, want) {
			t.Errorf("no step %q in:\n%s", want, strings.Join(lines, "\n"))
		}
	}
}

func TestStub(t *testing.T) {
	n := threeLevels(t)
	r := n.resolver(nil, rootAddr)
	names := []string{"example.test", "nothing.example.test", "bad..name", "www.example.test.", "elsewhere"}
	var out bytes.Buffer
	stub := Stub{Server: netip.MustParseAddrPort(leafAddr + ":53"), Type: dns.TypeA, Window: 2}
	stats, err := r.Stub(context.Background(), stub, slices.Values(names), &out)
	if err != nil || stats.Asked != 5 || stats.Answered != 4 || stats.Failed != 1 {
		t.Errorf("%+v, %v", stats, err)
	}
	want := map[string]string{
		"example.test.": "NOERROR", "nothing.example.test.": "NXDOMAIN", "bad..name": "SERVFAIL", "www.example.test.": "NOERROR", "elsewhere.": "REFUSED",
	}
	for line := range strings.Lines(out.String()) {
		var got struct{ Name, RCode string }
		if err := json.Unmarshal([]byte(line), &got); err != nil {
			t.Fatalf("%v in %s", err, line)
		}
		if got.RCode != want[got.Name] {
			t.Errorf("%s: %s, want %s", got.Name, got.RCode, want[got.Name])
		}
		delete(want, got.Name)
	}
	if len(want) != 0 {
		t.Errorf("no line for %v", want)
	}
	stub.Server = netip.MustParseAddrPort("9.9.9.10:53") // nothing listens there
	out.Reset()
	stats, err = r.Stub(context.Background(), stub, slices.Values(names[:1]), &out)
	if err != nil || stats.Failed != 1 || !strings.Contains(out.String(), string(observation.PortClosed)) {
		t.Errorf("%+v, %v, %s", stats, err, out.String())
	}
}

func TestRandomCaseDoesNotShowInAnswers(t *testing.T) {
	n := withLeaf(t, func(q *dns.Msg, _ string) []byte {
		q.Extra = nil
		m := reply(q)
		m.Authoritative = true
		b := pack(m)
		b[7] = 1
		// bad.test. NS ns.bad.test., both by pointers to the question.
		return append(b, 0xC0, 12, 0, byte(dns.TypeNS), 0, 1, 0, 0, 0, 9, 0, 5, 2, 'n', 's', 0xC0, 12)
	})
	r := n.resolver(nil, rootAddr)
	if got := summary(resolve(t, r, Dual, "BAD.test", dns.TypeNS)); got != "NOERROR ns.bad.test." {
		t.Errorf("got %s", got)
	}
}
