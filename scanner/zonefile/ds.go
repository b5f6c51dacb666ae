package zonefile

import (
	"bytes"
	"cmp"
	"crypto/sha256"
	"encoding/binary"
)

// appendDS appends the fact that the owner has this DS record.
func appendDS(b []byte, ds DS) []byte {
	var fact [4 + maxDigest]byte
	binary.BigEndian.PutUint16(fact[:], ds.KeyTag)
	fact[2], fact[3] = ds.Algorithm, ds.DigestType
	if len(ds.Digest) <= maxDigest {
		n := copy(fact[4:], ds.Digest)
		return appendFact(b, factDS, fact[:4+n])
	}
	// Longer than any digest there is, so only whether two are alike counts.
	// The result is of a length that is right for no digest type.
	sum := sha256.Sum256(ds.Digest)
	copy(fact[4:], sum[:])
	return appendFact(b, factDS, fact[:])
}

func dsFromFact(fact []byte) DS {
	return DS{KeyTag: binary.BigEndian.Uint16(fact), Algorithm: fact[2], DigestType: fact[3], Digest: fact[4:]}
}

func compareDS(a, b DS) int {
	return cmp.Or(
		cmp.Compare(a.KeyTag, b.KeyTag),
		cmp.Compare(a.Algorithm, b.Algorithm),
		cmp.Compare(a.DigestType, b.DigestType),
		bytes.Compare(a.Digest, b.Digest),
	)
}
