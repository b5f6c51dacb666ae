package observation

// MayBeTransient says whether v is a failure that another measurement may not
// find: whatever a brief loss, load or maintenance causes, and nothing that is
// published in the records, certificates or settings of the target.
func (v Verdict) MayBeTransient() bool {
	switch v.Status {
	case Broken:
		return !lasting[v.Reason]
	case Partial, Unmeasured:
		return transient[v.Reason]
	}
	return false
}

// lasting are reasons for broken that another measurement finds too.
var lasting = map[Reason]bool{
	SpecialPurposeAddress: true, TLSExpired: true, TLSNotYetValid: true, TLSWrongName: true, TLSUntrusted: true, TLSOld: true,
	NSZoneV4Only: true, ParentV4Only: true, NSCycle: true, RedirectToV4Only: true, RedirectLoop: true, TooManyRedirects: true,
	MXIsAlias: true, MXIsAddress: true, TooManyRecords: true, NoHTTPS: true,
}

// transient are reasons for partial and unmeasured that another measurement may
// not find.
var transient = map[Reason]bool{
	SomeAddressesFail: true, SomeNSFail: true, SomeHostsFail: true, TCPFails: true, EDNSFails: true, LargeAnswerFails: true,
	DNSFailure: true, TargetTimeout: true, LocalFault: true, SMTPDeferred: true, BackedOff: true,
}
