package lab

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"sync"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/lab/authority"
)

// ca is the laboratory's certificate authority. It issues a certificate for a
// host when the host is first contacted.
type ca struct {
	cert *x509.Certificate
	key  crypto.Signer
	leaf crypto.Signer // one key serves every host
	now  time.Time

	mu     sync.Mutex
	issued map[certID]*tls.Certificate
}

type certID struct {
	name  string
	fault faultWord
}

// maxIssued bounds the certificates that are kept.
const maxIssued = 4096

func newCA(now time.Time) (*ca, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make CA key: %w", err)
	}
	leaf, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, fmt.Errorf("make host key: %w", err)
	}
	c := &ca{key: key, leaf: leaf, now: now, issued: map[certID]*tls.Certificate{}}
	template := &x509.Certificate{
		SerialNumber:          big.NewInt(1),
		Subject:               pkix.Name{CommonName: "adopt6 laboratory CA"},
		NotBefore:             now.Add(-24 * time.Hour),
		NotAfter:              now.Add(365 * 24 * time.Hour),
		IsCA:                  true,
		BasicConstraintsValid: true,
		KeyUsage:              x509.KeyUsageCertSign,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		return nil, fmt.Errorf("make CA certificate: %w", err)
	}
	c.cert, err = x509.ParseCertificate(der)
	return c, err
}

// pool returns the CA as the only root.
func (c *ca) pool() *x509.CertPool {
	p := x509.NewCertPool()
	p.AddCert(c.cert)
	return p
}

func (c *ca) pem() []byte {
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.cert.Raw})
}

// attachedCA is the CA of a laboratory in another process: it issues nothing.
func attachedCA(text []byte) (*ca, error) {
	block, _ := pem.Decode(text)
	if block == nil {
		return nil, fmt.Errorf("no certificate")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	return &ca{cert: cert}, err
}

// certificate returns the certificate that a host shows for name, wrong in the
// way of the fault.
func (c *ca) certificate(name string, fault faultWord) (*tls.Certificate, error) {
	id := certID{name, fault}
	c.mu.Lock()
	defer c.mu.Unlock()
	if made := c.issued[id]; made != nil {
		return made, nil
	}
	made, err := c.issue(name, fault)
	if err != nil {
		return nil, err
	}
	if len(c.issued) >= maxIssued {
		clear(c.issued)
	}
	c.issued[id] = made
	return made, nil
}

func (c *ca) issue(name string, fault faultWord) (*tls.Certificate, error) {
	const day = 24 * time.Hour
	template := &x509.Certificate{
		SerialNumber: big.NewInt(time.Now().UnixNano()),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    c.now.Add(-day),
		NotAfter:     c.now.Add(90 * day),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	if net.ParseIP(name) == nil {
		template.DNSNames = []string{name}
	}
	parent, signer := c.cert, c.key
	switch fault {
	case "tls_expired":
		template.NotBefore, template.NotAfter = c.now.Add(-90*day), c.now.Add(-day)
	case "tls_not_yet_valid":
		template.NotBefore = c.now.Add(30 * day)
	case "tls_wrong_name":
		template.Subject.CommonName, template.DNSNames = "wrong.invalid", []string{"wrong.invalid"}
	case "tls_self_signed":
		parent, signer = template, c.leaf
	case "tls_hostile_name":
		template.Subject = pkix.Name{CommonName: "\x1b]0;owned\x07\x1b[2J" + name, Organization: []string{"a\x00b\r\nc"}}
		template.DNSNames = []string{"\x1b[31m" + name}
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, c.leaf.Public(), signer)
	if err != nil {
		return nil, fmt.Errorf("issue certificate for %q: %w", name, err)
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: c.leaf}, nil
}

// tlsConfig returns how a server speaks TLS, with the faults of its host. A
// client that names nobody is shown the certificate of fallback.
func (l *Lab) tlsConfig(faults faultSet, fallback string, protocols ...string) *tls.Config {
	config := &tls.Config{
		NextProtos:             protocols,
		SessionTicketsDisabled: true, // every measurement is a first visit
		GetCertificate: func(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
			name := hello.ServerName
			if _, err := authority.ParseName(name); name == "" || err != nil {
				name = fallback
			}
			return l.ca.certificate(bare(dns.Fqdn(name)), faults.ofCertificate())
		},
	}
	switch {
	case faults.has("tls_old"):
		config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS10
		config.NextProtos = nil // HTTP/2 needs TLS 1.2 (RFC 9113 section 9.2)
	case faults.has("tls_12"):
		config.MaxVersion = tls.VersionTLS12
	}
	if faults.has("tls_asks_client") {
		config.ClientAuth = tls.RequireAnyClientCert
	}
	return config
}
