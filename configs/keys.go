package configs

import (
	"slices"
	"strings"
	"time"

	"adopt6/configs/section"
)

// Settings are the effective values of one run, by section of the file.
type Settings struct {
	Scan    Scan
	Metrics Metrics
	Log     Log
	DNS     DNS
	Store   Store
	Serve   Serve
	// Notify are the channels of notifications.
	Notify []Channel `mapstructure:"-"`
	// File is the configuration file that was read; nil for none.
	File *section.File `mapstructure:"-"`
	// origins says where each key's value came from: "default", the file's
	// path, the variable's name or the flag's.
	origins map[string]string
	values  map[string]any
}

// Scan holds the keys below "scan".
type Scan struct {
	Workers         int           `mapstructure:"workers"`
	Rate            int           `mapstructure:"rate"`
	RatePerServer   int           `mapstructure:"rate_per_server"`
	RatePerOperator int           `mapstructure:"rate_per_operator"`
	Timeout         time.Duration `mapstructure:"timeout"`
	MaxQueries      int           `mapstructure:"max_queries"`
	Confirm         int           `mapstructure:"confirm"`
	ConfirmAfter    time.Duration `mapstructure:"confirm_after"`
	Vantage         string        `mapstructure:"vantage"`
	Contact         string        `mapstructure:"contact"`
	HELO            string        `mapstructure:"helo"`
	State           string        `mapstructure:"state"`
	SMTPCheck       string        `mapstructure:"smtp_check"`
	ASNDB           string        `mapstructure:"asn_db"`
	OptOut          string        `mapstructure:"opt_out"`
}

// Metrics holds the keys below "metrics".
type Metrics struct {
	Listen string `mapstructure:"listen"`
	Pprof  string `mapstructure:"pprof"`
}

// Log holds the keys below "log".
type Log struct {
	Format string `mapstructure:"format"`
}

// DNS holds the keys below "dns".
type DNS struct {
	RootHints   string        `mapstructure:"root_hints"`
	TrustAnchor string        `mapstructure:"trust_anchor"`
	Timeout     time.Duration `mapstructure:"timeout"`
	Retries     int           `mapstructure:"retries"`
}

// Store holds the keys below "store".
type Store struct {
	Path     string `mapstructure:"path"`
	DSN      string `mapstructure:"dsn"`
	Database string `mapstructure:"database"`
	Cluster  string `mapstructure:"cluster"`
	// PasswordFile holds the server's password; settings never do.
	PasswordFile string `mapstructure:"password_file"`
	CA           string `mapstructure:"ca"`
	Library      string `mapstructure:"library"`
}

// Serve holds the keys below "serve".
type Serve struct {
	Listen  string        `mapstructure:"listen"`
	Rate    int           `mapstructure:"rate"`
	Proxies string        `mapstructure:"proxies"`
	TLSCert string        `mapstructure:"tls_cert"`
	TLSKey  string        `mapstructure:"tls_key"`
	Cache   int           `mapstructure:"cache"`
	Queries int           `mapstructure:"queries"`
	Timeout time.Duration `mapstructure:"timeout"`
	Log     string        `mapstructure:"log"`
}

// key is one setting: its name in the file, the flag that sets it on commands
// that have that flag, its default and its explanation.
//
// The default is a text, or a whole number or a span of time with its bounds.
type key struct {
	name, flag string
	value      any
	help       string
}

type (
	whole struct {
		value int
		section.Bounds[int]
	}
	span struct {
		value time.Duration
		section.Bounds[time.Duration]
	}
)

func number(value, least, most int) whole {
	return whole{value, section.Bounds[int]{Least: least, Most: most}}
}

func lasting(value, least, most time.Duration) span {
	return span{value, section.Bounds[time.Duration]{Least: least, Most: most}}
}

// plain is the default without its bounds.
func (k key) plain() any {
	switch v := k.value.(type) {
	case whole:
		return v.value
	case span:
		return v.value
	}
	return k.value
}

// explained is the help with the bounds of a number.
func (k key) explained() string {
	switch v := k.value.(type) {
	case whole:
		return k.help + "; " + v.String()
	case span:
		return k.help + "; " + v.String()
	}
	return k.help
}

// named returns the key of a name, and whether there is one.
func named(name string) (key, bool) {
	i := slices.IndexFunc(keys, func(k key) bool { return k.name == name })
	if i < 0 {
		return key{}, false
	}
	return keys[i], true
}

// keyNames are the names of all settings, as "section.name".
func keyNames() []string {
	var names []string
	for _, k := range keys {
		names = append(names, k.name)
	}
	return names
}

