package server

import (
	"crypto/tls"
	"fmt"
	"os"
	"sync"
	"time"
)

// Certificates serves a certificate from files and reads them again when they
// have changed, so that a renewal needs no restart.
type Certificates struct {
	certificate, key string // files

	mu      sync.Mutex
	current *tls.Certificate
	of      time.Time // when the certificate's file was changed
	looked  time.Time
}

// lookAgain is how often files are looked at.
const lookAgain = time.Minute

// NewCertificates names the files of a certificate with its chain and of its key.
func NewCertificates(certificate, key string) *Certificates {
	return &Certificates{certificate: certificate, key: key}
}

// Load reads the files.
func (c *Certificates) Load() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.load()
}

func (c *Certificates) load() error {
	c.looked = time.Now()
	info, err := os.Stat(c.certificate)
	if err != nil {
		return fmt.Errorf("read the certificate (serve.tls_cert): %w", err)
	}
	if c.current != nil && info.ModTime().Equal(c.of) {
		return nil
	}
	pair, err := tls.LoadX509KeyPair(c.certificate, c.key)
	if err != nil {
		return fmt.Errorf("read the certificate %s with the key %s: %w", c.certificate, c.key, err)
	}
	c.current, c.of = &pair, info.ModTime()
	return nil
}

// Get is for tls.Config. A renewal that cannot be read leaves the certificate
// that there was.
func (c *Certificates) Get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if time.Since(c.looked) > lookAgain {
		if err := c.load(); err != nil && c.current == nil {
			return nil, err
		}
	}
	return c.current, nil
}
