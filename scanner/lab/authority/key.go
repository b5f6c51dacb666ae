package authority

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/asn1"
	"encoding/binary"
	"fmt"
	"math/big"
	"sync"

	"github.com/cloudflare/circl/sign/ed448"
	"github.com/miekg/dns"
)

// Flags of a DNSKEY record (RFC 4034 section 2.1.1, RFC 5011 section 7).
const (
	ZoneKey     uint16 = 256
	EntryPoint  uint16 = 257 // zone key with the SEP bit
	RevokedFlag uint16 = 128
)

// unknownAlgorithm has no meaning in the IANA registry. A zone signed with it
// is insecure to every validator (RFC 4035 section 5.2).
const unknownAlgorithm = 100

// Key is a zone's key pair.
type Key struct {
	Flags     uint16
	Algorithm uint8
	Tag       uint16
	rdata     []byte // of the DNSKEY record
	private   crypto.Signer
}

// Algorithms are the signing algorithms that a KeyRing knows, by mnemonic.
func Algorithms() map[string]uint8 {
	return map[string]uint8{
		"RSASHA1": dns.RSASHA1, "RSASHA1-NSEC3-SHA1": dns.RSASHA1NSEC3SHA1,
		"RSASHA256": dns.RSASHA256, "RSASHA512": dns.RSASHA512,
		"ECDSAP256SHA256": dns.ECDSAP256SHA256, "ECDSAP384SHA384": dns.ECDSAP384SHA384,
		"ED25519": dns.ED25519, "ED448": dns.ED448, "unknown": unknownAlgorithm,
	}
}

// KeyRing makes keys. It keeps RSA keys, which are slow to make, by their
// seed. The zero value is ready; it is safe for use by many goroutines.
type KeyRing struct {
	mu  sync.Mutex
	rsa map[string]*rsa.PrivateKey
}

// New derives a key pair from seed: equal seeds give equal keys. bits is the
// modulus of an RSA key, 0 for 2048.
func (r *KeyRing) New(algorithm uint8, flags uint16, bits int, seed string) (*Key, error) {
	secret := sha512.Sum512([]byte(seed))
	k := &Key{Flags: flags, Algorithm: algorithm}
	var public []byte
	switch algorithm {
	case dns.ECDSAP256SHA256, dns.ECDSAP384SHA384:
		curve, size := elliptic.P256(), 32
		if algorithm == dns.ECDSAP384SHA384 {
			curve, size = elliptic.P384(), 48
		}
		private, err := ecdsa.ParseRawPrivateKey(curve, scalar(secret[:size], curve.Params().N))
		if err != nil {
			return nil, fmt.Errorf("derive ECDSA key: %w", err)
		}
		point, err := private.PublicKey.Bytes()
		if err != nil {
			return nil, fmt.Errorf("derive ECDSA key: %w", err)
		}
		k.private, public = private, point[1:] // without the "uncompressed" octet, RFC 6605
	case dns.ED25519:
		private := ed25519.NewKeyFromSeed(secret[:ed25519.SeedSize])
		k.private, public = private, private.Public().(ed25519.PublicKey)
	case dns.ED448:
		private := ed448.NewKeyFromSeed(secret[:ed448.SeedSize])
		k.private, public = private, private.Public().(ed448.PublicKey)
	case dns.RSASHA1, dns.RSASHA1NSEC3SHA1, dns.RSASHA256, dns.RSASHA512:
		private, err := r.deriveRSA(seed, bits)
		if err != nil {
			return nil, err
		}
		k.private = private
		public = append([]byte{3, 1, 0, 1}, private.N.Bytes()...) // exponent 65537, RFC 3110
	case unknownAlgorithm:
		public = secret[:]
	default:
		return nil, fmt.Errorf("no key of algorithm %d can be made", algorithm)
	}
	k.rdata = binary.BigEndian.AppendUint16(nil, flags)
	k.rdata = append(k.rdata, 3, algorithm)
	k.rdata = append(k.rdata, public...)
	k.Tag = keyTag(k.rdata)
	return k, nil
}

// scalar turns secret octets into a private scalar below order.
func scalar(secret []byte, order *big.Int) []byte {
	one := big.NewInt(1)
	d := new(big.Int).SetBytes(secret)
	d.Mod(d, new(big.Int).Sub(order, one)).Add(d, one)
	return d.FillBytes(make([]byte, len(secret)))
}

