package zonefile

import (
	"bytes"
	"compress/gzip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// TestReaderErrors asserts that a fault is reported with its line, and that
// what to do is said.
func TestReaderErrors(t *testing.T) {
	long := strings.Repeat("a", 64)
	for _, c := range []struct{ name, text, want string }{
		{"no owner", " NS a.\n", "z:1: no owner name, and none before it to take"},
		{"owner after a bad one", "a..b. NS c.\n", `z:1: owner name "a..b.": two dots in a row`},
		{"no type", "a. 60 IN\n", `z:1: the record after "a." has no type`},
		{"no data", "a. TXT \n", "the data of the TXT record is missing"},
		{"query type", "a. ANY x\n", `type "ANY" is for messages`},
		{"query type by number", "a. TYPE250 x\n", `type "TYPE250" is for messages`},
		{"two classes", "a. IN IN NS b.\n", `z:1: unknown record type "IN"`},
		{"class out of range", "a. CLASS65536 NS b.\n", `malformed class "CLASS65536"`},
		{"type out of range", "a. TYPE65536 \\# 0\n", `unknown record type "TYPE65536"`},
		{"TTL out of range", "a. 4294967296 NS b.\n", `malformed TTL "4294967296"`},
		{"TTL of no unit", "a. 1x NS b.\n", `malformed TTL "1x"`},
		{"long label", long + ". NS b.\n", "a label of more than 63 octets"},
		{"long name", "a. NS " + strings.Repeat("abcdefg.", 32) + "\n", "more than 255 octets"},
		{"long name of escapes", "a. NS " + strings.Repeat(`\001\002\003\004\005\006\007.`, 32) + "\n", "more than 255 octets"},
		{"escape out of range", `a\256. NS b.` + "\n", `a \ that is followed`},
		{"escape cut", "a. NS b\\\n", `a \ that is followed`},
		{"quoted name", `"a". NS b.` + "\n", "a quote where a name should be"},
		{"address of the other family", "a. A ::1\n", `malformed IPv4 address "::1"`},
		{"address with a zone", "a. AAAA fe80::1%eth0\n", "malformed IPv6 address"},
		{"leading zero", "a. A 192.0.02.1\n", "malformed IPv4 address"},
		{"DS without digest", "a. DS 1 13 2\n", "DS: the digest"},
		{"DS key tag", "a. DS 65536 13 2 00\n", `DS: field 1 is "65536", not a number up to 65535`},
		{"DS algorithm", "a. DS 1 FOO 2 00\n", `DS: unknown algorithm "FOO"`},
		{"generic length", "a. A \\# 3 C00002\n", "malformed A data: wrong length"},
		{"generic data", "a. A \\# 4 C000\n", "is not 4 octets in hexadecimal"},
		{"generic name", "a. NS \\# 3 016100ff\n", "is not 3 octets"},
		{"generic name without end", "a. NS \\# 2 0161\n", "malformed NS data: the name has no end"},
		{"SOA cut", "a. SOA b. c. 1 2 3\n", `SOA: expire is "", not a number`},
		{"directive", "$FOO bar\n", `unknown directive "$FOO"`},
		{"origin", "$ORIGIN\n", "$ORIGIN without a name"},
		{"TTL directive", "$TTL x\n", `$TTL: malformed TTL "x"`},
		{"range", "$GENERATE 5-1 a$ NS b.\n", `$GENERATE: malformed range "5-1"`},
		{"step", "$GENERATE 1-5/0 a$ NS b.\n", "malformed range"},
		{"too many", "$GENERATE 0-2147483647 a$. NS b.\n", "makes more than 1048576 records"},
		{"modifier", "$GENERATE 1-2 a${0,3,q}. NS b.\n", "malformed modifier"},
		{"modifier not closed", "$GENERATE 1-2 a${0. NS b.\n", "${ is not closed"},
		{"below zero", "$GENERATE 1-2 a${-5}. NS b.\n", "below zero"},
		{"include", "$INCLUDE /etc/passwd\n", `$INCLUDE "/etc/passwd" is not allowed; allow it with --include`},
		{"parenthesis", "\n\na. NS (b.\n", "z:3: the file ends inside the parentheses"},
		{"closing parenthesis", "a. NS b. )\n", "a ) that closes nothing"},
		{"quote", "a. TXT \"b\nc\"\n", "z:1: a quoted string does not end on its line"},
		{"binary", "a. NS \x01\n", "control character 0x01 in column 7"},
		{"not text", "\x7fELF\x02\x01\x01\x00", "it is not text"},
		{"UTF-16", "\xff\xfea\x00.\x00", "UTF-16"},
		{"xz", "\xfd7zXZ\x00....", "compressed with xz"},
		{"unknown type without data", "a. DSYNC\n", "the data of the DSYNC record is missing"},
		{"a name where the type should be", "a. b. NS c.\n", `unknown record type "b."`},
		{"old Mac line ends", "a. NS b.\rc. NS d.\r", "z:1: a carriage return without a line feed, in column 9; lines must end in a line feed"},
		{"end-of-file mark of DOS", "a. NS b.\n\x1a", "z:2: the end-of-file mark of DOS (Ctrl-Z, 0x1a), in column 1; take it out"},
		{"export of Windows DNS", "a. [AGE:3688160] 900 NS b.\n", "z: line 1: this is an export of Windows DNS with the time stamps of dynamic updates, \"[AGE:3688160]\"; take them out"},
		{"cut", "a. NS b.\nc. N", "z:2: the data of the N record is missing; was the file cut short?"},
	} {
		t.Run(c.name, func(t *testing.T) {
			_, err := records(c.text, Options{})
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if !Malformed(err) {
				t.Error("not said to be the file's fault")
			}
		})
	}
}

// records reads a zone and returns each record's owner and target or type.
func records(text string, opts Options) (list []string, err error) {
	z, err := NewReader("z", strings.NewReader(text), opts)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	for rec := new(Record); ; {
		if err := z.Next(rec); err == io.EOF {
			return list, nil
		} else if err != nil {
			return list, err
		}
		what := rec.typeName()
		if what == "NS" {
			what = rec.Target.String()
		}
		list = append(list, rec.Owner.String()+" "+what)
	}
}

// TestReaderSyntax asserts how records are read; testdata/zones/syntax.zone
// has more.
func TestReaderSyntax(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       []string
	}{
		{"blank lines and comments", "\n \t \n; a\n  ; b\na. NS b. ; c\n", []string{"a. b."}},
		{"no line end", "a. NS b.", []string{"a. b."}},
		{"carriage returns", "a. NS b.\r\n\r\n", []string{"a. b."}},
		{"same owner, other origin", "$ORIGIN x.\na NS b\n$ORIGIN y.\na NS b\n", []string{"a.x. b.x.", "a.y. b.y."}},
		{"relative origin", "$ORIGIN x.\n$ORIGIN y\n@ NS @\n", []string{"y.x. y.x."}},
		{"root", ". NS .\n$ORIGIN .\n@ NS a\n", []string{". .", ". a."}},
		{"case", "A. ns B.\na. Ns b.\n", []string{"a. b.", "a. b."}},
		{"owner like a type", "$ORIGIN x.\nNS NS NS\nIN IN NS IN\n60 60 NS 60\n", []string{"ns.x. ns.x.", "in.x. in.x.", "60.x. 60.x."}},
		{"parentheses touching", "a. NS(b.)\n", []string{"a. b."}},
		{"parentheses around the owner's blank", "a. NS b.\n (\n NS c.\n)\n", []string{"a. b.", "a. c."}},
		{"parenthesis in column 1", "a. NS b.\n(c.) NS d.\n( e.\n NS f. )\n", []string{"a. b.", "c. d.", "e. f."}},
		{"TTL with the first bit set", "a. 4294967295 NS b.\n", []string{"a. b."}},
		{"unknown types", "a. 60 IN DSYNC CDS NOTIFY 5300 b.\na. New-Type x\n", []string{"a. DSYNC", "a. NEW-TYPE"}},
		{"semicolon escaped", `a\;b. NS c.` + "\n", []string{`a\;b. c.`}},
		{"comment in quotes", `a. TXT ";" NS` + "\na. NS b.\n", []string{"a. TXT", "a. b."}},
		{"quote in comment", "a. NS b. ; don't \"\nc. NS d.\n", []string{"a. b.", "c. d."}},
		{"name of 255 octets", "a. NS " + strings.Repeat("abcdefg.", 31) + "abcde.\n", []string{"a. " + strings.Repeat("abcdefg.", 31) + "abcde."}},
		{"zero bytes in labels", `\000.a. NS \001\.\\.` + "\n", []string{`\000.a. \001\.\\.`}},
		{"type by number", "a. TYPE2 b.\n", []string{"a. b."}},
		{"generate in nibbles", "$GENERATE 16-17 ${0,7,N}.ip6.arpa. NS a.\n", []string{"0.1.0.0.ip6.arpa. a.", "1.1.0.0.ip6.arpa. a."}},
		{"generate keeps the owner", "a. NS b.\n$GENERATE 1-1 c. NS d.\n NS e.\n", []string{"a. b.", "c. d.", "a. e."}},
	} {
		t.Run(c.name, func(t *testing.T) {
			got, err := records(c.text, Options{})
			if err != nil || !slices.Equal(got, c.want) {
				t.Errorf("got %q, %v, want %q", got, err, c.want)
			}
		})
	}
}

