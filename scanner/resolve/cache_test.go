package resolve

import (
	"fmt"
	"net/netip"
	"runtime"
	"testing"
	"time"
)

func TestCacheExpiresAndStaysWithinItsBytes(t *testing.T) {
	now := time.Unix(1000, 0)
	c := newCache[int](cacheShards*10*(entryBytes+100), func() time.Time { return now })
	c.put(key{"a.", 1}, 1, 1010, 100)
	if v, ok := c.get(key{"a.", 1}); !ok || v != 1 {
		t.Error("not found")
	}
	if _, ok := c.get(key{"a.", 2}); ok {
		t.Error("found under another type")
	}
	now = time.Unix(1010, 0)
	if _, ok := c.get(key{"a.", 1}); ok {
		t.Error("found after its time")
	}
	c.put(key{"b.", 1}, 1, 1010, 100)
	if _, ok := c.get(key{"b.", 1}); ok {
		t.Error("kept without any time left")
	}
	for i := range 30_000 {
		c.put(key{fmt.Sprintf("n%d.", i), 1}, i, 2000, 100)
		c.get(key{"n0.", 1})
	}
	entries := 0
	for i := range c.shards {
		s := &c.shards[i]
		if s.bytes > s.limit || len(s.ring) != len(s.entries) {
			t.Fatalf("shard holds %d bytes of %d, %d entries in the ring of %d", s.bytes, s.limit, len(s.ring), len(s.entries))
		}
		entries += len(s.entries)
	}
	if entries < cacheShards*8 {
		t.Errorf("only %d entries are left", entries)
	}
	if _, ok := c.get(key{"n0.", 1}); !ok {
		t.Error("the entry in use was evicted")
	}
}

func TestDelegationTakesLessThanAKibibyte(t *testing.T) {
	const many = 20_000
	c := newCache[*cut](1<<30, time.Now)
	var before, after runtime.MemStats
	runtime.GC()
	runtime.ReadMemStats(&before)
	for i := range many {
		zone := fmt.Sprintf("ministry-of-finance-%d.gov.test.", i)
		delegation := &cut{zone: zone, parent: "gov.test.", expires: 1 << 40}
		for k := range 4 {
			delegation.ns = append(delegation.ns, nsHost{
				name:  fmt.Sprintf("ns%d.%s", k, zone),
				addrs: []netip.Addr{netip.MustParseAddr("198.18.0.1"), netip.MustParseAddr("2001:db8::1")},
			})
		}
		c.put(key{name: zone}, delegation, delegation.expires, delegation.bytes()+len(zone))
	}
	runtime.GC()
	runtime.ReadMemStats(&after)
	each := (after.HeapAlloc - before.HeapAlloc) / many
	counted := int64(0)
	for i := range c.shards {
		counted += c.shards[i].bytes
	}
	t.Logf("%d bytes for a delegation to four name servers with two addresses each, %d by our own account", each, counted/many)
	if each >= 1024 {
		t.Errorf("%d bytes per delegation", each)
	}
	if own := uint64(counted / many); own < each*3/4 {
		t.Errorf("the cache counts %d bytes and uses %d", own, each)
	}
	runtime.KeepAlive(c)
}
