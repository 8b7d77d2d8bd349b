package expr_test

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/internal/expr"
)

const least, greatest = "-9223372036854775808", "9223372036854775807"

func TestSequence(t *testing.T) {
	for args, want := range map[[4]string]string{
		{"5", "", "", ""}:                         "0 1 2 3 4",
		{"", "100", "103", ""}:                    "100 101 102 103",
		{"", "3", "-1", ""}:                       "3 2 1 0 -1",
		{"2", "200", "", ""}:                      "200 201",
		{"0", "7", "", ""}:                        "",
		{"", "", "0", ""}:                         "0",
		{"3", "", "", "testuser%02X"}:             "testuser00 testuser01 testuser02",
		{"", "9", "11", "2020-05-%02X"}:           "2020-05-09 2020-05-0A 2020-05-0B",
		{"2", "", "", "%+d%%<\"é>"}:               "+0%<\"é> +1%<\"é>",
		{"", "9223372036854775806", greatest, ""}: "9223372036854775806 9223372036854775807",
		{"2", "9223372036854775806", "", ""}:      "9223372036854775806 9223372036854775807",
		{"1", "", "", `\u003c%d"`}:                `\u003c0"`,
		{"", least, "-9223372036854775807", "%x"}: "-8000000000000000 -7fffffffffffffff",
	} {
		items, err := expr.Sequence(args[0], args[1], args[2], args[3])
		if !assert.NoError(t, err, args) {
			continue
		}
		var texts []string
		for _, i := range items {
			texts = append(texts, i.Text())
			assert.True(t, json.Valid([]byte(i.JSON())))
		}
		assert.Equal(t, want, strings.Join(texts, " "))
	}
	items, err := expr.Sequence("1000000", "", "", "")
	require.NoError(t, err)
	assert.Equal(t, "999999", items[999999].Text())
}

func TestSequenceErrors(t *testing.T) {
	const expected = "; expected a verb like %d, %03d or %x"
	for args, want := range map[[4]string]string{
		{"", "1", "", ""}:                    `expected either count or end`,
		{"1", "1", "2", ""}:                  `expected either count or end`,
		{"x", "", "", ""}:                    `count: expected a whole number, not "x"`,
		{"", "1.5", "2", ""}:                 `start: expected a whole number, not "1.5"`,
		{"", "", "1e3", ""}:                  `end: expected a whole number, not "1e3"`,
		{"-1", "", "", ""}:                   `count: -1 is less than 0`,
		{"1000001", "", "", ""}:              `a sequence of more than 1000000 items`,
		{greatest, "5", "", ""}:              `a sequence of more than 1000000 items`,
		{"", "0", "1000000", ""}:             `a sequence of more than 1000000 items`,
		{"", least, greatest, ""}:            `a sequence of more than 1000000 items`,
		{"3", "9223372036854775806", "", ""}: `a sequence beyond the greatest whole number`,
		{"1", "", "", "a"}:                   `format "a": expected one verb like %d, not 0`,
		{"1", "", "", "%d%d"}:                `format "%d%d": expected one verb like %d, not 2`,
		{"1", "", "", "%s"}:                  `format "%s": "%s" is not for a whole number` + expected,
		{"1", "", "", "%*d"}:                 `format "%*d": "%*" is not for a whole number` + expected,
		{"1", "", "", "%[1]d"}:               `format "%[1]d": "%[" is not for a whole number` + expected,
		{"1", "", "", "%100d"}:               `format "%100d": "%100d" is wider than 99`,
		{"1", "", "", "%.100d"}:              `format "%.100d": "%.100d" is wider than 99`,
		{"1", "", "", "%0d %"}:               `format "%0d %": "%" is not complete`,

		{"1000000", "", "", "%d" + strings.Repeat("x", 200)}: `format: items of more than 134217728 bytes together`,
	} {
		_, err := expr.Sequence(args[0], args[1], args[2], args[3])
		assert.EqualError(t, err, want, args)
	}
}

func FuzzSequence(f *testing.F) {
	for _, s := range []string{"%d", "a%03X%%", "%+ #-5.3o", "%[1]d", "%*d", "%é", "<\"\\>%x"} {
		f.Add(s, int64(-3))
	}
	f.Fuzz(func(t *testing.T, format string, start int64) {
		items, err := expr.Sequence("2", fmt.Sprint(start), "", format)
		if err != nil {
			return
		}
		require.Len(t, items, 2)
		if format == "" {
			format = "%d"
		}
		want := []rune(fmt.Sprintf(format, start)) // JSON replaces bytes that are not UTF-8, as this does
		assert.Equal(t, string(want), items[0].Text())
		assert.NotContains(t, strings.ReplaceAll(format, "%%", ""), "%!")
		assert.True(t, json.Valid([]byte(items[1].JSON())), items[1].JSON())
	})
}
