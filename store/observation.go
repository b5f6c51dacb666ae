package store

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
)

// observationRow is a row of the table observations.
type observationRow struct {
	*observation.Observation
	scanStarted time.Time
	// findings are those of a row that was read: its contacts, which have them
	// too, are in another table.
	findings []string
}

var observations = table[observationRow]{"observations", columns(
	[]column[observationRow]{
		field("scan", func(r *observationRow) uuid.UUID { return r.Scan }, func(r *observationRow, v uuid.UUID) {
			r.Observation = &observation.Observation{Scan: v} // the first column makes the row
		}),
		same("scan_started", func(r *observationRow) *time.Time { return &r.scanStarted }),
	},
	ofObservation(columns(
		one(same("position", func(o *observation.Observation) *uint64 { return &o.Position })),
		targetColumns, countryColumns, courseColumns, verdictColumns, dnssecColumns, recordColumns,
	)),
	one(column[observationRow]{
		name: "findings",
		collect: func() (cells, func(*observationRow)) {
			c := newTextLists()
			return c, func(r *observationRow) {
				if r.findings != nil {
					c.put(r.findings)
					return
				}
				reasons := r.Findings()
				for _, reason := range reasons {
					c.each.put(string(reason))
				}
				c.end(len(reasons))
			}
		},
		dest: dest(func(r *observationRow, v []string) { r.findings = v }),
	}),
)}

// ofObservation makes columns of observations columns of rows.
func ofObservation(list []column[observation.Observation]) []column[observationRow] {
	of := func(r *observationRow) *observation.Observation { return r.Observation }
	return part(list, of, of)
}

func one[R any](c column[R]) []column[R] { return []column[R]{c} }

var targetColumns = []column[observation.Observation]{
	text("domain", func(o *observation.Observation) *string { return &o.Target.Name }),
	text("domain_unicode", func(o *observation.Observation) *string { return &o.Target.Unicode }),
	kindColumn,
	word("level", func(o *observation.Observation) *string { return &o.Target.Level }),
	word("list_source", func(o *observation.Observation) *string { return &o.Target.Source }),
	word("list_date", func(o *observation.Observation) *string { return &o.Target.Date }),
}

var kindColumn = field("kind", func(o *observation.Observation) int8 { return kindValue(o.Target.Kind) },
	func(o *observation.Observation, v int8) { o.Target.Kind = kinds[v] })

// countryColumns are the facts of the country as of the scan. Of its names only
// the English one is stored.
var countryColumns = []column[observation.Observation]{
	word("country", func(o *observation.Observation) *string { return &o.Target.Country }),
	wordOf("country_alpha3", func(o *observation.Observation) string { return o.Country.Alpha3 }, func(o *observation.Observation, v string) {
		if o.Country.Alpha3 = v; v != "" {
			o.Country.Alpha2 = o.Target.Country
		}
	}),
	word("country_m49", func(o *observation.Observation) *string { return &o.Country.M49 }),
	word("country_name", func(o *observation.Observation) *string { return &o.Country.Names.En }),
	word("region", func(o *observation.Observation) *string { return &o.Country.Region }),
	flag("member_state", func(o *observation.Observation) *bool { return &o.Country.MemberState }),
	flag("ldc", func(o *observation.Observation) *bool { return &o.Country.LDC }),
	flag("lldc", func(o *observation.Observation) *bool { return &o.Country.LLDC }),
	flag("sids", func(o *observation.Observation) *bool { return &o.Country.SIDS }),
	word("groups_as_of", func(o *observation.Observation) *string { return &o.Country.AsOf }),
}

// courseColumns say where, when and for how long.
var courseColumns = []column[observation.Observation]{
	word("vantage", func(o *observation.Observation) *string { return &o.Vantage }),
	field("started", func(o *observation.Observation) time.Time {
		seconds, _ := storedTime(o.Started)
		return seconds
	}, func(o *observation.Observation, v time.Time) { o.Started = v.UTC() }),
	field("started_micros", func(o *observation.Observation) uint32 {
		_, micros := storedTime(o.Started)
		return micros
	}, func(o *observation.Observation, v uint32) {
		o.Started = o.Started.Add(time.Duration(v) * time.Microsecond)
	}),
	elapsed("took_us", func(o *observation.Observation) *time.Duration { return &o.Took }),
	same("passes", func(o *observation.Observation) *uint8 { return &o.Passes }),
	listOf("unsteady", func(o *observation.Observation) *[]string { return &o.Unsteady }),
}

