package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/google/uuid"

	"adopt6/cmd/adopt6/pages"
	"adopt6/cmd/adopt6/terminal"
	"adopt6/configs"
	"adopt6/scanner"
	"adopt6/scanner/advice"
	"adopt6/scanner/lab"
	"adopt6/scanner/network"
	"adopt6/scanner/observation"
)

var update = flag.Bool("update", false, "rewrite the golden files below testdata and in docs/check.md")

// checkScenario is the lab of the pages below testdata/check.
const checkScenario = "../../testdata/scenarios/check.yaml"

// observe measures domains of a lab. What depends on the machine is replaced:
// times, the count of queries and the vantage.
func observe(t *testing.T, names ...string) (seen []*observation.Observation, now time.Time) {
	t.Helper()
	scenario, err := lab.Open(checkScenario)
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(scenario)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	settings, err := configs.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	settings.Scan.Rate, settings.Scan.RatePerServer = 0, 0
	net, err := network.InLab(l, new(configs.Settings), "test")
	if err != nil {
		t.Fatal(err)
	}
	prober, resolver, err := net.Prober(t.Context(), settings, net.Rates(settings), uuid.UUID{}, "lome")
	if err != nil {
		t.Fatal(err)
	}
	defer resolver.Close()
	for _, name := range names {
		targets, err := checkTargets([]string{name})
		if err != nil {
			t.Fatal(err)
		}
		o := prober.Measure(t.Context(), scanner.Pending{Target: targets[0]})
		still(o)
		seen = append(seen, o)
	}
	return seen, time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC)
}

// still replaces what differs from one run to the next.
func still(o *observation.Observation) {
	set := func(times ...*time.Duration) {
		for _, d := range times {
			if *d > 0 {
				*d = 12 * time.Millisecond
			}
		}
	}
	o.Started, o.Queries = time.Date(2026, 3, 2, 10, 0, 0, 0, time.UTC), 30
	set(&o.Took)
	for _, times := range []*observation.DialTimes{&o.WebTimesV4, &o.WebTimesV6} {
		set(&times.Connect, &times.TLS, &times.FirstByte)
	}
	for i := range o.Probes {
		set(&o.Probes[i].Took)
	}
	for i := range o.Endpoints {
		e := &o.Endpoints[i]
		set(&e.RTT, &e.Took)
		if e.TLS != nil {
			set(&e.TLS.Handshake)
			e.TLS.SHA256 = strings.Repeat("ab", 32) // every lab has an authority of its own
		}
		if e.HTTP != nil {
			set(&e.HTTP.FirstByte)
		}
	}
	slices.SortStableFunc(o.Endpoints, func(a, b observation.Endpoint) int {
		return strings.Compare(a.Probe+a.Host+a.Addr.String()+a.Transport, b.Probe+b.Host+b.Addr.String()+b.Transport)
	})
}

