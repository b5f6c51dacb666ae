package scanner

// Capabilities are what a vantage could do when a scan began. Each ability is
// OK, Absent where there is no route for it, Broken where the network lets
// nothing through, and Unmeasured where the preflight was skipped or could not
// tell. What needs an ability that is missing is unmeasured in the
// observations.
type Capabilities struct {
	IPv4, IPv6       Status // a route, and answers from the root servers over it
	UDP53V4, UDP53V6 Status // DNS over UDP, answers with EDNS and 1232 bytes included
	TCP53V4, TCP53V6 Status // DNS over TCP
	SMTPV4, SMTPV6   Status // connections to port 25 of mail exchangers
	// Hijacked says that somebody else answers in the place of the root
	// servers, and ClockOff that the clock of the vantage is wrong. A scan
	// with either ran only because its user insisted.
	Hijacked, ClockOff bool
}
