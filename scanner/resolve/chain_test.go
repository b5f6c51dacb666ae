package resolve

import (
	"hash/maphash"
	"runtime"
	"testing"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
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

// TestSpentBudgetIsNoOthersFault: a zone that failed for want of one job's
// budget is not handed to those who wait for it.
func TestSpentBudgetIsNoOthersFault(t *testing.T) {
	r := signedTest(t).resolver(nil)
	poor, other := r.newJob(t.Context(), Dual), r.newJob(t.Context(), Dual)
	at := poor.validator.At()
	spent := &dnssec.Zone{Name: "test.", State: dnssec.Bogus, Reason: dnssec.BudgetExceeded, Expires: at}
	sound := &dnssec.Zone{Name: "test.", State: dnssec.Secure, Expires: at.Add(time.Hour)}
	got := make(chan *dnssec.Zone)
	_, f := poor.zone("test.", func() (*dnssec.Zone, *failure) {
		go func() {
			z, _ := other.zone("test.", func() (*dnssec.Zone, *failure) { return sound, nil })
			got <- z
		}()
		for waits := false; !waits; runtime.Gosched() {
			building := r.views[Dual].building
			shard := &building.shards[maphash.String(building.seed, "test.")%cacheShards]
			shard.Lock()
			waits = shard.under[flightKey{zone: "test.", name: "test."}].done != nil
			shard.Unlock()
		}
		return spent, nil
	})
	if z := <-got; f != nil || z != sound {
		t.Errorf("the one who waited got %+v, %+v", z, f)
	}
	if z, ok := r.views[Dual].zones.get(key{name: "test."}); ok && z == spent {
		t.Error("the zone that failed is kept")
	}
}
