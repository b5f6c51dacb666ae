package report

import (
	"cmp"
	"fmt"

	"adopt6/lists"
	"adopt6/store/indicator"
)

// MaxDomains, maxBlockers and maxOperators bound the tables of a country's
// page; the files beside it have everything.
const (
	MaxDomains   = 1000
	maxBlockers  = 12
	maxOperators = 15 // and servers that fail
)

// countryView is the page of a country.
type countryView struct {
	frame
	Region   link
	Groups   []link
	Code     string
	Sections []sectionView
	Clauses  []clauseView
	Compared string // day of the compared scan; empty for none
	Coverage string
	Method   string // the scan, its list, vantage and program
	Cite     string
}

// sectionView is what a country's page says of one kind of target.
type sectionView struct {
	Kind       lists.Kind
	First      bool
	Headline   string
	Share      figure
	Ends       []string // of the interval of Share
	Unmeasured string
	Key, All   []figure
	Compared   string
	History    *trend
	Blockers   []blockerView
	Domains    []domainView
	Cut        string // where the table of domains is cut
	Operators  []operatorView
	Failures   []failureView
	Peers      []peerView
}

type blockerView struct {
	Token string
	ReasonText
	Domains, Alone   string
	DomainsN, AloneN int
}

// failureView is a server that fails over IPv6, its texts made visible.
type failureView struct {
	Service, Host, Address string
	Reason                 verdict
	Seen                   []string
	Domains                string
}

type operatorView struct {
	Operator
	Share float64 // per cent of the domains
	Part  string
}

type peerView struct {
	Name, Page string
	Here       bool
	Figure     figure
	Beside     string
}

type domainView struct {
	Name, ASCII    string // ASCII only where it differs
	Query          string // the name as DNS has it
	Level, LevelIs string
	DNS, Web, Mail verdict
	V6, DNSSEC     verdict
}

func (s *Site) countryView(f frame, c *Country) countryView {
	f.Title = f.Country(c.Country)
	v := countryView{frame: f, Code: c.Alpha2}
	if c.Region != "" {
		v.Region = link{f.Word("group", "region:"+c.Region), GroupPage("region:" + c.Region)}
	}
	for i, in := range []bool{c.LDC, c.LLDC, c.SIDS} {
		if id := []string{"ldc", "lldc", "sids"}[i]; in {
			v.Groups = append(v.Groups, link{f.T("group." + id), GroupPage(id)})
		}
	}
	var targets, measured uint64
	for _, section := range c.Sections {
		r, _ := section.Row(indicator.Measured)
		targets, measured = targets+section.Targets, measured+r.Numerator
	}
	v.Coverage = f.coverage(measured, targets)
	if s.data.Compared.Started.Unix() > 0 {
		v.Compared = f.Moment(s.data.Compared.Started, Point{Started: s.data.Scan.Started})
	}
	for i, section := range c.Sections {
		v.Sections = append(v.Sections, s.sectionView(f.locale, c, section, i == 0, v.Compared))
	}
	if len(c.Sections) > 0 {
		v.Clauses = s.clauses(f.locale, c.Sections[0].Kind, false)
	}
	v.Method = f.T("method.scan", s.data.Scan.ID.String(), f.Date(s.data.Scan.Started), s.data.Scan.Vantage, s.data.Scan.Program, s.data.Scan.List)
	v.Cite = f.T("cite.text", f.T("site.title"), f.Title, s.data.Scan.ID.String(), f.Date(s.data.Scan.Started), s.data.Scan.Vantage)
	return v
}

