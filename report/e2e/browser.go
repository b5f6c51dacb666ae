//go:build !alone

// Package e2e drives a real Chromium over the pages of a report.
//
// In: the address of a page and what a reader does there. Out: what the page
// then shows, prints and complains of. It reaches no network but loopback, and
// knows nothing of what the pages say.
package e2e

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"
)

// Browser is a running Chromium with a profile of its own.
type Browser struct {
	ctx   context.Context
	close []context.CancelFunc
}

// Start starts the Chromium of this machine with some of its fonts. It resolves
// no name, so it reaches nothing beyond this machine.
func Start(ctx context.Context, fonts Fonts) (*Browser, error) {
	program, err := exec.LookPath("chromium")
	if err != nil {
		return nil, fmt.Errorf("find Chromium (apt install chromium): %w", err)
	}
	b := new(Browser)
	folder, err := os.MkdirTemp("", "adopt6-fonts-")
	if err != nil {
		return nil, fmt.Errorf("choose fonts: %w", err)
	}
	b.close = append(b.close, func() { os.RemoveAll(folder) })
	file, err := fonts.Config(folder)
	if err != nil {
		b.Close()
		return nil, err
	}
	options := append(chromedp.DefaultExecAllocatorOptions[:],
		chromedp.ExecPath(program),
		chromedp.Env("FONTCONFIG_FILE="+file),
		chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"),
		chromedp.Flag("disable-gpu", true),
		chromedp.Flag("disable-component-update", true),
		chromedp.Flag("force-color-profile", "srgb"),
	)
	if os.Geteuid() == 0 { // Chromium refuses to sandbox for root
		options = append(options, chromedp.NoSandbox)
	}
	allocator, cancel := chromedp.NewExecAllocator(ctx, options...)
	b.close = append(b.close, cancel)
	b.ctx, cancel = chromedp.NewContext(allocator)
	b.close = append(b.close, cancel)
	if err := chromedp.Run(b.ctx); err != nil {
		b.Close()
		return nil, fmt.Errorf("start %s: %w", program, err)
	}
	return b, nil
}

// Close ends the browser and waits for its end.
func (b *Browser) Close() {
	for i := len(b.close) - 1; i >= 0; i-- {
		b.close[i]()
	}
}

// Tab is a tab of the browser. It is used by one goroutine.
type Tab struct {
	ctx     context.Context
	cancel  context.CancelFunc
	allowed string

	mu         sync.Mutex
	complaints []string
}

// Open opens a tab. Whatever it asks for must be at an address that begins with
// allowed; see [Tab.Complaints].
func (b *Browser) Open(allowed string) (*Tab, error) {
	t := &Tab{allowed: allowed}
	t.ctx, t.cancel = chromedp.NewContext(b.ctx)
	chromedp.ListenTarget(t.ctx, t.hear)
	if err := chromedp.Run(t.ctx, network.Enable(), runtime.Enable(), log.Enable(), page.Enable()); err != nil {
		t.cancel()
		return nil, fmt.Errorf("open a tab: %w", err)
	}
	return t, nil
}

// Close closes the tab.
func (t *Tab) Close() { t.cancel() }

// hear writes down what no page of a report may do.
func (t *Tab) hear(event any) {
	switch e := event.(type) {
	case *network.EventRequestWillBeSent:
		if !strings.HasPrefix(e.Request.URL, t.allowed) && e.Request.URL != "about:blank" {
			t.complain("it asks for %s", e.Request.URL)
		}
	case *runtime.EventConsoleAPICalled:
		var said []string
		for _, arg := range e.Args {
			said = append(said, string(arg.Value))
		}
		t.complain("it writes to the console: %s %s", e.Type, strings.Join(said, " "))
	case *runtime.EventExceptionThrown:
		t.complain("a script fails: %s", e.ExceptionDetails.Error())
	case *log.EventEntryAdded:
		t.complain("the browser says: %s %s", e.Entry.Text, e.Entry.URL)
	case *page.EventJavascriptDialogOpening:
		t.complain("it opens a dialogue: %q", e.Message)
		go func() { // a dialogue holds everything up, this listener too
			if err := t.run(page.HandleJavaScriptDialog(false)); err != nil {
				t.complain("the dialogue stays open: %v", err)
			}
		}()
	}
}

