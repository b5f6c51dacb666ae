package lists

import (
	_ "embed"
	"slices"
	"strings"
	"sync"
)

//go:embed operators.csv
var operatorFile string

// OperatorDomain ties a domain that name servers are called under to who runs
// them. The table has operators that use several domains, and so would count
// as several; docs/lists.md says how a row is added.
type OperatorDomain struct {
	// Pattern is a registrable domain in lower case; * in its first label
	// stands for digits.
	Pattern  string
	Operator string // name; it has a capital letter, unlike any domain
	Source   string // URL of what says that the domain is the operator's
	Date     string // when that was read: YYYY-MM-DD
}

// OperatorDomains returns the table.
func OperatorDomains() []OperatorDomain { return slices.Clone(operatorDomains()) }

var operatorDomains = sync.OnceValue(func() []OperatorDomain {
	var all []OperatorDomain
	for _, f := range quotedRows(operatorFile) {
		all = append(all, OperatorDomain{Pattern: f[0], Operator: f[1], Source: f[2], Date: f[3]})
	}
	return all
})

var operatorNames = sync.OnceValue(func() map[string]string {
	names := make(map[string]string)
	for _, d := range operatorDomains() {
		names[d.Pattern] = d.Operator
	}
	return names
})

// Operator returns who runs the name servers that are called name or below
// it; false where the table does not know. The name is in lower case and
// without the final dot.
func Operator(name string) (operator string, known bool) {
	names := operatorNames()
	for domain := name; ; {
		if operator, known = names[domain]; known {
			return operator, true
		}
		label, above, more := strings.Cut(domain, ".")
		if !more {
			return "", false
		}
		if stem := strings.TrimRight(label, "0123456789"); stem != label {
			if operator, known = names[stem+"*."+above]; known {
				return operator, true
			}
		}
		domain = above
	}
}
