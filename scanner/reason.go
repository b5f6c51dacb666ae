package scanner

// Reason is a stable lower-case token that says why a status is not ok.
type Reason string

// The reasons of the probes. [Reasons] explains every one; the resolver and
// the validator add their own.
const (
	// Nothing is published.
	NXDomain  Reason = "nxdomain"
	NoAddress Reason = "no_address"
	NoAAAA    Reason = "no_aaaa"
	NoNS      Reason = "no_ns"
	NoNSAAAA  Reason = "no_ns_aaaa"
	NoMX      Reason = "no_mx"
	NullMX    Reason = "null_mx"
	NoMXAAAA  Reason = "no_mx_aaaa"

	// Published, but it does not work, or not all of it.
	SpecialPurposeAddress Reason = "special_purpose_address"
	TCPRefused            Reason = "tcp_refused"
	TCPReset              Reason = "tcp_reset"
	Timeout               Reason = "timeout"
	Unreachable           Reason = "unreachable"
	SomeAddressesFail     Reason = "some_addresses_fail"
	OneNSAAAA             Reason = "one_ns_aaaa"
	SomeNSFail            Reason = "some_ns_fail"
	SomeHostsLackAAAA     Reason = "some_hosts_lack_aaaa"
	SomeHostsFail         Reason = "some_hosts_fail"
	V6OnlyUnresolvable    Reason = "v6_only_unresolvable"

	// This vantage could not tell.
	NotProbed     Reason = "not_probed"
	NoRoute       Reason = "no_route"
	DNSFailure    Reason = "dns_failure"
	PortFiltered  Reason = "port_filtered"
	TargetTimeout Reason = "target_timeout"
	LocalFault    Reason = "local_fault"
)

// ReasonInfo explains one reason.
type ReasonInfo struct {
	Reason Reason
	Text   string // what was found, one sentence, English
	Fix    string // what the operator can do; empty when there is nothing to mend
}

// Reasons returns the reasons of the probes with their explanations.
func Reasons() []ReasonInfo {
	return []ReasonInfo{
		{NXDomain, "The domain does not exist.",
			"Remove it from the list, or renew its registration."},
		{NoAddress, "The name has neither an IPv4 nor an IPv6 address.", ""},
		{NoAAAA, "The name has an IPv4 address and no IPv6 address.",
			"Ask the hosting provider for IPv6 and publish an AAAA record."},
		{NoNS, "The zone publishes no name servers.",
			"Publish the NS records that the parent zone announces."},
		{NoNSAAAA, "No name server of the zone has an IPv6 address.",
			"Ask the DNS provider for name servers with IPv6, or publish AAAA records and glue for them."},
		{NoMX, "The domain names no mail exchanger.", ""},
		{NullMX, "The domain says that it takes no mail (RFC 7505).", ""},
		{NoMXAAAA, "No mail exchanger of the domain has an IPv6 address.",
			"Ask the mail provider for IPv6 and publish AAAA records for the mail exchangers."},

		{SpecialPurposeAddress, "The IPv6 address published is not one that the Internet can reach (RFC 6890).",
			"Replace it by a global unicast address, or remove the record."},
		{TCPRefused, "The host answers over IPv6 and refuses the connection.",
			"Make the service listen on its IPv6 address as well."},
		{TCPReset, "The connection over IPv6 was opened and broken off.",
			"Look at the firewall and the service's log for the IPv6 address."},
		{Timeout, "Nothing answered over IPv6 in time.",
			"Check the firewall and the route of the IPv6 address; let ICMPv6 through (RFC 4890)."},
		{Unreachable, "The network reported that the IPv6 address cannot be reached.",
			"Check that the prefix is announced and that the host has the address."},
		{SomeAddressesFail, "Some of the host's IPv6 addresses work and others do not.",
			"Mend the addresses that fail, or remove their records."},
		{OneNSAAAA, "Only one name server of the zone can be reached over IPv6.",
			"Give a second name server IPv6: a zone needs two (RFC 2182)."},
		{SomeNSFail, "Some name servers that publish an IPv6 address do not answer over it.",
			"Mend the name servers that fail over IPv6, or remove their AAAA records."},
		{SomeHostsLackAAAA, "Some of the hosts behind the service have an IPv6 address and others have none.",
			"Publish AAAA records for all of them."},
		{SomeHostsFail, "Some of the hosts behind the service work over IPv6 and others do not.",
			"Mend the hosts that fail."},
		{V6OnlyUnresolvable, "The name cannot be resolved by a resolver that has IPv6 only.",
			"Give every zone on the path name servers with IPv6 addresses and glue."},

		{NotProbed, "This scan did not look.", ""},
		{NoRoute, "The place the scan runs from has no route for this address family.", ""},
		{DNSFailure, "The name could not be resolved, so nothing is known of its hosts.",
			"Mend the domain's DNS first."},
		{PortFiltered, "The place the scan runs from cannot reach this port over any family.", ""},
		{TargetTimeout, "The time for this target was up before the probe ended.", ""},
		{LocalFault, "The scanner itself ran into a fault, such as too many open files.", ""},
	}
}
