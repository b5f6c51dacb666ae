package pages

import (
	"cmp"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/miekg/dns"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/dnssec"
	"adopt6/scanner/observation"
	"adopt6/store/indicator"
)

// mostText is how many columns of a text from the network are shown.
const mostText = 72

// sideBySide lists what was seen of a host over IPv4 and over IPv6, address by
// address. facts says what one address showed.
func (p *Page) sideBySide(o *observation.Observation, probe, host string, facts func([]observation.Endpoint) [][]text) []row {
	var cells [2][][]text
	var addrs []netip.Addr
	for _, e := range o.Endpoints {
		if e.Probe == probe && e.Host == host && e.Addr.IsValid() && !slices.Contains(addrs, e.Addr) {
			addrs = append(addrs, e.Addr)
		}
	}
	if len(addrs) == 0 {
		return nil
	}
	slices.SortFunc(addrs, netip.Addr.Compare)
	for _, a := range addrs {
		var contacts []observation.Endpoint
		for _, e := range o.Endpoints {
			if e.Probe == probe && e.Host == host && e.Addr == a {
				contacts = append(contacts, e)
			}
		}
		slices.SortStableFunc(contacts, func(a, b observation.Endpoint) int {
			return cmp.Or(cmp.Compare(b.Port, a.Port), strings.Compare(b.Transport, a.Transport)) // HTTPS and UDP first
		})
		side := &cells[1]
		if a.Is4() {
			side = &cells[0]
		}
		m := p.mark(gravest(contacts))
		*side = append(*side, []text{m, {plain, " "}, {m.style, a.String()}})
		for _, fact := range facts(contacts) {
			*side = append(*side, append([]text{{plain, "  "}}, fact...))
		}
	}
	for i, none := range []string{"no IPv4 address", "no IPv6 address"} {
		if len(cells[i]) == 0 {
			cells[i] = [][]text{{p.mark(observation.Absent), {plain, " "}, {fair, none}}}
		}
	}
	return zip(cells[0], cells[1])
}

// orNothing is what was seen of a host, or that nothing was.
func orNothing(rows []row) []row {
	if len(rows) == 0 {
		return []row{across(text{faint, "no address that could be contacted"})}
	}
	return rows
}

// gravest is the worst status of contacts: what does not work is seen first.
func gravest(contacts []observation.Endpoint) observation.Status {
	order := []observation.Status{observation.Broken, observation.Partial, observation.Absent, observation.Unmeasured, observation.OK}
	for _, status := range order {
		if slices.ContainsFunc(contacts, func(e observation.Endpoint) bool { return e.Verdict.Status == status }) {
			return status
		}
	}
	return observation.Unmeasured
}

// zip puts two columns of cells side by side.
func zip(left, right [][]text) []row {
	rows := make([]row, max(len(left), len(right)))
	for i, cell := range left {
		rows[i].left = cell
	}
	for i, cell := range right {
		rows[i].right = cell
	}
	return rows
}

// failure says how a contact failed, behind what it was.
func (p *Page) failure(what string, e observation.Endpoint) []text {
	words := what + " " + string(e.Verdict.Reason)
	if detail := terminal.Clean(e.Detail); detail != "" {
		words += ": " + terminal.Cut(detail, mostText)
	}
	return []text{{p.mark(e.Verdict.Status).style, words}}
}

// dnsFacts are what a name server answered at one address.
func (p *Page) dnsFacts(contacts []observation.Endpoint) (lines [][]text) {
	var works []string
	var serials []uint32
	for _, e := range contacts {
		transport := strings.ToUpper(e.Transport)
		if e.Verdict.Status != observation.OK {
			lines = append(lines, p.failure(transport, e))
		} else if word := transport + " " + took(e.RTT); !slices.ContainsFunc(works, func(w string) bool { return strings.HasPrefix(w, transport) }) {
			works = append(works, word)
		}
		if e.DNS == nil {
			continue
		}
		if e.DNS.Serial != 0 && !slices.Contains(serials, e.DNS.Serial) {
			serials = append(serials, e.DNS.Serial)
		}
		if code := e.DNS.RCode; code != dns.RcodeToString[dns.RcodeSuccess] {
			lines = append(lines, []text{{plain, transport + " answers " + code}})
		}
	}
	if len(works) > 0 {
		lines = slices.Insert(lines, 0, []text{{plain, strings.Join(works, ", ")}})
	}
	for _, serial := range serials {
		lines = append(lines, []text{{plain, fmt.Sprintf("serial %d", serial)}})
	}
	return lines
}

// webFacts are what a web server showed at one address.
func (p *Page) webFacts(contacts []observation.Endpoint) (lines [][]text) {
	for _, e := range contacts {
		lines = append(lines, p.contact(e))
		if e.TLS != nil {
			lines = append(lines, p.tlsFacts(e.TLS)...)
		}
		switch {
		case e.HTTP == nil:
		case e.TLS == nil && e.HTTP.Redirects > 0: // to HTTPS, as a rule, which says the rest
			lines = append(lines, redirects(e.HTTP))
		default:
			lines = append(lines, p.httpFacts(e.HTTP)...)
		}
	}
	return lines
}

