package lists

import (
	"net/url"
	"testing"
	"time"
)

// TestGroupsOfADay picks the groups by the day: the last in a group and the
// first out of it, what was put off, and what is not confirmed.
func TestGroupsOfADay(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		country, day string
		ldc          bool
	}{
		{"VU", "2020-12-03", true}, {"VU", "2020-12-04", false},
		{"BT", "2023-12-12", true}, {"BT", "2023-12-13", false},
		{"ST", "2024-12-12", true}, {"ST", "2024-12-13", false},
		{"SB", "2024-12-13", true},                                                         // put off to 2027
		{"AO", "2021-02-12", true}, {"AO", "2024-02-12", true}, {"AO", "2030-01-01", true}, // put off, without a date
		{"BD", "2026-11-23", true}, {"BD", "2026-11-24", true}, {"LA", "2026-12-01", true}, {"NP", "2026-12-01", true}, // to be confirmed
		{"TG", "2026-11-24", true}, {"FR", "2026-11-24", false},
	} {
		c, _ := CountryByCode(test.country)
		if got := c.On(date(t, test.day)); got.LDC != test.ldc || got.AsOf != test.day {
			t.Errorf("%s on %s: %+v, want LDC %v", test.country, test.day, got, test.ldc)
		}
	}
	// A day is one of UTC.
	bhutan, _ := CountryByCode("BT")
	if east := time.FixedZone("east", 12*3600); !bhutan.On(time.Date(2023, 12, 13, 11, 0, 0, 0, east)).LDC {
		t.Error("the day is that of another zone")
	}
}

func TestMembershipsToConfirm(t *testing.T) {
	t.Parallel()
	for day, want := range map[string]string{"2026-11-23": "", "2026-11-24": "BD LA NP ", "2027-12-13": "BD LA NP SB ", "2030-01-01": "BD KH LA NP SB SN "} {
		var got string
		for _, m := range ToConfirm(date(t, day)) {
			got += m.Country + " "
		}
		if got != want {
			t.Errorf("to be confirmed on %s: %q, want %q", day, got, want)
		}
	}
}

// TestMembershipsAreWhole holds every row to a country, a group, days in order
// and a source.
func TestMembershipsAreWhole(t *testing.T) {
	t.Parallel()
	sources := make(map[string]bool)
	for _, s := range Sources() {
		sources[s.ID] = true
	}
	for _, m := range Memberships() {
		if _, known := CountryByCode(m.Country); !known {
			t.Errorf("%+v: no such country", m)
		}
		for _, day := range []string{m.From, m.To} {
			if day != "" {
				date(t, day)
			}
		}
		if m.From != "" && m.To != "" && m.From >= m.To || m.To == "" && !m.Confirmed {
			t.Errorf("%+v: ends before it begins, or an end to confirm without a day", m)
		}
		if u, err := url.Parse(m.Source); !sources[m.Source] && (err != nil || u.Host == "") {
			t.Errorf("%+v: the source is not data set and no address", m)
		}
	}
}

// TestCountryNames has documents use the names of M49, in the nominative, and
// charts the short ones.
func TestCountryNames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ code, lang, name, short string }{
		{"GB", "en", "United Kingdom of Great Britain and Northern Ireland", "United Kingdom"},
		{"TZ", "fr", "République-Unie de Tanzanie", "Tanzanie"},
		{"LA", "ru", "Лаосская Народно-Демократическая Республика", "Лаос"},
		{"CI", "en", "Côte d’Ivoire", "Côte d’Ivoire"},
		{"FK", "en", "Falkland Islands (Malvinas)", "Falkland Islands"},
		{"AX", "ru", "Аландские острова", "Аландские о-ва"},
		{"TG", "zh", "多哥", "多哥"},
	} {
		c, _ := CountryByCode(test.code)
		if c.Names.In(test.lang) != test.name || c.Short.In(test.lang) != test.short {
			t.Errorf("%s in %s is %q, short %q; want %q, %q", test.code, test.lang, c.Names.In(test.lang), c.Short.In(test.lang), test.name, test.short)
		}
	}
	for _, c := range Countries() {
		checkWords(t, c.Alpha2, c.Names)
		checkWords(t, c.Alpha2, c.Short)
	}
}

func date(t *testing.T, day string) time.Time {
	t.Helper()
	d, err := time.Parse(time.DateOnly, day)
	if err != nil {
		t.Fatal(err)
	}
	return d
}
