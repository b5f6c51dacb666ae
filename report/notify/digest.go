// Package notify tells people elsewhere what changed between two scans.
//
// In: a [Digest], plain data, and channels: a webhook, an address of e-mail, a
// file. Out: signed requests, mails and files in six languages, by way of a
// spool on disk that outlives a crash. It never reads a store or a scan's pages,
// and believes nothing that came from the network.
package notify

import (
	"cmp"
	"slices"
	"time"

	"github.com/google/uuid"

	"adopt6/lists"
	"adopt6/scanner/observation"
)

// Scan names one of the scans that are compared.
type Scan struct {
	ID      uuid.UUID `json:"scan"`
	Started time.Time `json:"started"` // UTC
}

// Counts are numbers of changes by their news.
type Counts struct {
	Gained uint64 `json:"gained"`
	Lost   uint64 `json:"lost"`
	Broken uint64 `json:"broken"`
}

func (c *Counts) add(n observation.News) {
	switch n {
	case observation.Gained:
		c.Gained++
	case observation.Lost:
		c.Lost++
	case observation.Failed:
		c.Broken++
	}
}

// CountryCounts are those of one country.
type CountryCounts struct {
	Country string // alpha-2; empty for none
	Counts
}

// Digest is what one run of a job changed, for one channel.
type Digest struct {
	Job           string // empty where no job was run
	Vantage, List string
	From, To      Scan
	Created       time.Time
	Domains       observation.Compared
	Counts        Counts
	Countries     []CountryCounts      // by code, those with changes
	Changes       []observation.Change // by country, kind and domain
	LeftOff       uint64               // changes that are counted and not listed
	Held          uint64               // losses that the next scan has to confirm
	See           string               // where all changes are
	Simulated     bool                 // the scans saw a lab
	Test          bool                 // invented, to try a channel
}

// News says whether there is any.
func (d *Digest) News() bool { return d.Counts != Counts{} }

// MostChanges is how many changes a digest may list.
const MostChanges = 5000

// Builder collects the changes of a digest. It keeps no more of them than the
// digest lists, losses rather than gains, and counts them all.
type Builder struct {
	most          int
	counts        Counts
	countries     map[string]*CountryCounts
	worse, better []numbered
	seen, held    uint64
}

// numbered is a change and when it came.
type numbered struct {
	at uint64
	observation.Change
}

// NewBuilder returns a builder of digests that list the given number of changes
// at most.
func NewBuilder(most int) *Builder {
	return &Builder{most: min(max(most, 1), MostChanges), countries: make(map[string]*CountryCounts)}
}

// Hold counts a loss that is not news yet.
func (b *Builder) Hold() { b.held++ }

// Add counts a change.
func (b *Builder) Add(c observation.Change) {
	b.seen++
	b.counts.add(c.News)
	of := b.countries[c.Country]
	if of == nil {
		of = &CountryCounts{Country: c.Country}
		b.countries[c.Country] = of
	}
	of.add(c.News)
	list := &b.worse
	if c.News == observation.Gained {
		list = &b.better
	}
	if len(*list) < b.most {
		*list = append(*list, numbered{b.seen, c})
	}
}

// Digest puts what was collected into d, in the order in which it came.
func (b *Builder) Digest(d Digest) *Digest {
	chosen := slices.Concat(b.worse, b.better[:min(len(b.better), b.most-len(b.worse))])
	slices.SortFunc(chosen, func(x, y numbered) int { return cmp.Compare(x.at, y.at) })
	d.Counts, d.Held, d.LeftOff = b.counts, b.held, b.seen-uint64(len(chosen))
	for _, c := range chosen {
		d.Changes = append(d.Changes, c.Change)
	}
	for _, c := range b.countries {
		d.Countries = append(d.Countries, *c)
	}
	slices.SortFunc(d.Countries, func(x, y CountryCounts) int { return cmp.Compare(x.Country, y.Country) })
	return &d
}

// Sample is a digest with invented changes, by which an operator tries a
// channel.
func Sample(now time.Time) Digest {
	b := NewBuilder(MostChanges)
	for _, c := range []observation.Change{
		{Domain: "example.gov.sn", Kind: lists.Government, Country: "SN", Service: "web_v6", News: observation.Gained, Before: "absent", After: "ok", Reason: observation.NoAAAA},
		{Domain: "example.gouv.tg", Kind: lists.Government, Country: "TG", Service: "web_v6", News: observation.Lost, Before: "ok", After: "absent", Reason: observation.NoAAAA},
		{Domain: "example.gouv.tg", Kind: lists.Government, Country: "TG", Service: "dnssec", News: observation.Gained, Before: "insecure", After: "secure", Reason: ""},
		{Domain: "mail.example.gouv.tg", Kind: lists.Government, Country: "TG", Service: "mail_v6", News: observation.Failed, Before: "ok", After: "broken", Reason: observation.Timeout},
	} {
		b.Add(c)
	}
	return *b.Digest(Digest{
		Job: "test", Vantage: "test", List: "test", Test: true, Created: now, Domains: observation.Compared{Common: 1234},
		From: Scan{Started: now.AddDate(0, 0, -7)}, To: Scan{Started: now},
	})
}
