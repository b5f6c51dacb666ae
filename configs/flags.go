package configs

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/pflag"

	"adopt6/configs/section"
)

// NumberFlags adds the flags of settings that are numbers, by the flags' names.
// Help states their bounds, and values outside them are refused.
func NumberFlags(flags *pflag.FlagSet, names ...string) {
	for _, name := range names {
		for _, k := range keys {
			if k.flag != name {
				continue
			}
			switch v := k.value.(type) {
			case whole:
				IntFlag(flags, &v.value, name, v.Least, v.Most, k.help)
			case span:
				flags.Var(&numberFlag[time.Duration]{&v.value, v.Bounds, time.ParseDuration, time.Duration.String, "duration"}, name, k.explained())
			}
			flags.Lookup(name).DefValue = "" // it depends on the file, the environment and the command
		}
	}
}

// IntFlag adds a flag for a whole number from least to most, which help states after
// usage. What p holds is the default.
func IntFlag(flags *pflag.FlagSet, p *int, name string, least, most int, usage string) {
	bounds := section.Bounds[int]{Least: least, Most: most}
	flags.Var(&numberFlag[int]{p, bounds, strconv.Atoi, strconv.Itoa, "int"}, name, usage+"; "+bounds.String())
}

// numberFlag implements [pflag.Value].
type numberFlag[T int | time.Duration] struct {
	value *T
	section.Bounds[T]
	parse func(string) (T, error)
	write func(T) string
	kind  string
}

func (f *numberFlag[T]) String() string {
	if f.value == nil {
		return ""
	}
	return f.write(*f.value)
}

func (f *numberFlag[T]) Type() string { return f.kind }

func (f *numberFlag[T]) Set(text string) error {
	v, err := f.parse(strings.TrimSpace(text))
	switch {
	case errors.Is(err, strconv.ErrRange):
		return fmt.Errorf("must be %s", f.Bounds)
	case err != nil:
		return fmt.Errorf("must be a %s, %s", map[string]string{"int": "whole number", "duration": "time with its unit, such as 2s or 5m"}[f.kind], f.Bounds)
	}
	if f.Check(v) != nil {
		return fmt.Errorf("must be %s", f.Bounds)
	}
	*f.value = v
	return nil
}

// Range returns the least and the most, for tests of all flags.
func (f *numberFlag[T]) Range() (least, most string) { return f.write(f.Least), f.write(f.Most) }
