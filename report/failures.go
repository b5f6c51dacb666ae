package report

import (
	"context"
	"errors"
	"fmt"
	"iter"
	"slices"

	"adopt6/lists"
	"adopt6/store"
)

// maxFailures bounds the servers that a section holds; the file of failed
// contacts has every one.
const maxFailures = 200

// FailedServer is a server that publishes an IPv6 address and fails over it. Host,
// Detail and Said come from the network.
type FailedServer struct {
	Probe   string `json:"probe"`
	Host    string `json:"host"`
	Address string `json:"address"`
	Reason  string `json:"reason"`
	Detail  string `json:"detail,omitempty"` // what was seen, of one of its contacts
	Said    string `json:"said,omitempty"`   // title of the page, or greeting of the mail server
	Domains uint64 `json:"domains"`          // that met it
}

// failed chooses the contacts over IPv6 that failed, of those that within
// chooses.
const failed = " AND family = 6 AND status = 'broken'"

const failuresQuery = `SELECT toString(kind), toString(probe), host, address, toString(reason), any(detail), any(if(http_title != '', http_title, smtp_banner)),
	uniqExact(domain) AS n`

// loadFailures reads the servers of a country that fail, those of the most
// domains first.
func (d *Data) loadFailures(ctx context.Context, s *store.Store, c *Country) error {
	where, args := d.contacts(c.Alpha2)
	query := failuresQuery + where + failed + fmt.Sprintf(" GROUP BY kind, probe, host, address, reason ORDER BY kind, n DESC, host, address, reason LIMIT %d BY kind", maxFailures)
	err := each(ctx, s, query, args, func(scan func(...any) error) error {
		var (
			kind string
			f    FailedServer
		)
		err := scan(&kind, &f.Probe, &f.Host, &f.Address, &f.Reason, &f.Detail, &f.Said, &f.Domains)
		if section := c.Section(lists.Kind(kind)); err == nil && section != nil {
			section.Failures = append(section.Failures, f)
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("read the servers of %q that fail: %w", c.Alpha2, err)
	}
	return nil
}

// contact is one contact over IPv6 that failed. All but the kind may come from
// the network.
type contact struct {
	kind, domain, probe, host, address, transport, reason, detail, title, banner string
	port                                                                         uint16
	status                                                                       uint32
}

// failedContacts streams the contacts of a country that failed, in the order of
// the list. A country without servers that fail has none.
func (d *Data) failedContacts(ctx context.Context, s *store.Store, c *Country) iter.Seq2[contact, error] {
	return func(yield func(contact, error) bool) {
		if !slices.ContainsFunc(c.Sections, func(section *Section) bool { return len(section.Failures) > 0 }) {
			return
		}
		where, args := d.contacts(c.Alpha2)
		query := `SELECT toString(kind), domain, toString(probe), host, address, port, toString(transport), toString(reason), detail, http_status, http_title, smtp_banner` +
			where + failed + " ORDER BY position, ordinal"
		err := each(ctx, s, query, args, func(scan func(...any) error) error {
			var c contact
			err := scan(&c.kind, &c.domain, &c.probe, &c.host, &c.address, &c.port, &c.transport, &c.reason, &c.detail, &c.status, &c.title, &c.banner)
			if err == nil && !yield(c, nil) {
				err = errStopped
			}
			return err
		})
		if err != nil && !errors.Is(err, errStopped) {
			yield(contact{}, fmt.Errorf("read the failed contacts of %q: %w", c.Alpha2, err))
		}
	}
}
