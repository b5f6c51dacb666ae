package probe

import (
	"slices"

	"adopt6/scanner"
	"adopt6/scanner/netaddr"
)

// noService is the greeting of a host that says that it takes no mail (RFC
// 7504).
const noService = 521

// judgeExchangers sets the verdicts on mail from the contacts.
func (v *visit) judgeExchangers(exchangers []*exchanger) {
	var v4, v6, startTLS, utf8 []scanner.Verdict
	for _, x := range exchangers {
		v4 = append(v4, x.v4.judge(&x.v6))
		v6 = append(v6, x.judgeV6())
		startTLS = append(startTLS, x.startTLS())
		utf8 = append(utf8, x.utf8())
	}
	v.obs.MailV4, v.obs.Mail = judgeMail(v4, scanner.NoA), judgeMail(v6, scanner.NoMXAAAA)
	v.obs.StartTLS = judgeFeature(startTLS, v.obs.Mail)
	v.obs.SMTPUTF8 = judgeFeature(utf8, worst([]scanner.Verdict{v.obs.MailV4, v.obs.Mail}))
}

// judgeMail gives the verdict on one family from those on the exchangers.
// Where none has an address of the family, the reason is lacking.
func judgeMail(exchangers []scanner.Verdict, lacking scanner.Reason) scanner.Verdict {
	verdict := combine(exchangers, scanner.SomeHostsFail)
	if verdict.Status == scanner.Absent {
		return absent(lacking)
	}
	fails := func(e scanner.Verdict) bool { return e.Status == scanner.Broken }
	if verdict == partial(scanner.SomeHostsFail) && lacking == scanner.NoMXAAAA && !slices.ContainsFunc(exchangers, fails) {
		return partial(scanner.SomeHostsLackAAAA)
	}
	return verdict
}

// judgeFeature gives the verdict on something that exchangers may offer, from
// those on the exchangers that could be asked; where none could, service says
// why.
func judgeFeature(exchangers []scanner.Verdict, service scanner.Verdict) scanner.Verdict {
	asked := slices.DeleteFunc(slices.Clone(exchangers), func(e scanner.Verdict) bool { return e.Status == scanner.Unmeasured })
	switch {
	case len(asked) > 0:
		return combine(asked, worst(asked).Reason)
	case service.Status == scanner.Absent:
		return service
	}
	return unmeasured(service.Reason)
}

// judge gives the verdict on an exchanger over one family. What it does over
// the other tells whether a failure is the exchanger's or this vantage's.
func (f *exchangerFamily) judge(other *exchangerFamily) scanner.Verdict {
	if f.published.Status != scanner.OK {
		return f.published
	}
	var verdicts []scanner.Verdict
	for _, c := range f.contacts {
		verdicts = append(verdicts, c.verdict)
	}
	verdict := combine(verdicts, scanner.SomeAddressesFail)
	switch {
	case verdict.Status != scanner.Broken:
		return verdict
	case slices.Contains(verdicts, unmeasured(scanner.SMTPDeferred)):
		// One address is not broken, it asks to come back.
		return unmeasured(scanner.SMTPDeferred)
	case verdict.Reason == scanner.SMTPRejected && !other.greets():
		// Block lists are the likelier cause: they name networks like ours.
		return unmeasured(scanner.SMTPRejectsVantage)
	case f.all(filtered) && other.all(filtered):
		// Silence over both families is more often a network that lets no mail
		// out than a host that is dead twice.
		return unmeasured(scanner.PortFiltered)
	case f.all(tarries) && other.all(tarries):
		// Other mail servers wait five minutes for a greeting (RFC 5321 section
		// 4.5.3.2.1), and some use that to put strangers off.
		return unmeasured(scanner.SMTPDeferred)
	}
	return verdict
}

// all says whether a condition holds for every contact that could be made, and
// there is one.
func (f *exchangerFamily) all(condition func(*mailContact) bool) bool {
	some := false
	for _, c := range f.contacts {
		if !netaddr.Classify(c.addr).Usable {
			continue
		}
		if !condition(c) {
			return false
		}
		some = true
	}
	return some
}

