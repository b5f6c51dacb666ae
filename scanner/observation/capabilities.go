package observation

// Capabilities are what a vantage could do when a scan began. Each ability is
// OK, Absent where there is no route for it, Broken where the network lets
// nothing through, and Unmeasured where the preflight was skipped or could not
// tell. What needs an ability that is missing is unmeasured in the
// observations.
type Capabilities struct {
	// A route, and answers from the root servers over it.
	IPv4 Status `col:"ipv4" json:"ipv4"`
	IPv6 Status `col:"ipv6" json:"ipv6"`
	// DNS over UDP, answers with EDNS included; partial where these are lost.
	UDP53V4 Status `col:"udp53_v4" json:"udp53_v4"`
	UDP53V6 Status `col:"udp53_v6" json:"udp53_v6"`
	// DNS over TCP.
	TCP53V4 Status `col:"tcp53_v4" json:"tcp53_v4"`
	TCP53V6 Status `col:"tcp53_v6" json:"tcp53_v6"`
	// Connections to port 25 of mail exchangers.
	SMTPV4 Status `col:"smtp_v4" json:"smtp_v4"`
	SMTPV6 Status `col:"smtp_v6" json:"smtp_v6"`
	// Hijacked says that something else answers for the root servers, and
	// ClockOff that the clock of the vantage is wrong. A scan with either ran
	// only because its user insisted.
	Hijacked bool `col:"hijacked" json:"hijacked"`
	ClockOff bool `col:"clock_off" json:"clock_off"`
}
