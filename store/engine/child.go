package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"time"
)

// childOrder is what the parent writes to the child's standard input, as one
// line of JSON. The input then stays open for as long as the parent lives.
type childOrder struct {
	Library string `json:"library"`
	Path    string `json:"path"`
	Scratch string `json:"scratch"` // private folder for pipes
}

// childReport is what the child answers on its standard output.
type childReport struct {
	Version string `json:"version,omitempty"`
	Error   string `json:"error,omitempty"`
}

const (
	startPatience = 2 * time.Minute  // half a gigabyte may come from a slow disk
	stopPatience  = 20 * time.Second // for the child to finish what it has begun
)

// child is one process of the engine.
type child struct {
	cmd     *exec.Cmd
	stdin   io.WriteCloser
	version string
	exited  chan struct{} // closed after the process has ended
	err     error         // of Wait; valid once exited is closed
	stderr  *tail
	once    sync.Once
}

// startChild runs the command and waits for its report.
func startChild(ctx context.Context, cfg Config, listener *net.UnixListener, lock *os.File) (*child, error) {
	socket, err := listener.File()
	if err != nil {
		return nil, fmt.Errorf("hand the socket to the engine: %w", err)
	}
	defer socket.Close()
	c := &child{exited: make(chan struct{}), stderr: &tail{limit: 4 << 10}}
	c.cmd = exec.Command(cfg.Command[0], cfg.Command[1:]...)
	c.cmd.Env = childEnv(os.Environ())
	c.cmd.Stderr = c.stderr
	c.cmd.ExtraFiles = []*os.File{socket, lock} // descriptors 3 and 4
	// A terminal sends Ctrl-C to its whole process group. The engine must
	// outlive it: its parent ends it when everything is stored.
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if c.stdin, err = c.cmd.StdinPipe(); err != nil {
		return nil, fmt.Errorf("start the embedded engine: %w", err)
	}
	stdout, err := c.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("start the embedded engine: %w", err)
	}
	if err := c.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the embedded engine: %w", err)
	}
	reports := make(chan childReport, 1)
	go func() {
		reports <- readReport(stdout)
		// What the engine prints is discarded.
		io.Copy(io.Discard, stdout)
		c.err = c.cmd.Wait()
		close(c.exited)
	}()
	order, err := json.Marshal(childOrder{Library: cfg.Library, Path: cfg.Path, Scratch: filepath.Dir(listener.Addr().String())})
	if err == nil {
		_, err = c.stdin.Write(append(order, '\n'))
	}
	if err != nil {
		c.kill()
		return nil, fmt.Errorf("start the embedded engine: %w: %s", err, c.ending())
	}
	return c, c.await(ctx, reports, cfg.Library)
}

// await reads the child's first report, and ends a child that does not serve.
func (c *child) await(ctx context.Context, reports <-chan childReport, library string) error {
	ctx, cancel := context.WithTimeout(ctx, startPatience)
	defer cancel()
	select {
	case <-ctx.Done():
		c.kill()
		return fmt.Errorf("start the embedded engine: %w", ctx.Err())
	case report := <-reports:
		if report.Version != "" {
			c.version = report.Version
			return nil
		}
		c.stop()
		if report.Error == "" {
			// The last line of what a crash prints is a register of the processor.
			return fmt.Errorf("the embedded engine died before it served (%s): its library %s may be broken; fetch it anew with `adopt6 store fetch-engine`", c.how(), library)
		}
		return fmt.Errorf("start the embedded engine: %s", report.Error)
	}
}

// readReport reads one line; the zero report means that there was none.
func readReport(r io.Reader) (report childReport) {
	line, err := bufio.NewReader(io.LimitReader(r, 64<<10)).ReadBytes('\n')
	if err == nil {
		err = json.Unmarshal(line, &report)
	}
	if err != nil && !errors.Is(err, io.EOF) {
		report.Error = fmt.Sprintf("its report is not understood: %v", err)
	}
	return report
}

// stop asks the child to end and waits; a child that does not end is killed.
func (c *child) stop() {
	c.once.Do(func() { c.stdin.Close() })
	timer := time.NewTimer(stopPatience)
	defer timer.Stop()
	select {
	case <-c.exited:
	case <-timer.C:
		c.kill()
	}
}

func (c *child) kill() {
	c.cmd.Process.Kill() // fails only when it has ended
	c.once.Do(func() { c.stdin.Close() })
	<-c.exited
}

// ending describes how the process ended, with the last line it printed.
func (c *child) ending() string {
	how := c.how()
	if last := c.stderr.lastLine(); last != "" {
		how += ": " + last
	}
	return how
}

// how returns the process's exit status.
func (c *child) how() string {
	if c.err != nil {
		return c.err.Error()
	}
	return "exit status 0"
}

// childEnv returns the environment variables that the library needs, without the
// store's secrets.
func childEnv(env []string) []string {
	var kept []string
	for _, v := range env {
		if !strings.HasPrefix(v, "ADOPT6_STORE_") {
			kept = append(kept, v)
		}
	}
	return kept
}

// tail keeps the end of what is written to it.
type tail struct {
	mu    sync.Mutex
	limit int
	text  []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.text = append(t.text, p...)
	if over := len(t.text) - t.limit; over > 0 {
		t.text = t.text[over:]
	}
	return len(p), nil
}

func (t *tail) lastLine() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	lines := strings.Split(strings.TrimSpace(string(t.text)), "\n")
	return strings.TrimSpace(lines[len(lines)-1])
}
