package advice

import (
	"adopt6/scanner"
	"adopt6/scanner/dnssec"
	"adopt6/scanner/resolve"
)

// rule is what is to be known of a reason beyond its explanation.
type rule struct {
	owner   Owner   // who mends it; empty: who runs the service
	urgency Urgency // byStatus: as the verdicts have it
	effect  string  // what follows, where it is not what the service's failing has; one sentence
	mail    string  // the same for mail, where that differs
	ask     string  // the request to the owner, where it is not "Please" and the fix
	sum     bool    // sums up others: needs no advice where those are at hand
	silent  bool    // calls for nothing
}

// bogus says whether the reason is one for which validation fails.
func (r rule) bogus() bool { return r.effect == effectBogus }

// byStatus leaves the urgency to the verdicts.
const byStatus = Harm

// The requests to providers that have no IPv6 yet.
const (
	askDNS  = "Please give these name servers IPv6 addresses, publish their AAAA records and tell us when they answer, so that we can register the glue. If that is not planned, please say so: we would move the zone."
	askWeb  = "Please enable IPv6 for this site and tell us which AAAA records to publish. If your service has no IPv6 yet, please tell us from when on it will."
	askMail = "Please enable IPv6 on these mail servers and publish their AAAA records, with matching reverse (PTR) records. If your service has no IPv6 yet, please tell us from when on it will."
	askGlue = "Please add the IPv6 addresses of these name servers to the delegation as glue (host objects)."
	askDS   = "Please replace the DS record of our zone by that of its current key, which we shall send you."
)

// What follows from faults that hit everybody alike.
const (
	effectBogus         = "Resolvers that validate answer SERVFAIL: for their users the whole domain is gone, over either family."
	effectAlike         = "It hits everybody alike, over IPv4 and IPv6."
	effectWarning       = "Browsers show a warning in place of the page."
	effectNoPage        = "Browsers show an error in place of the page."
	effectMailTLS       = "Senders that insist on a sound certificate (MTA-STS) do not deliver; the others do."
	effectLookup        = "These names cannot be looked up, over either family."
	effectV4            = "It is those without IPv6 who suffer."
	effectSpread        = "One failure of that network takes all of them off IPv6 at once."
	effectUnsignedAbove = "Nothing below that zone can be validated, however well it is signed."
	effectVantage       = "It says nothing about the domain: measure again from a place where it is otherwise."
)

