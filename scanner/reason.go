package scanner

// Reason is a stable lower-case token that says why a status is not ok, or why
// DNSSEC is not secure. reasons.csv explains every one.
type Reason string
