package lab

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"time"
)

// labFile is what lab.json holds. The scenario's text is part of it: from that
// text every process works out the same addresses, zones and truth.
type labFile struct {
	Version  int       `json:"version"`
	Scenario string    `json:"scenario"`
	About    string    `json:"about"`
	Started  time.Time `json:"started"` // by the laboratory's clock
	Process  int       `json:"process"`
	Ports    ports     `json:"ports"`
	// Mapping explains how to find the socket of a simulated address by hand.
	Mapping string `json:"mapping"`
	// Roots are the root servers' simulated addresses and their sockets.
	Roots       map[string]string `json:"roots"`
	RootHints   string            `json:"root_hints"`
	TrustAnchor string            `json:"trust_anchor"`
	CA          string            `json:"ca"`
	Text        string            `json:"scenario_text"`
}

// labFileVersion changes when the meaning of a field or the rule by which
// addresses get their positions does.
const labFileVersion = 1

const mappingRule = "simulated address -> 127.0.0.0/8: see \"roots\" for the root servers; " +
	"adopt6 lab route ADDRESS prints any other. Ask with: dig @LOOPBACK -p PORT NAME TYPE"

// WriteFile writes lab.json, from which another process can Attach.
func (l *Lab) WriteFile(file string) error {
	f := labFile{
		Version: labFileVersion, Scenario: l.world.scenario.Name, About: l.world.scenario.About,
		Started: l.world.now, Process: os.Getpid(), Ports: l.ports, Mapping: mappingRule,
		Roots: map[string]string{}, RootHints: string(l.RootHints()), TrustAnchor: string(l.TrustAnchor()),
		CA: string(l.ca.pem()), Text: string(l.world.scenario.text),
	}
	for name, to := range l.RootSockets() {
		f.Roots[name] = to
	}
	text, err := json.MarshalIndent(f, "", "  ")
	if err != nil {
		return fmt.Errorf("write laboratory file: %w", err)
	}
	// Another process may be waiting for the file: it appears whole or not.
	temporary, err := os.CreateTemp(filepath.Dir(file), ".lab-*.json")
	if err != nil {
		return fmt.Errorf("write laboratory file: %w", err)
	}
	defer os.Remove(temporary.Name())
	if _, err := temporary.Write(append(text, '\n')); err != nil {
		temporary.Close()
		return fmt.Errorf("write laboratory file %s: %w", file, err)
	}
	if err := temporary.Close(); err != nil {
		return fmt.Errorf("write laboratory file %s: %w", file, err)
	}
	if err := os.Rename(temporary.Name(), file); err != nil {
		return fmt.Errorf("write laboratory file: %w", err)
	}
	return nil
}

// Attach returns the laboratory that another process runs and has described in
// a file: it routes, and knows hints, anchors, targets and truth. Closing it
// does not end the other process.
func Attach(file string) (*Lab, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("attach to laboratory: %w", err)
	}
	var f labFile
	if err := json.Unmarshal(text, &f); err != nil {
		return nil, fmt.Errorf("%s is not written by adopt6 lab up: %w", file, err)
	}
	if f.Version != labFileVersion {
		return nil, fmt.Errorf("%s is of version %d and this adopt6 reads version %d; start the laboratory anew", file, f.Version, labFileVersion)
	}
	s, err := Parse(f.Scenario+".yaml", []byte(f.Text))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	w, err := newWorld(s, f.Started)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	l := &Lab{world: w, ports: f.Ports, hints: []byte(f.RootHints), anchor: []byte(f.TrustAnchor)}
	if l.ca, err = attachedCA([]byte(f.CA)); err != nil {
		return nil, fmt.Errorf("%s: certificate authority: %w", file, err)
	}
	return l, nil
}
