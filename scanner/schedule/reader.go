package schedule

import (
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"
)

// place says where settings stand in a file.
type place struct {
	file  string
	line  int
	lines map[string]int
}

func (p place) of(setting string) string {
	line, ok := p.lines[setting]
	if !ok {
		line = p.line
	}
	return fmt.Sprintf("%s:%d", p.file, line)
}

// reader collects the faults of a file.
type reader struct {
	file   string
	faults []error
}

func (r *reader) fault(n *yaml.Node, format string, args ...any) {
	r.faults = append(r.faults, fmt.Errorf("%s:%d: %w", r.file, n.Line, fmt.Errorf(format, args...)))
}

func (r *reader) err() error { return errors.Join(r.faults...) }

// setting is a key of a mapping and what reads its value.
type setting struct {
	name string
	read func(n *yaml.Node)
}

// mapping reads the settings of a mapping and returns their lines. what names
// the mapping in errors.
func (r *reader) mapping(n *yaml.Node, what string, known []setting) map[string]int {
	lines := make(map[string]int)
	n = resolved(n)
	if n.Kind != yaml.MappingNode {
		r.fault(n, "%s: expected settings such as %q", what, known[0].name+": ...")
		return lines
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], resolved(n.Content[i+1])
		at := slices.IndexFunc(known, func(s setting) bool { return s.name == key.Value })
		switch {
		case at < 0:
			r.fault(key, "%s: unknown setting %q; did you mean %q?", what, key.Value, closest(key.Value, known))
		case lines[key.Value] > 0:
			r.fault(key, "%s: %s is set twice, first in line %d; remove one", what, key.Value, lines[key.Value])
		default:
			lines[key.Value] = key.Line
			known[at].read(value)
		}
	}
	return lines
}

// resolved follows an alias of YAML.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}

func closest(name string, known []setting) string {
	return slices.MinFunc(known, func(a, b setting) int {
		return levenshtein.ComputeDistance(name, a.name) - levenshtein.ComputeDistance(name, b.name)
	}).name
}

// text reads a scalar.
func (r *reader) text(name string, into *string) setting {
	return setting{name, func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode {
			r.fault(n, "%s: expected one value", name)
			return
		}
		*into = n.Value
	}}
}

// texts reads a list of scalars, or one scalar with commas.
func (r *reader) texts(name string, into *[]string) setting {
	return setting{name, func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
			for part := range strings.SplitSeq(n.Value, ",") {
				*into = append(*into, strings.TrimSpace(part))
			}
			return
		}
		if err := n.Decode(into); err != nil {
			r.fault(n, "%s: expected a list such as [a, b]", name)
		}
	}}
}

func (r *reader) truth(name string, into *bool) setting {
	return setting{name, func(n *yaml.Node) {
		if err := n.Decode(into); err != nil {
			r.fault(n, "%s: %q is neither true nor false", name, n.Value)
		}
	}}
}

// number reads a whole number from least to most.
func (r *reader) number(name string, least, most int, into *int) setting {
	return setting{name, func(n *yaml.Node) {
		v, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil || v < least || v > most {
			r.fault(n, "%s: expected a whole number from %d to %d, found %q", name, least, most, n.Value)
			return
		}
		*into = v
	}}
}

func (r *reader) span(name string, least time.Duration, into *time.Duration) setting {
	return setting{name, func(n *yaml.Node) {
		d, err := parseSpan(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil || d < least {
			r.fault(n, "%s: expected a time of %s or more with its unit, such as 90s, 15m, 20h or 2d; found %q", name, least, n.Value)
			return
		}
		*into = d
	}}
}

// days is a span in days, which time.ParseDuration does not know.
var days = regexp.MustCompile(`^(\d{1,4})d$`)

func parseSpan(text string) (time.Duration, error) {
	if m := days.FindStringSubmatch(text); m != nil {
		n, err := strconv.Atoi(m[1])
		return time.Duration(n) * 24 * time.Hour, err
	}
	if text == "0" {
		return 0, nil
	}
	return time.ParseDuration(text)
}
