package campaign

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"iter"
	"log/slog"
	"maps"
	"path/filepath"
	"slices"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/configs"
	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/lab"
	"adopt6/scanner/metrics"
	"adopt6/scanner/network"
	"adopt6/scanner/observation"
)

// memory is a sink without a store. It refuses to keep more than most.
type memory struct {
	mu       sync.Mutex
	known    Info
	kept     map[uint64]*observation.Observation
	most     int
	finished bool
}

var errFull = errors.New("the disk is full")

func (m *memory) Done(context.Context, uuid.UUID) iter.Seq2[uint64, error] {
	return func(yield func(uint64, error) bool) {
		for position := range m.kept {
			if !yield(position, nil) {
				return
			}
		}
	}
}

func (m *memory) Begin(_ context.Context, info Info) (Info, error) {
	if m.known.Scan == uuid.Nil {
		m.known = info
	}
	return m.known, nil
}

func (m *memory) Writer(context.Context, uuid.UUID) (Writer, error) { return m, nil }
func (m *memory) Finish(context.Context, uuid.UUID) error           { m.finished = true; return nil }
func (m *memory) State() metrics.StoreState                         { return metrics.StoreState{} }
func (m *memory) Close(context.Context, bool) error                 { return nil }

func (m *memory) Write(_ context.Context, o *observation.Observation) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	if len(m.kept) == m.most {
		return errFull
	}
	m.kept[o.Position] = o
	return nil
}

// planOf is a scan of a lab with n domains; one of them fails.
func planOf(t *testing.T, n int) Plan {
	t.Helper()
	text := "about: a campaign\ndomains:\n  fails.gov.tg: {like: healthy_v6, faults: [{at: web, family: v6, do: refuse}]}\n"
	for i := 1; i < n; i++ {
		text += fmt.Sprintf("  d%d.gov.tg: healthy_v6\n", i)
	}
	scenario, err := lab.Parse("campaign.yaml", []byte(text))
	if err != nil {
		t.Fatal(err)
	}
	l, err := lab.Start(scenario)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { l.Close() })
	settings, err := configs.Load("", nil)
	if err != nil {
		t.Fatal(err)
	}
	settings.Scan.Rate, settings.Scan.RatePerServer, settings.Scan.RatePerOperator = 0, 0, 0
	net, err := network.InLab(l, settings, "test")
	if err != nil {
		t.Fatal(err)
	}
	header := scanner.Header{Scan: uuid.New(), List: "a lab", Vantage: "here", Created: time.Now().UTC()}
	w, err := scanner.CreateWorklist(filepath.Join(t.TempDir(), "scan"), header, lists.Each(l.Targets()))
	if err != nil {
		t.Fatal(err)
	}
	return Plan{Worklist: w, Network: net, Settings: settings, SkipPreflight: true}
}

// TestEvents follows a scan that is cut short by its sink and then completed:
// what is told, in which order, and what is kept.
func TestEvents(t *testing.T) {
	t.Parallel()
	const targets = 6
	plan := planOf(t, targets)
	sink := &memory{kept: make(map[uint64]*observation.Observation), most: 2}
	if err := Run(t.Context(), plan, sink, func(Event) {}); !errors.Is(err, errFull) {
		t.Fatalf("a sink that is full: %v", err)
	}
	sink.most = targets
	var told []Event
	if err := Run(t.Context(), plan, sink, func(e Event) {
		if _, moves := e.(Progress); !moves {
			told = append(told, e)
		}
	}); err != nil {
		t.Fatal(err)
	}
	if len(told) != 3 || len(sink.kept) != targets || !sink.finished {
		t.Fatalf("told %+v, kept %d, finished %t", told, len(sink.kept), sink.finished)
	}
	started, _ := told[0].(Started)
	pass, _ := told[1].(Pass)
	done, _ := told[2].(Done)
	if started.Kept != 2 || started.Part != targets || started.Scan != plan.Worklist.Scan || !started.Simulated {
		t.Errorf("started: %+v", started)
	}
	if pass != (Pass{Number: 2, Targets: 1}) {
		t.Errorf("pass: %+v", pass)
	}
	if !done.Complete() || done.Mine != targets || !done.Resumed {
		t.Errorf("done: %+v", done)
	}
	twice := func(o *observation.Observation) bool { return o.Attempts == 2 }
	if !slices.ContainsFunc(slices.Collect(maps.Values(sink.kept)), twice) {
		t.Error("nothing was measured twice")
	}
}

// TestOtherList refuses to add another list to a scan that machines share.
func TestOtherList(t *testing.T) {
	t.Parallel()
	plan := planOf(t, 2)
	plan.Worklist.Shard = scanner.Shard{Index: 0, Of: 2}
	sink := &memory{known: Info{Scan: plan.Worklist.Scan, List: "another", Targets: 2}}
	err := Run(t.Context(), plan, sink, func(Event) {})
	if other := new(OtherListError); !errors.As(err, &other) || other.Known.List != "another" {
		t.Errorf("another list: %v", err)
	}
}

// TestLog writes every event as one record of key and value.
func TestLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	tell := Log(slog.New(slog.NewJSONHandler(&out, nil)), 0)
	scan := uuid.New()
	header := scanner.Header{Scan: scan, List: "a list", Vantage: "here", Targets: 10}
	for _, e := range []Event{
		Started{Header: header, Part: 10, Kept: 3},
		Pass{Number: 2, Targets: 4, Pause: time.Minute},
		Progress{Done: 5, Total: 7, Counts: map[observation.Status]int64{observation.Broken: 2}},
		Done{Header: header, Mine: 10, All: 10},
	} {
		tell(e)
	}
	want := []map[string]any{
		{"msg": "the scan begins", "scan": scan.String(), "stored": 3.0},
		{"msg": "failures are measured again", "pass": 2.0, "targets": 4.0},
		{"msg": "the scan is under way", "done": 5.0, "broken": 2.0},
		{"msg": "the scan is complete", "targets": 10.0},
	}
	lines := bytes.Split(bytes.TrimSpace(out.Bytes()), []byte("\n"))
	if len(lines) != len(want) {
		t.Fatalf("%d records:\n%s", len(lines), &out)
	}
	for i, line := range lines {
		var got map[string]any
		if err := json.Unmarshal(line, &got); err != nil {
			t.Fatal(err)
		}
		for key, value := range want[i] {
			if got[key] != value {
				t.Errorf("%s is %v, want %v: %s", key, got[key], value, line)
			}
		}
	}
}
