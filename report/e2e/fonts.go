//go:build !alone

package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
)

// Fonts are those that a browser may use, whatever else the machine has.
type Fonts string

const (
	// DejaVu is all that a Debian has without installed fonts. It has no
	// Chinese, and is wider than most.
	DejaVu Fonts = "dejavu"
	// Noto is what a desktop has, with Droid's fallback for Chinese.
	Noto Fonts = "noto droid"
)

// Config writes a configuration of fontconfig with these fonts alone into a
// folder, for the variable FONTCONFIG_FILE of a browser.
func (f Fonts) Config(dir string) (file string, err error) {
	var folders strings.Builder
	for name := range strings.FieldsSeq(string(f)) {
		folder := filepath.Join("/usr/share/fonts/truetype", name)
		if _, err := os.Stat(folder); err != nil {
			return "", fmt.Errorf("find fonts (apt install fonts-dejavu-core fonts-noto-core fonts-droid-fallback): %w", err)
		}
		fmt.Fprintf(&folders, "<dir>%s</dir>", folder)
	}
	file = filepath.Join(dir, "fonts.conf")
	text := fmt.Sprintf(`<?xml version="1.0"?><!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>%s<cachedir>%s</cachedir><include ignore_missing="yes">/etc/fonts/conf.d</include></fontconfig>
`, folders.String(), filepath.Join(dir, "cache"))
	if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
		return "", fmt.Errorf("choose fonts: %w", err)
	}
	return file, nil
}
