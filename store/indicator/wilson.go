package indicator

import "math"

// z95 is the quantile of the normal distribution for a two-sided interval of
// 95 per cent.
const z95 = 1.959963984540054

// Wilson returns the 95 per cent score interval for a share of successes in n
// trials (E. B. Wilson, 1927), without continuity correction. It stays within 0
// and 1 and says something sensible for small n and for shares of 0 and 1,
// which the usual approximation does not. Without trials nothing is known: the
// interval is 0 to 1.
//
// It tells how far a share could lie from the true one if the targets were a
// random draw from a larger set, as a country's listed domains are from all of
// its domains at best; it knows nothing of how a list was chosen.
func Wilson(successes, n uint64) (low, high float64) {
	if n == 0 {
		return 0, 1
	}
	total := float64(n)
	p := float64(min(successes, n)) / total
	z2 := z95 * z95
	centre := p + z2/(2*total)
	spread := z95 * math.Sqrt(p*(1-p)/total+z2/(4*total*total))
	scale := 1 + z2/total
	low, high = (centre-spread)/scale, (centre+spread)/scale
	// The ends are exact for none and for all; floating point misses them.
	if successes == 0 {
		low = 0
	}
	if successes >= n {
		high = 1
	}
	return max(low, 0), min(high, 1)
}

// binomial is the chance of k successes in n trials of one half each.
func binomial(n, k uint64) float64 {
	choose := func(x uint64) float64 { v, _ := math.Lgamma(float64(x) + 1); return v }
	return math.Exp(choose(n) - choose(k) - choose(n-k) - float64(n)*math.Ln2)
}
