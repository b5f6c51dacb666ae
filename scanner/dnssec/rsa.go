package dnssec

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/binary"
	"math/big"
)

// rsaKey implements RFC 3110 and RFC 5702.
type rsaKey struct {
	public rsa.PublicKey
	hash   crypto.Hash
	// exponent is set when crypto/rsa refuses the key: a modulus below 1024
	// bits, or an exponent of more than 31 bits. Such keys are weak or odd,
	// and standard.
	exponent *big.Int
}

// Bounds of RFC 3110 section 2. Exponents are held to 35 bits, which keeps a
// check cheap and takes in 2^32+1, the largest in use.
const (
	maxModulusBits  = 4096
	maxExponentBits = 35
)

// parseRSA parses an RFC 3110 public key with a modulus of minBits to 4096
// bits.
func parseRSA(public []byte, hash crypto.Hash, minBits int) (verifier, int) {
	if len(public) < 3 {
		return nil, 0
	}
	length, public := int(public[0]), public[1:]
	if length == 0 {
		length, public = int(binary.BigEndian.Uint16(public)), public[2:]
	}
	if length == 0 || length >= len(public) {
		return nil, 0
	}
	e := new(big.Int).SetBytes(public[:length])
	n := new(big.Int).SetBytes(public[length:])
	bits := n.BitLen()
	if bits < minBits || bits > maxModulusBits || n.Bit(0) == 0 ||
		e.BitLen() < 2 || e.BitLen() > maxExponentBits || e.Bit(0) == 0 {
		return nil, bits
	}
	k := &rsaKey{public: rsa.PublicKey{N: n, E: int(e.Int64())}, hash: hash}
	if bits < 1024 || e.BitLen() > 31 {
		k.exponent = e
	}
	return k, bits
}

func (k *rsaKey) verify(data, signature []byte) bool {
	var buf [sha512.Size]byte
	var digest []byte
	switch k.hash {
	case crypto.SHA1:
		sum := sha1.Sum(data)
		digest = append(buf[:0], sum[:]...)
	case crypto.SHA256:
		sum := sha256.Sum256(data)
		digest = append(buf[:0], sum[:]...)
	default:
		buf = sha512.Sum512(data)
		digest = buf[:]
	}
	if k.exponent != nil {
		return k.verifyOdd(digest, signature)
	}
	return rsa.VerifyPKCS1v15(&k.public, k.hash, digest, signature) == nil
}

// digestInfo holds the DER prefixes of RFC 8017 section 9.2, note 1.
var digestInfo = map[crypto.Hash][]byte{
	crypto.SHA1:   {0x30, 0x21, 0x30, 0x09, 0x06, 0x05, 0x2b, 0x0e, 0x03, 0x02, 0x1a, 0x05, 0x00, 0x04, 0x14},
	crypto.SHA256: {0x30, 0x31, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x01, 0x05, 0x00, 0x04, 0x20},
	crypto.SHA512: {0x30, 0x51, 0x30, 0x0d, 0x06, 0x09, 0x60, 0x86, 0x48, 0x01, 0x65, 0x03, 0x04, 0x02, 0x03, 0x05, 0x00, 0x04, 0x40},
}

// verifyOdd is RSASSA-PKCS1-v1_5 verification (RFC 8017 section 8.2.2) for
// keys that crypto/rsa refuses. Everything in it is public, so it need not
// run in constant time.
func (k *rsaKey) verifyOdd(digest, signature []byte) bool {
	size := k.public.Size()
	s := new(big.Int).SetBytes(signature)
	if len(signature) != size || s.Cmp(k.public.N) >= 0 {
		return false
	}
	prefix := digestInfo[k.hash]
	padding := size - 3 - len(prefix) - len(digest)
	if padding < 8 {
		return false
	}
	want := make([]byte, 0, size)
	want = append(want, 0, 1)
	want = append(want, bytes.Repeat([]byte{0xff}, padding)...)
	want = append(want, 0)
	want = append(append(want, prefix...), digest...)
	got := new(big.Int).Exp(s, k.exponent, k.public.N).FillBytes(make([]byte, size))
	return bytes.Equal(got, want)
}
