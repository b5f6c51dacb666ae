package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/configs"
	"adopt6/lists"
	"adopt6/scanner/observation"
	"adopt6/store"
	"adopt6/store/indicator"
)

// vantagesFlags are the flags of the command vantages.
type vantagesFlags struct {
	scans, countries []string
	service          string
	agree            int
	json             bool
}

func newVantagesCommand(a *app) *cobra.Command {
	var f vantagesFlags
	cmd := &cobra.Command{
		Use:   "vantages",
		Short: "Compare what different places found of the same domains",
		Long: `Compare scans of different vantages, per country and domain: what works from one
place and not from another.

Without --scan the newest finished scan of each vantage is taken. Of each
country it prints the share that each vantage found to work, the share that
works from at least --agree of them, with its 95% interval (Wilson), and every
domain on which they differ. What a vantage could not measure is neither for nor
against it.`,
		Example: `  adopt6 vantages
  adopt6 vantages --country TG --service web_v6 --agree 2
  adopt6 vantages --scan 4f0c --scan 9a12 --json`,
		Args: noArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return a.vantages(cmd.Context(), f) },
	}
	registerStoreFlags(cmd)
	cmd.Flags().StringSliceVar(&f.scans, "scan", nil, "scans to compare, by id or the begin of it (default: the newest of\neach vantage)")
	cmd.Flags().StringSliceVar(&f.countries, "country", nil, "only these countries, by ISO code (TG,SN)")
	cmd.Flags().StringVar(&f.service, "service", "web_v6", "what to compare: "+strings.Join(observation.Services(), ", "))
	configs.IntFlag(cmd.Flags(), &f.agree, "agree", 0, 1000, "how many vantages must find the same, more than half with 0")
	cmd.Flags().BoolVar(&f.json, "json", false, "print as JSON")
	return cmd
}

// vantageComparison is what several vantages found of one service.
type vantageComparison struct {
	Service   string           `json:"service"`
	Agree     int              `json:"agree"` // vantages that must find the same
	Scans     []scanName       `json:"scans"`
	Countries []countryVantage `json:"countries"`
}

// countryVantage is the comparison for the targets of one kind in a country.
type countryVantage struct {
	Country   string          `json:"country"`
	Name      string          `json:"country_name"`
	Kind      lists.Kind      `json:"kind"`
	Vantages  []vantageShare  `json:"vantages"` // in the order of the scans
	Agreed    vantageShare    `json:"agreed"`
	Different []domainVantage `json:"different"`
}

// vantageShare is how many of the domains that were measured work.
type vantageShare struct {
	Works    uint64  `json:"works"`
	Measured uint64  `json:"measured"`
	Low      float64 `json:"low"` // 95% interval of the share
	High     float64 `json:"high"`
}

// domainVantage is a domain on which vantages differ.
type domainVantage struct {
	Domain   string   `json:"domain"`
	Statuses []string `json:"statuses"` // in the order of the scans; empty where a scan lacks it
	Agreed   string   `json:"agreed"`
}

func (a *app) vantages(ctx context.Context, f vantagesFlags) error {
	service := slices.Index(observation.Services(), f.service)
	if service < 0 {
		return misusef("--service %s: expected one of %s", f.service, strings.Join(observation.Services(), ", "))
	}
	if err := checkCountries(f.countries); err != nil {
		return err
	}
	comparison, err := a.compareVantages(ctx, f, service)
	if err != nil {
		return err
	}
	if f.json {
		return printJSON(a.out, comparison)
	}
	return comparison.print(a.out)
}

