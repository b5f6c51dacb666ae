// Package docs_test holds the prose of the repository to the code that it
// describes.
package docs_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

const root = ".."

// unlisted are packages that the tree of docs/architecture.md leaves out, with
// everything below them: they serve tests, or make data that is committed.
var unlisted = []string{"docs", "lists/internal", "lists/translationtest", "store/storetest", "store/clustertest"}

// TestTreeListsEveryPackage compares the tree in docs/architecture.md with the
// folders that hold Go code.
func TestTreeListsEveryPackage(t *testing.T) {
	t.Parallel()
	listed := treeOf(t, read(t, "docs/architecture.md"))
	packages := packages(t)
	for dir := range packages {
		if !slices.Contains(listed, dir) && !slices.ContainsFunc(unlisted, func(u string) bool { return within(dir, u) }) {
			t.Errorf("docs/architecture.md leaves %s out", dir)
		}
	}
	for _, dir := range listed {
		if info, err := os.Stat(filepath.Join(root, dir)); err != nil || !info.IsDir() {
			t.Errorf("docs/architecture.md lists %s, which is not a folder", dir)
		}
	}
}

// within says whether dir is above or below it.
func within(dir, above string) bool { return dir == above || strings.HasPrefix(dir, above+"/") }

// treeOf returns the folders of the first block of the text, in which two
// blanks stand for each level.
func treeOf(t *testing.T, text string) []string {
	_, block, _ := strings.Cut(text, "```\n")
	block, _, found := strings.Cut(block, "```")
	if !found {
		t.Fatal("there is no block with the tree")
	}
	var folders, above []string
	entry := regexp.MustCompile(`^( *)([a-z0-9/]+)/ `)
	for line := range strings.Lines(block) {
		m := entry.FindStringSubmatch(line)
		if m == nil {
			continue
		}
		above = append(above[:min(len(m[1])/2, len(above))], m[2])
		folders = append(folders, path.Join(above...))
	}
	return folders
}

// TestNamesInProseExist looks up what the texts name in code spans: files,
// folders, and exported names of packages.
func TestNamesInProseExist(t *testing.T) {
	t.Parallel()
	exported := make(map[string]map[string]bool) // by the last element of the package's path
	for dir, names := range packages(t) {
		name := path.Base(dir)
		if exported[name] == nil {
			exported[name] = make(map[string]bool)
		}
		for _, n := range names {
			exported[name][n] = true
		}
	}
	span := regexp.MustCompile("`([^`\n]+)`")
	file := regexp.MustCompile(`^(cmd|configs|docs|lists|report|scanner|store|testdata)(/[\w.*-]+)+/?$`)
	goFile := regexp.MustCompile(`^\w+\.go$`)
	name := regexp.MustCompile(`^([a-z][a-z0-9]*)\.([A-Z]\w*)(\.[A-Z]\w*)?(\(.*\))?$`)
	for _, doc := range []string{"CONTRIBUTING.md", "docs/architecture.md"} {
		for _, m := range span.FindAllStringSubmatch(read(t, doc), -1) {
			switch text := m[1]; {
			case file.MatchString(text):
				if found, err := filepath.Glob(filepath.Join(root, text)); err != nil || len(found) == 0 {
					t.Errorf("%s names %s, which does not exist", doc, text)
				}
			case goFile.MatchString(text):
				t.Errorf("%s names %s without its folder", doc, text)
			case name.MatchString(text):
				parts := name.FindStringSubmatch(text)
				if known := exported[parts[1]]; known != nil && !known[parts[2]] {
					t.Errorf("%s names %s, which does not exist", doc, text)
				}
			}
		}
	}
}

// packages returns the exported top-level names of every package, by folder.
func packages(t *testing.T) map[string][]string {
	t.Helper()
	all := make(map[string][]string)
	err := filepath.WalkDir(root, func(file string, entry fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case entry.IsDir() && (entry.Name() == "testdata" || entry.Name() == "node_modules" || strings.HasPrefix(entry.Name(), ".") && entry.Name() != ".."):
			return filepath.SkipDir
		case !strings.HasSuffix(file, ".go") || strings.HasSuffix(file, "_test.go"):
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(file))
		if err != nil {
			return err
		}
		names, err := exportedOf(file)
		all[dir] = append(all[dir], names...)
		return err
	})
	if err != nil || len(all) < 20 {
		t.Fatalf("%d packages were found, %v", len(all), err)
	}
	return all
}

func exportedOf(file string) (names []string, err error) {
	parsed, err := parser.ParseFile(token.NewFileSet(), file, nil, parser.SkipObjectResolution)
	if err != nil {
		return nil, err
	}
	for _, decl := range parsed.Decls {
		switch decl := decl.(type) {
		case *ast.FuncDecl:
			if decl.Recv == nil {
				names = append(names, decl.Name.Name)
			}
		case *ast.GenDecl:
			for _, spec := range decl.Specs {
				switch spec := spec.(type) {
				case *ast.TypeSpec:
					names = append(names, spec.Name.Name)
				case *ast.ValueSpec:
					for _, n := range spec.Names {
						names = append(names, n.Name)
					}
				}
			}
		}
	}
	return names, nil
}

func read(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join(root, file))
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}
