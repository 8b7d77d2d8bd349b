package journal_test

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"k8s.io/apimachinery/pkg/api/equality"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
)

func openDir(t *testing.T, path string) *journal.Dir {
	t.Helper()
	d, err := journal.OpenDir(path)
	require.NoError(t, err)
	return d
}

// everywhere runs a test with each journal. again is the same one for another process.
func everywhere(t *testing.T, test func(t *testing.T, j journal.Journal, again func() journal.Journal)) {
	t.Run("memory", func(t *testing.T) {
		j := journal.NewMemory()
		test(t, j, func() journal.Journal { return j })
	})
	t.Run("dir", func(t *testing.T) {
		path := filepath.Join(t.TempDir(), "of", "runs")
		test(t, openDir(t, path), func() journal.Journal { return openDir(t, path) })
	})
}

// start is the start of a run with everything in it.
func start(name, uid string) journal.Start {
	w := &spec.Workflow{}
	w.APIVersion, w.Kind, w.Name = spec.APIVersion, "Workflow", name
	w.Spec.Entrypoint = "main"
	return journal.Start{
		Run:                      executor.Run{Name: name, UID: uid, Workflow: w, Created: time.Unix(1, 2).UTC()},
		Workflow:                 w,
		WorkflowTemplates:        map[string]*spec.WorkflowSpec{"t": {Entrypoint: "a"}},
		ClusterWorkflowTemplates: map[string]*spec.WorkflowSpec{"c": {Entrypoint: "b"}},
		Funcs:                    map[string]string{"f": "func(N int) ()"},
		Config:                   []executor.Value{{Name: "workflow.x", Value: "1"}},
		Arguments:                []executor.Value{{Name: "a", Value: hostile}},
		Digest:                   "d",
		Kept:                     records(uid)[:2],
	}
}

// hostile is no UTF-8, and has what ends lines and documents.
const hostile = "\x00\xff\xfe \"}\n\r\u2028</script> \ufffd é"

func records(uid string) []journal.Record {
	code, result := 3, hostile
	all := []journal.Record{
		{ID: executor.ID{Run: uid, Node: "r.A"}, Result: executor.Result{Phase: spec.Succeeded, Outputs: []executor.Value{{Name: "x", Value: hostile}}}, Finished: 1},
		{ID: executor.ID{Run: uid, Node: "r.B(0:\xff\n)", Attempt: 2}, Result: executor.Result{Phase: spec.Failed, ExitCode: &code, Result: &result, Message: hostile}, Finished: -5},
		{Kind: journal.Ready, ID: executor.ID{Run: uid, Node: "r.D"}, PodName: "p", PodIP: "10.0.0.1", HostNode: "n", Finished: 1 << 62},
		{ID: executor.ID{Run: uid, Node: "r.E"}, Error: hostile, Lost: "Preempted", Once: true},
		{Kind: journal.Stopped, Error: "the run was stopped", Result: executor.Result{Message: "m"}},
	}
	empty := ""
	all[0].Result.Result = &empty
	return all
}

func TestWhatIsRecordedIsRead(t *testing.T) {
	everywhere(t, func(t *testing.T, j journal.Journal, again func() journal.Journal) {
		ctx := t.Context()
		s, rs := start("r", "u"), records("u")
		require.NoError(t, j.Begin(ctx, s))
		want := &journal.Run{Start: s}
		read := func() {
			t.Helper()
			for _, j := range []journal.Journal{j, again()} {
				got, err := j.Read(ctx, "r")
				require.NoError(t, err)
				assert.True(t, want.Run.Created.Equal(got.Run.Created))
				assert.Equal(t, want, got)
			}
		}
		read()
		for i := range rs {
			require.NoError(t, j.Append(ctx, "r", rs[i:i+1]))
			want.Records = append(want.Records, rs[i])
			read()
			j = again()
		}
		require.NoError(t, j.Append(ctx, "r", rs))
		want.Records = append(want.Records, rs...)
		read()
		require.NoError(t, j.End(ctx, "r", spec.Failed))
		want.Phase = spec.Failed
		read()
	})
}

// What is read is the reader's.
func TestWhatIsReadDoesNotGrow(t *testing.T) {
	everywhere(t, func(t *testing.T, j journal.Journal, _ func() journal.Journal) {
		require.NoError(t, j.Begin(t.Context(), start("r", "u")))
		require.NoError(t, j.Append(t.Context(), "r", records("u")[:2]))
		one, err := j.Read(t.Context(), "r")
		require.NoError(t, err)
		one.Records = append(one.Records, records("u")[4])
		one.Phase = spec.Failed
		require.NoError(t, j.Append(t.Context(), "r", records("u")[2:3]))
		two, err := j.Read(t.Context(), "r")
		require.NoError(t, err)
		assert.Equal(t, records("u")[:3], two.Records)
		assert.Equal(t, records("u")[4], one.Records[2])
		assert.Empty(t, two.Phase)
	})
}

