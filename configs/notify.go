package configs

import (
	"cmp"
	"errors"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"adopt6/configs/section"
)

// notifySection is the name of the section that lists the channels of
// notifications.
const notifySection = "notify"

// Channel is one entry of the section "notify": who is notified of changes, and
// how. Exactly one of Webhook, To, File and Folder is set.
type Channel struct {
	Name         string
	Webhook      string
	SecretFile   string
	To           []string
	From         string
	Server       string // host:port
	Security     string
	User         string
	PasswordFile string
	CA           string
	File         string
	Folder       string
	Format       string
	Language     string
	Jobs         []string // empty for all
	Countries    []string // empty for all
	Always       bool
	ConfirmScans int
	Most         int
	See          string

	lines section.Lines
}

// Where returns "file:line" of one of the channel's settings, or of the channel.
func (c *Channel) Where(setting string) string { return c.lines.Where(setting) }

// Defaults and bounds of a channel.
const (
	defaultConfirmScans = 1
	defaultMost         = 100
)

var (
	confirmScans = section.Bounds[int]{Least: 1, Most: 2}
	most         = section.Bounds[int]{Least: 1, Most: 5_000} // what a digest may list
)

// channelName matches valid names of channels.
var channelName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,47}$`)

// channels reads the channels of a configuration file. Paths in it are relative
// to its folder.
func (s *Settings) channels(r *section.Reader) section.Setting {
	return section.Setting{Name: notifySection, Read: func(n *yaml.Node) {
		if n.Kind != yaml.SequenceNode && n.Tag != "!!null" {
			r.Fault(n, "%s: expected a list, each channel beginning with \"- name: ...\"", notifySection)
			return
		}
		for _, entry := range n.Content {
			c := Channel{ConfirmScans: defaultConfirmScans, Most: defaultMost, Language: "en", Security: "starttls", Format: "json"}
			c.lines = r.Mapping(entry, notifySection, c.settings(r))
			c.complete(filepath.Dir(r.Path))
			r.Add(c.check(s.Notify))
			s.Notify = append(s.Notify, c)
		}
	}}
}

func (c *Channel) settings(r *section.Reader) []section.Setting {
	return []section.Setting{
		r.Text("name", &c.Name),
		r.Text("webhook", &c.Webhook), r.Text("secret_file", &c.SecretFile),
		r.Texts("to", &c.To), r.Text("from", &c.From), r.Text("server", &c.Server), r.Text("security", &c.Security),
		r.Text("user", &c.User), r.Text("password_file", &c.PasswordFile), r.Text("ca", &c.CA),
		r.Text("file", &c.File), r.Text("folder", &c.Folder), r.Text("format", &c.Format),
		r.Text("language", &c.Language), r.Texts("jobs", &c.Jobs), r.Texts("countries", &c.Countries),
		r.Truth("always", &c.Always), r.Number("confirm_scans", confirmScans, &c.ConfirmScans), r.Number("most", most, &c.Most),
		r.Text("see", &c.See),
	}
}

// complete writes countries and paths in full.
func (c *Channel) complete(folder string) {
	for i, country := range c.Countries {
		c.Countries[i] = strings.ToUpper(country)
	}
	for _, path := range []*string{&c.SecretFile, &c.PasswordFile, &c.CA, &c.File, &c.Folder} {
		if *path != "" && !filepath.IsAbs(*path) {
			*path = filepath.Join(folder, *path)
		}
	}
}

// check reports settings that contradict each other.
func (c *Channel) check(others []Channel) error {
	var faults []error
	fault := func(setting, format string, args ...any) {
		faults = append(faults, fmt.Errorf("%s: %s: %w", c.Where(setting), cmp.Or(setting, notifySection), fmt.Errorf(format, args...)))
	}
	if !channelName.MatchString(c.Name) {
		fault("name", "%q is not a name of a channel; write 1 to 48 lower-case letters, digits, - and _", c.Name)
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
	return errors.Join(faults...)
}
