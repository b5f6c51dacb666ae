package section

import (
	"cmp"
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

// Lines are the positions of settings, as "file:line"; the entry "" is the start
// of the mapping that holds them.
type Lines map[string]string

// Where returns "file:line" of a setting, or of the mapping that lacks it.
func (l Lines) Where(setting string) string { return cmp.Or(l[setting], l[""]) }

// Setting is a key of a mapping and the function that reads its value.
type Setting struct {
	Name string
	Read func(n *yaml.Node)
}

// Reader collects the faults of a file.
type Reader struct {
	Path   string
	faults []error
}

// Fault adds a fault of a value, with its line.
func (r *Reader) Fault(n *yaml.Node, format string, args ...any) {
	r.Add(fmt.Errorf("%s:%d: %w", r.Path, n.Line, fmt.Errorf(format, args...)))
}

// Add adds a fault, or none for nil.
func (r *Reader) Add(err error) { r.faults = append(r.faults, err) }

// Err returns the faults, each in a line of its own.
func (r *Reader) Err() error { return errors.Join(r.faults...) }

// Sections reads the top level of a file. others are names of settings elsewhere,
// to suggest when a name is unknown.
func (r *Reader) Sections(f *File, known []Setting, others ...string) {
	if f.root != nil {
		r.Mapping(f.root, "", known, others...)
	}
}

// Mapping reads the settings of a mapping and returns their positions. what names
// the mapping in errors; others is as in [Reader.Sections].
func (r *Reader) Mapping(n *yaml.Node, what string, known []Setting, others ...string) Lines {
	if what != "" {
		what += ": "
	}
	n = resolved(n)
	lines := Lines{"": fmt.Sprintf("%s:%d", r.Path, n.Line)}
	if n.Kind != yaml.MappingNode {
		r.Fault(n, "%sexpected settings such as %q", what, known[0].Name+": ...")
		return lines
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], resolved(n.Content[i+1])
		at := slices.IndexFunc(known, func(s Setting) bool { return s.Name == key.Value })
		switch {
		case at < 0:
			var names []string
			for _, s := range known {
				names = append(names, s.Name)
			}
			r.Fault(key, "%sunknown setting %q; did you mean %q?", what, key.Value, Closest(key.Value, append(names, others...)))
		case lines[key.Value] != "":
			r.Fault(key, "%s%s is set twice, first in line %s; remove one", what, key.Value, strings.TrimPrefix(lines[key.Value], r.Path+":"))
		default:
			lines[key.Value] = fmt.Sprintf("%s:%d", r.Path, key.Line)
			known[at].Read(value)
		}
	}
	return lines
}

// Closest returns the one of several names, with or without their section, that
// differs least from name.
func Closest(name string, known []string) string {
	name = name[:min(len(name), 100)] // the work grows with the length
	distance := func(known string) int {
		_, last, _ := strings.Cut(known, ".")
		return min(levenshtein.ComputeDistance(name, known), levenshtein.ComputeDistance(name, cmp.Or(last, known)))
	}
	return slices.MinFunc(known, func(a, b string) int { return distance(a) - distance(b) })
}

// Text reads one value.
func (r *Reader) Text(name string, into *string) Setting {
	return Setting{name, func(n *yaml.Node) {
		if n.Kind != yaml.ScalarNode {
			r.Fault(n, "%s: expected one value", name)
			return
		}
		if *into = n.Value; n.Tag == "!!null" {
			*into = ""
		}
	}}
}

// Texts reads a list of values, or one value with commas.
func (r *Reader) Texts(name string, into *[]string) Setting {
	return Setting{name, func(n *yaml.Node) {
		if n.Kind == yaml.ScalarNode && n.Tag != "!!null" {
			for part := range strings.SplitSeq(n.Value, ",") {
				*into = append(*into, strings.TrimSpace(part))
			}
			return
		}
		if err := n.Decode(into); err != nil {
			r.Fault(n, "%s: expected a list such as [a, b]", name)
		}
	}}
}

// Truth reads true or false.
func (r *Reader) Truth(name string, into *bool) Setting {
	return Setting{name, func(n *yaml.Node) {
		if err := n.Decode(into); err != nil {
			r.Fault(n, "%s: %q is neither true nor false", name, n.Value)
		}
	}}
}

// Number reads a whole number within bounds.
func (r *Reader) Number(name string, bounds Bounds[int], into *int) Setting {
	return Setting{name, func(n *yaml.Node) {
		v, err := strconv.Atoi(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil || bounds.Check(v) != nil {
			r.Fault(n, "%s: expected a whole number, %s; found %q", name, bounds, n.Value)
			return
		}
		*into = v
	}}
}

// Span reads a time with its unit, within bounds.
func (r *Reader) Span(name string, bounds Bounds[time.Duration], into *time.Duration) Setting {
	return Setting{name, func(n *yaml.Node) {
		d, err := parseSpan(n.Value)
		if n.Kind != yaml.ScalarNode || err != nil || bounds.Check(d) != nil {
			r.Fault(n, "%s: expected a time with its unit, such as 90s, 15m, 20h or 2d, %s; found %q", name, bounds, n.Value)
			return
		}
		*into = d
	}}
}

// days is a span in days, which time.ParseDuration does not accept.
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
