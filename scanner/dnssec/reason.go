package dnssec

// Reason is a stable lower-case token that says why a state is not [Secure].
type Reason string

// The reasons. [Reasons] explains every one.
const (
	RRSIGMissing         Reason = "rrsig_missing"
	RRSIGExpired         Reason = "rrsig_expired"
	RRSIGNotYetValid     Reason = "rrsig_not_yet_valid"
	RRSIGInvalid         Reason = "rrsig_invalid"
	RRSIGKeyMissing      Reason = "rrsig_key_missing"
	RRSIGSignerInvalid   Reason = "rrsig_signer_invalid"
	RRSIGLabelsInvalid   Reason = "rrsig_labels_invalid"
	DNSKEYMissing        Reason = "dnskey_missing"
	DNSKEYInvalid        Reason = "dnskey_invalid"
	KeyRevoked           Reason = "key_revoked"
	DSMismatch           Reason = "ds_mismatch"
	AnchorMismatch       Reason = "anchor_mismatch"
	DenialMissing        Reason = "denial_missing"
	NSECProofMissing     Reason = "nsec_proof_missing"
	NSEC3ProofMissing    Reason = "nsec3_proof_missing"
	AliasInvalid         Reason = "alias_invalid"
	BudgetExceeded       Reason = "budget_exceeded"
	DSAbsent             Reason = "ds_absent"
	AlgorithmUnsupported Reason = "algorithm_unsupported"
	DigestUnsupported    Reason = "digest_unsupported"
	NSEC3IterationsHigh  Reason = "nsec3_iterations_high"
	NSEC3OptOut          Reason = "nsec3_opt_out"
	PolicyInsecure       Reason = "policy_insecure"
	NoAnchor             Reason = "no_anchor"
	ResponseUnusable     Reason = "response_unusable"
)

// ReasonInfo explains one reason.
type ReasonInfo struct {
	Reason Reason
	State  State  // the one state it goes with
	Text   string // what was found, one sentence, English
	Fix    string // what the zone's operator can do; empty when nothing is wrong
}

// Reasons returns every reason with its explanation, grouped by state.
func Reasons() []ReasonInfo {
	return []ReasonInfo{
		{RRSIGMissing, Bogus, "A record set of a signed zone carries no signature that counts: none at all, or none by the keys and algorithms that the parent announces.",
			"Sign the zone again, and check that every name server serves the signed version."},
		{RRSIGExpired, Bogus, "The signature's validity period has ended.",
			"Sign the zone again, and find out why automatic signing stopped or why a secondary is out of date."},
		{RRSIGNotYetValid, Bogus, "The signature's validity period has not begun.",
			"Correct the clock of the signing system and sign the zone again."},
		{RRSIGInvalid, Bogus, "The signature does not match the record set and the key.",
			"Sign the zone again; look for records changed after signing or a key file that was replaced."},
		{RRSIGKeyMissing, Bogus, "The signature was made by a key that is not in the zone's DNSKEY set.",
			"Publish the key that signs, or sign with a key that is published; a key rollover may have skipped a step."},
		{RRSIGSignerInvalid, Bogus, "The signature names a signer that is not the zone of the record set.",
			"Sign the zone under its own name."},
		{RRSIGLabelsInvalid, Bogus, "The signature claims more labels than its owner name has.",
			"Sign the zone again with a signer that follows RFC 4034."},
		{DNSKEYMissing, Bogus, "The parent announces keys, but the zone publishes none.",
			"Publish the DNSKEY records and sign the zone, or have the parent remove its DS records."},
		{DNSKEYInvalid, Bogus, "The key that the parent or the anchor names cannot be used: malformed, of a size outside the standard, or not a zone key.",
			"Replace the key by one that follows the algorithm's standard."},
		{KeyRevoked, Bogus, "The only key that the parent or the anchor names is marked as revoked (RFC 5011).",
			"Have the parent publish the DS record of a key that is not revoked."},
		{DSMismatch, Bogus, "No key of the zone matches a DS record of its parent.",
			"Have the parent publish the DS record of a current key, or bring the former key back."},
		{AnchorMismatch, Bogus, "No key of the zone matches the configured trust anchor.",
			"Check that the trust anchor is current and that the name servers are those of the zone."},
		{DenialMissing, Bogus, "The answer says that something does not exist and brings no NSEC or NSEC3 record to prove it.",
			"Check that every name server serves the signed zone and understands DNSSEC."},
		{NSECProofMissing, Bogus, "The NSEC records do not prove what the answer says.",
			"Sign the zone again, and check that every name server serves the same version."},
		{NSEC3ProofMissing, Bogus, "The NSEC3 records do not prove what the answer says.",
			"Sign the zone again, and check that every name server serves the same version."},
		{AliasInvalid, Bogus, "A CNAME record is not the only one at its name, or does not follow from the DNAME record it comes with.",
			"Correct the alias; the name server may need an update."},
		{BudgetExceeded, Bogus, "Validation would cost more signature checks or hashes than allowed.",
			"Remove surplus keys and signatures, give keys distinct key tags, and set the NSEC3 iterations to 0."},
		{DSAbsent, Insecure, "The zone is not signed, as its parent proves.",
			"Sign the zone and have the parent publish its DS record."},
		{AlgorithmUnsupported, Insecure, "All keys that the parent announces are of algorithms that are not supported.",
			"Sign with ECDSA P-256 (13) or another algorithm that RFC 8624 recommends."},
		{DigestUnsupported, Insecure, "All DS records of the zone use digest types that are not supported.",
			"Have the parent publish a DS record with SHA-256 (2)."},
		{NSEC3IterationsHigh, Insecure, "The zone uses more than 150 NSEC3 iterations, so its denials are not checked (RFC 9276).",
			"Set the NSEC3 iterations to 0 and the salt to empty."},
		{NSEC3OptOut, Insecure, "The proof rests on an opt-out NSEC3 record, under which unsigned names may exist.",
			""},
		{PolicyInsecure, Insecure, "This run was told not to validate below a name.", ""},
		{NoAnchor, Indeterminate, "No trust anchor covers the name.", "Give a trust anchor for the name or an ancestor of it."},
		{ResponseUnusable, Indeterminate, "The response is not one that can be validated.", ""},
	}
}
