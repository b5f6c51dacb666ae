package indicator

import (
	"math"
	"slices"
)

// significant is the error that tests allow themselves.
const significant = 0.05

// Differ says whether two shares differ by more than chance: the exact test of
// R. A. Fisher on the two by two table, two-sided. Intervals that overlap say
// nothing of the kind.
func Differ(k1, n1, k2, n2 uint64) bool {
	return fisher(k1, n1, k2, n2) < significant
}

// fisher returns the chance of a table as far from independence as this one, if
// the two shares were the same: the sum over all tables with the same margins
// that are at most as likely.
func fisher(k1, n1, k2, n2 uint64) float64 {
	k, n := k1+k2, n1+n2
	if n1 == 0 || n2 == 0 || k == 0 || k == n {
		return 1
	}
	choose := func(n, k uint64) float64 { return lnFactorial(n) - lnFactorial(k) - lnFactorial(n-k) }
	chance := func(x uint64) float64 { return choose(n1, x) + choose(n2, k-x) - choose(n, k) }
	observed := chance(k1)
	p, from := 0.0, uint64(0)
	if k > n2 {
		from = k - n2
	}
	for x := from; x <= min(k, n1); x++ {
		if c := chance(x); c <= observed+1e-7 {
			p += math.Exp(c)
		}
	}
	return min(p, 1)
}

func lnFactorial(n uint64) float64 {
	v, _ := math.Lgamma(float64(n) + 1)
	return v
}

// discoveries says which of many tests made at once are to be believed, so that
// of those believed one in twenty is false at most (Y. Benjamini and Y.
// Hochberg, 1995). The order is that of the p-values given.
func discoveries(p []float64) []bool {
	order := make([]int, len(p))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int {
		switch {
		case p[a] < p[b]:
			return -1
		case p[a] > p[b]:
			return 1
		}
		return 0
	})
	believed, last := make([]bool, len(p)), -1
	for rank, i := range order {
		if p[i] <= significant*float64(rank+1)/float64(len(p)) {
			last = rank
		}
	}
	for _, i := range order[:last+1] {
		believed[i] = true
	}
	return believed
}
