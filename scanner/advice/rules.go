package advice

import "adopt6/scanner/observation"

// rule is what is to be known of a reason beyond its explanation.
type rule struct {
	owner   Owner   // who fixes it; empty: who runs the service
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
	askDNS   = "Please give these name servers IPv6 addresses, publish their AAAA records and tell us when they answer, so that we can register the glue. If that is not planned, please say so: we would move the zone."
	askDNSV4 = "Please give two of these name servers IPv4 addresses as well and publish their A records, so that resolvers without IPv6 find the zone."
	askWeb   = "Please enable IPv6 for this site and tell us which AAAA records to publish. If your service has no IPv6 yet, please tell us from when on it will."
	askMail  = "Please enable IPv6 on these mail servers and publish their AAAA records, with matching reverse (PTR) records. If your service has no IPv6 yet, please tell us from when on it will."
	askGlue  = "Please add the IPv6 addresses of these name servers to the delegation as glue (host objects)."
	askDS    = "Please replace the DS record of our zone by that of its current key, which we shall send you."
)

// What follows from faults that hit everybody alike.
const (
	effectBogus         = "Resolvers that validate answer SERVFAIL: for their users the whole domain is gone, over either family."
	effectAlike         = "It hits everybody alike, over IPv4 and IPv6."
	effectWarning       = "Browsers show a warning instead of the page."
	effectNoPage        = "Browsers show an error instead of the page."
	effectMailTLS       = "Senders that insist on a sound certificate (MTA-STS) do not deliver; the others do."
	effectLookup        = "These names cannot be looked up, over either family."
	effectV4            = "It is those without IPv6 who suffer."
	effectSpread        = "One failure of that network takes all of them off IPv6 at once."
	effectUnsignedAbove = "Nothing below that zone can be validated, however well it is signed."
	effectVantage       = "It says nothing about the domain: measure again from another vantage."
)