// contact says how a connection to a port went.
func (p *Page) contact(e observation.Endpoint) []text {
	port := fmt.Sprintf("port %d", e.Port)
	switch {
	case e.Verdict.Status != observation.OK && e.RTT > 0:
		return p.failure(fmt.Sprintf("%s connect %s,", port, took(e.RTT)), e)
	case e.Verdict.Status != observation.OK:
		return p.failure(port, e)
	}
	return []text{{plain, fmt.Sprintf("%s connect %s", port, took(e.RTT))}}
}

func (p *Page) tlsFacts(t *observation.TLSFacts) (lines [][]text) {
	if t.Version != "" {
		words := "TLS " + terminal.Clean(t.Version)
		if t.Handshake > 0 {
			words += ", handshake " + took(t.Handshake)
		}
		lines = append(lines, []text{{plain, words}})
	}
	if t.Certificate != "" {
		lines = append(lines, []text{{bad, "certificate: " + string(t.Certificate)}})
	}
	if !t.NotAfter.IsZero() {
		words := "certificate ends in " + days(t.NotAfter.Sub(p.Now))
		if left := t.NotAfter.Sub(p.Now); left < 0 {
			words = "certificate ended " + days(-left) + " ago"
		}
		lines = append(lines, []text{{plain, words}})
	}
	if issuer := terminal.Clean(t.Issuer); issuer != "" {
		lines = append(lines, []text{{plain, "by " + terminal.Cut(issuer, mostText)}})
	}
	return lines
}

func (p *Page) httpFacts(h *observation.HTTPFacts) (lines [][]text) {
	if h.Status == 0 {
		return nil
	}
	words := fmt.Sprintf("%s %d", strings.TrimSuffix(terminal.Clean(cmp.Or(h.Proto, "HTTP")), ".0"), h.Status)
	if h.FirstByte > 0 {
		words += " after " + took(h.FirstByte)
	}
	lines = append(lines, []text{{plain, words}})
	if h.Redirects > 0 {
		lines = append(lines, redirects(h))
	}
	if title := terminal.Clean(h.Title); title != "" {
		lines = append(lines, []text{{plain, "“" + terminal.Cut(title, mostText) + "”"}})
	}
	if h.Bytes > 0 {
		words := terminal.Thousands(h.Bytes) + " bytes"
		if h.Similarity > 0 {
			words += fmt.Sprintf(", %s like IPv4", indicator.PercentText(float64(h.Similarity)))
		}
		lines = append(lines, []text{{plain, words}})
	}
	return lines
}

func redirects(h *observation.HTTPFacts) []text {
	return []text{{plain, fmt.Sprintf("%s to %s", terminal.Plural(h.Redirects, "redirect"), terminal.Cut(terminal.Clean(h.Location), mostText))}}
}

// mailFacts are what a mail server said at one address.
func (p *Page) mailFacts(contacts []observation.Endpoint) (lines [][]text) {
	for _, e := range contacts {
		lines = append(lines, p.contact(e))
		if s := e.SMTP; s != nil {
			if s.Code != 0 {
				lines = append(lines, []text{{plain, terminal.Cut(fmt.Sprintf("%d %s", s.Code, terminal.Clean(strings.TrimPrefix(s.Banner, fmt.Sprint(s.Code)))), mostText)}})
			}
			offers := "no STARTTLS"
			if s.StartTLS {
				offers = "STARTTLS"
			}
			if s.UTF8 {
				offers += ", SMTPUTF8"
			}
			lines = append(lines, []text{{plain, offers}})
		}
		if e.TLS != nil {
			lines = append(lines, p.tlsFacts(e.TLS)...)
		}
	}
	return lines
}

// practice says how a zone is signed.
func practice(s observation.DNSSECPractice) string {
	var parts []string
	for _, a := range s.Algorithms {
		parts = append(parts, fmt.Sprintf("%s (%d)", dnssec.Algorithm(a).Name, a))
	}
	words := strings.Join(parts, " and ")
	if s.KeyBits > 0 {
		words += fmt.Sprintf(", keys of %d bits", s.KeyBits)
	}
	parts = nil
	for _, d := range s.Digests {
		parts = append(parts, fmt.Sprintf("%s (%d)", dnssec.Digest(d).Name, d))
	}
	if len(parts) > 0 {
		words += ", DS with " + strings.Join(parts, " and ")
	}
	switch {
	case s.Denial == "nsec3" && (s.NSEC3Iterations > 0 || s.NSEC3Salt > 0):
		words += fmt.Sprintf(", NSEC3 with %d iterations and %d bytes of salt", s.NSEC3Iterations, s.NSEC3Salt)
	case s.Denial != "":
		words += ", " + strings.ToUpper(s.Denial)
	}
	if s.CDS {
		words += ", CDS published"
	}
	return words
}

// days is a time left for people.
func days(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%.0f hours", d.Hours())
	}
	return fmt.Sprintf("%.0f days", d.Hours()/24)
}
