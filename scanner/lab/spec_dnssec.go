package lab

import (
	"encoding/hex"
	"time"

	"github.com/miekg/dns"
	"go.yaml.in/yaml/v3"

	"adopt6/scanner/lab/authority"
)

// DNSSEC says how a zone is signed: the words signed or unsigned, or a mapping.
type DNSSEC struct {
	Signed bool

	Algorithms []uint8 // one CSK, or KSK and ZSK, for each
	Bits       int     // of RSA keys
	Split      bool    // KSK and ZSK instead of one CSK
	NSEC3      *authority.NSEC3
	Digests    []uint8 // of the DS records; SHA-256 when empty
	DS         string  // ok, none (an island of security), wrong, unsigned_zone
	Revoked    bool    // the KSK has the REVOKE bit
	Faults     []authority.SigningFault
}

// dsWords are what the parent can say of a zone.
var dsWords = map[string]string{
	"ok":     "the digest of the zone's key",
	"none":   "nothing, though the zone is signed: an island of security",
	"wrong":  "the digest of another key with the same tag and algorithm",
	"absent": "the digest of a key that the zone does not have",
}

// digestTypes are the DS digests by name. The unknown one is unassigned.
var digestTypes = map[string]uint8{"SHA1": dns.SHA1, "SHA256": dns.SHA256, "SHA384": dns.SHA384, "unknown": 200}

// signingFaults are the mistakes in signing by name.
var signingFaults = map[string]struct {
	kind  authority.FaultKind
	about string
}{
	"expired":        {authority.Expired, "the signatures' validity has ended"},
	"expires_soon":   {authority.ExpiresSoon, "the signatures' validity of a month ends in two days"},
	"not_yet_valid":  {authority.NotYetValid, "the signatures' validity has not begun"},
	"missing_rrsig":  {authority.MissingRRSIG, "records without signatures"},
	"corrupt_rrsig":  {authority.CorruptRRSIG, "one bit of each signature is wrong"},
	"missing_dnskey": {authority.MissingDNSKEY, "the zone has no DNSKEY records"},
	"missing_denial": {authority.MissingDenial, "negative answers without NSEC or NSEC3"},
	"wrong_denial":   {authority.WrongDenial, "negative answers with a proof for another name"},
	"wrong_signer":   {authority.WrongSigner, "signatures that name the parent as signer"},
	"unknown_key":    {authority.UnknownKey, "signatures by a key that is not published"},
	"wrong_labels":   {authority.WrongLabels, "signatures with too small a label count"},
	"many_rrsig":     {authority.ManyRRSIG, "count further signatures that do not verify (KeyTrap)"},
	"colliding_keys": {authority.CollidingKeys, "count further keys with the tag of the real one (KeyTrap)"},
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *DNSSEC) UnmarshalYAML(node *yaml.Node) error {
	switch {
	case node.Value == "signed" || node.Value == "unsigned":
		*s = DNSSEC{Signed: node.Value == "signed"}
		return nil
	case node.Kind != yaml.MappingNode:
		return nodeError(node, "dnssec: signed, unsigned or a mapping")
	}
	body := struct {
		Algorithm  yaml.Node   `yaml:"algorithm"`
		Algorithms []yaml.Node `yaml:"algorithms"`
		Bits       *int        `yaml:"bits"`
		Split      *bool       `yaml:"split"`
		Revoked    *bool       `yaml:"revoked"`
		NSEC3      yaml.Node   `yaml:"nsec3"`
		Digests    []yaml.Node `yaml:"digests"`
		DS         yaml.Node   `yaml:"ds"`
		Fault      yaml.Node   `yaml:"fault"`
		Faults     []yaml.Node `yaml:"faults"`
	}{}
	if err := decode(node, &body); err != nil {
		return err
	}
	s.Signed = true
	set(&s.Bits, body.Bits)
	if s.Bits != 0 && (s.Bits < 1024 || s.Bits > 4096 || s.Bits%16 != 0) {
		return nodeError(node, "bits: %d; an RSA key has 1024 to 4096, in steps of 16", s.Bits)
	}
	set(&s.Split, body.Split)
	set(&s.Revoked, body.Revoked)
	if !body.Algorithm.IsZero() {
		body.Algorithms = append(body.Algorithms, body.Algorithm)
	}
	var err error
	if s.Algorithms, err = words(s.Algorithms, body.Algorithms, "algorithm", authority.Algorithms()); err != nil {
		return err
	}
	if s.Digests, err = words(s.Digests, body.Digests, "digest", digestTypes); err != nil {
		return err
	}
	if !body.DS.IsZero() {
		if s.DS = body.DS.Value; dsWords[s.DS] == "" {
			return unknownKey(&body.DS, "ds", dsWords)
		}
	}
	if !body.NSEC3.IsZero() {
		if err := s.decodeNSEC3(&body.NSEC3); err != nil {
			return err
		}
	}
	if !body.Fault.IsZero() {
		body.Faults = append(body.Faults, body.Fault)
	}
	for i := range body.Faults {
		if err := s.decodeFault(&body.Faults[i]); err != nil {
			return err
		}
	}
	return nil
}

