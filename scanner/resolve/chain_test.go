package resolve

import (
	"testing"

	"github.com/miekg/dns"
)

func TestValidation(t *testing.T) {
	r := signedTest(t).resolver(nil)
	for _, test := range []struct {
		name  string
		qtype uint16
		want  string
	}{
		{"www.example.test", dns.TypeA, "NOERROR 203.0.112.1: secure"},
		{"www.example.test", dns.TypeAAAA, "NOERROR: secure"},
		{"nothing.example.test", dns.TypeA, "NXDOMAIN: secure"},
		{"ent.example.test", dns.TypeA, "NOERROR: secure"},
		{"x.dn.example.test", dns.TypeCNAME, "NOERROR other.test. x.other.test.: secure"},
	} {
		if got := judged(resolve(t, r, V4Only, test.name, test.qtype)); got != test.want {
			t.Errorf("%s %s: got %s, want %s", test.name, dns.Type(test.qtype), got, test.want)
		}
	}
}
