package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"sync/atomic"

	chproto "github.com/ClickHouse/ch-go/proto"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// maxSQL bounds the text of one query, in bytes.
const maxSQL = 16 << 20

// insertPrefix begins the name of a file of data to insert, in the store folder.
const insertPrefix = "adopt6-insert-"

// helloQuery is how clickhouse-go greets a server over HTTP.
const helloQuery = "SELECT displayName(), version(), revision(), timezone()"

// handler serves the part of ClickHouse's HTTP interface that clickhouse-go
// uses: https://clickhouse.com/docs/interfaces/http
type handler struct {
	lib      *library
	order    childOrder
	version  string
	timezone string
	serial   atomic.Uint64 // names pipes and files
}

func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	params := r.URL.Query()
	sql := params.Get("query")
	if sql == "" {
		body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxSQL))
		if err != nil {
			fail(w, fmt.Errorf("read the query: %w", err))
			return
		}
		sql = string(body)
	}
	if sql == helloQuery {
		h.hello(w, params)
		return
	}
	session, err := h.session(params)
	if err != nil {
		fail(w, err)
		return
	}
	defer session.close()
	switch {
	case params.Has("query"):
		err = h.insert(session, sql, r.Body)
	case returnsRows(sql):
		err = h.stream(r.Context(), session, w, sql, params.Get("default_format"))
	default:
		_, err = session.exec(sql, "TSV")
	}
	if err != nil {
		fail(w, err)
	}
}

// hello answers clickhouse-go's greeting with revision 0: the engine writes Native
// blocks in that form when a query asks for them, and clickhouse-go then reads
// them unchanged. Only this first answer must be in the form that the client
// announced.
func (h *handler) hello(w http.ResponseWriter, params url.Values) {
	revision, err := strconv.ParseUint(params.Get("client_protocol_version"), 10, 64)
	if err != nil {
		fail(w, fmt.Errorf("client_protocol_version: %w", err))
		return
	}
	block := proto.NewBlock()
	err = errors.Join(
		block.AddColumn("displayName()", "String"),
		block.AddColumn("version()", "String"),
		block.AddColumn("revision()", "UInt32"),
		block.AddColumn("timezone()", "String"),
		block.Append("adopt6 embedded engine", h.version, uint32(0), h.timezone),
	)
	var buffer chproto.Buffer
	if err == nil {
		err = block.Encode(&buffer, revision)
	}
	if err != nil {
		fail(w, fmt.Errorf("greet the client: %w", err))
		return
	}
	w.Write(buffer.Buf)
}

// settingName matches the name of a ClickHouse setting.
var settingName = regexp.MustCompile(`^[a-z][a-z0-9_]*$`)

// control are the parameters of the interface itself; all others are settings.
var control = map[string]bool{
	"query": true, "query_id": true, "quota_key": true, "database": true, "default_format": true,
	"client_protocol_version": true, "wait_end_of_query": true, "http_write_exception_in_output_format": true,
}

// session opens a session of its own for one request, in the request's
// database and with its settings.
func (h *handler) session(params url.Values) (*conn, error) {
	session, err := h.lib.open(h.order.Path)
	if err != nil {
		return nil, err
	}
	if database := params.Get("database"); database != "" {
		_, err = session.exec("USE "+quoteName(database), "TSV")
	}
	for name, values := range params {
		if err != nil {
			break
		}
		switch {
		case control[name]:
		case !settingName.MatchString(name) || strings.HasPrefix(name, "param_"):
			err = fmt.Errorf("the embedded engine's HTTP interface does not know the parameter %q", name)
		default:
			_, err = session.exec("SET "+name+" = "+quoteText(values[0]), "TSV")
		}
	}
	if err != nil {
		session.close()
		return nil, err
	}
	return session, nil
}

// insertFormat finds the format at the end of an INSERT whose data follows.
var insertFormat = regexp.MustCompile(`(?is)^(\s*INSERT\s+INTO\s.*?)\s+FORMAT\s+([A-Za-z0-9]+)\s*$`)

