package expr

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"regexp"
	"strconv"
	"strings"
)

// MaxItems is how many items a sequence may have.
const MaxItems = 1_000_000

// maxItemText is how many bytes the items of a sequence may have together.
const maxItemText = 128 << 20

var errTooLong = fmt.Errorf("format: items of more than %d bytes together", maxItemText)

// Sequence are the items of a withSequence, as strings; an empty text is one that is not given. They begin with start
// (0), and go up or down to end, or there are count of them going up. format is as for printf, with one verb for a whole
// number.
func Sequence(count, start, end, format string) ([]Item, error) {
	if (count == "") == (end == "") {
		return nil, errors.New("expected either count or end")
	}
	first, err := whole("start", start)
	if err != nil {
		return nil, err
	}
	n, step := int64(0), int64(1)
	if count != "" {
		if n, err = whole("count", count); err != nil {
			return nil, err
		}
		if n < 0 {
			return nil, fmt.Errorf("count: %d is less than 0", n)
		}
	} else {
		last, err := whole("end", end)
		if err != nil {
			return nil, err
		}
		if last < first {
			step = -1
		}
		n = int64(min(distance(first, last), MaxItems)) + 1
	}
	if n > MaxItems {
		return nil, fmt.Errorf("a sequence of more than %d items", MaxItems)
	}
	if n > 0 && step > 0 && first > math.MaxInt64-(n-1) {
		return nil, errors.New("a sequence beyond the greatest whole number")
	}
	return numbers(first, n, step, format)
}

// CheckFormat finds what is wrong with the format of a sequence.
func CheckFormat(format string) error {
	verbs := 0
	for _, m := range verb.FindAllStringSubmatch(format, -1) {
		switch m[3] {
		case "%":
		case "d", "x", "X", "o", "O", "b", "v":
			verbs++
		case "":
			return fmt.Errorf("format %q: %q is not complete", format, m[0])
		default:
			return fmt.Errorf("format %q: %q is not for a whole number; expected a verb like %%d, %%03d or %%x", format, m[0])
		}
		for _, digits := range m[1:3] {
			if len(digits) > 2 {
				return fmt.Errorf("format %q: %q is wider than 99", format, m[0])
			}
		}
	}
	if verbs != 1 {
		return fmt.Errorf("format %q: expected one verb like %%d, not %d", format, verbs)
	}
	return nil
}

var verb = regexp.MustCompile(`%[-+# 0]*([1-9][0-9]*)?(?:\.([0-9]*))?(\pL|%|[^%]|)`)

// numbers are the items of a checked sequence. They share one text.
func numbers(first, n, step int64, format string) ([]Item, error) {
	if format == "" {
		format = "%d"
	}
	if err := CheckFormat(format); err != nil {
		return nil, err
	}
	if n*int64(len(format)) > maxItemText {
		return nil, errTooLong
	}
	var all strings.Builder
	ends := make([]int, n)
	for i := range n {
		all.WriteString(quote(fmt.Sprintf(format, first+i*step)))
		ends[i] = all.Len()
		if all.Len() > maxItemText {
			return nil, errTooLong
		}
	}
	items, from := make([]Item, n), 0
	for i, end := range ends {
		items[i] = Item{all.String()[from:end]}
		from = end
	}
	return items, nil
}

// whole reads a whole number; an empty text is 0.
func whole(what, text string) (int64, error) {
	if text == "" {
		return 0, nil
	}
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, fmt.Errorf("%s: expected a whole number, not %q", what, shorten(text, 60))
	}
	return n, nil
}

// distance is how far apart two numbers are.
func distance(a, b int64) uint64 {
	if a > b {
		a, b = b, a
	}
	return uint64(b) - uint64(a)
}

// quote is a text as a JSON string.
func quote(text string) string {
	if strings.IndexFunc(text, func(r rune) bool { return r < ' ' || r > '~' || r == '"' || r == '\\' }) < 0 {
		return `"` + text + `"`
	}
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	_ = e.Encode(text)
	return strings.TrimSuffix(b.String(), "\n")
}
