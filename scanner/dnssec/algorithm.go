package dnssec

import (
	"crypto"
	"strconv"
)

// Advice is what the IANA DNSSEC registries say about using an algorithm for
// signing, in the column "Use for DNSSEC Signing", or a digest for delegation,
// in the column "Use for DNSSEC Delegation". RFC 9904, which obsoletes RFC
// 8624, made these registries the source; its tables 2 and 3 fill them, and
// RFC 9905 (SHA-1) and RFC 9906 (GOST) have changed them since.
type Advice string

// The kinds of advice.
const (
	Recommended    Advice = "recommended"     // RECOMMENDED
	Optional       Advice = "optional"        // MAY be used
	NotRecommended Advice = "not_recommended" // NOT RECOMMENDED: works, but a better one exists
	Deprecated     Advice = "deprecated"      // MUST NOT be used
	UnknownCode    Advice = "unknown"         // not assigned, or reserved
)

// Code is a DNSSEC algorithm or a DS digest type.
type Code struct {
	Number uint8
	Name   string
	Advice Advice
	// DigestSize is the length of a digest in bytes; zero for an algorithm
	// and for a digest that is not known.
	DigestSize int
}

// algorithmCodes are the assigned numbers that may appear in a DS record, from the
// IANA registry "DNS Security Algorithm Numbers".
var algorithmCodes = []Code{
	{Number: 1, Name: "RSAMD5", Advice: Deprecated},
	{Number: 3, Name: "DSA", Advice: Deprecated},
	{Number: 5, Name: "RSASHA1", Advice: Deprecated}, // RFC 9905
	{Number: 6, Name: "DSA-NSEC3-SHA1", Advice: Deprecated},
	{Number: 7, Name: "RSASHA1-NSEC3-SHA1", Advice: Deprecated}, // RFC 9905
	{Number: 8, Name: "RSASHA256", Advice: Recommended},
	{Number: 10, Name: "RSASHA512", Advice: NotRecommended},
	{Number: 12, Name: "ECC-GOST", Advice: Deprecated}, // RFC 9906
	{Number: 13, Name: "ECDSAP256SHA256", Advice: Recommended},
	{Number: 14, Name: "ECDSAP384SHA384", Advice: Optional},
	{Number: 15, Name: "ED25519", Advice: Recommended},
	{Number: 16, Name: "ED448", Advice: Optional},
	{Number: 17, Name: "SM2SM3", Advice: Optional},
	{Number: 23, Name: "ECC-GOST12", Advice: Optional},
	{Number: 253, Name: "PRIVATEDNS", Advice: Optional},
	{Number: 254, Name: "PRIVATEOID", Advice: Optional},
}

// digestCodes are the assigned DS digest types, from the IANA registry "Delegation
// Signer (DS) Resource Record (RR) Type Digest Algorithms".
var digestCodes = []Code{
	{Number: 1, Name: "SHA-1", Advice: Deprecated, DigestSize: crypto.SHA1.Size()}, // MUST NOT since RFC 8624
	{Number: 2, Name: "SHA-256", Advice: Recommended, DigestSize: crypto.SHA256.Size()},
	{Number: 3, Name: "GOST R 34.11-94", Advice: Deprecated, DigestSize: 32}, // RFC 9906
	{Number: 4, Name: "SHA-384", Advice: Optional, DigestSize: crypto.SHA384.Size()},
	{Number: 5, Name: "GOST R 34.11-2012", Advice: Optional, DigestSize: 32}, // RFC 9558
	{Number: 6, Name: "SM3", Advice: Optional, DigestSize: 32},               // RFC 9563
}

// Algorithm returns what is known of a DNSSEC algorithm number.
func Algorithm(number uint8) Code { return algorithmTable[number] }

// Digest returns what is known of a DS digest type.
func Digest(number uint8) Code { return digestTable[number] }

var algorithmTable, digestTable = codeTable(algorithmCodes, "algorithm "), codeTable(digestCodes, "digest ")

func codeTable(known []Code, unnamed string) (table [256]Code) {
	for i := range table {
		table[i] = Code{Number: uint8(i), Name: unnamed + strconv.Itoa(i), Advice: UnknownCode}
	}
	for _, c := range known {
		table[c.Number] = c
	}
	return table
}

// MinRSABits is the size in bits from which on an RSA key is called safe: 112
// bits of security, NIST SP 800-57 part 1, table 2.
const MinRSABits = 2048

// IsRSA says whether the algorithm's keys are RSA keys.
func IsRSA(algorithm uint8) bool {
	switch algorithm {
	case 1, 5, 7, 8, 10:
		return true
	}
	return false
}
