//go:build linux

package netns

import (
	"context"
	"fmt"
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
	for _, addr := range addrs {
		if err := p.ready(ctx, netip.AddrPortFrom(addr, 53), question); err != nil {
			p.Stop()
			return nil, err
		}
	}
	return p, nil
}

// ready asks a server until it answers.
func (p *Process) ready(ctx context.Context, server netip.AddrPort, question string) error {
	ctx, cancel := context.WithTimeout(ctx, startTime)
	defer cancel()
	query := new(dns.Msg).SetQuestion(question, dns.TypeSOA)
	query.RecursionDesired = false
	client := dns.Client{Timeout: 200 * time.Millisecond}
	again := time.NewTicker(5 * time.Millisecond)
	defer again.Stop()
	for {
		if reply, _, err := client.ExchangeContext(ctx, query, server.String()); err == nil && reply.Rcode != dns.RcodeServerFailure {
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
