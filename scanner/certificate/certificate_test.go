package certificate_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"adopt6/scanner/certificate"
	"adopt6/scanner/observation"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

// issued is a certificate with its key.
type issued struct {
	*x509.Certificate
	key *ecdsa.PrivateKey
}

// issue makes a certificate, signed by its issuer or by itself.
func issue(t testing.TB, by *issued, change func(*x509.Certificate)) *issued {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "test"}, DNSNames: []string{"www.example.org"},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(30 * 24 * time.Hour), BasicConstraintsValid: true,
	}
	change(template)
	signer := &issued{template, key}
	if by != nil {
		signer = by
	}
	der, err := x509.CreateCertificate(rand.Reader, template, signer.Certificate, key.Public(), signer.key)
	if err != nil {
		t.Fatal(err)
	}
	parsed, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return &issued{parsed, key}
}

func authority(c *x509.Certificate) {
	c.IsCA, c.DNSNames, c.Subject.CommonName = true, nil, "test CA"
	c.KeyUsage = x509.KeyUsageCertSign
}

func TestJudge(t *testing.T) {
	root := issue(t, nil, authority)
	middle := issue(t, root, authority)
	oldMiddle := issue(t, root, func(c *x509.Certificate) { authority(c); c.NotAfter = now.Add(-time.Minute) })
	same := func(*x509.Certificate) {}
	good := issue(t, middle, same)
	roots := x509.NewCertPool()
	roots.AddCert(root.Certificate)
	long := []*issued{good}
	for range 40 {
		long = append(long, issue(t, root, authority))
	}
	for _, test := range []struct {
		name  string
		host  string
		chain []*issued
		want  observation.Reason
	}{
		{"in order", "www.example.org", []*issued{good, middle}, ""},
		{"a name with its final dot", "www.example.org.", []*issued{good, middle}, ""},
		{"another name", "example.org", []*issued{good, middle}, observation.TLSWrongName},
		{"expired", "www.example.org", []*issued{issue(t, middle, func(c *x509.Certificate) { c.NotAfter = now.Add(-time.Second) }), middle}, observation.TLSExpired},
		{"not yet valid", "www.example.org", []*issued{issue(t, middle, func(c *x509.Certificate) { c.NotBefore = now.Add(time.Second) }), middle}, observation.TLSNotYetValid},
		{"expired above", "www.example.org", []*issued{issue(t, oldMiddle, same), oldMiddle}, observation.TLSExpired},
		{"without what leads to the authority", "www.example.org", []*issued{good}, observation.TLSUntrusted},
		{"self-signed", "www.example.org", []*issued{issue(t, nil, same)}, observation.TLSUntrusted},
		{"the link behind too many others", "www.example.org", append(long, middle), observation.TLSUntrusted},
		{"no certificate", "www.example.org", nil, observation.TLSFailed},
	} {
		state := tls.ConnectionState{Version: tls.VersionTLS13, NegotiatedProtocol: "h2"}
		for _, c := range test.chain {
			state.PeerCertificates = append(state.PeerCertificates, c.Certificate)
		}
		facts := certificate.Judge(state, test.host, roots, now)
		if facts.Certificate != test.want || facts.Version != "1.3" || facts.ALPN != "h2" {
			t.Errorf("%s: %+v, want %q", test.name, facts, test.want)
		}
		if len(test.chain) > 0 && (len(facts.SHA256) != 64 || !facts.NotAfter.Equal(test.chain[0].NotAfter)) {
			t.Errorf("%s: %+v", test.name, facts)
		}
	}
}

func TestHostileIssuerIsBounded(t *testing.T) {
	leaf := issue(t, nil, func(c *x509.Certificate) { c.Subject.CommonName = strings.Repeat("\x1b[2J", 1000) })
	facts := certificate.Judge(tls.ConnectionState{PeerCertificates: []*x509.Certificate{leaf.Certificate}}, "www.example.org", x509.NewCertPool(), now)
	if len(facts.Issuer) > 255 {
		t.Errorf("the issuer has %d bytes", len(facts.Issuer))
	}
}

// TestConfigTalksToOldServers shakes hands with a server of each version: what
// is too old can only be said of a server that was spoken with.
func TestConfigTalksToOldServers(t *testing.T) {
	leaf := issue(t, nil, func(*x509.Certificate) {})
	for version, want := range map[uint16]string{tls.VersionTLS10: "1.0", tls.VersionTLS11: "1.1", tls.VersionTLS12: "1.2", tls.VersionTLS13: "1.3"} {
		server := &tls.Config{
			Certificates: []tls.Certificate{{Certificate: [][]byte{leaf.Raw}, PrivateKey: leaf.key}},
			MinVersion:   version, MaxVersion: version,
		}
		here, there := net.Pipe()
		ended := make(chan error, 1)
		go func() { ended <- tls.Server(there, server).Handshake() }()
		client := tls.Client(here, certificate.Config("www.example.org."))
		err := client.Handshake()
		if served := <-ended; err != nil || served != nil {
			t.Errorf("TLS %s: %v, and the server says %v", want, err, served)
			continue
		}
		facts := certificate.Judge(client.ConnectionState(), "www.example.org", x509.NewCertPool(), now)
		if facts.Version != want || certificate.Old(facts.Version) != (version < tls.VersionTLS12) {
			t.Errorf("TLS %s: judged as %q, old: %t", want, facts.Version, certificate.Old(facts.Version))
		}
		here.Close()
		there.Close()
	}
}

// FuzzJudge feeds certificates as servers may send them. Seeds are a sound one
// and pieces of it.
func FuzzJudge(f *testing.F) {
	leaf := issue(f, nil, func(*x509.Certificate) {})
	f.Add(leaf.Raw, "www.example.org")
	f.Add(leaf.Raw[:len(leaf.Raw)/2], "")
	f.Fuzz(func(t *testing.T, der []byte, host string) {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return
		}
		facts := certificate.Judge(tls.ConnectionState{PeerCertificates: []*x509.Certificate{c, c}}, host, x509.NewCertPool(), now)
		if facts.Certificate == "" || len(facts.Issuer) > 255 {
			t.Errorf("%+v of a certificate that nobody vouches for", facts)
		}
	})
}