// words translates a list of names; an empty list leaves old as it is.
func words(old []uint8, nodes []yaml.Node, what string, table map[string]uint8) ([]uint8, error) {
	if len(nodes) == 0 {
		return old, nil
	}
	var out []uint8
	for i := range nodes {
		value, ok := table[nodes[i].Value]
		if !ok {
			return nil, unknownKey(&nodes[i], what, table)
		}
		out = append(out, value)
	}
	return out, nil
}

func (s *DNSSEC) decodeNSEC3(node *yaml.Node) error {
	if node.Value == "false" {
		s.NSEC3 = nil
		return nil
	}
	s.NSEC3 = &authority.NSEC3{}
	if node.Value == "true" {
		return nil
	}
	body := struct {
		Iterations uint16 `yaml:"iterations"`
		Salt       string `yaml:"salt"`
		OptOut     bool   `yaml:"opt_out"`
	}{}
	if err := decode(node, &body); err != nil {
		return err
	}
	salt, err := hex.DecodeString(body.Salt)
	if err != nil || len(salt) > 255 {
		return nodeError(node, "salt %q: needs hexadecimal digits, at most 255 octets", body.Salt)
	}
	s.NSEC3.Iterations, s.NSEC3.Salt, s.NSEC3.OptOut = body.Iterations, salt, body.OptOut
	return nil
}

// decodeFault reads a fault: its word, or a mapping with do, types and count.
func (s *DNSSEC) decodeFault(node *yaml.Node) error {
	body := struct {
		Do    string   `yaml:"do"`
		Types []string `yaml:"types"`
		Count int      `yaml:"count"`
	}{Do: node.Value, Count: 20}
	if node.Kind == yaml.MappingNode {
		if err := decode(node, &body); err != nil {
			return err
		}
	}
	kind, ok := signingFaults[body.Do]
	if !ok {
		return unknownKey(&yaml.Node{Value: body.Do, Line: node.Line}, "signing fault", signingFaults)
	}
	types, err := rrtypes(node, body.Types)
	if err != nil {
		return err
	}
	if body.Count < 1 || body.Count > 1000 {
		return nodeError(node, "count: %d is not between 1 and 1000", body.Count)
	}
	s.Faults = append(s.Faults, authority.SigningFault{Kind: kind.kind, Types: types, Count: body.Count})
	return nil
}

func rrtypes(node *yaml.Node, names []string) ([]uint16, error) {
	var types []uint16
	for _, name := range names {
		t, ok := dns.StringToType[name]
		if !ok {
			return nil, nodeError(node, "unknown record type %q", name)
		}
		types = append(types, t)
	}
	return types, nil
}

// The time that signatures are valid around the laboratory's clock. The start
// lies back far enough for clocks that differ a little.
const (
	validBefore = time.Hour
	validAfter  = 30 * 24 * time.Hour
)
