package lab

import "crypto/x509"

// ca is the laboratory's certificate authority.
type ca struct{}

func (c *ca) pool() *x509.CertPool { return x509.NewCertPool() }
