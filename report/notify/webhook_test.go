package notify

import (
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"io"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// Two secrets as an operator writes them.
var twoSecrets = "whsec_" + base64.StdEncoding.EncodeToString([]byte("first secret of 32 bytes, really")) +
	"\nwhsec_" + base64.StdEncoding.EncodeToString([]byte("another secret of 32 bytes, yes.")) + "\n"

// entry is a message about invented changes.
func entry(t *testing.T, lang string) Entry {
	t.Helper()
	d := Sample(time.Date(2026, 11, 8, 6, 0, 0, 0, time.UTC))
	id := EntryID("noc", lang)
	m, err := NewWriter(lang, explain).Write(&d, id)
	if err != nil {
		t.Fatal(err)
	}
	return Entry{ID: id, Channel: "noc", Receiver: "ops@example.org", Job: d.Job, Created: d.Created, Message: m}
}

// receiver is a web server with its certificate known to the client.
func receiver(t *testing.T, handle http.HandlerFunc) (*Webhook, *httptest.Server) {
	t.Helper()
	server := httptest.NewUnstartedServer(handle)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	t.Cleanup(server.Close)
	return webhookTo(t, server.URL+"/hook?token=s3cret", server), server
}

func webhookTo(t *testing.T, address string, server *httptest.Server) *Webhook {
	t.Helper()
	secrets, err := ParseSecrets(twoSecrets)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if server != nil && server.Certificate() != nil {
		roots.AddCert(server.Certificate())
	}
	w, err := NewWebhook(address, secrets, roots, "adopt6/test")
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// TestWebhookSignature verifies a message as a receiver would, by the text of
// Standard Webhooks: HMAC-SHA256 over id, timestamp and body.
func TestWebhookSignature(t *testing.T) {
	t.Parallel()
	var got *http.Request
	var body []byte
	w, _ := receiver(t, func(_ http.ResponseWriter, r *http.Request) {
		got = r
		body, _ = io.ReadAll(r.Body)
	})
	e := entry(t, "en")
	if err := w.Deliver(t.Context(), e); err != nil {
		t.Fatal(err)
	}
	signatures := strings.Fields(got.Header.Get("Webhook-Signature"))
	for i, line := range strings.Fields(twoSecrets) {
		secret, _ := base64.StdEncoding.DecodeString(strings.TrimPrefix(line, "whsec_"))
		mac := hmac.New(sha256.New, secret)
		mac.Write([]byte(got.Header.Get("Webhook-Id") + "." + got.Header.Get("Webhook-Timestamp") + "." + string(body)))
		if want := "v1," + base64.StdEncoding.EncodeToString(mac.Sum(nil)); len(signatures) != 2 || signatures[i] != want {
			t.Errorf("signatures %q, want %s", signatures, want)
		}
	}
	var event struct {
		Type, Timestamp string
		Data            struct {
			ID      string
			Test    bool
			Counts  Counts
			Changes []struct{ Domain, Country, Service, News, Before, After, Reason, Text, Fix string }
		}
	}
	if err := json.Unmarshal(body, &event); err != nil {
		t.Fatal(err)
	}
	if event.Type != "adopt6.changes" || event.Timestamp != "2026-11-08T06:00:00Z" || event.Data.ID != e.ID || got.Header.Get("Webhook-Id") != e.ID ||
		!event.Data.Test || event.Data.Counts != (Counts{2, 1, 1}) || len(event.Data.Changes) != 4 {
		t.Errorf("the event is %s", body)
	}
	if c := event.Data.Changes[1]; c.Domain != "example.gouv.tg" || c.News != "lost" || c.Reason != "no_aaaa" || c.Text != "The name has no AAAA record. (en)" || c.Fix == "" {
		t.Errorf("the loss is %+v", c)
	}
	if got.Header.Get("Content-Type") != "application/json" || got.Method != http.MethodPost {
		t.Errorf("%s with %s", got.Method, got.Header)
	}
}

// TestWebhookReceivers meets servers that do not take the message.
func TestWebhookReceivers(t *testing.T) {
	t.Parallel()
	var strayed bool
	elsewhere := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { strayed = true }))
	defer elsewhere.Close()
	answer := func(status int, header, value, body string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set(header, value)
			w.WriteHeader(status)
			_, _ = io.WriteString(w, body)
		}
	}
	for _, test := range []struct {
		name   string
		handle http.HandlerFunc
		want   string
		final  bool
		after  time.Duration
	}{
		{"taken", answer(204, "X", "", ""), "", false, 0},
		{"fails", answer(500, "X", "", "over\x1b[31m\r\nloaded"+strings.Repeat("!", 9000)), "the receiver answers 500 Internal Server Error: over\ufffd[31m  loaded!!!", false, 0},
		{"asks to wait", answer(429, "Retry-After", "600", ""), "429", false, 10 * time.Minute},
		{"asks for a year", answer(503, "Retry-After", "31536000", ""), "503", false, longestPause},
		{"wants no more", answer(410, "X", "", ""), "remove the channel", true, 0},
		{"has moved", answer(307, "Location", elsewhere.URL, ""), "not followed; if it has moved", false, 0},
	} {
		w, _ := receiver(t, test.handle)
		err := w.Deliver(t.Context(), entry(t, "en"))
		if test.want == "" {
			if err != nil {
				t.Errorf("%s: %v", test.name, err)
			}
			continue
		}
		later, refused := new(LaterError), new(RefusedError)
		if err == nil || !strings.Contains(err.Error(), test.want) || errors.As(err, &refused) != test.final || len(err.Error()) > 600 || strings.ContainsAny(err.Error(), "\x1b\r\n") {
			t.Errorf("%s: %q", test.name, err)
		}
		if errors.As(err, &later) != (test.after > 0) || later.After != test.after {
			t.Errorf("%s: again after %s, want %s", test.name, later.After, test.after)
		}
	}
	if strayed {
		t.Error("a redirect was followed to another host")
	}
}

// TestWebhookGivesUp on a receiver that is silent, without saying the address,
// which may hold a token.
func TestWebhookGivesUp(t *testing.T) {
	t.Parallel()
	silent := make(chan struct{})
	w, server := receiver(t, func(http.ResponseWriter, *http.Request) { <-silent })
	defer close(silent)
	ctx, cancel := context.WithCancel(t.Context())
	go cancel()
	if err := w.Deliver(ctx, entry(t, "en")); err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("got %v", err)
	}
	if w.client.Timeout == 0 || w.client.Timeout > deliverTime {
		t.Errorf("a receiver may take %s", w.client.Timeout)
	}
	stranger := webhookTo(t, server.URL, nil)
	if err := stranger.Deliver(t.Context(), entry(t, "en")); err == nil || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
}

func TestWebhookAddresses(t *testing.T) {
	t.Parallel()
	for address, ok := range map[string]bool{
		"https://hooks.example.org/adopt6": true, "http://127.0.0.1:8080/": true, "http://[::1]/": true, "http://localhost/x": true,
		"http://hooks.example.org/": false, "http://127.0.0.1.example.org/": false, "ftp://example.org/": false, "hooks": false, "https://u:p@example.org/": false,
	} {
		if err := CheckURL(address); (err == nil) != ok {
			t.Errorf("%s: %v", address, err)
		}
	}
	for _, text := range []string{"", "secret", "whsec_c2hvcnQ=", "whsec_%%%"} {
		if _, err := ParseSecrets(text); err == nil {
			t.Errorf("%q is taken as a secret", text)
		}
	}
}
