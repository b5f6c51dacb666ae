package probe

import (
	"slices"

	"adopt6/scanner/netaddr"
	"adopt6/scanner/observation"
)

// noService is the greeting of a host that says that it takes no mail (RFC
// 7504).
const noService = 521

// judgeExchangers sets the verdicts on mail from the contacts.
func (v *measurement) judgeExchangers(exchangers []*exchanger) {
	var v4, v6, startTLS, utf8 []observation.Verdict
	for _, x := range exchangers {
		v4 = append(v4, x.v4.judge(&x.v6))
		over6 := x.judgeV6()
		v6 = append(v6, over6)
		v.exchangersV6 = append(v.exchangersV6, exchangerV6{x.host, over6})
		startTLS = append(startTLS, x.startTLS())
		utf8 = append(utf8, x.utf8())
	}
	v.obs.MailV4, v.obs.Mail = judgeMail(v4, observation.NoA), judgeMail(v6, observation.NoMXAAAA)
	v.obs.StartTLS = judgeFeature(startTLS, v.obs.Mail)
	v.obs.SMTPUTF8 = judgeFeature(utf8, worst([]observation.Verdict{v.obs.MailV4, v.obs.Mail}))
}

// judgeMail gives the verdict on one family from those on the exchangers.
// Where none has an address of the family, the reason is lacking.
func judgeMail(exchangers []observation.Verdict, lacking observation.Reason) observation.Verdict {
	verdict := combine(exchangers, observation.SomeHostsFail)
	if verdict.Status == observation.Absent {
		return absent(lacking)
	}
	fails := func(e observation.Verdict) bool { return e.Status == observation.Broken }
	if verdict == partial(observation.SomeHostsFail) && lacking == observation.NoMXAAAA && !slices.ContainsFunc(exchangers, fails) {
		return partial(observation.SomeHostsLackAAAA)
	}
	return verdict
}

// judgeFeature gives the verdict on something that exchangers may offer, from
// those on the exchangers that could be asked; where none could, service says
// why.
func judgeFeature(exchangers []observation.Verdict, service observation.Verdict) observation.Verdict {
	asked := slices.DeleteFunc(slices.Clone(exchangers), func(e observation.Verdict) bool { return e.Status == observation.Unmeasured })
	switch {
	case len(asked) > 0:
		return combine(asked, worst(asked).Reason)
	case service.Status == observation.Absent:
		return service
	}
	return unmeasured(service.Reason)
}

// judge gives the verdict on an exchanger over one family. What it does over
// the other tells whether a failure is the exchanger's or this vantage's.
func (f *exchangerFamily) judge(other *exchangerFamily) observation.Verdict {
	if f.published.Status != observation.OK {
		return f.published
	}
	var verdicts []observation.Verdict
	for _, c := range f.contacts {
		verdicts = append(verdicts, c.verdict)
	}
	verdict := combine(verdicts, observation.SomeAddressesFail)
	switch {
	case verdict.Status != observation.Broken:
		return verdict
	case slices.Contains(verdicts, unmeasured(observation.SMTPDeferred)):
		// One address is not broken, it asks to come back.
		return unmeasured(observation.SMTPDeferred)
	case verdict.Reason == observation.SMTPRejected && !other.greets():
		// Block lists are the likelier cause: they name networks like ours.
		return unmeasured(observation.SMTPRejectsVantage)
	case f.all(filtered) && other.all(filtered):
		// Silence over both families is more often a network that lets no mail
		// out than a host that is dead twice.
		return unmeasured(observation.PortFiltered)
	case f.all(unheard) && !other.greets():
		// As with a rejection: it may be this vantage that is turned away.
		return unmeasured(observation.SMTPRejectsVantage)
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
	return c.session == nil && c.verdict == broken(observation.Timeout)
}

// unheard says that the connection opened and was closed without a word.
func unheard(c *mailContact) bool {
	return c.session != nil && c.session.Facts.Code == 0 && c.verdict == broken(observation.TCPReset)
}

// greets says whether an address greets and answers EHLO.
func (f *exchangerFamily) greets() bool {
	return slices.ContainsFunc(f.contacts, func(c *mailContact) bool { return c.verdict.Status == observation.OK })
}

// judgeV6 judges the exchanger over IPv6. Mail that travels in the clear over
// IPv6 and encrypted over IPv4 is a step back.
func (x *exchanger) judgeV6() observation.Verdict {
	verdict := x.v6.judge(&x.v4)
	if verdict.Status == observation.OK && x.startTLS().Status != observation.OK && secureSessions(x.v4.contacts) == allSessions {
		return partial(observation.StartTLSOnlyOverV4)
	}
	return verdict
}

// startTLS says whether mail to the exchanger can travel encrypted over IPv6:
// STARTTLS is offered and the handshake works, whatever the certificate.
// Unmeasured where no session was held.
func (x *exchanger) startTLS() observation.Verdict {
	verdict := absent(observation.NoStartTLS)
	for _, c := range x.v6.contacts {
		if c.session != nil && c.session.StartTLS == observation.StartTLSFailed {
			verdict = broken(observation.StartTLSFailed)
		}
	}
	switch secureSessions(x.v6.contacts) {
	case noSessions:
		return unmeasured(observation.NotProbed)
	case allSessions:
		return observation.Verdict{Status: observation.OK}
	case someSessions:
		return partial(verdict.Reason)
	}
	if verdict.Status == observation.Absent && secureSessions(x.v4.contacts) == allSessions {
		return absent(observation.StartTLSOnlyOverV4)
	}
	return verdict
}

// utf8 says whether the exchanger offers SMTPUTF8 over either family.
func (x *exchanger) utf8() observation.Verdict {
	verdict := unmeasured(observation.NotProbed)
	for _, c := range slices.Concat(x.v4.contacts, x.v6.contacts) {
		if c.verdict.Status != observation.OK {
			continue
		}
		if c.session.Facts.UTF8 {
			return observation.Verdict{Status: observation.OK}
		}
		verdict = absent(observation.NoSMTPUTF8)
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
		if c.verdict.Status != observation.OK {
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

// refusesMail says that nothing at the host speaks SMTP, or that it says itself
// that it takes no mail. Over IPv6 alone a vantage may be unable to tell; what
// IPv4 says decides then.
func (x *exchanger) refusesMail() bool {
	tried := false
	for _, c := range slices.Concat(x.v4.contacts, x.v6.contacts) {
		code := 0
		if c.session != nil {
			code = c.session.Facts.Code
		}
		switch {
		case c.addr.Is6() && c.unreached():
			continue
		case c.verdict.Status == observation.Unmeasured && c.verdict.Reason != observation.SMTPDeferred, code != 0 && code != noService:
			return false
		}
		tried = true
	}
	return tried
}

// unreached says that this vantage did not try.
func (c *mailContact) unreached() bool {
	return c.session == nil && c.verdict.Status == observation.Unmeasured
}
