package lists

import (
	_ "embed"
	"slices"
	"strings"
	"testing"
)

// TestFrameRows reads every row of the frame: what a row must have, and that
// nothing is there twice.
func TestFrameRows(t *testing.T) {
	t.Parallel()
	sources := make(map[string]string)
	for _, s := range Sources() {
		sources[s.ID] = s.Date
	}
	seen := make(map[string]bool)
	before := FrameRow{}
	for _, r := range Frame() {
		where := r.Country + " " + r.Role
		if c, ok := CountryByCode(r.Country); !ok || !c.MemberState {
			t.Errorf("%s: not a Member State", where)
		}
		if _, ok := RoleByCode(r.Role); !ok || seen[where] {
			t.Errorf("%s: unknown role, or there twice", where)
		}
		if r.Country < before.Country || r.Country == before.Country && roleIndex(r.Role) < roleIndex(before.Role) {
			t.Errorf("%s: out of order", where)
		}
		seen[where], before = true, r
		if r.Checked == "" {
			t.Errorf("%s: it was not checked", where)
		}
		switch r.Status {
		case RoleAbsent:
			if r.Host != "" || r.Note == "" {
				t.Errorf("%s: %+v: a role that a state lacks has a reason and no host", where, r)
			}
		case RoleDropped, RoleFound, RoleRenamed:
			if (r.Status == RoleDropped) != (r.Note != "") {
				t.Errorf("%s: %+v: what was dropped says why, and nothing else does", where, r)
			}
			name, _, err := Normalize(r.Host)
			if err != nil || name != r.Host || strings.HasPrefix(name, "www.") {
				t.Errorf("%s: host %q: %v", where, r.Host, err)
			}
			if r.Record == "" || r.Date == "" || sources[r.Source] != r.Date {
				t.Errorf("%s: %+v: no record, or not the date of its source", where, r)
			}
		default:
			t.Errorf("%s: status %q", where, r.Status)
		}
	}
}

// TestFrameCoverage holds how many states have how many roles: fewer would
// make comparisons of the world thinner than docs/lists.md says.
func TestFrameCoverage(t *testing.T) {
	t.Parallel()
	found := make(map[string]int)
	for target := range FrameTargets() {
		found[target.Country] += len(strings.Fields(target.Roles))
	}
	atLeast := func(n int) (states int) {
		for _, roles := range found {
			if roles >= n {
				states++
			}
		}
		return states
	}
	if ten, twenty := atLeast(10), atLeast(20); ten < 168 || twenty < 105 {
		t.Errorf("%d states have 10 roles, %d have 20", ten, twenty)
	}
	if n := len(FrameCountries()); n != 193 {
		t.Errorf("%d states", n)
	}
}

func TestFrameOf(t *testing.T) {
	t.Parallel()
	rows := FrameOf("HU")
	if len(rows) != len(Roles()) {
		t.Fatalf("%d rows", len(rows))
	}
	status := make(map[string]FrameRow)
	for _, r := range rows {
		status[r.Role] = r
	}
	if r := status["parliament-upper"]; r.Status != RoleAbsent {
		t.Errorf("Hungary has one chamber: %+v", r)
	}
	if r := status["finance"]; r.Status != RoleFound || r.Host != "kormany.hu" {
		t.Errorf("%+v", r)
	}
	if r := status["land"]; r.Status != RoleUnknown || r.Country != "HU" {
		t.Errorf("%+v", r)
	}
	if rows := FrameOf("XX"); rows != nil {
		t.Errorf("a country that the frame does not cover: %v", rows)
	}
	for target := range FrameTargets() {
		if target.Name == "kormany.hu" && !(strings.Contains(target.Roles, "finance") && strings.Contains(target.Roles, "justice")) {
			t.Errorf("one site of many ministries has the roles %q", target.Roles)
		}
	}
}

//go:embed testdata/frame_sample.csv
var frameSample string

// TestFrameSample holds the verdicts on 300 rows drawn at random: a row is old
// when its body was renamed or its host moved, weak when another host would
// fit better, wrong when the host is not of the role.
func TestFrameSample(t *testing.T) {
	t.Parallel()
	verdicts := make(map[string]int)
	for _, f := range quotedRows(frameSample) {
		verdicts[f[3]]++
		if f[3] != "ok" && f[4] == "" {
			t.Errorf("%v: no reason", f)
		}
		if !slices.ContainsFunc(frameRows(frame(), f[0]), func(r FrameRow) bool { return r.Role == f[1] && r.Host == f[2] }) {
			t.Errorf("%s %s: the frame no longer has %s", f[0], f[1], f[2])
		}
	}
	total := verdicts["ok"] + verdicts["weak"] + verdicts["old"] + verdicts["wrong"]
	if total != 300 || verdicts["ok"] != 282 || verdicts["weak"] != 7 || verdicts["old"] != 11 {
		t.Errorf("verdicts: %v", verdicts)
	}
	if 100*verdicts["wrong"] >= 2*total || 100*verdicts["old"] >= 5*total {
		t.Errorf("too many wrong or old: %v", verdicts)
	}
}

