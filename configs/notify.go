package configs

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"

	"github.com/agnivade/levenshtein"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"
)

// notifySection is the section of the channels that notifications go by: a
// list.
const notifySection = "notify"

// Channel is one entry of the section "notify": who is told what changed, and
// how. Webhook, To, File and Folder are the ways; one of them is set.
type Channel struct {
	Name         string   `mapstructure:"name"`
	Webhook      string   `mapstructure:"webhook"`
	SecretFile   string   `mapstructure:"secret_file"`
	To           []string `mapstructure:"to"`
	From         string   `mapstructure:"from"`
	Server       string   `mapstructure:"server"` // host:port
	Security     string   `mapstructure:"security"`
	User         string   `mapstructure:"user"`
	PasswordFile string   `mapstructure:"password_file"`
	CA           string   `mapstructure:"ca"`
	File         string   `mapstructure:"file"`
	Folder       string   `mapstructure:"folder"`
	Format       string   `mapstructure:"format"`
	Language     string   `mapstructure:"language"`
	Jobs         []string `mapstructure:"jobs"`      // empty for all
	Countries    []string `mapstructure:"countries"` // empty for all
	Always       bool     `mapstructure:"always"`
	ConfirmScans int      `mapstructure:"confirm_scans"`
	Most         int      `mapstructure:"most"`
	See          string   `mapstructure:"see"`

	where string
	lines map[string]int
}

// Where returns "file:line" of one of the channel's settings, or of the channel.
func (c *Channel) Where(setting string) string {
	line, ok := c.lines[setting]
	if !ok {
		line = c.lines[""]
	}
	return fmt.Sprintf("%s:%d", c.where, line)
}

// Defaults of a channel.
const (
	defaultConfirmScans = 1
	defaultMost         = 100
)

// channelName is what a channel may be called.
var channelName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,47}$`)

// readChannels reads the channels of a configuration file. Files that they name
// are relative to its folder.
func readChannels(v *viper.Viper, file string) ([]Channel, error) {
	nodes, err := channelNodes(file)
	if err != nil || len(nodes) == 0 {
		return nil, err
	}
	list := make([]Channel, len(nodes))
	var faults []error
	for i, n := range nodes {
		list[i].where, list[i].lines = file, map[string]int{"": n.Line}
		faults = append(faults, list[i].readLines(n))
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	read := slices.Clone(list)
	if err := v.UnmarshalKey(notifySection, &read); err != nil {
		return nil, fmt.Errorf("%s: %s: %w", file, notifySection, err)
	}
	for i, c := range read {
		c.where, c.lines = list[i].where, list[i].lines
		c.complete(filepath.Dir(file))
		faults = append(faults, c.check(read[:i]))
		list[i] = c
	}
	return list, errors.Join(faults...)
}

// channelNodes finds the entries of the section in a file.
func channelNodes(file string) ([]*yaml.Node, error) {
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, fmt.Errorf("read configuration: %w", err)
	}
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	if len(doc.Content) == 0 {
		return nil, nil
	}
	root := doc.Content[0]
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value != notifySection || root.Content[i+1].Tag == "!!null" {
			continue
		}
		if root.Content[i+1].Kind != yaml.SequenceNode {
			return nil, fmt.Errorf("%s:%d: %s: expected a list, each channel beginning with \"- name: ...\"", file, root.Content[i].Line, notifySection)
		}
		return root.Content[i+1].Content, nil
	}
	return nil, nil
}

// readLines notes where the settings of a channel stand, and reports what is
// none.
func (c *Channel) readLines(n *yaml.Node) error {
	if n.Kind != yaml.MappingNode {
		return fmt.Errorf("%s:%d: %s: expected settings such as \"name: ...\"", c.where, n.Line, notifySection)
	}
	var known []string
	for field := range reflect.TypeFor[Channel]().Fields() {
		if name := field.Tag.Get("mapstructure"); name != "" {
			known = append(known, name)
		}
	}
	var faults []error
	for i := 0; i+1 < len(n.Content); i += 2 {
		key := n.Content[i]
		if !slices.Contains(known, key.Value) {
			close := slices.MinFunc(known, func(a, b string) int {
				return levenshtein.ComputeDistance(key.Value, a) - levenshtein.ComputeDistance(key.Value, b)
			})
			faults = append(faults, fmt.Errorf("%s:%d: %s: unknown setting %q; did you mean %q?", c.where, key.Line, notifySection, key.Value, close))
		}
		c.lines[key.Value] = key.Line
	}
	return errors.Join(faults...)
}

// complete sets what a file leaves out.
func (c *Channel) complete(folder string) {
	if c.lines["confirm_scans"] == 0 {
		c.ConfirmScans = defaultConfirmScans
	}
	if c.lines["most"] == 0 {
		c.Most = defaultMost
	}
	if c.Language == "" {
		c.Language = "en"
	}
	if c.Security == "" {
		c.Security = "starttls"
	}
	if c.Format == "" {
		c.Format = "json"
	}
	for i, country := range c.Countries {
		c.Countries[i] = strings.ToUpper(country)
	}
	for _, path := range []*string{&c.SecretFile, &c.PasswordFile, &c.CA, &c.File, &c.Folder} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(folder, *path)
		}
	}
}

// check reports settings that do not go together.
func (c *Channel) check(others []Channel) error {
	var faults []error
	fault := func(setting, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: %s: %w", c.Where(setting), cmp.Or(setting, notifySection), fmt.Errorf(format, args...)))
	}
	if !channelName.MatchString(c.Name) {
		fault("name", "%q is no name of a channel; write 1 to 48 lower-case letters, digits, - and _", c.Name)
	}
	if slices.ContainsFunc(others, func(o Channel) bool { return o.Name == c.Name }) {
		fault("name", "there are two channels %q; give each a name of its own", c.Name)
	}
	ways := 0
	for _, set := range []bool{c.Webhook != "", len(c.To) > 0, c.File != "", c.Folder != ""} {
		if set {
			ways++
		}
	}
	if ways != 1 {
		fault("", "set one of webhook, to, file and folder; %d are set", ways)
	}
	if c.Webhook != "" && c.SecretFile == "" {
		fault("webhook", "a webhook is signed; name the file of the secret with secret_file")
	}
	if len(c.To) > 0 && (c.From == "" || c.Server == "") {
		fault("to", "mail needs \"from\", an address, and \"server\", such as smtp.example.org:587")
	}
	if (c.User == "") != (c.PasswordFile == "") {
		fault("user", "user and password_file go together; one of them is empty")
	}
	if c.ConfirmScans != 1 && c.ConfirmScans != 2 {
		fault("confirm_scans", "must be 1 or 2, is %d", c.ConfirmScans)
	}
	if c.Most < 1 {
		fault("most", "must be more than 0, is %d", c.Most)
	}
	return errors.Join(faults...)
}
