package zonefile

import (
	"bufio"
	"fmt"
	"io"
)

// synthetic describes a made-up zone of a top-level domain whose figures are
// known by arithmetic. Delegation i has two name servers: for three in four,
// the two of hoster i mod hosters, of which every second lies in the zone; for
// the others two of its own. In the zone, the first has IPv4 and the second
// IPv6 glue. Every third has a DS record.
type synthetic struct {
	delegations int
	// scattered writes the records by type instead of by name, each type in
	// an order of its own, so that the records of a delegation lie as far
	// apart as can be.
	scattered bool
	hosters   int // an even number
}

// write writes the zone and returns the number of its records.
func (z synthetic) write(w io.Writer) (records int, err error) {
	out := bufio.NewWriterSize(w, 1<<20)
	line := func(b []byte) {
		records++
		_, err = out.Write(b)
	}
	buf := []byte("test. 86400 IN SOA ns.nic.test. hostmaster.nic.test. 1 1800 900 604800 86400\n")
	line(buf)
	line([]byte("test. 86400 IN NS ns.nic.test.\n"))
	parts := []func(b []byte, i int) []byte{
		func(b []byte, i int) []byte { return z.appendServer(b, i, 1) },
		func(b []byte, i int) []byte { return z.appendServer(b, i, 2) },
		appendDSLine,
		func(b []byte, i int) []byte { return appendGlue(b, i, 1) },
		func(b []byte, i int) []byte { return appendGlue(b, i, 2) },
	}
	count := func(b []byte) {
		for _, c := range b {
			if c == '\n' {
				records++
			}
		}
	}
	if z.scattered {
		for p, part := range parts {
			for n := range z.delegations {
				buf = part(buf[:0], z.shuffle(n, p))
				count(buf)
				out.Write(buf)
			}
		}
	} else {
		for i := range z.delegations {
			buf = buf[:0]
			for _, part := range parts {
				buf = part(buf, i)
			}
			count(buf)
			out.Write(buf)
		}
	}
	for h := range z.hosters {
		if h%2 == 0 {
			line(fmt.Appendf(nil, "ns1.hoster%d.test. 3600 IN A 192.0.2.1\n", h))
			line(fmt.Appendf(nil, "ns2.hoster%d.test. 3600 IN AAAA 2620:fe::%x\n", h, h%65536))
		}
	}
	if err == nil {
		err = out.Flush()
	}
	return records, err
}

// shuffle is a permutation of the delegations, another for every seed.
func (z synthetic) shuffle(n, seed int) int {
	const prime = 2_147_483_629
	return int((uint64(n)*prime + uint64(seed)*7919) % uint64(z.delegations))
}

// appendOwner appends a name that sorts neither by i nor by length.
func appendOwner(b []byte, i int) []byte {
	x := uint64(i) * 0x9e3779b97f4a7c15
	for n := 0; n < 4+i%9; n++ {
		b = append(b, 'a'+byte(x>>59)%26)
		x = x<<5 | x>>59
	}
	return fmt.Appendf(b, "-%d.test.", i)
}

func (z synthetic) appendServer(b []byte, i, n int) []byte {
	b = appendOwner(b, i)
	b = append(b, " 86400 IN NS "...)
	switch h := i % z.hosters; {
	case i%4 == 3:
		b = append(b, 'n', 's', byte('0'+n), '.')
		b = appendOwner(b, i)
	case h%2 == 0:
		b = fmt.Appendf(b, "ns%d.hoster%d.test.", n, h)
	default:
		b = fmt.Appendf(b, "ns%d.hoster%d.example.", n, h)
	}
	return append(b, '\n')
}

func appendDSLine(b []byte, i int) []byte {
	if i%3 != 0 {
		return b
	}
	b = appendOwner(b, i)
	return fmt.Appendf(b, " 86400 IN DS %d 13 2 %064x\n", i%65536, i)
}

func appendGlue(b []byte, i, n int) []byte {
	if i%4 != 3 {
		return b
	}
	b = append(b, 'n', 's', byte('0'+n), '.')
	b = appendOwner(b, i)
	if n == 1 {
		return append(b, " 86400 IN A 192.0.2.1\n"...)
	}
	return fmt.Appendf(b, " 86400 IN AAAA 2620:fe::%x\n", i%65536)
}
