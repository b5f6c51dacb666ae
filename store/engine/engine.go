// Package engine runs the embedded ClickHouse engine, libchdb, in a child
// process.
//
// In: a store folder and the library, which Fetch brings to the user's cache.
// Out: connections to ClickHouse's HTTP interface on a private Unix socket. It
// never opens a network port, and two processes never share a store folder.
//
// The engine runs in a process of its own so that a crash or a lack of memory in
// half a gigabyte of C++ does not end a scan.
package engine

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"sync"

	"adopt6/scanner/lockfile"
)

// ChildCommand is the hidden command, and the only argument, with which the
// program starts itself as the engine's process. A test binary that uses the
// engine answers it in TestMain by calling [ServeChild].
const ChildCommand = "engine-serve"

// ErrClosed is returned by Dial after Close.
var ErrClosed = errors.New("the embedded engine is closed")

// storeLink leads from the private folder to the store folder.
const storeLink = "store"

// GoneError reports that the engine has ended for good, before Close.
type GoneError struct{ why string }

func (e *GoneError) Error() string { return e.why }

// Config names the engine to run and the folder to run it on.
type Config struct {
	Path    string // the store folder; created when it does not exist
	Library string // path of libchdb
	// Command is the program that serves the engine and its arguments; this
	// program with ChildCommand when empty.
	Command []string
	// Logf reports what the user should know: the end and the restart of the
	// child. Nil reports nothing.
	Logf func(format string, args ...any)
}

// Engine is a running engine. It is safe for concurrent use.
type Engine struct {
	cfg      Config
	lock     *lockfile.Lock
	dir      string // private folder of the socket
	listener *net.UnixListener
	cancel   context.CancelFunc // ends a restart that is under way
	done     chan struct{}      // closed when watch has ended

	mu      sync.Mutex
	child   *child
	closing bool
	failed  error // why there is no child any more
}

// Start locks the folder, starts the child and waits until it answers. The
// error is a *LockedError when another process has the folder.
func Start(ctx context.Context, cfg Config) (*Engine, error) {
	if cfg.Logf == nil {
		cfg.Logf = func(string, ...any) {}
	}
	if len(cfg.Command) == 0 {
		self, err := os.Executable()
		if err != nil {
			return nil, fmt.Errorf("find this program, to run the engine: %w", err)
		}
		cfg.Command = []string{self, ChildCommand}
	}
	path, err := filepath.Abs(cfg.Path)
	if err != nil {
		return nil, fmt.Errorf("store folder %s: %w", cfg.Path, err)
	}
	cfg.Path = path
	if err := os.MkdirAll(cfg.Path, 0o700); err != nil {
		return nil, fmt.Errorf("make store folder: %w", err)
	}
	lock, err := lockFolder(ctx, cfg.Path)
	if err != nil {
		return nil, err
	}
	e := &Engine{cfg: cfg, lock: lock, done: make(chan struct{})}
	if err := e.listen(); err != nil {
		return nil, errors.Join(err, e.release())
	}
	e.child, err = startChild(ctx, cfg, e.listener, lock.File())
	if err != nil {
		return nil, errors.Join(err, e.release())
	}
	running, cancel := context.WithCancel(context.WithoutCancel(ctx))
	e.cancel = cancel
	go e.watch(running)
	return e, nil
}

// listen creates the socket. The parent keeps it, so that connections made while
// a child restarts wait for the next one.
func (e *Engine) listen() error {
	dir, err := os.MkdirTemp("", "adopt6-engine-") // mode 0700
	if err != nil {
		return fmt.Errorf("make a private folder for the engine's socket: %w", err)
	}
	e.dir = dir
	// The engine reads "*" and "{" in the name of a data file as a pattern, and
	// a user's folder may have one in its name.
	if err := os.Symlink(e.cfg.Path, filepath.Join(dir, storeLink)); err != nil {
		return fmt.Errorf("link the store folder: %w", err)
	}
	e.listener, err = net.ListenUnix("unix", &net.UnixAddr{Name: e.socket(), Net: "unix"})
	if err != nil {
		return fmt.Errorf("make the engine's socket: %w", err)
	}
	e.listener.SetUnlinkOnClose(false)
	return nil
}

func (e *Engine) socket() string { return filepath.Join(e.dir, "http") }

// release closes everything except the child.
func (e *Engine) release() error {
	var errs []error
	if e.listener != nil {
		errs = append(errs, e.listener.Close())
	}
	if e.dir != "" {
		errs = append(errs, os.RemoveAll(e.dir))
	}
	return errors.Join(append(errs, e.lock.Unlock())...)
}

// Version returns the engine's own version, such as "26.5.1.1".
func (e *Engine) Version() string {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.child.version
}

// PID returns the process id of the current child.
func (e *Engine) PID() int {
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.child.cmd.Process.Pid
}

// Dial connects to the engine's HTTP interface.
func (e *Engine) Dial(ctx context.Context) (net.Conn, error) {
	e.mu.Lock()
	failed := e.failed
	e.mu.Unlock()
	if failed != nil {
		return nil, failed
	}
	var dialer net.Dialer
	conn, err := dialer.DialContext(ctx, "unix", e.socket())
	if err != nil {
		return nil, fmt.Errorf("connect to the embedded engine: %w", err)
	}
	return conn, nil
}

// watch restarts the child once if it dies, and gives up the second time.
func (e *Engine) watch(ctx context.Context) {
	defer close(e.done)
	current := e.child
	for restarts := 0; ; restarts++ {
		<-current.exited
		e.mu.Lock()
		if e.closing {
			e.mu.Unlock()
			return
		}
		e.mu.Unlock()
		if restarts == 1 {
			e.fail(&GoneError{fmt.Sprintf("the embedded engine ended again: %s; it is not started a third time", current.ending())})
			return
		}
		e.cfg.Logf("the embedded engine (pid %d) ended unexpectedly: %s; starting it again", current.cmd.Process.Pid, current.ending())
		next, err := startChild(ctx, e.cfg, e.listener, e.lock.File())
		if err != nil {
			e.fail(&GoneError{fmt.Sprintf("the embedded engine cannot be started again: %v", err)})
			return
		}
		e.mu.Lock()
		e.child, current = next, next
		closing := e.closing
		e.mu.Unlock()
		if closing { // Close stopped only the previous child
			next.stop()
			return
		}
		e.cfg.Logf("the embedded engine runs again (pid %d)", next.cmd.Process.Pid)
	}
}

// fail makes every later Dial fail at once instead of waiting for a child.
func (e *Engine) fail(err error) {
	e.mu.Lock()
	e.failed = err
	e.mu.Unlock()
	e.cfg.Logf("%v", err)
	e.listener.Close()
}

// Close ends the child, once it has finished running queries, and unlocks the
// folder.
func (e *Engine) Close() error {
	e.mu.Lock()
	if e.closing {
		e.mu.Unlock()
		return nil
	}
	e.closing = true
	if e.failed == nil {
		e.failed = ErrClosed
	}
	current := e.child
	e.mu.Unlock()
	e.cancel()
	current.stop()
	<-e.done
	e.listener.Close() // may be closed already
	e.listener = nil
	return e.release()
}
