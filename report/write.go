package report

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"sync/atomic"

	"golang.org/x/sync/errgroup"
)

// Progress says how far a site is written; it may be read at any time.
type Progress struct{ Done, Total atomic.Int64 }

// ErrForeign says that a folder holds something that is no site of ours.
var ErrForeign = errors.New("the folder is not empty and holds no report")

// marker is the file by which a folder is known as a site.
const marker = "assets/site.css"

// Write writes the site to a folder, with the pages of the countries given or
// of all. It is made beside the folder and takes its place when it is whole; a
// site that was there before is replaced, and anything else refused.
func (s *Site) Write(ctx context.Context, dir string, progress *Progress, countries ...string) (err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find the folder of the report: %w", err)
	}
	if err := mayReplace(dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("make the folder of the report: %w", err)
	}
	made, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-")
	if err != nil {
		return fmt.Errorf("make the folder of the report: %w", err)
	}
	defer os.RemoveAll(made) // fails once it has its name
	if err := s.writeAll(ctx, made, progress, countries); err != nil {
		return err
	}
	if err := os.Chmod(made, 0o755); err != nil {
		return fmt.Errorf("open the report to its readers: %w", err)
	}
	old := made + "-old"
	if err := os.Rename(dir, old); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("replace the report: %w", err)
	}
	if err := os.Rename(made, dir); err != nil {
		return errors.Join(fmt.Errorf("replace the report: %w", err), os.Rename(old, dir))
	}
	return os.RemoveAll(old)
}

// mayReplace says whether a folder is missing, empty, or a site.
func mayReplace(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err == nil {
		if _, err = os.Stat(filepath.Join(dir, marker)); errors.Is(err, fs.ErrNotExist) {
			err = ErrForeign
		}
	}
	if err != nil {
		return fmt.Errorf("write the report to %s: %w", dir, err)
	}
	return nil
}

func (s *Site) writeAll(ctx context.Context, dir string, progress *Progress, countries []string) error {
	type file struct {
		name  string
		write func(io.Writer) error
	}
	files := []file{{"index.html", s.Front}}
	for _, name := range []string{"site.css", "site.js"} {
		files = append(files, file{"assets/" + name, func(w io.Writer) error { return Asset(w, name) }})
	}
	for _, name := range s.Files(countries...) {
		files = append(files, file{"data/" + name, func(w io.Writer) error { return s.File(w, name) }})
	}
	pages := s.Pages(countries...)
	for _, lang := range s.options.Languages {
		for _, page := range pages {
			files = append(files, file{lang + "/" + page + ".html", func(w io.Writer) error { return s.Page(w, lang, page) }})
		}
	}
	for _, sub := range append([]string{"assets", "data"}, s.options.Languages...) {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return fmt.Errorf("make a folder of the report: %w", err)
		}
	}
	progress.Total.Store(int64(len(files)))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	for _, f := range files {
		group.Go(func() error {
			if err := ctx.Err(); err != nil {
				return err
			}
			defer progress.Done.Add(1)
			return writeFile(filepath.Join(dir, f.name), f.write)
		})
	}
	return group.Wait()
}

func writeFile(name string, write func(io.Writer) error) error {
	file, err := os.Create(name)
	if err != nil {
		return fmt.Errorf("write the report: %w", err)
	}
	out := bufio.NewWriterSize(file, 64<<10)
	if err := errors.Join(write(out), out.Flush(), file.Close()); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(name), err)
	}
	return nil
}

// Asset writes the style sheet "site.css" or the script "site.js".
func Asset(w io.Writer, name string) error {
	text, err := assetFiles.ReadFile("assets/" + name)
	if err != nil {
		return &UnknownPageError{"assets", name}
	}
	_, err = w.Write(text)
	return err
}
