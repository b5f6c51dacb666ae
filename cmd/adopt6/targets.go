package main

import (
	"bufio"
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
	lists.Choice
	list   string
	frames []string // files with states' own rows of the frame
	// builtin replaces the built-in lists; nil does not.
	builtin iter.Seq[lists.Target]
}

func (f *targetFlags) register(cmd *cobra.Command) {
	cmd.Flags().StringSliceVar(&f.Countries, "country", nil, "only targets of these countries, by ISO code (TG,SN)")
	cmd.Flags().StringSliceVar(&f.Kinds, "kind", nil, "only built-in targets of these kinds: cctld, government, suffix")
	cmd.Flags().StringSliceVar(&f.Levels, "level", nil, "built-in government domains of these levels: "+strings.Join(lists.Levels(), ", ")+" (default central)")
	cmd.Flags().StringSliceVar(&f.frames, "frame", nil, "files with a state's own rows of the frame, instead of the built-in\nones (see lists frame --country)")
	cmd.Flags().StringVar(&f.list, "list", "", "file of targets, one a line or CSV with a header; - is standard input")
}

// targets returns the chosen targets and, for people, where they come from.
// Arguments come first, then --list, then what is piped in, then the built-in
// lists. The returned function closes what was opened.
func (f *targetFlags) targets(a *app, args []string) (name string, targets iter.Seq2[lists.Target, error], done func(), err error) {
	done = func() {}
	if err := f.Check(); err != nil {
		return "", nil, done, asMisuse(err)
	}
	switch {
	case len(args) > 0 && f.list != "":
		return "", nil, done, misusef("give domains or --list, not both")
	case len(args) > 0 && slices.Equal(args, []string{"-"}), f.list == "-":
		return "standard input", f.Of(lists.Read(a.in, "standard input")), done, nil
	case len(args) > 0:
		domains := strings.NewReader(strings.Join(args, "\n"))
		return "arguments", f.Of(lists.Read(domains, "arguments")), done, nil
	case f.list != "":
		file, err := os.Open(f.list)
		if err != nil {
			return "", nil, done, misusef("open list: %w", err)
		}
		return f.list, f.Of(lists.Read(bufio.NewReader(file), f.list)), func() { file.Close() }, nil
	case piped(a.in):
		return "standard input", f.Of(lists.Read(a.in, "standard input")), done, nil
	case f.builtin != nil:
		return "the lab's targets", f.Of(lists.Each(f.builtin)), done, nil
	}
	if f.Frame, err = readFrameFiles(f.frames); err != nil {
		return "", nil, done, err
	}
	return "built-in lists", f.Builtin(), done, nil
}

// checkCountries checks the codes of --country and writes them in upper case.
func checkCountries(codes []string) error {
	return asMisuse((&lists.Choice{Countries: codes}).Check())
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
