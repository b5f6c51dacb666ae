package terminal

import (
	"bytes"
	"slices"
	"testing"
	"time"
)

func TestProgressLine(t *testing.T) {
	t.Parallel()
	state := Moment{Done: 1200, Total: 4000, Detail: "web: ok 800"}
	got := progressLine("scan", "targets", state, 3*time.Second)
	if want := "scan 1,200/4,000 targets 30%  400/s  7s left  web: ok 800"; got != want {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if got := progressLine("scan", "", Moment{Done: 2000}, time.Second); got != "scan 2,000  2,000/s" {
		t.Errorf("without total and unit: got %q", got)
	}
	if bar := drawBar("scan 1/2", Moment{Done: 1, Total: 2}, 80); bar != "[##########..........] scan 1/2" {
		t.Errorf("got %q", bar)
	}
	if cut := drawBar(got, state, 40); len(cut) != 39 {
		t.Errorf("a line for 40 columns has %d", len(cut))
	}
	var log bytes.Buffer
	stop := Progress(&log, "scan", "targets", func() Moment { return state })
	stop()
	if log.Len() > 0 {
		t.Errorf("work that ended at once left a trace: %q", log.String())
	}
}

func TestPrintable(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	p := Printable(&out)
	text := "é\x1b[31m\u202edog\u0085\r\n\t漢" // é and 漢 are cut below
	for i := range len(text) {
		if n, err := p.Write([]byte(text[i : i+1])); n != 1 || err != nil {
			t.Fatal(n, err)
		}
	}
	if want := "é\ufffd[31m\ufffddog\ufffd\ufffd\n\t漢"; out.String() != want {
		t.Errorf("printed %q, want %q", out.String(), want)
	}
	out.Reset()
	if n, err := p.Write([]byte("a\xffb\xe2\x82")); n != 5 || err != nil || out.String() != "a\ufffdb" {
		t.Errorf("printed %q, %d, %v", out.String(), n, err)
	}
}

// TestWidths counts columns as a terminal does: characters that are made of
// several, wide ones, and those that take no room.
func TestWidths(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]int{"": 0, "gouv": 4, "e\u0301": 1, "漢字": 4, "👩‍👩‍👧": 2, "🇹🇬": 2} {
		if got := Columns(text); got != want {
			t.Errorf("%q takes %d columns, want %d", text, got, want)
		}
	}
	for _, c := range []struct {
		text string
		n    int
		want string
	}{{"漢字漢字", 5, "漢字…"}, {"short", 5, "short"}, {"cafe\u0301s de Lome\u0301", 6, "cafe\u0301s…"}} {
		if got := Cut(c.text, c.n); got != c.want {
			t.Errorf("%q cut to %d columns is %q, want %q", c.text, c.n, got, c.want)
		}
	}
}

// TestLines breaks texts: Fold breaks words that are too long, and Wrap leaves
// them whole.
func TestLines(t *testing.T) {
	t.Parallel()
	const text = "see /var/lib/adopt6/store for it"
	if got, want := Fold(text, 10, 2), []string{"see", "  /var/lib", "  /adopt6/", "  store", "  for it"}; !slices.Equal(got, want) {
		t.Errorf("folded to %q, want %q", got, want)
	}
	if got, want := Wrap(text, 10), "see\n/var/lib/adopt6/store\nfor it"; got != want {
		t.Errorf("wrapped to %q, want %q", got, want)
	}
	if got := Fold("漢", 1, 0); !slices.Equal(got, []string{"漢"}) {
		t.Errorf("a character that is too wide: %q", got)
	}
}
