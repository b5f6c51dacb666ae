//go:build !alone

package storetest

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
	"testing"
	"time"

	"adopt6/store"
)

// ClusterName is the name of the cluster of [NewCluster].
const ClusterName = "trio"

// Cluster is a cluster of a test: two shards, the first of two replicas.
type Cluster struct {
	Servers []*Server // the replicas of the first shard, then the second
}

// places are the macros of the servers: shard and replica.
var places = [][2]string{{"1", "a"}, {"1", "b"}, {"2", "a"}}

// NewCluster starts three servers, with additional configuration files, and the
// ZooKeeper that they need, from Debian's libzookeeper-java.
func NewCluster(t testing.TB, further map[string]string) *Cluster {
	t.Helper()
	keeper := startZooKeeper(t)
	c := new(Cluster)
	for range places {
		c.Servers = append(c.Servers, &Server{dir: t.TempDir(), tcp: HoldPort(t), web: HoldPort(t)})
	}
	var remote strings.Builder
	for i, s := range c.Servers {
		if i == 0 || places[i][0] != places[i-1][0] {
			remote.WriteString("<shard><internal_replication>true</internal_replication>")
		}
		fmt.Fprintf(&remote, "<replica><host>127.0.0.1</host><port>%d</port></replica>", s.tcp)
		if i == len(places)-1 || places[i][0] != places[i+1][0] {
			remote.WriteString("</shard>")
		}
	}
	for i, s := range c.Servers {
		s.write(t, map[string]string{
			"config.d/cluster.xml": fmt.Sprintf(clusterConfig, HoldPort(t), keeper, ClusterName, &remote, ClusterName, places[i][0], places[i][1]),
		})
		s.write(t, further)
		s.configure(t)
		s.launch(t)
		t.Cleanup(func() {
			if t.Failed() {
				t.Logf("server %d said: %s", i, s.log())
			}
			s.Kill()
		})
		// One after another, so that no server finds incomplete nodes of
		// another in ZooKeeper.
		s.Await(t, s.tcp)
	}
	return c
}

const clusterConfig = `<yandex>
	<interserver_http_host>127.0.0.1</interserver_http_host>
	<interserver_http_port>%d</interserver_http_port>
	<zookeeper><node><host>127.0.0.1</host><port>%d</port></node></zookeeper>
	<remote_servers><%s>%s</%s></remote_servers>
	<macros><shard>%s</shard><replica>%s</replica></macros>
	<distributed_ddl><path>/clickhouse/task_queue/ddl</path></distributed_ddl>
</yandex>
`

// Config returns the configuration of a fresh database on the cluster, by way
// of its first server.
func (c *Cluster) Config(t testing.TB) store.Config {
	cfg := c.Servers[0].Config(t)
	cfg.Cluster = ClusterName
	return cfg
}

// zooKeeper is where Debian's libzookeeper-java has it.
const zooKeeper = "/usr/share/java/zookeeper.jar"

// startZooKeeper starts a ZooKeeper of the test's own and returns its port.
func startZooKeeper(t testing.TB) int {
	t.Helper()
	if _, err := os.Stat(zooKeeper); err != nil {
		t.Fatal("the tests of a cluster need ZooKeeper: apt install libzookeeper-java default-jre-headless")
	}
	dir, port := t.TempDir(), HoldPort(t)
	config := filepath.Join(dir, "zoo.cfg")
	text := fmt.Sprintf("dataDir=%s\nclientPort=%d\nclientPortAddress=127.0.0.1\ntickTime=500\nadmin.enableServer=false\n", dir, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd, life := leashed(t, "java", "-Xmx64m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Dzookeeper.forceSync=no",
		"-cp", zooKeeper, "org.apache.zookeeper.server.ZooKeeperServerMain", config)
	var log bytes.Buffer
	cmd.Stdout, cmd.Stderr = &log, &log
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		life.Close()
		cmd.Wait() // its status is that of a killed program
	})
	if err := await(func() error { return serves(port) }); err != nil {
		t.Fatalf("ZooKeeper does not serve: %v", err)
	}
	return port
}

// leashed prepares a program that a shell kills when life is closed, which
// happens also when the test process is killed.
func leashed(t testing.TB, program string, args ...string) (cmd *exec.Cmd, life io.Closer) {
	t.Helper()
	cmd = exec.Command("/bin/sh", append([]string{"-c", `"$0" "$@" </dev/null & read -r _; kill -9 $!; wait`, program}, args...)...)
	life, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	return cmd, life
}

// serves asks ZooKeeper whether it serves; it accepts connections earlier.
func serves(port int) error {
	conn, err := net.DialTimeout("tcp", fmt.Sprintf("127.0.0.1:%d", port), time.Second)
	if err != nil {
		return err
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(time.Second))
	if _, err := io.WriteString(conn, "srvr"); err != nil {
		return err
	}
	answer, err := io.ReadAll(conn)
	if !bytes.Contains(answer, []byte("Mode: standalone")) {
		return errors.Join(fmt.Errorf("it says %q", answer), err)
	}
	return nil
}

// awaitPort returns when a loopback port accepts connections.
func awaitPort(port int) error {
	return await(func() error {
		conn, err := net.Dial("tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err == nil {
			conn.Close()
		}
		return err
	})
}

// await returns when try succeeds, or its error after half a minute.
func await(try func() error) error {
	ctx, cancel := context.WithTimeout(context.Background(), 30*time.Second)
	defer cancel()
	tick := time.NewTicker(20 * time.Millisecond)
	defer tick.Stop()
	for {
		err := try()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return err
		}
	}
}
