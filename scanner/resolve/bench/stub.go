//go:build linux && !alone

package main

import (
	"context"
	"fmt"
	"net/netip"
	"os"
	"strings"
)

var (
	stub4 = netip.MustParseAddr("193.0.9.1")
	stub6 = netip.MustParseAddr("2001:67c:e0::1")
)

// stub asks one server for every name, over IPv4 and over IPv6.
func stub(ctx context.Context, s *settings) error {
	dir := s.file("stub")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	err := writeLines(s.file("stub", "bench.test.zone"), func(line func(string, ...any)) {
		line("$ORIGIN bench.test.\n$TTL 3600\n@ SOA ns host 1 7200 3600 1209600 300\n@ NS ns\nns A %s\nns AAAA %s", stub4, stub6)
		for i := range s.names {
			line("d%d A 198.18.%d.%d\nd%d AAAA 2001:db8::%x:%x", i, i>>8&255, i&255, i, i>>16, i&0xffff)
		}
	})
	if err != nil {
		return err
	}
	err = writeLines(s.file("names.txt"), func(line func(string, ...any)) {
		for i := range s.names {
			line("d%d.bench.test", i)
		}
	})
	if err != nil {
		return err
	}
	stop, err := nsd(ctx, dir, []string{"bench.test."}, stub4, stub6)
	if err != nil {
		return err
	}
	defer stop()
	for _, server := range []netip.Addr{stub4, stub6} {
		family := "IPv4"
		if server.Is6() {
			family = "IPv6"
		}
		title := fmt.Sprintf("%d AAAA lookups at one NSD over %s, output as JSON lines", s.names, family)
		if err := compare(ctx, title, s.names, s.rounds, s.stubContenders(server)); err != nil {
			return err
		}
	}
	return nil
}

func (s *settings) stubContenders(server netip.Addr) []contender {
	names := s.file("names.txt")
	list := []contender{{
		name:  "adopt6 resolve --batch --server",
		argv:  []string{s.adopt6, "resolve", "--batch", "--server", server.String(), "AAAA"},
		input: names, out: s.file("out.adopt6"), stdout: true, answer: `"2001:db8::`,
	}}
	if found(s.massdns) {
		resolvers := s.file("resolvers-" + strings.ReplaceAll(server.String(), ":", "-"))
		address := netip.AddrPortFrom(server, 53).String()
		if err := os.WriteFile(resolvers, []byte(address+"\n"), 0o644); err == nil {
			list = append(list, contender{
				name: "massdns -o J",
				argv: []string{s.massdns, "-r", resolvers, "-t", "AAAA", "-o", "J", "--norecurse", "-q", "-w", s.file("out.massdns"), names},
				out:  s.file("out.massdns"), answer: `"2001:db8::`,
			})
		}
	}
	if found(s.zdns) {
		list = append(list, contender{
			name: "zdns -t 1000",
			argv: []string{s.zdns, "AAAA", "-t", "1000", "--name-servers", netip.AddrPortFrom(server, 53).String(), "-f", names, "-o", s.file("out.zdns")},
			out:  s.file("out.zdns"), answer: `"2001:db8::`,
		})
	}
	return list
}
