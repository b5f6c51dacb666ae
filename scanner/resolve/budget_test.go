package resolve

import (
	"context"
	"errors"
	"net/netip"
	"testing"

	"github.com/miekg/dns"
)

func TestBudget(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		queries, perAddress int
		root, leaf          int64 // queries that arrive
	}{
		"in all":         {queries: 7, perAddress: 100, root: 4, leaf: 3},
		"to one address": {queries: 100, perAddress: 5, root: 5, leaf: 5},
		"none":           {},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			n := withLeaf(t, func(q *dns.Msg, _ string) []byte { return pack(reply(q)) })
			r := n.resolver(nil, rootAddr)
			exhausted := 0
			ctx, cancel := context.WithCancelCause(t.Context())
			b := NewBudget(test.queries, test.perAddress, func() { exhausted++; cancel(ErrBudget) })
			ctx = WithBudget(ctx, b)
			var err error
			for i := 0; ctx.Err() == nil; i++ {
				if i == 200 {
					t.Fatal("the budget is never spent")
				}
				server := [2]string{rootAddr, leafAddr}[i%2]
				_, err = r.Exchange(ctx, Query{Server: netip.AddrPortFrom(netip.MustParseAddr(server), 53), Name: "example.test", Type: dns.TypeA})
			}
			if !errors.Is(err, ErrBudget) {
				t.Errorf("the query beyond the budget: %v", err)
			}
			if _, err := r.Resolve(ctx, Dual, "other.test", dns.TypeA); err == nil {
				t.Error("something was resolved after the end")
			}
			if root, leaf := n.queries(rootAddr), n.queries(leafAddr); root != test.root || leaf != test.leaf {
				t.Errorf("%d and %d queries arrived, want %d and %d", root, leaf, test.root, test.leaf)
			}
			if int64(b.Sent()) != test.root+test.leaf || exhausted != 1 {
				t.Errorf("%d queries were counted; the end was told %d times", b.Sent(), exhausted)
			}
		})
	}
}
