package cron

import (
	"errors"
	"fmt"
	"strings"
	"time"

	robfig "github.com/robfig/cron/v3"
)

// times are when a schedule is due.
type times interface {
	// next is the first time after t, or the zero time if there is none in the next years.
	next(t time.Time) time.Time
}

// parseTimes reads one schedule; zone is where its times are, unless it says so itself.
func parseTimes(text string, zone *time.Location) (times, error) {
	text = strings.TrimSpace(text)
	if strings.HasPrefix(text, "TZ=") || strings.HasPrefix(text, "CRON_TZ=") {
		name, rest, _ := strings.Cut(text[strings.Index(text, "=")+1:], " ")
		if zone != nil {
			return nil, errors.New("names a time zone, and there is a timezone beside it: say it once")
		}
		var err error
		if zone, err = loadZone(name); err != nil {
			return nil, err
		}
		if text = strings.TrimSpace(rest); strings.Contains(text, "TZ=") {
			return nil, errors.New("names its time zone twice")
		}
	}
	if zone == nil {
		zone = time.Local
	}
	parsed, err := robfig.ParseStandard(text)
	if err != nil {
		return nil, fmt.Errorf("expected five fields as \"30 2 * * *\", or @daily or the like: %w", err)
	}
	var t times
	switch parsed := parsed.(type) {
	case *robfig.SpecSchedule:
		t = &fields{parsed, zone}
	case robfig.ConstantDelaySchedule:
		if strings.Contains(text, "-") {
			return nil, errors.New("expected a positive duration as \"@every 90m\"")
		}
		t = every(parsed.Delay)
	}
	if t.next(time.Now()).IsZero() {
		return nil, errors.New("there is no such time")
	}
	return t, nil
}

func loadZone(name string) (*time.Location, error) {
	zone, err := time.LoadLocation(name)
	if err != nil || name == "" {
		return nil, fmt.Errorf("no time zone %q; expected a name as \"Europe/Berlin\" or \"UTC\"", name)
	}
	return zone, nil
}

// fields are the five fields of cron.
type fields struct {
	*robfig.SpecSchedule
	zone *time.Location
}

// years is how far next looks for a match: between two 29ths of February lie eight years at most.
const years = 9

// next goes along the time line, not along the clock. So a clock that is put forward has no times in the hour that is
// left out, one that is put back has those of the hour that comes twice at both, and no day is lost whose midnight is
// not there, as it is with the library's own Next.
func (f *fields) next(t time.Time) time.Time {
	t = t.In(f.zone).Truncate(time.Minute).Add(time.Minute)
	for end := t.AddDate(years, 0, 0); t.Before(end); {
		switch {
		case !f.day(t) || f.Hour&bit(t.Hour()) == 0:
			t = nextHour(t)
		case f.Minute&bit(t.Minute()) == 0:
			t = t.Add(time.Minute)
		default:
			return t
		}
	}
	return time.Time{}
}

// day says whether the day matches. Of the day of the month and the day of the week one is enough, unless one is a *.
func (f *fields) day(t time.Time) bool {
	const star = 1 << 63
	inMonth, inWeek := f.Dom&bit(t.Day()) != 0, f.Dow&bit(int(t.Weekday())) != 0
	switch {
	case f.Month&bit(int(t.Month())) == 0:
		return false
	case f.Dom&star != 0 || f.Dow&star != 0:
		return inMonth && inWeek
	}
	return inMonth || inWeek
}

func bit(i int) uint64 { return 1 << i }

// nextHour is the end of the hour, or the change of the clock in it.
func nextHour(t time.Time) time.Time {
	next := t.Add(time.Hour - time.Duration(t.Minute())*time.Minute)
	if _, change := t.ZoneBounds(); !change.IsZero() && change.Before(next) {
		return change.In(t.Location())
	}
	return next
}

// every is the times that are multiples of it since the beginning of year 1, so that they are the same in each process.
type every time.Duration

func (e every) next(t time.Time) time.Time {
	return t.Truncate(time.Duration(e)).Add(time.Duration(e))
}

// several are the times of all.
type several []times

func (s several) next(t time.Time) (first time.Time) {
	for _, one := range s {
		if n := one.next(t); first.IsZero() || !n.IsZero() && n.Before(first) {
			first = n
		}
	}
	return first
}

// last is the latest time after from that is not after now, or the zero time if there is none.
func last(s times, from, now time.Time) (latest time.Time) {
	for span := time.Hour; latest.IsZero(); span *= 2 {
		start := now.Add(-span)
		if start.Before(from) {
			start = from
		}
		for t := s.next(start); !t.IsZero() && !t.After(now); t = s.next(t) {
			latest = t
		}
		if !start.After(from) {
			break
		}
	}
	return latest
}
