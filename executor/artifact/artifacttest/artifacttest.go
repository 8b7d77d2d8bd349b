// Package artifacttest is the conformance suite of [artifact.Store]: what each store that can be written must do.
//
//	func TestConformance(t *testing.T) {
//		artifacttest.Run(t, func(t *testing.T) artifact.Store { return open(t, bucket) })
//	}
//
// Its subtests are the rules, and what the suite put it deletes.
package artifacttest

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/artifact"
)

// bench is a store, and a prefix of keys for one subtest.
type bench struct {
	*testing.T
	artifact.Store
	prefix string
}

// Run runs the suite. Open gives the store; it is called for each subtest, and may give the same one.
func Run(t *testing.T, open func(t *testing.T) artifact.Store) {
	for _, rule := range []struct {
		name string
		test func(*bench)
	}{
		{"WhatIsPutIsThere", testPut},
		{"KeysAreTexts", testKeys},
		{"NothingIsThere", testMissing},
		{"PutReplaces", testReplace},
		{"ListsByPrefix", testList},
		{"ListsMany", testMany},
		{"Deletes", testDelete},
		{"EmptyDirectory", testEmptyDirectory},
		{"HalfIsNothing", testHalf},
		{"Cancelled", testCancelled},
		{"Streams", testStreams},
		{"SideBySide", testSideBySide},
	} {
		t.Run(rule.name, func(t *testing.T) {
			b := &bench{t, open(t), "artifacttest-" + rand.Text() + "/"}
			t.Cleanup(func() {
				for _, key := range b.list("") {
					assert.NoError(t, b.Delete(context.Background(), b.prefix+key))
				}
				assert.Empty(t, b.list(""), "all can be deleted")
			})
			rule.test(b)
		})
	}
}

func (b *bench) put(key, value string) {
	b.Helper()
	require.NoError(b, b.Put(b.Context(), b.prefix+key, onlyReader{strings.NewReader(value)}))
}

func (b *bench) get(key string) string {
	b.Helper()
	r, err := b.Get(b.Context(), b.prefix+key)
	require.NoError(b, err)
	value, err := io.ReadAll(r)
	require.NoError(b, err)
	require.NoError(b, r.Close())
	return string(value)
}

// list lists sorted keys without the prefix of the subtest.
func (b *bench) list(prefix string) (keys []string) {
	b.Helper()
	for key, err := range b.List(context.Background(), b.prefix+prefix) {
		require.NoError(b, err)
		keys = append(keys, strings.TrimPrefix(key, b.prefix))
	}
	slices.Sort(keys)
	return keys
}

func (b *bench) requireMissing(key string) {
	b.Helper()
	r, err := b.Get(b.Context(), b.prefix+key)
	if err == nil {
		_, err = io.ReadAll(r)
		require.NoError(b, r.Close())
	}
	require.ErrorIs(b, err, fs.ErrNotExist)
}

func testPut(b *bench) {
	for key, value := range map[string]string{"a": "text", "b/c/d.tgz": "\x00\xff\n", "b/empty": ""} {
		b.put(key, value)
		assert.Equal(b, value, b.get(key))
	}
}

func testKeys(b *bench) {
	keys := []string{"with space/x y", "ümlaut/日本", "a+b=c&d", "100%", "q?#f", "a%2Fb", "x.y..z", "(1)'\"*"}
	for _, key := range keys {
		b.put(key, "of "+key)
	}
	for _, key := range keys {
		assert.Equal(b, "of "+key, b.get(key))
	}
	slices.Sort(keys)
	assert.Equal(b, keys, b.list(""))
}

func testMissing(b *bench) {
	b.put("a/b", "1")
	for _, key := range []string{"x", "a", "a/b/c"} {
		b.requireMissing(key)
		assert.NoError(b, b.Delete(b.Context(), b.prefix+key), "%s", key)
	}
	b.requireMissing("a/")
	assert.Empty(b, b.list("x"))
	assert.Empty(b, b.list("x/y/"))
	assert.Equal(b, []string{"a/b"}, b.list(""))
}

func testReplace(b *bench) {
	b.put("a", strings.Repeat("long", 1000))
	b.put("a", "short")
	assert.Equal(b, "short", b.get("a"))
	assert.Equal(b, []string{"a"}, b.list(""))
}

func testList(b *bench) {
	for _, key := range []string{"a/b", "a/bc/d", "a/b2", "a2", "ab/c/d/e"} {
		b.put(key, "")
	}
	assert.Equal(b, []string{"a/b", "a/b2", "a/bc/d"}, b.list("a/"))
	assert.Equal(b, []string{"a/b", "a/b2", "a/bc/d"}, b.list("a/b"))
	assert.Equal(b, []string{"a/bc/d"}, b.list("a/bc/"))
	assert.Equal(b, []string{"a/b", "a/b2", "a/bc/d", "a2", "ab/c/d/e"}, b.list("a"))
	for _, err := range b.List(b.Context(), b.prefix) {
		require.NoError(b, err)
		break // asks for no more
	}
}

func testMany(b *bench) {
	const n = 1100 // more than a page of S3
	var want []string
	var wait sync.WaitGroup
	places := make(chan struct{}, 8)
	for i := range n {
		key := fmt.Sprintf("many/%04d", i)
		want = append(want, key)
		places <- struct{}{}
		wait.Go(func() {
			defer func() { <-places }()
			assert.NoError(b, b.Put(b.Context(), b.prefix+key, strings.NewReader(key)))
		})
	}
	wait.Wait()
	assert.Equal(b, want, b.list("many/"))
}

