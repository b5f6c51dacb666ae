//go:build !alone

package main

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// faulty is an Internet with faults that lie alone, together and behind each
// other. WEB and MAIL are where sites and exchangers have addresses, REFUSE is
// what their ports do over IPv6.
const faulty = `about: Faults that lie alone, together and behind each other.
domains:
  fine.gov.ar: healthy_v6
  web1.gov.ar: {like: healthy_v6, web: WEB, truth: none}
  web2.gov.ar: {like: healthy_v6, web: WEB, truth: none}
  both.gov.ar: {like: healthy_v6, web: WEB, mail: MAIL, truth: none}
  behind.gov.ar: {like: healthy_v6, web: WEB, faults: [REFUSE], truth: none}
  mail.gov.ar: {like: healthy_v6, mail: MAIL, truth: none}
  port.gov.ar: {like: healthy_v6, faults: [REFUSE], truth: none}
`

// TestWhatOneFixFrees fixes one reason after another in a simulated Internet,
// scans again and holds what was freed against what the report had said: never
// more, and exactly that where no fault was hidden behind the fixed one.
func TestWhatOneFixFrees(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	broken := map[string]string{"WEB": "v4", "MAIL": "v4", "REFUSE": "{at: web, family: v6, do: refuse}"}
	said, ready := reportOf(t, filepath.Join(dir, "before"), broken)
	if ready != 1 {
		t.Fatalf("%d domains are fully ready before any fix", ready)
	}
	for _, fix := range []struct {
		reason, word, fixed  string
		domains, said, freed int
	}{
		{"no_aaaa", "WEB", "both", 4, 3, 2}, // one has a closed port behind it
		{"no_mx_aaaa", "MAIL", "both", 2, 1, 1},
		{"tcp_refused", "REFUSE", "", 1, 1, 1}, // that of another is not seen yet
	} {
		if got := said[fix.reason]; got.Domains != fix.domains || got.Alone != fix.said {
			t.Errorf("%s: the report says %+v, want %d domains, %d by this fix alone", fix.reason, got, fix.domains, fix.said)
		}
		words := map[string]string{"WEB": broken["WEB"], "MAIL": broken["MAIL"], "REFUSE": broken["REFUSE"]}
		words[fix.word] = fix.fixed
		_, after := reportOf(t, filepath.Join(dir, fix.word), words)
		if freed := after - ready; freed > said[fix.reason].Alone || freed != fix.freed {
			t.Errorf("%s: fixing it unblocked %d domains, the report said at most %d, want %d", fix.reason, freed, said[fix.reason].Alone, fix.freed)
		}
	}
}

// said is what a report says of a reason.
type said struct{ Domains, Alone int }

// reportOf scans an Internet and returns what its report says of the reasons,
// and how many domains are fully ready.
func reportOf(t *testing.T, dir string, words map[string]string) (reasons map[string]said, ready int) {
	t.Helper()
	text := faulty
	for word, value := range words {
		text = strings.ReplaceAll(text, word, value)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		t.Fatal(err)
	}
	scenario, store, site := filepath.Join(dir, "faulty.yaml"), filepath.Join(dir, "store"), filepath.Join(dir, "site")
	if err := os.WriteFile(scenario, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	mustRun(t, "lab", "run", scenario, "--store", store, "--state", filepath.Join(dir, "state"), "--skip-preflight")
	mustRun(t, "report", "--store", store, "--out", site, "--country", "AR", "--lang", "en")
	data, err := os.ReadFile(filepath.Join(site, "data", "ar.json"))
	if err != nil {
		t.Fatal(err)
	}
	var file struct {
		Scan      struct{ Simulated bool }
		Countries []struct {
			Kinds []struct {
				Blockers []struct {
					Reason string
					said
				}
				Domains []struct{ Readiness int }
			}
		}
	}
	if err := json.Unmarshal(data, &file); err != nil || !file.Scan.Simulated || len(file.Countries) != 1 || len(file.Countries[0].Kinds) != 1 {
		t.Fatalf("ar.json: %v: %s", err, data)
	}
	reasons = make(map[string]said)
	for _, b := range file.Countries[0].Kinds[0].Blockers {
		reasons[b.Reason] = b.said
	}
	for _, d := range file.Countries[0].Kinds[0].Domains {
		if d.Readiness == 5 {
			ready++
		}
	}
	return reasons, ready
}
