package zonefile

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// Bounds on $INCLUDE: how deep files may include each other, and how many may
// be included in all.
const (
	maxIncludeDepth = 8
	maxIncluded     = 10_000
)

// directive reads a line that begins with a dollar sign.
func (z *Reader) directive(line []byte) error {
	word, pos, err := nextToken(line, 0)
	if err != nil {
		return err
	}
	switch {
	case foldEqual(word, "$ORIGIN"):
		return z.originDirective(line, pos)
	case foldEqual(word, "$TTL"):
		token, pos, err := nextToken(line, pos)
		if err != nil {
			return err
		}
		if _, ok := parseTTL(token); !ok {
			return faultf("write a number of seconds, or like 1h30m", "$TTL: malformed TTL %s", quoted(token))
		}
		return endOfRecord(line, pos)
	case foldEqual(word, "$INCLUDE"):
		return z.include(line, pos)
	case foldEqual(word, "$GENERATE"):
		return z.startGenerate(line, pos)
	}
	return faultf("known are $ORIGIN, $TTL, $INCLUDE and $GENERATE", "unknown directive %s", quoted(word))
}

func (z *Reader) originDirective(line []byte, pos int) error {
	token, pos, err := nextToken(line, pos)
	if err != nil {
		return err
	}
	if len(token) == 0 {
		return faultf("write $ORIGIN NAME", "$ORIGIN without a name")
	}
	origin, err := appendName(Name{}, token, z.origin)
	if err != nil {
		return nameFault("$ORIGIN", token, err)
	}
	z.setOrigin(origin)
	return endOfRecord(line, pos)
}

// setOrigin changes the origin. Text read under the old one no longer stands
// for the same name.
func (z *Reader) setOrigin(origin Name) {
	z.origin = origin
	z.ownerText = z.ownerText[:0]
}

// include continues reading in another file, RFC 1035 section 5.1.
func (z *Reader) include(line []byte, pos int) error {
	token, pos, err := nextToken(line, pos)
	if err != nil {
		return err
	}
	file := unquote(token)
	if file == "" {
		return faultf("write $INCLUDE FILE [ORIGIN]", "$INCLUDE without a file name")
	}
	origin := z.origin
	if token, pos, err = nextToken(line, pos); err != nil {
		return err
	}
	if len(token) > 0 {
		if origin, err = appendName(Name{}, token, z.origin); err != nil {
			return nameFault("$INCLUDE origin", token, err)
		}
	}
	if err := endOfRecord(line, pos); err != nil {
		return err
	}
	if z.opts.Include == nil {
		return faultf("allow it with --include if you trust this file", "$INCLUDE %s is not allowed", quoted([]byte(file)))
	}
	if len(z.outer) == maxIncludeDepth {
		return faultf("does a file include itself?", "$INCLUDE is nested more than %d deep", maxIncludeDepth)
	}
	if z.included++; z.included > maxIncluded {
		return &FormatError{File: z.src.name, Problem: fmt.Sprintf("more than %d files are included", maxIncluded)}
	}
	return z.enterFile(file, origin)
}

func (z *Reader) enterFile(file string, origin Name) error {
	r, err := z.opts.Include(file)
	if err != nil {
		if pathError := new(fs.PathError); errors.As(err, &pathError) {
			err = pathError.Err
		}
		return faultf("give the name of a file in the zone file's folder or below", "$INCLUDE %s: %s", quoted([]byte(file)), Printable(err.Error()))
	}
	src, err := newSource(file, r)
	if err != nil {
		_ = r.Close()
		return err
	}
	z.src.origin = z.origin
	z.src.owner = z.saveOwner()
	z.outer = append(z.outer, z.src)
	z.closers = append(z.closers, r)
	z.src = src
	z.setOrigin(origin)
	return nil
}

// leaveFile goes back to the including file, with the origin and the owner
// that held there.
func (z *Reader) leaveFile() {
	last := len(z.outer) - 1
	_ = z.closers[last].Close() // it was only read
	z.src = z.outer[last]
	z.outer, z.closers = z.outer[:last], z.closers[:last]
	z.setOrigin(z.src.origin)
	z.restoreOwner(z.src.owner)
}

// saveOwner returns a copy of the current owner, nil when there is none.
func (z *Reader) saveOwner() Name {
	if !z.hasOwner {
		return nil
	}
	return append(Name{}, z.owner...)
}

func (z *Reader) restoreOwner(owner Name) {
	z.hasOwner = owner != nil
	z.owner = append(z.ownerBuf[:0], owner...)
	z.ownerText = z.ownerText[:0]
}

// unquote returns the text of a token without quotes and escapes.
func unquote(token []byte) string {
	var text []byte
	for i := 0; i < len(token); {
		if token[i] == '"' {
			i++
			continue
		}
		c, width := unescape(token[i:])
		if width == 0 {
			break
		}
		text = append(text, c)
		i += width
	}
	return string(text)
}

// IncludeFrom returns an Options.Include that opens regular files in dir and
// below, and nothing that a name or a symbolic link puts elsewhere. Names are
// relative to dir, also in an included file.
func IncludeFrom(dir string) func(name string) (io.ReadCloser, error) {
	return func(name string) (io.ReadCloser, error) {
		root, err := os.OpenRoot(dir)
		if err != nil {
			return nil, fmt.Errorf("open the zone file's folder: %w", err)
		}
		defer root.Close()
		name = filepath.Clean(name)
		info, err := root.Stat(name)
		if err != nil {
			return nil, err
		}
		if !info.Mode().IsRegular() {
			return nil, &fs.PathError{Op: "open", Path: name, Err: errors.New("not a regular file")}
		}
		return root.Open(name)
	}
}
