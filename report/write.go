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

	"adopt6/store"
)

// Progress says how far a site is written; it may be read at any time.
type Progress struct{ Done, Total atomic.Int64 }

// ErrForeign says that a folder holds something that is not a site of adopt6.
var ErrForeign = errors.New("the folder is not empty and holds no report")

// A folder is known as a site by a file that nothing else has.
const (
	marker     = ".adopt6-report"
	markerText = "A report of adopt6. `adopt6 report` replaces this folder as a whole.\n"
)

// isSite says whether a folder is a site that Write made.
func isSite(dir string) (bool, error) {
	text, err := os.ReadFile(filepath.Join(dir, marker))
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	return string(text) == markerText, err
}

// Write writes the site to a folder. Countries are read from the store one by
// one, so that memory does not grow with the number of domains. The site is made
// beside the folder and replaces it when it is complete; a site that was there
// before is replaced, and anything else refused.
func (s *Site) Write(ctx context.Context, st *store.Store, dir string, progress *Progress) (err error) {
	dir, err = filepath.Abs(dir)
	if err != nil {
		return fmt.Errorf("find the folder of the report: %w", err)
	}
	if linked, err := filepath.EvalSymlinks(dir); err == nil {
		dir = linked // what a link leads to is replaced, not the link
	}
	if err := errors.Join(restore(dir), mayReplace(dir)); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return fmt.Errorf("make the folder of the report: %w", err)
	}
	made, err := os.MkdirTemp(filepath.Dir(dir), "."+filepath.Base(dir)+"-")
	if err != nil {
		return fmt.Errorf("make the folder of the report: %w", err)
	}
	defer os.RemoveAll(made) // what failed, or the site that it replaced
	if err := s.writeAll(ctx, st, made, progress); err != nil {
		return err
	}
	if err := os.Chmod(made, 0o755); err != nil {
		return fmt.Errorf("open the report to its readers: %w", err)
	}
	return place(made, dir)
}

// mayReplace says whether a folder is missing, empty, or a site.
func mayReplace(dir string) error {
	entries, err := os.ReadDir(dir)
	if errors.Is(err, fs.ErrNotExist) || err == nil && len(entries) == 0 {
		return nil
	}
	if err == nil {
		var ours bool
		if ours, err = isSite(dir); err == nil && !ours {
			err = ErrForeign
		}
	}
	if err != nil {
		return fmt.Errorf("write the report to %s: %w", dir, err)
	}
	return nil
}

// file is one file of a site, by its name below the folder.
type file struct {
	name  string
	write func(io.Writer) error
}

func (s *Site) writeAll(ctx context.Context, st *store.Store, dir string, progress *Progress) error {
	for _, sub := range append([]string{"assets", "data"}, s.options.Languages...) {
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return fmt.Errorf("make a folder of the report: %w", err)
		}
	}
	files, codes := s.worldsFiles(), s.codes()
	progress.Total.Store(int64(len(files) + len(codes)*(len(countryFiles)+len(s.options.Languages)*(1+len(memoFiles)))))
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(runtime.GOMAXPROCS(0))
	write := func(files []file) error {
		for _, f := range files {
			if err := ctx.Err(); err != nil {
				return err
			}
			if err := writeFile(filepath.Join(dir, f.name), f.write); err != nil {
				return err
			}
			progress.Done.Add(1)
		}
		return nil
	}
	for _, f := range files {
		group.Go(func() error { return write([]file{f}) })
	}
	for _, code := range codes {
		group.Go(func() error {
			c, err := s.data.LoadCountry(ctx, st, code)
			if err != nil {
				return err
			}
			return write(s.filesOf(ctx, st, c))
		})
	}
	return group.Wait()
}

// worldsFiles are the files that are not of a country.
func (s *Site) worldsFiles() []file {
	files := []file{
		{"index.html", s.Front},
		{marker, func(w io.Writer) error { _, err := io.WriteString(w, markerText); return err }},
	}
	for _, name := range []string{"site.css", "site.js", "charts.js", "icon.svg"} {
		files = append(files, file{"assets/" + name, func(w io.Writer) error { return Asset(w, name) }})
	}
	for _, name := range WorldFiles {
		files = append(files, file{"data/" + name, func(w io.Writer) error { return s.File(w, name) }})
	}
	for _, lang := range s.options.Languages {
		for _, page := range s.WorldPages() {
			files = append(files, file{lang + "/" + page + ".html", func(w io.Writer) error { return s.Page(w, lang, page) }})
		}
	}
	return files
}

// filesOf are the files of a country.
func (s *Site) filesOf(ctx context.Context, st *store.Store, c *Country) (files []file) {
	page := countryPage(c.Alpha2)
	for _, ending := range countryFiles {
		files = append(files, file{"data/" + page + ending, func(w io.Writer) error { return s.CountryFile(ctx, st, w, c, ending) }})
	}
	for _, lang := range s.options.Languages {
		files = append(files, file{lang + "/" + page + ".html", func(w io.Writer) error { return s.CountryPage(w, lang, c) }})
		for _, ending := range memoFiles {
			files = append(files, file{lang + "/" + page + ending, func(w io.Writer) error { return s.CountryMemo(w, lang, c, ending) }})
		}
	}
	return files
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
