package engine

import (
	"errors"
	"fmt"
	"runtime"
	"unsafe"

	"github.com/ebitengine/purego"
)

// library is libchdb's C interface, loaded without cgo.
type library struct {
	connect   func(argc int32, argv unsafe.Pointer) unsafe.Pointer
	closeConn func(conn unsafe.Pointer)
	query     func(conn uintptr, sql unsafe.Pointer, sqlLen uintptr, format unsafe.Pointer, formatLen uintptr) unsafe.Pointer
	destroy   func(result unsafe.Pointer)
	buffer    func(result unsafe.Pointer) unsafe.Pointer
	length    func(result unsafe.Pointer) uintptr
	failure   func(result unsafe.Pointer) string
	written   func(result unsafe.Pointer) uint64
}

// loadLibrary opens libchdb. The library stays loaded until the process ends.
func loadLibrary(path string) (*library, error) {
	handle, err := purego.Dlopen(path, purego.RTLD_NOW|purego.RTLD_LOCAL)
	if err != nil {
		return nil, fmt.Errorf("load the engine library: %w", err)
	}
	l := new(library)
	functions := map[string]any{
		"chdb_connect":              &l.connect,
		"chdb_close_conn":           &l.closeConn,
		"chdb_query_n":              &l.query,
		"chdb_destroy_query_result": &l.destroy,
		"chdb_result_buffer":        &l.buffer,
		"chdb_result_length":        &l.length,
		"chdb_result_error":         &l.failure,
		"chdb_result_rows_written":  &l.written,
	}
	for name, function := range functions {
		symbol, err := purego.Dlsym(handle, name)
		if err != nil {
			return nil, fmt.Errorf("%s is not a libchdb that adopt6 can use: %w", path, err)
		}
		purego.RegisterFunc(function, symbol)
	}
	return l, nil
}

// conn is one session: it has its own settings and runs one query at a time.
type conn struct {
	lib    *library
	handle unsafe.Pointer
}

// open makes a session on the folder. The first one of a process starts the
// engine, and a process has one folder.
func (l *library) open(path string) (*conn, error) {
	args := [][]byte{[]byte("adopt6\x00"), []byte("--path=" + path + "\x00")}
	argv := []unsafe.Pointer{unsafe.Pointer(&args[0][0]), unsafe.Pointer(&args[1][0]), nil}
	handle := l.connect(int32(len(args)), unsafe.Pointer(&argv[0]))
	runtime.KeepAlive(args)
	if handle == nil {
		return nil, fmt.Errorf("the engine cannot open %s; the folder may be damaged, or in use by clickhouse-local or a server", path)
	}
	return &conn{lib: l, handle: handle}, nil
}

func (c *conn) close() { c.lib.closeConn(c.handle) }

// exec runs SQL, which may hold any byte, and returns the result in format.
// An error's text is the engine's: "Code: 60. DB::Exception: ...".
func (c *conn) exec(sql, format string) (string, error) {
	text, _, err := c.run(sql, format)
	return text, err
}

// run is exec that also counts the rows stored.
func (c *conn) run(sql, format string) (text string, written uint64, err error) {
	if sql == "" {
		return "", 0, errors.New("empty query")
	}
	result := c.lib.query(*(*uintptr)(c.handle), unsafe.Pointer(unsafe.StringData(sql)), uintptr(len(sql)),
		unsafe.Pointer(unsafe.StringData(format)), uintptr(len(format)))
	runtime.KeepAlive(sql)
	runtime.KeepAlive(format)
	if result == nil {
		return "", 0, errors.New("the engine gave no result")
	}
	defer c.lib.destroy(result)
	if failure := c.lib.failure(result); failure != "" {
		return "", 0, errors.New(failure)
	}
	if n := c.lib.length(result); n > 0 {
		text = string(unsafe.Slice((*byte)(c.lib.buffer(result)), n))
	}
	return text, c.lib.written(result), nil
}
