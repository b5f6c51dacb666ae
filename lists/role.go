package lists

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed roles.csv
var roleFile string

// Role is something that a state has a body for, whatever it calls that body:
// the same roles in every state make its sites comparable.
type Role struct {
	Code         string // lower case, letters and hyphens: "finance", "central-bank"
	COFOG        string // functions of government (UN, 1999) that it covers, separated by blanks
	Names        Names
	Counts       string // which bodies have the role, and which stand in for them
	DoesNotCount string
	SharedSite   string // when one site counts for several roles; may be empty
	MayBeAbsent  string // "no", or "yes" and when
}

// Roles returns the roles, in the order in which they are shown.
func Roles() []Role { return slices.Clone(roles()) }

// RoleByCode returns the role with a code in lower case.
func RoleByCode(code string) (Role, bool) {
	i := roleIndex(code)
	if i < 0 {
		return Role{}, false
	}
	return roles()[i], true
}

func roleIndex(code string) int {
	return slices.IndexFunc(roles(), func(r Role) bool { return r.Code == code })
}

// ParseRoles checks codes separated by blanks, commas or semicolons, and
// returns them in lower case and in the order of Roles, separated by blanks,
// which is the form of Target.Roles. The error is a *Problem.
func ParseRoles(text string) (string, error) {
	var found []string
	for _, word := range strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return strings.ContainsRune(" ,;|", r) }) {
		if _, known := RoleByCode(word); !known {
			return "", unknownRole(word)
		}
		found = append(found, word)
	}
	slices.SortFunc(found, func(a, b string) int { return roleIndex(a) - roleIndex(b) })
	return strings.Join(slices.Compact(found), " "), nil
}

func unknownRole(word string) error {
	codes := make([]string, 0, len(roles()))
	for _, r := range roles() {
		codes = append(codes, r.Code)
	}
	fix := "write one of: " + strings.Join(codes, ", ")
	if meant := nearest(word, codes, len(word)/3); meant != "" {
		fix = "did you mean " + quote(meant) + "?"
	}
	return &Problem{"unknown role " + quote(word), fix}
}

var roles = sync.OnceValue(func() []Role {
	var all []Role
	for _, f := range quotedRows(roleFile) {
		all = append(all, Role{
			Code: f[0], COFOG: f[1],
			Names:  Names{Ar: f[2], Zh: f[3], En: f[4], Fr: f[5], Ru: f[6], Es: f[7]},
			Counts: f[8], DoesNotCount: f[9], SharedSite: f[10], MayBeAbsent: f[11],
		})
	}
	return all
})
