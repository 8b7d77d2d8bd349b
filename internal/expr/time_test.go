package expr_test

import (
	"testing"
	"time"

	"github.com/stretchr/testify/assert"

	"github.com/podflow/podflow/internal/expr"
)

func TestDuration(t *testing.T) {
	for text, want := range map[string]time.Duration{
		"10": 10 * time.Second, "0": 0, "1h30m": 90 * time.Minute, "500ms": 500 * time.Millisecond, "1.5s": 1500 * time.Millisecond,
	} {
		d, err := expr.Duration(text)
		assert.NoError(t, err, text)
		assert.Equal(t, want, d)
	}
	for _, text := range []string{"", "2d", "1 h", "ten", "9223372037", "99999999999999999999"} {
		_, err := expr.Duration(text)
		assert.Error(t, err, text)
	}
}

func TestCreationTime(t *testing.T) {
	at := time.Date(2026, 11, 5, 15, 4, 5, 0, time.UTC)
	for name, want := range map[string]string{
		"Y": "2026", "y": "26", "m": "11", "B": "November", "b": "Nov", "d": "05", "A": "Thursday", "a": "Thu", "H": "15",
		"I": "03", "p": "PM", "M": "04", "S": "05", "L": ".000", "Z": "UTC", "z": "+0000", "s": "1793891045",
		"RFC3339": "2026-11-05T15:04:05Z",
	} {
		got, ok := expr.CreationTime(at, name)
		assert.True(t, ok, name)
		assert.Equal(t, want, got, name)
	}
	for _, name := range []string{"", "Q", "YY", "rfc3339"} {
		_, ok := expr.CreationTime(at, name)
		assert.False(t, ok, name)
	}
}
