package schedule

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"adopt6/configs"
	"adopt6/configs/section"
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

// Bounds of the settings.
const maxJobs = 500

var (
	parallel     = section.Bounds[int]{Least: 1, Most: 16}
	catchUpLimit = section.Bounds[int]{Least: 1, Most: 100}
	retries      = section.Bounds[int]{Least: 0, Most: 20}
	retryAfter   = section.Bounds[time.Duration]{Least: time.Second, Most: 7 * 24 * time.Hour}
	jitter       = section.Bounds[time.Duration]{Least: 0, Most: 7 * 24 * time.Hour}
	long         = section.Bounds[time.Duration]{Least: 0, Most: 366 * 24 * time.Hour}
)

// Defaults of a job.
const (
	defaultCatchUpLimit = 3
	defaultRetries      = 2
	defaultRetryAfter   = 15 * time.Minute
	defaultResumeWithin = 24 * time.Hour
)

// jobName matches valid names of jobs; files are named after the job.
var jobName = regexp.MustCompile(`^[a-z0-9][a-z0-9_-]{0,47}$`)

// SectionFile is the name of the file that may hold the section instead, beside
// a configuration that has no such section.
const SectionFile = "schedule.yaml"

// NoJobsError reports that neither file has a section of jobs.
type NoJobsError struct{ File string }

func (e *NoJobsError) Error() string {
	return fmt.Sprintf("there is no section %q in %s and no %s beside it, so there are no jobs; configs/schedule.yaml is an example", Section, e.File, SectionFile)
}

// Load reads the schedule section of a configuration file, or of a file
// schedule.yaml beside it. Paths of lists are relative to the file's folder. The
// error is a *NoJobsError, or has a line for each fault, with file, line and
// fix.
func Load(file *section.File) (*Config, error) {
	if n := file.Section(Section); n != nil {
		return parse(file, n)
	}
	path := filepath.Join(filepath.Dir(file.Path), SectionFile)
	beside, err := section.Read(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, &NoJobsError{file.Path}
	}
	if err != nil {
		return nil, err
	}
	n := beside.Section(Section)
	if n == nil {
		return nil, &NoJobsError{file.Path}
	}
	if other, line := beside.Other(Section); other != "" && beside.Path != filepath.Clean(file.Path) {
		return nil, fmt.Errorf("%s:%d: only the section %q is read from this file; move %q to the configuration file beside it", path, line, Section, other)
	}
	return parse(beside, n)
}

func parse(file *section.File, n *yaml.Node) (*Config, error) {
	p := parser{Reader: section.Reader{Path: file.Path}, profiles: make(map[string]Rates)}
	config := p.section(n)
	if err := p.Err(); err != nil {
		return nil, err
	}
	return config, nil
}

// parser reads the section.
type parser struct {
	section.Reader
	zone     string // the default for jobs
	profiles map[string]Rates
}

func (p *parser) section(n *yaml.Node) *Config {
	config := &Config{Parallel: 1}
	var profiles, jobs *yaml.Node
	keep := func(into **yaml.Node) func(*yaml.Node) { return func(n *yaml.Node) { *into = n } }
	lines := p.Mapping(n, Section, []section.Setting{
		p.Text("time_zone", &p.zone),
		p.Number("parallel", parallel, &config.Parallel),
		{Name: "profiles", Read: keep(&profiles)},
		{Name: "jobs", Read: keep(&jobs)},
	})
	if _, err := loadZone(p.zone); err != nil {
		p.Add(fmt.Errorf("%s: time_zone: %w", lines.Where("time_zone"), err))
		p.zone = ""
	}
	if profiles != nil {
		p.readProfiles(profiles)
	}
	switch {
	case jobs == nil:
		p.Fault(n, "%s has no jobs; add a list \"jobs:\", as configs/schedule.yaml has it", Section)
	case jobs.Kind != yaml.SequenceNode || len(jobs.Content) == 0:
		p.Fault(jobs, "jobs: expected a list, each job beginning with \"- name: ...\"")
	case len(jobs.Content) > maxJobs:
		p.Fault(jobs, "jobs: %d are too many; the limit is %d", len(jobs.Content), maxJobs)
	default:
		for _, node := range jobs.Content {
			p.add(config, node)
		}
	}
	return config
}

func (p *parser) readProfiles(n *yaml.Node) {
	if n.Kind != yaml.MappingNode {
		p.Fault(n, "profiles: expected names with settings below, such as \"gentle: {rate: 50}\"")
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		var rates Rates
		name := n.Content[i].Value
		p.Mapping(n.Content[i+1], "profile "+name, p.rates(&rates))
		p.profiles[name] = rates
	}
}

// rates returns the settings of a profile, which a job may have too.
func (p *parser) rates(r *Rates) []section.Setting {
	number := func(name string, into **int) section.Setting {
		value := new(int)
		s := p.Number(name, configs.Numbers("scan."+name), value)
		return section.Setting{Name: name, Read: func(n *yaml.Node) { *into = value; s.Read(n) }}
	}
	timeout := new(time.Duration)
	span := p.Span("target_timeout", configs.Spans("scan.timeout"), timeout)
	return []section.Setting{
		number("workers", &r.Workers),
		number("rate", &r.Rate),
		number("rate_per_server", &r.RatePerServer),
		number("rate_per_operator", &r.RatePerOperator),
		{Name: "target_timeout", Read: func(n *yaml.Node) { r.TargetTimeout = timeout; span.Read(n) }},
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
	j.Lines = p.Mapping(n, what, append([]section.Setting{
		p.Text("name", &j.Name), p.Text("cron", &cron), p.Text("time_zone", &zone), p.Truth("paused", &j.Paused),
		p.Texts("lists", &j.Lists), p.Texts("countries", &j.Countries), p.Texts("kinds", &j.Kinds), p.Texts("levels", &j.Levels),
		p.Text("vantage", &j.Vantage), p.Text("profile", &profile),
		p.Span("jitter", jitter, &j.Jitter), p.Text("catch_up", &catchUp), p.Number("catch_up_limit", catchUpLimit, &j.CatchUpLimit),
		p.Number("retries", retries, &j.Retries), p.Span("retry_after", retryAfter, &j.RetryAfter),
		p.Span("resume_within", long, &j.ResumeWithin), p.Span("max_duration", long, &j.MaxDuration), p.Text("keep", &j.Keep),
	}, p.rates(&own)...))
	fault := func(setting, format string, args ...any) {
		p.Add(fmt.Errorf("%s: %s: %w", j.Where(setting), setting, fmt.Errorf(format, args...)))
	}
	if _, taken := config.Job(j.Name); taken {
		fault("name", "there are two jobs %q; give each a name of its own", j.Name)
	} else if !jobName.MatchString(j.Name) {
		fault("name", "%q is not a name of a job; write 1 to 48 lower-case letters, digits, - and _, such as government-weekly", j.Name)
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

// checkTargets normalises what a job scans, and reports its faults.
func (p *parser) checkTargets(j *Job, fault func(setting, format string, args ...any)) {
	for i, code := range j.Countries {
		country, err := lists.ParseCountry(code)
		if err != nil {
			fault("countries", "%w", err)
		}
		j.Countries[i] = country.Alpha2
	}
	for _, kind := range j.Kinds {
		if k := lists.Kind(kind); k != lists.CCTLD && k != lists.Government && k != lists.Suffix {
			fault("kinds", "%q is none of %s, %s and %s", kind, lists.CCTLD, lists.Government, lists.Suffix)
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
			j.Lists[i] = filepath.Join(filepath.Dir(p.Path), list)
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

// with returns r with the values that over sets.
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
