package protocol_test

import (
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/k8s/internal/protocol"
)

const attempt = "uid/run-x.a(0:\xc3\xa9)/3"

// noise is text that does not compress.
func noise(n int) string {
	r := rand.New(rand.NewPCG(1, uint64(n)))
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	return string(b)
}

func reader(s string) func() (io.ReadCloser, error) {
	return func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(s)), nil }
}

func TestReportComesBack(t *testing.T) {
	for name, tc := range map[string]struct {
		report protocol.Report
		inLog  bool
	}{
		"Nothing":     {report: protocol.Report{}},
		"EmptyResult": {report: protocol.Report{Result: &protocol.Value{}}},
		"AnyBytes": {report: protocol.Report{ExitCode: 137, Signal: 9, Result: &protocol.Value{Data: "\xff\x00\r\n\n"}, Values: []protocol.Value{
			{Name: "a", Data: "\n"}, {Name: "b", Problem: &protocol.Problem{Kind: protocol.Missing, Text: "é"}}, {Name: "c", Data: "$(HOME)"},
		}}},
		"Artifacts": {report: protocol.Report{Artifacts: []protocol.Artifact{{Name: "x", Size: 5 << 30, SHA256: "ab"},
			{Name: "y", Problem: &protocol.Problem{Kind: protocol.NotStored, Text: "no"}}}}},
		"Compresses":    {report: protocol.Report{Result: &protocol.Value{Data: strings.Repeat("0123456789abcde\n", 1<<14)}}},
		"NoiseThatFits": {report: protocol.Report{Result: &protocol.Value{Data: noise(2048)}}},
		"TooLong":       {report: protocol.Report{Result: &protocol.Value{Data: noise(128 << 10)}, Values: []protocol.Value{{Name: "a", Data: noise(128 << 10)}}}, inLog: true},
		"LongHeader":    {report: protocol.Report{Problem: &protocol.Problem{Kind: protocol.Agent, Text: strings.ToValidUTF8(noise(9000), "?")}}, inLog: true},
	} {
		t.Run(name, func(t *testing.T) {
			tc.report.Attempt = attempt
			message, log := tc.report.Encode(protocol.MaxMessage)
			assert.LessOrEqual(t, len(message), protocol.MaxMessage)
			assert.True(t, utf8.ValidString(message) && utf8.ValidString(log))
			assert.Equal(t, tc.inLog, log != "")
			for _, line := range strings.Split(log, "\n") {
				assert.Less(t, len(line), 16<<10)
			}
			got, err := protocol.Decode(attempt, message, reader("other output\n"+log+"and more"))
			require.NoError(t, err)
			assert.Equal(t, &tc.report, got)
		})
	}
}

func TestDamageIsSeen(t *testing.T) {
	short := protocol.Report{Attempt: attempt, Result: &protocol.Value{Data: "hello"}}
	message, _ := short.Encode(protocol.MaxMessage)
	long := protocol.Report{Attempt: attempt, Result: &protocol.Value{Data: noise(64 << 10)}}
	head, log := long.Encode(protocol.MaxMessage)
	other := protocol.Report{Attempt: attempt, Result: &protocol.Value{Data: noise(63 << 10)}}
	otherHead, _ := other.Encode(protocol.MaxMessage)
	lines := strings.SplitAfter(log, "\n")
	for name, tc := range map[string]struct{ attempt, message, log string }{
		"Empty":           {message: ""},
		"OfTheProgram":    {message: "I failed\n"},
		"TheEndOnly":      {message: message[10:]},
		"CutInTheHead":    {message: message[:20]},
		"Cut":             {message: message[:len(message)-4]},
		"CutInABlock":     {message: message[:len(message)-3]},
		"OneByte":         {message: strings.Replace(message, message[len(message)-12:len(message)-11], "x", 1)},
		"OfAnother":       {attempt: "uid/run-x.b/3", message: message},
		"Log/Empty":       {message: head},
		"Log/LineMissing": {message: head, log: strings.Join(append(append([]string{}, lines[:2]...), lines[3:]...), "")},
		"Log/LastMissing": {message: head, log: strings.Join(lines[:len(lines)-2], "")},
		"Log/Cut":         {message: head, log: log[:len(log)-9]},
		"Log/OneByte":     {message: head, log: strings.Replace(log, lines[1][100:110], "0123456789", 1)},
		"Log/OfAnother":   {message: otherHead, log: log},
		"Log/KubeletSays": {message: head, log: "failed to try resolving symlinks in path: no such file\n"},
	} {
		t.Run(name, func(t *testing.T) {
			want := attempt
			if tc.attempt != "" {
				want = tc.attempt
			}
			_, err := protocol.Decode(want, tc.message, reader(tc.log))
			assert.ErrorAs(t, err, new(*protocol.DamagedError))
		})
	}
	t.Run("Log/TwiceIsNoDamage", func(t *testing.T) {
		got, err := protocol.Decode(attempt, head, reader(log+log))
		require.NoError(t, err)
		assert.Equal(t, &long, got)
	})
}