func (a *app) compareVantages(ctx context.Context, f vantagesFlags, service int) (c vantageComparison, err error) {
	s, err := a.openStore(ctx, true)
	if err != nil {
		return c, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	scans, err := vantageScans(ctx, s, f.scans)
	if err != nil {
		return c, err
	}
	c = vantageComparison{Service: f.service, Agree: f.agree, Countries: []countryVantage{}}
	var ids []uuid.UUID
	for _, scan := range scans {
		c.Scans, ids = append(c.Scans, nameScan(scan)), append(ids, scan.ID)
	}
	switch {
	case len(scans) < 2:
		return c, misusef("there is nothing to compare: the store has finished scans of %d vantage; name scans with --scan", len(scans))
	case f.agree < 0 || f.agree > len(scans):
		return c, misusef("--agree %d: there are %d vantages", f.agree, len(scans))
	case f.agree == 0:
		c.Agree = len(scans)/2 + 1
	}
	for seen, err := range s.SeenBy(ctx, ids, f.countries...) {
		if err != nil {
			return c, err
		}
		c.add(&seen, service)
	}
	for i := range c.Countries {
		for j := range c.Countries[i].Vantages {
			c.Countries[i].Vantages[j].bound()
		}
		c.Countries[i].Agreed.bound()
	}
	return c, nil
}

// vantageScans returns the scans that are named, or the newest finished one of
// each vantage, the oldest first.
func vantageScans(ctx context.Context, s *store.Store, named []string) ([]store.ScanInfo, error) {
	var scans []store.ScanInfo
	for _, name := range named {
		scan, err := chooseScan(ctx, s, name)
		if err != nil {
			return nil, err
		}
		scans = append(scans, scan)
	}
	if len(named) > 0 {
		return scans, nil
	}
	for scan, err := range s.Scans(ctx) { // the oldest first
		if err != nil {
			return nil, err
		}
		if scan.Finished.IsZero() {
			continue
		}
		scans = slices.DeleteFunc(scans, func(earlier store.ScanInfo) bool { return earlier.Vantage == scan.Vantage })
		scans = append(scans, scan)
	}
	return scans, nil
}

// add counts one target. They come by country and kind.
func (c *vantageComparison) add(seen *store.Seen, service int) {
	last := len(c.Countries) - 1
	if last < 0 || c.Countries[last].Country != seen.Country || c.Countries[last].Kind != seen.Kind {
		c.Countries = append(c.Countries, countryVantage{Country: seen.Country, Name: seen.CountryName, Kind: seen.Kind,
			Vantages: make([]vantageShare, len(c.Scans)), Different: []domainVantage{}})
		last++
	}
	country := &c.Countries[last]
	domain := domainVantage{Domain: seen.Domain, Agreed: seen.Agreed(service, c.Agree)}
	for i, statuses := range seen.Statuses {
		status := ""
		if statuses != nil {
			status = statuses[service]
			country.Vantages[i].count(status)
		}
		domain.Statuses = append(domain.Statuses, status)
	}
	country.Agreed.count(domain.Agreed)
	if seen.Differs(service) {
		country.Different = append(country.Different, domain)
	}
}

func (s *vantageShare) count(status string) {
	switch status {
	case "unmeasured", "indeterminate":
		return
	case "ok", "secure":
		s.Works++
	}
	s.Measured++
}

func (s *vantageShare) bound() {
	if s.Measured > 0 {
		s.Low, s.High = indicator.Wilson(s.Works, s.Measured)
	}
}

// text is the share for people: counted, where it is one of few.
func (s vantageShare) text() string {
	switch {
	case s.Measured == 0:
		return "not measured"
	case s.Measured < smallNumber:
		return fmt.Sprintf("%d of %d", s.Works, s.Measured)
	}
	return fmt.Sprintf("%s %s (%d of %d)", indicator.PercentText(float64(s.Works)/float64(s.Measured)), indicator.IntervalText(s.Low, s.High), s.Works, s.Measured)
}

func (c *vantageComparison) print(out io.Writer) error {
	w := bufio.NewWriter(terminal.Printable(out))
	fmt.Fprintf(w, "%s over %d vantages; what %d of them found the same counts.\n", c.Service, len(c.Scans), c.Agree)
	for i, scan := range c.Scans {
		fmt.Fprintf(w, "  %d  %s, %s (scan %.8s)\n", i+1, scan.Vantage, scan.Started[:10], scan.ID)
	}
	differ := 0
	for _, country := range c.Countries {
		name := country.Name
		if name == "" {
			name = "No country"
		}
		fmt.Fprintf(w, "\n%s, %s\n", name, country.Kind)
		for i, share := range country.Vantages {
			fmt.Fprintf(w, "  works from %-4d %s\n", i+1, share.text())
		}
		fmt.Fprintf(w, "  agreed          %s\n", country.Agreed.text())
		for _, d := range country.Different {
			differ++
			fmt.Fprintf(w, "    %s\n", d.Domain)
			for i, status := range d.Statuses {
				if status == "" {
					status = "not in the list"
				}
				fmt.Fprintf(w, "      %d  %s\n", i+1, status)
			}
		}
	}
	fmt.Fprintf(w, "\n%d domains differ.\n", differ)
	return w.Flush()
}
