// Package certificate judges what a TLS server shows.
//
// In: a finished handshake, the name that was asked for, the authorities and
// the time. Out: the version and the first thing that is wrong with the
// certificate. It never dials, and what a server sends costs it a bounded
// amount of work.
package certificate

import (
	"adopt6/scanner/observation"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// maxChain is how many certificates of a server are looked at; chains of
// public authorities have two to four.
const maxChain = 10

// Config returns the settings of a client that talks to any server, even one
// with an old version or a bad certificate, so that it can say what is wrong.
// The connection must not carry secrets.
func Config(host string, alpn ...string) *tls.Config {
	config := &tls.Config{
		ServerName: strings.TrimSuffix(host, "."), NextProtos: alpn,
		InsecureSkipVerify: true, // Judge verifies
		MinVersion:         tls.VersionTLS10,
	}
	// Suites without forward secrecy count as well: browsers still take them.
	for _, suite := range append(tls.CipherSuites(), tls.InsecureCipherSuites()...) {
		config.CipherSuites = append(config.CipherSuites, suite.ID)
	}
	return config
}

// Judge returns the facts of a handshake with host. Its certificate is judged
// as of now; authorities are those of the system where roots is nil.
func Judge(state tls.ConnectionState, host string, roots *x509.CertPool, now time.Time) *observation.TLSFacts {
	facts := &observation.TLSFacts{Version: versionName(state.Version), ALPN: state.NegotiatedProtocol}
	if len(state.PeerCertificates) == 0 {
		facts.Certificate = observation.TLSFailed
		return facts
	}
	leaf := state.PeerCertificates[0]
	sum := sha256.Sum256(leaf.Raw)
	facts.SHA256 = hex.EncodeToString(sum[:])
	facts.NotAfter = leaf.NotAfter.UTC()
	facts.Issuer = short(leaf.Issuer.String())
	facts.Certificate = judge(state.PeerCertificates, host, roots, now)
	return facts
}

// judge names the first fault in the order of what an operator fixes first.
func judge(chain []*x509.Certificate, host string, roots *x509.CertPool, now time.Time) observation.Reason {
	leaf := chain[0]
	switch {
	case now.After(leaf.NotAfter):
		return observation.TLSExpired
	case now.Before(leaf.NotBefore):
		return observation.TLSNotYetValid
	case leaf.VerifyHostname(strings.TrimSuffix(host, ".")) != nil:
		return observation.TLSWrongName
	}
	options := x509.VerifyOptions{Roots: roots, CurrentTime: now, Intermediates: x509.NewCertPool()}
	for _, c := range chain[1:min(len(chain), maxChain)] {
		options.Intermediates.AddCert(c)
	}
	_, err := leaf.Verify(options)
	invalid := x509.CertificateInvalidError{}
	switch {
	case err == nil:
		return ""
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return observation.TLSExpired // one above the leaf
	}
	return observation.TLSUntrusted
}

// Old says whether a version is one that browsers no longer accept (RFC 8996).
func Old(version string) bool { return version == "1.0" || version == "1.1" }

func versionName(version uint16) string {
	switch version {
	case tls.VersionTLS10, tls.VersionTLS11, tls.VersionTLS12, tls.VersionTLS13:
		return fmt.Sprintf("1.%d", version-tls.VersionTLS10)
	}
	return fmt.Sprintf("%#04x", version)
}

// short bounds a text from the network.
func short(s string) string { return s[:min(len(s), 255)] }
