package probe_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"reflect"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"adopt6/scanner"
	"adopt6/scanner/lab"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
	"adopt6/scanner/probe"
)

const (
	// maxHostileQueries is how many questions a hostile domain may cause: the
	// budget, and the try that was under way when it was spent.
	maxHostileQueries = probe.DefaultMaxQueries
	// hang is when a measurement that does not end by its own limits is
	// stopped: its verdicts are target_timeout then, which fails the test.
	hang = 3 * time.Minute
	// hostileBytes is what a server without bounds would send, and
	// maxAllocated how much all hostile domains together may make the scanner
	// and the lab allocate.
	hostileBytes = 256 << 20
	maxAllocated = 512 << 20
	// maxText bounds every text in an observation, in bytes: the longest name
	// in its text form, where an octet takes up to four characters.
	maxText = 4 * 255
)

// hostileDomains are targets whose servers mean harm, in the scenario's
// language, by name.
func hostileDomains() map[string]string {
	unsigned := "    like: healthy_insecure\n    truth: none\n"
	records := func(text string) string {
		return unsigned + "    records: |\n      " + strings.ReplaceAll(strings.TrimSpace(text), "\n", "\n      ") + "\n"
	}
	domains := map[string]string{
		"mx-1000":       records(many(1000, "@ MX {n} mx{n}\n")),
		"mx-1000-hosts": records(many(1000, "@ MX 5 mx{n}\nmx{n} AAAA 2a0f:25:{x}::1\n")),
		"mx-cname-loop": records("@ MX 1 a\na CNAME b\nb CNAME a\n"),
		"mx-cnames":     records(many(100, "@ MX {n} mx{n}\nmx{n} CNAME mx{n+1}\n")),
		"addresses-500": records(many(500, "@ AAAA 2a0f:500::{x}\nwww AAAA 2a0f:501::{x}\n") + many(250, "@ A 200.5.{n}.7\n")),
		"ns-200":        records(many(200, "@ NS ns{n}\nns{n} AAAA 2a0f:53:{x}::1\nns{n} A 200.53.{n}.1\n")),
		"ns-200-junk":   records(many(200, "@ NS ns{n}\nns{n} AAAA 2a0f:54:{x}::1\nns{n} A 200.54.{n}.1\n")) + "    faults: [{at: ns, do: junk, delay: 20ms}]\n",
		"octets":        records(everyOctet()),
		"svcb-100":      records(many(100, "@ HTTPS {n+1} svc{n} alpn=h2 ipv6hint=2a0f:443::{x}\n")),
		"svcb-loop":     records("@ HTTPS 0 a\na HTTPS 0 b\nb HTTPS 0 a\nwww2 HTTPS 0 www2\n"),
		"cname-loop":    unsigned + "    web: {apex: both, www: {cname: a}}\n    records: |\n      a CNAME b\n      b CNAME www\n",
		"cname-100":     unsigned + "    web: {apex: both, www: {cname: c0}}\n    records: |\n" + many(100, "      c{n} CNAME c{n+1}\n") + "      c100 AAAA 2a0f:100::1\n",
		"nxns":          unsigned + "    ns: [" + strings.TrimSuffix(many(150, "x{n}.victim.net.,"), ",") + "]\n",
		"ns-loop-a":     unsigned + "    ns: [ns.ns-loop-b.gov.ar.]\n",
		"ns-loop-b":     unsigned + "    ns: [ns.ns-loop-c.gov.ar.]\n",
		"ns-loop-c":     unsigned + "    ns: [ns.ns-loop-a.gov.ar.]\n",
		"ns-self":       unsigned + "    ns: {ns1: {addr: both, glue: none}, ns2: {addr: both, glue: none}}\n",
	}
	for at, faults := range map[string][]string{
		"web": {"http_slow", "http_endless_headers", "http_endless_body", "http_bomb", "http_loop", "http_chain", "http_garbage",
			"http_cut_short", "tls_hang", "tls_hostile_name", "tls_none", "reset", "hang", "close"},
		"mail": {"smtp_slow", "smtp_long_banner", "smtp_endless", "smtp_escape", "smtp_reject", "smtp_starttls_bad", "tls_hang",
			"tls_hostile_name", "reset", "hang", "close"},
		"ns": {"wrong_question", "wrong_id", "garbage", "upward", "poison", "spoof", "oversized", "slow", "no_question", "cut_short",
			"empty", "truncate", "junk", "reset", "hang"},
	} {
		for _, do := range faults {
			domains[at+"-"+strings.ReplaceAll(do, "_", "-")] = unsigned + fmt.Sprintf("    faults: [{at: %s, do: %s, bytes: %d, delay: 20ms}]\n", at, do, hostileBytes)
		}
	}
	return domains
}

