package main

import (
	"fmt"
	"io"

	"adopt6/cmd/adopt6/pages"
	"adopt6/cmd/adopt6/terminal"
	"adopt6/scanner/campaign"
	"adopt6/scanner/network"
	"adopt6/scanner/observation"
	"adopt6/scanner/preflight"
)

// handful is how many targets a user may measure, such as their own, without
// saying who they are.
const handful = 10

const (
	contactAdvice = "set scan.contact to a web page or mail address, or give --contact"
	heloAdvice    = "set scan.helo to the name of this host, which should resolve to its addresses and back"
)

// warnNameless says so where a scan of many targets would leave operators
// without anybody to ask. A lab has no operators.
func warnNameless(out io.Writer, e campaign.Started, contact string) {
	if e.Simulated || e.Targets <= handful || contact != "" {
		return
	}
	fmt.Fprintln(out, terminal.Wrap(fmt.Sprintf("Warning: this scan of %s targets names no contact whom their operators could ask questions, or ask to stop. "+
		"Interrupt it and %s; docs/ethics.md says what else they should find.", thousands(e.Targets), contactAdvice), pages.PageWidth))
}

// checkContact says whether operators learn who is behind a scan.
func (a *app) checkContact(net *network.Network) preflight.Check {
	check := preflight.Check{Name: "contact", Title: "Contact", Advice: true}
	scan := a.settings.Scan
	switch {
	case scan.Contact != "" && scan.HELO != "":
		check.Status, check.Seen = observation.OK, fmt.Sprintf("%s to web servers, %s to mail servers", scan.Contact, scan.HELO)
	case scan.Contact != "":
		check.Status, check.Seen = observation.OK, scan.Contact+" to web servers; mail servers see the address alone"
		check.Fix = heloAdvice
	case net.Simulated():
		check.Status, check.Seen = observation.OK, "none, and a lab needs none"
	default:
		check.Status, check.Seen = observation.Absent, "none is set"
		check.Effect = "Operators who see the scan find no contact whom they could ask questions, or ask to stop. It runs all the same."
		check.Fix = contactAdvice
	}
	return check
}
