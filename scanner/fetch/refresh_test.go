package fetch

import (
	"strings"
	"testing"
)

func TestRefresh(t *testing.T) {
	for text, want := range map[string]string{
		"0; url=https://example.net/":    "https://example.net/",
		"0;URL='https://example.net/'":   "https://example.net/",
		"0; url=\"/start\" and more":     "/start",
		"5 , url = start.html ":          "start.html",
		"0 https://example.net/":         "https://example.net/",
		".5;/x":                          "/x",
		"0;url=/it's":                    "/it's",
		"300":                            "",
		"300;":                           "",
		"":                               "",
		"url=/x":                         "",
		"0url=/x":                        "",
		"0;" + strings.Repeat("/", 5000): "",
	} {
		if got := refreshURL(text); got != want {
			t.Errorf("%q leads to %q, want %q", text, got, want)
		}
	}
	const meta = `<meta http-equiv=Refresh content="0;url=/start">`
	for page, want := range map[string]string{
		"<html><head><title>Many words of a title</title>" + meta + "</head><body>One moment.": "/start",
		"<script>var words = 1</script>" + meta:                                                "/start",
		meta + strings.Repeat("news ", maxRefreshWords+1):                                      "",
		"<noscript>" + meta + "</noscript>":                                                    "",
		"<template>" + meta + "</template>":                                                    "",
		"<!-- " + meta + " -->":                                                                "",
		`<meta http-equiv=Content-Type content="0;url=/start">`:                                "",
		"<p>A page.": "",
	} {
		if got := refreshOf("", []byte(page)); got != want {
			t.Errorf("%q leads to %q, want %q", page, got, want)
		}
	}
	if got := refreshOf("0; /header", []byte(meta)); got != "/header" {
		t.Errorf("the header leads to %q", got)
	}
}
