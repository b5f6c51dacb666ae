package lab_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"adopt6/scanner/lab"
)

// TestScenarioErrors: what a writer of scenarios gets wrong is answered with
// the line and, where there is one, the word that was meant.
func TestScenarioErrors(t *testing.T) {
	for _, c := range []struct{ text, want string }{
		{"", "x.yaml: is empty"},
		{"- a", "x.yaml:1: needs fields at the top level"},
		{"domains: {}", "needs a line \"about: ...\""},
		{"about: x\ndomain:\n  a.ar: healthy_v6", `x.yaml:2: unknown field "domain"; did you mean "domains"?`},
		{"about: x\ndomains:\n  a.ar:\n    webb: both", `x.yaml:4: unknown field "webb"; did you mean "web"?`},
		{"about: x\ndomains:\n  a.ar: healthy_v4", `x.yaml:3: unknown profile "healthy_v4"; did you mean "healthy_v6"?`},
		{"about: x\ndomains:\n  a.ar:\n    web: bth", `x.yaml:4: unknown addresses "bth"; did you mean "both"?`},
		{"about: x\ndomains:\n  a.ar:\n    web: {apex: [1.2.3]}", `x.yaml:4: "1.2.3" is not an IP address`},
		{"about: x\ndomains:\n  a.ar:\n    web: {apex: 28.0.0.9}", "x.yaml:4: 28.0.0.9 lies in a block that the laboratory gives out itself"},
		{"about: x\ndomains:\n  a.ar:\n    faults: [{do: drp}]", `x.yaml:4: unknown fault "drp"; did you mean "drop"?`},
		{"about: x\ndomains:\n  a.ar:\n    faults: [{do: expired}]", `below dnssec: {fault: expired}`},
		{"about: x\ndomains:\n  a.ar:\n    faults: [{at: ns9, do: drop}]", "x.yaml:3: a.ar: fault at \"ns9\": the domain has no such host; it has the roles ns, web, mail and the hosts ns1.a.ar"},
		{"about: x\ndomains:\n  a.ar:\n    faults: [{do: drop, family: v5}]", `x.yaml:4: family: "v5" is neither v4 nor v6`},
		{"about: x\ndomains:\n  a.ar:\n    faults: [{do: drop, port: 22}]", "x.yaml:4: port: 22; the laboratory has 53, 80, 443 and 25"},
		{"about: x\ndomains:\n  a.ar:\n    faults: [{do: drop, types: [AAAAA]}]", `x.yaml:4: unknown record type "AAAAA"`},
		{"about: x\ndomains:\n  a.ar:\n    dnssec: {algorithm: RSASHA265}", `x.yaml:4: unknown algorithm "RSASHA265"; did you mean "RSASHA256"?`},
		{"about: x\ndomains:\n  a.ar:\n    dnssec: {bits: 512}", "x.yaml:4: bits: 512"},
		{"about: x\ndomains:\n  a.ar:\n    dnssec: {ds: wrongg}", `x.yaml:4: unknown ds "wrongg"; did you mean "wrong"?`},
		{"about: x\ndomains:\n  a.ar:\n    records: |\n      b A 192.0.2.1\n      c AAAA 192.0.2.1\n", "x.yaml:6: records: bad AAAA"},
		{"about: x\ndomains:\n  a.ar:\n    records: |\n      b.example.net. A 192.0.2.1\n", "is not in zone a.ar."},
		{"about: x\ndomains:\n  a.ar:\n    records: |\n      www CNAME b\n", "x.yaml:3: a.ar: www.a.ar. has a CNAME record beside other records"},
		{"about: x\ndomains:\n  a.ar:\n    ns: [ns1.nowhere.net.]", "x.yaml:3: a.ar: no domain declares the host ns1.nowhere.net"},
		{"about: x\ndomains:\n  a.ar:\n    web: v4", "the truth says web_v6 is ok, and the domain publishes no AAAA record for it"},
		{"about: x\ndomains:\n  a.ar:\n    like: v4_only\n    mail: both", "the truth says mail_v6 is absent, and the domain publishes AAAA records for it"},
		{"about: x\ndomains:\n  a.ar:\n    truth: {dns_v6: brokn}", `x.yaml:4: unknown status "brokn"`},
		{"about: x\ndomains:\n  a.ar:\n    truth: {dns_v6: broken/timeot}", `x.yaml:4: unknown reason "timeot"; did you mean "timeout"?`},
		{"about: x\ndomains:\n  a.ar:\n    truth: {readiness: 6}", "readiness 6: the levels are 0 to 5"},
		{"about: x\ndomains:\n  a.ar: healthy_v6\n  a.ar: v4_only", "x.yaml:4: \"a.ar\" is here for the second time; the first is at line 3"},
		{"about: x\nzones:\n  a.ar: suffix\ndomains:\n  a.ar: v4_only", "x.yaml:5: a.ar is declared twice"},
		{"about: x\nprofiles:\n  a: {like: b}\n  b: {like: a}\ndomains:\n  a.ar: a", "like each other in a circle"},
		{"about: x\ncctlds: {targets: [ar, zx]}", `x.yaml:2: unknown ccTLD "zx"; did you mean`},
		{"about: x\ngenerate:\n  - {count: 0, under: ar, profiles: v4_only}", "x.yaml:3: generate: count: 0"},
		{"about: x\ngenerate:\n  - {count: 1, under: invalid, profiles: v4_only}", "x.yaml:3: under: no top-level domain holds invalid"},
		{"about: x\ngenerate:\n  - {count: 1, under: ar, profiles: {v4_onl: 1}}", `x.yaml:3: unknown profile "v4_onl"; did you mean "v4_only"?`},
		{"about: x\ngenerate:\n  - {count: 1, under: {ar: x}, profiles: v4_only}", "x.yaml:3: weight \"x\": needs a whole number"},
		{"about: x\nprofiles:\n  p: {like: v4_only, records: \"x A y\"}\ngenerate:\n  - {count: 1, under: ar, profiles: p}", "bad A"},
		{"about: x\nfaults: [{at: 9.9.9.9, do: drop}]", `x.yaml:2: fault at "9.9.9.9": no host, zone or address`},
		{"about: x\nzones: {.: {ns: parent}}", "x.yaml:2: the root has no parent"},
		{"about: x\ngenerate:\n  - {count: 1, under: ar, profiles: v4_only, words: [\"a b\"]}", "x.yaml:3: words: \"a b\" cannot be part of a host name"},
		{"about: x\ndomains: {" + strings.Repeat("a.", 120) + "ar: v4_only}", "is longer than the 200 octets"},
		{"about: x\nzones:\n  h.net: healthy_v6\ndomains:\n  a.ar:\n    mail: {mx: {mail.h.net.: elsewhere}}\n    faults: [{at: mail, do: smtp_slow}]", "mail.h.net belongs to another domain"},
		{"about: [x", "x.yaml: "},
	} {
		_, err := lab.Parse("x.yaml", []byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%q:\n got %v\nwant %s", c.text, err, c.want)
		}
	}
}

