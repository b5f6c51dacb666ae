package fetch

import (
	"bufio"
	"bytes"
	"compress/flate"
	"compress/gzip"
	"compress/zlib"
	"errors"
	"fmt"
	"io"
	"strings"

	"golang.org/x/net/html"
	"golang.org/x/net/html/charset"
)

const (
	// maxCodings is how many content codings are decoded. The request accepts
	// one; misconfigured servers apply it twice.
	maxCodings = 2
	// maxInner is how many bytes a coding may yield to the one inside it.
	maxInner = 4 << 20
	// maxRatio is the highest ratio of decoded to read bytes of a body beyond
	// the limit: HTML compresses ten- to thirtyfold, bombs a thousandfold.
	maxRatio = 100
)

// decode reads a body and decodes its content codings, up to the limit. An
// unknown coding leaves the body opaque.
func decode(body io.Reader, header []string) (data []byte, truncated, opaque bool, err error) {
	wire := &meter{from: body}
	// The buffer is small so that the ratio reveals a bomb.
	reader, opaque, err := decoder(bufio.NewReaderSize(wire, 1<<10), codings(header))
	switch {
	case errors.Is(err, io.EOF) && wire.read == 0:
		return nil, false, false, nil // nothing is nothing in every coding
	case err != nil:
		return nil, false, false, err
	}
	data, err = io.ReadAll(io.LimitReader(reader, maxBody+1))
	if len(data) > maxBody {
		if int64(len(data)) > maxRatio*wire.read {
			err = fmt.Errorf("%d bytes unpack to more than %d: %w", wire.read, maxBody, errTooMuch)
		}
		return data[:maxBody], true, opaque, err
	}
	return data, false, opaque, err
}

// codings returns the content codings in the order in which they were applied.
func codings(header []string) []string {
	var list []string
	for _, line := range header {
		for coding := range strings.SplitSeq(line, ",") {
			if coding = strings.ToLower(strings.TrimSpace(coding)); coding != "" && coding != "identity" {
				list = append(list, coding)
			}
		}
	}
	return list
}

// decoder stacks the readers that undo the codings, the last one first.
func decoder(body io.Reader, codings []string) (reader io.Reader, opaque bool, err error) {
	if len(codings) > maxCodings {
		return nil, false, fmt.Errorf("%d content codings", len(codings))
	}
	reader = body
	for i := len(codings) - 1; i >= 0; i-- {
		switch codings[i] {
		case "gzip", "x-gzip":
			unzip, err := gzip.NewReader(reader)
			if err != nil {
				return nil, false, fmt.Errorf("gzip: %w", err)
			}
			unzip.Multistream(false) // what follows is not of the page
			reader = unzip
		case "deflate":
			if reader, err = inflater(reader); err != nil {
				return nil, false, fmt.Errorf("deflate: %w", err)
			}
		default:
			return reader, true, nil
		}
		if i > 0 {
			reader = &meter{from: reader, most: maxInner}
		}
	}
	return reader, false, nil
}

// inflater undoes the coding "deflate": zlib by the standard (RFC 9110 section
// 8.4.1.2), and from some servers the bare format within it.
func inflater(from io.Reader) (io.Reader, error) {
	b := bufio.NewReader(from)
	head, err := b.Peek(2)
	if err != nil {
		return nil, err
	}
	if head[0]&0x0f == 8 && (uint16(head[0])<<8|uint16(head[1]))%31 == 0 {
		return zlib.NewReader(b)
	}
	return flate.NewReader(b), nil
}

// meter counts what is read, and yields no more than most bytes unless most
// is 0.
type meter struct {
	from       io.Reader
	read, most int64
}

func (m *meter) Read(p []byte) (int, error) {
	if m.most > 0 && m.read >= m.most {
		return 0, errTooMuch
	}
	n, err := m.from.Read(p)
	m.read += int64(n)
	return n, err
}

// IsHTML reports whether a media type is that of a web page.
func IsHTML(media string) bool {
	return media == "text/html" || media == "application/xhtml+xml"
}

func isText(media string) bool {
	return strings.HasPrefix(media, "text/") || IsHTML(media)
}

// toUTF8 returns a text in UTF-8, by the encoding that its Content-Type, its
// byte order mark or its own first 1024 bytes name.
func toUTF8(data []byte, contentType string) []byte {
	encoding, name, _ := charset.DetermineEncoding(data[:min(len(data), 1024)], contentType)
	if name != "utf-8" {
		// An error leaves what was decoded before it.
		data, _ = io.ReadAll(io.LimitReader(encoding.NewDecoder().Reader(bytes.NewReader(data)), maxBody))
	}
	return bytes.TrimPrefix(data, []byte("\ufeff"))
}

// maxHead is how far into a page its title is looked for.
const maxHead = 64 << 10

// title returns the title of an HTML page in UTF-8, blanks folded.
func title(page []byte) string {
	z := html.NewTokenizer(bytes.NewReader(page[:min(len(page), maxHead)]))
	for within := false; ; {
		switch z.Next() {
		case html.ErrorToken:
			return ""
		case html.StartTagToken:
			name, _ := z.TagName()
			within = string(name) == "title"
		case html.TextToken:
			if within {
				text := z.Text()
				return short(strings.Join(strings.Fields(string(text[:min(len(text), 4*maxText)])), " "))
			}
		}
	}
}
