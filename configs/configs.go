// Package configs loads the settings of adopt6.
//
// In: the built-in defaults, one YAML file, ADOPT6_* environment variables and
// command line flags, each overriding the one before. Out: [Settings], with
// the origin of every value. It never guesses: an unknown key is an error.
package configs

import (
	"bytes"
	_ "embed"
	"errors"
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
	"go.yaml.in/yaml/v3"

	"adopt6/configs/secret"
	"adopt6/configs/section"
)

// Example is a configuration file with every key at its default, explained.
//
//go:embed adopt6.yaml
var Example []byte

const envPrefix = "ADOPT6_"

// otherVariables begin with envPrefix and are not settings: a password, which
// is never printed, and what tells tests where to find what they need.
var otherVariables = []string{"ADOPT6_STORE_PASSWORD", "ADOPT6_STORE_PASSWORD_FROM", "ADOPT6_CLICKHOUSE_SERVER", "ADOPT6_RAWDATA"}

// jobsSection is not read by [Load] but by package scanner/schedule, from
// [Settings.File].
const jobsSection = "schedule"

// searched are the paths of the configuration file when none is given.
var searched = []string{"adopt6.yaml", "/etc/adopt6/adopt6.yaml"}

// Load reads the settings. When file is empty, it uses the first of ./adopt6.yaml
// and /etc/adopt6/adopt6.yaml that exists, or none. flags may be nil.
func Load(file string, flags *pflag.FlagSet) (*Settings, error) {
	v := viper.New()
	v.SetEnvPrefix(strings.TrimSuffix(envPrefix, "_"))
	v.SetEnvKeyReplacer(strings.NewReplacer(".", "_"))
	for _, k := range keys {
		v.SetDefault(k.name, k.plain())
		if err := v.BindEnv(k.name); err != nil {
			return nil, fmt.Errorf("bind %s to the environment: %w", k.name, err)
		}
		if flag := lookup(flags, k.flag); flag != nil {
			if err := v.BindPFlag(k.name, flag); err != nil {
				return nil, fmt.Errorf("bind %s to --%s: %w", k.name, k.flag, err)
			}
		}
	}
	s := &Settings{origins: make(map[string]string), values: make(map[string]any)}
	if file == "" {
		file = firstExisting(searched)
	}
	if file != "" {
		if err := s.read(file, v); err != nil {
			return nil, err
		}
	}
	if err := checkEnvironment(os.Environ()); err != nil {
		return nil, err
	}
	var faults []error
	for _, k := range keys {
		s.origins[k.name] = origin(v, k, file, flags)
		value, err := parse(v.Get(k.name), k)
		if err != nil {
			faults = append(faults, fmt.Errorf("%s %w (%s)", k.name, err, s.origins[k.name]))
			continue
		}
		s.values[k.name] = value
	}
	if len(faults) > 0 {
		return nil, errors.Join(faults...)
	}
	if err := v.Unmarshal(s); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if err := s.check(); err != nil {
		return nil, err
	}
	return s, nil
}

// read reads the configuration file and reports keys that are not in the table;
// the values are left to [Load].
func (s *Settings) read(path string, v *viper.Viper) (err error) {
	if s.File, err = section.Read(path); err != nil {
		return err
	}
	r := &section.Reader{Path: path}
	known := []section.Setting{{Name: jobsSection, Read: func(*yaml.Node) {}}, s.channels(r)}
	for _, name := range sections() {
		known = append(known, sectionOf(r, name))
	}
	r.Sections(s.File, known, keyNames()...)
	if err := r.Err(); err != nil {
		return err
	}
	v.SetConfigType("yaml")
	if err := v.ReadConfig(bytes.NewReader(s.File.Text)); err != nil {
		return fmt.Errorf("read configuration %s: %w", path, err)
	}
	return nil
}

// sectionOf reads a section of keys.
func sectionOf(r *section.Reader, name string) section.Setting {
	var known []section.Setting
	for _, k := range keys {
		if in, last, _ := strings.Cut(k.name, "."); in == name {
			known = append(known, section.Setting{Name: last, Read: func(*yaml.Node) {}})
		}
	}
	return section.Setting{Name: name, Read: func(n *yaml.Node) {
		if n.Tag != "!!null" {
			r.Mapping(n, name, known, keyNames()...)
		}
	}}
}

// parse returns a setting in the type of its default, within its bounds.
func parse(raw any, k key) (any, error) {
	switch v := k.value.(type) {
	case span:
		d, ok := raw.(time.Duration)
		if !ok {
			var err error
			if d, err = time.ParseDuration(fmt.Sprint(raw)); err != nil {
				return nil, fmt.Errorf("must be a time with its unit, such as 2s or 5m, is %q", fmt.Sprint(raw))
			}
		}
		return d, v.Check(d)
	case whole:
		n, err := strconv.Atoi(fmt.Sprint(raw))
		if errors.Is(err, strconv.ErrRange) {
			return nil, fmt.Errorf("must be %s, is %v", v, raw)
		} else if err != nil {
			return nil, fmt.Errorf("must be a whole number, %s, is %q", v, fmt.Sprint(raw))
		}
		return n, v.Check(n)
	}
	switch raw.(type) {
	case []any, map[string]any:
		return nil, fmt.Errorf("must be text, is %v", raw)
	}
	return fmt.Sprint(raw), nil
}

func lookup(flags *pflag.FlagSet, name string) *pflag.Flag {
	if flags == nil || name == "" {
		return nil
	}
	return flags.Lookup(name)
}

func firstExisting(files []string) string {
	i := slices.IndexFunc(files, func(f string) bool { _, err := os.Stat(f); return err == nil })
	if i < 0 {
		return ""
	}
	return files[i]
}

func origin(v *viper.Viper, k key, file string, flags *pflag.FlagSet) string {
	if flag := lookup(flags, k.flag); flag != nil && flag.Changed {
		return "--" + k.flag
	}
	if name := envName(k.name); os.Getenv(name) != "" {
		return name
	}
	if v.InConfig(k.name) {
		return file
	}
	return "default"
}

func envName(key string) string {
	return envPrefix + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

// Value is one effective setting.
type Value struct {
	Key     string `json:"key"`
	Value   any    `json:"value"`
	Default any    `json:"default"`
	Origin  string `json:"origin"` // "default", a file, a variable or a flag
	Help    string `json:"help"`
}

// Values returns every setting in the order of the example file. Passwords are
// masked.
func (s *Settings) Values() []Value {
	values := make([]Value, 0, len(keys))
	for _, k := range keys {
		values = append(values, Value{k.name, shown(s.values[k.name]), shown(k.plain()), s.origins[k.name], k.explained()})
	}
	return values
}

// shown returns a value as it is printed, without a password.
func shown(value any) any {
	switch v := value.(type) {
	case time.Duration:
		return v.String()
	case string:
		return secret.Mask(v)
	}
	return value
}

// Origin says where the value of a setting came from: "default", a file, a
// variable or a flag.
func (s *Settings) Origin(key string) string { return s.origins[key] }
