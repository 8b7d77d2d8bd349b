package artifact_test

import (
	"archive/tar"
	stdzip "archive/zip"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// packed is a tar with gzip of the headers, of which each file has as many x as its size.
func packed(t testing.TB, headers ...tar.Header) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	for i := range headers {
		h := headers[i]
		if h.Typeflag == 0 {
			h.Typeflag = tar.TypeReg
		}
		if h.Mode == 0 && h.Typeflag != tar.TypeXGlobalHeader {
			h.Mode = 0o644
		}
		require.NoError(t, w.WriteHeader(&h))
		if h.Typeflag == tar.TypeReg {
			_, err := io.WriteString(w, strings.Repeat("x", int(h.Size)))
			require.NoError(t, err)
		}
	}
	require.NoError(t, w.Close())
	require.NoError(t, z.Close())
	return b.Bytes()
}

func link(name, to string) tar.Header {
	return tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeSymlink}
}
func hard(name, to string) tar.Header {
	return tar.Header{Name: name, Linkname: to, Typeflag: tar.TypeLink}
}

// unpackInto unpacks beside a file that no archive may change, and gives what became of it.
func unpackInto(t testing.TB, stream []byte, archive *spec.ArchiveStrategy, limits artifact.Limits) (path string, err error) {
	t.Helper()
	dir := t.TempDir()
	outside := filepath.Join(dir, "outside")
	require.NoError(t, os.WriteFile(outside, []byte("untouched"), 0o600))
	path = filepath.Join(dir, "in", "x")
	err = artifact.Unpack(context.Background(), bytes.NewReader(stream), path, archive, limits)
	text, outErr := os.ReadFile(outside)
	require.NoError(t, outErr)
	require.Equal(t, "untouched", string(text))
	top, dirErr := os.ReadDir(dir)
	require.NoError(t, dirErr)
	require.Len(t, top, 2, "nothing beside")
	in, dirErr := os.ReadDir(filepath.Dir(path))
	require.NoError(t, dirErr)
	if err != nil {
		require.Empty(t, in, "nothing is left of a refused archive")
	} else {
		require.Len(t, in, 1)
	}
	return path, err
}

func TestHostileTar(t *testing.T) {
	file := tar.Header{Name: "d/a", Size: 1}
	for name, tc := range map[string]struct {
		headers []tar.Header
		want    string // in the error, besides the name of the last entry
	}{
		"DotDot":           {[]tar.Header{file, {Name: "../outside", Size: 1}}, "leads out"},
		"DotDotInside":     {[]tar.Header{file, {Name: "d/../../../outside", Size: 1}}, "leads out"},
		"DotDotThatStays":  {[]tar.Header{file, {Name: "d/../e", Size: 1}}, "leads out"},
		"Absolute":         {[]tar.Header{{Name: "/tmp/outside", Size: 1}}, "leads out"},
		"AbsoluteDir":      {[]tar.Header{{Name: "/tmp/outside/", Typeflag: tar.TypeDir}}, "leads out"},
		"LinkAbsolute":     {[]tar.Header{file, link("d/l", "/etc/passwd")}, "out of the directory"},
		"LinkOut":          {[]tar.Header{file, link("d/l", "../../outside")}, "out of the directory"},
		"LinkOutOfTheTop":  {[]tar.Header{file, link("d/l", "../outside")}, "out of the directory"},
		"LinkByALink":      {[]tar.Header{link("d/s", "."), link("d/e/l", "../s/../../../outside")}, "out of the directory"},
		"TopIsALink":       {[]tar.Header{link("l", "x")}, "is a link"},
		"BelowALink":       {[]tar.Header{link("d/l", "e"), {Name: "d/l/a", Size: 1}}, "not a directory"},
		"BelowAFile":       {[]tar.Header{file, {Name: "d/a/b", Size: 1}}, "not a directory"},
		"ThroughAnOutLink": {[]tar.Header{link("d/l", "../../in"), {Name: "d/l/a", Size: 1}}, "out of the directory"},
		"Twice":            {[]tar.Header{file, file}, "exists"},
		"LinkThenFile":     {[]tar.Header{link("d/a", "b"), file}, "exists"},
		"HardLinkOut":      {[]tar.Header{file, hard("d/l", "../outside")}, "leads out"},
		"HardLinkAbsolute": {[]tar.Header{file, hard("d/l", "/etc/passwd")}, "leads out"},
		"HardLinkByALink":  {[]tar.Header{file, link("d/s", "."), hard("d/l", "d/s/a")}, "not in a directory that came before"},
		"HardLinkNothing":  {[]tar.Header{file, hard("d/l", "d/absent")}, "no such file"},
		"CharDevice":       {[]tar.Header{file, {Name: "d/null", Typeflag: tar.TypeChar, Devmajor: 1, Devminor: 3}}, "device"},
		"BlockDevice":      {[]tar.Header{file, {Name: "d/sda", Typeflag: tar.TypeBlock}}, "device"},
		"Pipe":             {[]tar.Header{file, {Name: "d/p", Typeflag: tar.TypeFifo}}, "named pipe"},
		"LongName":         {[]tar.Header{file, {Name: strings.Repeat("d/", 3000) + "x", Size: 1}}, "bytes"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := unpackInto(t, packed(t, tc.headers...), nil, artifact.Limits{})
			require.ErrorContains(t, err, tc.want)
			last := tc.headers[len(tc.headers)-1].Name
			require.ErrorContains(t, err, last[:min(len(last), 3)], "the entry is named")
			assert.Less(t, len(err.Error()), 600)
		})
	}
}

