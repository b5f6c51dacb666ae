package lab

import (
	"fmt"
	"net/netip"
	"slices"
	"sort"
	"strconv"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"

	"adopt6/lists"
	"adopt6/scanner/lab/authority"
)

// generateSpec asks for many domains, drawn from weighted profiles.
type generateSpec struct {
	Count    int        `yaml:"count"`
	Words    []string   `yaml:"words"` // first part of the names
	Under    weights    `yaml:"under"`
	Profiles weights    `yaml:"profiles"`
	Kind     lists.Kind `yaml:"kind"`
	Level    string     `yaml:"level"`
	Country  string     `yaml:"country"`
}

// weights is a mapping from words to weights, a list of words of equal weight,
// or one word.
type weights struct {
	words  []string
	sums   []uint64 // running totals, for drawing
	line   int
	single bool
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (w *weights) UnmarshalYAML(node *yaml.Node) error {
	*w = weights{line: node.Line}
	add := func(word string, weight uint64) {
		w.words = append(w.words, word)
		if n := len(w.sums); n > 0 {
			weight += w.sums[n-1]
		}
		w.sums = append(w.sums, weight)
	}
	switch node.Kind {
	case yaml.ScalarNode:
		add(node.Value, 1)
		w.single = true
	case yaml.SequenceNode:
		for _, item := range node.Content {
			add(item.Value, 1)
		}
	case yaml.MappingNode:
		for i := 0; i+1 < len(node.Content); i += 2 {
			weight, err := strconv.ParseUint(node.Content[i+1].Value, 10, 32)
			if err != nil {
				return nodeError(node.Content[i+1], "weight %q: needs a whole number", node.Content[i+1].Value)
			}
			add(node.Content[i].Value, weight)
		}
	}
	if len(w.sums) == 0 || w.sums[len(w.sums)-1] == 0 {
		return nodeError(node, "needs names with weights, such as {healthy_v6: 3, v4_only: 1}")
	}
	return nil
}

// draw returns the index of a word, chosen by a random number.
func (w *weights) draw(random uint64) int {
	random %= w.sums[len(w.sums)-1]
	return sort.Search(len(w.sums), func(i int) bool { return w.sums[i] > random })
}

// generated is all that the scenario's generate entries make. A domain is its
// number: everything else about it is worked out when it is asked for.
type generated struct {
	entries   []genEntry
	count     uint32
	base      uint32 // position of the first address
	perDomain uint32 // slots that each domain may use
	digits    int
	templates map[string]*template
	cache     domainCache
}

// genEntry is one generate entry; its numbers start at first.
type genEntry struct {
	generateSpec
	first    uint32
	suffixes []authority.Name
	parents  []*domain
	profiles []*template
}

// template is what the generated domains of one profile have in common.
type template struct {
	spec    *Domain
	servers [][2]*server     // by slot; IPv4 and IPv6, nil without
	serving map[*server]bool // those of servers and of the declared ones that have the zones
	truth   Truth
	line    int // of the first entry that draws from the profile
}

const (
	maxGenerated = 2_000_000
	maxWord      = 40 // octets; the rest of the label is for the number
)

func (w *world) planGenerated() error {
	g := &w.gen
	g.templates = map[string]*template{}
	mixes := map[string]weights{}
	for _, p := range w.scenario.spec.Mixes {
		var mix weights
		if err := decode(p.value, &mix); err != nil {
			return err
		}
		mixes[p.key] = mix
	}
	for _, spec := range w.scenario.spec.Generate {
		entry, err := w.planEntry(spec, mixes)
		if err != nil {
			return err
		}
		g.entries = append(g.entries, *entry)
	}
	g.digits = len(strconv.Itoa(int(max(g.count, 1) - 1)))
	if uint64(g.count)*uint64(g.perDomain) > maxSlots {
		return fmt.Errorf("generate: %d domains of %d hosts are too many", g.count, g.perDomain)
	}
	g.cache.init()
	w.assignChildren()
	return nil
}

func (w *world) planEntry(spec generateSpec, mixes map[string]weights) (*genEntry, error) {
	g := &w.gen
	at := &yaml.Node{Line: spec.Under.line}
	if spec.Count < 1 || spec.Count > maxGenerated {
		return nil, nodeError(at, "generate: count: %d is not between 1 and %d", spec.Count, maxGenerated)
	}
	if len(spec.Under.words) == 0 || len(spec.Profiles.words) == 0 {
		return nil, nodeError(at, "generate: needs count, under and profiles")
	}
	if mix, ok := mixes[spec.Profiles.words[0]]; ok && spec.Profiles.single {
		spec.Profiles = mix
	}
	if len(spec.Words) == 0 {
		spec.Words = []string{"agency"}
	}
	for _, word := range spec.Words {
		if _, _, err := lists.Normalize(word + ".example"); err != nil || len(word) > maxWord {
			return nil, nodeError(at, "words: %q cannot be part of a host name, or is longer than %d", word, maxWord)
		}
	}
	entry := &genEntry{generateSpec: spec, first: g.count}
	for _, word := range spec.Under.words {
		suffix, err := parseName(word)
		if err != nil {
			return nil, nodeError(at, "under: %v", err)
		}
		parent := w.enclosing(suffix, false)
		if parent.name == authority.Root {
			return nil, nodeError(at, "under: no top-level domain holds %s; declare it below zones", word)
		}
		entry.suffixes = append(entry.suffixes, suffix)
		entry.parents = append(entry.parents, parent)
	}
	for _, name := range spec.Profiles.words {
		t, err := w.template(name, spec.Profiles.line)
		if err != nil {
			return nil, err
		}
		entry.profiles = append(entry.profiles, t)
		g.perDomain = max(g.perDomain, uint32(len(t.servers)))
	}
	g.count += uint32(spec.Count)
	return entry, nil
}

// template works out a profile once, with a name that stands for all.
func (w *world) template(profile string, line int) (*template, error) {
	if t := w.gen.templates[profile]; t != nil {
		return t, nil
	}
	spec, err := w.scenario.domainSpec(&yaml.Node{Kind: yaml.ScalarNode, Value: profile, Line: line}, "")
	if err != nil {
		return nil, err
	}
	t := &template{spec: spec, line: line, serving: map[*server]bool{}, truth: spec.Truth.truth()}
	slots := templateSlots()
	_, err = w.expand(authority.MustName("domain.example"), spec, func() (v4, v6 netip.Addr) {
		t.servers = append(t.servers, [2]*server{})
		return slots()
	})
	if err != nil {
		return nil, nodeError(&yaml.Node{Line: line}, "profile %s: %v", profile, err)
	}
	w.gen.templates[profile] = t
	return t, nil
}

// random returns a number that depends on the seed, a domain's number and the
// purpose alone (the finaliser of SplitMix64).
func (w *world) random(id uint32, purpose uint64) uint64 {
	x := w.scenario.spec.Seed*0x9e3779b97f4a7c15 + uint64(id)*0xbf58476d1ce4e5b9 + purpose*0x94d049bb133111eb
	x ^= x >> 30
	x *= 0xbf58476d1ce4e5b9
	x ^= x >> 27
	x *= 0x94d049bb133111eb
	return x ^ x>>31
}

func (g *generated) entry(id uint32) *genEntry {
	i := sort.Search(len(g.entries), func(i int) bool { return g.entries[i].first > id })
	return &g.entries[i-1]
}

func (w *world) templateOf(id uint32) *template {
	e := w.gen.entry(id)
	return e.profiles[e.Profiles.draw(w.random(id, 1))]
}

// nameOf returns the name of a generated domain: word-number.suffix.
func (w *world) nameOf(id uint32) authority.Name {
	e := w.gen.entry(id)
	suffix := e.suffixes[e.Under.draw(w.random(id, 2))]
	word := e.Words[w.random(id, 3)%uint64(len(e.Words))]
	number := strconv.Itoa(int(id))
	return suffix.Child(word + "-" + strings.Repeat("0", w.gen.digits-len(number)) + number)
}

// idOf returns the number of the generated domain of that very name.
func (w *world) idOf(name authority.Name) (uint32, bool) {
	if w.gen.count == 0 || name == authority.Root {
		return 0, false
	}
	label := name[1 : 1+int(name[0])]
	dash := strings.LastIndexByte(string(label), '-')
	if dash < 0 || len(label)-dash-1 != w.gen.digits {
		return 0, false
	}
	id, err := strconv.ParseUint(string(label[dash+1:]), 10, 32)
	if err != nil || id >= uint64(w.gen.count) || w.nameOf(uint32(id)) != name {
		return 0, false
	}
	return uint32(id), true
}

// children are the generated delegations of one zone.
type children struct {
	w    *world
	ids  []uint32
	sort sync.Once
	// suffixes are what the names end in: the zone's own name, or names below
	// it that are not zones, such as gov.tg where only tg is one.
	suffixes []authority.Name
}

// assignChildren hands every generated domain to the zone that delegates it.
func (w *world) assignChildren() {
	for e := range w.gen.entries {
		entry := &w.gen.entries[e]
		for i, parent := range entry.parents {
			if parent.children == nil {
				parent.children = &children{w: w}
			}
			parent.children.suffixes = append(parent.children.suffixes, entry.suffixes[i])
		}
		for id := entry.first; id < entry.first+uint32(entry.Count); id++ {
			parent := entry.parents[entry.Under.draw(w.random(id, 2))]
			parent.children.ids = append(parent.children.ids, id)
		}
	}
}

// order sorts the children canonically when that is first asked for.
func (c *children) order() {
	c.sort.Do(func() {
		keys := make(map[uint32]string, len(c.ids))
		for _, id := range c.ids {
			keys[id] = c.w.nameOf(id).OrderKey()
		}
		slices.SortFunc(c.ids, func(a, b uint32) int { return strings.Compare(keys[a], keys[b]) })
	})
}

// Len implements authority.Children.
func (c *children) Len() int { return len(c.ids) }

// At implements authority.Children.
func (c *children) At(i int) authority.Name {
	c.order()
	return c.w.nameOf(c.ids[i])
}

// Signed implements authority.Children.
func (c *children) Signed(i int) bool {
	c.order()
	s := &c.w.templateOf(c.ids[i]).spec.DNSSEC
	return s.Signed && s.DS != "none"
}

// Delegation implements authority.Children.
func (c *children) Delegation(name authority.Name) *authority.Delegation {
	id, ok := c.w.idOf(name)
	if !ok {
		return nil
	}
	return c.w.generatedDomain(id).delegation
}
