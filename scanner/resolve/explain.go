package resolve

// ReasonInfo explains one reason.
type ReasonInfo struct {
	Reason string
	Text   string // what was found, one sentence, English
	Fix    string // what the operator can do; empty when there is nothing to mend
}

// Reasons returns every reason with its explanation.
func Reasons() []ReasonInfo {
	return []ReasonInfo{
		{ReasonTimeout, "Nothing answered in time.",
			"Check that the server is up, and that firewall and routing let packets through in both directions."},
		{ReasonServFail, "The name server says that it cannot answer for the zone (SERVFAIL).",
			"Look at the name server's log: the zone may have expired or failed to load."},
		{ReasonRefused, "The name server refuses to answer for the zone (REFUSED).",
			"Configure the zone on the server, or remove the server from the zone's NS records."},
		{ReasonFormErr, "The name server does not understand a plain query (FORMERR).",
			"Update the name server or the middlebox in front of it."},
		{ReasonNotImp, "The name server says that it does not implement plain queries.",
			"Update the name server or the middlebox in front of it."},
		{ReasonLame, "The name server is not authoritative for the zone that is delegated to it.",
			"Configure the zone on the server, or remove the server from the NS records of zone and parent."},
		{ReasonBadResponse, "The answer cannot be read or makes no sense.",
			"Update the name server or the middlebox in front of it."},
		{ReasonPortClosed, "The host is there and nothing listens on the DNS port.",
			"Start the name server on this address, or remove the address."},
		{ReasonUnreachable, "The network reported that the address cannot be reached.",
			"Check that the prefix is announced and that the host has the address."},
		{ReasonTCPRefused, "The host refuses connections over TCP.",
			"Let the service listen on TCP; DNS needs it too (RFC 7766)."},
		{ReasonTCPClosed, "The server closed the TCP connection before it answered.",
			"Look at the name server's limits for TCP connections."},
		{ReasonNoRoute, "The place the scan runs from has no route for this address family.", ""},
		{ReasonSpecialAddress, "The address published is not one that the Internet can reach (RFC 6890).",
			"Replace it by a global unicast address, or remove the record."},
		{ReasonOptedOut, "Whoever runs the name servers asked not to be measured, so nothing was sent.", ""},
		{ReasonBackedOff, "The server answered at first and then refused, at any pace: what it would say to fewer questions is not known.",
			"Look at the server's rate limits, or let the scanning host through."},
		{ReasonLocal, "The scanner itself ran into a fault, such as too many open files.", ""},
		{ReasonNoAddress, "No name server of a zone on the path has an address of the family in use.",
			"Publish addresses, and glue at the parent, for the zone's name servers."},
		{ReasonNSLoop, "The name servers can only be found through themselves.",
			"Publish glue at the parent, or name a server in another zone."},
		{ReasonNSChain, "The name servers' names are aliases, which is not allowed (RFC 2181 section 10.3).",
			"Let the NS records name hosts with addresses."},
		{ReasonAliasLoop, "The aliases (CNAME, DNAME) lead back to where they began.",
			"Correct the alias records."},
		{ReasonBadName, "This is no domain name: a label is empty or longer than 63 bytes, or the whole is longer than 255.",
			"Correct the list."},
		{ReasonLimitQueries, "The answer would take more queries than a sound zone needs.",
			"Shorten chains of delegations and aliases, and mend name servers that do not answer."},
		{ReasonLimitDepth, "Finding the name servers leads through too many other zones.",
			"Use name servers whose names lie in few zones, and publish glue."},
		{ReasonLimitFanOut, "The zone names more name servers without addresses than are looked up.",
			"Reduce the number of name servers and publish glue for them."},
		{ReasonLimitAliases, "The chain of aliases is too long.",
			"Shorten the chain of CNAME and DNAME records."},
		{ReasonLimitTime, "The resolution took too long.",
			"Mend name servers on the path that do not answer."},
	}
}