var verdictColumns = columns(
	verdict("dns_v6", func(o *observation.Observation) *observation.Verdict { return &o.DNS }),
	verdict("web_v6", func(o *observation.Observation) *observation.Verdict { return &o.Web }),
	verdict("mail_v6", func(o *observation.Observation) *observation.Verdict { return &o.Mail }),
	verdict("v6_only", func(o *observation.Observation) *observation.Verdict { return &o.V6Only }),
	verdict("v6_only_records", func(o *observation.Observation) *observation.Verdict { return &o.V6OnlyRecords }),
	[]column[observation.Observation]{
		text("v6_only_zone", func(o *observation.Observation) *string { return &o.V6OnlyZone }),
		listOf("operators", func(o *observation.Observation) *[]string { return &o.Operators }),
		listOf("freed_by", func(o *observation.Observation) *[]string { return &o.FreedBy }),
	},
	verdict("dns_v4", func(o *observation.Observation) *observation.Verdict { return &o.DNSV4 }),
	verdict("web_v4", func(o *observation.Observation) *observation.Verdict { return &o.WebV4 }),
	verdict("mail_v4", func(o *observation.Observation) *observation.Verdict { return &o.MailV4 }),
	verdict("delegation", func(o *observation.Observation) *observation.Verdict { return &o.Delegation }),
	verdict("same_serial", func(o *observation.Observation) *observation.Verdict { return &o.SameSerial }),
	verdict("address_v6", func(o *observation.Observation) *observation.Verdict { return &o.Address }),
	verdict("web_apex_v6", func(o *observation.Observation) *observation.Verdict { return &o.WebApex }),
	verdict("web_www_v6", func(o *observation.Observation) *observation.Verdict { return &o.WebWWW }),
	verdict("same_content", func(o *observation.Observation) *observation.Verdict { return &o.SameContent }),
	[]column[observation.Observation]{
		same("similarity", func(o *observation.Observation) *float32 { return &o.Similarity }),
		elapsed("web_connect_v4_us", func(o *observation.Observation) *time.Duration { return &o.WebTimesV4.Connect }),
		elapsed("web_tls_v4_us", func(o *observation.Observation) *time.Duration { return &o.WebTimesV4.TLS }),
		elapsed("web_first_byte_v4_us", func(o *observation.Observation) *time.Duration { return &o.WebTimesV4.FirstByte }),
		elapsed("web_connect_v6_us", func(o *observation.Observation) *time.Duration { return &o.WebTimesV6.Connect }),
		elapsed("web_tls_v6_us", func(o *observation.Observation) *time.Duration { return &o.WebTimesV6.TLS }),
		elapsed("web_first_byte_v6_us", func(o *observation.Observation) *time.Duration { return &o.WebTimesV6.FirstByte }),
	},
	verdict("starttls", func(o *observation.Observation) *observation.Verdict { return &o.StartTLS }),
	verdict("smtputf8", func(o *observation.Observation) *observation.Verdict { return &o.SMTPUTF8 }),
)

var dnssecColumns = []column[observation.Observation]{
	code("dnssec", func(o *observation.Observation) *observation.State { return &o.DNSSEC }),
	word("dnssec_reason", func(o *observation.Observation) *observation.Reason { return &o.DNSSECReason }),
	code("dnssec_www", func(o *observation.Observation) *observation.State { return &o.DNSSECWWW }),
	code("dnssec_mx", func(o *observation.Observation) *observation.State { return &o.DNSSECMX }),
	listOf("dnssec_algorithms", func(o *observation.Observation) *[]uint8 { return &o.Practice.Algorithms }),
	same("dnssec_key_bits", func(o *observation.Observation) *uint16 { return &o.Practice.KeyBits }),
	listOf("ds_digests", func(o *observation.Observation) *[]uint8 { return &o.Practice.Digests }),
	word("denial", func(o *observation.Observation) *string { return &o.Practice.Denial }),
	same("nsec3_iterations", func(o *observation.Observation) *uint16 { return &o.Practice.NSEC3Iterations }),
	same("nsec3_salt", func(o *observation.Observation) *uint8 { return &o.Practice.NSEC3Salt }),
	moment("signature_expires", func(o *observation.Observation) *time.Time { return &o.Practice.Expires }),
	flag("cds", func(o *observation.Observation) *bool { return &o.Practice.CDS }),
	same("readiness", func(o *observation.Observation) *uint8 { return &o.Readiness }),
}

