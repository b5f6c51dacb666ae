// Package channels makes the channels that the settings describe, and sends by
// them what scans changed.
//
// In: settings, a store, a spool. Out: digests in the spool, and what became of
// their delivery. It prints nothing.
package channels

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"adopt6/configs"
	"adopt6/lists"
	"adopt6/report/notify"
	"adopt6/report/words"
	"adopt6/scanner/observation"
)

// Channel is one of the configuration's, ready to be used.
type Channel struct {
	Settings configs.Channel
	By       notify.Channel
	writer   *notify.Writer
}

// Sender is what receivers are told of who sends.
type Sender struct {
	Agent string // User-Agent of webhooks
	HELO  string // name in mail sessions; empty for that of the machine
}

// maxKeyFile bounds the files of secrets, passwords and certificates, in bytes.
const maxKeyFile = 1 << 20

// Prepare makes the channels of a configuration, which may have none. Its error
// names each fault with its file and line.
func (s *Sender) Prepare(settings []configs.Channel) ([]Channel, error) {
	var list []Channel
	var faults []error
	writers := make(map[string]*notify.Writer) // by language
	for _, c := range settings {
		by, err := s.prepare(c)
		faults = append(faults, err)
		if err == nil && writers[c.Language] == nil {
			writers[c.Language] = notify.NewWriter(c.Language, observation.ReasonsIn)
		}
		list = append(list, Channel{c, by, writers[c.Language]})
	}
	if err := errors.Join(faults...); err != nil {
		return nil, err
	}
	return list, nil
}

// Named returns the channels of those names, or all where there are no names.
func Named(all []Channel, names []string) (chosen []Channel, err error) {
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(all, func(c Channel) bool { return c.Settings.Name == name })
		if i < 0 {
			var known []string
			for _, c := range all {
				known = append(known, c.Settings.Name)
			}
			return nil, fmt.Errorf("there is no channel %q; the configuration has %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// prepare makes one channel.
func (s *Sender) prepare(c configs.Channel) (notify.Channel, error) {
	var faults []error
	fault := func(setting string, err error) {
		if err != nil {
			faults = append(faults, fmt.Errorf("%s: %s: %w", c.Where(setting), setting, err))
		}
	}
	if !slices.Contains(words.Languages, c.Language) {
		fault("language", fmt.Errorf("%q is none of %s", c.Language, strings.Join(words.Languages, ", ")))
	}
	if !slices.Contains(notify.Formats, c.Format) {
		fault("format", fmt.Errorf("%q is none of %s", c.Format, strings.Join(notify.Formats, ", ")))
	}
	for _, code := range c.Countries {
		_, err := lists.ParseCountry(code)
		fault("countries", err)
	}
	if u, err := url.Parse(c.See); c.See != "" && (err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http") {
		fault("see", fmt.Errorf("%q is not the address of a web page, such as https://adopt6.example.org/", c.See))
	}
	var by notify.Channel
	switch {
	case c.Webhook != "":
		roots, err := certificates(c.CA)
		fault("ca", err)
		text, err := readKeyFile(c.SecretFile)
		fault("secret_file", err)
		if err == nil {
			secrets, err := notify.ParseSecrets(text)
			fault("secret_file", err)
			if err == nil {
				by, err = notify.NewWebhook(c.Webhook, secrets, roots, s.Agent)
				fault("webhook", err)
			}
		}
	case len(c.To) > 0:
		by = s.mail(c, fault)
	case c.File != "":
		by = &notify.File{Path: c.File}
	default:
		if info, err := os.Stat(c.Folder); err != nil || !info.IsDir() {
			fault("folder", fmt.Errorf("%s is not a folder; make it, writable for the account that sends", c.Folder))
		}
		by = &notify.Folder{Path: c.Folder, Format: c.Format}
	}
	return by, errors.Join(faults...)
}

func (s *Sender) mail(c configs.Channel, fault func(string, error)) notify.Channel {
	for _, to := range c.To {
		fault("to", notify.CheckAddress(to))
	}
	host, port, err := net.SplitHostPort(c.Server)
	number, numberErr := strconv.ParseUint(port, 10, 16)
	if err != nil || host == "" || numberErr != nil || number == 0 {
		fault("server", fmt.Errorf("%q is not a host and a port, such as smtp.example.org:587", c.Server))
		return nil
	}
	server := notify.MailServer{
		Host: host, Port: int(number), Security: notify.Security(c.Security), User: c.User, HELO: s.HELO,
	}
	server.Roots, err = certificates(c.CA)
	fault("ca", err)
	if c.PasswordFile != "" {
		text, err := readKeyFile(c.PasswordFile)
		fault("password_file", err)
		server.Password, _, _ = strings.Cut(text, "\n")
		server.Password = strings.TrimSuffix(server.Password, "\r")
	}
	fault("security", server.Check())
	by, err := notify.NewMail(server, c.From)
	if server.Check() == nil {
		fault("from", err)
	}
	return by
}

// readKeyFile reads a file of bounded size.
func readKeyFile(file string) (string, error) {
	f, err := os.Open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, maxKeyFile))
	return string(text), err
}

// certificates reads those that others are checked against; nil for none.
func certificates(file string) (*x509.CertPool, error) {
	if file == "" {
		return nil, nil
	}
	text, err := readKeyFile(file)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM([]byte(text)) {
		return nil, fmt.Errorf("%s has no certificate in PEM form", file)
	}
	return pool, nil
}

// Wants says whether a channel hears of a job; the empty name is no job.
func (c *Channel) Wants(job string) bool {
	return len(c.Settings.Jobs) == 0 || slices.Contains(c.Settings.Jobs, job)
}

// Receivers are those that a channel sends a message of its own to. Paths of
// webhooks may hold tokens, so only their hosts are named.
func (c *Channel) Receivers() []string {
	s := c.Settings
	switch {
	case len(s.To) > 0:
		return s.To
	case s.Webhook != "":
		if u, err := url.Parse(s.Webhook); err == nil {
			return []string{u.Host}
		}
	case s.File != "":
		return []string{s.File}
	}
	return []string{s.Folder}
}

// Write writes a digest in the channel's language; id is what the message is
// known by.
func (c *Channel) Write(d *notify.Digest, id string) (notify.Message, error) {
	return c.writer.Write(d, id)
}

// Entries writes a digest to every receiver of a channel. What is sent for the
// same occasion has the same ids.
func (c *Channel) Entries(d *notify.Digest, occasion string) (list []notify.Entry, err error) {
	for _, receiver := range c.Receivers() {
		id := notify.EntryID(c.Settings.Name, receiver, d.Job, occasion)
		m, err := c.writer.Write(d, id)
		if err != nil {
			return nil, err
		}
		list = append(list, notify.Entry{
			ID: id, Channel: c.Settings.Name, Receiver: receiver, Job: d.Job, Created: d.Created.UTC().Truncate(time.Second), Message: c.needed(m),
		})
	}
	return list, nil
}

// needed leaves of a message what the channel sends.
func (c *Channel) needed(m notify.Message) notify.Message {
	format := c.Settings.Format
	switch {
	case len(c.Settings.To) > 0:
		m.JSON = nil
		return m
	case c.Settings.Folder == "":
		format = "json"
	}
	if format != "json" {
		m.JSON = nil
	}
	if format != "txt" {
		m.Text = ""
	}
	if format != "html" {
		m.HTML = ""
	}
	return m
}
