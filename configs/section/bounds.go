package section

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Bounds are the lowest and highest value of a number, both included.
type Bounds[T int | time.Duration] struct{ Least, Most T }

// Check returns an error that names the bounds when v is outside them.
func (b Bounds[T]) Check(v T) error {
	if v < b.Least || v > b.Most {
		return fmt.Errorf("must be %s, is %s", b, written(v))
	}
	return nil
}

// String returns the bounds as help and errors show them, such as "1 to 10".
func (b Bounds[T]) String() string { return written(b.Least) + " to " + written(b.Most) }

// written returns a number as people write it: 10000, or 2m rather than 2m0s.
func written[T int | time.Duration](v T) string {
	d, isSpan := any(v).(time.Duration)
	switch {
	case !isSpan:
		return strconv.Itoa(int(v))
	case d > 24*time.Hour && d%(24*time.Hour) == 0:
		return strconv.Itoa(int(d/(24*time.Hour))) + "d"
	}
	text := d.String()
	if strings.HasSuffix(text, "m0s") {
		text = strings.TrimSuffix(text, "0s")
	}
	if strings.HasSuffix(text, "h0m") {
		text = strings.TrimSuffix(text, "0m")
	}
	return text
}