// deriveRSA returns the RSA key of a seed, made when it is first asked for.
func (r *KeyRing) deriveRSA(seed string, bits int) (*rsa.PrivateKey, error) {
	if bits == 0 {
		bits = 2048
	}
	if bits < 1024 || bits > 4096 || bits%16 != 0 {
		return nil, fmt.Errorf("RSA key of %d bits: use 1024 to 4096", bits)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	id := fmt.Sprintf("%s/%d", seed, bits)
	if made := r.rsa[id]; made != nil {
		return made, nil
	}
	made, err := newRSA(seed, bits)
	if err != nil {
		return nil, err
	}
	if r.rsa == nil {
		r.rsa = map[string]*rsa.PrivateKey{}
	}
	r.rsa[id] = made
	return made, nil
}

// newRSA makes an RSA key from a seed, which crypto/rsa by intention does
// not: its keys differ from run to run. Good enough for a laboratory only.
func newRSA(seed string, bits int) (*rsa.PrivateKey, error) {
	exponent := big.NewInt(65537)
	one := big.NewInt(1)
	for try := 0; ; try++ {
		p := derivePrime(fmt.Sprintf("%s/%d/p", seed, try), bits/2)
		q := derivePrime(fmt.Sprintf("%s/%d/q", seed, try), bits/2)
		phi := new(big.Int).Mul(new(big.Int).Sub(p, one), new(big.Int).Sub(q, one))
		d := new(big.Int).ModInverse(exponent, phi)
		n := new(big.Int).Mul(p, q)
		if d == nil || p.Cmp(q) == 0 || n.BitLen() != bits {
			continue
		}
		k := &rsa.PrivateKey{PublicKey: rsa.PublicKey{N: n, E: 65537}, D: d, Primes: []*big.Int{p, q}}
		k.Precompute()
		if err := k.Validate(); err != nil {
			return nil, fmt.Errorf("derive RSA key: %w", err)
		}
		return k, nil
	}
}

// derivePrime returns the first prime above a number made from seed.
func derivePrime(seed string, bits int) *big.Int {
	var stream []byte
	for block := 0; len(stream) < bits/8; block++ {
		sum := sha512.Sum512(fmt.Appendf(nil, "%s/%d", seed, block))
		stream = append(stream, sum[:]...)
	}
	stream = stream[:bits/8]
	stream[0] |= 0xc0 // so that the product of two has its full length
	stream[len(stream)-1] |= 1
	n, two := new(big.Int).SetBytes(stream), big.NewInt(2)
	for !n.ProbablyPrime(20) {
		n.Add(n, two)
	}
	return n
}

// keyTag computes the tag of a DNSKEY, RFC 4034 appendix B.
func keyTag(rdata []byte) uint16 {
	var sum uint32
	for i, b := range rdata {
		if i&1 == 0 {
			sum += uint32(b) << 8
		} else {
			sum += uint32(b)
		}
	}
	sum += sum >> 16
	return uint16(sum)
}

// DNSKEY returns the record's rdata.
func (k *Key) DNSKEY() []byte { return k.rdata }

// DS returns the rdata of the DS record for k in zone (RFC 4034 section 5). A
// digest type that does not exist gets a digest of the same length as SHA-256.
func (k *Key) DS(zone Name, digestType uint8) []byte {
	data := append([]byte(zone), k.rdata...)
	var digest []byte
	switch digestType {
	case dns.SHA1:
		sum := sha1.Sum(data)
		digest = sum[:]
	case dns.SHA384:
		sum := sha512.Sum384(data)
		digest = sum[:]
	default:
		sum := sha256.Sum256(data)
		digest = sum[:]
	}
	ds := binary.BigEndian.AppendUint16(nil, k.Tag)
	return append(append(ds, k.Algorithm, digestType), digest...)
}

// sign returns the signature field of an RRSIG over data.
func (k *Key) sign(data []byte) ([]byte, error) {
	switch k.Algorithm {
	case dns.ECDSAP256SHA256:
		sum := sha256.Sum256(data)
		return k.signECDSA(sum[:], crypto.SHA256, 32)
	case dns.ECDSAP384SHA384:
		sum := sha512.Sum384(data)
		return k.signECDSA(sum[:], crypto.SHA384, 48)
	case dns.ED25519, dns.ED448:
		return k.private.Sign(nil, data, crypto.Hash(0))
	case dns.RSASHA1, dns.RSASHA1NSEC3SHA1:
		sum := sha1.Sum(data)
		return k.private.Sign(nil, sum[:], crypto.SHA1)
	case dns.RSASHA256:
		sum := sha256.Sum256(data)
		return k.private.Sign(nil, sum[:], crypto.SHA256)
	case dns.RSASHA512:
		sum := sha512.Sum512(data)
		return k.private.Sign(nil, sum[:], crypto.SHA512)
	}
	sum := sha512.Sum512(data)
	return sum[:], nil
}

// signECDSA signs deterministically (RFC 6979) and returns r and s, each of
// size octets (RFC 6605 section 4).
func (k *Key) signECDSA(digest []byte, hash crypto.Hash, size int) ([]byte, error) {
	der, err := k.private.Sign(nil, digest, hash)
	if err != nil {
		return nil, err
	}
	var pair struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(der, &pair); err != nil {
		return nil, fmt.Errorf("take ECDSA signature apart: %w", err)
	}
	out := make([]byte, 2*size)
	pair.R.FillBytes(out[:size])
	pair.S.FillBytes(out[size:])
	return out, nil
}
