package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"adopt6/lists"
)

// targetFlags choose what a scan measures.
type targetFlags struct {
	countries []string
	kinds     []string
	levels    []string
	list      string
	// builtin replaces the built-in lists; nil does not.
	builtin iter.Seq[lists.Target]
}

// levels are the levels of government that the built-in list tells apart.
var levels = []string{lists.LevelCentral, lists.LevelRegional, lists.LevelLocal, lists.LevelPublicSector}

func (f *targetFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.countries, "country", nil, "only targets of these countries, by ISO code (TG,SN)")
	cmd.Flags().StringSliceVar(&f.kinds, "kind", nil, "only built-in targets of these kinds: cctld, government")
	cmd.Flags().StringSliceVar(&f.levels, "level", nil, "built-in government domains of these levels: "+strings.Join(levels, ", ")+" (default central)")
	cmd.Flags().StringVar(&f.list, "list", "", "file of targets, one a line or CSV with a header; - is standard input")
}

// targets returns the chosen targets and, for people, where they come from.
// Arguments come first, then --list, then what is piped in, then the built-in
// lists. The returned function closes what was opened.
func (f *targetFlags) targets(a *app, args []string) (name string, targets iter.Seq2[lists.Target, error], done func(), err error) {
	done = func() {}
	wanted, err := f.filter()
	if err != nil {
		return "", nil, done, err
	}
	switch {
	case len(args) > 0 && f.list != "":
		return "", nil, done, misusef("give domains or --list, not both")
	case len(args) > 0 && slices.Equal(args, []string{"-"}), f.list == "-":
		return "standard input", filter(lists.Read(a.in, "standard input"), wanted), done, nil
	case len(args) > 0:
		domains := strings.NewReader(strings.Join(args, "\n"))
		return "arguments", filter(lists.Read(domains, "arguments"), wanted), done, nil
	case f.list != "":
		file, err := os.Open(f.list)
		if err != nil {
			return "", nil, done, misusef("open list: %w", err)
		}
		return f.list, filter(lists.Read(bufio.NewReader(file), f.list), wanted), func() { file.Close() }, nil
	case piped(a.in):
		return "standard input", filter(lists.Read(a.in, "standard input"), wanted), done, nil
	}
	if f.builtin != nil {
		return "the lab's targets", filter(withoutErrors(f.builtin), wanted), done, nil
	}
	if len(f.levels) > 0 {
		return "built-in lists", filter(withoutErrors(everyLevel), wanted), done, nil
	}
	return "built-in lists", filter(withoutErrors(lists.Default()), wanted), done, nil
}

// everyLevel yields the ccTLDs and the government domains of all levels.
func everyLevel(yield func(lists.Target) bool) {
	for _, list := range []iter.Seq[lists.Target]{lists.CCTLDs(), lists.Governments()} {
		for t := range list {
			if !yield(t) {
				return
			}
		}
	}
}

// checkCountries checks the codes of --country and writes them in upper case.
func checkCountries(codes []string) error {
	for i, code := range codes {
		c, err := lists.ParseCountry(code)
		if err != nil {
			return misusef("--country %s: %w", code, err)
		}
		codes[i] = c.Alpha2
	}
	return nil
}

// filter returns which targets the flags choose.
func (f *targetFlags) filter() (func(lists.Target) bool, error) {
	if err := checkCountries(f.countries); err != nil {
		return nil, err
	}
	for _, kind := range f.kinds {
		if k := lists.Kind(kind); k != lists.CCTLD && k != lists.Government {
			return nil, misusef("--kind %s: expected %s or %s", kind, lists.CCTLD, lists.Government)
		}
	}
	for _, level := range f.levels {
		if !slices.Contains(levels, level) {
			return nil, misusef("--level %s: expected one of %s", level, strings.Join(levels, ", "))
		}
	}
	return func(t lists.Target) bool {
		return (len(f.countries) == 0 || slices.Contains(f.countries, t.Country)) &&
			(len(f.kinds) == 0 || slices.Contains(f.kinds, string(t.Kind))) &&
			(len(f.levels) == 0 || t.Kind == lists.CCTLD || slices.Contains(f.levels, t.Level))
	}, nil
}

func filter(targets iter.Seq2[lists.Target, error], wanted func(lists.Target) bool) iter.Seq2[lists.Target, error] {
	return func(yield func(lists.Target, error) bool) {
		for t, err := range targets {
			if fault := new(lists.LineError); errors.As(err, &fault) {
				err = asMisuse(err)
			} else if err == nil && !wanted(t) {
				continue
			}
			if !yield(t, err) {
				return
			}
		}
	}
}

func withoutErrors(targets iter.Seq[lists.Target]) iter.Seq2[lists.Target, error] {
	return func(yield func(lists.Target, error) bool) {
		for t := range targets {
			if !yield(t, nil) {
				return
			}
		}
	}
}

// piped says whether in is a pipe or a file that somebody filled, rather than
// a terminal or nothing.
func piped(in io.Reader) bool {
	file, ok := in.(*os.File)
	if !ok {
		return in != nil
	}
	info, err := file.Stat()
	return err == nil && (info.Mode()&os.ModeNamedPipe != 0 || info.Mode().IsRegular())
}

// describe names the filters in force beside the list's name.
func (f *targetFlags) describe(name string) string {
	for _, part := range []struct {
		label  string
		values []string
	}{{"country", f.countries}, {"kind", f.kinds}, {"level", f.levels}} {
		if len(part.values) > 0 {
			name += fmt.Sprintf(", %s %s", part.label, strings.Join(part.values, ","))
		}
	}
	return name
}
