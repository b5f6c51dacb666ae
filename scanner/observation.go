package scanner

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/dnssec"
)

// Observation is everything one scan learnt about one target from one
// vantage. It is plain data: probes fill it in, the store keeps it.
type Observation struct {
	Scan uuid.UUID
	// Position is the target's place in the scan's list, from 0. Together
	// with Scan it names the observation: resuming and exactly-once storage
	// rest on it.
	Position uint64
	Target   lists.Target
	Country  lists.Country // zero when the target belongs to no country
	Vantage  string
	Started  time.Time // UTC
	Took     time.Duration

	// The verdicts over IPv6.
	DNS    Verdict // name servers
	Web    Verdict // web servers of the apex and of www
	Mail   Verdict // mail exchangers
	V6Only Verdict // resolvable, with an address, when IPv4 is gone

	DNSSEC       dnssec.State
	DNSSECReason Reason // why DNSSEC is not secure; empty when it is

	// Readiness is the level from 0 (no IPv6) to 5 (works without IPv4);
	// docs/verdicts.md has the rule.
	Readiness uint8

	NameServers     []string     // NS names, lower case, no trailing dot, sorted
	NameServersV6   uint16       // of these, how many publish a usable AAAA
	NameServersV6OK uint16       // of these, how many answered over IPv6
	A, AAAA         []netip.Addr // addresses of the apex
	WWWA, WWWAAAA   []netip.Addr // addresses of www below the apex
	MX              []string     // mail exchangers in order of preference
	DS, DNSKEY      uint16       // number of records

	Queries uint32 // DNS queries sent for this target

	Endpoints []Endpoint
}

// Endpoint is one contact with one address: the evidence under a verdict.
type Endpoint struct {
	Probe     string     // "nameserver", "web", "mail"
	Host      string     // the name that led to Addr; from the network, so escape it
	Addr      netip.Addr // invalid when the host had none
	Port      uint16
	Transport string // "udp", "tcp", "tls", ...
	Verdict   Verdict
	RTT       time.Duration // zero when nothing answered
	Detail    string        // short evidence, at most 255 bytes; from the network, so escape it
}
