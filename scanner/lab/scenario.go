package lab

import (
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed scenarios
var builtin embed.FS

//go:embed profiles.yaml
var builtinProfiles []byte

// maxScenario bounds the size of a scenario file, in bytes.
const maxScenario = 16 << 20

// Scenario is a simulated Internet as a file describes it. docs/scenarios.md
// explains the language.
type Scenario struct {
	// Name is the file's base name without its ending.
	Name string
	// About says in one line what the scenario shows.
	About string

	file string
	text []byte
	spec scenarioSpec
	// profiles are the nodes of the built-in and the scenario's own profiles.
	profiles map[string]pair
}

// scenarioSpec is the top level of a scenario file.
type scenarioSpec struct {
	About    string         `yaml:"about"`
	Seed     uint64         `yaml:"seed"`
	Clock    time.Time      `yaml:"clock"`
	Vantage  vantage        `yaml:"vantage"`
	CCTLDs   cctldSpec      `yaml:"cctlds"`
	Profiles ordered        `yaml:"profiles"`
	Mixes    ordered        `yaml:"mixes"`
	Zones    ordered        `yaml:"zones"`
	Hosts    ordered        `yaml:"hosts"`
	Domains  ordered        `yaml:"domains"`
	Generate []generateSpec `yaml:"generate"`
	Faults   []Fault        `yaml:"faults"`
}

// vantage limits what the place of the measurement can reach.
type vantage struct {
	IPv4    *bool    `yaml:"ipv4"`
	IPv6    *bool    `yaml:"ipv6"`
	Blocked []uint16 `yaml:"blocked"` // TCP ports whose connections never complete
}

// cctldSpec says which of the ccTLDs, all of which the laboratory has, are
// also targets.
type cctldSpec struct {
	Targets tldList `yaml:"targets"`
}

// tldList is a list of ccTLDs or the word all.
type tldList []string

// UnmarshalYAML implements yaml.Unmarshaler.
func (l *tldList) UnmarshalYAML(node *yaml.Node) error {
	root := realRoot()
	known := map[string]bool{}
	for _, t := range root.tlds {
		if t.country {
			known[t.name] = true
		}
	}
	if node.Value == "all" {
		for _, t := range root.tlds {
			if t.country {
				*l = append(*l, t.name)
			}
		}
		return nil
	}
	var names []string
	if err := node.Decode(&names); err != nil {
		return nodeError(node, "needs a list of ccTLDs, or the word all")
	}
	for i, name := range names {
		if !known[name] {
			return unknownKey(node.Content[i], "ccTLD", known)
		}
	}
	*l = names
	return nil
}

// Load reads a scenario file. Errors name the file and the line.
func Load(file string) (*Scenario, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("scenario: %w", err)
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxScenario+1))
	if err != nil {
		return nil, fmt.Errorf("read scenario %s: %w", file, err)
	}
	return Parse(file, text)
}

// Builtin returns an embedded scenario. The error names those that exist.
func Builtin(name string) (*Scenario, error) {
	text, err := builtin.ReadFile("scenarios/" + name + ".yaml")
	if err != nil {
		return nil, fmt.Errorf("no built-in scenario %q; there are: %s", name, strings.Join(BuiltinNames(), ", "))
	}
	return Parse(name+".yaml", text)
}

// BuiltinNames returns the names of the embedded scenarios, sorted.
func BuiltinNames() []string {
	entries, err := builtin.ReadDir("scenarios")
	if err != nil {
		panic(fmt.Sprintf("embedded scenarios: %v", err))
	}
	var names []string
	for _, e := range entries {
		names = append(names, strings.TrimSuffix(e.Name(), ".yaml"))
	}
	slices.Sort(names)
	return names
}

// Open returns the built-in scenario of that name or reads the file.
func Open(nameOrFile string) (*Scenario, error) {
	if slices.Contains(BuiltinNames(), nameOrFile) {
		return Builtin(nameOrFile)
	}
	s, err := Load(nameOrFile)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%q is neither a file nor a built-in scenario; built in are: %s",
			nameOrFile, strings.Join(BuiltinNames(), ", "))
	}
	return s, err
}

