// Package section reads the sections of configuration files.
//
// In: a YAML file, and for each section the settings that it may hold. Out: their
// values, and the line of each. It never guesses: a setting that is unknown, set
// twice or out of bounds is an error, with the line and what was probably meant.
package section

import (
	"bytes"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// maxFile is how large a configuration may be, in bytes.
const maxFile = 4 << 20

// File is a configuration file that was read.
type File struct {
	Path string
	Text []byte
	root *yaml.Node // nil for a file without settings
}

// Read reads a configuration file of bounded size.
func Read(path string) (*File, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	defer f.Close()
	var text bytes.Buffer
	if _, err := text.ReadFrom(io.LimitReader(f, maxFile+1)); err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	if text.Len() > maxFile {
		return nil, fmt.Errorf("%s: the configuration has more than %d bytes", path, maxFile)
	}
	return Parse(path, text.Bytes())
}

// Parse reads a configuration from its text; path names it in errors.
func Parse(path string, text []byte) (*File, error) {
	f := &File{Path: path, Text: text}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(doc.Content) == 0 {
		return f, nil // empty, or only comments
	}
	f.root = resolved(doc.Content[0])
	if f.root.Kind == yaml.ScalarNode && f.root.Tag == "!!null" {
		f.root = nil
		return f, nil
	}
	if f.root.Kind != yaml.MappingNode {
		return nil, fmt.Errorf("%s:%d: expected settings such as \"scan:\", found %q", path, f.root.Line, f.root.Value)
	}
	return f, nil
}

// Section returns the value of a top-level key; nil when the file has none. A
// nil file has nothing.
func (f *File) Section(name string) *yaml.Node {
	for key, value := range f.sections() {
		if key.Value == name {
			return value
		}
	}
	return nil
}

// Other returns the first top-level key with another name, and its line.
func (f *File) Other(name string) (key string, line int) {
	for key := range f.sections() {
		if key.Value != name {
			return key.Value, key.Line
		}
	}
	return "", 0
}

func (f *File) sections() func(yield func(key, value *yaml.Node) bool) {
	return func(yield func(key, value *yaml.Node) bool) {
		if f == nil || f.root == nil {
			return
		}
		for i := 0; i+1 < len(f.root.Content); i += 2 {
			if !yield(f.root.Content[i], resolved(f.root.Content[i+1])) {
				return
			}
		}
	}
}

// resolved follows a YAML alias.
func resolved(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode && n.Alias != nil {
		return n.Alias
	}
	return n
}
