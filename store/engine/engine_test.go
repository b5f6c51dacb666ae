//go:build !alone

package engine

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/driver"
)

// TestMain lets the test binary be the engine's child, and the process of
// another user of a store folder.
func TestMain(m *testing.M) {
	switch {
	case len(os.Args) == 2 && os.Args[1] == ChildCommand:
		if err := ServeChild(context.Background(), os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		os.Exit(0)
	case len(os.Args) == 4 && os.Args[1] == "hold-engine":
		holdEngine(os.Args[2], os.Args[3])
	}
	os.Exit(m.Run())
}

// holdEngine starts an engine, prints the child's pid and waits to be killed.
func holdEngine(path, library string) {
	e, err := Start(context.Background(), Config{Path: path, Library: library})
	if err != nil {
		fmt.Println(err)
		os.Exit(1)
	}
	fmt.Println(e.PID())
	io.Copy(io.Discard, os.Stdin)
}

// testLibrary returns the engine's library. A machine without it fails the
// tests, because they would prove nothing.
func testLibrary(t testing.TB) string {
	t.Helper()
	if path := os.Getenv("ADOPT6_STORE_LIBRARY"); path != "" {
		return path
	}
	path, err := Locate("")
	if err != nil {
		t.Fatal(err)
	}
	return path
}

func startEngine(t testing.TB, path string, logf func(string, ...any)) *Engine {
	t.Helper()
	e, err := Start(t.Context(), Config{Path: path, Library: testLibrary(t), Logf: logf})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := e.Close(); err != nil {
			t.Error(err)
		}
	})
	return e
}

