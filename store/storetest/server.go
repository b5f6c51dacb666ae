//go:build !alone

package storetest

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
)

// Password is the password of the server's user "scanner". It holds every
// character that needs escaping in an address or a log line.
const Password = `s3cret:/?#[]@!$&'()*+,;=%20 "x`

// passwordHash is sha256(Password).
const passwordHash = "0377b3b478b802de958e1fa977e3134b924708b7b108460aaa873d3c62a2b7a2"

// Server is a clickhouse-server of a test. Its users are "default" without a
// password, "scanner" with Password and "reader", who may only read.
type Server struct {
	dir      string
	tcp, web int
	cmd      *exec.Cmd
	life     io.Closer // the server lives as long as this is open
}

// NewServer starts a server of the test's own, with further files of
// configuration by their names below its folder.
func NewServer(t testing.TB, further ...map[string]string) *Server {
	t.Helper()
	s := &Server{dir: t.TempDir(), tcp: HoldPort(t), web: HoldPort(t)}
	for _, files := range further {
		s.write(t, files)
	}
	s.configure(t)
	s.Start(t)
	t.Cleanup(s.Kill)
	return s
}

// NewServerIn starts a server of the test's own whose data lies in a folder.
func NewServerIn(t testing.TB, dir string) *Server {
	t.Helper()
	s := newServer(t, dir)
	t.Cleanup(s.Kill)
	return s
}

func newServer(t testing.TB, dir string) *Server {
	t.Helper()
	s := &Server{dir: dir, tcp: HoldPort(t), web: HoldPort(t)}
	s.configure(t)
	s.Start(t)
	return s
}

// configure writes the server's configuration.
func (s *Server) configure(t testing.TB) {
	t.Helper()
	s.write(t, map[string]string{
		"config.xml": fmt.Sprintf(serverConfig, s.tcp, s.web, s.dir, s.dir, s.dir),
		"users.xml":  fmt.Sprintf(serverUsers, passwordHash),
	})
}

// write writes files below the server's folder.
func (s *Server) write(t testing.TB, files map[string]string) {
	t.Helper()
	for name, text := range files {
		name = filepath.Join(s.dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

const serverConfig = `<yandex>
	<logger><level>warning</level><console>1</console></logger>
	<listen_host>127.0.0.1</listen_host>
	<tcp_port>%d</tcp_port>
	<http_port>%d</http_port>
	<path>%s/data/</path>
	<tmp_path>%s/tmp/</tmp_path>
	<users_config>%s/users.xml</users_config>
	<default_profile>default</default_profile>
	<default_database>default</default_database>
	<timezone>Asia/Tokyo</timezone>
	<mark_cache_size>67108864</mark_cache_size>
</yandex>
`

const serverUsers = `<yandex>
	<profiles><default/><reading><readonly>1</readonly></reading></profiles>
	<quotas><default/></quotas>
	<users>
		<default>
			<password/><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
		</default>
		<scanner>
			<password_sha256_hex>%s</password_sha256_hex>
			<networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota>
		</scanner>
		<reader>
			<password/><networks><ip>127.0.0.1</ip></networks><profile>reading</profile><quota>default</quota>
		</reader>
	</users>
</yandex>
`

// binary is the server that Debian's package clickhouse-server installs, or
// the one named by ADOPT6_CLICKHOUSE_SERVER.
func binary(t testing.TB) string {
	t.Helper()
	for _, path := range []string{os.Getenv("ADOPT6_CLICKHOUSE_SERVER"), "/usr/bin/clickhouse-server", "/usr/sbin/clickhouse-server"} {
		if _, err := os.Stat(path); path != "" && err == nil {
			return path
		}
	}
	t.Fatal("the tests of the store need a ClickHouse server: apt install clickhouse-server, or name one in ADOPT6_CLICKHOUSE_SERVER")
	return ""
}

// Start starts the server on the same data and ports as before, and returns
// when it takes connections.
func (s *Server) Start(t testing.TB) {
	t.Helper()
	s.launch(t)
	s.Await(t, s.tcp)
}

func (s *Server) launch(t testing.TB) {
	t.Helper()
	log, err := os.OpenFile(filepath.Join(s.dir, "log"), os.O_WRONLY|os.O_CREATE|os.O_APPEND, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	s.cmd, s.life = leashed(t, binary(t), "--config-file="+filepath.Join(s.dir, "config.xml"))
	s.cmd.Stdout, s.cmd.Stderr, s.cmd.Dir = log, log, s.dir
	if err := s.cmd.Start(); err != nil {
		t.Fatal(err)
	}
}

// Await returns when the server takes connections at a port.
func (s *Server) Await(t testing.TB, port int) {
	t.Helper()
	if err := awaitPort(port); err != nil {
		t.Fatalf("clickhouse-server takes no connections: %v: %s", err, s.log())
	}
}

// Kill ends the server with SIGKILL, as a crash would.
func (s *Server) Kill() {
	s.life.Close()
	s.cmd.Wait() // its status is that of a killed program
}

func (s *Server) log() string {
	text, err := os.ReadFile(filepath.Join(s.dir, "log"))
	if err != nil {
		return err.Error()
	}
	return string(text[max(0, len(text)-2000):])
}

func (s *Server) address(port int) string { return fmt.Sprintf("127.0.0.1:%d", port) }

// DSN is the server's address for a user, without a password.
func (s *Server) DSN(user string) string {
	return fmt.Sprintf("clickhouse://%s@%s", user, s.address(s.tcp))
}

// HTTP is the address of the server's HTTP interface.
func (s *Server) HTTP() string { return "http://" + s.address(s.web) }

// HoldPort returns a port of 127.0.0.1 for a server. A socket that is bound and
// never listens holds it until this process ends: the kernel gives it to nobody
// who asks for any port, even while the server is down. The server may listen
// there if it sets SO_REUSEADDR, as ClickHouse and Java do.
func HoldPort(t testing.TB) int {
	t.Helper()
	port, err := holdPort()
	if err != nil {
		t.Fatalf("hold a port: %v", err)
	}
	return port
}

func holdPort() (int, error) {
	socket, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM|syscall.SOCK_CLOEXEC, 0)
	if err != nil {
		return 0, err
	}
	if err := syscall.SetsockoptInt(socket, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1); err != nil {
		return 0, err
	}
	if err := syscall.Bind(socket, &syscall.SockaddrInet4{Addr: [4]byte{127, 0, 0, 1}}); err != nil {
		return 0, err
	}
	address, err := syscall.Getsockname(socket)
	if err != nil {
		return 0, err
	}
	return address.(*syscall.SockaddrInet4).Port, nil
}