func (s *Site) sectionView(l *locale, c *Country, section *Section, first bool, compared string) sectionView {
	v := sectionView{Kind: section.Kind, First: first, Compared: compared, Headline: l.T("country.none"),
		Key: l.figures(section, indicator.Headline(section.Kind)...), All: l.figures(section)}
	v.Share = l.figures(section, HeadlineIndicator)[0]
	if r, ok := section.Row(HeadlineIndicator); ok {
		read := l.rules.Read(r)
		switch {
		case read.Say == indicator.Between:
			v.Headline = l.T("country.between", l.Percent(read.Worst), l.Percent(read.Best))
		case r.Denominator > 0 && read.Say != indicator.Unable:
			key := map[bool]string{true: "country.headlinetld", false: "country.headline"}[section.Kind == lists.CCTLD]
			v.Ends = []string{l.Percent(v.Share.Low / 100), l.Percent(v.Share.Top / 100)}
			v.Headline = l.Count(r.Denominator, key, l.N(r.Numerator), l.N(r.Denominator))
		}
		if r.Unmeasured > 0 && read.Say != indicator.Unable {
			v.Unmeasured = l.Count(r.Unmeasured, "unmeasured.note", l.N(r.Unmeasured))
		}
	}
	v.History = l.history(section.History)
	for _, b := range section.Blockers[:min(len(section.Blockers), maxBlockers)] {
		v.Blockers = append(v.Blockers, blockerView{b.Reason, s.reason(l.Lang, b.Reason), l.N(b.Domains), l.N(b.Alone), b.Domains, b.Alone})
	}
	for _, op := range section.Operators[:min(len(section.Operators), maxOperators)] {
		of := float64(max(section.Counted, 1))
		op.Name = visible(op.Name)
		v.Operators = append(v.Operators, operatorView{op, 100 * float64(op.Domains) / of, l.Percent(float64(op.Domains) / of)})
	}
	for _, f := range section.Failures[:min(len(section.Failures), maxOperators)] {
		v.Failures = append(v.Failures, s.failure(l, f))
	}
	if section.Kind != lists.CCTLD || first {
		v.Peers = s.peers(l, c, section)
	}
	for _, o := range section.Domains {
		v.Domains = append(v.Domains, s.domain(l, o))
	}
	if section.Counted > len(section.Domains) {
		v.Cut = l.Count(uint64(section.Counted), "domains.cut", l.N(len(section.Domains)), l.N(section.Counted))
	}
	return v
}

// failure shows a server that fails.
func (s *Site) failure(l *locale, f FailedServer) failureView {
	v := failureView{Service: l.Word("probe", f.Probe), Host: visible(f.Host), Address: visible(f.Address), Domains: l.N(f.Domains),
		Reason: verdict{Reason: f.Reason, Explained: s.explains(f.Reason)}}
	for _, seen := range []string{f.Detail, f.Said} {
		if seen != "" {
			v.Seen = append(v.Seen, shortened(visible(seen)))
		}
	}
	return v
}

// maxSeen bounds what a page shows of a text from the network, in characters;
// the files have all that was kept.
const maxSeen = 120

func shortened(text string) string {
	if runes := []rune(text); len(runes) > maxSeen {
		return string(runes[:maxSeen-1]) + "…"
	}
	return text
}

// dnssecClass are the classes of chips by the state of DNSSEC.
var dnssecClass = map[string]string{"secure": "ok", "insecure": "absent", "bogus": "broken"}

func (s *Site) domain(l *locale, o Domain) domainView {
	v := domainView{Name: o.Unicode, Query: o.Name, Level: l.N(o.Readiness), DNS: s.verdict(l, o.DNS), Web: s.verdict(l, o.Web),
		Mail: s.verdict(l, o.Mail), V6: s.verdict(l, o.V6), LevelIs: l.T(fmt.Sprintf("level.%d", min(o.Readiness, 5))),
		DNSSEC: verdict{cmp.Or(dnssecClass[o.DNSSEC], "unmeasured"), l.Word("dnssec", o.DNSSEC), o.DNSSECReason, s.explains(o.DNSSECReason)}}
	if o.Name != o.Unicode {
		v.ASCII = o.Name
	}
	return v
}

// peers are the countries of the same region by name, with what can be said of
// each beside this one: nothing where a share is of few, or where a test does
// not tell the two shares apart.
func (s *Site) peers(l *locale, c *Country, section *Section) (list []peerView) {
	own := l.figures(section, HeadlineIndicator)[0]
	here, _ := section.Row(HeadlineIndicator)
	if c.Region == "" {
		return nil
	}
	for _, other := range s.ordered[l.Lang] {
		theirs := other.Section(section.Kind)
		if other.Region != c.Region || theirs == nil {
			continue
		}
		p := peerView{Name: l.Country(other.Country), Page: s.pageOf(other.Alpha2), Here: other.Alpha2 == c.Alpha2, Figure: l.figures(theirs, HeadlineIndicator)[0]}
		if !p.Figure.Bar {
			continue
		}
		there, _ := theirs.Row(HeadlineIndicator)
		switch {
		case p.Here || section.Kind == lists.CCTLD: // a census: the counts say it all
		case p.Figure.Few || own.Few || !own.Bar:
			p.Beside = l.T("peers.few")
		case !indicator.Differ(there.Numerator, there.Denominator, here.Numerator, here.Denominator):
			p.Beside = l.T("peers.same")
		case p.Figure.Share > own.Share:
			p.Beside = l.T("peers.higher")
		default:
			p.Beside = l.T("peers.lower")
		}
		list = append(list, p)
	}
	if len(list) == 1 && list[0].Here {
		return nil
	}
	return list
}
