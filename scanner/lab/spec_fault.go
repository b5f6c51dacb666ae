package lab

import (
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// Fault is one thing that a server does wrong.
type Fault struct {
	// At is the host: a name as in a zone file, an address, one of the roles
	// ns, web and mail, or empty for every host of the domain.
	At        string        `yaml:"at"`
	Family    string        `yaml:"family"`    // v4 or v6; both when empty
	Transport string        `yaml:"transport"` // udp or tcp; both when empty
	Port      uint16        `yaml:"port"`      // 53, 80, 443 or 25; all when 0
	Do        faultWord     `yaml:"do"`
	Delay     time.Duration `yaml:"delay"`   // of delay and the slow faults
	Percent   float64       `yaml:"percent"` // how many of the questions it hits; all when 0
	First     int           `yaml:"first"`   // only so many questions; all when 0
	Above     int           `yaml:"above"`   // only what is more than so many in a second; all when 0
	Types     []string      `yaml:"types"`   // only questions for these types
	Names     []string      `yaml:"names"`   // only questions for these names
	Bytes     int           `yaml:"bytes"`   // of the faults that send much
	Step      string        `yaml:"step"`    // greeting, or the SMTP command whose reply it hits
	Text      string        `yaml:"text"`    // what is said instead
	NS        []string      `yaml:"ns"`      // full names, of old_ns
	line      int           // in the scenario
}

// faultLayer says what a fault needs to know before it can act.
type faultLayer uint8

const (
	linkLayer faultLayer = iota // acts on packets and connections
	dnsLayer                    // acts on DNS messages
	tlsLayer                    // acts on the TLS handshake
	httpLayer                   // acts on HTTP messages
	smtpLayer                   // acts on the SMTP dialogue
)

// faultKind is what the table knows of a fault.
type faultKind struct {
	layer faultLayer
	about string
}

// faultKinds is the table of the faults of servers. Each has a built-in
// scenario of its name.
var faultKinds = map[string]faultKind{
	"drop":   {linkLayer, "nothing comes back: no answer, no connection"},
	"refuse": {linkLayer, "the port is closed"},
	"delay":  {linkLayer, "answers come late (delay)"},
	"reset":  {linkLayer, "TCP connections are reset once they are open"},
	"hang":   {linkLayer, "TCP connections open and nothing is ever said"},
	"close":  {linkLayer, "TCP connections open and close at once"},

	"truncate":       {dnsLayer, "answers over UDP are truncated, whatever their size"},
	"servfail":       {dnsLayer, "answers SERVFAIL"},
	"refused":        {dnsLayer, "answers REFUSED: a lame delegation"},
	"notimp":         {dnsLayer, "answers NOTIMP"},
	"formerr":        {dnsLayer, "answers FORMERR"},
	"nxdomain":       {dnsLayer, "answers NXDOMAIN"},
	"empty":          {dnsLayer, "answers NOERROR without any record"},
	"upward":         {dnsLayer, "refers to the root: a lame delegation"},
	"empty_upward":   {dnsLayer, "answers with authority, without the records, and names the root's servers (RFC 4074 section 4.5)"},
	"not_authority":  {dnsLayer, "answers without the AA bit: a lame delegation"},
	"wrong_id":       {dnsLayer, "answers with another message id"},
	"wrong_question": {dnsLayer, "answers another question"},
	"no_question":    {dnsLayer, "answers without the question section"},
	"wrong_source":   {dnsLayer, "answers from another address"},
	"spoof":          {dnsLayer, "a forged answer with a wrong id comes before the true one"},
	"flood":          {dnsLayer, "forged refusals with the right id, without the question or in other letters, come before the true answer"},
	"garbage":        {dnsLayer, "answers random bytes"},
	"cut_short":      {dnsLayer, "answers are cut in the middle"},
	"no_edns":        {dnsLayer, "answers FORMERR to EDNS queries"},
	"drop_edns":      {dnsLayer, "does not answer EDNS queries"},
	"strip_edns":     {dnsLayer, "ignores EDNS: no OPT record, no signatures"},
	"badvers":        {dnsLayer, "answers BADVERS to EDNS queries"},
	"lower_case":     {dnsLayer, "answers with the question in lower case"},
	"oversized":      {dnsLayer, "answers over UDP with more than the asker takes (bytes)"},
	"drop_large":     {dnsLayer, "answers over UDP of more than bytes never arrive, as lost fragments"},
	"old_serial":     {dnsLayer, "the SOA record is one version behind"},
	"no_glue":        {dnsLayer, "refers without any address"},
	"no_glue_v6":     {dnsLayer, "refers without IPv6 addresses"},
	"old_ns":         {dnsLayer, "refers to name servers of before (ns)"},
	"ds_referral":    {dnsLayer, "answers a question for DS records with a referral"},
	"strip_rrsig":    {dnsLayer, "answers without signatures"},
	"old_rrsig":      {dnsLayer, "answers with signatures that have expired"},
	"require_cookie": {dnsLayer, "answers BADCOOKIE until the server's cookie comes back"},
	"junk":           {dnsLayer, "truncates over UDP; over TCP answers, and then sends a message that nobody asked for every delay"},
	"poison":         {dnsLayer, "adds records for names that are not its own"},
	"slow":           {dnsLayer, "answers over TCP arrive byte by byte (delay between them)"},

	"tls_expired":       {tlsLayer, "the certificate has expired"},
	"tls_not_yet_valid": {tlsLayer, "the certificate is not valid yet"},
	"tls_wrong_name":    {tlsLayer, "the certificate is for another name"},
	"tls_self_signed":   {tlsLayer, "the certificate is self-signed"},
	"tls_hostile_name":  {tlsLayer, "the certificate's names hold control characters"},
	"tls_other":         {tlsLayer, "another certificate, as good as the usual one"},
	"tls_hang":          {tlsLayer, "the handshake never ends"},
	"tls_old":           {tlsLayer, "nothing newer than TLS 1.0"},
	"tls_12":            {tlsLayer, "nothing newer than TLS 1.2"},
	"tls_asks_client":   {tlsLayer, "asks for a client certificate and ends without one"},
	"tls_none":          {tlsLayer, "answers in clear text where TLS is due"},

	"http_slow":            {httpLayer, "the response arrives byte by byte (delay between them)"},
	"http_endless_headers": {httpLayer, "headers without end (bytes)"},
	"http_endless_body":    {httpLayer, "a body without end (bytes)"},
	"http_bomb":            {httpLayer, "a small compressed body that grows to bytes"},
	"http_loop":            {httpLayer, "redirects to itself"},
	"http_chain":           {httpLayer, "redirects without end, each time to another path"},
	"http_cookie_wall":     {httpLayer, "redirects, each time to another path, until the cookie that it sets comes back"},
	"http_garbage":         {httpLayer, "no HTTP at all"},
	"http_cut_short":       {httpLayer, "the body ends before its announced length"},

	"smtp_slow":         {smtpLayer, "replies arrive byte by byte (delay between them)"},
	"smtp_long_banner":  {smtpLayer, "a banner without end (bytes)"},
	"smtp_endless":      {smtpLayer, "an answer to EHLO of lines without end (bytes)"},
	"smtp_escape":       {smtpLayer, "a banner with terminal control sequences"},
	"smtp_reject":       {smtpLayer, "554 instead of a banner"},
	"smtp_no_service":   {smtpLayer, "521 instead of a banner: the host takes no mail (RFC 7504)"},
	"smtp_defer":        {smtpLayer, "421 instead of a banner"},
	"smtp_garbage":      {smtpLayer, "no SMTP at all"},
	"smtp_late":         {smtpLayer, "one reply comes late (step, delay)"},
	"smtp_says":         {smtpLayer, "one reply is another text (step, text)"},
	"smtp_no_ehlo":      {smtpLayer, "EHLO is refused, HELO is taken"},
	"smtp_no_starttls":  {smtpLayer, "STARTTLS is not offered"},
	"smtp_starttls_bad": {smtpLayer, "STARTTLS is offered and the handshake fails"},
}

// Faults returns every fault of servers and of signing with its explanation.
func Faults() map[string]string {
	all := map[string]string{}
	for word, kind := range faultKinds {
		all[word] = kind.about
	}
	for word, kind := range signingFaults {
		all[word] = kind.about
	}
	return all
}

// faultWord is a word of the table.
type faultWord string

// UnmarshalYAML implements yaml.Unmarshaler.
func (w *faultWord) UnmarshalYAML(node *yaml.Node) error {
	if _, ok := faultKinds[node.Value]; !ok {
		if _, signing := signingFaults[node.Value]; signing {
			return nodeError(node, "%q is a fault in signing; it goes below dnssec: {fault: %s}", node.Value, node.Value)
		}
		return unknownKey(node, "fault", faultKinds)
	}
	*w = faultWord(node.Value)
	return nil
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (f *Fault) UnmarshalYAML(node *yaml.Node) error {
	type plain Fault // without this method
	body := plain{line: node.Line, Delay: 100 * time.Millisecond, Bytes: 64 << 20}
	if node.Kind == yaml.ScalarNode {
		body.Do = ""
		if err := body.Do.UnmarshalYAML(node); err != nil {
			return err
		}
	} else if err := decode(node, &body); err != nil {
		return err
	}
	*f = Fault(body)
	if f.Do == "truncate" && f.Transport == "" {
		f.Transport = "udp"
	}
	switch {
	case f.Do == "":
		return nodeError(node, "a fault needs \"do: ...\"")
	case f.Family != "" && f.Family != "v4" && f.Family != "v6":
		return nodeError(node, "family: %q is neither v4 nor v6", f.Family)
	case f.Transport != "" && f.Transport != "udp" && f.Transport != "tcp":
		return nodeError(node, "transport: %q is neither udp nor tcp", f.Transport)
	case f.Port != 0 && portIndex(f.Port) < 0:
		return nodeError(node, "port: %d; the laboratory has 53, 80, 443 and 25", f.Port)
	case f.Percent < 0 || f.Percent > 100:
		return nodeError(node, "percent: %v is not between 0 and 100", f.Percent)
	case (f.Do == "old_ns") != (len(f.NS) > 0):
		return nodeError(node, "ns: the names that old_ns refers to, and of no other fault")
	case f.First < 0 || f.Delay < 0 || f.Bytes < 0 || f.Above < 0:
		return nodeError(node, "first, above, delay and bytes cannot be negative")
	case (f.Do == "smtp_late" || f.Do == "smtp_says") && !slices.Contains(smtpSteps, f.Step):
		return nodeError(node, "step: %q is none of %s", f.Step, strings.Join(smtpSteps, ", "))
	}
	_, err := rrtypes(node, f.Types)
	return err
}
