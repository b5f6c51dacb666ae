package store

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/url"
	"os"
	"strings"
	"syscall"
	"time"

	"github.com/ClickHouse/clickhouse-go/v2"
	"github.com/ClickHouse/clickhouse-go/v2/lib/proto"
)

// connectServer reads the server's address.
func (s *Store) connectServer() error {
	if s.spoolDir == "" && !s.cfg.ReadOnly {
		return errors.New("writing to a server needs a spool folder")
	}
	address, err := url.Parse(s.cfg.DSN)
	if err != nil {
		// The text of url.Parse's error holds the whole address.
		return errors.New("the server's address (store.dsn) is not a URL; it looks like clickhouse://user@host:9000/database")
	}
	where := url.URL{Scheme: address.Scheme, Host: address.Host, Path: address.Path}
	if user := address.User.Username(); user != "" {
		where.User = url.User(user)
	}
	s.where = where.String()
	port := defaultPorts[address.Scheme]
	switch {
	case port == "":
		return fmt.Errorf("%s: the server's address begins with clickhouse://, http:// or https://", s.where)
	case address.Hostname() == "":
		return fmt.Errorf("%s: the server's address names no host", s.where)
	case address.Port() == "" && !strings.Contains(address.Host, ","):
		address.Host = net.JoinHostPort(address.Hostname(), port)
	}
	if address.Scheme == "https" {
		query := address.Query()
		query.Set("secure", "true")
		address.RawQuery = query.Encode()
	}
	s.options, err = clickhouse.ParseDSN(address.String())
	if err != nil {
		return fmt.Errorf("%s: %w", s.where, err)
	}
	if s.cfg.CA != "" {
		if err := s.trust(s.cfg.CA); err != nil {
			return err
		}
	}
	if s.cfg.Password != "" {
		s.options.Auth.Password = s.cfg.Password
	}
	if s.options.Auth.Username == "" {
		s.options.Auth.Username = "default"
	}
	if s.options.Auth.Database == "" {
		s.options.Auth.Database = s.cfg.Database
	}
	if s.options.DialTimeout == 0 {
		s.options.DialTimeout = 10 * time.Second
	}
	if s.options.Compression == nil && s.options.Protocol == clickhouse.Native {
		s.options.Compression = &clickhouse.Compression{Method: clickhouse.CompressionLZ4}
	}
	return nil
}

// trust makes the certificates in a file the ones that the server's is checked
// against.
func (s *Store) trust(file string) error {
	if s.options.TLS == nil {
		return fmt.Errorf("store.ca names certificates, but the connection to %s has no TLS; add ?secure=true to the address, with the server's port for TLS", s.where)
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return fmt.Errorf("read the certificates (store.ca): %w", err)
	}
	s.options.TLS.RootCAs = x509.NewCertPool()
	if !s.options.TLS.RootCAs.AppendCertsFromPEM(text) {
		return fmt.Errorf("%s (store.ca) holds no certificate in PEM form", file)
	}
	return nil
}

// defaultPorts are those of the schemes that a server's address begins with.
var defaultPorts = map[string]string{"clickhouse": "9000", "tcp": "9000", "http": "8123", "https": "8443"}

// SpoolName names the folder in which results for a database of a server wait.
// It is the same for every user and password.
func SpoolName(dsn, database string) string {
	address, err := url.Parse(dsn)
	if err != nil { // Open will say so
		return "unknown"
	}
	if path := strings.Trim(address.Path, "/"); path != "" {
		database = path
	}
	host, port := address.Hostname(), address.Port()
	if port == "" {
		port = defaultPorts[address.Scheme]
	}
	return url.QueryEscape(host + "_" + port + "_" + database)
}

// Codes of ClickHouse's exceptions.
const (
	codeUnknownDatabase = 81
	codeNotEnoughSpace  = 243
)

// isWrongPassword says whether a code is one of those for a refused login:
// UNKNOWN_USER, WRONG_PASSWORD, REQUIRED_PASSWORD, AUTHENTICATION_FAILED.
func isWrongPassword(code int32) bool {
	return code == 192 || code == 193 || code == 194 || code == 516
}

// explain turns an error of ClickHouse or of the network into one that says
// what to fix. The password is in none.
func (s *Store) explain(err error) error {
	if err == nil {
		return nil
	}
	var (
		exception *clickhouse.Exception
		network   *net.OpError
	)
	switch {
	case errors.As(err, &exception) && isWrongPassword(exception.Code):
		err = fmt.Errorf("%s refuses the user or the password: %w", s.where, err)
	case errors.As(err, &exception) && exception.Code == codeUnknownDatabase:
		err = fmt.Errorf("%s has no such database, or the account may not use it: %w", s.where, err)
	case strings.Contains(err.Error(), "Unknown setting client_protocol_version"):
		err = fmt.Errorf("the HTTP interface of the server at %s is too old; use its native port with clickhouse://: %w", s.where, err)
	case errors.Is(err, clickhouse.ErrUnsupportedServerRevision):
		err = fmt.Errorf("the ClickHouse server at %s is too old: adopt6 needs 18.16 or later: %w", s.where, err)
	case isDiskFull(err):
		err = fmt.Errorf("%s; free space there: %w", s.fullDisk(err), err)
	case errors.Is(err, syscall.EMFILE):
		err = fmt.Errorf("too many files are open at a time; raise the limit (ulimit -n, or LimitNOFILE of the service), or lower scan.workers: %w", err)
	case s.engine == nil && errors.As(err, &network):
		err = fmt.Errorf("cannot reach the ClickHouse server at %s: %w", s.where, err)
	case s.engine == nil && (errors.Is(err, clickhouse.ErrAcquireConnTimeout) || errors.Is(err, context.DeadlineExceeded)):
		err = fmt.Errorf("the ClickHouse server at %s does not answer: %w", s.where, err)
	}
	return s.redact(err)
}

// redactedError is an error whose text lost the password.
type redactedError struct {
	text string
	err  error
}

func (e *redactedError) Error() string { return e.text }
func (e *redactedError) Unwrap() error { return e.err }

func (s *Store) redact(err error) error {
	if s.options == nil || s.options.Auth.Password == "" {
		return err
	}
	text := err.Error()
	for _, secret := range []string{s.options.Auth.Password, url.QueryEscape(s.options.Auth.Password), url.PathEscape(s.options.Auth.Password)} {
		text = strings.ReplaceAll(text, secret, "***")
	}
	if text == err.Error() {
		return err
	}
	return &redactedError{text: text, err: err}
}

func atLeast(v proto.Version, major, minor uint64) bool {
	return v.Major > major || v.Major == major && v.Minor >= minor
}

// quoteName writes an identifier of ClickHouse's SQL.
func quoteName(s string) string {
	return "`" + strings.NewReplacer(`\`, `\\`, "`", "\\`").Replace(s) + "`"
}
