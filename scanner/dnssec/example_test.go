package dnssec_test

import (
	"fmt"
	"strings"

	"github.com/miekg/dns"

	"adopt6/scanner/dnssec"
)

// A driver walks from the trust anchor to the answer. ask stands for its
// resolver: it puts one question to the servers of a zone. Zones and
// delegations are what a driver caches, until they expire.
func Example() {
	captured, anchor, err := capture()
	if err != nil {
		fmt.Println(err)
		return
	}
	ask := func(zone, name string, qtype uint16) dnssec.Response {
		return captured[question{name, qtype}]
	}
	anchors, err := dnssec.ParseAnchors(strings.NewReader(anchor), "anchor")
	if err != nil {
		fmt.Println(err)
		return
	}

	const qname = "www.example."
	v := dnssec.NewValidator(captureTime, dnssec.DefaultBudget())

	start, zone, ok := anchors.Closest(qname)
	if ok {
		zone = v.Anchored(anchors, start, ask(start, start, dns.TypeDNSKEY))
	}
	// Here the referrals said that "example." is the one cut on the way; its
	// DS records came with the referral or are asked for at the parent.
	for _, cut := range []string{"example."} {
		d := v.Delegation(zone, cut, ask(zone.Name, cut, dns.TypeDS))
		if !d.Cut {
			continue // the name lies in zone
		}
		var keys dnssec.Response
		if d.NeedsKeys() {
			keys = ask(cut, cut, dns.TypeDNSKEY)
		}
		zone = v.Child(d, keys)
	}
	verdict := v.Answer(zone, qname, dns.TypeAAAA, ask(zone.Name, qname, dns.TypeAAAA))
	switch verdict.Kind {
	case dnssec.Alias, dnssec.Below:
		// Go on at verdict.Target.
	}
	days, _ := verdict.Facts.DaysLeft(v.At())
	fmt.Println(verdict.State, verdict.Kind, verdict.Records[0])
	fmt.Println("algorithms", verdict.Facts.Algorithms, "days left", days, verdict.Facts.ExpiresZone)
	// Output:
	// secure positive www.example.	300	IN	AAAA	2001:db8::80
	// algorithms [13] days left 9 .
}
