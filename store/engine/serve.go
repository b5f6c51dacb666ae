package engine

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// drainPatience is how long queries may continue after the parent has ended.
const drainPatience = 5 * time.Second

// ServeChild is the main function of the engine's process: it reads its order
// from in, answers on out and serves until in ends, when the parent closes it or
// dies.
// Descriptor 3 is the listening socket and descriptor 4 the folder's lock,
// which is held for as long as the process lives.
func ServeChild(ctx context.Context, in io.Reader, out io.Writer) error {
	input := bufio.NewReader(in)
	line, err := input.ReadBytes('\n')
	if err != nil {
		return fmt.Errorf("%s is started by adopt6 itself: read its order: %w", ChildCommand, err)
	}
	var order childOrder
	if err := json.Unmarshal(line, &order); err != nil {
		return fmt.Errorf("%s: understand the order: %w", ChildCommand, err)
	}
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	parentGone := make(chan struct{})
	go func() {
		io.Copy(io.Discard, input)
		close(parentGone)
	}()
	server, first, err := openEngine(order)
	if err != nil {
		return errors.Join(err, report(out, childReport{Error: err.Error()}))
	}
	defer first.close()
	if err := report(out, childReport{Version: server.version}); err != nil {
		return err
	}
	return serve(ctx, server, parentGone)
}

func report(out io.Writer, r childReport) error {
	if err := json.NewEncoder(out).Encode(r); err != nil {
		return fmt.Errorf("answer the parent: %w", err)
	}
	return nil
}

// openEngine loads the library and opens the folder. The session that it returns
// keeps the engine running between others.
func openEngine(order childOrder) (*handler, *conn, error) {
	if err := removeLeftOvers(order.Path); err != nil {
		return nil, nil, err
	}
	var first *conn
	h := &handler{order: order}
	err := keepSignals(func() (err error) {
		if h.lib, err = loadLibrary(order.Library); err != nil {
			return err
		}
		first, err = h.lib.open(order.Path)
		return err
	})
	if err != nil {
		return nil, nil, err
	}
	if h.version, err = first.exec("SELECT version()", "TSVRaw"); err != nil {
		return nil, nil, err
	}
	if h.timezone, err = first.exec("SELECT timezone()", "TSVRaw"); err != nil {
		return nil, nil, err
	}
	h.version, h.timezone = trimLine(h.version), trimLine(h.timezone)
	return h, first, nil
}

// removeLeftOvers deletes the data of inserts that a killed child was receiving;
// the sender still has it.
func removeLeftOvers(path string) error {
	files, err := os.ReadDir(path)
	for _, file := range files {
		if strings.HasPrefix(file.Name(), insertPrefix) {
			err = errors.Join(err, os.Remove(filepath.Join(path, file.Name())))
		}
	}
	if err != nil {
		return fmt.Errorf("clean the store folder: %w", err)
	}
	return nil
}

func serve(ctx context.Context, h *handler, parentGone <-chan struct{}) error {
	socket := os.NewFile(3, "socket")
	listener, err := net.FileListener(socket)
	if err != nil {
		return fmt.Errorf("take over the socket: %w", err)
	}
	socket.Close()
	if unix, ok := listener.(*net.UnixListener); ok {
		unix.SetUnlinkOnClose(false)
	}
	server := &http.Server{
		Handler:     h,
		BaseContext: func(net.Listener) context.Context { return ctx },
	}
	served := make(chan error, 1)
	go func() { served <- server.Serve(listener) }()
	select {
	case err := <-served:
		return fmt.Errorf("serve the engine: %w", err)
	case <-parentGone:
	case <-ctx.Done():
	}
	drain, cancel := context.WithTimeout(context.Background(), drainPatience)
	defer cancel()
	if server.Shutdown(drain) != nil {
		// No client waits for these queries any more. The engine would wait for
		// them when it closes; what it has stored is safe without that.
		os.Exit(0)
	}
	<-served
	return nil
}
