package scanner

import "testing"

func TestShardsShareAList(t *testing.T) {
	for _, targets := range []uint64{0, 1, 7, 8, 9, 1000} {
		for _, of := range []uint64{1, 2, 3, 8} {
			var sum uint64
			owners := make(map[uint64]int)
			for i := range of {
				s := Shard{i, of}
				sum += s.Count(targets)
				n := uint64(0)
				for position := range targets {
					if s.Has(position) {
						owners[position]++
						n++
					}
				}
				if n != s.Count(targets) {
					t.Errorf("shard %s of %d has %d targets and counts %d", s, targets, n, s.Count(targets))
				}
			}
			if sum != targets || uint64(len(owners)) != targets {
				t.Errorf("%d shards of %d targets have %d, %d different", of, targets, sum, len(owners))
			}
		}
	}
	if s := (Shard{}); !s.Has(5) || s.Count(7) != 7 {
		t.Error("the whole list is not whole")
	}
	for _, text := range []string{"", "1", "2/2", "-1/2", "0/0", "1/2/3", "0/10001", "a/b"} {
		if s, err := ParseShard(text); err == nil {
			t.Errorf("%q is read as %v", text, s)
		}
	}
	if s, err := ParseShard("3/8"); err != nil || s != (Shard{3, 8}) {
		t.Errorf("got %v, error %v", s, err)
	}
}
