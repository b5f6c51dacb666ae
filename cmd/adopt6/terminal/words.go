package terminal

import (
	"fmt"
	"strings"
)

// Thousands formats n with commas between groups of three digits.
func Thousands(n int64) string {
	digits := fmt.Sprint(n)
	sign := ""
	if n < 0 {
		sign, digits = "-", digits[1:]
	}
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return sign + digits
}

// Plural is "1 name server" or "3 name servers".
func Plural(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return Thousands(int64(n)) + " " + thing + "s"
}

// Listed joins at most n names.
func Listed(names []string, n int) string {
	words := Clean(strings.Join(names[:min(len(names), n)], ", "))
	if more := len(names) - n; more > 0 {
		words += fmt.Sprintf(" and %d more", more)
	}
	return words
}