// filtered says that nothing answered.
func filtered(c *mailContact) bool {
	return c.session == nil && c.verdict == broken(scanner.Timeout)
}

// tarries says that the connection opened and the greeting did not come.
func tarries(c *mailContact) bool {
	return c.session != nil && c.session.Facts.Code == 0 && c.verdict == broken(scanner.Timeout)
}

// greets says whether an address greets and answers EHLO.
func (f *exchangerFamily) greets() bool {
	return slices.ContainsFunc(f.contacts, func(c *mailContact) bool { return c.verdict.Status == scanner.OK })
}

// judgeV6 judges the exchanger over IPv6. Mail that travels in the clear over
// IPv6 and encrypted over IPv4 is a step back.
func (x *exchanger) judgeV6() scanner.Verdict {
	verdict := x.v6.judge(&x.v4)
	if verdict.Status == scanner.OK && x.startTLS().Status != scanner.OK && secureSessions(x.v4.contacts) == allSessions {
		return partial(scanner.StartTLSOnlyOverV4)
	}
	return verdict
}

// startTLS says whether mail to the exchanger can travel encrypted over IPv6:
// STARTTLS is offered and the handshake works, whatever the certificate.
// Unmeasured where no session was held.
func (x *exchanger) startTLS() scanner.Verdict {
	verdict := absent(scanner.NoStartTLS)
	for _, c := range x.v6.contacts {
		if c.session != nil && c.session.StartTLS == scanner.StartTLSFailed {
			verdict = broken(scanner.StartTLSFailed)
		}
	}
	switch secureSessions(x.v6.contacts) {
	case noSessions:
		return unmeasured(scanner.NotProbed)
	case allSessions:
		return scanner.Verdict{Status: scanner.OK}
	case someSessions:
		return partial(verdict.Reason)
	}
	if verdict.Status == scanner.Absent && secureSessions(x.v4.contacts) == allSessions {
		return absent(scanner.StartTLSOnlyOverV4)
	}
	return verdict
}

// utf8 says whether the exchanger offers SMTPUTF8 over either family.
func (x *exchanger) utf8() scanner.Verdict {
	verdict := unmeasured(scanner.NotProbed)
	for _, c := range slices.Concat(x.v4.contacts, x.v6.contacts) {
		if c.verdict.Status != scanner.OK {
			continue
		}
		if c.session.Facts.UTF8 {
			return scanner.Verdict{Status: scanner.OK}
		}
		verdict = absent(scanner.NoSMTPUTF8)
	}
	return verdict
}

// share is which of some sessions have something.
type share uint8

const (
	noSessions share = iota // there are none
	noneOfSessions
	someSessions
	allSessions
)

// secureSessions says in which of the sessions that were held STARTTLS worked.
func secureSessions(contacts []*mailContact) share {
	held, secure := 0, 0
	for _, c := range contacts {
		if c.verdict.Status != scanner.OK {
			continue
		}
		held++
		if c.session.StartTLS == "" {
			secure++
		}
	}
	switch {
	case held == 0:
		return noSessions
	case secure == 0:
		return noneOfSessions
	case secure < held:
		return someSessions
	}
	return allSessions
}

// takesNoMail says that nothing at the host speaks SMTP, or that it says itself
// that it takes no mail. Over IPv6 alone a vantage may be unable to tell; what
// IPv4 says decides then.
func (x *exchanger) takesNoMail() bool {
	tried := false
	for _, c := range slices.Concat(x.v4.contacts, x.v6.contacts) {
		code := 0
		if c.session != nil {
			code = c.session.Facts.Code
		}
		switch {
		case c.addr.Is6() && c.unreached():
			continue
		case c.verdict.Status == scanner.Unmeasured, code != 0 && code != noService:
			return false
		}
		tried = true
	}
	return tried
}

// unreached says that this vantage did not try.
func (c *mailContact) unreached() bool {
	return c.session == nil && c.verdict.Status == scanner.Unmeasured
}
