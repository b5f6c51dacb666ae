package lab

import (
	"fmt"
	"reflect"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lineError is a fault of a scenario at a line of its file.
type lineError struct {
	file string
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("%s:%d: %v", e.file, e.line, e.err) }
func (e *lineError) Unwrap() error { return e.err }

// nodeError is a fault at a node of the YAML tree; the file is not known yet.
func nodeError(n *yaml.Node, format string, args ...any) error {
	return &lineError{line: n.Line, err: fmt.Errorf(format, args...)}
}

// decode reads node into v, which may hold values already: fields that node
// does not name keep them. Unlike yaml's own strictness it names the closest
// field when it meets an unknown one.
func decode(node *yaml.Node, v any) error {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if err := checkFields(node, reflect.TypeOf(v)); err != nil {
		return err
	}
	if err := node.Decode(v); err != nil {
		if located, ok := err.(*lineError); ok {
			return located
		}
		return nodeError(node, "%s", cleanYAML(err))
	}
	return nil
}

// cleanYAML takes the prefix and Go's type names out of yaml's own message.
func cleanYAML(err error) string {
	text := strings.Join(strings.Fields(strings.TrimPrefix(err.Error(), "yaml: ")), " ")
	text = strings.TrimPrefix(text, "unmarshal errors: ")
	return strings.NewReplacer("!!str ", "", "!!map", "a mapping", "!!seq", "a list", "into lab.", "where it should be ",
		"into ", "where it should be ").Replace(text)
}

var unmarshaler = reflect.TypeFor[yaml.Unmarshaler]()

// checkFields looks for keys that the Go type has no field for. Types that
// decode themselves check themselves.
func checkFields(node *yaml.Node, t reflect.Type) error {
	if node.Kind == yaml.AliasNode {
		node = node.Alias
	}
	if t.Implements(unmarshaler) || reflect.PointerTo(t).Implements(unmarshaler) || t == reflect.TypeFor[yaml.Node]() {
		return nil
	}
	switch t.Kind() {
	case reflect.Pointer:
		return checkFields(node, t.Elem())
	case reflect.Slice:
		if node.Kind == yaml.SequenceNode {
			for _, item := range node.Content {
				if err := checkFields(item, t.Elem()); err != nil {
					return err
				}
			}
		}
	case reflect.Map:
		for i := 1; node.Kind == yaml.MappingNode && i < len(node.Content); i += 2 {
			if err := checkFields(node.Content[i], t.Elem()); err != nil {
				return err
			}
		}
	case reflect.Struct:
		return checkStruct(node, t)
	}
	return nil
}

func checkStruct(node *yaml.Node, t reflect.Type) error {
	if node.Kind != yaml.MappingNode {
		return nil
	}
	fields := map[string]reflect.Type{}
	for i := range t.NumField() {
		name, _, _ := strings.Cut(t.Field(i).Tag.Get("yaml"), ",")
		if name == "" {
			name = strings.ToLower(t.Field(i).Name)
		}
		if name != "-" && t.Field(i).IsExported() {
			fields[name] = t.Field(i).Type
		}
	}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		field, ok := fields[key.Value]
		if !ok {
			return unknownKey(key, "field", fields)
		}
		if err := checkFields(node.Content[i+1], field); err != nil {
			return err
		}
	}
	return nil
}

// unknownKey names the closest of the words that are allowed.
func unknownKey[T any](key *yaml.Node, what string, allowed map[string]T) error {
	best, bestDistance := "", 1<<30
	for word := range allowed {
		if d := distance(key.Value, word); d < bestDistance || d == bestDistance && word < best {
			best, bestDistance = word, d
		}
	}
	if best == "" {
		return nodeError(key, "unknown %s %q", what, key.Value)
	}
	return nodeError(key, "unknown %s %q; did you mean %q?", what, key.Value, best)
}

// distance is the number of letters to insert, delete or replace between two
// words (Levenshtein).
func distance(a, b string) int {
	if len(a) > 64 {
		a = a[:64]
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := diagonal
			if a[i] != b[j] {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// pair is an entry of a mapping, with its place in the file.
type pair struct {
	key   string
	line  int
	value *yaml.Node
}

// ordered is a mapping whose entries keep the order of the file.
type ordered []pair

// UnmarshalYAML implements yaml.Unmarshaler.
func (o *ordered) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.MappingNode {
		return nodeError(node, "needs a mapping, name: value")
	}
	*o = nil
	seen := map[string]int{}
	for i := 0; i+1 < len(node.Content); i += 2 {
		key := node.Content[i]
		if line, twice := seen[key.Value]; twice {
			return nodeError(key, "%q is here for the second time; the first is at line %d", key.Value, line)
		}
		seen[key.Value] = key.Line
		value := node.Content[i+1]
		if value.Kind == yaml.AliasNode {
			value = value.Alias
		}
		*o = append(*o, pair{key.Value, key.Line, value})
	}
	return nil
}