// many writes a line for every number from 0 to n-1; the line may name the
// number, its successor, and the number in hexadecimal.
func many(n int, line string) string {
	var b strings.Builder
	for i := range n {
		b.WriteString(strings.NewReplacer("{n}", strconv.Itoa(i), "{n+1}", strconv.Itoa(i+1), "{x}", strconv.FormatInt(int64(i), 16)).Replace(line))
	}
	return b.String()
}

// everyOctet writes MX, NS and HTTPS records whose hosts' names hold every
// octet that there is, 32 of them in a label.
func everyOctet() string {
	var b strings.Builder
	for first := 0; first < 256; first += 32 {
		label := ""
		for c := first; c < first+32; c++ {
			label += fmt.Sprintf(`\%03d`, c)
		}
		fmt.Fprintf(&b, "@ MX %d %s\n@ NS %s\n@ HTTPS %d %s\n%s AAAA 2a0f:256::%x\n", first, label, label, first+1, label, label, first+1)
	}
	return b.String()
}

func hostileScenario() string {
	var y strings.Builder
	y.WriteString("about: Servers that mean harm, and their neighbours.\n")
	y.WriteString("hosts:\n" + many(150, "  x{n}.victim.net: none\n") + "  ns.ns-loop-a.gov.ar: both\n  ns.ns-loop-b.gov.ar: both\n  ns.ns-loop-c.gov.ar: both\n")
	y.WriteString("zones:\n  victim.net: infrastructure\ndomains:\n")
	domains := hostileDomains()
	for _, name := range slices.Sorted(maps.Keys(domains)) {
		fmt.Fprintf(&y, "  %s.gov.ar:\n%s", name, domains[name])
	}
	y.WriteString(many(20, "  neighbour{n}.gov.ar: healthy_v6\n"))
	return y.String()
}

// TestHostileServers measures domains whose servers do all they can to keep,
// flood or confuse a scanner, all at once and among healthy neighbours. Each
// must end with verdicts, in bounded time, questions and memory, and the
// neighbours must be measured as if they were alone.
func TestHostileServers(t *testing.T) {
	l := startLab(t, hostileScenario())
	prober := proberOver(t, l, &netaddr.Dialer{Lab: l}, nil, 500*time.Millisecond)
	before := allocated()
	var all sync.WaitGroup
	for target, err := range labTargets(l) {
		if err != nil {
			t.Fatal(err)
		}
		all.Go(func() { checkHostile(t, l, prober, target) })
	}
	all.Wait()
	if n := allocated() - before; n > maxAllocated {
		t.Errorf("%d MB were allocated", n>>20)
	}
}

// What one hostile domain may cost, the laboratory that plays it included.
const (
	maxHostileCPU    = 500 * time.Millisecond
	maxHostileMemory = 16 << 20 // bytes allocated
)

// TestHostileDomainsCostLittle measures domains whose records cost a careless
// scanner dear, one after the other, so that the processor time and the memory
// of each can be told.
func TestHostileDomainsCostLittle(t *testing.T) {
	l := startLab(t, hostileScenario())
	prober := proberOver(t, l, &netaddr.Dialer{Lab: l}, nil, 500*time.Millisecond)
	domains := hostileDomains()
	for target, err := range labTargets(l) {
		if err != nil {
			t.Fatal(err)
		}
		name := target.Target.Name
		spec := domains[strings.TrimSuffix(name, ".gov.ar")]
		if spec == "" || strings.Contains(spec, "faults:") {
			continue // a neighbour, or a server that costs time and nothing else
		}
		cpu, memory := cpuTime(t), allocated()
		o := prober.Measure(t.Context(), target)
		cpu, memory = cpuTime(t)-cpu, allocated()-memory
		if cpu > maxHostileCPU || memory > maxHostileMemory || o.Queries > maxHostileQueries {
			t.Errorf("%s: %s of processor time, %d MB, %d questions", name, cpu, memory>>20, o.Queries)
		}
	}
}

