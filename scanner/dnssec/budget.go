package dnssec

// Budget is how much work a [Validator] may still do. One Budget serves one
// resolution, over all the answers it takes, so that no zone can make a
// validator spend seconds of CPU on one question (KeyTrap, CVE-2023-50387;
// NSEC3 hashing, CVE-2023-50868). When any part is used up the verdict is
// bogus with [BudgetExceeded]. The zero value allows nothing.
type Budget struct {
	Signatures int // public-key signature checks
	Failures   int // of these, checks that may fail
	Hashes     int // SHA-1 blocks of 64 bytes hashed for NSEC3
}

// DefaultBudget returns a budget several times what any honest path takes: a
// chain of eight aliases through four zones each, with NSEC3 denials of 150
// iterations, stays well below.
func DefaultBudget() Budget {
	return Budget{Signatures: 128, Failures: 16, Hashes: 20_000}
}

// Bounds on what one message may make the validator look at. What is beyond
// them is left out of consideration or ends in [BudgetExceeded], as stated.
const (
	maxSets          = 256 // RR sets per section; more is BudgetExceeded
	maxSigsPerSet    = 8   // signatures tried per RR set; the rest is left out
	maxKeysPerTag    = 4   // keys tried per signature or DS with one key tag
	maxKeys          = 64  // keys per DNSKEY set; more is BudgetExceeded
	maxDS            = 32  // DS records per delegation; more is BudgetExceeded
	maxDenials       = 16  // NSEC or NSEC3 records per message; the rest is left out
	maxAliases       = 16  // aliases followed inside one message
	maxIterations    = 150 // NSEC3 iterations, RFC 9276 section 3.2
	maxAnchorFile    = 1 << 20
	maxAnchorRecords = 1024
)

func (b *Budget) takeSignature() bool {
	if b.Signatures <= 0 || b.Failures <= 0 {
		return false
	}
	b.Signatures--
	return true
}

func (b *Budget) takeHashes(n int) bool {
	if n > b.Hashes {
		b.Hashes = 0
		return false
	}
	b.Hashes -= n
	return true
}

// spent reports whether something ran out, so that a failure may be the fault
// of what was looked at before.
func (b *Budget) spent() bool { return b.Signatures <= 0 || b.Failures <= 0 || b.Hashes <= 0 }
