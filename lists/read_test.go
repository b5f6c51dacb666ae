package lists

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"reflect"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
)

// read gathers what Read yields.
func read(r io.Reader) ([]Target, error) {
	var all []Target
	for t, err := range Read(r, "list.csv") {
		if err != nil {
			return all, err
		}
		all = append(all, t)
	}
	return all, nil
}

func TestRead(t *testing.T) {
	t.Parallel()
	de := Target{Name: "example.de", Unicode: "example.de", Kind: Custom, Country: "DE", Source: "list.csv"}
	org := Target{Name: "example.org", Unicode: "example.org", Kind: Custom, Source: "list.csv"}
	fr := Target{Name: "example.org", Unicode: "example.org", Kind: Custom, Country: "FR", Level: "local", Source: "list.csv"}
	full := Target{Name: "xn--bcher-kva.example", Unicode: "bücher.example", Kind: Government, Country: "CH", Level: "central", Source: "mine", Date: "2026-11-01"}
	tests := map[string]struct {
		in   string
		want []Target
	}{
		"plain list":                  {"example.de\nexample.org\n", []Target{de, org}},
		"no line end at the end":      {"example.de\nexample.org", []Target{de, org}},
		"CRLF":                        {"example.de\r\nexample.org\r\n", []Target{de, org}},
		"byte order mark":             {"\xef\xbb\xbfexample.de\r\n", []Target{de}},
		"byte order mark and header":  {"\xef\xbb\xbfname\r\nexample.de\r\n", []Target{de}},
		"comments and blank lines":    {"# mine\n\n  \nexample.de\n  # more\n", []Target{de}},
		"name and country":            {"example.org,fr,local\n", []Target{fr}},
		"explicit country wins":       {"example.de,CH\n", []Target{{Name: "example.de", Unicode: "example.de", Kind: Custom, Country: "CH", Source: "list.csv"}}},
		"header in any order":         {"Country,Domain,Level\nFR,example.org,local\n", []Target{fr}},
		"semicolons":                  {"name;country;level\nexample.org;FR;local\n", []Target{fr}},
		"tabs":                        {"example.org\tFR\tlocal\n", []Target{fr}},
		"unknown columns are ignored": {"name,contact person,country,level\nexample.org,x,FR,local\n", []Target{fr}},
		"quotes":                      {"\"example.org\",\"FR\",\"local\"\n", []Target{fr}},
		"separator in quotes":         {"name,note,country,level\nexample.org,\"a, b\"\"c\",FR,local\n", []Target{fr}},
		"Excel's separator line":      {"sep=;\nname;country\nexample.org;FR\n", []Target{custom("example.org", "FR")}},
		"separator line, one column":  {"sep=,\r\nexample.de\r\n", []Target{de}},
		"rows of separators":          {"name;country;level\n;;;\nexample.de;;\n;;\n\"\";\"\";\n", []Target{de}},
		"French header":               {"domaine;pays\nexample.org;FR\n", []Target{custom("example.org", "FR")}},
		"Spanish header":              {"dominio,país\nexample.org,FR\n", []Target{custom("example.org", "FR")}},
		"Spanish header, decomposed":  {"dominio,pai\u0301s\nexample.org,FR\n", []Target{custom("example.org", "FR")}},
		"Russian header":              {"Домен,Страна\nexample.org,FR\n", []Target{custom("example.org", "FR")}},
		"Chinese header":              {"域名,国家\nexample.org,FR\n", []Target{custom("example.org", "FR")}},
		"Arabic header":               {"النطاق,الدولة\nexample.org,FR\n", []Target{custom("example.org", "FR")}},
		"web addresses":               {"id,website,pays\n1,https://www.example.org/fr?x=1,FR\n2,http://user:pw@example.net,FR\n3,www.example.com/,FR\n", []Target{custom("www.example.org", "FR"), custom("example.net", "FR"), custom("www.example.com", "FR")}},
		"name of the body":            {"name,website\nMinistry,https://example.de/\n", []Target{{Name: "example.de", Unicode: "example.de", Kind: Custom, Country: "DE", Source: "list.csv", Organisation: "Ministry"}}},
		"country and its code":        {"domain,country,country code\nexample.org,France,FR\n", []Target{custom("example.org", "FR")}},
		"level in any case":           {"name,country,level\nexample.org,FR,Central\n", []Target{{Name: "example.org", Unicode: "example.org", Kind: Government, Country: "FR", Level: "central", Source: "list.csv"}}},
		"free columns": {"name,organisation,sector,tags,role\nexample.de,Ministère,energy,a b,tax;customs\n",
			[]Target{{Name: "example.de", Unicode: "example.de", Kind: Custom, Country: "DE", Source: "list.csv", Organisation: "Ministère", Sector: "energy", Tags: "a b", Roles: "tax customs"}}},
		"short row":                    {"name,country,level\nexample.de\n", []Target{de}},
		"empty fields at the end":      {"name\nexample.de,,,\n", []Target{de}},
		"what adopt6 itself writes":    {"name,unicode,kind,country,level,source,date\nxn--bcher-kva.example,bücher.example,government,CH,central,mine,2026-11-01\n", []Target{full}},
		"U-label, upper case, dot":     {"BÜCHER.example.\n", []Target{{Name: "xn--bcher-kva.example", Unicode: "bücher.example", Kind: Custom, Source: "list.csv"}}},
		"ccTLD and generic TLD":        {"de\norg\n", []Target{{Name: "de", Unicode: "de", Kind: Custom, Country: "DE", Source: "list.csv"}, {Name: "org", Unicode: "org", Kind: Custom, Source: "list.csv"}}},
		"country of gov, mil, eu, idn": {"x.gov\nx.mil\nx.eu\nx.xn--p1ai\nx.uk\n", []Target{custom("x.gov", "US"), custom("x.mil", "US"), custom("x.eu", ""), {Name: "x.xn--p1ai", Unicode: "x.рф", Kind: Custom, Country: "RU", Source: "list.csv"}, custom("x.uk", "GB")}},
	}
	for name, test := range tests {
		for how, r := range map[string]io.Reader{"whole": strings.NewReader(test.in), "byte by byte": iotest.OneByteReader(strings.NewReader(test.in))} {
			got, err := read(r)
			if err != nil || !reflect.DeepEqual(got, test.want) {
				t.Errorf("%s, %s:\n got %+v, %v\nwant %+v", name, how, got, err, test.want)
			}
		}
	}
}

