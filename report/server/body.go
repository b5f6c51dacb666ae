package server

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net/http"
	"strconv"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// body is an answer that is kept: packed, for nearly everybody takes it so.
type body struct {
	packed []byte
	length int    // unpacked
	tag    string // of the unpacked bytes, for ETag
	mime   string
}

func (b *body) size() int64 { return int64(len(b.packed) + 128) }

// packing is the level of gzip: higher ones take twice the time for little.
const packing = 5

// newBody packs what write writes.
func newBody(mime string, write func(io.Writer) error) (*body, error) {
	var packed bytes.Buffer
	hash := sha256.New()
	count := &counter{}
	zip, err := gzip.NewWriterLevel(&packed, packing)
	if err != nil {
		return nil, err
	}
	// Templates write in small pieces, which would cost more than what is done
	// with them.
	buffer := bufio.NewWriterSize(io.MultiWriter(zip, hash, count), 32<<10)
	if err := write(buffer); err != nil {
		return nil, err
	}
	if err := errors.Join(buffer.Flush(), zip.Close()); err != nil {
		return nil, err
	}
	return &body{packed: bytes.Clone(packed.Bytes()), length: count.n, tag: hex.EncodeToString(hash.Sum(nil)[:16]), mime: mime}, nil
}

type counter struct{ n int }

func (c *counter) Write(p []byte) (int, error) { c.n += len(p); return len(p), nil }

// send answers a request with a body, or says that the client has it.
func (b *body) send(w http.ResponseWriter, r *http.Request, status int) {
	zipped := takesGzip(r)
	header := w.Header()
	header.Set("Content-Type", b.mime)
	tag := entityTag(b.tag, zipped)
	if status == http.StatusOK && describe(w, r, tag) {
		return
	}
	header.Set("Vary", "Accept-Encoding")
	if zipped {
		header.Set("Content-Encoding", "gzip")
		header.Set("Content-Length", strconv.Itoa(len(b.packed)))
		w.WriteHeader(status)
		if r.Method != http.MethodHead {
			w.Write(b.packed) // the client may have gone
		}
		return
	}
	header.Set("Content-Length", strconv.Itoa(b.length))
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	if zip, err := gzip.NewReader(bytes.NewReader(b.packed)); err == nil {
		io.Copy(w, zip)
	}
}

// entityTag is a strong ETag (RFC 9110 section 8.8.3): each coding has its own.
func entityTag(of string, zipped bool) string {
	if zipped {
		of += "-gzip"
	}
	return `"` + of + `"`
}

// describe sets what caches go by, and answers 304 where the client has it.
func describe(w http.ResponseWriter, r *http.Request, tag string) (done bool) {
	w.Header().Set("ETag", tag)
	w.Header().Set("Vary", "Accept-Encoding")
	// A new scan shows at once: caches ask, and mostly hear 304.
	w.Header().Set("Cache-Control", "no-cache")
	if !matches(r.Header.Values("If-None-Match"), tag) {
		return false
	}
	w.Header().Del("Content-Type")
	w.WriteHeader(http.StatusNotModified)
	return true
}

// matches compares If-None-Match weakly with a tag (RFC 9110 section 13.1.2).
func matches(headers []string, tag string) bool {
	for part := range strings.SplitSeq(strings.Join(headers, ","), ",") {
		part = strings.TrimPrefix(strings.TrimSpace(part), "W/")
		if part == tag || part == "*" {
			return true
		}
	}
	return false
}

// takesGzip says whether a client accepts gzip (RFC 9110 section 12.5.3).
func takesGzip(r *http.Request) bool {
	accepts := false
	for part := range strings.SplitSeq(strings.Join(r.Header.Values("Accept-Encoding"), ","), ",") {
		coding, parameter, _ := strings.Cut(part, ";")
		coding = strings.ToLower(strings.TrimSpace(coding))
		if coding != "gzip" && coding != "*" {
			continue
		}
		_, weight, _ := strings.Cut(parameter, "=")
		q, err := strconv.ParseFloat(strings.TrimSpace(weight), 64)
		accepts = parameter == "" || err == nil && q > 0
		if coding == "gzip" {
			return accepts
		}
	}
	return accepts
}
