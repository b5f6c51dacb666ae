package dnssec

import (
	"adopt6/scanner/observation"
	"fmt"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/miekg/dns"
)

// TestRFCResponses walks through the example responses of RFC 4035 and RFC
// 5155: files of questions ("> name type rcode"), verdicts ("= ...") and the
// records of the response.
func TestRFCResponses(t *testing.T) {
	for _, file := range []string{"rfc4035", "rfc5155"} {
		t.Run(file, func(t *testing.T) {
			text, err := os.ReadFile("testdata/" + file + ".txt")
			if err != nil {
				t.Fatal(err)
			}
			anchors, at, responses := parseResponses(t, string(text))
			for _, r := range responses {
				v := NewValidator(at, DefaultBudget())
				zone := v.Anchored(anchors, "example.", responses[0].response)
				got := v.Answer(zone, r.name, r.qtype, r.response)
				summary := got.summary()
				if strings.Contains(r.want, "delegation") {
					d := v.Delegation(zone, r.name, r.response)
					summary = fmt.Sprintf("%s delegation %s in %s", d.State, d.Reason, d.Where)
				}
				if summary != r.want {
					t.Errorf("%s %s: got %s, want %s", r.name, dns.TypeToString[r.qtype], summary, r.want)
				}
				if got.State == observation.Secure {
					damageEach(t, v, zone, r)
				}
			}
		})
	}
}

// damageEach leaves out one record of the response after the other: without
// any of those that matter the verdict must not stay secure.
func damageEach(t *testing.T, v *Validator, zone *Zone, r testResponse) {
	t.Helper()
	for _, section := range []*[]dns.RR{&r.response.Answer, &r.response.Authority} {
		whole := *section
		for i, rr := range whole {
			*section = append(append([]dns.RR{}, whole[:i]...), whole[i+1:]...)
			v.Reset(v.At(), DefaultBudget())
			got := v.Answer(zone, r.name, r.qtype, r.response)
			sparable := rr.Header().Rrtype == dns.TypeNS || rr.Header().Rrtype == dns.TypeSOA ||
				strings.Contains(rr.String(), " 38519 ") && r.qtype == dns.TypeDNSKEY || strings.Contains(rr.String(), "RRSIG\tNS ") ||
				strings.Contains(rr.String(), "\tRRSIG\tDNSKEY ")
			if got.State == observation.Secure && !sparable {
				t.Errorf("%s %s stays secure without %v", r.name, dns.TypeToString[r.qtype], rr)
			}
		}
		*section = whole
	}
}

type testResponse struct {
	name     string
	qtype    uint16
	want     string
	response Response
}

func parseResponses(t *testing.T, text string) (anchors *Anchors, at time.Time, responses []testResponse) {
	t.Helper()
	var section *[]dns.RR
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		word, rest, _ := strings.Cut(line, " ")
		var err error
		switch word {
		case ";", "":
		case "anchor":
			anchors, err = ParseAnchors(strings.NewReader(rest), "anchor")
		case "at":
			at, err = time.Parse("20060102150405", rest)
		case ">":
			var name, qtype, rcode string
			_, err = fmt.Sscan(rest, &name, &qtype, &rcode)
			responses = append(responses, testResponse{name: name, qtype: dns.StringToType[qtype],
				response: Response{RCode: dns.StringToRcode[rcode]}})
			section = &responses[len(responses)-1].response.Answer
		case "=":
			responses[len(responses)-1].want = rest
		case "--":
			section = &responses[len(responses)-1].response.Authority
		default:
			*section = append(*section, records(t, line)...)
		}
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
	}
	return anchors, at, responses
}

// TestRFCSignatures checks the keys, digests and signatures that the RFCs of
// the algorithms give as examples.
func TestRFCSignatures(t *testing.T) {
	text, err := os.ReadFile("testdata/signatures.txt")
	if err != nil {
		t.Fatal(err)
	}
	for _, block := range strings.Split(string(text), "# ")[1:] {
		title, body, _ := strings.Cut(block, "\n")
		rrs := records(t, strings.Split(strings.TrimSpace(body), "\n")...)
		k := parseKey(rrs[0].(*dns.DNSKEY))
		zone := mustName(t, rrs[0].Header().Name)
		rrs = rrs[1:]
		if rr, ok := rrs[0].(*dns.DS); ok {
			ds, _ := parseDS(rr)
			if ds.tag != k.tag || string(digestOf(nil, ds.digest, zone, k)) != string(ds.sum) {
				t.Errorf("%s: the DS record is not of the key", title)
			}
			rrs = rrs[1:]
		}
		v := NewValidator(time.Unix(int64(rrs[1].(*dns.RRSIG).Inception), 0), DefaultBudget())
		sets, _ := group(nil, rrs)
		if got := v.checkWith(&sets[0], zone, []*key{k}, nil); got.reason != "" {
			t.Errorf("%s: %s", title, got.reason)
		}
		rrs[0].Header().Name = "x" + rrs[0].Header().Name
		rrs[1].Header().Name = rrs[0].Header().Name
		sets, _ = group(nil, rrs)
		if got := v.checkWith(&sets[0], zone, []*key{k}, nil); got.reason == "" {
			t.Errorf("%s: holds for another owner", title)
		}
	}
}
