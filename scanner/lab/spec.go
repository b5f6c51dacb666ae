package lab

import (
	"net/netip"
	"strings"

	"go.yaml.in/yaml/v3"

	"adopt6/lists"
)

// Domain is a zone with its name servers, web and mail hosts as a scenario
// describes it. Zones and profiles have the same fields.
type Domain struct {
	Like    string      `yaml:"like"`
	About   string      `yaml:"about"`
	Country string      `yaml:"country"` // ISO 3166-1 alpha-2; by the TLD when empty
	Kind    lists.Kind  `yaml:"kind"`    // government when empty
	Level   string      `yaml:"level"`
	TTL     uint32      `yaml:"ttl"` // seconds
	NS      NameServers `yaml:"ns"`
	DNSSEC  DNSSEC      `yaml:"dnssec"`
	Web     Web         `yaml:"web"`
	Mail    Mail        `yaml:"mail"`
	Records records     `yaml:"records"`
	Faults  []Fault     `yaml:"faults"`
	Truth   TruthSpec   `yaml:"truth"`
}

// records is zone file text with its place in the scenario.
type records struct {
	text string
	line int
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (r *records) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind != yaml.ScalarNode {
		return nodeError(node, "records: needs zone file text; begin it with \"records: |\"")
	}
	r.text, r.line = node.Value, node.Line
	if node.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0 {
		r.line++ // the text begins on the line below its key
	}
	return nil
}

// HostSpec says which addresses a host has.
type HostSpec struct {
	V4, V6    bool         // one address of the family, chosen by the laboratory
	Addrs     []netip.Addr // or these
	Elsewhere bool         // declared by another domain or below hosts
}

