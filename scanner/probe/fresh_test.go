package probe

import (
	"crypto/x509"
	"net/netip"
	"reflect"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/netaddr"
	"adopt6/scanner/optout"
	"adopt6/scanner/resolve"
)

// TestFreshKeepsEverySetting has every setting at another value than zero:
// one that is forgotten would change what later passes of a scan do.
func TestFreshKeepsEverySetting(t *testing.T) {
	policy := optout.NewChecker(nil)
	p := &Prober{
		Scan: uuid.New(), Vantage: "lome", Resolver: new(resolve.Resolver), Authorities: x509.NewCertPool(), Dialer: new(netaddr.Dialer), Limiter: new(scanner.Rates),
		Routes: Routes{V6: true}, ConnectTimeout: 1, StepTimeout: 2, Now: time.Now, Agent: "a", From: "f", HELO: "h",
		ASN:     func(netip.Addr) (uint32, string, bool) { return 0, "", false },
		OnProbe: func(string, string) {}, OptOut: policy, MaxQueries: 4, SerialWait: 3, Country: lists.CountryByCode,
	}
	q := p.Fresh(new(resolve.Resolver))
	was, is := reflect.ValueOf(p).Elem(), reflect.ValueOf(q).Elem()
	for i := range was.NumField() {
		field := was.Type().Field(i)
		switch {
		case !field.IsExported():
		case was.Field(i).IsZero():
			t.Errorf("this test says nothing of %s; give it a value", field.Name)
		case is.Field(i).IsZero():
			t.Errorf("%s is lost", field.Name)
		}
	}
}