// rules has one row for every reason; a test compares it with the table of
// reasons.
var rules = map[scanner.Reason]rule{
	// Nothing is published.
	scanner.NXDomain:  {owner: Registry, effect: "Nobody can reach anything below the name."},
	scanner.NoAddress: {silent: true},
	scanner.NoAAAA:    {ask: askWeb},
	scanner.NoA:       {silent: true}, // no harm where there is no IPv4
	scanner.NoNS:      {},
	scanner.NoNSA:     {silent: true},
	scanner.NoNSAAAA:  {owner: DNSOperator, ask: askDNS},
	scanner.NoMX:      {silent: true},
	scanner.NullMX:    {silent: true},
	scanner.NoIntent:  {sum: true, owner: DNSOperator, ask: askDNS},
	scanner.NoMXAAAA:  {ask: askMail},

	// Published, but it does not work, or not all of it.
	scanner.SpecialPurposeAddress: {ask: "Please replace this address in the AAAA record by the global one of the server, or remove the record."},
	scanner.TCPRefused:            {},
	scanner.TCPReset:              {},
	scanner.Timeout:               {},
	scanner.Unreachable:           {},
	scanner.OneNSA:                {urgency: Practice, effect: "When that one fails, the domain is gone over IPv4."},
	scanner.SomeAddressesFail:     {sum: true},
	scanner.OneNSAAAA:             {urgency: Lacking, ask: askDNS, effect: "When that one fails, the domain is gone over IPv6."},
	scanner.SomeNSFail:            {sum: true},
	scanner.SomeHostsLackAAAA:     {sum: true, urgency: Lacking, ask: askMail, effect: "Senders without IPv4 depend on the others."},
	scanner.SomeHostsFail:         {sum: true},

	// Delegation and name servers.
	scanner.NSSetDiffers:     {owner: Registry, urgency: Practice, effect: "Resolvers may ask servers that no longer serve the zone, or never find the new ones."},
	scanner.GlueMissingA:     {owner: Registry, urgency: Practice, effect: "Resolvers that have IPv4 only cannot find this name server."},
	scanner.GlueMissingAAAA:  {owner: Registry, urgency: InPart, ask: askGlue, effect: "A resolver without IPv4 cannot find this name server: to learn its address it would have to ask it."},
	scanner.GlueDiffers:      {owner: Registry, urgency: InPart, effect: "Resolvers go to an address at which the name server may not be."},
	scanner.SameNetwork:      {urgency: Practice, effect: effectSpread},
	scanner.SameASN:          {urgency: Practice, effect: effectSpread},
	scanner.SerialDiffers:    {urgency: InPart, effect: "Users get different answers depending on which server their resolver asked."},
	scanner.TCPFails:         {urgency: InPart, effect: "Answers that do not fit into one UDP packet, such as those with DNSSEC keys, do not arrive."},
	scanner.EDNSFails:        {urgency: InPart, effect: "Resolvers lose time on every first question, and DNSSEC cannot work."},
	scanner.LargeAnswerFails: {urgency: InPart, effect: "Keys and long record sets do not arrive, so that the name sometimes cannot be resolved."},
	scanner.AnswerTooLarge:   {urgency: Practice, effect: "Such answers are cut into fragments, which many networks drop."},

	// Addresses.
	scanner.AAAAOnlyOnApex: {owner: WebHoster, urgency: Lacking, ask: askWeb, effect: "Visitors who type www stay on IPv4."},
	scanner.AAAAOnlyOnWWW:  {owner: WebHoster, urgency: Lacking, ask: askWeb, effect: "Visitors who leave www out stay on IPv4."},
	scanner.TooManyRecords: {silent: true},

	// TLS, web and mail.
	scanner.TLSExpired:         {effect: effectWarning, mail: effectMailTLS},
	scanner.TLSNotYetValid:     {effect: effectWarning, mail: effectMailTLS},
	scanner.TLSWrongName:       {effect: effectWarning, mail: effectMailTLS},
	scanner.TLSUntrusted:       {effect: effectWarning, mail: effectMailTLS},
	scanner.TLSOld:             {effect: effectNoPage, mail: effectMailTLS},
	scanner.TLSFailed:          {effect: effectNoPage, mail: effectMailTLS},
	scanner.CertificateDiffers: {urgency: Practice, effect: "Two configurations are kept where one would do; one of them will be forgotten at the next renewal."},
	scanner.HTTPSOnlyOverV4:    {effect: "Browsers that prefer IPv6 find no secure site there, and wait before they turn to IPv4."},
	scanner.NoHTTPS:            {urgency: Practice, effect: "What visitors read and send can be seen and changed on the way."},
	scanner.HTTPMalformed:      {},
	scanner.HTTPError:          {},
	scanner.ResponseTooLarge:   {},
	scanner.RedirectLoop:       {},
	scanner.TooManyRedirects:   {},
	scanner.RedirectToV4Only:   {effect: "The first step works over IPv6 and the second does not: without IPv4 the page never comes."},
	scanner.RedirectFails:      {effect: "The first step works over IPv6 and the second does not: without IPv4 the page never comes."},
	scanner.NeedsCookie:        {owner: Vantage, effect: "It says nothing of the domain: look at it with a browser."},
	scanner.ContentDiffers:     {effect: "Visitors over IPv6 see another page, often a default page of the server."},
	scanner.ImplicitMX:         {owner: DNSOperator, urgency: Practice, effect: "Mail goes to the web server, which may not take any."},
	scanner.SMTPRejected:       {},
	scanner.SMTPMalformed:      {},
	scanner.StartTLSFailed:     {effect: "Mail goes unencrypted or not at all, as the sender's settings have it."},
	scanner.StartTLSOnlyOverV4: {effect: "Mail over IPv6 goes unencrypted, or not at all where the sender insists on encryption."},
	scanner.NoSMTPUTF8:         {urgency: Practice, effect: "Addresses in scripts other than Latin get no mail there."},
	scanner.SMTPDeferred:       {owner: Vantage, effect: "It says little about the domain: measure again later."},
	scanner.SMTPRejectsVantage: {owner: Vantage, effect: effectVantage},
	scanner.MXIsAlias:          {owner: DNSOperator, urgency: Practice, effect: "Some senders refuse such a record, so that mail is lost."},
	scanner.MXIsAddress:        {owner: DNSOperator, effect: "Mail to the domain is lost."},
	scanner.IPv6HintDiffers:    {owner: DNSOperator, urgency: Practice, effect: "Browsers that go by the hint end up at addresses that the site may not have."},
	scanner.NoStartTLS:         {urgency: Practice, effect: "Mail to the domain can be read on the way."},

	// Resolution without IPv4.
	scanner.NSZoneV4Only:    {owner: DNSOperator},
	scanner.ParentV4Only:    {owner: ParentZone, effect: "It keeps every domain below that zone from working without IPv4; the domain's own operators cannot mend it."},
	scanner.NSCycle:         {owner: DNSOperator},
	scanner.NSUnreachableV6: {owner: DNSOperator},
	scanner.SiteFailsV6:     {sum: true, owner: WebHoster},
	scanner.IntentBroken:    {sum: true, owner: DNSOperator},

	// DNSSEC practice.
	scanner.WeakAlgorithm:    {owner: DNSOperator, urgency: Practice, effect: "Validators are dropping the algorithm; for those that have, the zone counts as unsigned."},
	scanner.ShortKey:         {owner: DNSOperator, urgency: Practice, effect: "A key that short can be broken with effort that some can afford."},
	scanner.WeakDigest:       {owner: Registry, urgency: Practice, effect: "Validators are dropping the digest; for those that have, the zone counts as unsigned."},
	scanner.NSEC3Costly:      {owner: DNSOperator, urgency: Practice, effect: "Resolvers pay for every name that does not exist, and some treat the zone as unsigned."},
	scanner.SignatureExpires: {owner: DNSOperator, urgency: InPart, effect: "When it has expired, resolvers that validate answer SERVFAIL for the whole domain."},
	scanner.IslandOfSecurity: {owner: Registry, urgency: Practice, effect: "Without it the signatures protect nobody.", ask: "Please publish the DS record of our zone, which we shall send you."},

	// This vantage could not tell.
	scanner.NotProbed:     {silent: true},
	scanner.NoRoute:       {owner: Vantage, effect: effectVantage},
	scanner.DNSFailure:    {owner: DNSOperator, sum: true, effect: "Nobody can reach anything below the name while this lasts."},
	scanner.PortFiltered:  {owner: Vantage, effect: effectVantage},
	scanner.TargetTimeout: {owner: Vantage, effect: "It says nothing about the domain: measure again, with a longer --target-timeout."},
	scanner.LocalFault:    {owner: Vantage, effect: effectVantage},
	scanner.OptedOut:      {silent: true},
	scanner.BackedOff:     {owner: Vantage, effect: effectVantage},

	// What the resolver adds.
	resolve.ReasonServFail:     {},
	resolve.ReasonRefused:      {},
	resolve.ReasonFormErr:      {},
	resolve.ReasonNotImp:       {},
	resolve.ReasonLame:         {},
	resolve.ReasonBadResponse:  {},
	resolve.ReasonPortClosed:   {},
	resolve.ReasonTCPClosed:    {},
	resolve.ReasonNoAddress:    {owner: DNSOperator},
	resolve.ReasonNSLoop:       {owner: DNSOperator},
	resolve.ReasonNSChain:      {owner: DNSOperator},
	resolve.ReasonAliasLoop:    {owner: DNSOperator},
	resolve.ReasonBadName:      {silent: true},
	resolve.ReasonLimitQueries: {owner: DNSOperator},
	resolve.ReasonLimitDepth:   {owner: DNSOperator},
	resolve.ReasonLimitFanOut:  {owner: DNSOperator},
	resolve.ReasonLimitAliases: {owner: DNSOperator},
	resolve.ReasonLimitTime:    {owner: DNSOperator},

	// What the validator adds.
	token(dnssec.RRSIGMissing):         {owner: DNSOperator, effect: effectBogus},
	token(dnssec.RRSIGExpired):         {owner: DNSOperator, effect: effectBogus},
	token(dnssec.RRSIGNotYetValid):     {owner: DNSOperator, effect: effectBogus},
	token(dnssec.RRSIGInvalid):         {owner: DNSOperator, effect: effectBogus},
	token(dnssec.RRSIGKeyMissing):      {owner: DNSOperator, effect: effectBogus},
	token(dnssec.RRSIGSignerInvalid):   {owner: DNSOperator, effect: effectBogus},
	token(dnssec.RRSIGLabelsInvalid):   {owner: DNSOperator, effect: effectBogus},
	token(dnssec.DNSKEYMissing):        {owner: DNSOperator, effect: effectBogus},
	token(dnssec.DNSKEYInvalid):        {owner: DNSOperator, effect: effectBogus},
	token(dnssec.KeyRevoked):           {owner: Registry, effect: effectBogus, ask: askDS},
	token(dnssec.DSMismatch):           {owner: Registry, effect: effectBogus, ask: askDS},
	token(dnssec.AnchorMismatch):       {owner: Vantage, effect: effectVantage},
	token(dnssec.DenialMissing):        {owner: DNSOperator, effect: effectBogus},
	token(dnssec.NSECProofMissing):     {owner: DNSOperator, effect: effectBogus},
	token(dnssec.NSEC3ProofMissing):    {owner: DNSOperator, effect: effectBogus},
	token(dnssec.AliasInvalid):         {owner: DNSOperator, effect: effectBogus},
	token(dnssec.BudgetExceeded):       {owner: DNSOperator, effect: effectBogus},
	token(dnssec.DSAbsent):             {owner: DNSOperator, urgency: Practice, effect: "Nothing protects the domain's answers against forgery."},
	token(dnssec.AlgorithmUnsupported): {owner: DNSOperator, urgency: Practice, effect: "For validators the zone counts as unsigned."},
	token(dnssec.DigestUnsupported):    {owner: Registry, urgency: Practice, effect: "For validators the zone counts as unsigned."},
	token(dnssec.NSEC3IterationsHigh):  {owner: DNSOperator, urgency: Practice, effect: "For validators the zone counts as unsigned."},
	token(dnssec.NSEC3OptOut):          {silent: true},
	token(dnssec.PolicyInsecure):       {silent: true},
	token(dnssec.NoAnchor):             {silent: true},
	token(dnssec.ResponseUnusable):     {silent: true},
}

func token(r dnssec.Reason) scanner.Reason { return scanner.Reason(r) }