func TestOpen(t *testing.T) {
	file := filepath.Join(t.TempDir(), "mine.yaml")
	if err := os.WriteFile(file, []byte("about: mine\ndomains: {a.ar: healthy_v6}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if s, err := lab.Open(file); err != nil || s.Name != "mine" || s.About != "mine" {
		t.Errorf("file: %v, %v", s, err)
	}
	if s, err := lab.Open("demo"); err != nil || s.Name != "demo" {
		t.Errorf("built in: %v, %v", s, err)
	}
	if _, err := lab.Open("dmo"); err == nil || !strings.Contains(err.Error(), "built in are: bulk, demo") {
		t.Errorf("neither: %v", err)
	}
}

// TestNames: domains can be written in Unicode, and aliases of YAML work.
func TestNames(t *testing.T) {
	l := start(t, "about: x\nprofiles: {p: &p {like: v4_only}}\ndomains: {Пример.РФ: *p, B.AR: healthy_v6}\n")
	var names []string
	for target := range l.Targets() {
		names = append(names, target.Name+" "+target.Unicode+" "+target.Country)
	}
	if got := strings.Join(names, ", "); got != "xn--e1afmkfd.xn--p1ai пример.рф RU, b.ar b.ar AR" {
		t.Error(got)
	}
	if truth, ok := l.Truth("xn--e1afmkfd.xn--p1ai"); !ok || truth.DNS.Reason != "no_ns_aaaa" {
		t.Errorf("%v %+v", ok, truth)
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(generatedScenario))
	f.Add([]byte(delvZone))
	f.Add([]byte(webScenario))
	f.Add([]byte("about: &a x\nprofiles: {p: {like: p}}\ndomains: {*a : p}\n"))
	f.Fuzz(func(_ *testing.T, text []byte) {
		// Any outcome will do, as long as there is one.
		_, _ = lab.Parse("fuzz.yaml", text)
	})
}

// delvZone has every kind of answer that needs a proof. %s is its signing.
const delvZone = `
about: test
domains:
  example.gov.ar:
    like: healthy_v6
    ns: {ns1: [200.1.2.3]}
    dnssec: %s
    records: |
      a.b.c      TXT "below empty non-terminals"
      *.wild     TXT "wildcard"
      alias      CNAME www
      *.walias   CNAME www
      tree       DNAME other
      x.other    TXT "behind a DNAME"
      unsigned   NS ns.unsigned
      ns.unsigned A 200.1.2.4
    truth: none
`