var recordColumns = []column[observation.Observation]{
	text("zone", func(o *observation.Observation) *string { return &o.Zone }),
	listOf("name_servers", func(o *observation.Observation) *[]string { return &o.NameServers }),
	same("name_servers_v6", func(o *observation.Observation) *uint16 { return &o.NameServersV6 }),
	same("name_servers_v6_ok", func(o *observation.Observation) *uint16 { return &o.NameServersV6OK }),
	addressList("a", func(o *observation.Observation) *[]netip.Addr { return &o.A }),
	addressList("aaaa", func(o *observation.Observation) *[]netip.Addr { return &o.AAAA }),
	addressList("www_a", func(o *observation.Observation) *[]netip.Addr { return &o.WWWA }),
	addressList("www_aaaa", func(o *observation.Observation) *[]netip.Addr { return &o.WWWAAAA }),
	field("hosting_as", func(o *observation.Observation) []uint32 {
		numbers := make([]uint32, len(o.Hosting))
		for i, as := range o.Hosting {
			numbers[i] = as.Number
		}
		return numbers
	}, func(o *observation.Observation, numbers []uint32) {
		for _, n := range numbers {
			o.Hosting = append(o.Hosting, observation.AS{Number: n})
		}
	}),
	field("hosting_as_names", func(o *observation.Observation) []string {
		names := make([]string, len(o.Hosting))
		for i, as := range o.Hosting {
			names[i] = as.Name
		}
		return names
	}, func(o *observation.Observation, names []string) {
		for i := range min(len(names), len(o.Hosting)) {
			o.Hosting[i].Name = names[i]
		}
	}),
	listOf("hosting_as_v6", func(o *observation.Observation) *[]uint32 { return &o.HostingV6 }),
	flag("www_same_address", func(o *observation.Observation) *bool { return &o.WWWSameAddress }),
	listOf("mx", func(o *observation.Observation) *[]string { return &o.MX }),
	same("ds", func(o *observation.Observation) *uint16 { return &o.DS }),
	same("dnskey", func(o *observation.Observation) *uint16 { return &o.DNSKEY }),
	same("glue_v6", func(o *observation.Observation) *uint16 { return &o.GlueV6 }),
	same("queries", func(o *observation.Observation) *uint32 { return &o.Queries }),
	{
		name: "probes",
		collect: func() (cells, func(*observation.Observation)) {
			c := newTextLists()
			return c, func(o *observation.Observation) {
				for i := range o.Probes {
					c.each.put(o.Probes[i].Probe)
				}
				c.end(len(o.Probes))
			}
		},
		dest: dest(func(o *observation.Observation, names []string) {
			for _, name := range names {
				o.Probes = append(o.Probes, observation.ProbeTime{Probe: name})
			}
		}),
	},
	{
		name: "probe_us",
		collect: func() (cells, func(*observation.Observation)) {
			c := &listCells[uint32]{each: newCells[uint32]()}
			return c, func(o *observation.Observation) {
				for i := range o.Probes {
					c.each.put(micros(o.Probes[i].Took))
				}
				c.end(len(o.Probes))
			}
		},
		dest: dest(func(o *observation.Observation, times []uint32) {
			for i := range min(len(times), len(o.Probes)) {
				o.Probes[i].Took = time.Duration(times[i]) * time.Microsecond
			}
		}),
	},
}

// kinds are the values of the enumeration of the column kind.
var kinds = []lists.Kind{lists.CCTLD, lists.Government, lists.Custom}

// kindValue returns a kind's stored value. What is no kind that adopt6 knows
// can only come from a user's own list.
func kindValue(k lists.Kind) int8 {
	for i, kind := range kinds {
		if kind == k {
			return int8(i)
		}
	}
	return 2
}