// endless says the same again and again.
type endless struct{ text string }

func (e endless) Read(b []byte) (n int, err error) {
	for n < len(b) {
		n += copy(b[n:], e.text)
	}
	return n, nil
}

func TestCopyLogCopiesNothingElse(t *testing.T) {
	long := protocol.Report{Attempt: attempt, Result: &protocol.Value{Data: noise(protocol.MaxValues)}}
	_, log := long.Encode(protocol.MaxMessage)
	for name, tc := range map[string]struct {
		text      io.Reader
		want, err string
	}{
		"Report":      {text: strings.NewReader(log), want: log},
		"AmongOthers": {text: strings.NewReader("KEY=secret\x00\n" + log + "KEY=secret"), want: log},
		"Empty":       {text: strings.NewReader("")},
		"Text":        {text: strings.NewReader("KEY=secret\nKEY=secret\n")},
		"Endless":     {text: endless{"KEY=secret\n"}},
		"EndlessLine": {text: endless{"\x00"}, err: "a line that is too long"},
		"NoChecksum":  {text: strings.NewReader("podflow-agent 1/1 00000000 secret\n"), err: "does not have its checksum"},
		"LineTooLong": {text: strings.NewReader("podflow-agent 1/1 00000000 " + strings.Repeat("x", 8193) + "\n"), err: "a line of the log is incomplete"},
		"TooMany":     {text: strings.NewReader("podflow-agent 1/9999999 00000000 secret\n"), err: "has the number"},
		"Half":        {text: strings.NewReader(log[:len(log)/2]), err: "of the log does not have its checksum"},
		"NoLine":      {text: strings.NewReader("podflow-agent secret\n"), err: "a line of the log is incomplete"},
	} {
		t.Run(name, func(t *testing.T) {
			var got strings.Builder
			err := protocol.CopyLog(&got, tc.text)
			assert.True(t, tc.want == got.String(), "%.100q", &got)
			if tc.err == "" {
				require.NoError(t, err)
				return
			}
			require.ErrorAs(t, err, new(*protocol.DamagedError))
			assert.ErrorContains(t, err, tc.err)
			assert.NotContains(t, err.Error(), "secret")
		})
	}
}

func TestErrorsOfDecode(t *testing.T) {
	var version *protocol.VersionError
	_, err := protocol.Decode(attempt, "podflow-agent 0.9 something else\nmore", nil)
	require.ErrorAs(t, err, &version)
	assert.Equal(t, "0.9", version.Agent)
	assert.ErrorContains(t, err, protocol.PushCommand)

	long := protocol.Report{Attempt: attempt, Result: &protocol.Value{Data: noise(64 << 10)}}
	head, _ := long.Encode(protocol.MaxMessage)
	gone := errors.New("gone")
	_, err = protocol.Decode(attempt, head, func() (io.ReadCloser, error) { return nil, gone })
	assert.ErrorIs(t, err, gone)
}

func FuzzDecode(f *testing.F) {
	for _, r := range []protocol.Report{{}, {Result: &protocol.Value{Data: noise(5000)}}, {Values: []protocol.Value{{Name: "a", Data: "b"}}}} {
		r.Attempt = attempt
		message, log := r.Encode(protocol.MaxMessage)
		f.Add(message, log)
	}
	f.Add("podflow-agent 1 log 1 x\n", "podflow-agent 1/1024 00000000 eA==\n")
	f.Fuzz(func(t *testing.T, message, log string) {
		r, err := protocol.Decode(attempt, message, reader(log))
		if err != nil {
			return
		}
		message, log = r.Encode(protocol.MaxMessage)
		again, err := protocol.Decode(attempt, message, reader(log))
		require.NoError(t, err)
		assert.Equal(t, r, again)
	})
}
