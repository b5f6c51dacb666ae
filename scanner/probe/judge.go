package probe

import "adopt6/scanner/observation"

// combine gives the verdict on a service from those on its parts: ok when all
// are, partial with the given reason when some are, else the worst. Parts that
// could not be measured count only when no other does.
func combine(parts []observation.Verdict, some observation.Reason) observation.Verdict {
	var good, bad, unknown []observation.Verdict
	for _, p := range parts {
		switch p.Status {
		case observation.OK, observation.Partial:
			good = append(good, p)
		case observation.Unmeasured:
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
	return unmeasured(observation.NotProbed)
}

// gravity orders statuses: the verdict on several things of which none works
// is that of the one with the greatest.
var gravity = map[observation.Status]int{
	observation.OK: 0, observation.Partial: 1, observation.Absent: 2, observation.Unmeasured: 3, observation.Broken: 4,
}

// worst returns the verdict of the greatest gravity, the first of equals.
func worst(verdicts []observation.Verdict) observation.Verdict {
	var w observation.Verdict
	for i, v := range verdicts {
		if i == 0 || gravity[v.Status] > gravity[w.Status] {
			w = v
		}
	}
	return w
}
