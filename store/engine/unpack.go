package engine

import (
	"archive/tar"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"path/filepath"
)

// maxLibrary bounds what is unpacked, in bytes.
const maxLibrary = 2 << 30

// unpack extracts only the library from a verified tarball into the new folder
// dir, and syncs it to disk before it returns.
func unpack(ctx context.Context, tarball, dir string, b build, progress func(Progress)) error {
	if err := os.Mkdir(dir, 0o700); err != nil {
		return err
	}
	file, err := os.Open(tarball)
	if err != nil {
		return err
	}
	defer file.Close()
	info, err := file.Stat()
	if err != nil {
		return err
	}
	progress(Progress{"unpack", 0, info.Size()})
	unzipped, err := gzip.NewReader(&meter{r: file, report: func(n int64) { progress(Progress{"unpack", n, info.Size()}) }})
	if err != nil {
		return fmt.Errorf("unpack %s: %w", b.pkg, err)
	}
	archive := tar.NewReader(unzipped)
	for ctx.Err() == nil {
		header, err := archive.Next()
		if errors.Is(err, io.EOF) {
			return fmt.Errorf("unpack %s: there is no %s in it", b.pkg, b.library)
		}
		if err != nil {
			return fmt.Errorf("unpack %s: %w", b.pkg, err)
		}
		if path.Base(header.Name) == b.library && header.Typeflag == tar.TypeReg {
			return writeFile(ctx, filepath.Join(dir, b.library), io.LimitReader(archive, maxLibrary))
		}
	}
	return ctx.Err()
}

func writeFile(ctx context.Context, name string, from io.Reader) error {
	out, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o700)
	if err != nil {
		return err
	}
	_, err = io.Copy(out, readerFunc(func(p []byte) (int, error) {
		if ctx.Err() != nil {
			return 0, ctx.Err()
		}
		return from.Read(p)
	}))
	return errors.Join(err, out.Sync(), out.Close())
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
