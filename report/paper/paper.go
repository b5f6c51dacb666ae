// Package paper prints pages with the Chromium or Chrome of this machine.
//
// In: a page in a file, with all that it loads beside it. Out: the page as PDF,
// and which languages this machine has no font for. It opens no other page.
package paper

import (
	"bytes"
	"context"
	_ "embed"
	"errors"
	"fmt"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"time"
)

// ErrNoBrowser says that this machine has no browser that prints.
var ErrNoBrowser = errors.New("printing needs Chromium or Chrome, and neither is here; install one (`apt install chromium`), or open a page in any browser and print it")

// Printer is a browser that prints, with a profile of its own.
type Printer struct{ program, profile string }

// New finds the browser; it is ErrNoBrowser without one.
func New() (*Printer, error) {
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable"} {
		program, err := exec.LookPath(name)
		if err != nil {
			continue
		}
		profile, err := os.MkdirTemp("", "adopt6-print-")
		if err != nil {
			return nil, fmt.Errorf("make a folder for the browser: %w", err)
		}
		return &Printer{program, profile}, nil
	}
	return nil, ErrNoBrowser
}

// Close removes the browser's profile.
func (p *Printer) Close() error { return os.RemoveAll(p.profile) }

// Print prints the page in a file as PDF into another.
func (p *Printer) Print(ctx context.Context, page, pdf string) error {
	said, err := p.run(ctx, "--no-pdf-header-footer", "--print-to-pdf="+pdf, address(page))
	if err == nil {
		_, err = os.Stat(pdf)
	}
	if err != nil {
		return fmt.Errorf("print %s with %s: %w\n%s", page, p.program, err, said)
	}
	return nil
}

//go:embed fonts.html
var fontsPage []byte

// fontless is the title that fontsPage gives itself.
var fontless = regexp.MustCompile(`<title>without: ([a-z ]*)</title>`)

// Fontless returns those of some languages whose script no font of this machine
// has, so that a page in them would be full of boxes. The browser itself is
// asked, since it is what chooses fonts.
func (p *Printer) Fontless(ctx context.Context, languages []string) ([]string, error) {
	page := filepath.Join(p.profile, "fonts.html")
	if err := os.WriteFile(page, fontsPage, 0o600); err != nil {
		return nil, fmt.Errorf("ask for fonts: %w", err)
	}
	said, err := p.run(ctx, "--dump-dom", address(page)+"?"+strings.Join(languages, "&"))
	title := fontless.FindSubmatch(said)
	if err == nil && title == nil {
		err = errors.New("the page says nothing")
	}
	if err != nil {
		return nil, fmt.Errorf("ask %s for fonts: %w\n%s", p.program, err, said)
	}
	return strings.Fields(string(title[1])), nil
}

// FontPackage is the Debian package with fonts for a language.
func FontPackage(language string) string {
	if language == "zh" {
		return "fonts-noto-cjk"
	}
	return "fonts-noto-core"
}

// patience is how long one page may take.
const patience = time.Minute

// run runs the browser and returns its output.
func (p *Printer) run(ctx context.Context, args ...string) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	all := []string{"--headless", "--disable-gpu", "--user-data-dir=" + p.profile}
	if os.Geteuid() == 0 { // Chromium refuses to sandbox for root; the pages are ours
		all = append(all, "--no-sandbox")
	}
	var out bytes.Buffer
	cmd := exec.CommandContext(ctx, p.program, append(all, args...)...)
	cmd.Stdout, cmd.Stderr = &out, &out
	err := cmd.Run()
	return out.Bytes(), err
}

func address(file string) string { return (&url.URL{Scheme: "file", Path: file}).String() }
