package lists

// Names holds a name in the six official languages of the United Nations.
type Names struct {
	En                 string `col:"country_name"` // the one that is stored
	Ar, Zh, Fr, Ru, Es string
}

// In returns the name in the language with the given BCP 47 primary subtag,
// or the English name when the language is none of the six.
func (n Names) In(lang string) string {
	switch lang {
	case "ar":
		return n.Ar
	case "zh":
		return n.Zh
	case "fr":
		return n.Fr
	case "ru":
		return n.Ru
	case "es":
		return n.Es
	}
	return n.En
}

// Country holds the facts about a country or territory that figures are
// grouped by.
type Country struct {
	Alpha2 string // ISO 3166-1 alpha-2, upper case; XK (user-assigned) for Kosovo
	Alpha3 string `col:"country_alpha3"` // ISO 3166-1 alpha-3, upper case
	M49    string `col:"country_m49"`    // UN M49, three digits; empty for XK, which M49 does not list
	Names  Names  // of M49, as documents of the United Nations have them; CLDR's for what M49 does not list
	Short  Names  `col:"-"` // CLDR, for charts
	// MemberState says that it is a Member State of ITU.
	MemberState bool `col:"member_state"`

	// The groups on the day AsOf, which [Country.On] fills in; empty without.
	Region string `col:"region"` // ITU region; empty where ITU assigns none
	// The UN groups that Plenipotentiary Resolution 101 cares for: least
	// developed, landlocked developing, small island developing.
	LDC  bool `col:"ldc"`
	LLDC bool `col:"lldc"`
	SIDS bool `col:"sids"`
	// AsOf is the day of the memberships (YYYY-MM-DD): states graduate, so a
	// figure must carry it.
	AsOf string `col:"groups_as_of"`
}

// Of completes the facts of a target's country that were read from where its
// code is kept with the target.
func (c *Country) Of(t Target) {
	if c.Alpha3 != "" {
		c.Alpha2 = t.Country
	}
}