// insert stores the data of an INSERT. The engine would cut binary data that
// follows the SQL at a newline, so the data is passed in a file. As the file is
// complete before the engine reads it, nothing is stored when a client
// disconnects midway.
func (h *handler) insert(session *conn, sql string, data io.Reader) error {
	parts := insertFormat.FindStringSubmatch(sql)
	if parts == nil {
		return fmt.Errorf("only INSERT ... FORMAT takes data, not: %.80s", sql)
	}
	name := h.fresh(filepath.Join(h.order.Scratch, storeLink, insertPrefix))
	file, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("take in data: %w", err)
	}
	defer os.Remove(name)
	size, err := io.Copy(file, data)
	if err = errors.Join(err, file.Close()); err != nil {
		return fmt.Errorf("take in data: %w", err)
	}
	_, rows, err := session.run(parts[1]+" FROM INFILE "+quoteText(name)+" COMPRESSION 'none' FORMAT "+parts[2], "TSV")
	if err == nil && rows == 0 && size > 0 {
		err = fmt.Errorf("the engine stored no row of %d bytes of data", size)
	}
	return err
}

// fresh returns a new file name that begins with prefix.
func (h *handler) fresh(prefix string) string {
	return fmt.Sprintf("%s%d-%d", prefix, os.Getpid(), h.serial.Add(1))
}

// stream runs a query that returns rows and passes them on as they come.
func (h *handler) stream(ctx context.Context, session *conn, w http.ResponseWriter, sql, format string) error {
	if format == "" {
		format = "TSV"
	}
	if !formatName.MatchString(format) {
		return fmt.Errorf("format %q is not a name", format)
	}
	pipe, err := newPipe(h.fresh(filepath.Join(h.order.Scratch, "result-")))
	if err != nil {
		return err
	}
	defer pipe.remove()
	stop := context.AfterFunc(ctx, func() { h.kill(pipe.name) })
	defer stop()
	queried := make(chan error, 1)
	go func() {
		extra, err := session.exec(strings.TrimRight(sql, " \t\r\n;")+"\nINTO OUTFILE "+quoteText(pipe.name)+" APPEND FORMAT "+format, "TSV")
		if err == nil && extra != "" {
			err = errors.New("one statement at a time, please")
		}
		pipe.closeWriter()
		queried <- err
	}()
	tag := exceptionTag()
	w.Header().Set("X-ClickHouse-Exception-Tag", tag)
	sent, copyErr := io.Copy(w, pipe.reader)
	pipe.closeReader() // the client has gone: the engine's next write fails
	if err := <-queried; err != nil {
		if sent == 0 {
			return err
		}
		writeException(w, tag, err)
		return nil
	}
	if copyErr != nil {
		panic(http.ErrAbortHandler) // closing the connection shows that the answer is incomplete
	}
	return nil
}

// kill ends the query that writes to the named pipe.
func (h *handler) kill(pipe string) {
	session, err := h.lib.open(h.order.Path)
	if err != nil {
		return
	}
	defer session.close()
	// It is not an error when the query has already ended.
	session.exec("KILL QUERY WHERE position(query, "+quoteText(pipe)+") > 0 AND NOT startsWith(query, 'KILL') ASYNC", "TSV")
}

var (
	formatName    = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*$`)
	exceptionCode = regexp.MustCompile(`^Code: (\d+)\.`)
	leadingWord   = regexp.MustCompile(`(?is)^(?:\s|\(|--[^\n]*\n|/\*.*?\*/)*([a-z]+)`)
)

// returnsRows reports whether a statement returns rows, by its first word.
func returnsRows(sql string) bool {
	word := leadingWord.FindStringSubmatch(sql)
	if word == nil {
		return false
	}
	switch strings.ToUpper(word[1]) {
	case "SELECT", "WITH", "FROM", "SHOW", "DESCRIBE", "DESC", "EXPLAIN", "EXISTS":
		return true
	}
	return false
}

// fail answers with an error as a ClickHouse server does.
func fail(w http.ResponseWriter, err error) {
	text := err.Error()
	code := "1002" // UNKNOWN_EXCEPTION
	if m := exceptionCode.FindStringSubmatch(text); m != nil {
		code = m[1]
	} else {
		text = "Code: " + code + ". DB::Exception: " + text
	}
	w.Header().Set("X-ClickHouse-Exception-Code", code)
	w.WriteHeader(http.StatusInternalServerError)
	io.WriteString(w, text)
}

// writeException ends an answer that failed after its head was sent, framed as
// ClickHouse servers frame it.
func writeException(w io.Writer, tag string, err error) {
	var frame bytes.Buffer
	text := err.Error()
	fmt.Fprintf(&frame, "\r\n__exception__\r\n%s\r\n%s\n%d %s\r\n__exception__\r\n", tag, text, len(text)+1, tag)
	w.Write(frame.Bytes())
}
