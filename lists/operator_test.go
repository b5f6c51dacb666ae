package lists

import (
	"strings"
	"testing"
	"time"

	"golang.org/x/net/publicsuffix"
)

func TestOperator(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"awsdns-04.com": "Amazon Route 53", "ns-37.awsdns-04.co.uk": "Amazon Route 53", "awsdns-63.net": "Amazon Route 53",
		"azure-dns.info": "Microsoft Azure DNS", "pdns1.ultradns.net": "UltraDNS", "ada.ns.cloudflare.com": "Cloudflare",
		"awsdns-.com": "", "awsdns-4x.com": "", "awsdns-04.example": "", "notazure-dns.com": "", "azure-dns.com.tg": "",
		"com": "", "co.uk": "", "": "", "nic.tg": "",
	} {
		if got, known := Operator(name); got != want || known != (want != "") {
			t.Errorf("%q is run by %q, %v, want %q", name, got, known, want)
		}
	}
}

// TestOperatorsAreWhole holds every row sourced and dated, every domain one
// that somebody registers, and every operator one that has several.
func TestOperatorsAreWhole(t *testing.T) {
	t.Parallel()
	domains := make(map[string]int)
	seen := make(map[string]bool)
	for _, d := range OperatorDomains() {
		domains[d.Operator]++
		if seen[d.Pattern] {
			t.Errorf("%s is in the table twice", d.Pattern)
		}
		seen[d.Pattern] = true
		example := strings.Replace(d.Pattern, "*", "1", 1)
		if registered, err := publicsuffix.EffectiveTLDPlusOne(example); err != nil || registered != example || strings.ToLower(example) != example {
			t.Errorf("%s is not a registrable domain", d.Pattern)
		}
		if label, _, _ := strings.Cut(d.Pattern, "."); strings.Contains(strings.TrimSuffix(label, "*"), "*") || strings.Count(d.Pattern, "*") > 1 || strings.Contains(d.Pattern, ".*") {
			t.Errorf("%s: * may end the first label only", d.Pattern)
		}
		if strings.ToLower(d.Operator) == d.Operator || strings.TrimSpace(d.Operator) != d.Operator {
			t.Errorf("%s: the operator %q could be a domain's name", d.Pattern, d.Operator)
		}
		checkAddress(t, d.Pattern, d.Source)
		if day, err := time.Parse(time.DateOnly, d.Date); err != nil || day.After(time.Now()) {
			t.Errorf("%s was read on %q", d.Pattern, d.Date)
		}
	}
	for operator, n := range domains {
		if n < 2 {
			t.Errorf("%s has one domain, which stands for it without the table", operator)
		}
	}
}

func BenchmarkOperator(b *testing.B) {
	for b.Loop() {
		Operator("ns1.ministry.gov.example")
	}
}
