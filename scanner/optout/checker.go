package optout

import (
	"context"
	"strings"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/memo"
	"adopt6/scanner/reach"
	"adopt6/scanner/resolve"
)

// maxKnown is how many domains a policy remembers what was asked of; beyond,
// those that were not needed for longest are forgotten, and asked again.
const maxKnown = 1 << 16

// oneScan is longer than any scan: what a domain was found to publish holds for
// all of it.
const oneScan = 365 * 24 * time.Hour

// Resolver is what a checker asks; *resolve.Resolver implements it.
type Resolver interface {
	Resolve(ctx context.Context, mode resolve.Mode, name string, qtype uint16) (*resolve.Result, error)
}

// Checker says for one scan who has opted out. It may be used by many
// goroutines at once.
type Checker struct {
	List  *List              // may be nil
	known memo.Cache[answer] // by domain
}

// answer is the policy that a domain was found to publish. A lookup that failed
// asks for nothing.
type answer struct {
	policy Policy
	failed bool
}

// NewChecker returns a checker for a list, which may be nil, and for what
// operators publish.
func NewChecker(list *List) *Checker {
	return &Checker{List: list, known: memo.Cache[answer]{Size: maxKnown}}
}

// Ask returns what the operators of a domain ask for: by the list, else by the
// TXT records of the domain that it is registered under and of its own. Each
// is asked once in a pass; queries is how many were sent now. When ctx ends
// before all is known, the policy is not to be relied on. A nil checker asks
// nobody.
func (c *Checker) Ask(ctx context.Context, resolver Resolver, domain string) (policy Policy, queries int) {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	switch {
	case c == nil:
		return Policy{}, 0
	case c.List.HasName(domain):
		return Policy{NoScan: true}, 0
	}
	if registered := reach.Operator(domain, ""); registered != domain {
		if policy, queries = c.ask(ctx, resolver, registered); policy.NoScan || ctx.Err() != nil {
			return policy, queries
		}
	}
	own, sent := c.ask(ctx, resolver, domain)
	return policy.and(own), queries + sent
}

func (c *Checker) ask(ctx context.Context, resolver Resolver, domain string) (policy Policy, queries int) {
	known, _ := c.known.Get(ctx, domain, func() (answer, time.Duration) {
		result, err := resolver.Resolve(ctx, resolve.Dual, Label+"."+dns.Fqdn(domain), dns.TypeTXT)
		if ctx.Err() != nil {
			return answer{}, 0
		}
		if err != nil {
			return answer{failed: true}, oneScan
		}
		if queries = result.Queries; result.Reason != "" {
			return answer{failed: true}, oneScan
		}
		return answer{policy: policyIn(result.Answer)}, oneScan
	})
	return known.policy, queries
}

// ForgetFailures makes lookups that failed be made again, for a further pass
// over targets: a domain whose name servers were down may publish a policy.
func (c *Checker) ForgetFailures() {
	if c != nil {
		c.known.Forget(func(a answer) bool { return a.failed })
	}
}

// Covers says whether the list has a name, or a domain above it. Nothing is
// asked.
func (c *Checker) Covers(name string) bool { return c != nil && c.List.HasName(name) }