// golden compares text with a file below testdata/check.
func golden(t *testing.T, name, got string) {
	t.Helper()
	file := filepath.Join("testdata", "check", name)
	if *update {
		if err := os.WriteFile(file, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs (go test ./cmd/adopt6 -run CheckPage -update writes it anew):\n%s", file, got)
	}
}

func printPage(t *testing.T, p pages.Page, o *observation.Observation) string {
	t.Helper()
	var out bytes.Buffer
	p.Out = &out
	if err := p.Print(o, advice.For(o, observation.Reasons())); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func TestCheckPages(t *testing.T) {
	t.Parallel()
	names := []string{"sound", "old", "ministere", "hostile"}
	var domains []string
	for _, name := range names {
		domains = append(domains, name+".gouv.tg")
	}
	seen, now := observe(t, append(domains, "tg")...)
	for i, name := range append(names, "tg") {
		got := printPage(t, pages.Page{Columns: 80, UTF8: true, Now: now}, seen[i])
		golden(t, name+".txt", got)
		fits(t, got, 80)
	}
	plain := printPage(t, pages.Page{Columns: 80, Now: now}, seen[2])
	golden(t, "ministere.ascii.txt", plain)
	if i := strings.IndexFunc(plain, func(r rune) bool { return r > unicode.MaxASCII }); i >= 0 {
		t.Errorf("the plain page has other characters than ASCII: %q", plain[i:min(len(plain), i+20)])
	}
	fits(t, printPage(t, pages.Page{Columns: 120, UTF8: true, Now: now}, seen[2]), 120)
}

// fits checks the width of every line.
func fits(t *testing.T, page string, columns int) {
	t.Helper()
	for line := range strings.Lines(page) {
		if n := terminal.Columns(strings.TrimRight(line, "\n")); n > columns {
			t.Errorf("%d columns: %s", n, line)
		}
	}
}

// evil is what nothing on the network may bring to a terminal.
const evil = "\x1b[31mred\x1b]0;title\a\x9b2J\u009b2J\r\n\tx\u202egnp.exe\u2066\u200b\u200d\ufeff\u00ad\u2028\u2029\u061c\u180e\u3164\ufe0f\U000e0041\x00\x7f\xff"

// TestNothingFromTheNetworkDrivesTheTerminal puts hostile text wherever an
// observation has text.
func TestNothingFromTheNetworkDrivesTheTerminal(t *testing.T) {
	t.Parallel()
	seen, now := observe(t, "ministere.gouv.tg")
	o := seen[0]
	o.Vantage, o.Zone, o.V6OnlyZone = evil, "z"+evil, evil
	for _, names := range []*[]string{&o.NameServers, &o.MX, &o.Operators, &o.FreedBy} {
		*names = append(*names, "host"+evil)
	}
	for i, e := range slices.Clone(o.Endpoints) {
		o.Endpoints[i].Detail = evil
		e.Host = "host" + evil
		e.TLS = &observation.TLSFacts{Version: evil, ALPN: evil, Issuer: evil, SHA256: evil, NotAfter: now}
		e.HTTP = &observation.HTTPFacts{Status: 200, Proto: evil, Location: evil, Title: evil, Redirects: 1}
		e.SMTP = &observation.SMTPFacts{Code: 220, Banner: "220 " + evil}
		e.Verdict = observation.Verdict{Status: observation.Broken, Reason: observation.Timeout}
		o.Endpoints = append(o.Endpoints, e, observation.Endpoint{Probe: e.Probe, Host: "finding" + evil, Detail: evil, Verdict: e.Verdict})
	}
	todo := advice.For(o, observation.Reasons())
	trace := []pages.ProbeTrace{{Probe: "web", Lookups: []pages.LookupTrace{{Question: evil}}}}
	var jsonOut bytes.Buffer
	if err := pages.CheckJSON(&jsonOut, o, todo, trace, true); err != nil {
		t.Fatal(err)
	}
	outputs := map[string]string{"JSON": jsonOut.String()}
	for _, p := range []pages.Page{{Columns: 80, UTF8: true, Now: now}, {Columns: 80, Now: now}} {
		var out bytes.Buffer
		p.Out = &out
		if err := p.Print(o, todo); err != nil {
			t.Fatal(err)
		}
		if err := p.Trace(trace); err != nil {
			t.Fatal(err)
		}
		outputs[map[bool]string{true: "UTF-8", false: "ASCII"}[p.UTF8]] = out.String()
		fits(t, out.String(), 80)
	}
	for form, output := range outputs {
		if !strings.Contains(output, "red") {
			t.Errorf("%s: the hostile text is not on the page, so nothing is tested", form)
		}
		for _, r := range output {
			switch {
			case r == '\n', unicode.IsGraphic(r) && !unicode.Is(unicode.Other_Default_Ignorable_Code_Point, r):
			default:
				t.Fatalf("%s lets %U through", form, r)
			}
		}
	}
	if n := strings.Count(jsonOut.String(), "\n"); n != 1 || !json.Valid(jsonOut.Bytes()) {
		t.Errorf("the JSON is %d lines, valid: %v", n, json.Valid(jsonOut.Bytes()))
	}
}

// TestColoursOnATerminalOnly sets the only escape sequences of a page.
func TestColoursOnATerminalOnly(t *testing.T) {
	t.Parallel()
	seen, now := observe(t, "ministere.gouv.tg")
	coloured := printPage(t, pages.Page{Columns: 80, UTF8: true, Colour: true, Now: now}, seen[0])
	plain := printPage(t, pages.Page{Columns: 80, UTF8: true, Now: now}, seen[0])
	if strings.Contains(plain, "\x1b") || !strings.Contains(coloured, "\x1b[31m") {
		t.Error("colours are on the plain page, or not on the other")
	}
	if bare := regexp.MustCompile(`\x1b\[\d*m`).ReplaceAllString(coloured, ""); bare != plain {
		t.Errorf("without its colours the page is\n%s\nnot\n%s", bare, plain)
	}
}

func TestCheckCommand(t *testing.T) {
	scenario, err := lab.Open(checkScenario)
	if err != nil {
		t.Fatal(err)
	}
	_, file := startLab(t, scenario)
	t.Setenv("LC_ALL", "C.UTF-8")
	for _, test := range []struct {
		name string
		args []string
		code int
		out  []string // all of these
		err  string
	}{
		{"several domains, a ccTLD among them", []string{"old.gouv.tg", "TG."}, 0, []string{"old.gouv.tg\nReadiness 0 of 5", "\n\ntg\nReadiness"}, ""},
		{"not reached", []string{"--fail-below", "3", "old.gouv.tg", "sound.gouv.tg"}, exitFailure, []string{"sound.gouv.tg\nReadiness 5"}, "old.gouv.tg: readiness 0 is below 3"},
		{"reached", []string{"--fail-below", "5", "sound.gouv.tg"}, 0, nil, ""},
		{"the trace", []string{"--explain", "sound.gouv.tg"}, 0, []string{"What was asked", "\n  resolvability\n", "AAAA without IPv4", "referral from . to tg."}, ""},
		{"a level that does not exist", []string{"--fail-below", "6", "sound.gouv.tg"}, exitMisuse, nil, `"--fail-below" flag: must be 0 to 5`},
		{"no domain", nil, exitMisuse, nil, "requires at least 1 arg"},
		{"not a domain", []string{"https://sound.gouv.tg/"}, exitMisuse, nil, "https://sound.gouv.tg/"},
		{"a name in its own script", []string{"école.gouv.tg"}, 0, []string{"école.gouv.tg  (xn--cole-9oa.gouv.tg)\n", "The domain does not exist"}, ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			out, errOut, code := runCommand(t, "", append([]string{"check", "--lab", file, "--skip-preflight"}, test.args...)...)
			if code != test.code || !strings.Contains(errOut, test.err) {
				t.Errorf("exit code %d with %q, want %d with %q", code, errOut, test.code, test.err)
			}
			for _, want := range test.out {
				if !strings.Contains(out, want) {
					t.Errorf("%q is not in\n%s", want, out)
				}
			}
		})
	}
}

// TestUnseen tells what could not be measured from what does not work.
func TestUnseen(t *testing.T) {
	t.Parallel()
	o := new(observation.Observation)
	for _, v := range []*observation.Verdict{&o.DNS, &o.Web, &o.Mail, &o.V6Only, &o.DNSV4, &o.WebV4, &o.MailV4} {
		v.Reason = observation.TargetTimeout
	}
	if !unseen(o) {
		t.Error("an observation without any verdict counts as one")
	}
	o.DNS.Reason = observation.DNSFailure
	if unseen(o) {
		t.Error("a domain whose DNS fails counts as not measured")
	}
}

// TestCheckTargets gives ccTLDs their kind.
func TestCheckTargets(t *testing.T) {
	t.Parallel()
	targets, err := checkTargets([]string{"TG", "中国", "gouv.tg", "example.org"})
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, target := range targets {
		got = append(got, target.Name+" "+string(target.Kind)+" "+target.Country)
	}
	want := []string{"tg cctld TG", "xn--fiqs8s cctld CN", "gouv.tg custom TG", "example.org custom "}
	if !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

const checkPage = "../../docs/check.md"

// TestCheckJSONIsDocumented compares the example in docs/check.md with what the
// command prints, and wants every member explained.
func TestCheckJSONIsDocumented(t *testing.T) {
	t.Parallel()
	seen, _ := observe(t, "ministere.gouv.tg")
	var out, pretty bytes.Buffer
	o := seen[0]
	if err := pages.CheckJSON(&out, o, advice.For(o, observation.Reasons()), nil, false); err != nil {
		t.Fatal(err)
	}
	var members map[string]json.RawMessage
	if err := json.Unmarshal(out.Bytes(), &members); err != nil {
		t.Fatal(err)
	}
	shown := `{"version":1`
	for _, name := range []string{"domain", "country", "readiness", "web_v6", "web_v6_reason", "v6_only", "v6_only_reason", "v6_only_zone", "freed_by", "web_connect_v4_us", "aaaa", "advice"} {
		shown += fmt.Sprintf(",%q:%s", name, members[name])
	}
	if err := json.Indent(&pretty, []byte(shown+"}\n"), "", "  "); err != nil {
		t.Fatal(err)
	}
	text, err := os.ReadFile(checkPage)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(text), "```json\n")
	example, after, ok2 := strings.Cut(rest, "```\n")
	if !ok1 || !ok2 {
		t.Fatal("docs/check.md has no example")
	}
	if example != pretty.String() {
		if *update {
			err = os.WriteFile(checkPage, []byte(before+"```json\n"+pretty.String()+"```\n"+after), 0o644)
		} else {
			t.Errorf("the example in docs/check.md is not current: go test ./cmd/adopt6 -run CheckJSON -update writes it anew")
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	schema, err := os.ReadFile("../../docs/schema.md")
	if err != nil {
		t.Fatal(err)
	}
	for name := range maps.Keys(members) {
		if !strings.Contains(before+after, "`"+name+"`") && !strings.Contains(string(schema), "| "+name+" | ") {
			t.Errorf("neither docs/check.md nor docs/schema.md explains %s", name)
		}
	}
}
