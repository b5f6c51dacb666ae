// Package dnssec decides the security status of DNS answers, RFC 4035 section
// 5. In come RR sets that somebody else fetched, trust anchors and a time; out
// come a state, the reason for it and the facts a report needs. It sends and
// reads nothing, has no clock, and starts no goroutine.
//
// A [Validator] does the work of one resolution within a [Budget]. The caller
// walks from the anchor down: [Validator.Anchored] makes the [Zone] of a trust
// anchor from its DNSKEY answer; [Validator.Delegation] reads what the parent
// says of a child; [Validator.Child] makes the child's Zone from its DNSKEY
// answer; [Validator.Answer] judges an answer of that zone. A Zone is never
// changed after it is made and may be shared and cached until it expires.
package dnssec