// Parse reads a scenario from text; file is what errors call it. The scenario
// is checked as far as it can be without starting it.
func Parse(file string, text []byte) (*Scenario, error) {
	if len(text) > maxScenario {
		return nil, fmt.Errorf("scenario %s is larger than %d MiB", file, maxScenario>>20)
	}
	s := &Scenario{file: file, text: text, profiles: map[string]pair{}}
	s.Name = strings.TrimSuffix(strings.TrimSuffix(filepath.Base(file), ".yaml"), ".yml")
	var common scenarioSpec
	if err := decodeFile("profiles.yaml", builtinProfiles, &common); err != nil {
		return nil, err
	}
	if err := decodeFile(file, text, &s.spec); err != nil {
		return nil, err
	}
	for _, p := range slices.Concat(common.Profiles, s.spec.Profiles) {
		s.profiles[p.key] = p
	}
	s.About = strings.TrimSpace(s.spec.About)
	if s.About == "" {
		return nil, fmt.Errorf("%s: needs a line \"about: ...\" that says what the scenario shows", file)
	}
	if s.spec.Seed == 0 {
		s.spec.Seed = 1
	}
	w, err := newWorld(s, time.Now())
	if err != nil {
		return nil, err
	}
	if err := w.buildZones(false); err != nil {
		return nil, err
	}
	return s, nil
}

func decodeFile(file string, text []byte, spec *scenarioSpec) error {
	var document yaml.Node
	if err := yaml.Unmarshal(text, &document); err != nil {
		return fmt.Errorf("%s: %s", file, cleanYAML(err))
	}
	if len(document.Content) == 0 {
		return fmt.Errorf("%s: is empty; a scenario needs at least \"about: ...\" and \"domains:\"", file)
	}
	if document.Content[0].Kind != yaml.MappingNode {
		return fmt.Errorf("%s:%d: needs fields at the top level, such as \"about: ...\" and \"domains:\"", file, document.Content[0].Line)
	}
	return inFile(file, decode(document.Content[0], spec))
}

// inFile names the file in an error that knows only its line.
func inFile(file string, err error) error {
	if located, ok := err.(*lineError); ok && located.file == "" {
		return &lineError{file, located.line, located.err}
	}
	return err
}

// domainSpec resolves a domain's entry: first the profiles that it is like,
// from the most general one, then its own fields, which replace theirs.
func (s *Scenario) domainSpec(node *yaml.Node, fallback string) (*Domain, error) {
	d := &Domain{}
	if err := s.layer(d, node, fallback, 0); err != nil {
		return nil, err
	}
	return d, nil
}

// maxLike bounds how many profiles may stand on each other.
const maxLike = 16

func (s *Scenario) layer(d *Domain, node *yaml.Node, fallback string, depth int) error {
	if depth > maxLike {
		return nodeError(node, "profiles that are like each other in a circle")
	}
	head := struct {
		Like *string `yaml:"like"`
	}{}
	if node.Kind == yaml.MappingNode {
		if err := node.Decode(&head); err != nil {
			return nodeError(node, "like: needs the name of a profile")
		}
	} else if node.Kind == yaml.ScalarNode && node.Tag != "!!null" {
		head.Like = &node.Value // "example.gov.xx: v4_only" is short for like
	}
	like := fallback
	if head.Like != nil {
		like = *head.Like
	}
	if like != "" {
		base, ok := s.profiles[like]
		if !ok {
			return unknownKey(&yaml.Node{Value: like, Line: node.Line}, "profile", s.profiles)
		}
		if err := s.layer(d, base.value, "", depth+1); err != nil {
			return err
		}
	}
	if node.Kind != yaml.MappingNode {
		return nil
	}
	return decode(node, d)
}
