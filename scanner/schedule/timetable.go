package schedule

import (
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"
	_ "time/tzdata" // for machines without a zone database

	"github.com/robfig/cron/v3"
)

// Timetable is a cron expression in a time zone.
type Timetable struct {
	spec string
	zone *time.Location
	rule *cron.SpecSchedule
}

// maxSpec bounds a cron expression, in bytes.
const maxSpec = 200

// everyHour is the bit that the library sets for "*" in the hours.
const everyHour = 1 << 63

// wantSpec explains the form of an expression, in errors.
const wantSpec = `write minute, hour, day of month, month and day of week, such as "0 3 * * 1" for Mondays at 03:00, or @daily, @weekly or @monthly`

// ParseTimetable reads a cron expression of five fields, or a name such as
// @daily. zone is the time zone, UTC when empty; CRON_TZ=zone before the
// expression has the same meaning.
func ParseTimetable(spec, zone string) (*Timetable, error) {
	if len(spec) > maxSpec {
		return nil, fmt.Errorf("the expression is longer than %d characters; %s", maxSpec, wantSpec)
	}
	named, text := cutZone(spec)
	if named != "" && zone != "" && zone != named {
		return nil, fmt.Errorf("the time zone is %s in the expression and %s in time_zone; name it once", named, zone)
	}
	if zone == "" {
		zone = named
	}
	location, err := loadZone(zone)
	if err != nil {
		return nil, err
	}
	rule, err := parseRule(text)
	if err != nil {
		return nil, fmt.Errorf("%w; %s", err, wantSpec)
	}
	t := &Timetable{spec: text, zone: location, rule: rule}
	if t.Next(time.Date(2024, 1, 1, 0, 0, 0, 0, time.UTC)).IsZero() {
		return nil, fmt.Errorf("%q never occurs; %s", text, wantSpec)
	}
	return t, nil
}

// cutZone takes CRON_TZ=zone off an expression.
func cutZone(spec string) (zone, rest string) {
	text := strings.TrimSpace(spec)
	for _, prefix := range []string{"CRON_TZ=", "TZ="} {
		if named, found := strings.CutPrefix(text, prefix); found {
			end := strings.IndexAny(named+" ", " \t")
			return named[:end], strings.TrimSpace(named[end:])
		}
	}
	return "", text
}

// sundayAsZero writes 7, which is Sunday as well (crontab(5)), as 0, the only
// number for it that the library knows: "5-7" becomes "5,6,0".
func sundayAsZero(text string) string {
	fields := strings.Fields(text)
	if len(fields) != 5 || !strings.Contains(fields[4], "7") {
		return text
	}
	var days []string
	for item := range strings.SplitSeq(fields[4], ",") {
		days = append(days, daysUpToSunday(item)...)
	}
	fields[4] = strings.Join(days, ",")
	return strings.Join(fields, " ")
}

// daysUpToSunday spells out 7 and ranges that end in it, and returns every other
// item of a list of days as it is.
func daysUpToSunday(item string) []string {
	days, step, _ := strings.Cut(item, "/")
	every := 1
	if step != "" {
		every, _ = strconv.Atoi(step)
	}
	if days == "7" && step == "" {
		return []string{"0"}
	}
	first, isRange := strings.CutSuffix(days, "-7")
	day, err := strconv.Atoi(first)
	if !isRange || err != nil || day < 0 || day > 7 || every < 1 || every > 7 {
		return []string{item}
	}
	var all []string
	for ; day <= 7; day += every {
		all = append(all, strconv.Itoa(day%7))
	}
	return all
}

// parseRule reads an expression without zone. The library's parser panics on a
// zone that no blank follows, so it is never given one.
func parseRule(text string) (*cron.SpecSchedule, error) {
	if text == "" || strings.Contains(text, "=") {
		return nil, errors.New("no expression")
	}
	parser := cron.NewParser(cron.Minute | cron.Hour | cron.Dom | cron.Month | cron.Dow | cron.Descriptor)
	parsed, err := parser.Parse(sundayAsZero(text))
	if err != nil {
		return nil, err
	}
	rule, ok := parsed.(*cron.SpecSchedule)
	if !ok {
		return nil, fmt.Errorf("%q names no times of day, so missed runs could not be detected", text)
	}
	for _, field := range []uint64{rule.Minute, rule.Hour, rule.Dom, rule.Month, rule.Dow} {
		if field&^everyHour == 0 {
			return nil, errors.New("a field is empty")
		}
	}
	return rule, nil
}

// loadZone returns a time zone of the IANA database.
func loadZone(name string) (*time.Location, error) {
	switch name {
	case "":
		return time.UTC, nil
	case "Local":
		return nil, errors.New("the time zone Local differs from machine to machine; name it, such as Africa/Lome")
	}
	zone, err := time.LoadLocation(name)
	if err != nil {
		return nil, fmt.Errorf("unknown time zone %q; write a name of the IANA database, such as Africa/Lome, America/Argentina/Buenos_Aires or UTC", name)
	}
	return zone, nil
}

// String returns the expression with its zone, as cron writes it.
func (t *Timetable) String() string { return "CRON_TZ=" + t.zone.String() + " " + t.spec }

// Spec returns the expression without its zone.
func (t *Timetable) Spec() string { return t.spec }

// Zone returns the zone of the times.
func (t *Timetable) Zone() *time.Location { return t.zone }

// Next returns the first planned time after a moment, in the timetable's zone.
//
// A time of day that daylight saving skips is taken as the first moment after
// the gap, and one that occurs twice as its first occurrence. Where the hour is
// "*" the runs follow elapsed hours, not local time. The zero time means that
// there is none.
func (t *Timetable) Next(after time.Time) time.Time {
	if t.rule.Hour&everyHour != 0 {
		rule := *t.rule
		rule.Location = t.zone
		return rule.Next(after.In(t.zone))
	}
	rule := *t.rule
	rule.Location = time.UTC
	local := after.In(t.zone)
	// Local time as if it were UTC: a calendar without gaps.
	face := time.Date(local.Year(), local.Month(), local.Day(), local.Hour(), local.Minute(), local.Second(), 0, time.UTC)
	for {
		if face = rule.Next(face); face.IsZero() {
			return time.Time{}
		}
		if moment := firstShown(face, t.zone); moment.After(after) {
			return moment
		}
	}
}

// firstShown returns when clocks in a zone first show a local time, or the first
// moment after the gap when they skip it.
func firstShown(face time.Time, zone *time.Location) time.Time {
	const aDay = 24 * time.Hour
	_, before := face.Add(-aDay).In(zone).Zone()
	_, behind := face.Add(aDay).In(zone).Zone()
	first := face.Add(-time.Duration(max(before, behind)) * time.Second).In(zone)
	second := face.Add(-time.Duration(min(before, behind)) * time.Second).In(zone)
	for _, moment := range []time.Time{first, second} {
		if _, offset := moment.Zone(); moment.Add(time.Duration(offset) * time.Second).Equal(face) {
			return moment
		}
	}
	// The larger subtracted offset gives the earlier moment, before the gap; the
	// smaller one gives the moment after it.
	start, _ := second.ZoneBounds()
	return start
}
