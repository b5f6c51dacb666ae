//go:build linux && !alone

package probe_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"fmt"
	"math/big"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// proofCA is the authority that everybody in the test trusts.
type proofCA struct {
	dir, file string
	pool      *x509.CertPool
	cert      *x509.Certificate
	key       *ecdsa.PrivateKey // of the authority and of every server
	issued    int64
}

func newProofCA(t *testing.T, dir string) *proofCA {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ca := &proofCA{dir: dir, file: filepath.Join(dir, "ca.pem"), pool: x509.NewCertPool(), key: key}
	template := &x509.Certificate{Subject: pkix.Name{CommonName: "proof"}, IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageCertSign, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der := ca.sign(t, template, template)
	if ca.cert, err = x509.ParseCertificate(der); err != nil {
		t.Fatal(err)
	}
	ca.pool.AddCert(ca.cert)
	if err := os.WriteFile(ca.file, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), 0o644); err != nil {
		t.Fatal(err)
	}
	return ca
}

func (ca *proofCA) sign(t *testing.T, template, parent *x509.Certificate) []byte {
	ca.issued++
	template.SerialNumber = big.NewInt(ca.issued)
	der, err := x509.CreateCertificate(rand.Reader, template, parent, ca.key.Public(), ca.key)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// issue writes the key and the certificate of a server to a file, and returns
// its name; empty for a server that has none.
func (ca *proofCA) issue(t *testing.T, name string, kind proofCertificate) string {
	template := &x509.Certificate{Subject: pkix.Name{CommonName: name}, DNSNames: []string{name}, KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		NotBefore:   time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(24 * time.Hour)}
	parent := ca.cert
	switch kind {
	case noCertificate:
		return ""
	case expiredCertificate:
		template.NotAfter = time.Now().Add(-time.Hour)
	case wrongCertificate:
		template.DNSNames = []string{"elsewhere." + proofTLD}
	case selfSigned:
		parent = template
	}
	der := ca.sign(t, template, parent)
	key, err := x509.MarshalPKCS8PrivateKey(ca.key)
	if err != nil {
		t.Fatal(err)
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: key})
	text = append(text, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})...)
	file := filepath.Join(ca.dir, fmt.Sprintf("server%d.pem", ca.issued))
	if err := os.WriteFile(file, text, 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}