func TestNoSuchRun(t *testing.T) {
	everywhere(t, func(t *testing.T, j journal.Journal, _ func() journal.Journal) {
		_, err := j.Read(t.Context(), "r")
		assert.ErrorIs(t, err, journal.ErrNoRun)
		assert.ErrorIs(t, j.Append(t.Context(), "r", records("u")), journal.ErrNoRun)
		assert.ErrorIs(t, j.End(t.Context(), "r", spec.Failed), journal.ErrNoRun)
		names, err := j.Names(t.Context())
		require.NoError(t, err)
		assert.Empty(t, names)
	})
}

func TestANameIsTakenOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, j journal.Journal, again func() journal.Journal) {
		ctx := t.Context()
		exists := func(s journal.Start) {
			t.Helper()
			err := again().Begin(ctx, s)
			e, ok := errors.AsType[*journal.ExistsError](err)
			require.True(t, ok, "%v", err)
			assert.Equal(t, "r", e.Name)
			r, err := j.Read(ctx, "r")
			require.NoError(t, err)
			assert.Equal(t, "u", r.Run.UID)
		}
		require.NoError(t, j.Begin(ctx, start("r", "u")))
		next := start("r", "v")
		exists(next)
		next.Replaces = "u"
		exists(next) // it is not over
		require.NoError(t, j.End(ctx, "r", spec.Failed))
		next.Replaces = ""
		exists(next)
		next.Replaces = "w"
		exists(next)
		next.Replaces = "u"
		require.NoError(t, j.Begin(ctx, next))
		got, err := again().Read(ctx, "r")
		require.NoError(t, err)
		assert.Equal(t, &journal.Run{Start: next}, got)
		require.NoError(t, j.Append(ctx, "r", records("v")))
		got, err = again().Read(ctx, "r")
		require.NoError(t, err)
		assert.Equal(t, records("v"), got.Records)
	})
}

func TestOneOfManyBegins(t *testing.T) {
	everywhere(t, func(t *testing.T, _ journal.Journal, again func() journal.Journal) {
		var wg sync.WaitGroup
		errs := make([]error, 20)
		for i := range errs {
			j := again()
			wg.Go(func() { errs[i] = j.Begin(context.Background(), start("r", fmt.Sprint(i))) })
		}
		wg.Wait()
		var won []int
		for i, err := range errs {
			if err == nil {
				won = append(won, i)
			}
		}
		require.Len(t, won, 1)
		r, err := again().Read(t.Context(), "r")
		require.NoError(t, err)
		assert.Equal(t, fmt.Sprint(won[0]), r.Run.UID)
	})
}

func TestNames(t *testing.T) {
	everywhere(t, func(t *testing.T, j journal.Journal, again func() journal.Journal) {
		want := []string{"z", "a", "Ä/../b", "..", "A", strings.Repeat("x", 63), "r.jsonl", "per%cent", "a\n"}
		for i, name := range want {
			s := start(name, name)
			s.Run.Created = time.Unix(int64(i), 0)
			require.NoError(t, j.Begin(t.Context(), s))
		}
		names, err := again().Names(t.Context())
		require.NoError(t, err)
		assert.Equal(t, want, names)
		for _, name := range want {
			r, err := again().Read(t.Context(), name)
			require.NoError(t, err)
			assert.Equal(t, name, r.Run.UID)
		}
		require.NoError(t, j.End(t.Context(), "z", spec.Failed))
		s := start("z", "again")
		s.Replaces, s.Run.Created = "z", time.Unix(100, 0)
		require.NoError(t, j.Begin(t.Context(), s))
		names, err = again().Names(t.Context())
		require.NoError(t, err)
		assert.Equal(t, append(want[1:], "z"), names)
	})
}

func TestManyAtOnce(t *testing.T) {
	everywhere(t, func(t *testing.T, j journal.Journal, again func() journal.Journal) {
		const runs, batches = 4, 10
		var wg sync.WaitGroup
		for i := range runs {
			name := fmt.Sprint("r", i)
			require.NoError(t, j.Begin(t.Context(), start(name, name)))
			for range 2 {
				wg.Go(func() {
					for range batches {
						assert.NoError(t, j.Append(context.Background(), name, records(name)))
						_, err := j.Read(context.Background(), name)
						assert.NoError(t, err)
						_, err = j.Names(context.Background())
						assert.NoError(t, err)
					}
				})
			}
		}
		wg.Wait()
		for i := range runs {
			name := fmt.Sprint("r", i)
			r, err := again().Read(t.Context(), name)
			require.NoError(t, err)
			require.Len(t, r.Records, 2*batches*5)
			for k := range 2 * batches {
				assert.Equal(t, records(name), r.Records[k*5:k*5+5])
			}
		}
	})
}

// The directory is for the owner only.
func TestDirModes(t *testing.T) {
	path := filepath.Join(t.TempDir(), "runs")
	d := openDir(t, path)
	require.NoError(t, d.Begin(t.Context(), start("r", "u")))
	require.NoError(t, d.Append(t.Context(), "r", records("u")))
	info, err := os.Stat(path)
	require.NoError(t, err)
	assert.Equal(t, fs.FileMode(0o700), info.Mode().Perm())
	entries, err := os.ReadDir(path)
	require.NoError(t, err)
	require.Len(t, entries, 1)
	info, err = entries[0].Info()
	require.NoError(t, err)
	assert.Equal(t, "r.jsonl", info.Name())
	assert.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
}

