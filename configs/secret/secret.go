// Package secret hides passwords in addresses. All code that prints a configured
// address prints it through [Mask].
package secret

import (
	"net/url"
	"regexp"
	"strings"
)

// mask replaces what is hidden; [net/url] writes the same for a password.
const mask = "xxxxx"

// parameters are the query parameters whose value is secret, in lower case.
var parameters = map[string]bool{
	"password": true, "passwd": true, "pass": true, "pwd": true, "secret": true, "token": true,
	"access_token": true, "auth": true, "jwt": true, "api_key": true, "apikey": true, "key": true,
}

// userinfo is the part of an address before its host. A password that is not
// escaped may hold any character, so it ends at the last @.
var userinfo = regexp.MustCompile(`(//[^:@/?#]*):.*@`)

// Mask hides the password of an address, before its host or in its query; an
// address in a query is masked as well. Other text stays as it is.
func Mask(text string) string {
	rest, query, hasQuery := strings.Cut(text, "?")
	if strings.Contains(query, "@") && !parses(text) {
		rest, query, hasQuery = text, "", false // the question mark is part of a password
	}
	if address, err := url.Parse(rest); err == nil && address.User != nil {
		rest = address.Redacted()
	} else if err != nil {
		rest = userinfo.ReplaceAllString(rest, "$1:"+mask+"@")
	}
	if !hasQuery {
		return rest
	}
	query, fragment, hasFragment := strings.Cut(query, "#")
	pairs := strings.Split(query, "&")
	for i, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		plainName, err := url.QueryUnescape(name)
		if err != nil {
			plainName = name
		}
		plain, err := url.QueryUnescape(value)
		if err != nil {
			plain = value
		}
		switch {
		case value != "" && parameters[strings.ToLower(plainName)]:
			pairs[i] = name + "=" + mask
		case strings.Contains(plain, "//") && Mask(plain) != plain:
			pairs[i] = name + "=" + url.QueryEscape(Mask(plain))
		}
	}
	rest += "?" + strings.Join(pairs, "&")
	if hasFragment {
		rest += "#" + fragment
	}
	return rest
}

// In reports whether an address holds a password.
func In(text string) bool { return Mask(text) != text }

func parses(text string) bool {
	_, err := url.Parse(text)
	return err == nil
}
