package pages

import (
	"bufio"
	"fmt"
	"io"

	"adopt6/cmd/adopt6/terminal"
	"adopt6/lists"
	"adopt6/store"
	"adopt6/store/indicator"
)

// Vantages is what several vantages found of one service.
type Vantages struct {
	Service   string            `json:"service"`
	Agree     int               `json:"agree"` // vantages that must find the same
	Scans     []ScanName        `json:"scans"`
	Countries []CountryVantages `json:"countries"`
}

// CountryVantages is the comparison for the targets of one kind in a country.
type CountryVantages struct {
	Country   string           `json:"country"`
	Name      string           `json:"country_name"`
	Kind      lists.Kind       `json:"kind"`
	Vantages  []VantageShare   `json:"vantages"` // in the order of the scans
	Agreed    VantageShare     `json:"agreed"`
	Different []DomainVantages `json:"different"`
}

// VantageShare is how many of the domains that were measured work.
type VantageShare struct {
	Works    uint64  `json:"works"`
	Measured uint64  `json:"measured"`
	Low      float64 `json:"low"` // 95% interval of the share
	High     float64 `json:"high"`
}

// DomainVantages is a domain on which vantages differ.
type DomainVantages struct {
	Domain   string   `json:"domain"`
	Statuses []string `json:"statuses"` // in the order of the scans; empty where a scan lacks it
	Agreed   string   `json:"agreed"`
}

// Bound adds the intervals of the shares, once every target was added.
func (c *Vantages) Bound() {
	for i := range c.Countries {
		for j := range c.Countries[i].Vantages {
			c.Countries[i].Vantages[j].bound()
		}
		c.Countries[i].Agreed.bound()
	}
}

// Add counts one target. They come by country and kind.
func (c *Vantages) Add(seen *store.Seen, service int) {
	last := len(c.Countries) - 1
	if last < 0 || c.Countries[last].Country != seen.Country || c.Countries[last].Kind != seen.Kind {
		c.Countries = append(c.Countries, CountryVantages{Country: seen.Country, Name: seen.CountryName, Kind: seen.Kind,
			Vantages: make([]VantageShare, len(c.Scans)), Different: []DomainVantages{}})
		last++
	}
	country := &c.Countries[last]
	domain := DomainVantages{Domain: seen.Domain, Agreed: seen.Agreed(service, c.Agree)}
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

func (s *VantageShare) count(status string) {
	switch status {
	case "unmeasured", "indeterminate":
		return
	case "ok", "secure":
		s.Works++
	}
	s.Measured++
}

func (s *VantageShare) bound() {
	if s.Measured > 0 {
		s.Low, s.High = indicator.Wilson(s.Works, s.Measured)
	}
}

// text is the share for people: counted, where it is one of few.
func (s VantageShare) text() string {
	switch {
	case s.Measured == 0:
		return "not measured"
	case s.Measured < smallNumber:
		return fmt.Sprintf("%d of %d", s.Works, s.Measured)
	}
	return fmt.Sprintf("%s %s (%d of %d)", indicator.PercentText(float64(s.Works)/float64(s.Measured)), indicator.IntervalText(s.Low, s.High), s.Works, s.Measured)
}

// Print writes the comparison for people.
func (c *Vantages) Print(out io.Writer) error {
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