func custom(name, country string) Target {
	return Target{Name: name, Unicode: name, Kind: Custom, Country: country, Source: "list.csv"}
}

func TestReadErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ in, want string }{
		{"", "list.csv:1: the list holds no target: put one domain name in each line"},
		{"# nothing\n\n", "list.csv:2: the list holds no target: put one domain name in each line"},
		{"name,country\n", "list.csv:1: the list holds no target: put one domain name in each line"},
		{"\xef\xbb\xbf", "list.csv:1: the list holds no target: put one domain name in each line"},
		{"example.org\nhttps://www.example.org:8443/\n", `list.csv:2: "https://www.example.org:8443/" is a URL: write the host name alone: "www.example.org"`},
		{"https://user:pw@example.org:8443\n", `list.csv:1: "https://user:pw@example.org:8443" is a URL: write the host name alone: "example.org"`},
		{"ftp://example.org/\n", `list.csv:1: "ftp://example.org/" is a URL: write the host name alone: "example.org"`},
		{"minister@example.org\n", `list.csv:1: "minister@example.org" is an e-mail address: write the domain name alone: "example.org"`},
		{"naam;land\nexample.org;NL\n", `list.csv:1: "naam;land" looks like a header, but no column in it is known to hold names: call the column with the domains name, domain or URL`},
		{"name,country\n\"multi\nline.tg\",TG\n", `list.csv:2: a quoted field does not end on its line: write it in one line, and a quote in it twice ("")`},
		{"name,country,level\na.tg,TG,national\n", `list.csv:2: unknown level "national": did you mean "central"?`},
		{"name,country,level\na.tg,TG,centrl\n", `list.csv:2: unknown level "centrl": did you mean "central"?`},
		{"name,role\na.tg,finanse\n", `list.csv:2: unknown role "finanse": did you mean "finance"?`},
		{"name,sectr\na.tg,energy\n", `list.csv:1: unknown column "sectr": did you mean "sector"?`},
		{"name,source\na.tg,a\x1bb\n", `list.csv:2: the source "a\x1bb" holds a control character: remove it`},
		{"name,source\na.tg," + strings.Repeat("x", 65) + "\n", "list.csv:2: the source has 65 bytes: shorten it to at most 64"},
		{"name\r\n\r\n192.0.2.1\r\n", `list.csv:3: "192.0.2.1" is an IP address: write a domain name; adopt6 finds its addresses itself`},
		{"p\u0430ypal.com", `list.csv:1: label "pаypal" mixes Latin and Cyrillic: write it in one script; 'а' (U+0430) is Cyrillic`},
		{"localhost\n", `list.csv:1: "localhost" is a single label and no top-level domain: write the whole domain name, such as "localhost.example"`},
		{"1,example.org\n", `list.csv:1: "1" ends in a number: a domain name ends in a top-level domain such as org; put the name in the first column`},
		{"name,country\n,FR\n", "list.csv:2: the name is empty: give a domain name such as example.org"},
		{"example.org,UK\n", `list.csv:1: unknown country code "UK": did you mean "GB" (United Kingdom)?`},
		{"example.org,EU\n", `list.csv:1: unknown country code "EU": the European Union is not a country; leave the field empty`},
		{"example.org,TP\n", `list.csv:1: unknown country code "TP": did you mean "TL" (Timor-Leste)?`},
		{"example.org,deu\n", `list.csv:1: unknown country code "deu": did you mean "DE" (Germany)?`},
		{"example.org,276\n", `list.csv:1: unknown country code "276": did you mean "DE" (Germany)?`},
		{"example.org,Allemagne\n", `list.csv:1: unknown country code "Allemagne": did you mean "DE" (Germany)?`},
		{"example.org,Untied Kingdom\n", `list.csv:1: unknown country code "Untied Kingdom": did you mean "GB" (United Kingdom)?`},
		{"example.org,HC\n", `list.csv:1: unknown country code "HC": did you mean "CH" (Switzerland)?`},
		{"example.org,XX\n", `list.csv:1: unknown country code "XX": write an ISO 3166-1 alpha-2 code, or leave the field empty (see: adopt6 lists countries)`},
		{"name,contry\nexample.org,FR\n", `list.csv:1: unknown column "contry": did you mean "country"?`},
		{"name,country,Country\nexample.org,FR,FR\n", `list.csv:1: two columns are called "Country": remove or rename one`},
		{"name,country\nexample.org,FR,x\n", "list.csv:2: the row has 3 fields and the header 2: quote a field that holds a separator"},
		{"example.org,FR,x,y\n", "list.csv:1: the row has 4 fields and the list no header: begin the list with a header such as name,country,level"},
		{"example.org,\"FR\n", `list.csv:1: a quoted field does not end on its line: write it in one line, and a quote in it twice ("")`},
		{"exa\"mple.org\n", `list.csv:1: the quotes do not match: write a quote in a quoted field twice ("")`},
		{"name,date\nexample.org,1.11.2026\n", `list.csv:2: "1.11.2026" is not a date: write it as year-month-day, such as 2026-11-30`},
		{"name,kind\nexample.org,ccltd\n", `list.csv:2: unknown kind "ccltd": write cctld, government or custom, or leave it empty`},
		{"example.org,FR,a\x1bb\n", `list.csv:1: unknown level "a\x1bb": write central, regional, local, public-sector, or leave it empty`},
		{"example.org\n\xff.org\n", "list.csv:2: the line is not UTF-8: save the list as UTF-8 (in a spreadsheet: CSV UTF-8)"},
		{"example.org\nx\x00.org\n", "list.csv:2: the line holds a NUL byte: save the list as UTF-8 text"},
		{"example.org\rexample.net\r", "list.csv:1: the line holds a bare carriage return: save the list with Unix or Windows line ends"},
		{"\xff\xfee\x00x\x00", "list.csv:1: the file is UTF-16: save it as UTF-8 (in a spreadsheet: CSV UTF-8)"},
		{"PK\x03\x04xyz", "list.csv:1: the file is a spreadsheet or a zip archive: export the list as CSV UTF-8"},
		{"\x1f\x8b\x08", "list.csv:1: the file is compressed: unpack it with gunzip"},
		{"example.org\n" + strings.Repeat("x", 5000) + "\n", "list.csv:2: the line is longer than 4096 bytes: put one domain name in each line"},
		{"example.org\n" + strings.Repeat("x", 500000), "list.csv:2: the line is longer than 4096 bytes: put one domain name in each line"},
		{strings.Repeat("a", 64) + ".org", `list.csv:1: label "` + strings.Repeat("a", 64) + `" has 64 bytes: a label has at most 63 (RFC 1035)`},
	}
	for _, test := range tests {
		_, err := read(strings.NewReader(test.in))
		if err == nil || err.Error() != test.want {
			t.Errorf("%.60q:\n got %v\nwant %s", test.in, err, test.want)
		}
		if fault := new(LineError); !errors.As(err, &fault) {
			t.Errorf("%.60q: %T, want *LineError", test.in, err)
		}
	}
}

