package probe

import "adopt6/scanner"

// combine gives the verdict on a service from those on its parts: ok when all
// are, partial with the given reason when some are, else the worst. Parts that
// could not be measured count only when no other does.
func combine(parts []scanner.Verdict, some scanner.Reason) scanner.Verdict {
	var good, bad, unknown []scanner.Verdict
	for _, p := range parts {
		switch p.Status {
		case scanner.OK, scanner.Partial:
			good = append(good, p)
		case scanner.Unmeasured:
			unknown = append(unknown, p)
		default:
			bad = append(bad, p)
		}
	}
	switch {
	case len(good) > 0 && len(bad) > 0:
		return partial(some)
	case len(good) > 0:
		return worst(good)
	case len(bad) > 0:
		return worst(bad)
	case len(unknown) > 0:
		return unknown[0]
	}
	return unmeasured(scanner.NotProbed)
}

// gravity orders statuses: the verdict on several things of which none works
// is that of the one with the greatest.
var gravity = map[scanner.Status]int{
	scanner.OK: 0, scanner.Partial: 1, scanner.Absent: 2, scanner.Unmeasured: 3, scanner.Broken: 4,
}

// worst returns the verdict of the greatest gravity, the first of equals.
func worst(verdicts []scanner.Verdict) scanner.Verdict {
	var w scanner.Verdict
	for i, v := range verdicts {
		if i == 0 || gravity[v.Status] > gravity[w.Status] {
			w = v
		}
	}
	return w
}
