package optout

import (
	"context"
	"errors"
	"fmt"
	"strings"

	lru "github.com/hashicorp/golang-lru/v2"
	"github.com/miekg/dns"
	"golang.org/x/sync/singleflight"

	"adopt6/scanner/reach"
	"adopt6/scanner/resolve"
)

// maxKnown is how many domains a policy remembers what was asked of; beyond,
// those that were not needed for longest are forgotten, and asked again.
const maxKnown = 1 << 16

// Resolver is what a policy asks; *resolve.Resolver implements it.
type Resolver interface {
	Resolve(ctx context.Context, mode resolve.Mode, name string, qtype uint16) (*resolve.Result, error)
}

// Policy decides for one scan. It may be used by many goroutines at once.
type Policy struct {
	List   *List                      // may be nil
	known  *lru.Cache[string, answer] // by domain
	flight singleflight.Group
}

// answer is what a domain was found to ask for. A look-up that failed asks for
// nothing.
type answer struct {
	wish   Wish
	failed bool
}

// NewPolicy returns a policy for a list, which may be nil, and for what
// operators publish.
func NewPolicy(list *List) (*Policy, error) {
	known, err := lru.New[string, answer](maxKnown)
	if err != nil {
		return nil, fmt.Errorf("make room for opt-outs: %w", err)
	}
	return &Policy{List: list, known: known}, nil
}

// Ask returns what the operators of a domain ask for: by the list, else by the
// TXT records of the domain that it is registered under and of its own. Each
// is asked once in a pass; queries is how many were sent now. When ctx ends
// before all is known, the wish is not to be relied on. A nil policy asks
// nobody.
func (p *Policy) Ask(ctx context.Context, resolver Resolver, domain string) (wish Wish, queries int) {
	domain = strings.ToLower(strings.TrimSuffix(domain, "."))
	switch {
	case p == nil:
		return Wish{}, 0
	case p.List.HasName(domain):
		return Wish{NoScan: true}, 0
	}
	if registered := reach.Operator(domain, ""); registered != domain {
		if wish, queries = p.ask(ctx, resolver, registered); wish.NoScan || ctx.Err() != nil {
			return wish, queries
		}
	}
	own, sent := p.ask(ctx, resolver, domain)
	return wish.and(own), queries + sent
}

// errInterrupted says that whoever asked for all had no time left.
var errInterrupted = errors.New("interrupted")

func (p *Policy) ask(ctx context.Context, resolver Resolver, domain string) (wish Wish, queries int) {
	for ctx.Err() == nil {
		if known, has := p.known.Get(domain); has {
			return known.wish, 0
		}
		sent := 0
		found, err, _ := p.flight.Do(domain, func() (any, error) {
			result, err := resolver.Resolve(ctx, resolve.Dual, Label+"."+dns.Fqdn(domain), dns.TypeTXT)
			if ctx.Err() != nil {
				return nil, errInterrupted
			}
			got := answer{failed: true}
			if err == nil {
				sent = result.Queries
				if result.Reason == "" {
					got = answer{wish: wishIn(result.Answer)}
				}
			}
			p.known.Add(domain, got)
			return got.wish, nil
		})
		if err == nil {
			return found.(Wish), sent
		}
	}
	return Wish{}, 0
}

// ForgetFailures makes look-ups that failed be made again, for a further pass
// over targets: whose name servers were down may have published a wish.
func (p *Policy) ForgetFailures() {
	if p == nil {
		return
	}
	for _, domain := range p.known.Keys() {
		if known, has := p.known.Peek(domain); has && known.failed {
			p.known.Remove(domain)
		}
	}
}

// Covers says whether the list has a name, or a domain above it. Nothing is
// asked.
func (p *Policy) Covers(name string) bool { return p != nil && p.List.HasName(name) }