// sections are the names of the sections, in the order of keys.
func sections() []string {
	var names []string
	for _, k := range keys {
		if name, _, _ := strings.Cut(k.name, "."); !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	return names
}

// Numbers returns the bounds of a setting that is a whole number, such as
// "scan.rate".
func Numbers(name string) section.Bounds[int] {
	k, _ := named(name)
	return k.value.(whole).Bounds
}

// Spans returns the bounds of a setting that is a span of time.
func Spans(name string) section.Bounds[time.Duration] {
	k, _ := named(name)
	return k.value.(span).Bounds
}

// mostRate is more than one machine can send, and less than a limiter's counters
// can hold.
const mostRate = 1_000_000

// keys is the table of settings. adopt6.yaml explains the same keys in the same
// order, which a test checks.
var keys = []key{
	{"scan.workers", "workers", number(250, 1, 10_000), "targets measured at the same time"},
	{"scan.rate", "rate", number(500, 0, mostRate), "DNS queries and connections a second, over all servers; 0 means no limit"},
	{"scan.rate_per_server", "rate-per-server", number(20, 0, mostRate), "queries and connections a second to one address; 0 means no limit"},
	{"scan.rate_per_operator", "rate-per-operator", number(100, 0, mostRate), "queries and connections a second to all addresses of one operator; 0 means no limit"},
	{"scan.timeout", "target-timeout", lasting(2*time.Minute, time.Second, time.Hour), "the longest that one target may take"},
	{"scan.max_queries", "max-queries", number(500, 1, 100_000), "DNS queries that one target may cost over all probes"},
	{"scan.confirm", "confirm", number(1, 0, 10), "how many more times a failing target is measured before its failure is kept"},
	{"scan.confirm_after", "confirm-after", lasting(5*time.Minute, 0, 24*time.Hour), "pause before each of these measurements, except the first"},
	{"scan.vantage", "vantage", "", "name of the vantage that the scan runs from; the host name when empty"},
	{"scan.contact", "contact", "", "web page or mail address of the people behind the scan, sent with every HTTP request"},
	{"scan.helo", "", "", "name of the scanning host, as it greets mail servers; its address when empty"},
	{"scan.state", "state", "", "folder for what a scan needs to resume; below the user's state folder when empty"},
	{"scan.smtp_check", "", "", "mail exchangers that show whether port 25 is open, with commas between them; a few of the targets' own when empty"},
	{"scan.asn_db", "asn-db", "", "table of addresses and autonomous systems in MaxMind DB format; none when empty"},
	{"scan.opt_out", "opt-out", "", "file of domains, addresses and prefixes that nothing is sent to, one a line; none when empty"},
	{"metrics.listen", "metrics", "", "address that metrics for Prometheus are served on while a scan or the scheduler runs; none when empty"},
	{"metrics.pprof", "pprof", "", "address of loopback that Go profiles are served on; none when empty"},
	{"log.format", "log-format", "plain", "messages of scans and of the scheduler: plain, or one record a line as text or json"},
	{"dns.root_hints", "root-hints", "", "file of root name servers in zone file form; built in when empty"},
	{"dns.trust_anchor", "trust-anchor", "", "file of DNSSEC trust anchors, DS or DNSKEY records; built in when empty"},
	{"dns.timeout", "dns-timeout", lasting(2*time.Second, 10*time.Millisecond, time.Minute), "how long to wait for one answer"},
	{"dns.retries", "dns-retries", number(2, 0, 10), "further tries after a lost query"},
	{"store.path", "store", "", "folder of the embedded ClickHouse store; below the user's data folder when empty"},
	{"store.dsn", "dsn", "", "clickhouse://user@host:9000/database of a server; the embedded engine when empty"},
	{"store.database", "", "adopt6", "database that holds the tables"},
	{"store.cluster", "cluster", "", "cluster of that server on which new tables are made, replicated and distributed; none when empty"},
	{"store.password_file", "", "", "file with the server's password, for an account that is not in store.dsn; ADOPT6_STORE_PASSWORD overrides it"},
	{"store.ca", "", "", "file of certificates (PEM) that the server's is checked against; the system's when empty"},
	{"store.library", "", "", "path of libchdb.so; fetched into the user's cache folder when empty"},
	{"serve.listen", "listen", "127.0.0.1:8080", "address and port that pages are served on; the default can be reached only from this machine"},
	{"serve.rate", "rate-per-client", number(20, 0, mostRate), "requests a second that one client may send, or one /64 of IPv6; 0 means no limit"},
	{"serve.proxies", "", "", "proxies whose X-Forwarded-For is trusted, addresses or networks with commas between them; none when empty"},
	{"serve.tls_cert", "tls-cert", "", "file of the certificate and its chain (PEM), read again when it changes; no TLS when empty"},
	{"serve.tls_key", "tls-key", "", "file of the certificate's key (PEM)"},
	{"serve.cache", "", number(128, 1, 65_536), "pages kept ready, MiB"},
	{"serve.queries", "", number(4, 1, 64), "queries to the store at the same time"},
	{"serve.timeout", "", lasting(15*time.Second, time.Second, 10*time.Minute), "the longest that the queries of one request may take"},
	{"serve.log", "log", "text", "log of requests on standard error: text, json or none"},
}
