//go:build linux

package netns

import (
	"crypto"
	"crypto/rand"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"github.com/cloudflare/circl/sign/ed448"
	"github.com/miekg/dns"
)

// Key is a zone's key pair, in a form that every signing tool reads.
type Key struct {
	DNSKEY  *dns.DNSKEY
	private string // the text of the .private file
	signer  crypto.Signer
}

// The flags of a DNSKEY, RFC 4034 section 2.1.1 and RFC 5011 section 3.
const (
	ZoneKey    = dns.ZONE
	EntryPoint = dns.ZONE | dns.SEP
)

// rsaBits keeps the making of RSA keys quick.
const rsaBits = 1024

// NewKey makes a key of a zone.
func NewKey(zone string, algorithm uint8, flags uint16) (*Key, error) {
	return NewKeyOf(zone, algorithm, flags, rsaBits)
}

// NewKeyOf makes a key of a zone; one of RSA has the given size in bits.
func NewKeyOf(zone string, algorithm uint8, flags uint16, rsa int) (*Key, error) {
	k := &Key{DNSKEY: &dns.DNSKEY{
		Hdr:   dns.RR_Header{Name: dns.Fqdn(zone), Rrtype: dns.TypeDNSKEY, Class: dns.ClassINET, Ttl: 3600},
		Flags: flags, Protocol: 3, Algorithm: algorithm,
	}}
	if algorithm == dns.ED448 {
		return k, k.makeEd448()
	}
	bits := map[uint8]int{dns.ECDSAP256SHA256: 256, dns.ECDSAP384SHA384: 384, dns.ED25519: 256}[algorithm]
	if bits == 0 {
		bits = rsa
	}
	private, err := k.DNSKEY.Generate(bits)
	if err != nil {
		return nil, fmt.Errorf("make a key of algorithm %d for %s: %w", algorithm, zone, err)
	}
	k.signer = private.(crypto.Signer)
	k.private = k.DNSKEY.PrivateKeyString(private)
	return k, nil
}

// makeEd448 makes a key that the DNS library cannot: RFC 8080 section 4.
func (k *Key) makeEd448() error {
	public, private, err := ed448.GenerateKey(rand.Reader)
	if err != nil {
		return fmt.Errorf("make an Ed448 key: %w", err)
	}
	k.DNSKEY.PublicKey = base64.StdEncoding.EncodeToString(public)
	k.private = "Private-key-format: v1.3\nAlgorithm: 16 (ED448)\nPrivateKey: " +
		base64.StdEncoding.EncodeToString(private.Seed()) + "\n"
	return nil
}

// write puts the key's two files into dir, and returns their common base name.
func (k *Key) write(dir string) (base string, err error) {
	base = filepath.Join(dir, fmt.Sprintf("K%s+%03d+%05d", k.DNSKEY.Hdr.Name, k.DNSKEY.Algorithm, k.DNSKEY.KeyTag()))
	if err := os.WriteFile(base+".key", []byte(k.DNSKEY.String()+"\n"), 0o644); err != nil {
		return "", err
	}
	return base, os.WriteFile(base+".private", []byte(k.private), 0o600)
}

// Sign signs one set itself, for the faults that no signing tool can be made
// to commit. It does not know Ed448.
func (k *Key) Sign(set []dns.RR, inception, expiration time.Time) (*dns.RRSIG, error) {
	sig := &dns.RRSIG{
		Hdr:        dns.RR_Header{Ttl: set[0].Header().Ttl},
		Algorithm:  k.DNSKEY.Algorithm,
		Inception:  uint32(inception.Unix()),
		Expiration: uint32(expiration.Unix()),
		KeyTag:     k.DNSKEY.KeyTag(),
		SignerName: k.DNSKEY.Hdr.Name,
	}
	if err := sig.Sign(k.signer, set); err != nil {
		return nil, fmt.Errorf("sign %s: %w", set[0].Header().Name, err)
	}
	return sig, nil
}