// allocated returns how many bytes were allocated so far.
func allocated() uint64 {
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.TotalAlloc
}

func checkHostile(t *testing.T, l *lab.Lab, prober *probe.Prober, target scanner.Pending) {
	name := target.Target.Name
	ctx, cancel := context.WithTimeout(t.Context(), hang)
	defer cancel()
	o := prober.Measure(ctx, target)
	if o.Queries > maxHostileQueries {
		t.Errorf("%s: %d questions were asked", name, o.Queries)
	}
	truth, _ := l.Truth(name)
	for _, line := range truth.Differences(o) {
		t.Error(line)
	}
	for what, v := range map[string]observation.Verdict{"dns_v6": o.DNS, "web_v6": o.Web, "mail_v6": o.Mail, "v6_only": o.V6Only} {
		if v.Status != observation.OK && v.Reason == "" || v.Reason == observation.NotProbed || v.Reason == observation.LocalFault || v.Reason == observation.TargetTimeout {
			t.Errorf("%s: %s is %v", name, what, v)
		}
	}
	// The limits of docs/verdicts.md.
	if len(o.NameServers) > 20 || len(o.MX) > 10 || max(len(o.A), len(o.AAAA), len(o.WWWA), len(o.WWWAAAA)) > 16 {
		t.Errorf("%s: %d name servers, %d exchangers, %d and %d addresses", name, len(o.NameServers), len(o.MX), len(o.A)+len(o.AAAA), len(o.WWWA)+len(o.WWWAAAA))
	}
	if long := longest(reflect.ValueOf(o)); long > maxText {
		t.Errorf("%s: a text of %d bytes", name, long)
	}
	text, err := json.Marshal(o)
	if err != nil {
		t.Errorf("%s: %v", name, err)
	}
	if len(text) > 256<<10 {
		t.Errorf("%s: an observation of %d bytes, %d endpoints", name, len(text), len(o.Endpoints))
	}
}

// longest returns the length of the longest text in a value.
func longest(v reflect.Value) int {
	n := 0
	switch v.Kind() {
	case reflect.String:
		return v.Len()
	case reflect.Pointer:
		if !v.IsNil() {
			return longest(v.Elem())
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				n = max(n, longest(v.Field(i)))
			}
		}
	case reflect.Slice:
		for i := range v.Len() {
			n = max(n, longest(v.Index(i)))
		}
	}
	return n
}

// TestVisitsAreBounded counts the connections to a site with many addresses,
// each of which redirects every request to yet another page.
func TestVisitsAreBounded(t *testing.T) {
	var addrs []string
	for i := range 4 {
		addrs = append(addrs, fmt.Sprintf("200.80.0.%d, \"2a0f:80::%d\"", i+1, i+1))
	}
	scenario, err := lab.Parse("visits.yaml", fmt.Appendf(nil, "about: Visits.\ndomains:\n  maze.gov.ar:\n    truth: none\n    web: [%s]\n    faults: [{at: web, do: http_chain}]\n", strings.Join(addrs, ", ")))
	if err != nil {
		t.Fatal(err)
	}
	var visits atomic.Int64
	l, err := lab.Start(scenario, lab.OnContact(func(c lab.Contact) {
		if port := c.Server.Port(); port == 80 || port == 443 {
			visits.Add(1)
		}
	}))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	prober := newProber(t, l)
	for target, err := range labTargets(l) {
		if err != nil {
			t.Fatal(err)
		}
		prober.Measure(t.Context(), target)
	}
	if n := visits.Load(); n < 32 || n > 200 {
		t.Errorf("%d connections, want 32 to 200", n)
	}
}
