package engine

import (
	"crypto/rand"
	"fmt"
	"os"
	"strings"
	"sync"
	"syscall"
)

// pipe is a named pipe through which the engine writes a result of any format
// and any size while it is read: libchdb's own streaming supports only SELECT and
// repeats the head of formats that have one.
type pipe struct {
	name   string
	reader *os.File
	writer *os.File // kept open so that the reader waits for the engine to begin
	once   sync.Once
}

func newPipe(name string) (*pipe, error) {
	if err := syscall.Mkfifo(name, 0o600); err != nil {
		return nil, fmt.Errorf("make a pipe for the result: %w", err)
	}
	reader, err := os.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		os.Remove(name)
		return nil, fmt.Errorf("open the pipe for the result: %w", err)
	}
	writer, err := os.OpenFile(name, os.O_WRONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		reader.Close()
		os.Remove(name)
		return nil, fmt.Errorf("open the pipe for the result: %w", err)
	}
	return &pipe{name: name, reader: reader, writer: writer}, nil
}

// closeWriter lets the reader see the end once the engine has closed its side.
func (p *pipe) closeWriter() { p.writer.Close() }

func (p *pipe) closeReader() { p.once.Do(func() { p.reader.Close() }) }

func (p *pipe) remove() {
	p.closeReader()
	os.Remove(p.name)
}

func exceptionTag() string { return strings.ToLower(rand.Text()[:16]) }

// quoteText writes a string literal of ClickHouse's SQL.
func quoteText(s string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`, "\x00", `\0`).Replace(s) + "'"
}

// quoteName writes an identifier of ClickHouse's SQL.
func quoteName(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`", "\x00", `\0`).Replace(s) + "`"
}

func trimLine(s string) string { return strings.TrimRight(s, "\r\n") }
