package configs

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"slices"
	"strings"

	"adopt6/configs/section"
)

// checkEnvironment reports ADOPT6_* variables that set nothing.
func checkEnvironment(environ []string) error {
	var faults []error
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(otherVariables, name) {
			continue
		}
		if !slices.ContainsFunc(keys, func(k key) bool { return envName(k.name) == name }) {
			closest := envName(section.Closest(strings.ToLower(strings.TrimPrefix(name, envPrefix)), keyNames()))
			faults = append(faults, fmt.Errorf("environment: unknown setting %s; did you mean %s?", name, closest))
		}
	}
	return errors.Join(faults...)
}

// check reports values that make no sense.
func (s *Settings) check() error {
	var faults []error
	if !slices.Contains([]string{"plain", "text", "json"}, s.Log.Format) {
		faults = append(faults, fmt.Errorf("log.format must be plain, text or json, is %q (%s)", s.Log.Format, s.origins["log.format"]))
	}
	if strings.ContainsFunc(s.Scan.Contact, notInComment) {
		faults = append(faults, fmt.Errorf("scan.contact (%s) must be a web page or mail address in ASCII, without blanks and parentheses", s.origins["scan.contact"]))
	}
	if s.Scan.HELO != "" && !isHostName(s.Scan.HELO) {
		faults = append(faults, fmt.Errorf("scan.helo (%s) must be the full name of a host, such as scanner.example.org", s.origins["scan.helo"]))
	}
	faults = append(faults, s.checkServe())
	if s.Store.DSN != "" {
		if dsn, err := url.Parse(s.Store.DSN); err != nil || dsn.Host == "" {
			// The value may hold a password, so it is not repeated.
			faults = append(faults, fmt.Errorf("store.dsn (%s) is not an address such as clickhouse://user@host:9000/adopt6", s.origins["store.dsn"]))
		}
	}
	return errors.Join(faults...)
}

// checkServe reports settings of the server that make no sense.
func (s *Settings) checkServe() error {
	var faults []error
	if _, _, err := net.SplitHostPort(s.Serve.Listen); err != nil {
		faults = append(faults, fmt.Errorf("serve.listen (%s) must be an address and a port such as 127.0.0.1:8080 or [::1]:8080, is %q", s.origins["serve.listen"], s.Serve.Listen))
	}
	if (s.Serve.TLSCert == "") != (s.Serve.TLSKey == "") {
		faults = append(faults, errors.New("serve.tls_cert and serve.tls_key go together; one of them is empty"))
	}
	if !slices.Contains([]string{"text", "json", "none"}, s.Serve.Log) {
		faults = append(faults, fmt.Errorf("serve.log (%s) must be text, json or none, is %q", s.origins["serve.log"], s.Serve.Log))
	}
	return errors.Join(faults...)
}

// notInComment reports whether a rune is not allowed in a comment of a User-Agent
// header (RFC 9110 section 5.6.5).
func notInComment(r rune) bool { return r <= ' ' || r >= 0x7f || r == '(' || r == ')' || r == '\\' }

// isHostName reports whether a name has two labels or more of letters, digits and
// hyphens, as EHLO needs (RFC 5321 section 4.1.1.1).
func isHostName(name string) bool {
	labels := strings.Split(strings.TrimSuffix(name, "."), ".")
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' ||
			strings.Trim(strings.ToLower(label), "abcdefghijklmnopqrstuvwxyz0123456789-") != "" {
			return false
		}
	}
	return len(labels) > 1 && len(name) <= 254
}
