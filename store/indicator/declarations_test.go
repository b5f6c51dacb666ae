package indicator_test

import (
	"math"
	"testing"

	"adopt6/store/indicator"
)

// The values are those of R. G. Newcombe, "Two-sided confidence intervals for
// the single proportion", Statistics in Medicine 17 (1998), table I, method 3.
func TestWilson(t *testing.T) {
	t.Parallel()
	tests := []struct {
		successes, n uint64
		low, high    float64
	}{
		{81, 263, 0.2553, 0.3662},
		{15, 148, 0.0624, 0.1605},
		{0, 20, 0, 0.1611},
		{1, 29, 0.0061, 0.1718},
	}
	for _, test := range tests {
		low, high := indicator.Wilson(test.successes, test.n)
		if math.Abs(low-test.low) > 0.00005 || math.Abs(high-test.high) > 0.00005 {
			t.Errorf("%d of %d: %.4f to %.4f, want %.4f to %.4f", test.successes, test.n, low, high, test.low, test.high)
		}
		// What is true of successes is true of failures.
		mirrorLow, mirrorHigh := indicator.Wilson(test.n-test.successes, test.n)
		if math.Abs(mirrorLow-(1-high)) > 1e-12 || math.Abs(mirrorHigh-(1-low)) > 1e-12 {
			t.Errorf("%d of %d has no mirror image: %v to %v", test.successes, test.n, mirrorLow, mirrorHigh)
		}
	}
	if low, high := indicator.Wilson(0, 0); low != 0 || high != 1 {
		t.Errorf("of nothing: %v to %v", low, high)
	}
	if low, high := indicator.Wilson(0, 7); low != 0 || high <= 0 || high >= 1 {
		t.Errorf("none of 7: %v to %v", low, high)
	}
	if low, high := indicator.Wilson(7, 7); high != 1 || low <= 0 || low >= 1 {
		t.Errorf("7 of 7: %v to %v", low, high)
	}
}

func TestDeclarationsAreWhole(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, i := range indicator.All() {
		if i.ID == "" || seen[i.ID] {
			t.Errorf("id %q is empty or used twice", i.ID)
		}
		seen[i.ID] = true
		if i.Name == "" || i.Topic == "" || i.Measure == "" || i.Numerator == "" || i.Denominator == "" || i.Unmeasured == "" || i.Unit == "" || i.Direction == "" || len(i.Kinds) == 0 {
			t.Errorf("%s lacks something: %+v", i.ID, i)
		}
	}
}
