package store

import (
	"net/netip"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner"
	"adopt6/scanner/dnssec"
)

// observationRow is a row of the table observations.
type observationRow struct {
	scan        uuid.UUID
	scanStarted time.Time
	position    uint64

	target lists.Target
	kind   int8

	country                      lists.Country
	memberState, ldc, lldc, sids uint8

	vantage       string
	started       time.Time
	startedMicros uint32
	tookUS        uint32

	dnsStatus, webStatus, mailStatus, v6OnlyStatus int8
	dnsReason, webReason, mailReason, v6OnlyReason string
	dnssec                                         int8
	dnssecReason                                   string
	readiness                                      uint8

	nameServers                    []string
	nameServersV6, nameServersV6OK uint16
	a, aaaa, wwwA, wwwAAAA         []string
	mx                             []string
	ds, dnskey                     uint16
	queries                        uint32
}

var observations = table[observationRow]{"observations", []column[observationRow]{
	field("scan", func(r *observationRow) *uuid.UUID { return &r.scan }),
	field("scan_started", func(r *observationRow) *time.Time { return &r.scanStarted }),
	field("position", func(r *observationRow) *uint64 { return &r.position }),
	field("domain", func(r *observationRow) *string { return &r.target.Name }),
	field("domain_unicode", func(r *observationRow) *string { return &r.target.Unicode }),
	field("kind", func(r *observationRow) *int8 { return &r.kind }),
	field("level", func(r *observationRow) *string { return &r.target.Level }),
	field("list_source", func(r *observationRow) *string { return &r.target.Source }),
	field("list_date", func(r *observationRow) *string { return &r.target.Date }),
	field("country", func(r *observationRow) *string { return &r.target.Country }),
	field("country_alpha3", func(r *observationRow) *string { return &r.country.Alpha3 }),
	field("country_m49", func(r *observationRow) *string { return &r.country.M49 }),
	field("country_name", func(r *observationRow) *string { return &r.country.Names.En }),
	field("region", func(r *observationRow) *string { return &r.country.Region }),
	field("member_state", func(r *observationRow) *uint8 { return &r.memberState }),
	field("ldc", func(r *observationRow) *uint8 { return &r.ldc }),
	field("lldc", func(r *observationRow) *uint8 { return &r.lldc }),
	field("sids", func(r *observationRow) *uint8 { return &r.sids }),
	field("groups_as_of", func(r *observationRow) *string { return &r.country.AsOf }),
	field("vantage", func(r *observationRow) *string { return &r.vantage }),
	field("started", func(r *observationRow) *time.Time { return &r.started }),
	field("started_micros", func(r *observationRow) *uint32 { return &r.startedMicros }),
	field("took_us", func(r *observationRow) *uint32 { return &r.tookUS }),
	field("dns_v6", func(r *observationRow) *int8 { return &r.dnsStatus }),
	field("dns_v6_reason", func(r *observationRow) *string { return &r.dnsReason }),
	field("web_v6", func(r *observationRow) *int8 { return &r.webStatus }),
	field("web_v6_reason", func(r *observationRow) *string { return &r.webReason }),
	field("mail_v6", func(r *observationRow) *int8 { return &r.mailStatus }),
	field("mail_v6_reason", func(r *observationRow) *string { return &r.mailReason }),
	field("v6_only", func(r *observationRow) *int8 { return &r.v6OnlyStatus }),
	field("v6_only_reason", func(r *observationRow) *string { return &r.v6OnlyReason }),
	field("dnssec", func(r *observationRow) *int8 { return &r.dnssec }),
	field("dnssec_reason", func(r *observationRow) *string { return &r.dnssecReason }),
	field("readiness", func(r *observationRow) *uint8 { return &r.readiness }),
	field("name_servers", func(r *observationRow) *[]string { return &r.nameServers }),
	field("name_servers_v6", func(r *observationRow) *uint16 { return &r.nameServersV6 }),
	field("name_servers_v6_ok", func(r *observationRow) *uint16 { return &r.nameServersV6OK }),
	field("a", func(r *observationRow) *[]string { return &r.a }),
	field("aaaa", func(r *observationRow) *[]string { return &r.aaaa }),
	field("www_a", func(r *observationRow) *[]string { return &r.wwwA }),
	field("www_aaaa", func(r *observationRow) *[]string { return &r.wwwAAAA }),
	field("mx", func(r *observationRow) *[]string { return &r.mx }),
	field("ds", func(r *observationRow) *uint16 { return &r.ds }),
	field("dnskey", func(r *observationRow) *uint16 { return &r.dnskey }),
	field("queries", func(r *observationRow) *uint32 { return &r.queries }),
}}

