package dnssec

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/base64"
	"encoding/binary"

	"github.com/cloudflare/circl/sign/ed448"
	"github.com/miekg/dns"
)

// SupportsAlgorithm reports whether signatures of the DNSSEC algorithm can be
// checked. A zone that announces only others is insecure, RFC 4035 section
// 5.2.
func SupportsAlgorithm(algorithm uint8) bool {
	switch algorithm {
	case dns.RSASHA1, dns.RSASHA1NSEC3SHA1, dns.RSASHA256, dns.RSASHA512,
		dns.ECDSAP256SHA256, dns.ECDSAP384SHA384, dns.ED25519, dns.ED448:
		return true
	}
	return false
}

// SupportsDigest reports whether DS records of the digest type can be checked.
func SupportsDigest(digest uint8) bool {
	return digest == dns.SHA1 || digest == dns.SHA256 || digest == dns.SHA384
}

// verifier checks one signature over the signed data of RFC 4034 section
// 3.1.8.1.
type verifier interface {
	verify(data, signature []byte) bool
}

// key is one DNSKEY record, parsed once.
type key struct {
	flags     uint16
	protocol  uint8
	algorithm uint8
	tag       uint16
	bits      int
	rdata     []byte   // wire form
	verifier  verifier // nil when the key cannot be used: malformed or unsupported
}

// parseKey parses rr. It returns nil for a record that has no wire form.
func parseKey(rr *dns.DNSKEY) *key {
	rdata := make([]byte, 4, 4+base64.StdEncoding.DecodedLen(len(rr.PublicKey)))
	binary.BigEndian.PutUint16(rdata, rr.Flags)
	rdata[2], rdata[3] = rr.Protocol, rr.Algorithm
	rdata, err := base64.StdEncoding.AppendDecode(rdata, []byte(rr.PublicKey))
	if err != nil {
		return nil
	}
	k := &key{flags: rr.Flags, protocol: rr.Protocol, algorithm: rr.Algorithm, tag: keyTag(rdata), rdata: rdata}
	k.verifier, k.bits = parsePublic(rr.Algorithm, rdata[4:])
	return k
}

// KeyBits returns the size of a key in bits: of the modulus or of the curve's
// order. It is 0 for a key that cannot be read or whose algorithm is not
// supported.
func KeyBits(rr *dns.DNSKEY) int {
	if k := parseKey(rr); k != nil {
		return k.bits
	}
	return 0
}

// keyTag implements RFC 4034 appendix B.
func keyTag(rdata []byte) uint16 {
	var sum uint32
	for i, b := range rdata {
		if i&1 == 0 {
			sum += uint32(b) << 8
		} else {
			sum += uint32(b)
		}
	}
	return uint16(sum + sum>>16)
}

// zoneKey reports whether the key may sign a zone, RFC 4034 section 2.1.1 and
// 2.1.2.
func (k *key) zoneKey() bool { return k.flags&dns.ZONE != 0 && k.protocol == 3 }

// revoked reports whether the key's owner has withdrawn it, RFC 5011 section 3.
func (k *key) revoked() bool { return k.flags&dns.REVOKE != 0 }

func (k *key) fact(zone string) KeyFact {
	return KeyFact{Zone: zone, Tag: k.tag, Algorithm: k.algorithm, Bits: k.bits, SEP: k.flags&dns.SEP != 0}
}

// parsePublic parses the public key field. The verifier is nil when the
// algorithm is not supported or the key breaks its algorithm's standard.
func parsePublic(algorithm uint8, public []byte) (verifier, int) {
	switch algorithm {
	case dns.RSASHA1, dns.RSASHA1NSEC3SHA1:
		return parseRSA(public, crypto.SHA1, 512)
	case dns.RSASHA256:
		return parseRSA(public, crypto.SHA256, 512)
	case dns.RSASHA512:
		return parseRSA(public, crypto.SHA512, 1024)
	case dns.ECDSAP256SHA256:
		return parseECDSA(elliptic.P256(), public, 32)
	case dns.ECDSAP384SHA384:
		return parseECDSA(elliptic.P384(), public, 48)
	case dns.ED25519:
		if len(public) == ed25519.PublicKeySize {
			return ed25519Key(public), 256
		}
	case dns.ED448:
		if len(public) == ed448.PublicKeySize {
			return ed448Key(public), 456
		}
	}
	return nil, 0
}

// ecdsaKey implements RFC 6605.
type ecdsaKey struct {
	public *ecdsa.PublicKey
	size   int // octets of one coordinate
}

func parseECDSA(curve elliptic.Curve, public []byte, size int) (verifier, int) {
	if len(public) != 2*size {
		return nil, 0
	}
	point := append([]byte{4}, public...) // SEC 1 uncompressed form
	parsed, err := ecdsa.ParseUncompressedPublicKey(curve, point)
	if err != nil {
		return nil, 0
	}
	return &ecdsaKey{parsed, size}, 8 * size
}

func (k *ecdsaKey) verify(data, signature []byte) bool {
	if len(signature) != 2*k.size {
		return false
	}
	var der [2*(48+3) + 2]byte
	encoded := append(der[:0], 0x30, 0)
	encoded = appendInteger(encoded, signature[:k.size])
	encoded = appendInteger(encoded, signature[k.size:])
	encoded[1] = byte(len(encoded) - 2)
	if k.size == 32 {
		digest := sha256.Sum256(data)
		return ecdsa.VerifyASN1(k.public, digest[:], encoded)
	}
	digest := sha512.Sum384(data)
	return ecdsa.VerifyASN1(k.public, digest[:], encoded)
}

// appendInteger appends the DER form of a big-endian number of at most 48
// octets.
func appendInteger(der, number []byte) []byte {
	for len(number) > 1 && number[0] == 0 {
		number = number[1:]
	}
	if number[0] >= 0x80 {
		der = append(der, 0x02, byte(len(number)+1), 0)
	} else {
		der = append(der, 0x02, byte(len(number)))
	}
	return append(der, number...)
}

// ed25519Key and ed448Key implement RFC 8080.
type (
	ed25519Key []byte
	ed448Key   []byte
)

func (k ed25519Key) verify(data, signature []byte) bool {
	return len(signature) == ed25519.SignatureSize && ed25519.Verify(ed25519.PublicKey(k), data, signature)
}

func (k ed448Key) verify(data, signature []byte) bool {
	return len(signature) == ed448.SignatureSize && ed448.Verify(ed448.PublicKey(k), data, signature, "")
}

// digestOf returns the DS digest of a key, RFC 4034 section 5.1.4. It appends
// to buf.
func digestOf(buf []byte, digest uint8, owner name, k *key) []byte {
	data := append(append(make([]byte, 0, len(owner)+len(k.rdata)), owner...), k.rdata...)
	switch digest {
	case dns.SHA1:
		sum := sha1.Sum(data)
		return append(buf, sum[:]...)
	case dns.SHA256:
		sum := sha256.Sum256(data)
		return append(buf, sum[:]...)
	case dns.SHA384:
		sum := sha512.Sum384(data)
		return append(buf, sum[:]...)
	}
	return buf
}