func testDelete(b *bench) {
	b.put("a/b", "1")
	b.put("a/c", "2")
	require.NoError(b, b.Delete(b.Context(), b.prefix+"a/b"))
	b.requireMissing("a/b")
	assert.Equal(b, []string{"a/c"}, b.list(""))
	assert.Equal(b, "2", b.get("a/c"))
}

func testEmptyDirectory(b *bench) {
	b.put("a/empty/", "")
	b.put("a/x", "1")
	assert.Equal(b, []string{"a/empty/", "a/x"}, b.list("a/"))
	require.NoError(b, b.Delete(b.Context(), b.prefix+"a/empty/"))
	assert.Equal(b, []string{"a/x"}, b.list(""))
}

func testHalf(b *bench) {
	b.put("old", "whole")
	for _, size := range []int64{0, 100, 40 << 20} {
		broken := errors.New("broken")
		for _, key := range []string{"new", "old"} {
			err := b.Put(b.Context(), b.prefix+key, io.MultiReader(io.LimitReader(zeros{}, size), failing{broken}))
			require.ErrorIs(b, err, broken, "%d bytes", size)
		}
		b.requireMissing("new")
		assert.Equal(b, "whole", b.get("old"))
		assert.Equal(b, []string{"old"}, b.list(""))
	}
}

func testCancelled(b *bench) {
	b.put("old", "whole")
	cause := errors.New("stopped by the test")
	ended, cancel := context.WithCancelCause(b.Context())
	cancel(cause)
	assert.Error(b, b.Put(ended, b.prefix+"old", strings.NewReader("new")))
	if r, err := b.Get(ended, b.prefix+"old"); err == nil {
		_, err = io.ReadAll(r)
		assert.Error(b, err)
		assert.NoError(b, r.Close())
	}
	var last error
	for _, last = range b.List(ended, b.prefix) {
		continue
	}
	assert.Error(b, last)

	ctx, cancel := context.WithCancelCause(b.Context())
	stream := io.MultiReader(io.LimitReader(zeros{}, 20<<20), doing{func() { cancel(cause) }}, io.LimitReader(zeros{}, 20<<20))
	assert.Error(b, b.Put(ctx, b.prefix+"old", stream))
	assert.Equal(b, "whole", b.get("old"))
	assert.Equal(b, []string{"old"}, b.list(""))

	require.NoError(b, b.Put(b.Context(), b.prefix+"large", io.LimitReader(zeros{}, 40<<20)))
	ctx, cancel = context.WithCancelCause(b.Context())
	r, err := b.Get(ctx, b.prefix+"large")
	require.NoError(b, err)
	_, err = io.ReadFull(r, make([]byte, 100))
	require.NoError(b, err)
	cancel(cause)
	_, err = io.Copy(io.Discard, r)
	assert.Error(b, err)
	assert.NoError(b, r.Close())
}

func testStreams(b *bench) {
	const size, most = 64 << 20, 48 << 20
	sent := sha256.New()
	start := heap()
	peak := start
	watched := &watch{every: 10 << 20, do: func() { peak = max(peak, heap()) }}
	require.NoError(b, b.Put(b.Context(), b.prefix+"large", io.TeeReader(io.LimitReader(io.TeeReader(&lcg{1}, watched), size), sent)))
	assert.Less(b, int64(peak)-int64(start), int64(most), "memory while %d bytes are put", size)

	r, err := b.Get(b.Context(), b.prefix+"large")
	require.NoError(b, err)
	got := sha256.New()
	n, err := io.Copy(io.MultiWriter(got, watched), r)
	require.NoError(b, err)
	require.NoError(b, r.Close())
	assert.EqualValues(b, size, n)
	assert.Equal(b, sent.Sum(nil), got.Sum(nil))
	assert.Less(b, int64(peak)-int64(start), int64(most), "memory while %d bytes are read", size)
}

func testSideBySide(b *bench) {
	values := map[string]bool{}
	var wait sync.WaitGroup
	for i := range 8 {
		value := strings.Repeat(string(rune('a'+i)), 1<<20)
		values[value] = true
		wait.Go(func() {
			assert.NoError(b, b.Put(b.Context(), b.prefix+"one", strings.NewReader(value)))
		})
		wait.Go(func() {
			key := fmt.Sprint("own/", i)
			assert.NoError(b, b.Put(b.Context(), b.prefix+key, strings.NewReader(value)))
			assert.NoError(b, b.Delete(b.Context(), b.prefix+key))
		})
	}
	wait.Wait()
	assert.True(b, values[b.get("one")], "one whole value")
	assert.Equal(b, []string{"one"}, b.list(""))
}

// heap is how much memory is in use.
func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// onlyReader hides what else a reader can do.
type onlyReader struct{ io.Reader }

// zeros is an endless stream of zeros.
type zeros struct{}

func (zeros) Read(b []byte) (int, error) {
	clear(b)
	return len(b), nil
}

// lcg is an endless stream that looks random.
type lcg struct{ state uint64 }

func (r *lcg) Read(b []byte) (int, error) {
	var word [8]byte
	for i := 0; i < len(b); i += copy(b[i:], word[:]) {
		r.state = r.state*6364136223846793005 + 1442695040888963407
		binary.LittleEndian.PutUint64(word[:], r.state)
	}
	return len(b), nil
}

// failing fails to be read.
type failing struct{ err error }

func (f failing) Read([]byte) (int, error) { return 0, f.err }

// doing does something when it is read, and is empty.
type doing struct{ do func() }

func (d doing) Read([]byte) (int, error) {
	d.do()
	return 0, io.EOF
}

// watch does something whenever so many bytes were written.
type watch struct {
	every, seen int
	do          func()
}

func (w *watch) Write(b []byte) (int, error) {
	if w.seen += len(b); w.seen >= w.every {
		w.seen = 0
		w.do()
	}
	return len(b), nil
}
