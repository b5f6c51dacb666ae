//go:build linux && !alone

package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// contender is one program with its arguments.
type contender struct {
	name  string
	argv  []string
	input string // file for standard input; empty: none
	out   string // file that holds the output afterwards
	// stdout is set when the output comes from there.
	stdout bool
	// answer is what every line of a success contains.
	answer string
}

// run is what one run took.
type run struct {
	took, cpu time.Duration
	memory    int64 // the largest resident set, KiB
	answers   int
}

// once runs c.
func (c *contender) once(ctx context.Context) (run, error) {
	cmd := exec.CommandContext(ctx, c.argv[0], c.argv[1:]...)
	var errOut bytes.Buffer
	cmd.Stderr = &errOut
	if c.input != "" {
		in, err := os.Open(c.input)
		if err != nil {
			return run{}, err
		}
		defer in.Close()
		cmd.Stdin = in
	}
	if c.stdout {
		out, err := os.Create(c.out)
		if err != nil {
			return run{}, err
		}
		defer out.Close()
		cmd.Stdout = out
	}
	started := time.Now()
	err := cmd.Run()
	if err != nil {
		return run{}, fmt.Errorf("%v: %w\n%s", c.argv, err, bytes.TrimSpace(errOut.Bytes()))
	}
	r := run{took: time.Since(started), cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		r.memory = usage.Maxrss
	}
	r.answers, err = countLines(c.out, []byte(c.answer))
	return r, err
}

// countLines counts the lines of a file that contain a text. It reads piece
// by piece: a program that we start inherits the size of our memory.
func countLines(file string, text []byte) (int, error) {
	f, err := os.Open(file)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	count := 0
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		if bytes.Contains(lines.Bytes(), text) {
			count++
		}
	}
	return count, lines.Err()
}

// compare runs the contenders alternately and prints the medians.
func compare(ctx context.Context, title string, lookups, rounds int, contenders []contender) error {
	runs := make([][]run, len(contenders))
	for range rounds {
		for i := range contenders {
			r, err := contenders[i].once(ctx)
			if err != nil {
				return err
			}
			runs[i] = append(runs[i], r)
		}
	}
	fmt.Printf("\n%s\n\n| program | lookups/s | CPU µs per lookup | peak MiB | answered |\n|---|---:|---:|---:|---:|\n", title)
	for i, c := range contenders {
		median := func(of func(run) float64) float64 {
			var all []float64
			for _, r := range runs[i] {
				all = append(all, of(r))
			}
			slices.Sort(all)
			return all[len(all)/2]
		}
		n := float64(lookups)
		fmt.Printf("| %s | %.0f | %.1f | %.0f | %.2f %% |\n", c.name,
			median(func(r run) float64 { return n / r.took.Seconds() }),
			median(func(r run) float64 { return float64(r.cpu.Microseconds()) / n }),
			median(func(r run) float64 { return float64(r.memory) / 1024 }),
			median(func(r run) float64 { return 100 * float64(r.answers) / n }))
	}
	return nil
}
