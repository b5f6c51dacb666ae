//go:build !alone

package report_test

import (
	"io/fs"
	"net/url"
	"os"
	"path"
	"path/filepath"
	"strings"
	"testing"

	"golang.org/x/net/html"

	"adopt6/report"
	"adopt6/store/storetest"
)

// references are the attributes that name something elsewhere, by whether they
// hold an address or ids of the same page.
var references = map[string]bool{"href": true, "src": true, "data-for": false, "aria-labelledby": false, "aria-describedby": false, "for": false}

// checkLinks walks every page of a site and fails for each link, asset and
// anchor that leads nowhere, and for ids that a page has twice.
func checkLinks(t *testing.T, dir string) {
	t.Helper()
	pages, ids := make(map[string]*html.Node), make(map[string]map[string]bool)
	err := filepath.WalkDir(dir, func(name string, entry fs.DirEntry, err error) error {
		if err != nil || filepath.Ext(name) != ".html" {
			return err
		}
		file, err := os.Open(name)
		if err != nil {
			return err
		}
		defer file.Close()
		page, err := html.Parse(file)
		name = filepath.ToSlash(strings.TrimPrefix(name, dir+string(filepath.Separator)))
		pages[name], ids[name] = page, make(map[string]bool)
		return err
	})
	if err != nil || len(pages) < 3 {
		t.Fatalf("%d pages, error %v", len(pages), err)
	}
	for name, page := range pages {
		for _, a := range attributes(page) {
			if a.Key == "id" {
				if ids[name][a.Val] {
					t.Errorf("%s has the id %q twice", name, a.Val)
				}
				ids[name][a.Val] = true
			}
		}
	}
	links := 0
	for name, page := range pages {
		for _, a := range attributes(page) {
			switch address, known := references[a.Key]; {
			case known && address:
				links++
				checkLink(t, dir, name, a.Val, ids)
			case known:
				for _, id := range strings.Fields(a.Val) {
					if !ids[name][id] {
						t.Errorf("%s: %s names %q, which is not there", name, a.Key, id)
					}
				}
			}
		}
	}
	if links < 10*len(pages) {
		t.Errorf("%d links on %d pages: the test looks in the wrong place", links, len(pages))
	}
}

func checkLink(t *testing.T, dir, from, link string, ids map[string]map[string]bool) {
	t.Helper()
	to, err := url.Parse(link)
	switch {
	case err != nil || link == "":
		t.Errorf("%s: a link to %q: %v", from, link, err)
		return
	case to.Scheme == "https" || to.Scheme == "http":
		return
	case to.Scheme != "" || to.Host != "" || path.IsAbs(to.Path):
		t.Errorf("%s: a link to %q leaves the folder", from, link)
		return
	}
	name := from
	if to.Path != "" {
		name = path.Join(path.Dir(from), to.Path)
	}
	if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
		t.Errorf("%s: a dead link to %q", from, link)
	} else if to.Fragment != "" && !ids[name][to.Fragment] {
		t.Errorf("%s: %q names an anchor that is not there", from, link)
	}
}

// attributes are those of all elements of a page.
func attributes(page *html.Node) (list []html.Attribute) {
	for n := range page.Descendants() {
		list = append(list, n.Attr...)
	}
	return list
}

// A site of one country and one language has no link to pages that it lacks,
// and still shows the other countries.
func TestPartialSite(t *testing.T) {
	st := storetest.Open(t, storetest.Embedded(t))
	site, err := report.NewSite(load(t, st), report.SiteOptions{Countries: []string{"TG"}, Languages: []string{"fr"}})
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "site")
	if err := site.Write(t.Context(), st, dir, new(report.Progress)); err != nil {
		t.Fatal(err)
	}
	checkLinks(t, dir)
	for page, others := range map[string]int{"index": 1, "region-africa": 1, "tg": 1} {
		text, err := os.ReadFile(filepath.Join(dir, "fr", page+".html"))
		if err != nil || strings.Count(string(text), "Sénégal") < others || strings.Contains(string(text), "sn.html") {
			t.Errorf("%s lacks Senegal or links to it: %v", page, err)
		}
	}
	for _, name := range []string{"fr/sn.html", "en/tg.html", "data/sn.csv"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s is there", name)
		}
	}
}
