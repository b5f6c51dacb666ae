package notify

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Bounds of a signing secret, in bytes (Standard Webhooks, "Signature scheme").
const (
	leastSecret = 24
	mostSecret  = 64
)

// secretPrefix stands before the base64 of a secret.
const secretPrefix = "whsec_"

// ParseSecrets reads signing secrets, one a line: base64 with whsec_ before it.
// With two, for the time in which one replaces the other, messages carry both
// signatures.
func ParseSecrets(text string) (secrets [][]byte, err error) {
	for line := range strings.Lines(text) {
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		encoded, found := strings.CutPrefix(line, secretPrefix)
		secret, err := base64.StdEncoding.DecodeString(encoded)
		if !found || err != nil || len(secret) < leastSecret || len(secret) > mostSecret {
			return nil, fmt.Errorf("a signing secret is %s and the base64 of %d to %d random bytes; make one with: echo \"%s$(openssl rand -base64 32)\"", secretPrefix, leastSecret, mostSecret, secretPrefix)
		}
		secrets = append(secrets, secret)
	}
	if len(secrets) == 0 {
		return nil, errors.New("there is no signing secret in it")
	}
	return secrets, nil
}

// Webhook sends digests as signed JSON by POST, in the manner of Standard
// Webhooks 1.0.
type Webhook struct {
	url       string
	secrets   [][]byte
	userAgent string
	client    *http.Client
	now       func() time.Time
}

// webhookTime is the longest that a receiver may take.
const webhookTime = 30 * time.Second

// CheckURL refuses what is not an address of a webhook. Only loopback may do
// without TLS.
func CheckURL(text string) error {
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return errors.New("write an address such as https://hooks.example.org/adopt6")
	case u.User != nil:
		return errors.New("leave user and password out of the address; the signature shows who sends")
	case u.Scheme == "http" && !isLoopback(u.Hostname()):
		return errors.New("use https; without TLS only this machine (127.0.0.1, ::1, localhost) is allowed")
	}
	return nil
}

func isLoopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

// NewWebhook returns a channel that sends to an address. roots are who signs
// the receiver's certificate; nil are those of the system.
func NewWebhook(address string, secrets [][]byte, roots *x509.CertPool, userAgent string) (*Webhook, error) {
	if err := CheckURL(address); err != nil {
		return nil, err
	}
	if len(secrets) == 0 {
		return nil, errors.New("a webhook needs a secret to sign with")
	}
	dialer := &net.Dialer{Timeout: 10 * time.Second}
	return &Webhook{
		url: address, secrets: secrets, userAgent: userAgent, now: time.Now,
		client: &http.Client{
			Timeout: webhookTime,
			Transport: &http.Transport{
				Proxy: http.ProxyFromEnvironment, DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
				TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, TLSHandshakeTimeout: 10 * time.Second,
				ResponseHeaderTimeout: webhookTime, MaxResponseHeaderBytes: 64 << 10, DisableKeepAlives: true,
			},
			// What was signed for one receiver is not carried to another.
			CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
		},
	}, nil
}

// Deliver implements [Channel].
func (w *Webhook) Deliver(ctx context.Context, e Entry) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, w.url, bytes.NewReader(e.Message.JSON))
	if err != nil {
		return fmt.Errorf("send the webhook: %w", err)
	}
	sent := strconv.FormatInt(w.now().Unix(), 10)
	request.Header.Set("Content-Type", "application/json")
	request.Header.Set("User-Agent", w.userAgent)
	request.Header.Set("webhook-id", e.ID)
	request.Header.Set("webhook-timestamp", sent)
	request.Header.Set("webhook-signature", w.signatures(e.ID, sent, e.Message.JSON))
	response, err := w.client.Do(request)
	if fault := new(url.Error); errors.As(err, &fault) {
		err = fault.Err // its address may hold a token
	}
	if err != nil {
		return fmt.Errorf("send the webhook: %w", err)
	}
	defer response.Body.Close()
	return judge(response)
}

// signatures are those by every secret, with blanks between them.
func (w *Webhook) signatures(id, sent string, body []byte) string {
	var list []string
	for _, secret := range w.secrets {
		mac := hmac.New(sha256.New, secret)
		fmt.Fprintf(mac, "%s.%s.%s", id, sent, body)
		list = append(list, "v1,"+base64.StdEncoding.EncodeToString(mac.Sum(nil)))
	}
	return strings.Join(list, " ")
}

// judge says whether a receiver took a message.
func judge(r *http.Response) error {
	text, err := io.ReadAll(io.LimitReader(r.Body, 4<<10))
	said := clean(string(text), maxDetail)
	if err != nil {
		said = "" // what it says is for people; the status decides
	}
	if said != "" {
		said = ": " + said
	}
	failure := fmt.Errorf("the receiver answers %d %s%s", r.StatusCode, http.StatusText(r.StatusCode), said)
	switch {
	case r.StatusCode >= 200 && r.StatusCode < 300:
		return nil
	case r.StatusCode == http.StatusGone:
		return &RefusedError{fmt.Errorf("%w; it wants no more of these, so remove the channel from the configuration", failure)}
	case r.StatusCode >= 300 && r.StatusCode < 400:
		return fmt.Errorf("the receiver answers %d and points to %q, which is not followed; if it has moved, put the new address into the configuration", r.StatusCode, clean(r.Header.Get("Location"), maxDetail))
	}
	if seconds, err := strconv.Atoi(r.Header.Get("Retry-After")); err == nil && seconds > 0 {
		return &LaterError{failure, time.Duration(min(seconds, int(longestPause/time.Second))) * time.Second}
	}
	return failure
}
