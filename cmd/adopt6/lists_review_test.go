//go:build !alone

package main

import (
	"net/netip"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
)

// TestListsReview proposes what was dead twice: not what was dead once, nor what
// could not be asked.
func TestListsReview(t *testing.T) {
	t.Parallel()
	folder := filepath.Join(t.TempDir(), "store")
	s, err := store.Open(t.Context(), store.Config{Path: folder})
	if err != nil {
		t.Fatal(err)
	}
	ok := observation.Verdict{Status: observation.OK}
	gone := observation.Observation{DNS: observation.Verdict{Status: observation.Absent, Reason: observation.NXDomain}}
	empty := observation.Observation{DNSV4: ok}
	alive := observation.Observation{DNSV4: ok, A: []netip.Addr{netip.MustParseAddr("192.0.2.1")}}
	unknown := observation.Observation{DNSV4: observation.Verdict{Status: observation.Unmeasured, Reason: observation.Timeout}}
	for day, found := range map[int]map[string]observation.Observation{
		1: {"kormany.hu": gone, "empty.tg": empty, "back.tg": gone, "new.tg": alive, "silent.tg": unknown},
		8: {"kormany.hu": gone, "empty.tg": empty, "back.tg": alive, "new.tg": gone, "silent.tg": unknown},
	} {
		info := store.ScanInfo{ID: uuid.New(), Started: time.Date(2026, 11, day, 6, 0, 0, 0, time.UTC), List: "l.csv", Vantage: "lome", Targets: 5}
		if err := s.NewScan(t.Context(), info); err != nil {
			t.Fatal(err)
		}
		w, err := s.Writer(t.Context(), info.ID)
		if err != nil {
			t.Fatal(err)
		}
		for name, o := range found {
			o.Scan, o.Position, o.Started = info.ID, uint64(len(name)), info.Started
			o.Target = lists.Target{Name: name, Kind: lists.Government, Country: "TG"}
			if err := w.Write(t.Context(), &o); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := s.FinishScan(t.Context(), info.ID); err != nil {
			t.Fatal(err)
		}
	}
	if err := s.Close(); err != nil {
		t.Fatal(err)
	}
	code, out, errOut := runMain("lists", "review", "--store", folder, "--csv")
	rows := strings.Split(strings.TrimSpace(out), "\n")
	if code != 0 || len(rows) != 3 || rows[1] != "empty.tg,TG,no_address,no_address,2026-11-01,2026-11-08," ||
		!strings.HasPrefix(rows[2], "kormany.hu,TG,nxdomain,nxdomain,2026-11-01,2026-11-08,frame: head-of-government foreign") {
		t.Errorf("%d: %s%s", code, out, errOut)
	}
}
