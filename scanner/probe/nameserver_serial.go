package probe

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/miekg/dns"

	"adopt6/scanner/observation"
	"adopt6/scanner/resolve"
)

// maxSerialsAgain is how many addresses are asked a second time for the
// version of the zone that they serve.
const maxSerialsAgain = 16

// zoneSerial is the version of the zone that one address served.
type zoneSerial struct {
	host  string
	addr  netip.Addr
	value uint32
	at    time.Time
}

func (v *measurement) keepSerial(host string, addr netip.Addr, value uint32) {
	v.mu.Lock()
	defer v.mu.Unlock()
	v.serials = append(v.serials, zoneSerial{host, addr, value, time.Now()})
}

// serials judges whether the name servers serve one version of the zone. Those
// that lag behind are asked again after some time: a zone may change while it
// is measured, and a transfer takes seconds.
func serials(ctx context.Context, v *measurement) {
	if v.obs.SameSerial.Reason != observation.NotProbed {
		return // delegation has said why
	}
	slices.SortFunc(v.serials, func(a, b zoneSerial) int {
		return cmp.Or(strings.Compare(a.host, b.host), a.addr.Compare(b.addr))
	})
	newest, late := behind(v.serials)
	if len(late) > 0 {
		if !v.waitForTransfers(ctx) {
			v.obs.SameSerial = unmeasured(interrupted(ctx))
			return
		}
		late = v.stillBehind(ctx, newest, late)
	}
	for i, s := range late {
		if i == 0 || late[i-1].host != s.host {
			v.find("nameserver", s.host, partial(observation.SerialDiffers), fmt.Sprintf("%s: serial %d, another server has %d", s.addr, s.value, newest))
		}
	}
	v.obs.SameSerial = v.judgeSerials(len(late) > 0)
}

// judgeSerials gives the verdict. Without an answer over one of the families
// there is nothing to compare.
func (v *measurement) judgeSerials(differ bool) observation.Verdict {
	if differ {
		return partial(observation.SerialDiffers)
	}
	for f, verdict := range [...]observation.Verdict{v4: v.obs.DNSV4, v6: v.obs.DNS} {
		if slices.ContainsFunc(v.serials, func(s zoneSerial) bool { return family(f).of(s.addr) }) {
			continue
		}
		if verdict.Status == observation.OK || verdict.Status == observation.Partial {
			return unmeasured(observation.DNSFailure)
		}
		return verdict
	}
	return observation.Verdict{Status: observation.OK}
}

// behind returns the newest serial, in the arithmetic of RFC 1982, and those
// that are older.
func behind(all []zoneSerial) (newest uint32, late []zoneSerial) {
	for i, s := range all {
		if i == 0 || older(newest, s.value) {
			newest = s.value
		}
	}
	for _, s := range all {
		if older(s.value, newest) {
			late = append(late, s)
		}
	}
	return newest, late
}

func older(a, b uint32) bool { return int32(b-a) > 0 }

// waitForTransfers waits until servers have had SerialWait to catch up. It
// returns false when ctx ends first.
func (v *measurement) waitForTransfers(ctx context.Context) bool {
	first := slices.MinFunc(v.serials, func(a, b zoneSerial) int { return a.at.Compare(b.at) })
	timer := time.NewTimer(v.SerialWait - time.Since(first.at))
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// stillBehind asks addresses again and returns those that still serve a version
// older than newest. What does not answer this time is left out, as it proves
// nothing.
func (v *measurement) stillBehind(ctx context.Context, newest uint32, late []zoneSerial) []zoneSerial {
	late = late[:min(len(late), maxSerialsAgain)]
	var again sync.WaitGroup
	for i := range late {
		again.Go(func() {
			server := netip.AddrPortFrom(late[i].addr, portDNS)
			got, err := v.exchange(ctx, resolve.Query{Server: server, Transport: resolve.UDP, Name: v.zone, Type: dns.TypeSOA, NoEDNS: true})
			late[i].value = newest
			if err != nil {
				return
			}
			if _, soa := judgeSOA(got.Msg, v.zone); soa != nil {
				late[i].value = soa.Serial
			}
		})
	}
	again.Wait()
	return slices.DeleteFunc(late, func(s zoneSerial) bool { return !older(s.value, newest) })
}