func TestBombs(t *testing.T) {
	var many []tar.Header
	for i := range 101 {
		many = append(many, tar.Header{Name: fmt.Sprint("d/", i)})
	}
	limits := artifact.Limits{Entries: 101, Bytes: 1000}
	_, err := unpackInto(t, packed(t, many...), nil, limits)
	require.ErrorContains(t, err, `entry "d/100": with it the archive has more entries`)
	_, err = unpackInto(t, packed(t, many[:100]...), nil, limits)
	require.NoError(t, err, "100 files and their directory")
	_, err = unpackInto(t, packed(t, tar.Header{Name: strings.Repeat("d/", 200) + "x"}), nil, limits)
	require.ErrorContains(t, err, "more entries", "directories count, also those that only a name tells")

	_, err = unpackInto(t, packed(t, tar.Header{Name: "d/a", Size: 600}, tar.Header{Name: "d/b", Size: 401}), nil, limits)
	require.ErrorContains(t, err, `entry "d/b": with it the files hold more bytes`)
	_, err = unpackInto(t, packed(t, tar.Header{Name: "d/a", Size: 600}, tar.Header{Name: "d/b", Size: 400}), nil, limits)
	require.NoError(t, err)
	_, err = unpackInto(t, bytes.Repeat([]byte("x"), 1001), nil, limits)
	require.ErrorContains(t, err, "more bytes")
	_, err = unpackInto(t, bytes.Repeat([]byte("x"), 1000), nil, limits)
	require.NoError(t, err)

	// What a header claims is refused before it is read.
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	require.NoError(t, tar.NewWriter(z).WriteHeader(&tar.Header{Name: "huge", Size: 1 << 50, Mode: 0o600, Typeflag: tar.TypeReg}))
	require.NoError(t, z.Close())
	_, err = unpackInto(t, b.Bytes(), nil, artifact.Limits{})
	require.ErrorContains(t, err, `entry "huge": with it the files hold more bytes`)
}

// TestNamesAreBounded has directories whose names alone would fill the memory.
func TestNamesAreBounded(t *testing.T) {
	var headers []tar.Header
	long := strings.Repeat(strings.Repeat("n", 200)+"/", 19)
	for i := range 5000 {
		headers = append(headers, tar.Header{Name: fmt.Sprint(long, i), Typeflag: tar.TypeDir})
	}
	_, err := unpackInto(t, packed(t, headers...), nil, artifact.Limits{})
	require.ErrorContains(t, err, "the names of directories and links are longer")
}

func TestMillionEntries(t *testing.T) {
	if testing.Short() {
		t.Skip("takes a while")
	}
	r, w := io.Pipe()
	go func() {
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		files := tar.NewWriter(z)
		for i := range 1 << 20 {
			if files.WriteHeader(&tar.Header{Name: fmt.Sprint("d/", i), Typeflag: tar.TypeReg, Mode: 0o600}) != nil {
				return
			}
		}
		_ = w.CloseWithError(z.Close())
	}()
	path := filepath.Join(t.TempDir(), "x")
	err := artifact.Unpack(t.Context(), r, path, nil, artifact.Limits{Entries: 20_000})
	require.ErrorContains(t, err, `entry "d/19999": with it the archive has more entries`)
	require.NoError(t, r.Close())
	assert.NoDirExists(t, path)
}

// zipped is a zip of entries: a text that begins with -> makes a link.
func zipped(t testing.TB, entries ...[2]string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := stdzip.NewWriter(&b)
	for _, e := range entries {
		h := &stdzip.FileHeader{Name: e[0], Method: stdzip.Deflate}
		h.SetMode(0o644)
		text, isLink := strings.CutPrefix(e[1], "->")
		switch {
		case isLink:
			h.SetMode(fs.ModeSymlink | 0o777)
		case e[1] == "|":
			h.SetMode(fs.ModeNamedPipe | 0o666)
		}
		f, err := w.CreateHeader(h)
		require.NoError(t, err)
		_, err = io.WriteString(f, text)
		require.NoError(t, err)
	}
	require.NoError(t, w.Close())
	return b.Bytes()
}

