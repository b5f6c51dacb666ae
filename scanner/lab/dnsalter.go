package lab

import (
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/miekg/dns"

	"adopt6/scanner/lab/authority"
)

// headerSize is the size of the header of a DNS message, in octets.
const headerSize = 12

// alterations are the faults that change a finished answer, which begins at
// start. Any number of them, in their order, act on one answer.
var alterations = map[faultWord]func(out []byte, start int, q *authority.Query, f *fault) []byte{
	"truncate": func(out []byte, start int, q *authority.Query, f *fault) []byte {
		return edited(out, start, func(m *dns.Msg) { m.Answer, m.Ns, m.Truncated = nil, nil, true; keepOPT(m) })
	},
	"not_authority": func(out []byte, start int, q *authority.Query, f *fault) []byte {
		out[start+2] &^= 4
		return out
	},
	"wrong_id": func(out []byte, start int, q *authority.Query, f *fault) []byte {
		out[start+1]++
		return out
	},
	"wrong_question": func(out []byte, start int, q *authority.Query, f *fault) []byte {
		if msg := out[start:]; len(msg) > headerSize+1 && msg[headerSize] > 0 {
			msg[headerSize+1] ^= 1
		}
		return out
	},
	"lower_case": func(out []byte, start int, q *authority.Query, f *fault) []byte {
		copy(out[start+headerSize:], q.Name)
		return out
	},
	"cut_short": func(out []byte, start int, q *authority.Query, f *fault) []byte {
		return out[:start+(len(out)-start)/2]
	},
	"poison": func(out []byte, start int, q *authority.Query, f *fault) []byte { return poison(out, start, q) },
	"old_serial": func(out []byte, start int, q *authority.Query, f *fault) []byte {
		return edited(out, start, func(m *dns.Msg) {
			for _, rr := range m.Answer {
				if soa, ok := rr.(*dns.SOA); ok {
					soa.Serial-- // a signature over it no longer holds
				}
			}
		})
	},
	"no_glue": func(out []byte, start int, q *authority.Query, f *fault) []byte {
		return edited(out, start, func(m *dns.Msg) { dropGlue(m, dns.TypeA, dns.TypeAAAA) })
	},
	"no_glue_v6": func(out []byte, start int, q *authority.Query, f *fault) []byte {
		return edited(out, start, func(m *dns.Msg) { dropGlue(m, dns.TypeAAAA) })
	},
	"old_ns": func(out []byte, start int, q *authority.Query, f *fault) []byte {
		return edited(out, start, func(m *dns.Msg) { f.referBack(m) })
	},
	"strip_rrsig": func(out []byte, start int, q *authority.Query, f *fault) []byte {
		return edited(out, start, func(m *dns.Msg) { m.Answer, m.Ns = unsigned(m.Answer), unsigned(m.Ns) })
	},
	"old_rrsig": func(out []byte, start int, q *authority.Query, f *fault) []byte {
		return edited(out, start, func(m *dns.Msg) {
			for _, rr := range slices.Concat(m.Answer, m.Ns) {
				if sig, ok := rr.(*dns.RRSIG); ok {
					sig.Expiration = sig.Inception + 1 // inception lies days back
				}
			}
		})
	},
}

// edited unpacks a message, has it changed and packs it again.
func edited(out []byte, start int, change func(*dns.Msg)) []byte {
	m := new(dns.Msg)
	if m.Unpack(out[start:]) != nil {
		return out
	}
	change(m)
	m.Compress = true
	packed, err := m.Pack()
	if err != nil {
		return out
	}
	return append(out[:start], packed...)
}

// keepOPT drops the additional section but for the OPT record.
func keepOPT(m *dns.Msg) {
	m.Extra = slices.DeleteFunc(m.Extra, func(rr dns.RR) bool { return rr.Header().Rrtype != dns.TypeOPT })
}

// isReferral says whether a message leads to another zone.
func isReferral(m *dns.Msg) bool {
	return !m.Authoritative && len(m.Answer) == 0 &&
		slices.ContainsFunc(m.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeNS })
}

// dropGlue takes addresses of the types out of a referral.
func dropGlue(m *dns.Msg, types ...uint16) {
	if isReferral(m) {
		m.Extra = slices.DeleteFunc(m.Extra, func(rr dns.RR) bool { return slices.Contains(types, rr.Header().Rrtype) })
	}
}

// referBack lets a referral name other name servers, without addresses.
func (f *fault) referBack(m *dns.Msg) {
	if !isReferral(m) {
		return
	}
	i := slices.IndexFunc(m.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeNS })
	head := *m.Ns[i].Header()
	m.Ns = slices.DeleteFunc(m.Ns, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeNS })
	for _, name := range f.NS {
		m.Ns = append(m.Ns, &dns.NS{Hdr: head, Ns: dns.Fqdn(name)})
	}
	keepOPT(m)
}

func unsigned(rrs []dns.RR) []dns.RR {
	return slices.DeleteFunc(rrs, func(rr dns.RR) bool { return rr.Header().Rrtype == dns.TypeRRSIG })
}

// appendRecord adds a record to a message that begins at start and counts it
// in the header field at offset count.
func appendRecord(out []byte, start, count int, owner authority.Name, rrtype uint16, rdata []byte) []byte {
	out = append(out, owner...)
	out = binary.BigEndian.AppendUint16(out, rrtype)
	out = binary.BigEndian.AppendUint16(out, dns.ClassINET)
	out = binary.BigEndian.AppendUint32(out, defaultTTL)
	out = binary.BigEndian.AppendUint16(out, uint16(len(rdata)))
	out = append(out, rdata...)
	n := binary.BigEndian.Uint16(out[start+count:])
	binary.BigEndian.PutUint16(out[start+count:], n+1)
	return out
}

// pad lengthens a message to size with TXT records.
func pad(out []byte, start, size int) []byte {
	text := append([]byte{200}, make([]byte, 200)...)
	for len(out) > start && len(out)-start < size {
		out = appendRecord(out, start, 10, authority.Root, dns.TypeTXT, text)
	}
	return out
}

// poison claims the question's top-level domain, with an address that nobody
// has: a resolver that believes it finds nothing there any more.
func poison(out []byte, start int, q *authority.Query) []byte {
	tld := q.Name
	for tld.Labels() > 1 {
		tld = tld.Parent()
	}
	liar := tld.Child("poison")
	lie := netip.MustParseAddr("28.255.255.254").AsSlice()
	out = appendRecord(out, start, 10, tld, dns.TypeNS, []byte(liar))
	return appendRecord(out, start, 10, liar, dns.TypeA, lie)
}
