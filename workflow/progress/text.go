package progress

import (
	"strconv"
	"strings"
	"time"
	"unicode"

	"golang.org/x/text/width"

	"github.com/podflow/podflow/workflow"
)

// The control sequences of a terminal.
const (
	clearRight = "\x1b[K"
	clearBelow = "\x1b[J"
	plain      = "\x1b[0m"
	dim        = "\x1b[2m"
	red        = "\x1b[31m"
	green      = "\x1b[32m"
	yellow     = "\x1b[33m"
	cyan       = "\x1b[36m"
)

func cursorUp(rows int) string { return "\x1b[" + strconv.Itoa(rows) + "A" }

// glyph is how a phase looks.
func glyph(p workflow.Phase) (sign, colour string) {
	switch p {
	case workflow.Running:
		return "●", cyan
	case workflow.Succeeded:
		return "✔", green
	case workflow.Failed:
		return "✖", red
	case workflow.Errored:
		return "⚠", red
	case workflow.Skipped, workflow.Omitted:
		return "○", dim
	}
	return "◷", yellow
}

// clean is the first line of a text that somebody else made, without anything that a terminal would act on.
func clean(text string) string {
	first, rest, _ := strings.Cut(strings.TrimSpace(text), "\n")
	first = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, first)
	first = strings.TrimSpace(first)
	if rest != "" {
		first += " …"
	}
	return first
}

// columns is how wide a cleaned text is.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if unicode.In(r, unicode.Mn, unicode.Me) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// cut is a text that is at most so many columns wide; what is left out is an ellipsis.
func cut(text string, limit int) string {
	if columns(text) <= limit {
		return text
	}
	if limit <= 0 {
		return ""
	}
	room, end := limit-1, 0
	for i, r := range text {
		if room -= runeColumns(r); room < 0 {
			end = i
			break
		}
	}
	return text[:end] + "…"
}

// duration is how long a node ran; it is empty for one that has not ended, or never began.
func duration(p workflow.Phase, from, to time.Time) string {
	if p == workflow.Skipped || p == workflow.Omitted || to.IsZero() {
		return ""
	}
	d, exact := max(0, to.Sub(from)), time.Second
	switch {
	case d < time.Second:
		exact = time.Millisecond
	case d < 10*time.Second:
		exact = 100 * time.Millisecond
	}
	return d.Truncate(exact).String()
}

// number is a count with commas.
func number(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}