func TestHostileZip(t *testing.T) {
	for name, tc := range map[string]struct {
		entries [][2]string
		want    string
	}{
		"DotDot":   {[][2]string{{"d/a", ""}, {"../outside", ""}}, `entry "../outside": the name leads out`},
		"Absolute": {[][2]string{{"/etc/outside", ""}}, `entry "/etc/outside": the name leads out`},
		"LinkOut":  {[][2]string{{"d/a", ""}, {"d/l", "->../../outside"}}, `entry "d/l": is a link to "../../outside", out of`},
		"Below":    {[][2]string{{"d/l", "->e"}, {"d/l/x", ""}}, `entry "d/l/x"`},
		"Pipe":     {[][2]string{{"d/p", "|"}}, `entry "d/p": is a named pipe`},
		"Bytes":    {[][2]string{{"d/a", strings.Repeat("x", 2001)}}, `entry "d/a": with it the files hold more bytes`},
		"Entries":  {[][2]string{{"a", ""}, {"b", ""}, {"c", ""}, {"d", ""}, {"e", ""}}, `entry "e": with it the archive has more entries`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := unpackInto(t, zipped(t, tc.entries...), zip, artifact.Limits{Bytes: 2000, Entries: 4})
			require.ErrorContains(t, err, tc.want)
		})
	}
	t.Run("ManyEntries", func(t *testing.T) {
		var entries [][2]string
		for i := range 5000 {
			entries = append(entries, [2]string{fmt.Sprint("d/", i), ""})
		}
		_, err := unpackInto(t, zipped(t, entries...), zip, artifact.Limits{Entries: 10})
		require.ErrorContains(t, err, "list of entries is longer")
	})
}

func TestDamaged(t *testing.T) {
	whole := packed(t, tar.Header{Name: "d/a", Size: 100_000}, tar.Header{Name: "d/b", Size: 5})
	for _, n := range []int{0, 1, 5, 20, len(whole) / 2, len(whole) - 1} {
		_, err := unpackInto(t, whole[:n], level(1), artifact.Limits{})
		require.Error(t, err, "%d bytes of it", n)
	}
	_, err := unpackInto(t, zipped(t, [2]string{"a", "text"})[:50], zip, artifact.Limits{})
	require.ErrorContains(t, err, "expected a zip")
	_, err = unpackInto(t, []byte("text"), level(1), artifact.Limits{})
	require.ErrorContains(t, err, "expected a tar with gzip")
}

// TestOtherStreams unpacks what other programs make.
func TestOtherStreams(t *testing.T) {
	var gz bytes.Buffer
	z := gzip.NewWriter(&gz)
	_, err := io.WriteString(z, strings.Repeat("only text, if packed\n", 100))
	require.NoError(t, err)
	require.NoError(t, z.Close())
	for name, tc := range map[string]struct {
		stream []byte
		want   map[string]string
	}{
		"Text":       {[]byte("text"), map[string]string{".": "text"}},
		"Nothing":    {nil, map[string]string{".": ""}},
		"PackedText": {gz.Bytes(), map[string]string{".": gz.String()}},
		"Jar":        {zipped(t, [2]string{"a", "1"}), map[string]string{".": string(zipped(t, [2]string{"a", "1"}))}},
		"TwoAtTheTop": {
			packed(t, tar.Header{Name: "a", Size: 1}, tar.Header{Name: "b/c", Size: 2}, link("b/l", "../a")),
			map[string]string{"a": "x", "b/c": "xx", "b/l": "->../a"},
		},
		"Dots":      {packed(t, tar.Header{Name: "./", Typeflag: tar.TypeDir}, tar.Header{Name: "./a", Size: 1}, tar.Header{Name: "./b"}), map[string]string{"a": "x", "b": ""}},
		"OtherName": {packed(t, tar.Header{Name: "whatever", Size: 1}), map[string]string{".": "x"}},
		"HardLink":  {packed(t, tar.Header{Name: "d/a", Size: 1}, hard("d/b", "d/a")), map[string]string{"a": "x", "b": "x"}},
		"Global":    {packed(t, tar.Header{Typeflag: tar.TypeXGlobalHeader, PAXRecords: map[string]string{"comment": "x"}}, tar.Header{Name: "d/a", Size: 1}), map[string]string{"a": "x"}},
		"SetUID":    {packed(t, tar.Header{Name: "d/a", Size: 1, Mode: 0o4644}), map[string]string{"a": "x"}},
	} {
		t.Run(name, func(t *testing.T) {
			path, err := unpackInto(t, tc.stream, nil, artifact.Limits{})
			require.NoError(t, err)
			assert.Equal(t, tc.want, read(t, path))
		})
	}
}

