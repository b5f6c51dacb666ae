//go:build linux && !alone

package resolve_test

import (
	"fmt"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// proofCase is a question and what the RFCs make of it.
type proofCase struct {
	name  string
	qtype uint16
	state string
	rcode string
}

// soundCases are asked of every zone of [proofZones.sound]; @ is the zone.
const soundCases = `
www.@           A      secure    NOERROR
www.@           AAAA   secure    NOERROR
www.@           MX     secure    NOERROR
mail.@          AAAA   secure    NOERROR
nope.@          A      denial    NXDOMAIN
x.y.nope.@      A      denial    NXDOMAIN
foo.wild.@      A      wildcard  NOERROR
foo.wild.@      AAAA   wildcard  NOERROR
a.foo.wild.@    TXT    wildcard  NOERROR
ent.@           A      secure    NOERROR
b.ent.@         A      secure    NOERROR
alias.@         A      secure    NOERROR
alias.@         MX     secure    NOERROR
foo.walias.@    A      wildcard  NOERROR
host.dn.@       A      secure    NOERROR
host.dn.@       AAAA   secure    NOERROR
nope.dn.@       A      denial    NXDOMAIN
@               SOA    secure    NOERROR
@               NS     secure    NOERROR
@               DNSKEY secure    NOERROR
@               DS     secure    NOERROR
open.@          DS     denial    NOERROR
www.open.@      A      insecure  NOERROR
nope.open.@     A      insecure  NXDOMAIN
closed.@        DS     secure    NOERROR
www.closed.@    A      secure    NOERROR
nope.closed.@   A      secure    NXDOMAIN
`

// otherCases are the rest.
const otherCases = `
.                        NS     secure    NOERROR
.                        SOA    secure    NOERROR
.                        DNSKEY secure    NOERROR
.                        DS     secure    NOERROR
nope.                    A      secure    NXDOMAIN
nsd.                     DS     secure    NOERROR
plain.                   DS     secure    NOERROR
nope.nsd.                A      secure    NXDOMAIN
nope.knot.               A      insecure  NXDOMAIN
nope.bind.               A      secure    NXDOMAIN
nope.plain.              A      insecure  NXDOMAIN

deep.basic.bind.         A      secure    NOERROR
b.deep.basic.bind.       DS     secure    NOERROR
www.a.b.deep.basic.bind. A      secure    NOERROR
a.b.deep.basic.bind.     DS     secure    NOERROR
www.far.in.twin.nsd.     A      secure    NOERROR
www.far.open.twin.nsd.   A      insecure  NOERROR
www.far.closed.basic.nsd.  A     secure    NOERROR
nope.far.closed.hashed.nsd. A    secure    NXDOMAIN
www.far.open.basic.nsd.  A      insecure  NOERROR
nope.far.open.hashed.nsd. A     insecure  NXDOMAIN
www.split.nsd.           A      secure    NOERROR
nope.split.nsd.          A      secure    NXDOMAIN
www.big.nsd.             TXT    secure    NOERROR

www.unsigned.nsd.        A      insecure  NOERROR
host.dn.unsigned.nsd.    A      insecure  NOERROR
host.dn.unsigned.nsd.    CNAME  insecure  NOERROR
nope.unsigned.nsd.       A      insecure  NXDOMAIN
unsigned.nsd.            DS     secure    NOERROR
www.unsigned.knot.       A      insecure  NOERROR
www.unsigned.knot.       MX     insecure  NOERROR
unsigned.knot.           DS     insecure  NOERROR
foo.wild.unsigned.bind.  A      insecure  NOERROR
unsigned.bind.           DS     secure    NOERROR
www.unsigned.plain.      A      insecure  NOERROR
www.island.nsd.          A      insecure  NOERROR
nope.island.knot.        A      insecure  NXDOMAIN
www.island.bind.         A      insecure  NOERROR
www.island.plain.        A      insecure  NOERROR
www.signed.plain.        A      insecure  NOERROR
signed.plain.            DS     insecure  NOERROR
www.signed.unsigned.nsd. A      insecure  NOERROR

www.rsasha1.bind.        A      secure    NOERROR
nope.rsasha1.bind.       A      secure    NXDOMAIN
www.nsec3rsasha1.bind.   A      secure    NOERROR
nope.nsec3rsasha1.bind.  A      secure    NXDOMAIN
www.rsasha256.bind.      A      secure    NOERROR
nope.rsasha256.bind.     A      secure    NXDOMAIN
www.rsasha512.bind.      A      secure    NOERROR
nope.rsasha512.bind.     A      secure    NXDOMAIN
www.p384.bind.           A      secure    NOERROR
nope.p384.bind.          A      secure    NXDOMAIN
www.ed25519.bind.        A      secure    NOERROR
nope.ed25519.bind.       A      secure    NXDOMAIN
www.ed448.bind.          A      secure    NOERROR
nope.ed448.bind.         A      secure    NXDOMAIN
www.ed448.knot.          A      secure    NOERROR
foo.wild.ed448.knot.     A      secure    NOERROR
www.two.nsd.             A      secure    NOERROR
nope.two.nsd.            A      secure    NXDOMAIN
www.two.bind.            A      secure    NOERROR
www.onebroken.nsd.       A      secure    NOERROR
nope.onebroken.nsd.      A      secure    NXDOMAIN
www.onemissing.nsd.      A      secure    NOERROR
nope.onemissing.nsd.     A      secure    NXDOMAIN
www.bothbroken.nsd.      A      bogus     SERVFAIL
www.bothbroken.nsd.      AAAA   secure    NOERROR
www.unknown.nsd.         A      insecure  NOERROR
nope.unknown.nsd.        A      insecure  NXDOMAIN
www.unknownbeside.nsd.   A      secure    NOERROR

www.i1.nsd.              A      secure    NOERROR
nope.i1.nsd.             A      secure    NXDOMAIN
nope.i50.nsd.            A      secure    NXDOMAIN
www.open.i50.nsd.        A      insecure  NOERROR
www.i51.nsd.             A      secure    NOERROR
nope.i51.nsd.            A      secure    NXDOMAIN
www.i150.nsd.            A      secure    NOERROR
www.i150.nsd.            MX     secure    NOERROR
nope.i150.nsd.           A      secure    NXDOMAIN
foo.wild.i150.nsd.       A      secure    NOERROR
www.i151.nsd.            A      secure    NOERROR
www.i151.nsd.            MX     insecure  NOERROR
nope.i151.nsd.           A      insecure  NXDOMAIN
foo.wild.i151.nsd.       A      insecure  NOERROR
open.i151.nsd.           DS     insecure  NOERROR
www.open.i151.nsd.       A      insecure  NOERROR
www.covered16.optwild.nsd. A      insecure  NOERROR
c.optgone.nsd.           A      bogus     SERVFAIL
a.optgone.nsd.           A      secure    NOERROR
x.opttag.nsd.            TXT    insecure  NOERROR
x.optbare.nsd.           TXT    insecure  NOERROR
www.i500.nsd.            A      secure    NOERROR
nope.i500.nsd.           A      insecure  NXDOMAIN
www.open.i500.nsd.       A      insecure  NOERROR


www.sha1.bind.           A      secure    NOERROR
www.sha384.bind.         A      secure    NOERROR
www.sha1beside.bind.     A      secure    NOERROR
www.sha1wrong.bind.      A      secure    NOERROR
www.sha256wrong.bind.    A      bogus     SERVFAIL
www.unknowndigest.bind.  A      insecure  NOERROR
nope.unknowndigest.bind. A      insecure  NXDOMAIN
unknowndigest.bind.      DS     secure    NOERROR
www.unknownbeside2.bind. A      secure    NOERROR
www.wrongdigest.bind.    A      bogus     SERVFAIL
wrongdigest.bind.        DS     secure    NOERROR
www.wrongtag.bind.       A      bogus     SERVFAIL
www.wrongalgorithm.bind. A      bogus     SERVFAIL
www.unsignedds.bind.     A      bogus     SERVFAIL
nope.unsignedds.bind.    A      bogus     SERVFAIL

www.expired.nsd.         A      bogus     SERVFAIL
nope.expired.nsd.        A      bogus     SERVFAIL
expired.nsd.             DS     secure    NOERROR
www.expired.bind.        A      bogus     SERVFAIL
www.future.nsd.          A      bogus     SERVFAIL
www.future.bind.         MX     bogus     SERVFAIL
www.late.nsd.            A      bogus     SERVFAIL
www.late.nsd.            AAAA   secure    NOERROR
www.reversed.nsd.        A      bogus     SERVFAIL

www.nokey.nsd.           A      bogus     SERVFAIL
www.nokeysig.nsd.        A      bogus     SERVFAIL
www.badkeysig.nsd.       A      bogus     SERVFAIL
www.nosig.nsd.           A      bogus     SERVFAIL
www.nosig.nsd.           AAAA   secure    NOERROR
www.corrupt.nsd.         A      bogus     SERVFAIL
www.corrupt.nsd.         AAAA   secure    NOERROR
alias.corrupt.nsd.       A      bogus     SERVFAIL
www.signer.nsd.          A      bogus     SERVFAIL
www.tag.nsd.             A      bogus     SERVFAIL
www.labels.nsd.          A      bogus     SERVFAIL
www.manylabels.nsd.      A      bogus     SERVFAIL
www.ttl.nsd.             A      bogus     SERVFAIL
www.changed.nsd.         A      bogus     SERVFAIL
www.nonsec.nsd.          A      secure    NOERROR
www.nonsec.nsd.          MX     bogus     SERVFAIL
nope.nonsec.nsd.         A      bogus     SERVFAIL
foo.wild.nonsec.nsd.     A      bogus     SERVFAIL
nope.nonsecsig.nsd.      A      bogus     SERVFAIL
nope.nsecsig.nsd.        A      bogus     SERVFAIL
foo.wild.nsecsig.nsd.    A      bogus     SERVFAIL
www.nonsec3.nsd.         A      secure    NOERROR
www.nonsec3.nsd.         MX     bogus     SERVFAIL
nope.nonsec3.nsd.        A      bogus     SERVFAIL
nope.nsec3sig.nsd.       A      bogus     SERVFAIL
nope.nowild.nsd.         TXT    secure    NOERROR
nope.nowild.nsd.         A      bogus     SERVFAIL
www.a.b.deepnsec.nsd.    A      secure    NOERROR
nope.a.b.deepnsec.nsd.   A      secure    NXDOMAIN
www.a.b.deepnsec3.nsd.   A      secure    NOERROR
www.stripped.nsd.        A      bogus     SERVFAIL

www.collision1.nsd.      A      secure    NOERROR
nope.collision1.nsd.     A      secure    NXDOMAIN
www.collision2.nsd.      A      secure    NOERROR
www.large.nsd.           A      secure    NOERROR
large.nsd.               DNSKEY secure    NOERROR
www.unentered.nsd.       A      bogus     SERVFAIL
www.hostkey.nsd.         A      bogus     SERVFAIL
www.revoked.nsd.         A      bogus     SERVFAIL
www.retired.nsd.         A      secure    NOERROR

secure.alias.nsd.        A      secure    NOERROR
secure.alias.nsd.        CNAME  secure    NOERROR
insecure.alias.nsd.      A      insecure  NOERROR
insecure.alias.nsd.      CNAME  secure    NOERROR
bogus.alias.nsd.         A      bogus     SERVFAIL
bogus.alias.nsd.         CNAME  secure    NOERROR
gone.alias.nsd.          A      secure    NXDOMAIN
gonehashed.alias.nsd.    A      secure    NXDOMAIN
goneoptout.alias.nsd.    A      insecure  NXDOMAIN
goneinsecure.alias.nsd.  A      insecure  NXDOMAIN
empty.alias.nsd.         A      secure    NOERROR
dead.alias.nsd.          A      failed    SERVFAIL
wild.alias.nsd.          A      secure    NOERROR
out1.alias.nsd.          A      insecure  NOERROR
chain1.alias.nsd.        A      secure    NOERROR
self.alias.nsd.          A      failed    SERVFAIL
loop1.alias.nsd.         A      failed    SERVFAIL
www.dnsecure.alias.nsd.  A      secure    NOERROR
nope.dnsecure.alias.nsd. A      secure    NXDOMAIN
www.dninsecure.alias.nsd. A     insecure  NOERROR
www.dnbogus.alias.nsd.   A      bogus     SERVFAIL
www.dnbogus.alias.nsd.   AAAA   secure    NOERROR
www.dnsecure.alias.nsd.  CNAME  secure    NOERROR
www.dninsecure.alias.nsd. CNAME secure    NOERROR
dnsecure.alias.nsd.      DNAME  secure    NOERROR
secure.unsigned2.nsd.    A      insecure  NOERROR
bogus.unsigned2.nsd.     A      bogus     SERVFAIL
www.dn.unsigned2.nsd.    A      insecure  NOERROR
alias.badalias.nsd.      A      bogus     SERVFAIL
www.dn.badalias.nsd.     A      bogus     SERVFAIL

www.held.nsd.            A      secure    NOERROR
www.glueless.nsd.        A      secure    NOERROR
www.farglueless.nsd.     A      secure    NOERROR
www.sibling.nsd.         A      secure    NOERROR
www.v6broken.nsd.        A      secure    NOERROR
www.v4broken.nsd.        A      secure    NOERROR
www.v4only.nsd.          A      secure    NOERROR
www.v6only.nsd.          A      secure    NOERROR
www.overv4.nsd.          A      secure    NOERROR
www.halflame.nsd.        A      secure    NOERROR
nope.halflame.nsd.       A      secure    NXDOMAIN
www.lame.nsd.            A      failed    SERVFAIL
lame.nsd.                DS     secure    NOERROR
www.dead.nsd.            A      failed    SERVFAIL
www.halfdead.nsd.        A      secure    NOERROR
www.circle1.nsd.         A      failed    SERVFAIL
`

// casesSilent are about servers that do not answer.
const casesSilent = `
www.halfsilent.nsd.      A      secure    NOERROR
nope.halfsilent.nsd.     A      secure    NXDOMAIN
www.silent.nsd.          A      failed    SERVFAIL
`

// casesIPv6 are the cases with another result without IPv4.
const casesIPv6 = `
www.v4only.nsd.   A failed SERVFAIL
www.overv4.nsd.   A failed SERVFAIL
www.v6broken.nsd. A failed SERVFAIL
`

// difference is a case in which a program departs from the RFCs, or leaves
// a choice that they permit.
type difference struct {
	program string
	names   string
	qtype   uint16
	state   string
	rcode   string
	why     string
}

// differences are all that are known. A difference that is no longer there
// fails the test as well.
var differences = []difference{
	{"delv", "nope.hashed.bind. x.y.nope.hashed.bind. nope.dn.hashed.bind. nope.knot. goneoptout.alias.nsd.", dns.TypeA, "secure", "NXDOMAIN",
		"RFC 5155 section 9.2: no AD bit where an opt-out span covers the next closer name; delv has no AD bit, it says that the proof was verified"},
	{"delv", "foo.wild.hashed.bind.", dns.TypeAAAA, "secure", "NOERROR", "the same, for the proof that no closer name matches"},
	{"delv", "open.hashed.bind. unsigned.knot.", dns.TypeDS, "secure", "NOERROR", "the same, for the DS records of an unsigned delegation"},
	{"delv", "www.onebroken.nsd.", dns.TypeA, "bogus", "SERVFAIL",
		"RFC 6840 section 5.11: any valid path is enough; BIND gives up after one signature that does not verify (CVE-2023-50387)"},
	{"delv", "nope.onebroken.nsd. www.collision2.nsd.", dns.TypeA, "bogus", "SERVFAIL", "the same"},
	{"unbound", "www.sha256wrong.bind.", dns.TypeA, "secure", "NOERROR",
		"RFC 4509 section 3: SHA-1 digests SHOULD be ignored beside SHA-256; Unbound does so only with harden-algo-downgrade"},
	{"delv", "www.hostkey.nsd.", dns.TypeA, "secure", "NOERROR",
		"RFC 4034 section 2.1.1: a DNSKEY without the zone key flag MUST NOT verify signatures; BIND lets one enter the zone"},
	{"unbound", "www.revoked.nsd.", dns.TypeA, "secure", "NOERROR",
		"RFC 5011 section 2.1: a revoked key MUST NOT be used for any other purpose than to see that it is revoked"},
	{"unbound", "x.opttag.nsd.", dns.TypeTXT, "bogus", "SERVFAIL",
		"RFC 5155 section 6: a name in an opt-out span may belong to an unsigned zone; Unbound goes by the signer that the bad signature names"},
	{"unbound", "nope.nowild.nsd.", dns.TypeA, "secure", "NOERROR",
		"RFC 4035 section 3.1.3.4: the wildcard's own NSEC must show that the type is not there; Unbound takes the one before it as proof that the wildcard is empty"},
	{"unbound", "www.a.b.deepnsec.nsd. nope.a.b.deepnsec.nsd. www.a.b.deepnsec3.nsd.", dns.TypeA, "bogus", "SERVFAIL",
		"RFC 4035 section 5.2: the parent's signed DS records authenticate the child; Unbound wants proofs for the labels between as well"},
	{"unbound", "www.dnsecure.alias.nsd. www.dninsecure.alias.nsd.", dns.TypeCNAME, "bogus", "SERVFAIL",
		"RFC 6672 section 5.3.1: the DNAME record's signature is that of the CNAME made from it; Unbound looks for one of the CNAME"},
	{"delv", "www.dninsecure.alias.nsd.", dns.TypeCNAME, "insecure", "NOERROR",
		"RFC 1034 section 4.3.2: a question of type CNAME ends at the CNAME; BIND continues to its target"},
}

// expected returns what a program is known to make of a case.
func (c proofCase) expected(program string) (state, rcode, why string) {
	for _, d := range differences {
		if d.program == program && d.qtype == c.qtype && slices.Contains(strings.Fields(d.names), c.name) {
			return d.state, d.rcode, d.why
		}
	}
	return c.state, c.rcode, ""
}

// proofCases returns all questions about the fixed lab.
func proofCases() []proofCase {
	var cases []proofCase
	for _, zone := range []string{"basic.nsd.", "basic.knot.", "basic.bind.", "hashed.nsd.", "hashed.knot.", "hashed.bind."} {
		// RFC 5155 section 9.2: what an opt-out span denies may exist, unsigned.
		denial, wildcard := "secure", "secure"
		if zone == "hashed.bind." {
			denial, wildcard = "insecure", "insecure"
		}
		text := strings.NewReplacer("@", zone, "denial", denial, "wildcard", wildcard).Replace(soundCases)
		cases = append(cases, readCases(text)...)
	}
	return append(cases, readCases(otherCases)...)
}

// proofCasesIPv6 returns the same questions with their results when only IPv6
// may be used.
func proofCasesIPv6() []proofCase {
	cases := proofCases()
	for _, other := range readCases(casesIPv6) {
		i := slices.IndexFunc(cases, func(c proofCase) bool { return c.name == other.name && c.qtype == other.qtype })
		cases[i] = other
	}
	return cases
}

func readCases(text string) []proofCase {
	var cases []proofCase
	for line := range strings.Lines(strings.TrimSpace(text)) {
		fields := strings.Fields(line)
		if len(fields) == 0 {
			continue
		}
		if len(fields) < 4 {
			panic(fmt.Sprintf("case %q has fewer than four fields", line))
		}
		cases = append(cases, proofCase{fields[0], dns.StringToType[fields[1]], fields[2], fields[3]})
	}
	return cases
}
