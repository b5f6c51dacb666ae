package configs

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"
)

// mostPasses is how many times more a failing target may be measured.
const mostPasses = 10

// checkKeys reports every key of a file that is no setting, with its line and
// the closest setting.
func checkKeys(file string) error {
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read configuration: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return fmt.Errorf("%s: %w", file, err)
	}
	if len(doc.Content) == 0 {
		return nil // empty, or only comments
	}
	root := doc.Content[0]
	if root.Kind != yaml.MappingNode {
		return fmt.Errorf("%s:%d: expected settings such as \"scan:\", found %q", file, root.Line, root.Value)
	}
	return checkMapping(file, "", root)
}

func checkMapping(file, prefix string, m *yaml.Node) error {
	var faults []error
	for i := 0; i+1 < len(m.Content); i += 2 {
		name, value := m.Content[i], m.Content[i+1]
		full := prefix + name.Value
		switch {
		case isKey(full), full == jobsSection, full == notifySection:
		case isSection(full) && value.Kind == yaml.MappingNode:
			faults = append(faults, checkMapping(file, full+".", value))
		case isSection(full):
			if value.Tag != "!!null" {
				faults = append(faults, fmt.Errorf("%s:%d: %s is a section, not a setting", file, name.Line, full))
			}
		default:
			faults = append(faults, fmt.Errorf("%s:%d: unknown setting %q; did you mean %q?", file, name.Line, full, closestKey(full)))
		}
	}
	return errors.Join(faults...)
}

// checkEnvironment reports ADOPT6_* variables that set nothing.
func checkEnvironment(environ []string) error {
	var faults []error
	for _, entry := range environ {
		name, _, _ := strings.Cut(entry, "=")
		if !strings.HasPrefix(name, envPrefix) || slices.Contains(otherVariables, name) {
			continue
		}
		if !slices.ContainsFunc(keys, func(k key) bool { return envName(k.name) == name }) {
			closest := envName(closestKey(strings.ToLower(strings.TrimPrefix(name, envPrefix))))
			faults = append(faults, fmt.Errorf("environment: unknown setting %s; did you mean %s?", name, closest))
		}
	}
	return errors.Join(faults...)
}

func isKey(name string) bool {
	return slices.ContainsFunc(keys, func(k key) bool { return k.name == name })
}

func isSection(name string) bool {
	return slices.ContainsFunc(keys, func(k key) bool { return strings.HasPrefix(k.name, name+".") })
}

// closestKey returns the setting whose full name, or whose name without its
// section, differs least from name.
func closestKey(name string) string {
	closest := slices.MinFunc(keys, func(a, b key) int { return distance(name, a.name) - distance(name, b.name) })
	return closest.name
}

func distance(name, key string) int {
	_, last, _ := strings.Cut(key, ".")
	return min(levenshtein.ComputeDistance(name, key), levenshtein.ComputeDistance(name, last))
}

// check reports values that make no sense.
func (s *Settings) check() error {
	var faults []error
	positive := func(name string, ok bool) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s must be more than 0, is %v (%s)", name, s.values[name], s.origins[name]))
		}
	}
	notNegative := func(name string, ok bool) {
		if !ok {
			faults = append(faults, fmt.Errorf("%s must not be negative, is %v (%s)", name, s.values[name], s.origins[name]))
		}
	}
	positive("scan.workers", s.Scan.Workers > 0)
	positive("scan.max_queries", s.Scan.MaxQueries > 0)
	positive("scan.timeout", s.Scan.Timeout > 0)
	positive("dns.timeout", s.DNS.Timeout > 0)
	notNegative("scan.rate", s.Scan.Rate >= 0)
	notNegative("scan.rate_per_server", s.Scan.RatePerServer >= 0)
	if !slices.Contains([]string{"plain", "text", "json"}, s.Log.Format) {
		faults = append(faults, fmt.Errorf("log.format must be plain, text or json, is %q (%s)", s.Log.Format, s.origins["log.format"]))
	}
	notNegative("scan.rate_per_operator", s.Scan.RatePerOperator >= 0)
	notNegative("scan.confirm", s.Scan.Confirm >= 0)
	notNegative("scan.confirm_after", s.Scan.ConfirmAfter >= 0)
	if s.Scan.Confirm > mostPasses {
		faults = append(faults, fmt.Errorf("scan.confirm must be %d at most, is %d (%s)", mostPasses, s.Scan.Confirm, s.origins["scan.confirm"]))
	}
	notNegative("dns.retries", s.DNS.Retries >= 0)
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
			faults = append(faults, fmt.Errorf("store.dsn (%s) is no address such as clickhouse://user@host:9000/adopt6", s.origins["store.dsn"]))
		}
	}
	return errors.Join(faults...)
}

// checkServe reports settings of the server that make no sense.
func (s *Settings) checkServe() error {
	var faults []error
	for _, n := range []struct {
		name string
		ok   bool
		must string
	}{
		{"serve.rate", s.Serve.Rate >= 0, "not be negative"},
		{"serve.cache", s.Serve.Cache > 0, "be more than 0"},
		{"serve.queries", s.Serve.Queries > 0, "be more than 0"},
		{"serve.timeout", s.Serve.Timeout > 0, "be more than 0"},
	} {
		if !n.ok {
			faults = append(faults, fmt.Errorf("%s must %s, is %v (%s)", n.name, n.must, s.values[n.name], s.origins[n.name]))
		}
	}
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

// notInComment says whether a rune cannot stand in a comment of a User-Agent
// header (RFC 9110 section 5.6.5).
func notInComment(r rune) bool { return r <= ' ' || r >= 0x7f || r == '(' || r == ')' || r == '\\' }

// isHostName says whether a name has two labels or more of letters, digits and
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