func TestReadReportsReadErrors(t *testing.T) {
	t.Parallel()
	broken := errors.New("disk on fire")
	got, err := read(io.MultiReader(strings.NewReader("example.org\n"), iotest.ErrReader(broken)))
	if len(got) != 1 || !errors.Is(err, broken) || !strings.Contains(err.Error(), "read list.csv") {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := read(iotest.ErrReader(broken)); len(got) != 0 || !errors.Is(err, broken) {
		t.Errorf("got %+v, %v", got, err)
	}
}

// TestReadOwnOutput reads every row of the built-in lists back.
func TestReadOwnOutput(t *testing.T) {
	t.Parallel()
	n := 0
	for got, err := range Read(strings.NewReader(governmentFile), "governments.csv") {
		if err != nil {
			t.Fatal(err)
		}
		if n++; got.Country == "" || got.Level == "" {
			t.Fatalf("%+v", got)
		}
	}
	if want := strings.Count(governmentFile, "\n") - 1; n != want {
		t.Errorf("%d targets, want %d", n, want)
	}
}

func TestCheck(t *testing.T) {
	t.Parallel()
	in := "example.de\nexample.org,UK\nexample.org\nEXAMPLE.de.\n\nexample.fr\nftp://a.b/\nexample.org\n"
	report, err := Check(strings.NewReader(in), "list.csv", 10, nil)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range report.Errors {
		got = append(got, e.Error())
	}
	want := []string{
		`list.csv:2: unknown country code "UK": did you mean "GB" (United Kingdom)?`,
		`list.csv:4: "example.de" stands in line 1 already: remove this line`,
		`list.csv:7: "ftp://a.b/" is a URL: write the host name alone: "a.b"`,
		`list.csv:8: "example.org" stands in line 3 already: remove this line`,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("errors:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if report.Targets != 3 || report.Countries != 2 || report.NoCountry != 1 || report.More || report.Compared != 3 {
		t.Errorf("%+v", report)
	}
	if report, _ := Check(strings.NewReader(in), "list.csv", 2, nil); len(report.Errors) != 2 || !report.More {
		t.Errorf("at most 2 errors: %+v", report)
	}
	if report, _ := Check(strings.NewReader("# none\n"), "list.csv", 5, nil); len(report.Errors) != 1 {
		t.Errorf("empty list: %+v", report)
	}
	if _, err := Check(iotest.ErrReader(io.ErrUnexpectedEOF), "list.csv", 5, nil); err == nil {
		t.Error("no error from a broken reader")
	}
}

// TestCheckRows asserts how each row is read, and the counts at the end.
func TestCheckRows(t *testing.T) {
	t.Parallel()
	in := "name;country;roles\nexample.tg;;finance tax\nEXAMPLE.TG;;\nwww.example.tg;;\nhttps://www.a.tg/fr;TG;tax\nnope;;\nb.org;;\n"
	var got []string
	report, err := Check(strings.NewReader(in), "list.csv", 10, func(row CheckedRow) error {
		got = append(got, fmt.Sprintf("%d %s %s %s", row.Line, row.Outcome, row.Target.Name, row.Why))
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	want := []string{
		`2 taken example.tg `,
		`3 duplicate example.tg "example.tg" stands in line 2 already: remove this line`,
		`4 same-site www.example.tg "www.example.tg" is the site of line 2, with www or without`,
		`5 changed www.a.tg written as "https://www.a.tg/fr"`,
		`6 refused  "nope" is a single label and no top-level domain: write the whole domain name, such as "nope.example"`,
		`7 taken b.org `,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("rows:\n%s\nwant:\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if report.Targets != 3 || report.Changed != 1 || report.NoCountry != 1 || len(report.Errors) != 2 || len(report.Warnings) != 1 {
		t.Errorf("%+v", report)
	}
	countries := []CountryRows{{"TG", 2, map[string]int{"finance": 1, "tax": 2}}, {"", 1, map[string]int{}}}
	if !reflect.DeepEqual(report.ByCountry, countries) {
		t.Errorf("by country: %+v, want %+v", report.ByCountry, countries)
	}
	stop := errors.New("enough")
	if _, err := Check(strings.NewReader(in), "list.csv", 10, func(CheckedRow) error { return stop }); err != stop {
		t.Errorf("the error of each row's function was lost: %v", err)
	}
}

// million is a list of a million names that needs no memory.
type million struct {
	n   int
	buf bytes.Buffer
}

func (m *million) Read(p []byte) (int, error) {
	for m.buf.Len() < len(p) && m.n < 1_000_000 {
		fmt.Fprintf(&m.buf, "www.target-%d.example.org,FR,central\n", m.n)
		m.n++
	}
	return m.buf.Read(p)
}

// TestReadMillionLines reads a million lines and checks that the heap does not
// grow with them.
func TestReadMillionLines(t *testing.T) {
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	n, early := 0, uint64(0)
	for _, err := range Read(new(million), "million.csv") {
		if err != nil {
			t.Fatal(err)
		}
		switch n++; n {
		case 1000:
			early = heap()
		case 999_000:
			if late := heap(); late > early+1<<20 {
				t.Errorf("heap grew from %d to %d bytes", early, late)
			}
		}
	}
	if n != 1_000_000 {
		t.Errorf("%d targets", n)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"example.org\n", "name,country\nexample.org,FR\n", "\xef\xbb\xbfa;b\r\n", "\"x\"\"y\",DE\n", "bücher.example\n\x00\n", "\xff\xfe", "мвд.рф,RU\n#\n"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		report, err := Check(strings.NewReader(s), "f", 1000, nil)
		if err != nil {
			t.Fatal(err)
		}
		if report.Targets == 0 && len(report.Errors) == 0 {
			t.Fatal("no target and no error")
		}
		for _, e := range report.Errors {
			if strings.ContainsFunc(e.Error(), func(r rune) bool { return r < 0x20 || r == 0x7f }) {
				t.Fatalf("control character in %q", e.Error())
			}
		}
		for target, err := range Read(strings.NewReader(s), "f") {
			if err != nil {
				return
			}
			checkNormal(t, target.Name, target.Unicode)
			if _, ok := CountryByCode(target.Country); !ok && target.Country != "" {
				t.Fatalf("country %q", target.Country)
			}
		}
	})
}

func FuzzNormalize(f *testing.F) {
	for _, s := range []string{"example.org", "straße.de", "xn--p1ai", "日本ab.jp", "a·b", "٠١.example", "xn--a", "*.x", "1.2.3.4", "℡.example"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if ascii, uni, err := Normalize(s); err == nil {
			checkNormal(t, ascii, uni)
		}
	})
}

// checkNormal checks that a normalised name is what it should be: bounded,
// ASCII, lower case, and the same when normalised again from either form.
func checkNormal(t *testing.T, ascii, uni string) {
	t.Helper()
	if len(ascii) == 0 || len(ascii) > maxName || strings.Trim(ascii, "abcdefghijklmnopqrstuvwxyz0123456789-.") != "" {
		t.Fatalf("%q is not an A-label form", ascii)
	}
	for _, form := range []string{ascii, uni} {
		a, u, err := Normalize(form)
		if err != nil || a != ascii || u != uni {
			t.Fatalf("%q, %q: Normalize(%q) = %q, %q, %v", ascii, uni, form, a, u, err)
		}
	}
}

func BenchmarkRead(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		for _, err := range Read(new(million), "million.csv") {
			if err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(1e6*float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}

func BenchmarkNormalizeIDN(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, _, err := Normalize("гут.мвд.рф"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkGovernments(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		for range Governments() {
		}
	}
}
