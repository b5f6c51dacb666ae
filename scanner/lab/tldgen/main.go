// Command tldgen makes tlds.txt, the laboratory's top-level domains, from a
// copy of the root zone and a table of all top-level domains.
//
//	tldgen -zone root.zone -tlds tlds_iana_db.csv -out tlds.txt
//
// It keeps every delegated ccTLD, a few generic ones and whatever these need
// for the names of their servers: the NS names, their addresses and the DNSSEC
// algorithms of the DS records. Keys, signatures and the rest are left out.
package main

import (
	"bytes"
	"encoding/csv"
	"flag"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"

	"github.com/miekg/dns"
)

// generic are the gTLDs that scenarios use most.
var generic = []string{"arpa", "biz", "com", "edu", "gov", "info", "int", "mil", "name", "net", "org"}

func main() {
	zone := flag.String("zone", "", "root zone `file`")
	tlds := flag.String("tlds", "", "CSV `file` of top-level domains with the columns tld, type, delegated")
	out := flag.String("out", "tlds.txt", "`file` to write")
	flag.Parse()
	if err := run(*zone, *tlds, *out); err != nil {
		fmt.Fprintln(os.Stderr, "tldgen:", err)
		os.Exit(1)
	}
}

// root is what the root zone says of delegations, without final dots.
type root struct {
	serial uint32
	ns     map[string][]string
	algs   map[string][]uint8
	addrs  map[string][]string
}

func run(zoneFile, tldFile, outFile string) error {
	r, err := readRoot(zoneFile)
	if err != nil {
		return err
	}
	cc, err := readCCTLDs(tldFile)
	if err != nil {
		return err
	}
	names := r.closure(append(slices.Clone(cc), generic...))
	var w bytes.Buffer
	fmt.Fprintf(&w, "# Made by tldgen from the root zone, serial %d (IANA, public data). Do not edit.\n", r.serial)
	fmt.Fprintf(&w, "# tld NAME cc|generic DS-ALGORITHMS|- NS...   host NAME ADDRESS...\n")
	hosts := map[string]bool{}
	for _, name := range names {
		kind := "generic"
		if slices.Contains(cc, name) {
			kind = "cc"
		}
		shown := name
		if name == "" {
			shown = "."
		}
		fmt.Fprintf(&w, "tld %s %s %s %s\n", shown, kind, algorithms(r.algs[name]), strings.Join(r.ns[name], " "))
		for _, host := range r.ns[name] {
			hosts[host] = true
		}
	}
	for _, host := range slices.Sorted(maps.Keys(hosts)) {
		fmt.Fprintf(&w, "host %s %s\n", host, strings.Join(r.addrs[host], " "))
	}
	return os.WriteFile(outFile, w.Bytes(), 0o644)
}

func algorithms(algs []uint8) string {
	if len(algs) == 0 {
		return "-"
	}
	slices.Sort(algs)
	words := []string{}
	for _, a := range slices.Compact(algs) {
		words = append(words, fmt.Sprint(a))
	}
	return strings.Join(words, ",")
}

func readRoot(file string) (*root, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	r := &root{ns: map[string][]string{}, algs: map[string][]uint8{}, addrs: map[string][]string{}}
	parser := dns.NewZoneParser(f, ".", file)
	for rr, ok := parser.Next(); ok; rr, ok = parser.Next() {
		owner := bare(rr.Header().Name)
		switch rr := rr.(type) {
		case *dns.SOA:
			r.serial = rr.Serial
		case *dns.NS:
			r.ns[owner] = append(r.ns[owner], bare(rr.Ns))
		case *dns.DS:
			r.algs[owner] = append(r.algs[owner], rr.Algorithm)
		case *dns.A:
			r.addrs[owner] = append(r.addrs[owner], rr.A.String())
		case *dns.AAAA:
			r.addrs[owner] = append(r.addrs[owner], rr.AAAA.String())
		}
	}
	r.algs[""] = []uint8{dns.RSASHA256} // the root's own keys, 20326 and 38696
	return r, parser.Err()
}

func bare(name string) string { return strings.TrimSuffix(dns.CanonicalName(name), ".") }

// readCCTLDs returns the delegated country-code TLDs.
func readCCTLDs(file string) ([]string, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		return nil, err
	}
	name, kind, delegated := slices.Index(rows[0], "tld"), slices.Index(rows[0], "type"), slices.Index(rows[0], "delegated")
	if name < 0 || kind < 0 || delegated < 0 {
		return nil, fmt.Errorf("%s: needs the columns tld, type and delegated", file)
	}
	var out []string
	for _, row := range rows[1:] {
		if row[kind] == "cctld" && row[delegated] == "1" {
			out = append(out, row[name])
		}
	}
	return out, nil
}

// closure adds the root and the TLDs that the servers of names lie in.
func (r *root) closure(names []string) []string {
	need := map[string]bool{"": true}
	todo := append([]string{""}, names...)
	for len(todo) > 0 {
		name := todo[len(todo)-1]
		todo = todo[:len(todo)-1]
		need[name] = true
		for _, host := range r.ns[name] {
			tld := host[strings.LastIndexByte(host, '.')+1:]
			if !need[tld] {
				todo = append(todo, tld)
			}
		}
	}
	return slices.Sorted(maps.Keys(need))
}
