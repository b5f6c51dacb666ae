//go:build !alone

package store_test

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"fmt"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"adopt6/store"
	"adopt6/store/storetest"
)

// The accounts of configs/clickhouse do on a real server what they are for.
func TestAccountsOfTheServer(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../configs/clickhouse/users.d/adopt6.xml")
	if err != nil {
		t.Fatal(err)
	}
	const password = "of the test"
	users := strings.ReplaceAll(string(file), strings.Repeat("0", 64), fmt.Sprintf("%x", sha256.Sum256([]byte(password))))
	server := storetest.NewServer(t, map[string]string{"users.d/adopt6.xml": users})
	cfg := server.Config(t)
	cfg.Database, cfg.Password = store.DefaultDatabase, password
	cfg.DSN = server.DSN("adopt6_writer")
	s := storetest.Open(t, cfg)
	storetest.Sample(t, s)
	list, err := s.Partitions(t.Context(), store.RawTables, time.Date(2026, 8, 1, 0, 0, 0, 0, time.UTC))
	if err != nil || len(list) != 3 {
		t.Fatalf("partitions %v, error %v", list, err)
	}
	if err := s.Drop(t.Context(), list); err != nil {
		t.Errorf("the writer cannot prune: %v", err)
	}
	cfg.Database = "other"
	if _, err := store.Open(t.Context(), cfg); err == nil {
		t.Error("the writer made another database")
	}

	cfg.Database, cfg.DSN, cfg.ReadOnly = store.DefaultDatabase, server.DSN("adopt6_reader"), true
	reader := storetest.Open(t, cfg)
	if got := ask(t, reader, "SELECT count() FROM changes"); got == "0" {
		t.Error("the reader sees nothing")
	}
	if _, err := reader.Info(t.Context()); err != nil {
		t.Errorf("the reader cannot ask what the store is: %v", err)
	}
	var out bytes.Buffer
	if err := reader.Export(t.Context(), store.Export{Table: relation(t, reader, "observations"), Format: format("csv")}, &out); err != nil || out.Len() < 10_000 {
		t.Errorf("the reader cannot export: %d bytes, error %v", out.Len(), err)
	}
	for _, sql := range []string{"SELECT count() FROM other.secrets", "SELECT 1 SETTINGS readonly = 0"} {
		if err := reader.Query(t.Context(), sql, "TSV", new(bytes.Buffer)); err == nil {
			t.Errorf("the reader may say %s", sql)
		}
	}
	cfg.ReadOnly = false
	if _, err := store.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "may only read") {
		t.Errorf("the reader opens the store for writing: %v", err)
	}
}

// Current versions understand the roles. The embedded engine is one, and refuses
// only because its account may grant nothing.
func TestRoles(t *testing.T) {
	t.Parallel()
	file, err := os.ReadFile("../configs/clickhouse/roles.sql")
	if err != nil {
		t.Fatal(err)
	}
	s := storetest.Open(t, storetest.Embedded(t))
	for _, statement := range store.SplitStatements(string(file)) {
		err := s.Execute(t.Context(), statement, "", nil)
		if err != nil && !strings.Contains(err.Error(), "ACCESS_DENIED") && !strings.Contains(err.Error(), "UNKNOWN_ROLE") {
			t.Errorf("%.60s: %v", statement, err)
		}
	}
}

// With TLS the server's certificate is checked, against the system's
// authorities or against those that are named.
func TestTLS(t *testing.T) {
	t.Parallel()
	certificate, key := selfSigned(t)
	dir := t.TempDir()
	for name, text := range map[string][]byte{"cert.pem": certificate, "key.pem": key} {
		if err := os.WriteFile(filepath.Join(dir, name), text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	port := storetest.HoldPort(t)
	server := storetest.NewServer(t, map[string]string{"config.d/tls.xml": fmt.Sprintf(`<yandex><tcp_port_secure>%d</tcp_port_secure><openSSL><server>
		<certificateFile>%s/cert.pem</certificateFile><privateKeyFile>%s/key.pem</privateKeyFile><verificationMode>none</verificationMode></server></openSSL></yandex>`, port, dir, dir)})
	cfg := server.Config(t)
	server.Await(t, port)
	cfg.DSN, cfg.Password = fmt.Sprintf("clickhouse://scanner@127.0.0.1:%d?secure=true", port), storetest.Password
	if _, err := store.Open(t.Context(), cfg); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate of an unknown CA: %v", err)
	}
	cfg.CA = filepath.Join(dir, "cert.pem")
	s := storetest.Open(t, cfg)
	scan := newScan(t, s, 1)
	w := writer(t, s, scan.ID)
	write(t, w, plainObservation(scan.ID, 0))
	closeWriter(t, w)
	exactly(t, s, scan.ID, 1)

	for want, change := range map[string]func(*store.Config){
		"has no TLS":           func(c *store.Config) { c.DSN = server.DSN("scanner") },
		"holds no certificate": func(c *store.Config) { c.CA = filepath.Join(dir, "key.pem") },
		"no such file":         func(c *store.Config) { c.CA = filepath.Join(dir, "none.pem") },
	} {
		changed := cfg
		change(&changed)
		if _, err := store.Open(context.Background(), changed); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("error %v, want one with %q", err, want)
		}
	}
}

func selfSigned(t *testing.T) (certificate, key []byte) {
	t.Helper()
	private, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)}, IsCA: true, BasicConstraintsValid: true}
	der, err := x509.CreateCertificate(rand.Reader, template, template, private.Public(), private)
	if err != nil {
		t.Fatal(err)
	}
	keyDER, err := x509.MarshalECPrivateKey(private)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), pem.EncodeToMemory(&pem.Block{Type: "EC PRIVATE KEY", Bytes: keyDER})
}