// Wherever a crash cuts the last line off: it was not recorded, all before it was, and what comes next is.
func TestDirTornLine(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path)
	rs := records("u")
	require.NoError(t, d.Begin(t.Context(), start("r", "u")))
	require.NoError(t, d.Append(t.Context(), "r", rs[:2]))
	file := filepath.Join(path, "r.jsonl")
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	require.NoError(t, d.Append(t.Context(), "r", rs[2:4]))
	more, err := os.ReadFile(file)
	require.NoError(t, err)
	for size := len(whole); size < len(more); size++ {
		require.NoError(t, os.WriteFile(file, more[:size], 0o600))
		d := openDir(t, path)
		r, err := d.Read(t.Context(), "r")
		require.NoError(t, err)
		require.Equal(t, rs[:2], r.Records)
		require.NoError(t, d.Append(t.Context(), "r", rs[4:]))
		r, err = openDir(t, path).Read(t.Context(), "r")
		require.NoError(t, err)
		require.Equal(t, append(rs[:2:2], rs[4]), r.Records)
	}
}

// Damage is found, and is no shorter run.
func TestDirDamage(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path)
	require.NoError(t, d.Begin(t.Context(), start("r", "u")))
	file := filepath.Join(path, "r.jsonl")
	begun, err := os.ReadFile(file)
	require.NoError(t, err)
	for _, r := range records("u") {
		require.NoError(t, d.Append(t.Context(), "r", []journal.Record{r}))
	}
	whole, err := os.ReadFile(file)
	require.NoError(t, err)
	lastLine := len(whole) - 1 - len(whole[strings.LastIndexByte(string(whole[:len(whole)-1]), '\n')+1:])
	random := rand.New(rand.NewPCG(1, 2))
	for range 300 {
		damaged := append([]byte(nil), whole...)
		at := random.IntN(lastLine)
		damaged[at] ^= byte(1 + random.IntN(255))
		require.NoError(t, os.WriteFile(file, damaged, 0o600))
		_, err := d.Read(t.Context(), "r")
		require.Error(t, err, "at %d: %q", at, damaged[:at+1])
		require.Error(t, openDir(t, path).Append(t.Context(), "r", records("u")), "at %d", at)
		after, err := os.ReadFile(file)
		require.NoError(t, err)
		require.Equal(t, damaged, after, "it is left as it is")
	}
	for size := range begun {
		require.NoError(t, os.WriteFile(file, begun[:size], 0o600))
		_, err := d.Read(t.Context(), "r")
		require.ErrorContains(t, err, "r.jsonl", "%d", size)
		require.ErrorContains(t, err, "damaged", "%d", size)
	}
	require.NoError(t, os.WriteFile(file, nil, 0o600))
	names, err := d.Names(t.Context())
	require.NoError(t, err)
	assert.Equal(t, []string{"r"}, names)
}

// What is not there cannot be written to.
func TestDirIsGone(t *testing.T) {
	path := t.TempDir()
	d := openDir(t, path)
	require.NoError(t, d.Begin(t.Context(), start("r", "u")))
	require.NoError(t, os.Remove(filepath.Join(path, "r.jsonl")))
	assert.ErrorIs(t, d.Append(t.Context(), "r", records("u")), journal.ErrNoRun)
	require.NoError(t, os.RemoveAll(path))
	assert.ErrorIs(t, d.Begin(t.Context(), start("r", "u")), fs.ErrNotExist)
	_, err := journal.OpenDir(filepath.Join(os.DevNull, "x"))
	assert.Error(t, err)
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(errors.New("enough"))
	assert.ErrorContains(t, d.Begin(ctx, start("r", "u")), "enough")
	_, err = d.Names(ctx)
	assert.ErrorContains(t, err, "enough")
}

// A workflow comes back as it was, whatever stands in it.
func TestDirKeepsWorkflows(t *testing.T) {
	d := openDir(t, t.TempDir())
	read := 0
	for file, path := range argotest.Examples(t) {
		in, err := os.Open(path)
		require.NoError(t, err)
		objects, err := spec.Decode(in)
		require.NoError(t, in.Close())
		if err != nil {
			continue
		}
		for _, o := range objects {
			w, ok := o.(*spec.Workflow)
			if !ok {
				continue
			}
			read++
			s := start(fmt.Sprint("r", read), "u")
			s.Workflow = w
			require.NoError(t, d.Begin(t.Context(), s))
			got, err := d.Read(t.Context(), s.Run.Name)
			require.NoError(t, err)
			assert.True(t, equality.Semantic.DeepEqual(w, got.Workflow), file)
		}
	}
	t.Logf("%d workflows", read)
	assert.Greater(t, read, 150)
}

func BenchmarkDirAppend(b *testing.B) {
	d, err := journal.OpenDir(b.TempDir())
	require.NoError(b, err)
	require.NoError(b, d.Begin(b.Context(), start("r", "u")))
	rs := records("u")[:1]
	for b.Loop() {
		require.NoError(b, d.Append(b.Context(), "r", rs))
	}
}