// endpointRow is a row of the table endpoints.
type endpointRow struct {
	scan        uuid.UUID
	scanStarted time.Time
	position    uint64
	ordinal     uint32

	domain, country, region, vantage string
	kind                             int8
	started                          time.Time

	probe, host, address, transport, reason, detail string
	family                                          uint8
	status                                          int8
	port                                            uint16
	rttUS                                           uint32
}

var endpoints = table[endpointRow]{"endpoints", []column[endpointRow]{
	field("scan", func(r *endpointRow) *uuid.UUID { return &r.scan }),
	field("scan_started", func(r *endpointRow) *time.Time { return &r.scanStarted }),
	field("position", func(r *endpointRow) *uint64 { return &r.position }),
	field("ordinal", func(r *endpointRow) *uint32 { return &r.ordinal }),
	field("domain", func(r *endpointRow) *string { return &r.domain }),
	field("kind", func(r *endpointRow) *int8 { return &r.kind }),
	field("country", func(r *endpointRow) *string { return &r.country }),
	field("region", func(r *endpointRow) *string { return &r.region }),
	field("vantage", func(r *endpointRow) *string { return &r.vantage }),
	field("started", func(r *endpointRow) *time.Time { return &r.started }),
	field("probe", func(r *endpointRow) *string { return &r.probe }),
	field("host", func(r *endpointRow) *string { return &r.host }),
	field("address", func(r *endpointRow) *string { return &r.address }),
	field("family", func(r *endpointRow) *uint8 { return &r.family }),
	field("port", func(r *endpointRow) *uint16 { return &r.port }),
	field("transport", func(r *endpointRow) *string { return &r.transport }),
	field("status", func(r *endpointRow) *int8 { return &r.status }),
	field("reason", func(r *endpointRow) *string { return &r.reason }),
	field("rtt_us", func(r *endpointRow) *uint32 { return &r.rttUS }),
	field("detail", func(r *endpointRow) *string { return &r.detail }),
}}

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

func toObservationRow(o *scanner.Observation, scanStarted time.Time) observationRow {
	r := observationRow{
		scan: o.Scan, scanStarted: scanStarted, position: o.Position,
		target: o.Target, kind: kindValue(o.Target.Kind),
		country:     o.Country,
		memberState: flag(o.Country.MemberState), ldc: flag(o.Country.LDC), lldc: flag(o.Country.LLDC), sids: flag(o.Country.SIDS),
		vantage: o.Vantage, tookUS: micros(o.Took),
		dnsStatus: int8(o.DNS.Status), dnsReason: string(o.DNS.Reason),
		webStatus: int8(o.Web.Status), webReason: string(o.Web.Reason),
		mailStatus: int8(o.Mail.Status), mailReason: string(o.Mail.Reason),
		v6OnlyStatus: int8(o.V6Only.Status), v6OnlyReason: string(o.V6Only.Reason),
		dnssec: int8(o.DNSSEC), dnssecReason: string(o.DNSSECReason),
		readiness:   o.Readiness,
		nameServers: o.NameServers, nameServersV6: o.NameServersV6, nameServersV6OK: o.NameServersV6OK,
		a: addressTexts(o.A), aaaa: addressTexts(o.AAAA), wwwA: addressTexts(o.WWWA), wwwAAAA: addressTexts(o.WWWAAAA),
		mx: o.MX, ds: o.DS, dnskey: o.DNSKEY, queries: o.Queries,
	}
	r.started, r.startedMicros = storedTime(o.Started)
	return r
}

