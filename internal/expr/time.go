package expr

import (
	"fmt"
	"math"
	"strconv"
	"time"
)

// Duration reads a duration: a whole number is seconds, else it is Go's notation, as in 1h30m. There are no days.
func Duration(text string) (time.Duration, error) {
	if n, err := strconv.Atoi(text); err == nil {
		if n > int(math.MaxInt64/time.Second) || n < int(math.MinInt64/time.Second) {
			return 0, fmt.Errorf("a duration of %s seconds is too long", text)
		}
		return time.Duration(n) * time.Second, nil
	}
	d, err := time.ParseDuration(text)
	if err != nil {
		return 0, fmt.Errorf("expected a duration like 30, 30s or 1h30m, not %q", shorten(text, 60))
	}
	return d, nil
}

// CreationTime is workflow.creationTimestamp.NAME, where name is RFC3339, s for the seconds since 1970, or one of the
// letters that strftime has for parts of a time: A a B b d H I L M m p S Y y Z z.
func CreationTime(t time.Time, name string) (string, bool) {
	switch name {
	case "s":
		return strconv.FormatInt(t.Unix(), 10), true
	case "RFC3339":
		return t.Format(time.RFC3339), true
	}
	layout, ok := layouts[name]
	return t.Format(layout), ok
}

var layouts = map[string]string{
	"A": "Monday", "a": "Mon", "B": "January", "b": "Jan", "d": "02", "H": "15", "I": "03", "L": ".000", "M": "04",
	"m": "01", "p": "PM", "S": "05", "Y": "2006", "y": "06", "Z": "MST", "z": "-0700",
}