// TestReaderContinuesAfterFaults asserts that reading continues after a fault.
func TestReaderContinuesAfterFaults(t *testing.T) {
	z, err := NewReader("z", strings.NewReader("a. NS b.\nc. F_O d.\n$GENERATE 1-3 x${ NS y.\ne. NS f.\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	for rec := new(Record); ; {
		err := z.Next(rec)
		if err == io.EOF {
			break
		}
		if err != nil {
			seen = append(seen, "fault")
			continue
		}
		seen = append(seen, rec.Owner.String())
	}
	if want := []string{"a.", "fault", "fault", "e."}; !slices.Equal(seen, want) {
		t.Errorf("got %q, want %q", seen, want)
	}
}

// endless is an input of the same text over and over.
type endless struct {
	text string
	at   int
}

func repeat(text string) io.Reader { return &endless{text: text} }

// Read implements io.Reader.
func (r *endless) Read(p []byte) (n int, err error) {
	for n < len(p) {
		copied := copy(p[n:], r.text[r.at:])
		n += copied
		r.at = (r.at + copied) % len(r.text)
	}
	return n, nil
}

// TestBounds gives the reader input without end, on which it must give up.
func TestBounds(t *testing.T) {
	for _, c := range []struct {
		name  string
		input io.Reader
		want  string
	}{
		{"line", repeat("a"), "line 1 is longer than 1 MiB"},
		{"zeros", io.MultiReader(strings.NewReader("a. NS b.\n"), repeat("\x00")), "line 2 is longer than 1 MiB"},
		{"comment", io.MultiReader(strings.NewReader("a. NS b.\n"), repeat(";")), "line 2 is longer than 1 MiB"},
		{"parentheses", io.MultiReader(strings.NewReader("a. TXT (\n"), repeat("a b c d e f g h\n")), "z:1: the record in parentheses is longer than 1 MiB"},
		{"blanks in parentheses", io.MultiReader(strings.NewReader("a. TXT (\n"), repeat("\n")), "z:1: the record in parentheses is longer than 1 MiB"},
	} {
		t.Run(c.name, func(t *testing.T) {
			z, err := NewReader("z", c.input, Options{})
			if err != nil {
				t.Fatal(err)
			}
			for rec := new(Record); err == nil; {
				err = z.Next(rec)
			}
			if !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// TestSmallReads reads through a reader that returns one byte at a time, plain
// and compressed.
func TestSmallReads(t *testing.T) {
	text := strings.Repeat("a. NS b.\nc.d. 60 IN NS ( e.f.\n)\n", 1000)
	var packed bytes.Buffer
	z := gzip.NewWriter(&packed)
	z.Write([]byte(text[:20_000]))
	z.Close()
	z = gzip.NewWriter(&packed) // a file of several members, as gzip -c >> makes
	z.Write([]byte(text[20_000:]))
	z.Close()
	for name, input := range map[string]string{"plain": text, "gzip": packed.String()} {
		r, err := NewReader("z", oneByte{strings.NewReader(input)}, Options{})
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		for rec := new(Record); ; n++ {
			if err := r.Next(rec); err == io.EOF {
				break
			} else if err != nil {
				t.Fatal(err)
			}
		}
		if n != 2000 {
			t.Errorf("%s: %d records", name, n)
		}
	}
}

type oneByte struct{ r io.Reader }

func (o oneByte) Read(p []byte) (int, error) { return o.r.Read(p[:1]) }

// TestIncludeStaysInside asserts that $INCLUDE reaches nothing but regular
// files in the folder and below.
func TestIncludeStaysInside(t *testing.T) {
	dir := t.TempDir()
	inside := filepath.Join(dir, "zones")
	for file, text := range map[string]string{"secret": "x. NS y.\n", "zones/part": "a. NS b.\n", "zones/sub/part": "c. NS d.\n"} {
		file = filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink("../secret", filepath.Join(inside, "link")); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]string{
		"part":                       "a. b.",
		`"sub/part"`:                 "c. d.",
		"../secret":                  "error",
		"sub/../../secret":           "error",
		"link":                       "error",
		"sub":                        "error",
		filepath.Join(dir, "secret"): "error",
	} {
		got, err := records("$INCLUDE "+name+"\n", Options{Include: IncludeFrom(inside)})
		if err != nil {
			got = []string{"error"}
		}
		if len(got) != 1 || got[0] != want {
			t.Errorf("%s: got %q (%v), want %q", name, got, err, want)
		}
	}
}

// TestNextDoesNotAllocate guards the hot path.
func TestNextDoesNotAllocate(t *testing.T) {
	z, err := NewReader("z", repeat("a.test. 60 IN NS ns1.test.\nb.test. NS ns2.test.\nns1.test. A 192.0.2.1\nns1.test. AAAA 2001:db8::1\n"+
		"b.test. DS 1 13 2 00aa11\nb.test. RRSIG DS 8 2 3600 20300101000000 20200101000000 1 test. AAAA\n"), Options{})
	if err != nil {
		t.Fatal(err)
	}
	rec := new(Record)
	allocs := testing.AllocsPerRun(10_000, func() {
		if err := z.Next(rec); err != nil {
			t.Fatal(err)
		}
	})
	if allocs > 0 {
		t.Errorf("%v allocations a record", allocs)
	}
}
