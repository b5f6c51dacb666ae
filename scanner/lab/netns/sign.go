//go:build linux

package netns

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"time"

	"github.com/miekg/dns"
)

// Signer is a tool that signs zones.
type Signer string

// The signers, by the program's name.
const (
	Unsigned   Signer = ""
	SignerLDNS Signer = "ldns-signzone"
	SignerBIND Signer = "dnssec-signzone"
	SignerKnot Signer = "kzonesign"
)

// NSEC3 holds the parameters of hashed denial (RFC 5155).
type NSEC3 struct {
	Iterations int
	Salt       string // hexadecimal
	OptOut     bool
}

// Signing says how a zone is signed.
type Signing struct {
	By Signer
	// Keys sign the zone. Knot makes a key of its own, of the first one's
	// algorithm.
	Keys  []*Key
	NSEC3 *NSEC3 // nil: NSEC
	// Inception and Expiration bound the signatures; Knot takes its own.
	Inception, Expiration time.Time
}

// signZone has a tool sign the zone whose records stand in text, and returns
// the signed zone. It works in dir, which must be the zone's own.
func signZone(ctx context.Context, dir, zone, text string, s Signing) ([]dns.RR, error) {
	zone = dns.Fqdn(zone)
	file, signed := filepath.Join(dir, "unsigned"), filepath.Join(dir, "signed")
	var err error
	var cmd *exec.Cmd
	switch s.By {
	case Unsigned:
		return parse(zone, text)
	case SignerLDNS:
		cmd, err = ldns(dir, zone, file, signed, s)
	case SignerBIND:
		cmd, err = bind(dir, zone, file, signed, s)
		for _, k := range s.Keys {
			text += k.DNSKEY.String() + "\n"
		}
	case SignerKnot:
		cmd, err = knot(dir, zone, file, signed, s)
	default:
		err = fmt.Errorf("unknown signer %q", s.By)
	}
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w", zone, err)
	}
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		return nil, err
	}
	said, err := exec.CommandContext(ctx, cmd.Path, cmd.Args[1:]...).CombinedOutput()
	if err != nil {
		return nil, fmt.Errorf("sign %s: %s: %w\n%s", zone, s.By, err, said)
	}
	result, err := os.ReadFile(signed)
	if err != nil {
		return nil, fmt.Errorf("sign %s: %w\n%s", zone, err, said)
	}
	return parse(zone, string(result))
}

func ldns(dir, zone, file, signed string, s Signing) (*exec.Cmd, error) {
	args := []string{"-U", "-A", "-o", zone, "-f", signed,
		"-i", strconv.FormatInt(s.Inception.Unix(), 10), "-e", strconv.FormatInt(s.Expiration.Unix(), 10)}
	if s.NSEC3 != nil {
		args = append(args, "-n", "-t", strconv.Itoa(s.NSEC3.Iterations))
		if s.NSEC3.Salt != "" {
			args = append(args, "-s", s.NSEC3.Salt)
		}
		if s.NSEC3.OptOut {
			args = append(args, "-p")
		}
	}
	bases, err := writeKeys(dir, s.Keys)
	return exec.Command("/usr/bin/ldns-signzone", append(append(args, file), bases...)...), err
}

func bind(dir, zone, file, signed string, s Signing) (*exec.Cmd, error) {
	form := "20060102150405"
	args := []string{"-q", "-z", "-P", "-O", "full", "-d", dir, "-o", zone, "-f", signed,
		"-s", s.Inception.UTC().Format(form), "-e", s.Expiration.UTC().Format(form)}
	if s.NSEC3 != nil {
		salt := s.NSEC3.Salt
		if salt == "" {
			salt = "-"
		}
		args = append(args, "-3", salt, "-H", strconv.Itoa(s.NSEC3.Iterations))
		if s.NSEC3.OptOut {
			args = append(args, "-A")
		}
	}
	bases, err := writeKeys(dir, s.Keys)
	return exec.Command("/usr/bin/dnssec-signzone", append(append(args, file), bases...)...), err
}

func knot(dir, zone, file, signed string, s Signing) (*exec.Cmd, error) {
	var policy strings.Builder
	fmt.Fprintf(&policy, "policy:\n  - id: p\n    single-type-signing: on\n    cds-cdnskey-publish: none\n    algorithm: %s\n",
		strings.ToLower(dns.AlgorithmToString[s.Keys[0].DNSKEY.Algorithm]))
	if s.NSEC3 != nil {
		fmt.Fprintf(&policy, "    nsec3: on\n    nsec3-iterations: %d\n    nsec3-salt-length: %d\n    nsec3-opt-out: %t\n",
			s.NSEC3.Iterations, len(s.NSEC3.Salt)/2, s.NSEC3.OptOut)
	}
	conf := fmt.Sprintf("server:\n  rundir: %q\ndatabase:\n  storage: %q\n%szone:\n  - domain: %q\n    file: %q\n    dnssec-signing: on\n    dnssec-policy: p\n",
		dir, dir, policy.String(), zone, file)
	// Knot names the signed file after the source file.
	out := filepath.Join(dir, "out")
	if err := os.Mkdir(out, 0o755); err != nil {
		return nil, err
	}
	if err := os.Symlink(filepath.Join(out, filepath.Base(file)), signed); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, "knot.conf")
	return exec.Command("/usr/bin/kzonesign", "-c", path, "-o", out, zone), os.WriteFile(path, []byte(conf), 0o644)
}

func writeKeys(dir string, keys []*Key) (bases []string, err error) {
	for _, k := range keys {
		base, err := k.write(dir)
		if err != nil {
			return nil, err
		}
		bases = append(bases, base)
	}
	return bases, nil
}

// parse reads a zone in text form.
func parse(zone, text string) ([]dns.RR, error) {
	parser := dns.NewZoneParser(strings.NewReader(text), zone, zone)
	parser.SetDefaultTTL(3600)
	var records []dns.RR
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		records = append(records, rr)
	}
	if err := parser.Err(); err != nil {
		return nil, fmt.Errorf("zone %s: %w", zone, err)
	}
	return records, nil
}

// format writes a zone in text form.
func format(records []dns.RR) []byte {
	var b bytes.Buffer
	for _, rr := range records {
		b.WriteString(rr.String())
		b.WriteByte('\n')
	}
	return b.Bytes()
}
