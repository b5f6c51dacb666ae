//go:build linux

package netns

import (
	"context"
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"

	"github.com/miekg/dns"
)

// startTime is how long a server may take to answer its first query.
const startTime = 30 * time.Second

// Process is a running server program.
type Process struct {
	program string
	log     string // its file
	cmd     *exec.Cmd
	done    chan struct{} // closed when it has ended
}

// start runs a server and returns when it answers a query for question at
// every address.
func start(ctx context.Context, dir string, addrs []netip.Addr, question, program string, args ...string) (*Process, error) {
	p, err := launch(dir, program, args...)
	if err != nil {
		return nil, err
	}
	for _, addr := range addrs {
		if err := p.answers(ctx, netip.AddrPortFrom(addr, 53), question); err != nil {
			p.Stop()
			return nil, err
		}
	}
	return p, nil
}

// launch runs a program with its output in dir.
func launch(dir, program string, args ...string) (*Process, error) {
	p := &Process{program: filepath.Base(program), log: filepath.Join(dir, "log"), done: make(chan struct{})}
	log, err := os.OpenFile(p.log, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p.cmd = exec.Command(program, args...)
	p.cmd.Dir, p.cmd.Stdout, p.cmd.Stderr = dir, log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := p.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	go func() {
		p.cmd.Wait() // how it ended shows in its log
		close(p.done)
	}()
	return p, nil
}

// answers asks a server until it answers.
func (p *Process) answers(ctx context.Context, server netip.AddrPort, question string) error {
	query := new(dns.Msg).SetQuestion(question, dns.TypeSOA)
	query.RecursionDesired = false
	client := dns.Client{Timeout: 200 * time.Millisecond}
	return p.ready(ctx, server, func(ctx context.Context) bool {
		reply, _, err := client.ExchangeContext(ctx, query, server.String())
		return err == nil && reply.Rcode != dns.RcodeServerFailure
	})
}

// listens connects to a server until it lets it.
func (p *Process) listens(ctx context.Context, server netip.AddrPort) error {
	var dialer net.Dialer
	return p.ready(ctx, server, func(ctx context.Context) bool {
		conn, err := dialer.DialContext(ctx, "tcp", server.String())
		if err == nil {
			conn.Close()
		}
		return err == nil
	})
}

// ready waits until a program serves at an address.
func (p *Process) ready(ctx context.Context, server netip.AddrPort, serves func(context.Context) bool) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		if serves(ctx) {
			return nil
		}
		select {
		case <-again.C:
		case <-p.done:
			said, _ := os.ReadFile(p.log)
			return fmt.Errorf("%s ended:\n%s", p.program, said)
		case <-ctx.Done():
			said, _ := os.ReadFile(p.log)
			return fmt.Errorf("%s does not answer at %s: %w\n%s", p.program, server, ctx.Err(), said)
		}
	}
}

// Stop ends the process and waits until it is gone.
func (p *Process) Stop() {
	p.cmd.Process.Kill() // it may have ended by itself
	<-p.done
}
