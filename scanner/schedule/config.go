package schedule

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"adopt6/lists"
)

// Section is the section of the configuration file that holds the jobs.
const Section = "schedule"

// Config is the schedule section of a configuration file.
type Config struct {
	Parallel int // runs of different jobs at the same time
	Jobs     []Job
}

// Job returns a job by its name.
func (c *Config) Job(name string) (*Job, bool) {
	i := slices.IndexFunc(c.Jobs, func(j Job) bool { return j.Name == name })
	if i < 0 {
		return nil, false
	}
	return &c.Jobs[i], true
}

// Names lists the jobs.
func (c *Config) Names() []string {
	var names []string
	for _, j := range c.Jobs {
		names = append(names, j.Name)
	}
	return names
}

// Bounds of what a file may ask for.
const (
	maxConfig   = 4 << 20 // bytes
	maxJobs     = 500
	maxParallel = 16
	maxCatchUp  = 100
	maxRate     = 1_000_000
)

// Defaults of a job.
const (
	defaultCatchUpLimit = 3
	defaultRetries      = 2
	defaultRetryAfter   = 15 * time.Minute
	defaultResumeWithin = 24 * time.Hour
)

// jobName is what a job may be called: its files are named after it.
var jobName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,47}$`)

// SectionFile is where the section may stand as well: in a file of this name
// beside a configuration that has no such section.
const SectionFile = "schedule.yaml"

// NoJobsError says that no configuration has jobs.
type NoJobsError struct{ File string }

func (e *NoJobsError) Error() string {
	return fmt.Sprintf("there is no section %q in %s and no %s beside it, so there are no jobs; configs/schedule.yaml is an example", Section, e.File, SectionFile)
}

// Load reads the schedule section of a configuration file. Its error has a line
// for every fault, each with file, line and fix, or is a *NoJobsError.
func Load(file string) (*Config, error) {
	text, err := readConfig(file)
	if err != nil {
		return nil, err
	}
	beside := filepath.Join(filepath.Dir(file), SectionFile)
	config, err := Parse(file, text)
	if none := new(NoJobsError); !errors.As(err, &none) || filepath.Clean(file) == beside {
		return config, err
	}
	text, missing := readConfig(beside)
	if errors.Is(missing, os.ErrNotExist) {
		return nil, err
	}
	if missing != nil {
		return nil, missing
	}
	return parse(beside, text, true)
}

// readConfig reads a configuration file of bounded size.
func readConfig(file string) ([]byte, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("read the jobs: %w", err)
	}
	defer f.Close()
	if info, err := f.Stat(); err == nil && info.Size() > maxConfig {
		return nil, fmt.Errorf("%s: %d bytes are too many for a configuration; %d are the limit", file, info.Size(), maxConfig)
	}
	var text bytes.Buffer
	if _, err := text.ReadFrom(f); err != nil {
		return nil, fmt.Errorf("read the jobs: %w", err)
	}
	return text.Bytes(), nil
}

// Parse reads the schedule section of a configuration. Paths of lists are
// relative to the file's folder.
func Parse(file string, text []byte) (*Config, error) { return parse(file, text, false) }

// parse reads a configuration; alone says that it may hold nothing else.
func parse(file string, text []byte, alone bool) (*Config, error) {
	var doc yaml.Node
	if err := yaml.Unmarshal(text, &doc); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	section, other := sectionOf(&doc)
	if section == nil {
		return nil, &NoJobsError{file}
	}
	if other != nil && alone {
		return nil, fmt.Errorf("%s:%d: only the section %q is read from this file; move %q to the configuration file beside it", file, other.Line, Section, other.Value)
	}
	p := parser{reader: reader{file: file}, profiles: make(map[string]Rates)}
	config := p.section(section)
	if err := p.err(); err != nil {
		return nil, err
	}
	return config, nil
}

// sectionOf finds the section in a document, nil for none, and the first key
// that is another.
func sectionOf(doc *yaml.Node) (section, other *yaml.Node) {
	if len(doc.Content) == 0 || doc.Content[0].Kind != yaml.MappingNode {
		return nil, nil
	}
	root := doc.Content[0]
	for i := 0; i+1 < len(root.Content); i += 2 {
		if root.Content[i].Value == Section {
			section = resolved(root.Content[i+1])
		} else if other == nil {
			other = root.Content[i]
		}
	}
	return section, other
}

// parser reads the section.
type parser struct {
	reader
	zone     string // of jobs that name none
	profiles map[string]Rates
}

func (p *parser) section(n *yaml.Node) *Config {
	config := &Config{Parallel: 1}
	var profiles, jobs *yaml.Node
	keep := func(into **yaml.Node) func(*yaml.Node) { return func(n *yaml.Node) { *into = n } }
	lines := p.mapping(n, Section, []setting{
		p.text("time_zone", &p.zone),
		p.number("parallel", 1, maxParallel, &config.Parallel),
		{"profiles", keep(&profiles)},
		{"jobs", keep(&jobs)},
	})
	if _, err := loadZone(p.zone); err != nil {
		p.faults = append(p.faults, fmt.Errorf("%s:%d: time_zone: %w", p.file, lines["time_zone"], err))
		p.zone = ""
	}
	if profiles != nil {
		p.readProfiles(profiles)
	}
	switch {
	case jobs == nil:
		p.fault(n, "%s has no jobs; add a list \"jobs:\", as configs/schedule.yaml has it", Section)
	case jobs.Kind != yaml.SequenceNode || len(jobs.Content) == 0:
		p.fault(jobs, "jobs: expected a list, each job beginning with \"- name: ...\"")
	case len(jobs.Content) > maxJobs:
		p.fault(jobs, "jobs: %d are too many; %d are the limit", len(jobs.Content), maxJobs)
	default:
		for _, node := range jobs.Content {
			p.add(config, resolved(node))
		}
	}
	return config
}

func (p *parser) readProfiles(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		p.fault(n, "profiles: expected names with settings below, such as \"gentle: {rate: 50}\"")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		var rates Rates
		name := n.Content[i].Value
		p.mapping(n.Content[i+1], "profile "+name, p.rates(&rates))
		p.profiles[name] = rates
	}
}

// rates are the settings of a profile, which a job may have too.
func (p *parser) rates(r *Rates) []setting {
	number := func(name string, least int, into **int) setting {
		value := new(int)
		s := p.number(name, least, maxRate, value)
		return setting{name, func(n *yaml.Node) { *into = value; s.read(n) }}
	}
	timeout := new(time.Duration)
	span := p.span("target_timeout", time.Second, timeout)
	return []setting{
		number("workers", 1, &r.Workers),
		number("rate", 0, &r.Rate),
		number("rate_per_server", 0, &r.RatePerServer),
		number("rate_per_operator", 0, &r.RatePerOperator),
		{"target_timeout", func(n *yaml.Node) { r.TargetTimeout = timeout; span.read(n) }},
	}
}

// add reads one job.
func (p *parser) add(config *Config, n *yaml.Node) {
	j := Job{
		CatchUp: CatchUpOnce, CatchUpLimit: defaultCatchUpLimit, Retries: defaultRetries,
		RetryAfter: defaultRetryAfter, ResumeWithin: defaultResumeWithin,
	}
	var cron, zone, profile, catchUp string
	var own Rates
	what := fmt.Sprintf("job %d", len(config.Jobs)+1)
	lines := p.mapping(n, what, append([]setting{
		p.text("name", &j.Name), p.text("cron", &cron), p.text("time_zone", &zone), p.truth("paused", &j.Paused),
		p.texts("lists", &j.Lists), p.texts("countries", &j.Countries), p.texts("kinds", &j.Kinds), p.texts("levels", &j.Levels),
		p.text("vantage", &j.Vantage), p.text("profile", &profile),
		p.span("jitter", 0, &j.Jitter), p.text("catch_up", &catchUp), p.number("catch_up_limit", 1, maxCatchUp, &j.CatchUpLimit),
		p.number("retries", 0, 20, &j.Retries), p.span("retry_after", time.Second, &j.RetryAfter),
		p.span("resume_within", 0, &j.ResumeWithin), p.span("max_duration", 0, &j.MaxDuration), p.text("keep", &j.Keep),
	}, p.rates(&own)...))
	j.place = place{p.file, n.Line, lines}
	fault := func(setting, format string, args ...any) {
		p.faults = append(p.faults, fmt.Errorf("%s: %s: %w", j.Where(setting), setting, fmt.Errorf(format, args...)))
	}
	if _, taken := config.Job(j.Name); taken {
		fault("name", "there are two jobs %q; give each a name of its own", j.Name)
	} else if !jobName.MatchString(j.Name) {
		fault("name", "%q is no name of a job; write 1 to 48 lower-case letters, digits, - and _, such as government-weekly", j.Name)
	}
	if base, known := p.profiles[profile]; known {
		j.Rates = base
	} else if profile != "" {
		fault("profile", "there is no profile %q; %s", profile, p.profileHint())
	}
	j.Rates = j.Rates.with(own)
	if zone == "" && !strings.HasPrefix(cron, "TZ=") && !strings.HasPrefix(cron, "CRON_TZ=") {
		zone = p.zone
	}
	var err error
	if j.Timetable, err = ParseTimetable(cron, zone); err != nil {
		fault("cron", "%w", err)
	}
	switch j.CatchUp = CatchUp(catchUp); j.CatchUp {
	case CatchUpSkip, CatchUpOnce, CatchUpAll:
	case "":
		j.CatchUp = CatchUpOnce
	default:
		fault("catch_up", "%q is none of skip, once and all", catchUp)
	}
	p.checkTargets(&j, fault)
	config.Jobs = append(config.Jobs, j)
}

// checkTargets mends the spelling of what a job scans, and finds its faults.
func (p *parser) checkTargets(j *Job, fault func(setting, format string, args ...any)) {
	for i, code := range j.Countries {
		country, err := lists.ParseCountry(code)
		if err != nil {
			fault("countries", "%w", err)
		}
		j.Countries[i] = country.Alpha2
	}
	for _, kind := range j.Kinds {
		if k := lists.Kind(kind); k != lists.CCTLD && k != lists.Government {
			fault("kinds", "%q is neither %s nor %s", kind, lists.CCTLD, lists.Government)
		}
	}
	levels := []string{lists.LevelCentral, lists.LevelRegional, lists.LevelLocal, lists.LevelPublicSector}
	for _, level := range j.Levels {
		if !slices.Contains(levels, level) {
			fault("levels", "%q is none of %s", level, strings.Join(levels, ", "))
		}
	}
	for i, list := range j.Lists {
		if list != Builtin && !filepath.IsAbs(list) {
			j.Lists[i] = filepath.Join(filepath.Dir(p.file), list)
		}
	}
}

func (p *parser) profileHint() string {
	if len(p.profiles) == 0 {
		return "define it under \"profiles:\""
	}
	var names []string
	for name := range p.profiles {
		names = append(names, name)
	}
	slices.Sort(names)
	return "there are " + strings.Join(names, ", ")
}

// with returns the rates with those of another over them.
func (r Rates) with(over Rates) Rates {
	if over.Workers != nil {
		r.Workers = over.Workers
	}
	if over.Rate != nil {
		r.Rate = over.Rate
	}
	if over.RatePerServer != nil {
		r.RatePerServer = over.RatePerServer
	}
	if over.RatePerOperator != nil {
		r.RatePerOperator = over.RatePerOperator
	}
	if over.TargetTimeout != nil {
		r.TargetTimeout = over.TargetTimeout
	}
	return r
}