// rules has one row for every reason; a test compares it with the table of
// reasons.
var rules = map[observation.Reason]rule{
	// Nothing is published.
	observation.NXDomain:  {owner: Registry, effect: "Nobody can reach anything below the name."},
	observation.NoAddress: {silent: true},
	observation.NoAAAA:    {ask: askWeb},
	observation.NoA: {urgency: Lacking, effect: "Visitors without IPv6 cannot reach it.", mail: "Senders without IPv6 cannot deliver.",
		ask: "Please publish an A record for this host as well, as long as there are users without IPv6."},
	observation.NoNS:     {},
	observation.NoNSA:    {owner: DNSOperator, urgency: Lacking, ask: askDNSV4, effect: "Resolvers without IPv6 cannot find the domain, and with it neither its site nor its mail."},
	observation.NoNSAAAA: {owner: DNSOperator, ask: askDNS},
	observation.NoMX:     {silent: true},
	observation.NullMX:   {silent: true},
	observation.NoIntent: {sum: true, owner: DNSOperator, ask: askDNS},
	observation.NoMXAAAA: {ask: askMail},

	// Published, but it does not work, or not all of it.
	observation.SpecialPurposeAddress: {ask: "Please replace this address in the AAAA record by the global one of the server, or remove the record."},
	observation.TCPRefused:            {},
	observation.TCPReset:              {},
	observation.Timeout:               {},
	observation.Unreachable:           {},
	observation.OneNSA:                {urgency: Practice, ask: askDNSV4, effect: "When that one fails, the domain is gone over IPv4."},
	observation.SomeAddressesFail:     {sum: true},
	observation.OneNSAAAA:             {urgency: Lacking, ask: askDNS, effect: "When that one fails, the domain is gone over IPv6."},
	observation.SomeNSFail:            {sum: true},
	observation.SomeHostsLackAAAA:     {sum: true, urgency: Lacking, ask: askMail, effect: "Senders without IPv4 depend on the others."},
	observation.SomeHostsFail:         {sum: true},

	// Delegation and name servers.
	observation.NSUnregistered:   {owner: Registry, urgency: InPart, effect: "Resolvers lose time there now; who registers the domain can send the visitors and the mail of this one anywhere."},
	observation.NSSetDiffers:     {owner: Registry, urgency: Practice, effect: "Resolvers may ask servers that no longer serve the zone, or never find the new ones."},
	observation.NSNoAddress:      {owner: DNSOperator, urgency: Practice, effect: "Resolvers look for this server in vain, and the zone has fewer servers than it names."},
	observation.NSSignatureFails: {owner: DNSOperator, urgency: InPart, effect: "Resolvers that validate lose time at this server, and fail where they can ask no other."},
	observation.ParentsDiffer:    {owner: ParentZone, urgency: InPart, effect: "Whether the domain is found depends on which server of the zone above a resolver asked."},
	observation.GlueMissingA:     {owner: Registry, urgency: Practice, effect: "Resolvers that have IPv4 only cannot find this name server."},
	observation.GlueMissingAAAA:  {owner: Registry, urgency: InPart, ask: askGlue, effect: "A resolver without IPv4 cannot find this name server: to learn its address it would have to ask it."},
	observation.GlueDiffers:      {owner: Registry, urgency: InPart, effect: "Resolvers go to an address at which the name server may not be."},
	observation.SameNetwork:      {urgency: Practice, effect: effectSpread},
	observation.SameASN:          {urgency: Practice, effect: effectSpread},
	observation.SerialDiffers:    {urgency: InPart, effect: "Users get different answers depending on which server their resolver asked."},
	observation.TCPFails:         {urgency: InPart, effect: "Answers that do not fit into one UDP packet, such as those with DNSSEC keys, do not arrive."},
	observation.EDNSFails:        {urgency: InPart, effect: "Resolvers lose time on every first question, and DNSSEC cannot work."},
	observation.LargeAnswerFails: {urgency: InPart, effect: "Keys and long record sets do not arrive, so that the name sometimes cannot be resolved."},
	observation.AnswerTooLarge:   {urgency: Practice, effect: "Such answers are cut into fragments, which many networks drop."},

	// Addresses.
	observation.DanglingAlias:  {owner: DNSOperator, urgency: InPart, effect: "Nobody reaches the name now, and who claims the other can show a page, or take mail, under the domain's name."},
	observation.AAAAOnlyOnApex: {owner: WebHoster, urgency: Lacking, ask: askWeb, effect: "Visitors who type www stay on IPv4."},
	observation.AAAAOnlyOnWWW:  {owner: WebHoster, urgency: Lacking, ask: askWeb, effect: "Visitors who leave www out stay on IPv4."},
	observation.TooManyRecords: {silent: true},

	// TLS, web and mail.
	observation.TLSExpired:         {effect: effectWarning, mail: effectMailTLS},
	observation.TLSNotYetValid:     {effect: effectWarning, mail: effectMailTLS},
	observation.TLSWrongName:       {effect: effectWarning, mail: effectMailTLS},
	observation.TLSUntrusted:       {effect: effectWarning, mail: effectMailTLS},
	observation.TLSOld:             {effect: effectNoPage, mail: effectMailTLS},
	observation.TLSFailed:          {effect: effectNoPage, mail: effectMailTLS},
	observation.CertificateDiffers: {urgency: Practice, effect: "Two configurations are kept where one would do; one of them will be forgotten at the next renewal."},
	observation.HTTPSOnlyOverV4:    {effect: "Browsers that prefer IPv6 find no secure site there, and wait before they turn to IPv4."},
	observation.NoHTTPS:            {urgency: Practice, effect: "What visitors read and send can be seen and changed on the way."},
	observation.HTTPMalformed:      {},
	observation.HTTPError:          {},
	observation.ResponseTooLarge:   {},
	observation.RedirectLoop:       {},
	observation.TooManyRedirects:   {},
	observation.RedirectToV4Only:   {effect: "The first step works over IPv6 and the second does not: without IPv4 the page never comes."},
	observation.RedirectFails:      {effect: "The first step works over IPv6 and the second does not: without IPv4 the page never comes."},
	observation.ClientCertificate:  {owner: Vantage, effect: "It says nothing of the domain: look at it with a browser that has a certificate."},
	observation.NeedsCookie:        {owner: Vantage, effect: "It says nothing of the domain: look at it with a browser."},
	observation.ContentDiffers:     {effect: "Visitors over IPv6 see another page, often a default page of the server."},
	observation.ImplicitMX:         {owner: DNSOperator, urgency: Practice, effect: "Mail goes to the web server, which may not take any."},
	observation.SMTPRejected:       {},
	observation.SMTPMalformed:      {},
	observation.StartTLSFailed:     {effect: "Mail goes unencrypted or not at all, as the sender's settings have it."},
	observation.StartTLSOnlyOverV4: {effect: "Mail over IPv6 goes unencrypted, or not at all where the sender insists on encryption."},
	observation.NoSMTPUTF8:         {urgency: Practice, effect: "Addresses in scripts other than Latin get no mail there."},
	observation.SMTPDeferred:       {owner: Vantage, effect: "It says little about the domain: measure again later."},
	observation.SMTPRejectsVantage: {owner: Vantage, effect: effectVantage},
	observation.MXIsAlias:          {owner: DNSOperator, urgency: Practice, effect: "Some senders refuse such a record, so that mail is lost."},
	observation.MXIsAddress:        {owner: DNSOperator, effect: "Mail to the domain is lost."},
	observation.IPv6HintDiffers:    {owner: DNSOperator, urgency: Practice, effect: "Browsers that go by the hint end up at addresses that the site may not have."},
	observation.NoStartTLS:         {urgency: Practice, effect: "Mail to the domain can be read on the way."},

	// Resolution without IPv4.
	observation.NSZoneV4Only:    {owner: DNSOperator},
	observation.ParentV4Only:    {owner: ParentZone, effect: "It keeps every domain below that zone from working without IPv4; the domain's own operators cannot fix it."},
	observation.NSCycle:         {owner: DNSOperator},
	observation.NSUnreachableV6: {owner: DNSOperator},
	observation.MailFailsV6:     {sum: true, owner: MailOperator},
	observation.SiteFailsV6:     {sum: true, owner: WebHoster},
	observation.IntentBroken:    {sum: true, owner: DNSOperator},

	// DNSSEC practice.
	observation.WeakAlgorithm:    {owner: DNSOperator, urgency: Practice, effect: "Validators are dropping the algorithm; for those that have, the zone counts as unsigned."},
	observation.ShortKey:         {owner: DNSOperator, urgency: Practice, effect: "A key that short can be broken with effort that some can afford."},
	observation.WeakDigest:       {owner: Registry, urgency: Practice, effect: "Validators are dropping the digest; for those that have, the zone counts as unsigned."},
	observation.NSEC3Costly:      {owner: DNSOperator, urgency: Practice, effect: "Resolvers pay for every name that does not exist, and some treat the zone as unsigned."},
	observation.SignatureExpires: {owner: DNSOperator, urgency: InPart, effect: "When it has expired, resolvers that validate answer SERVFAIL for the whole domain."},
	observation.IslandOfSecurity: {owner: Registry, urgency: Practice, effect: "Without it the signatures protect nobody.", ask: "Please publish the DS record of our zone, which we shall send you."},

	// This vantage could not tell.
	observation.NotProbed:     {silent: true},
	observation.NoRoute:       {owner: Vantage, effect: effectVantage},
	observation.DNSFailure:    {owner: DNSOperator, sum: true, effect: "Nobody can reach anything below the name while this lasts."},
	observation.PortFiltered:  {owner: Vantage, effect: effectVantage},
	observation.TargetTimeout: {owner: Vantage, effect: "It says nothing about the domain: measure again, with a longer --target-timeout."},
	observation.LocalFault:    {owner: Vantage, effect: effectVantage},
	observation.OptedOut:      {silent: true},
	observation.BackedOff:     {owner: Vantage, effect: effectVantage},

	// What the resolver adds.
	observation.ServFail:        {},
	observation.Refused:         {},
	observation.FormErr:         {},
	observation.NotImp:          {},
	observation.Lame:            {},
	observation.BadResponse:     {},
	observation.PortClosed:      {},
	observation.TCPClosed:       {},
	observation.NoServerAddress: {owner: DNSOperator},
	observation.NSLoop:          {owner: DNSOperator},
	observation.NSIsAlias:       {owner: DNSOperator},
	observation.AliasLoop:       {owner: DNSOperator},
	observation.BadName:         {silent: true},
	observation.LimitQueries:    {owner: DNSOperator},
	observation.LimitDepth:      {owner: DNSOperator},
	observation.LimitFanOut:     {owner: DNSOperator},
	observation.LimitAliases:    {owner: DNSOperator},
	observation.LimitTime:       {owner: DNSOperator},

	// What the validator adds.
	observation.RRSIGMissing:         {owner: DNSOperator, effect: effectBogus},
	observation.RRSIGExpired:         {owner: DNSOperator, effect: effectBogus},
	observation.RRSIGNotYetValid:     {owner: DNSOperator, effect: effectBogus},
	observation.RRSIGInvalid:         {owner: DNSOperator, effect: effectBogus},
	observation.RRSIGKeyMissing:      {owner: DNSOperator, effect: effectBogus},
	observation.RRSIGSignerInvalid:   {owner: DNSOperator, effect: effectBogus},
	observation.RRSIGLabelsInvalid:   {owner: DNSOperator, effect: effectBogus},
	observation.DNSKEYMissing:        {owner: DNSOperator, effect: effectBogus},
	observation.DNSKEYInvalid:        {owner: DNSOperator, effect: effectBogus},
	observation.KeyRevoked:           {owner: Registry, effect: effectBogus, ask: askDS},
	observation.DSMismatch:           {owner: Registry, effect: effectBogus, ask: askDS},
	observation.AnchorMismatch:       {owner: Vantage, effect: effectVantage},
	observation.DenialMissing:        {owner: DNSOperator, effect: effectBogus},
	observation.NSECProofMissing:     {owner: DNSOperator, effect: effectBogus},
	observation.NSEC3ProofMissing:    {owner: DNSOperator, effect: effectBogus},
	observation.AliasInvalid:         {owner: DNSOperator, effect: effectBogus},
	observation.BudgetExceeded:       {owner: DNSOperator, effect: effectBogus},
	observation.ChainUnanswered:      {owner: DNSOperator, effect: effectBogus},
	observation.DSAbsent:             {owner: DNSOperator, urgency: Practice, effect: "Nothing protects the domain's answers against forgery."},
	observation.AlgorithmUnsupported: {owner: DNSOperator, urgency: Practice, effect: "For validators the zone counts as unsigned."},
	observation.DigestUnsupported:    {owner: Registry, urgency: Practice, effect: "For validators the zone counts as unsigned."},
	observation.NSEC3IterationsHigh:  {owner: DNSOperator, urgency: Practice, effect: "For validators the zone counts as unsigned."},
	observation.NSEC3OptOut:          {silent: true},
	observation.PolicyInsecure:       {silent: true},
	observation.NoAnchor:             {silent: true},
	observation.ResponseUnusable:     {silent: true},
}