// observation returns what the row holds. Of the country's names only the
// English one is stored.
func (r *observationRow) observation() scanner.Observation {
	o := scanner.Observation{
		Scan: r.scan, Position: r.position,
		Target: r.target, Country: r.country, Vantage: r.vantage,
		Started: r.started.Add(time.Duration(r.startedMicros) * time.Microsecond).UTC(),
		Took:    time.Duration(r.tookUS) * time.Microsecond,
		DNS:     verdict(r.dnsStatus, r.dnsReason), Web: verdict(r.webStatus, r.webReason),
		Mail: verdict(r.mailStatus, r.mailReason), V6Only: verdict(r.v6OnlyStatus, r.v6OnlyReason),
		DNSSEC: dnssec.State(r.dnssec), DNSSECReason: scanner.Reason(r.dnssecReason),
		Readiness:   r.readiness,
		NameServers: r.nameServers, NameServersV6: r.nameServersV6, NameServersV6OK: r.nameServersV6OK,
		A: addresses(r.a), AAAA: addresses(r.aaaa), WWWA: addresses(r.wwwA), WWWAAAA: addresses(r.wwwAAAA),
		MX: r.mx, DS: r.ds, DNSKEY: r.dnskey, Queries: r.queries,
	}
	o.Target.Kind = kinds[r.kind]
	if r.country.Alpha3 != "" {
		o.Country.Alpha2 = r.target.Country
	}
	o.Country.MemberState, o.Country.LDC, o.Country.LLDC, o.Country.SIDS = r.memberState == 1, r.ldc == 1, r.lldc == 1, r.sids == 1
	return o
}

// toEndpointRows appends the contacts of one observation.
func toEndpointRows(rows []endpointRow, o *scanner.Observation, scanStarted time.Time) []endpointRow {
	started, _ := storedTime(o.Started)
	for i, e := range o.Endpoints {
		r := endpointRow{
			scan: o.Scan, scanStarted: scanStarted, position: o.Position, ordinal: uint32(i),
			domain: o.Target.Name, kind: kindValue(o.Target.Kind), country: o.Target.Country, region: o.Country.Region,
			vantage: o.Vantage, started: started,
			probe: e.Probe, host: e.Host, port: e.Port, transport: e.Transport,
			status: int8(e.Verdict.Status), reason: string(e.Verdict.Reason),
			rttUS: micros(e.RTT), detail: e.Detail,
		}
		switch {
		case e.Addr.Is4():
			r.family = 4
		case e.Addr.Is6():
			r.family = 6
		}
		if e.Addr.IsValid() {
			r.address = e.Addr.String()
		}
		rows = append(rows, r)
	}
	return rows
}

// endpoint returns what the row holds.
func (r *endpointRow) endpoint() scanner.Endpoint {
	e := scanner.Endpoint{
		Probe: r.probe, Host: r.host, Port: r.port, Transport: r.transport,
		Verdict: verdict(r.status, r.reason),
		RTT:     time.Duration(r.rttUS) * time.Microsecond, Detail: r.detail,
	}
	if a, err := netip.ParseAddr(r.address); err == nil {
		e.Addr = a
	}
	return e
}

func verdict(status int8, reason string) scanner.Verdict {
	return scanner.Verdict{Status: scanner.Status(status), Reason: scanner.Reason(reason)}
}

func flag(set bool) uint8 {
	if set {
		return 1
	}
	return 0
}

// micros rounds to microseconds and saturates at the column's bounds.
func micros(d time.Duration) uint32 {
	return uint32(min(max(d.Microseconds(), 0), 1<<32-1))
}

// storedTime cuts a time into what a DateTime column holds, which is 1970 to
// 2105, and the microseconds beside it. A clock that stands outside gives the
// nearest end.
func storedTime(t time.Time) (seconds time.Time, micros uint32) {
	s := t.Unix()
	if s < 0 || s > 1<<32-1 {
		return time.Unix(min(max(s, 0), 1<<32-1), 0).UTC(), 0
	}
	return time.Unix(s, 0).UTC(), uint32(t.Nanosecond() / 1000)
}

func addressTexts(list []netip.Addr) []string {
	texts := make([]string, len(list))
	for i, a := range list {
		texts[i] = a.String()
	}
	return texts
}

func addresses(texts []string) []netip.Addr {
	var list []netip.Addr
	for _, text := range texts {
		if a, err := netip.ParseAddr(text); err == nil {
			list = append(list, a)
		}
	}
	return list
}
