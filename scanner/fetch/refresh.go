package fetch

import (
	"bytes"
	"strings"

	"golang.org/x/net/html"
)

// maxRefreshWords is how many words a page may show that counts as nothing but
// a refresh: "You are being redirected" in a few languages.
const maxRefreshWords = 60

// refreshOf returns where a page that is nothing but a refresh leads: by its
// Refresh header or a meta element (HTML standard, "Refresh state"). It is
// empty for a page that has content of its own, and for one that reloads
// itself.
func refreshOf(header string, page []byte) string {
	meta, words := scanRefresh(page[:min(len(page), maxHead)])
	switch {
	case words > maxRefreshWords:
		return ""
	case header != "":
		return refreshURL(header)
	}
	return refreshURL(meta)
}

// scanRefresh returns the content of the first meta element that refreshes
// the page for a browser with scripts, and the number of words that the page
// shows.
func scanRefresh(page []byte) (content string, words int) {
	z := html.NewTokenizer(bytes.NewReader(page))
	hidden := "" // the element whose content is not shown
	for {
		switch z.Next() {
		case html.ErrorToken:
			return content, words
		case html.TextToken:
			if hidden == "" {
				words += len(bytes.Fields(z.Text()))
			}
		case html.EndTagToken:
			if name, _ := z.TagName(); string(name) == hidden {
				hidden = ""
			}
		case html.StartTagToken, html.SelfClosingTagToken:
			name, more := z.TagName()
			switch tag := string(name); {
			case hidden != "":
			case tag == "script", tag == "style", tag == "title", tag == "noscript", tag == "template":
				hidden = tag
			case tag == "meta" && more && content == "":
				content = metaRefresh(z)
			}
		}
	}
}

// metaRefresh returns the content of a meta element, empty unless it is a
// refresh.
func metaRefresh(z *html.Tokenizer) string {
	var refresh bool
	var content string
	for {
		key, value, more := z.TagAttr()
		switch string(key) {
		case "http-equiv":
			refresh = strings.EqualFold(strings.TrimSpace(string(value)), "refresh")
		case "content":
			content = string(value)
		}
		if !more {
			break
		}
	}
	if !refresh {
		return ""
	}
	return content
}

// refreshURL returns the URL in a refresh such as "0; url='/start'": the
// shared declarative refresh steps of the HTML standard. It is empty without
// one.
func refreshURL(text string) string {
	const blanks = " \t\n\f\r"
	text = strings.TrimLeft(text, blanks)
	rest := strings.TrimLeft(text, "0123456789.")
	if rest == text {
		return "" // no time, no refresh
	}
	trimmed := strings.TrimLeft(rest, blanks)
	if trimmed == rest && (rest == "" || rest[0] != ';' && rest[0] != ',') {
		return ""
	}
	if trimmed != "" && (trimmed[0] == ';' || trimmed[0] == ',') {
		trimmed = strings.TrimLeft(trimmed[1:], blanks)
	}
	url := trimmed
	if len(url) >= 3 && strings.EqualFold(url[:3], "url") {
		if after := strings.TrimLeft(url[3:], blanks); after != "" && after[0] == '=' {
			url = strings.TrimLeft(after[1:], blanks)
		}
	}
	if url != "" && (url[0] == '"' || url[0] == '\'') {
		url, _, _ = strings.Cut(url[1:], url[:1])
	}
	if len(url) > maxLocation {
		return ""
	}
	return strings.TrimRight(url, blanks)
}