func connect(t testing.TB, e *Engine) driver.Conn {
	t.Helper()
	db, err := clickhouse.Open(&clickhouse.Options{
		Protocol:    clickhouse.HTTP,
		Addr:        []string{"engine"},
		DialContext: func(ctx context.Context, _ string) (net.Conn, error) { return e.Dial(ctx) },
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

func mustExec(t testing.TB, db driver.Conn, sql string) {
	t.Helper()
	if err := db.Exec(t.Context(), sql); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
}

func count(t testing.TB, db driver.Conn, sql string) uint64 {
	t.Helper()
	var n uint64
	if err := db.QueryRow(t.Context(), sql).Scan(&n); err != nil {
		t.Fatalf("%s: %v", sql, err)
	}
	return n
}

func TestEngine(t *testing.T) {
	t.Parallel()
	e := startEngine(t, filepath.Join(t.TempDir(), "a * store's {folder}"), nil)
	db := connect(t, e)
	mustExec(t, db, "CREATE DATABASE d")
	mustExec(t, db, "CREATE TABLE d.t (n UInt64, s String, l LowCardinality(String), e Enum8('a' = 0, 'b' = 1), a Array(LowCardinality(String))) ENGINE = MergeTree ORDER BY n")

	t.Run("any byte goes in and comes out", func(t *testing.T) {
		every := make([]byte, 256)
		for i := range every {
			every[i] = byte(i)
		}
		batch, err := db.PrepareBatch(t.Context(), "INSERT INTO d.t (n, s, l, e, a)")
		if err != nil {
			t.Fatal(err)
		}
		for n := range uint64(100_000) {
			if err := batch.Append(n, string(every[n%256:]), "'\"\n\x00\\", "b", []string{"x\ny", ""}); err != nil {
				t.Fatal(err)
			}
		}
		if err := batch.Send(); err != nil {
			t.Fatal(err)
		}
		rows, err := db.Query(t.Context(), "SELECT n, s, l, e, a FROM d.t ORDER BY n")
		if err != nil {
			t.Fatal(err)
		}
		defer rows.Close()
		want := uint64(0)
		for ; rows.Next(); want++ {
			var (
				n         uint64
				s, l, enu string
				a         []string
			)
			if err := rows.Scan(&n, &s, &l, &enu, &a); err != nil {
				t.Fatal(err)
			}
			if n != want || s != string(every[n%256:]) || l != "'\"\n\x00\\" || enu != "b" || len(a) != 2 || a[0] != "x\ny" {
				t.Fatalf("row %d came back as %d %q %q %q %q", want, n, s, l, enu, a)
			}
		}
		if err := rows.Err(); err != nil || want != 100_000 {
			t.Fatalf("%d rows of 100000, error %v", want, err)
		}
	})

	t.Run("errors carry the engine's code", func(t *testing.T) {
		var exception *clickhouse.Exception
		if err := db.Exec(t.Context(), "DROP TABLE d.missing"); !errors.As(err, &exception) || exception.Code != 60 {
			t.Errorf("DROP of a missing table: %v", err)
		}
		if _, err := db.Query(t.Context(), "SELECT * FROM d.missing"); !errors.As(err, &exception) || exception.Code != 60 {
			t.Errorf("SELECT from a missing table: %v", err)
		}
		rows, err := db.Query(t.Context(), "SELECT throwIf(number = 3000000) FROM numbers(10000000)")
		if err == nil {
			for rows.Next() {
			}
			err = rows.Err()
			rows.Close()
		}
		if !errors.As(err, &exception) || exception.Code != 395 {
			t.Errorf("an error amid the rows: %v", err)
		}
	})

	t.Run("settings hold for one query", func(t *testing.T) {
		ctx := clickhouse.Context(t.Context(), clickhouse.WithSettings(clickhouse.Settings{"readonly": 1}))
		var exception *clickhouse.Exception
		if err := db.Exec(ctx, "CREATE TABLE d.forbidden (n UInt8) ENGINE = MergeTree ORDER BY n"); !errors.As(err, &exception) || exception.Code != 164 {
			t.Errorf("CREATE while read-only: %v", err)
		}
		mustExec(t, db, "CREATE TABLE d.allowed (n UInt8) ENGINE = MergeTree ORDER BY n")
	})

	t.Run("every format streams", func(t *testing.T) {
		for format, begin := range map[string]string{"JSON": "{", "CSVWithNames": `"number"`, "Parquet": "PAR1", "Pretty": " ", "JSONEachRow": "{"} {
			stream, err := db.QueryFormat(t.Context(), format, "SELECT number FROM numbers(200000)")
			if err != nil {
				t.Errorf("%s: %v", format, err)
				continue
			}
			text, err := io.ReadAll(stream)
			if err != nil || !bytes.HasPrefix(text, []byte(begin)) || (format == "CSVWithNames" && bytes.Count(text, []byte("\n")) != 200_001) {
				t.Errorf("%s: %d bytes, error %v", format, len(text), err)
			}
			stream.Close()
		}
	})

	t.Run("a query that nobody waits for ends", func(t *testing.T) {
		ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
		defer cancel()
		if err := db.QueryRow(ctx, "SELECT sum(sipHash64(number)) FROM numbers(1000000000000)").Err(); err == nil {
			t.Fatal("a query of hours ended")
		}
		hang, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		for count(t, db, "SELECT count() FROM system.processes") > 1 {
			if hang.Err() != nil {
				t.Fatal("the query continues")
			}
		}
	})
}

func TestKilledChildIsRestartedOnce(t *testing.T) {
	t.Parallel()
	said := make(chan string, 8)
	e := startEngine(t, t.TempDir(), func(format string, args ...any) { said <- fmt.Sprintf(format, args...) })
	db := connect(t, e)
	mustExec(t, db, "CREATE TABLE t (n UInt64) ENGINE = MergeTree ORDER BY n")
	mustExec(t, db, "INSERT INTO t SELECT number FROM numbers(1000)")

	first := e.PID()
	syscall.Kill(first, syscall.SIGKILL)
	if got := <-said; !strings.Contains(got, fmt.Sprintf("pid %d", first)) || !strings.Contains(got, "killed") {
		t.Errorf("the death was reported as: %s", got)
	}
	if got := <-said; !strings.Contains(got, "runs again") {
		t.Errorf("the restart was reported as: %s", got)
	}
	if n := count(t, db, "SELECT count() FROM t"); n != 1000 {
		t.Errorf("%d rows of 1000 after the restart", n)
	}
	syscall.Kill(e.PID(), syscall.SIGKILL)
	if got := <-said; !strings.Contains(got, "third time") {
		t.Errorf("the second death was reported as: %s", got)
	}
	if _, err := e.Dial(t.Context()); err == nil {
		t.Error("an engine that is gone was dialled")
	}
}

func TestLockedFolder(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	start := time.Now()
	startEngine(t, path, nil)
	_, err := Start(t.Context(), Config{Path: path, Library: testLibrary(t)})
	var locked *LockedError
	if !errors.As(err, &locked) || locked.PID != os.Getpid() || locked.Since.Before(start.Add(-2*time.Second)) {
		t.Fatalf("a second engine on one folder: %v", err)
	}
}

// A scan that is killed must leave neither a process nor a locked folder.
func TestChildEndsWithItsParent(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	parent := exec.Command(os.Args[0], "hold-engine", path, testLibrary(t))
	stdin, err := parent.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	defer stdin.Close()
	out, err := parent.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := parent.Start(); err != nil {
		t.Fatal(err)
	}
	var pid int
	if _, err := fmt.Fscan(out, &pid); err != nil {
		t.Fatal(err)
	}
	parent.Process.Kill()
	parent.Wait()
	startEngine(t, path, nil) // waits for the lock
	if err := syscall.Kill(pid, 0); err == nil && !zombie(pid) {
		t.Errorf("the engine of a killed parent still runs with pid %d", pid)
	}
}

func zombie(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && strings.Contains(string(stat), ") Z ")
}

func TestBrokenLibrary(t *testing.T) {
	t.Parallel()
	notALibrary := filepath.Join(t.TempDir(), "libchdb.so")
	if err := os.WriteFile(notALibrary, []byte("not a library"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, library := range []string{notALibrary, filepath.Join(t.TempDir(), "missing.so"), "libm.so.6"} {
		_, err := Start(t.Context(), Config{Path: t.TempDir(), Library: library})
		if err == nil || !strings.Contains(err.Error(), filepath.Base(library)) {
			t.Errorf("%s: %v", library, err)
		}
	}
}
