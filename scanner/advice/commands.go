package advice

import (
	"adopt6/scanner/observation"
	"cmp"
	"fmt"
	"net/netip"
	"slices"
)

// The bounds of a measurement, as its commands have them: what fails within
// them must not work when a reader tries it with more patience. One step may
// take 10 s, and what is too slow for that has to fail in the command as well.
const (
	curlPage    = "--max-redirs 20 --connect-timeout 3 --max-time 60"
	curlStep    = "--max-redirs 20 --connect-timeout 3 --max-time 10"
	opensslStep = "timeout 13 openssl s_client"
	digOnce     = "dig +time=2 +tries=3"
)

// mostCommands is how many commands show one problem.
const mostCommands = 2

// commands returns what to type to see a problem, for different hosts.
func (c *collection) commands(p *problem, family string) []string {
	switch p.reason {
	case observation.TargetTimeout:
		return []string{"adopt6 check --target-timeout 10m " + c.o.Target.Name}
	case observation.SMTPDeferred, observation.SMTPRejectsVantage: // as for any mail server
	case observation.NeedsCookie, observation.ClientCertificate: // as for any web server
	default:
		if rules[p.reason].owner == Vantage {
			return []string{"adopt6 doctor"}
		}
	}
	var lines, hosts []string
	for _, location := range p.locations {
		line := c.command(p, location, family)
		if line == "" || len(lines) == mostCommands || slices.Contains(lines, line) || slices.Contains(hosts, location.Host) {
			continue
		}
		lines, hosts = append(lines, line), append(hosts, location.Host)
	}
	if len(p.locations) == 0 {
		if line := c.command(p, Location{Host: c.o.Target.Name}, family); line != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// command returns the line that shows a problem at one location; empty where
// its name cannot be typed safely.
func (c *collection) command(p *problem, location Location, family string) string {
	zone, host := c.zone(), location.Host
	if !typeable(host) || !typeable(zone) || p.zone != "" && !typeable(p.zone) {
		return ""
	}
	if p.failedLookup() {
		return fmt.Sprintf("adopt6 resolve --trace %s", host)
	}
	if p.reason == observation.RedirectToV4Only && typeable(p.leadsTo) { // curl follows no refresh
		return fmt.Sprintf("dig +noall +answer %[1]s A %[1]s AAAA", p.leadsTo)
	}
	if line, ok := c.ofReason(p, host); ok {
		return line
	}
	switch p.service {
	case DNS:
		return askServer(p.reason, location.Addr, zone, host)
	case Web:
		return c.askWeb(p.reason, location, family)
	case Mail:
		return askMailServer(p.reason, host, flag(location.Addr, family))
	case V6Only, MailV6Only:
		return fmt.Sprintf("adopt6 resolve --family v6 --trace %s NS", cmp.Or(p.zone, zone))
	}
	return fmt.Sprintf("delv %s SOA", cmp.Or(host, zone))
}

// ofReason returns the line for the reasons that have one of their own.
func (c *collection) ofReason(p *problem, host string) (line string, ok bool) {
	zone := c.zone()
	if p.service == DNSSEC {
		zone = cmp.Or(p.zone, zone)
	}
	switch p.reason {
	case observation.NXDomain, observation.DNSFailure:
		return fmt.Sprintf("adopt6 resolve --trace %s SOA", c.o.Target.Name), true
	case observation.NoNS:
		return fmt.Sprintf("dig %s NS", zone), true
	case observation.NSUnregistered:
		return fmt.Sprintf("adopt6 resolve --trace %s", host), true
	case observation.NoA, observation.NoNSA, observation.OneNSA, observation.DanglingAlias,
		observation.NoAAAA, observation.NoNSAAAA, observation.OneNSAAAA, observation.NoMXAAAA, observation.SomeHostsLackAAAA,
		observation.SpecialPurposeAddress, observation.AAAAOnlyOnApex, observation.AAAAOnlyOnWWW, observation.NoIntent:
		if p.service == MailV6Only { // the zone that fails, not its addresses
			break
		}
		return fmt.Sprintf("dig +noall +answer %s A %s AAAA", host, host), true
	case observation.GlueMissingA, observation.GlueMissingAAAA, observation.GlueDiffers, observation.NSSetDiffers:
		// The referral is the last answer but one.
		return fmt.Sprintf("dig +trace +nodnssec +additional %s NS", zone), true
	case observation.ParentsDiffer:
		return fmt.Sprintf("dig +norecurse +noall +authority +additional @%s %s NS", host, c.zone()), true
	case observation.SerialDiffers:
		return fmt.Sprintf("dig +nssearch %s", zone), true
	case observation.SameNetwork, observation.SameASN:
		return fmt.Sprintf("adopt6 check %s", c.o.Target.Name), true
	case observation.ImplicitMX:
		return fmt.Sprintf("dig +noall +answer %s MX", c.o.Target.Name), true
	case observation.ContentDiffers:
		return fmt.Sprintf("diff <(curl -4sSL %[2]s https://%[1]s/) <(curl -6sSL %[2]s https://%[1]s/)", host, curlPage), true
	case observation.IslandOfSecurity, observation.WeakDigest, observation.DSAbsent, observation.DSMismatch,
		observation.DigestUnsupported, observation.DNSKEYMissing:
		return fmt.Sprintf("dig +noall +answer %s DS %s DNSKEY", zone, zone), true
	case observation.WeakAlgorithm, observation.ShortKey:
		return fmt.Sprintf("dig +noall +answer +multiline %s DNSKEY", zone), true
	case observation.NSEC3Costly, observation.NSEC3IterationsHigh:
		return fmt.Sprintf("dig +noall +answer %s NSEC3PARAM", zone), true
	case observation.SignatureExpires:
		return fmt.Sprintf("dig +dnssec +multiline %s SOA", zone), true
	}
	return "", false
}

// askServer asks a name server what the probe asked it.
func askServer(reason observation.Reason, addr netip.Addr, zone, host string) string {
	server := host
	if addr.IsValid() {
		server = addr.String()
	}
	options, qtype := "+norecurse", "SOA"
	switch reason {
	case observation.TCPFails, observation.TCPRefused, observation.TCPReset, observation.TCPClosed:
		options += " +tcp"
	case observation.EDNSFails:
		options += " +dnssec +bufsize=1232"
	case observation.LargeAnswerFails, observation.AnswerTooLarge:
		options, qtype = options+" +dnssec +bufsize=1232", "DNSKEY"
	}
	return fmt.Sprintf("%s %s @%s %s %s", digOnce, options, server, zone, qtype)
}

// askWeb asks a web server what the probe asked it. Where only some of the
// host's addresses fail the line goes to the one that does.
func (c *collection) askWeb(reason observation.Reason, location Location, family string) string {
	f := flag(location.Addr, family)
	one := family != "both" && location.Addr.IsValid() && c.hasOther(location)
	switch reason {
	case observation.TLSExpired, observation.TLSNotYetValid, observation.TLSWrongName, observation.TLSUntrusted, observation.TLSOld,
		observation.TLSFailed, observation.CertificateDiffers, observation.ClientCertificate:
		to := f + " -connect " + location.Host
		if one {
			to = "-connect " + bracketed(location.Addr)
		}
		return fmt.Sprintf("%s %s:443 -servername %s </dev/null", opensslStep, to, location.Host)
	case observation.NoHTTPS, observation.HTTPSOnlyOverV4:
		return fmt.Sprintf("curl %ssSo /dev/null %s https://%s/", f, curlStep, location.Host)
	}
	scheme := "https"
	if location.Port == portHTTP {
		scheme = "http"
	}
	options, bounds := "vLo /dev/null", curlPage
	switch reason {
	case observation.Timeout:
		bounds = curlStep
	case observation.RedirectLoop, observation.TooManyRedirects, observation.RedirectToV4Only, observation.RedirectFails:
		options = "sSLo /dev/null -D -"
	case observation.NeedsCookie:
		options = "sSLo /dev/null -D - -b ''" // send back what was set
	}
	line := fmt.Sprintf("curl %s%s %s %s://%s/", f, options, bounds, scheme, location.Host)
	if one {
		line += fmt.Sprintf(" --resolve %s:%d:%s", location.Host, location.Port, bracketed(location.Addr))
	}
	return line
}

// hasOther says whether a host has further addresses of the same family.
func (c *collection) hasOther(location Location) bool {
	for _, e := range c.o.Endpoints {
		if e.Host == location.Host && e.Addr.IsValid() && e.Addr != location.Addr && e.Addr.Is4() == location.Addr.Is4() {
			return true
		}
	}
	return false
}

// askMailServer talks to a mail server as far as the probe did.
func askMailServer(reason observation.Reason, host, f string) string {
	switch reason {
	case observation.StartTLSFailed, observation.StartTLSOnlyOverV4, observation.TLSExpired, observation.TLSNotYetValid,
		observation.TLSWrongName, observation.TLSUntrusted, observation.TLSOld, observation.TLSFailed, observation.CertificateDiffers:
		return fmt.Sprintf("%s %s -starttls smtp -connect %s:25 </dev/null", opensslStep, f, host)
	}
	patience := 10
	if reason == observation.SMTPDeferred { // as long as mail servers wait (RFC 5321 section 4.5.3.2)
		patience = 300
	}
	return fmt.Sprintf("swaks %s --server %s --timeout %d --quit-after EHLO", f, host, patience)
}

// flag is the option by which curl, openssl and swaks keep to one family.
func flag(addr netip.Addr, family string) string {
	if addr.Is4() && family != "both" || family == "IPv4" {
		return "-4"
	}
	return "-6"
}

func bracketed(a netip.Addr) string {
	if a.Is4() {
		return a.String()
	}
	return "[" + a.String() + "]"
}

// typeable says whether a name can be put into a command line: letters, digits,
// hyphens, underscores and dots, and no hyphen at the begin, where it would be
// an option. A name from the DNS can hold every byte.
func typeable(name string) bool {
	if name == "" || name[0] == '-' || len(name) > 254 {
		return false
	}
	for _, b := range []byte(name) {
		switch {
		case 'a' <= b && b <= 'z', 'A' <= b && b <= 'Z', '0' <= b && b <= '9', b == '-', b == '.', b == '_':
		default:
			return false
		}
	}
	return true
}
