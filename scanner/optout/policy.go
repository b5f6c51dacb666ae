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
	List *List // may be nil
	// known are the wishes of domains that were asked, those of failed
	// look-ups, which ask for nothing, among them.
	known  *lru.Cache[string, Wish]
	flight singleflight.Group
}

// NewPolicy returns a policy for a list, which may be nil, and for what
// operators publish.
func NewPolicy(list *List) (*Policy, error) {
	known, err := lru.New[string, Wish](maxKnown)
	if err != nil {
		return nil, fmt.Errorf("make room for opt-outs: %w", err)
	}
	return &Policy{List: list, known: known}, nil
}

// Ask returns what the operators of a domain ask for: by the list, else by the
// TXT records of the domain that it is registered under and of its own. Each
// is asked once in a scan; queries is how many were sent now. When ctx ends
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
			return known, 0
		}
		sent := 0
		found, err, _ := p.flight.Do(domain, func() (any, error) {
			result, err := resolver.Resolve(ctx, resolve.Dual, Label+"."+dns.Fqdn(domain), dns.TypeTXT)
			if ctx.Err() != nil {
				return nil, errInterrupted
			}
			var wish Wish
			if err == nil {
				sent = result.Queries
				if result.Reason == "" {
					wish = wishIn(result.Answer)
				}
			}
			p.known.Add(domain, wish)
			return wish, nil
		})
		if err == nil {
			return found.(Wish), sent
		}
	}
	return Wish{}, 0
}

// Covers says whether the list has a name, or a domain above it. Nothing is
// asked.
func (p *Policy) Covers(name string) bool { return p != nil && p.List.HasName(name) }