var families = map[string]HostSpec{
	"both": {V4: true, V6: true}, "v4": {V4: true}, "v6": {V6: true}, "none": {}, "elsewhere": {Elsewhere: true},
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (h *HostSpec) UnmarshalYAML(node *yaml.Node) error {
	if node.Kind == yaml.ScalarNode {
		if _, err := netip.ParseAddr(node.Value); err == nil {
			return h.UnmarshalYAML(&yaml.Node{Kind: yaml.SequenceNode, Line: node.Line, Content: []*yaml.Node{node}})
		}
		spec, ok := families[node.Value]
		if !ok {
			return unknownKey(node, "addresses", families)
		}
		*h = spec
		return nil
	}
	*h = HostSpec{}
	if node.Kind != yaml.SequenceNode {
		return nodeError(node, "addresses: both, v4, v6, none, elsewhere or a list of addresses")
	}
	for _, item := range node.Content {
		switch item.Value {
		case "v4":
			h.V4 = true
			continue
		case "v6":
			h.V6 = true
			continue
		}
		addr, err := netip.ParseAddr(item.Value)
		if err != nil || addr.Zone() != "" {
			return nodeError(item, "%q is not an IP address, nor v4 or v6", item.Value)
		}
		if reserved(addr) {
			return nodeError(item, "%s lies in a block that the laboratory gives out itself; leave the choice to it or take another", addr)
		}
		h.Addrs = append(h.Addrs, addr)
	}
	return nil
}

// NameServer is one name server of a zone.
type NameServer struct {
	Name string `yaml:"-"` // relative to the zone unless it ends in a dot
	// Addr are the addresses in the zone that owns the name.
	Addr HostSpec `yaml:"addr"`
	// Glue are the addresses that the parent publishes, when they differ.
	Glue *HostSpec `yaml:"glue"`
	// Parent and Child say whose NS set the name is in; both when not given.
	Parent *bool `yaml:"parent"`
	Child  *bool `yaml:"child"`
	// Serves is false for a server that does not have the zone.
	Serves *bool `yaml:"serves"`
}

// NameServers are the name servers of a zone: a mapping from names to their
// addresses, a list of names declared elsewhere, or the word parent for those
// of the parent zone.
type NameServers struct {
	Parent bool
	List   []NameServer
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (s *NameServers) UnmarshalYAML(node *yaml.Node) error {
	*s = NameServers{}
	switch {
	case node.Kind == yaml.ScalarNode && node.Value == "parent":
		s.Parent = true
		return nil
	case node.Kind == yaml.SequenceNode:
		for _, item := range node.Content {
			s.List = append(s.List, NameServer{Name: item.Value, Addr: HostSpec{Elsewhere: true}})
		}
		return nil
	case node.Kind != yaml.MappingNode:
		return nodeError(node, "ns: a mapping from names to addresses, a list of names, or parent")
	}
	var entries ordered
	if err := entries.UnmarshalYAML(node); err != nil {
		return err
	}
	for _, e := range entries {
		ns := NameServer{Name: e.key, Addr: HostSpec{V4: true, V6: true}}
		into := any(&ns.Addr)
		if e.value.Kind == yaml.MappingNode {
			into = &ns
		}
		if err := decode(e.value, into); err != nil {
			return err
		}
		s.List = append(s.List, ns)
	}
	return nil
}

// Web is the web site of a domain, at its apex and at www.
type Web struct {
	Apex HostSpec
	// WWW are the addresses of www; SameWWW uses the apex's host.
	WWW     HostSpec
	SameWWW bool
	CNAME   string // www is an alias for this name
	Pages   []Page
	given   bool
}

// Page is one rule of a web site: the first whose conditions hold answers.
type Page struct {
	Host   string `yaml:"host"`   // apex, www or a full name; any when empty
	Family string `yaml:"family"` // v4 or v6
	Scheme string `yaml:"scheme"` // http or https
	Path   string `yaml:"path"`   // exact; any when empty

	Status   int               `yaml:"status"`
	Redirect string            `yaml:"redirect"` // Location; the word https for the same host
	Title    string            `yaml:"title"`
	Body     string            `yaml:"body"`
	Headers  map[string]string `yaml:"headers"`
	Raw      string            `yaml:"raw"`    // sent in place of a response, over HTTP/1.1
	Varies   int               `yaml:"varies"` // words at the end of the body that are drawn for each visit
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (w *Web) UnmarshalYAML(node *yaml.Node) error {
	w.given = true
	if node.Kind != yaml.MappingNode {
		pages := w.Pages
		*w = Web{SameWWW: true, Pages: pages, given: true}
		return w.Apex.UnmarshalYAML(node)
	}
	body := struct {
		Apex  *HostSpec `yaml:"apex"`
		WWW   yaml.Node `yaml:"www"`
		Pages []Page    `yaml:"pages"`
	}{}
	if err := decode(node, &body); err != nil {
		return err
	}
	if body.Apex != nil {
		w.Apex = *body.Apex
	}
	if body.Pages != nil {
		w.Pages = body.Pages
	}
	switch www := &body.WWW; {
	case www.IsZero():
	case www.Value == "same":
		w.SameWWW, w.CNAME, w.WWW = true, "", HostSpec{}
	case www.Kind == yaml.MappingNode:
		alias := struct {
			CNAME string `yaml:"cname"`
		}{}
		w.SameWWW, w.WWW = false, HostSpec{}
		if err := decode(www, &alias); err != nil {
			return err
		}
		w.CNAME = alias.CNAME
	default:
		w.SameWWW, w.CNAME = false, ""
		return decode(www, &w.WWW)
	}
	return nil
}

// Exchanger is one mail exchanger.
type Exchanger struct {
	Name string
	Addr HostSpec
}

// Mail is the mail service of a domain.
type Mail struct {
	MX       []Exchanger // in order of preference
	Null     bool        // a null MX record, RFC 7505
	Implicit bool        // the apex takes mail, without an MX record
	Banner   string      // the text behind "220 "
	StartTLS bool
	SMTPUTF8 bool
	given    bool
}

// UnmarshalYAML implements yaml.Unmarshaler.
func (m *Mail) UnmarshalYAML(node *yaml.Node) error {
	if !m.given {
		*m = Mail{StartTLS: true, SMTPUTF8: true, given: true}
	}
	switch node.Kind {
	case yaml.ScalarNode, yaml.SequenceNode:
		m.MX, m.Null, m.Implicit = nil, node.Value == "null_mx", node.Value == "implicit"
		switch {
		case m.Null, node.Value == "none":
			return nil
		case m.Implicit:
			m.MX = []Exchanger{{Name: "@", Addr: HostSpec{Elsewhere: true}}}
			return nil
		}
		mx := Exchanger{Name: "mail"}
		if err := mx.Addr.UnmarshalYAML(node); err != nil {
			return err
		}
		m.MX = []Exchanger{mx}
		return nil
	case yaml.MappingNode:
	default:
		return nodeError(node, "mail: both, v4, v6, none, null_mx, implicit or a mapping with mx, starttls, smtputf8, banner")
	}
	body := struct {
		MX       ordered `yaml:"mx"`
		Banner   *string `yaml:"banner"`
		StartTLS *bool   `yaml:"starttls"`
		SMTPUTF8 *bool   `yaml:"smtputf8"`
	}{}
	if err := decode(node, &body); err != nil {
		return err
	}
	if body.MX != nil {
		m.MX, m.Null, m.Implicit = nil, false, false
		for _, e := range body.MX {
			mx := Exchanger{Name: e.key}
			if err := mx.Addr.UnmarshalYAML(e.value); err != nil {
				return err
			}
			m.MX = append(m.MX, mx)
		}
	}
	set(&m.Banner, body.Banner)
	set(&m.StartTLS, body.StartTLS)
	set(&m.SMTPUTF8, body.SMTPUTF8)
	return nil
}

func set[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

// bare drops the final dot and folds case, the form of names in this package.
func bare(name string) string { return strings.ToLower(strings.TrimSuffix(name, ".")) }
