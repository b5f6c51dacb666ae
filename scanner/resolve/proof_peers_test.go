//go:build linux && !alone

package resolve_test

import (
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/lab/netns"
	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// verdict is what a resolver concludes, in terms that all resolvers share.
type verdict struct {
	// State is secure, insecure or bogus, or failed when the servers could not
	// be made to answer.
	State string
	RCode string // SERVFAIL when the state is bogus or failed
	// Answer holds the answer's records in canonical order, without TTLs and
	// signatures; empty when the state is bogus or failed.
	Answer string
	// Why is the program's own explanation, for the reader of a failure.
	Why string
}

// same reports whether two programs agree.
func (v verdict) same(w verdict) bool {
	return v.State == w.State && v.RCode == w.RCode && v.Answer == w.Answer
}

// comparable returns the answer without what delv does not print of a DNAME:
// its owner and the CNAME that was made from it.
func (v verdict) comparable() string {
	if !strings.Contains(v.Answer, " in dname ") {
		return v.Answer
	}
	lines := slices.DeleteFunc(strings.Split(v.Answer, "; "), func(line string) bool {
		return strings.Contains(line, " in dname ") || strings.Contains(line, " in cname ")
	})
	return strings.Join(lines, "; ")
}

func (v verdict) String() string {
	return fmt.Sprintf("%s %s [%s] %s", v.State, v.RCode, v.Answer, v.Why)
}

// withoutData is a verdict of bogus or failed.
func withoutData(state, why string) verdict {
	return verdict{State: state, RCode: dns.RcodeToString[dns.RcodeServerFailure], Why: why}
}

// answerText writes records as [verdict] holds them.
func answerText(records []dns.RR) string {
	var lines []string
	for _, rr := range records {
		if rr.Header().Rrtype == dns.TypeRRSIG {
			continue
		}
		rr = dns.Copy(rr)
		rr.Header().Ttl = 0
		lines = append(lines, strings.ToLower(strings.Join(strings.Fields(rr.String()), " ")))
	}
	slices.Sort(lines)
	return strings.Join(slices.Compact(lines), "; ")
}

// askUnbound returns the verdict of a validating Unbound: AD is secure, and
// SERVFAIL that becomes an answer with CD is bogus.
func askUnbound(ctx context.Context, server netip.Addr, name string, qtype uint16) (verdict, error) {
	reply, err := ask(ctx, server, name, qtype, false)
	if err != nil {
		return verdict{}, err
	}
	if reply.Rcode == dns.RcodeServerFailure {
		unchecked, err := ask(ctx, server, name, qtype, true)
		if err != nil {
			return verdict{}, err
		}
		if unchecked.Rcode == dns.RcodeServerFailure {
			return withoutData("failed", extendedErrors(unchecked)), nil
		}
		return withoutData("bogus", extendedErrors(reply)), nil
	}
	v := verdict{State: "insecure", RCode: dns.RcodeToString[reply.Rcode], Answer: answerText(reply.Answer)}
	if reply.AuthenticatedData {
		v.State = "secure"
	}
	return v, nil
}

// extendedErrors returns the texts of a reply's extended DNS errors, RFC 8914.
func extendedErrors(reply *dns.Msg) string {
	var texts []string
	if opt := reply.IsEdns0(); opt != nil {
		for _, option := range opt.Option {
			if e, ok := option.(*dns.EDNS0_EDE); ok {
				texts = append(texts, e.ExtraText)
			}
		}
	}
	return strings.Join(texts, "; ")
}

// ask sends one query to a recursive resolver, over TCP if need be.
func ask(ctx context.Context, server netip.Addr, name string, qtype uint16, cd bool) (*dns.Msg, error) {
	query := new(dns.Msg).SetQuestion(name, qtype)
	query.SetEdns0(4096, true)
	query.CheckingDisabled = cd
	to := netip.AddrPortFrom(server, 53).String()
	client := dns.Client{Timeout: time.Minute, UDPSize: 4096}
	reply, _, err := client.ExchangeContext(ctx, query, to)
	if err == nil && reply.Truncated {
		client.Net = "tcp"
		reply, _, err = client.ExchangeContext(ctx, query, to)
	}
	if err != nil {
		return nil, fmt.Errorf("ask %s for %s: %w", to, name, err)
	}
	return reply, nil
}

// askResolver returns our own verdict.
func askResolver(ctx context.Context, r *resolve.Resolver, mode resolve.Mode, name string, qtype uint16) (verdict, error) {
	result, err := r.Resolve(ctx, mode, name, qtype)
	if err != nil {
		return verdict{}, err
	}
	why := string(result.StateReason) + " " + result.StateZone
	switch {
	case result.Reason != "":
		return withoutData("failed", string(result.Reason)), nil
	case result.State == observation.Bogus:
		return withoutData("bogus", why), nil
	}
	return verdict{State: result.State.String(), RCode: dns.RcodeToString[result.RCode], Answer: answerText(result.Answer), Why: why}, nil
}

// askDelv returns the verdict of delv, which fetches through a resolver that
// does not validate.
func askDelv(ctx context.Context, anchors string, server netip.Addr, name string, qtype uint16) (verdict, error) {
	out, err := netns.Delv(ctx, anchors, server, name, qtype)
	if err != nil {
		return verdict{}, err
	}
	return readDelv(out)
}

// readDelv reads what delv prints: per record set a comment with its status
// and then the records; for a negative answer the comment and the proof.
func readDelv(out string) (verdict, error) {
	v := verdict{State: "secure", RCode: "NOERROR"}
	var records []dns.RR
	known, negative := false, false
	for line := range strings.Lines(out) {
		line = strings.TrimSpace(line)
		switch {
		case strings.HasPrefix(line, ";; resolution failed: ncache nxdomain"):
			v.RCode = "NXDOMAIN"
		case strings.HasPrefix(line, ";; resolution failed: ncache nxrrset"):
		case strings.HasPrefix(line, ";; resolution failed: SERVFAIL"), strings.HasPrefix(line, ";; resolution failed: timed out"),
			strings.HasPrefix(line, ";; resolution failed: failure"):
			return withoutData("failed", line), nil
		case strings.HasPrefix(line, ";; resolution failed:"):
			return withoutData("bogus", line), nil
		case strings.HasPrefix(line, "; negative response"):
			negative = true
			fallthrough
		case line == "; fully validated", line == "; unsigned answer", strings.HasPrefix(line, "; answer not validated"):
			known = true
			if !strings.HasSuffix(line, "fully validated") {
				v.State = "insecure"
			}
		case line == "" || line[0] == ';' || negative:
		default:
			rr, err := dns.NewRR(line)
			if err != nil {
				return v, fmt.Errorf("delv printed %q: %w", line, err)
			}
			records = append(records, rr)
		}
	}
	if !known {
		return v, fmt.Errorf("no verdict in what delv printed:\n%s", out)
	}
	v.Answer = answerText(records)
	return v, nil
}
