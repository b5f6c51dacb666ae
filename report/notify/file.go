package notify

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"adopt6/scanner/lockfile"
)

// File appends digests to a file as lines of JSON.
type File struct{ Path string }

// tail is how much of a file is looked at for a digest that is in it already.
const tail = 4 << 20

// lineStart is what every line begins with.
var lineStart = []byte(`{"type":"` + eventType + `"`)

// Deliver implements [Channel]. A line is written at once, and the rest of one
// that a crash cut short is removed before the next.
func (f *File) Deliver(ctx context.Context, e Entry) (err error) {
	file, err := os.OpenFile(f.Path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return fmt.Errorf("append the digest: %w", err)
	}
	defer func() {
		if err = errors.Join(err, file.Close()); err != nil {
			err = fmt.Errorf("append the digest: %w", err)
		}
	}()
	if err := lockfile.Content(ctx, file); err != nil {
		return err
	}
	info, err := file.Stat()
	if err != nil {
		return err
	}
	from := max(0, info.Size()-tail)
	end := make([]byte, info.Size()-from)
	if _, err := io.ReadFull(io.NewSectionReader(file, from, int64(len(end))), end); err != nil {
		return err
	}
	whole := bytes.LastIndexByte(end, '\n') + 1
	if bytes.Contains(end[:whole], []byte(`"id":"`+e.ID+`"`)) {
		return nil
	}
	if rest := end[whole:]; !bytes.HasPrefix(rest, lineStart) && !bytes.HasPrefix(lineStart, rest) {
		return errors.New("its last line is not a digest and has no end; is it another file?")
	}
	at := from + int64(whole)
	if err := file.Truncate(at); err != nil {
		return err
	}
	line := append(bytes.Clone(e.Message.JSON), '\n')
	if _, err := file.WriteAt(line, at); err != nil {
		return err
	}
	return file.Sync()
}

// Formats of the files in a Folder, which are their endings too.
var Formats = []string{"json", "txt", "html"}

// Folder writes each digest to a file of its own.
type Folder struct{ Path, Format string }

// Deliver implements [Channel].
func (f *Folder) Deliver(ctx context.Context, e Entry) error {
	text := []byte(e.Message.JSON)
	switch f.Format {
	case "txt":
		text = []byte(e.Message.Text)
	case "html":
		text = []byte(e.Message.HTML)
	}
	name := e.Created.UTC().Format("2006-01-02T150405Z-") + e.ID + "." + f.Format
	return writeFile(filepath.Join(f.Path, name), text, 0o644)
}
