package scanner

import (
	"adopt6/scanner/observation"
	"context"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/uuid"
)

// scripted returns what a pass finds. The part of the name before the hyphen has
// one letter for each pass: "." works, "w" the web fails, "m" mail times out,
// "c" the certificate has expired, "d" the name servers do not answer and
// nothing else is known.
func scripted(name string, pass int) (o observation.Observation) {
	script, _, _ := strings.Cut(name, "-")
	o.Web, o.Mail, o.DNSSEC = observation.Verdict{Status: observation.OK}, observation.Verdict{Status: observation.OK}, observation.Insecure
	switch {
	case pass >= len(script):
	case script[pass] == 'w':
		o.Web = observation.Verdict{Status: observation.Broken, Reason: observation.TCPReset}
	case script[pass] == 'm':
		o.Mail = observation.Verdict{Status: observation.Broken, Reason: observation.Timeout}
	case script[pass] == 'c':
		o.Web = observation.Verdict{Status: observation.Broken, Reason: observation.TLSExpired}
	case script[pass] == 'd':
		o.DNS, o.Web, o.Mail = observation.Verdict{Status: observation.Broken, Reason: observation.Timeout}, observation.Verdict{Status: observation.Unmeasured, Reason: observation.DNSFailure}, observation.Verdict{Status: observation.Unmeasured, Reason: observation.DNSFailure}
	}
	return o
}

func confirmed(t *testing.T, ctx context.Context, waits []time.Duration, sleep func(context.Context, time.Duration) error, names ...string) (map[string]*observation.Observation, int64, error) {
	t.Helper()
	w, err := CreateWorklist(filepath.Join(t.TempDir(), "scan"), Header{Scan: uuid.New()}, named(names...))
	if err != nil {
		t.Fatal(err)
	}
	var pass, measured atomic.Int64
	measure := func(_ context.Context, p Pending) *observation.Observation {
		measured.Add(1)
		o := scripted(p.Target.Name, int(pass.Load()))
		o.Position, o.Target = p.Position, p.Target
		return &o
	}
	kept := make(map[string]*observation.Observation)
	tally := new(Tally)
	pool := Pool{Workers: 4, Timeout: time.Minute, Measure: measure, Tally: tally,
		Sink: func(_ context.Context, o *observation.Observation) error {
			if kept[o.Target.Name] != nil {
				t.Errorf("%s is kept twice", o.Target.Name)
			}
			kept[o.Target.Name] = o
			return nil
		}}
	released := 0
	err = pool.RunConfirmed(ctx, w, nil, Confirmation{Waits: waits, Sleep: sleep,
		Fresh: func(context.Context) (Measure, func(), error) {
			pass.Add(1)
			return measure, func() { released++ }, nil
		}})
	if int64(released) != pass.Load() || tally.Done() != int64(len(kept)) {
		t.Errorf("%d of %d measures released, %d of %d tallied", released, pass.Load(), tally.Done(), len(kept))
	}
	return kept, measured.Load(), err
}

func TestFailuresAreMeasuredAgain(t *testing.T) {
	var slept []time.Duration
	sleep := func(_ context.Context, d time.Duration) error { slept = append(slept, d); return nil }
	kept, measured, err := confirmed(t, t.Context(), []time.Duration{0, time.Hour}, sleep,
		"...-ok.tg", "w..-flap.tg", "www-down.tg", "ww.-late.tg", "wm.-both.tg", "wmw-all.tg", "ccc-expired.tg", "ddd-dead.tg", "d..-lame.tg", "w.w-back.tg")
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]struct {
		passes   uint8
		web      observation.Status
		flapping string
	}{
		"...-ok.tg": {1, observation.OK, ""},
		// It worked the second time, so it is not measured a third time.
		"w..-flap.tg": {2, observation.OK, "web_v6"},
		"w.w-back.tg": {2, observation.OK, "web_v6"},
		"www-down.tg": {3, observation.Broken, ""},
		"ww.-late.tg": {3, observation.OK, "web_v6"},
		"wm.-both.tg": {3, observation.OK, "web_v6 mail_v6"},
		"wmw-all.tg":  {3, observation.Broken, "web_v6 mail_v6"},
		// Waiting an hour does not renew a certificate.
		"ccc-expired.tg": {1, observation.Broken, ""},
		"ddd-dead.tg":    {3, observation.Unmeasured, ""},
		"d..-lame.tg":    {2, observation.OK, "dns_v6 web_v6 mail_v6"},
	} {
		o := kept[name]
		if o == nil || o.Attempts != want.passes || o.Web.Status != want.web || strings.Join(o.Flapping, " ") != want.flapping {
			t.Errorf("%s: got %+v, want %+v", name, o, want)
		}
	}
	if want := []time.Duration{0, time.Hour}; !slices.Equal(slept, want) || measured != 10+8+5 {
		t.Errorf("paused %v and measured %d times", slept, measured)
	}
}

func TestNothingFailsNothingWaits(t *testing.T) {
	sleep := func(context.Context, time.Duration) error {
		t.Error("a scan without failures pauses")
		return nil
	}
	if kept, _, err := confirmed(t, t.Context(), []time.Duration{time.Hour}, sleep, "..-a.tg", "..-b.tg"); err != nil || len(kept) != 2 {
		t.Errorf("%d kept, error %v", len(kept), err)
	}
	if kept, _, err := confirmed(t, t.Context(), nil, sleep, "ww-a.tg"); err != nil || kept["ww-a.tg"].Attempts != 1 || !slices.Equal(kept["ww-a.tg"].Flapping, []string{"web_v6"}) {
		t.Errorf("without further passes: %v, error %v", kept, err)
	}
}

// TestInterruptedPause: a scan interrupted in the pause keeps no unconfirmed
// observation; the resumed scan measures those targets.
func TestInterruptedPause(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	sleep := func(ctx context.Context, _ time.Duration) error {
		interrupt()
		return sleepClock(ctx, time.Hour)
	}
	kept, _, err := confirmed(t, ctx, []time.Duration{time.Hour}, sleep, "..-a.tg", "ww-b.tg")
	if !errors.Is(err, context.Canceled) || len(kept) != 1 || kept["..-a.tg"] == nil {
		t.Errorf("kept %v, error %v", kept, err)
	}
}