func TestWhatIsNotPacked(t *testing.T) {
	for name, tc := range map[string]struct {
		make func(dir string) error
		want string
	}{
		"Pipe":          {func(dir string) error { return syscall.Mkfifo(dir+"/x", 0o600) }, "not a named pipe"},
		"PipeInside":    {func(dir string) error { return syscall.Mkfifo(dir+"/x/p", 0o600) }, "x/p: a named pipe"},
		"Device":        {func(dir string) error { return os.Symlink("/dev/null", dir+"/x") }, "escapes"},
		"LinkOut":       {func(dir string) error { return os.Symlink("/etc", dir+"/x") }, "escapes"},
		"LinkOutInside": {func(dir string) error { return os.Symlink("../../y", dir+"/x/l") }, `x/l: is a link to "../../y", out of`},
		"LinkAbsolute":  {func(dir string) error { return os.Symlink(dir+"/x/a", dir+"/x/l") }, "out of the directory"},
		"Missing":       {func(string) error { return nil }, "no such file"},
	} {
		for archive, strategy := range map[string]*spec.ArchiveStrategy{"Tar": nil, "Zip": zip, "None": none} {
			t.Run(name+archive, func(t *testing.T) {
				dir := t.TempDir()
				if strings.HasSuffix(name, "Inside") || name == "LinkAbsolute" {
					require.NoError(t, os.Mkdir(dir+"/x", 0o755))
				}
				require.NoError(t, tc.make(dir))
				err := artifact.Pack(t.Context(), io.Discard, dir+"/x", strategy)
				require.ErrorContains(t, err, tc.want)
			})
		}
	}
}

// TestHostilePutOfFiles puts what a program sends in place of a packed directory.
func TestHostilePutOfFiles(t *testing.T) {
	for name, h := range map[string]tar.Header{
		"DotDot":   {Name: "../../others/x", Size: 1, Typeflag: tar.TypeReg},
		"Absolute": {Name: "/x", Size: 1, Typeflag: tar.TypeReg},
		"Dir":      {Name: "a/../../others/", Typeflag: tar.TypeDir},
		"Link":     {Name: "l", Linkname: "/etc/passwd", Typeflag: tar.TypeSymlink},
	} {
		var b bytes.Buffer
		w := tar.NewWriter(&b)
		require.NoError(t, w.WriteHeader(&h))
		_, err := io.WriteString(w, strings.Repeat("x", int(h.Size)))
		require.NoError(t, err)
		require.NoError(t, w.Close())
		s := newShelf(t)
		a := &spec.Artifact{Name: "x", Archive: none, ArtifactLocation: artifact.WithKey(s.at, "run/deep/k")}
		_, err = artifact.Put(t.Context(), s.stores, a, &b, true)
		require.ErrorContains(t, err, fmt.Sprintf("%q", h.Name), name)
		assert.NoDirExists(t, filepath.Join(s.at.Plugin.Configuration, "run", "others"))
	}
}

// FuzzUnpack unpacks anything: it may be refused, but nothing is written elsewhere, and no link leads out.
func FuzzUnpack(f *testing.F) {
	for kind, stream := range [][]byte{
		packed(f, tar.Header{Name: "d/a", Size: 3}, link("d/l", "a"), hard("d/h", "d/a"), link("d/e/l", "../a")),
		packed(f, link("d/l", "e/../.."), tar.Header{Name: "d/l/x", Size: 1}),
	} {
		z, err := gzip.NewReader(bytes.NewReader(stream))
		require.NoError(f, err)
		plain, err := io.ReadAll(z)
		require.NoError(f, err)
		f.Add(plain, uint8(kind))
	}
	f.Add(zipped(f, [2]string{"d/a", "text"}, [2]string{"d/l", "->a"}), uint8(2))
	f.Fuzz(func(t *testing.T, stream []byte, kind uint8) {
		archive := []*spec.ArchiveStrategy{nil, level(1), zip, none}[kind%4]
		if kind%4 < 2 { // what gzip checks is no use to change
			var b bytes.Buffer
			z := gzip.NewWriter(&b)
			_, _ = z.Write(stream)
			_ = z.Close()
			stream = b.Bytes()
		}
		path, err := unpackInto(t, stream, archive, artifact.Limits{Entries: 100, Bytes: 1 << 20})
		if err != nil {
			return
		}
		base, err := filepath.EvalSymlinks(path)
		require.NoError(t, err)
		require.NoError(t, filepath.WalkDir(path, func(file string, d fs.DirEntry, err error) error {
			require.NoError(t, err)
			if d.Type()&fs.ModeSymlink != 0 {
				if to, err := filepath.EvalSymlinks(file); err == nil {
					rel, err := filepath.Rel(base, to)
					require.NoError(t, err)
					require.True(t, filepath.IsLocal(rel), "%s leads to %s", file, to)
				}
			}
			return nil
		}))
	})
}