func (t *Tab) complain(format string, args ...any) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.complaints = append(t.complaints, fmt.Sprintf(format, args...))
}

// Complaints returns what the pages did since the last call that no page of a
// report may do: asked for something elsewhere, written to the console, failed
// in a script, opened a dialogue, violated its Content-Security-Policy.
func (t *Tab) Complaints() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	list := t.complaints
	t.complaints = nil
	return list
}

// patience is how long a page may take for anything.
const patience = 30 * time.Second

func (t *Tab) run(actions ...chromedp.Action) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	return chromedp.Run(ctx, actions...)
}

// Go opens a page and returns when it is loaded and its scripts have run.
func (t *Tab) Go(address string) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	response, err := chromedp.RunResponse(ctx, chromedp.Navigate(address))
	if err == nil && response != nil && response.Status >= 400 {
		err = fmt.Errorf("status %d", response.Status)
	}
	if err != nil {
		return fmt.Errorf("open %s: %w", address, err)
	}
	return nil
}

// Follow does what leads to another page and returns when that is loaded.
func (t *Tab) Follow(actions ...chromedp.Action) error {
	ctx, cancel := context.WithTimeout(t.ctx, patience)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, actions...); err != nil {
		return fmt.Errorf("follow a link: %w", err)
	}
	return nil
}

// Eval evaluates an expression, waits for it where it is a promise, and decodes
// what it is worth.
func (t *Tab) Eval(expression string, value any) error {
	err := t.run(chromedp.Evaluate(expression, value, func(p *runtime.EvaluateParams) *runtime.EvaluateParams {
		return p.WithAwaitPromise(true)
	}))
	if err != nil {
		return fmt.Errorf("evaluate %.80q: %w", expression, err)
	}
	return nil
}

// Screen is what the pages are shown on.
type Screen struct {
	Width, Height int64 // in CSS pixels
	Dark, Print   bool
}

// Show changes the screen; the page is laid out again.
func (t *Tab) Show(s Screen) error {
	scheme, media := "light", "screen"
	if s.Dark {
		scheme = "dark"
	}
	if s.Print {
		media = "print"
	}
	return t.run(
		emulation.SetDeviceMetricsOverride(s.Width, s.Height, 1, false),
		emulation.SetEmulatedMedia().WithMedia(media).WithFeatures([]*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: scheme}, {Name: "prefers-reduced-motion", Value: "reduce"},
		}),
	)
}

// WithoutScripts turns off the scripts of the pages that are opened from now on.
func (t *Tab) WithoutScripts() error {
	return t.run(emulation.SetScriptExecutionDisabled(true))
}

// PDF prints the page on A4 as its style sheet wants it.
func (t *Tab) PDF() (pdf []byte, err error) {
	err = t.run(chromedp.ActionFunc(func(ctx context.Context) error {
		pdf, _, err = page.PrintToPDF().WithPreferCSSPageSize(true).WithPrintBackground(true).Do(ctx)
		return err
	}))
	if err == nil && len(pdf) == 0 {
		err = errors.New("the browser printed nothing")
	}
	return pdf, err
}

// Picture takes a picture of the screen as PNG.
func (t *Tab) Picture() (png []byte, err error) {
	err = t.run(chromedp.ActionFunc(func(ctx context.Context) error {
		png, err = page.CaptureScreenshot().Do(ctx)
		return err
	}))
	return png, err
}

// Do acts on the page: clicks, keys.
func (t *Tab) Do(actions ...chromedp.Action) error {
	if err := t.run(actions...); err != nil {
		return fmt.Errorf("act on the page: %w", err)
	}
	return nil
}
