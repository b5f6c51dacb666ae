package main

import (
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"time"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/configs"
	"adopt6/lists"
	"adopt6/report/notify"
	"adopt6/report/words"
	"adopt6/scanner/network"
	"adopt6/scanner/schedule"
)

// channel is one of the configuration's, ready to be used.
type channel struct {
	settings configs.Channel
	by       notify.Channel
	writer   *notify.Writer
}

// maxKeyFile bounds the files of secrets, passwords and certificates, in bytes.
const maxKeyFile = 1 << 20

// channels prepares those of the configuration. Each fault is named with its
// file and line.
func (a *app) channels() ([]channel, error) {
	if len(a.settings.Notify) == 0 {
		return nil, misusef("the configuration has no channels; add a list \"notify:\", as docs/notifications.md has it")
	}
	return a.someChannels()
}

// someChannels prepares those of the configuration, which may have none.
func (a *app) someChannels() ([]channel, error) {
	var list []channel
	var faults []error
	for _, settings := range a.settings.Notify {
		by, err := a.newChannel(settings)
		faults = append(faults, err)
		list = append(list, channel{settings: settings, by: by})
	}
	if err := errors.Join(faults...); err != nil {
		return nil, asMisuse(err)
	}
	writers := newWriters(list)
	for i := range list {
		list[i].writer = writers[list[i].settings.Language]
	}
	return list, nil
}

// checkChannels finds what is wrong with the channels of a configuration of
// jobs, as far as this account can see.
func (a *app) checkChannels(config *schedule.Config) error {
	_, err := a.someChannels()
	faults := []error{err}
	for _, c := range a.settings.Notify {
		for _, job := range c.Jobs {
			if _, known := config.Job(job); !known {
				faults = append(faults, fmt.Errorf("%s: jobs: there is no job %q; the configuration has %s", c.Where("jobs"), job, terminal.Listed(config.Names(), shownJobs)))
			}
		}
	}
	return errors.Join(faults...)
}

// chosenChannels returns those of the names given, or all.
func chosenChannels(all []channel, names []string) (chosen []channel, err error) {
	if len(names) == 0 {
		return all, nil
	}
	for _, name := range names {
		i := slices.IndexFunc(all, func(c channel) bool { return c.settings.Name == name })
		if i < 0 {
			var known []string
			for _, c := range all {
				known = append(known, c.settings.Name)
			}
			return nil, misusef("there is no channel %q; the configuration has %s", name, strings.Join(known, ", "))
		}
		chosen = append(chosen, all[i])
	}
	return chosen, nil
}

// newChannel prepares one channel.
func (a *app) newChannel(c configs.Channel) (notify.Channel, error) {
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
		fault("see", fmt.Errorf("%q is no web page, such as https://adopt6.example.org/", c.See))
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
				by, err = notify.NewWebhook(c.Webhook, secrets, roots, network.Agent(currentVersion().Version, a.settings.Scan.Contact))
				fault("webhook", err)
			}
		}
	case len(c.To) > 0:
		by = a.newMail(c, fault)
	case c.File != "":
		by = &notify.File{Path: c.File}
	default:
		if info, err := os.Stat(c.Folder); err != nil || !info.IsDir() {
			fault("folder", fmt.Errorf("%s is no folder; make it, writable for the account that sends", c.Folder))
		}
		by = &notify.Folder{Path: c.Folder, Format: c.Format}
	}
	return by, errors.Join(faults...)
}

func (a *app) newMail(c configs.Channel, fault func(string, error)) notify.Channel {
	for _, to := range c.To {
		fault("to", notify.CheckAddress(to))
	}
	host, port, err := net.SplitHostPort(c.Server)
	number, numberErr := strconv.ParseUint(port, 10, 16)
	if err != nil || host == "" || numberErr != nil || number == 0 {
		fault("server", fmt.Errorf("%q is no host and port, such as smtp.example.org:587", c.Server))
		return nil
	}
	server := notify.MailServer{
		Host: host, Port: int(number), Security: notify.Security(c.Security), User: c.User, HELO: a.settings.Scan.HELO,
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
		return nil, fmt.Errorf("%s holds no certificate in PEM form", file)
	}
	return pool, nil
}

// wants says whether a channel hears of a job; the empty name is no job.
func (c *channel) wants(job string) bool {
	return len(c.settings.Jobs) == 0 || slices.Contains(c.settings.Jobs, job)
}

// receivers are those that a channel sends a message of its own to. Paths of
// webhooks may hold tokens, so only their hosts are named.
func (c *channel) receivers() []string {
	s := c.settings
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

// entries writes a digest to every receiver of a channel. What is sent for the
// same occasion has the same ids.
func (c *channel) entries(d *notify.Digest, occasion string) (list []notify.Entry, err error) {
	for _, receiver := range c.receivers() {
		id := notify.EntryID(c.settings.Name, receiver, d.Job, occasion)
		m, err := c.writer.Write(d, id)
		if err != nil {
			return nil, err
		}
		list = append(list, notify.Entry{
			ID: id, Channel: c.settings.Name, Receiver: receiver, Job: d.Job, Created: d.Created.UTC().Truncate(time.Second), Message: c.needed(m),
		})
	}
	return list, nil
}

// needed leaves of a message what the channel sends.
func (c *channel) needed(m notify.Message) notify.Message {
	format := c.settings.Format
	switch {
	case len(c.settings.To) > 0:
		m.JSON = nil
		return m
	case c.settings.Folder == "":
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

// notifySpool opens the spool of messages.
func (a *app) notifySpool() (*notify.Spool, error) {
	state, err := a.stateFolder()
	if err != nil {
		return nil, err
	}
	return notify.OpenSpool(filepath.Join(state, "notify"), notify.DefaultLimits, time.Now)
}