func TestParseRoles(t *testing.T) {
	t.Parallel()
	for in, want := range map[string]string{
		"":                   "",
		"finance":            "finance",
		"Customs; TAX":       "tax customs",
		"tax,tax  customs":   "tax customs",
		"gazette|finance":    "finance gazette",
		"head-of-government": "head-of-government",
	} {
		if got, err := ParseRoles(in); got != want || err != nil {
			t.Errorf("ParseRoles(%q) = %q, %v", in, got, err)
		}
	}
	for in, want := range map[string]string{
		"finanse":  `unknown role "finanse": did you mean "finance"?`,
		"ministry": `unknown role "ministry": write one of: head-of-state, head-of-government,`,
	} {
		if _, err := ParseRoles(in); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("ParseRoles(%q): %v", in, err)
		}
	}
}

// TestRoles checks that every role has its texts.
func TestRoles(t *testing.T) {
	t.Parallel()
	if n := len(Roles()); n != 36 {
		t.Errorf("%d roles", n)
	}
	for _, r := range Roles() {
		for _, lang := range []string{"ar", "en", "es", "fr", "ru", "zh"} {
			if r.Names.In(lang) == "" {
				t.Errorf("%s has no name in %s", r.Code, lang)
			}
		}
		if r.COFOG == "" || r.Counts == "" || r.DoesNotCount == "" || r.MayBeAbsent == "" {
			t.Errorf("%s: %+v", r.Code, r)
		}
	}
}

// TestReadFrame reads what a focal point has filled in, and names each slip.
func TestReadFrame(t *testing.T) {
	t.Parallel()
	head := "country,role,status,host,body,source,record,date,checked,note,role_name\n"
	own, faults, err := ReadFrame(strings.NewReader("\ufeff# for Togo\n"[3:]+head+
		"TG,tax,unknown,https://www.otr.tg/fr,OTR,,,2026-12-01,ARCEP 2026-12,,Tax\n"+
		"TG,customs,,otr.tg,,,,,ARCEP 2026-12,,\n"+
		"TG,police,unknown,,,,,,,,\n"+
		"TG,parliament-upper,none,,,,,,ARCEP 2026-12,not yet elected,\n"), "tg.csv", 10)
	if err != nil || len(faults) != 0 || len(own) != 3 {
		t.Fatalf("%+v, %v, %v", own, faults, err)
	}
	if own[0].Host != "otr.tg" || own[0].Status != RoleFound || own[0].Body != "OTR" || own[2].Status != RoleAbsent {
		t.Errorf("%+v", own)
	}
	for row, want := range map[string]string{
		"TO GO,tax,,otr.tg,,,,,x,,":               `tg.csv:2: unknown country code "TO GO": did you mean "TG" (Togo)?`,
		"TG,taxe,,otr.tg,,,,,x,,":                 `tg.csv:2: unknown role "taxe": did you mean "tax"?`,
		"TG,tax,,otr,,,,,x,,":                     `tg.csv:2: "otr" is a single label and no top-level domain`,
		"TG,tax,,otr.tg,,,,,,,":                   `tg.csv:2: nobody has checked the row: write who did and when`,
		"TG,tax,none,,,,,,x,,":                    `tg.csv:2: the state has no such body, and the row does not say why`,
		"TG,tax,none,otr.tg,,,,,x,,":              `tg.csv:2: status none, and a host`,
		"TG,tax,current,,,,,,x,,":                 `tg.csv:2: status current, and no host`,
		"TG,tax,yes,otr.tg,,,,,x,,":               `tg.csv:2: unknown status "yes": write current, renamed, none or unknown`,
		"TG,tax,,otr.tg,,,,1.12.2026,x,,":         `tg.csv:2: "1.12.2026" is not a date`,
		"TG,tax,,a.tg,,,,,x,\nTG,tax,,b.tg,,,,,x": `tg.csv:3: tax of TG stands in line 2 already: keep one row a role`,
	} {
		_, faults, err := ReadFrame(strings.NewReader(head+row+"\n"), "tg.csv", 10)
		if err != nil || len(faults) != 1 || !strings.HasPrefix(faults[0].Error(), want) {
			t.Errorf("%q:\n got %v, %v\nwant %s", row, faults, err, want)
		}
	}
	for text, want := range map[string]string{
		"":                  "tg.csv:1: the file is empty",
		"country,role\n":    `tg.csv:1: the header has no column "status"`,
		head + "TG,\"tax\n": "tg.csv:2: extraneous or missing",
	} {
		if _, _, err := ReadFrame(strings.NewReader(text), "tg.csv", 10); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}
