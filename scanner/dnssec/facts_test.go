package dnssec

import (
	"slices"
	"testing"
	"time"
)

// TestEndsOfMergedFacts keeps of each zone the signature that ends first, and
// leaves the facts that were merged as they are.
func TestEndsOfMergedFacts(t *testing.T) {
	at := time.Date(2026, 7, 1, 0, 0, 0, 0, time.UTC)
	end := func(zone string, days int) SignatureFact {
		return SignatureFact{Zone: zone, From: at, Until: at.AddDate(0, 0, days)}
	}
	var f, g Facts
	f.addEnd(end(".", 9))
	f.addEnd(end("org.", 5))
	f.addEnd(end("org.", 7))
	g.addEnd(end("org.", 3))
	g.addEnd(end("example.org.", 4))
	m := f.Merge(g)
	if want := []SignatureFact{end(".", 9), end("org.", 3), end("example.org.", 4)}; !slices.Equal(m.Ends, want) {
		t.Errorf("got %v, want %v", m.Ends, want)
	}
	if want := []SignatureFact{end(".", 9), end("org.", 5)}; !slices.Equal(f.Ends, want) {
		t.Errorf("merging changed the first to %v", f.Ends)
	}
}
