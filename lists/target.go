package lists

// Kind says what sort of name a target is. It is stored as the enumeration
// of the same words in ClickHouse.
type Kind string

// The kinds of target.
const (
	CCTLD      Kind = "cctld"      // a delegated country-code top-level domain
	Government Kind = "government" // a domain of a public body
	Custom     Kind = "custom"     // a line of a user's own list
	Suffix     Kind = "suffix"     // a domain below which a government registers names
)

// IsZone tells whether targets of the kind are zones of a registry, which have
// no site and no mail of their own.
func (k Kind) IsZone() bool { return k == CCTLD || k == Suffix }

// MarshalText implements encoding.TextMarshaler. What is not a kind that adopt6
// knows can only come from a user's own list.
func (k Kind) MarshalText() ([]byte, error) {
	switch k {
	case CCTLD, Government, Suffix:
		return []byte(k), nil
	}
	return []byte(Custom), nil
}

// Target is one line of a list: a domain to be measured and the country that
// its figures count for.
type Target struct {
	// Name is the A-label form (RFC 5890): lower case, no trailing dot.
	Name string `col:"domain"`
	// Unicode is the U-label form; equal to Name for an ASCII domain.
	Unicode string `col:"domain_unicode"`
	Kind    Kind   `col:"kind"`
	// Level is what the source says of the body behind the domain
	// ("central", "regional", ...); empty when it says nothing.
	Level string `col:"level"`
	// Country is the ISO 3166-1 alpha-2 code, upper case; empty when the
	// target belongs to no country.
	Country string `col:"country"`
	// Source names the data set the line came from, as in NOTICE.
	Source string `col:"list_source"`
	// Date is the day the source was made, YYYY-MM-DD; empty when unknown.
	Date string `col:"list_date"`
	// Roles are the codes of the roles that the host serves in its country, in
	// the order of Roles and separated by blanks; empty when none is known.
	Roles string `col:"roles"`
	// Organisation is the name of the body, Sector and Tags are what a user
	// sorts by. All three are as their list has them, or empty.
	Organisation string `col:"organisation"`
	Sector       string `col:"sector"`
	Tags         string `col:"tags"`
}
