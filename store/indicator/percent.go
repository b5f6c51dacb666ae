package indicator

import (
	"fmt"
	"math"
)

// Percent rounds a share for readers, as every table, page and message shows
// it: to whole per cent, halves away from zero, and below 1 and above 99 per
// cent to tenths. None reads as 0 and all as 100, and nothing else does. Digits
// is how many follow the point.
//
// A share is a quotient of counts, so what lies within a rounding error of a
// half is a half.
func Percent(share float64) (value float64, digits int) {
	if share > 0 && share < 0.01 || share > 0.99 && share < 1 {
		return min(max(math.Round(math.Round(share*1e9)/1e6)/10, 0.1), 99.9), 1
	}
	return math.Round(math.Round(share*1e9) / 1e7), 0
}

// PercentText writes a share for a terminal, such as "45%" and "99.8%".
func PercentText(share float64) string {
	value, digits := Percent(share)
	return fmt.Sprintf("%.*f%%", digits, value)
}

// TenthsText writes a share in tenths of a per cent, such as "94.2 %"; only
// none is 0.0 and only all 100.0.
func TenthsText(share float64) string {
	value := math.Round(math.Round(share*1e9)/1e6) / 10
	if share > 0 && share < 1 {
		value = min(max(value, 0.1), 99.9)
	}
	return fmt.Sprintf("%.1f %%", value)
}

// IntervalText writes the ends of an interval for a terminal, in whole per
// cent: an end that would read as none or all and is neither is rounded
// outwards.
func IntervalText(low, high float64) string {
	whole := func(share float64) float64 { return math.Round(math.Round(share*1e9) / 1e7) }
	l, h := whole(low), whole(high)
	if l == 100 && low < 1 {
		l = 99
	}
	if h == 0 && high > 0 {
		h = 1
	}
	return fmt.Sprintf("%.0f-%.0f", l, h)
}
