//go:build linux

package agent_test

import (
	"bytes"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

func TestOutputFiles(t *testing.T) {
	long := strings.Repeat("x", protocol.MaxValues)
	for name, tc := range map[string]struct {
		script  string
		want    string
		problem string
	}{
		"Text":        {script: `printf 'a\n\n' >$OUT`, want: "a\n"},
		"Empty":       {script: `: >$OUT`},
		"NotUTF8":     {script: `printf '\377\000' >$OUT`, want: "\xff\x00"},
		"Longest":     {script: `head -c 262144 /dev/zero | tr '\0' x >$OUT`, want: long},
		"TooLong":     {script: `head -c 262145 /dev/zero | tr '\0' x >$OUT`, problem: "refused: has 262145 bytes, and an output parameter at most 262144"},
		"Huge":        {script: `truncate -s 100G $OUT`, problem: "refused: has 107374182400 bytes"},
		"Missing":     {script: `:`, problem: "missing: no such file or directory"},
		"NoDirectory": {script: `rmdir $DIR`, problem: "missing: no such file or directory"},
		"FileAsDir":   {script: `rmdir $DIR; : >$DIR`, problem: "refused: not a directory"},
		"Directory":   {script: `mkdir $OUT`, problem: "refused: expected a file, not a directory"},
		"Pipe":        {script: `mkfifo $OUT`, problem: "refused: expected a file, not a pipe"},
		"LinkInside":  {script: `echo a >$DIR/b; ln -s b $OUT`, want: "a"},
		"LinkOutside": {script: `ln -s /etc/passwd $OUT`, problem: "refused: path escapes from parent"},
		"LinkToZero":  {script: `ln -s /dev/zero $OUT`, problem: "refused: path escapes from parent"},
		"LinkLoop":    {script: `ln -s out $OUT`, problem: "refused: too many levels"},
		"LinkedDir":   {script: `mkdir $DIR/../real; rmdir $DIR; ln -s real $DIR; echo a >$OUT`, want: "a"},
		"Device":      {script: `mknod $OUT c 1 5`, problem: "refused: expected a file, not a device"},
		"NotReadable": {script: `echo a >$OUT; chmod 0 $OUT`, want: "a"},
	} {
		t.Run(name, func(t *testing.T) {
			if name == "Device" && os.Getuid() != 0 {
				t.Skip("only root may make a device")
			}
			if name == "NotReadable" && os.Getuid() != 0 {
				tc.want, tc.problem = "", "refused: permission denied"
			}
			p := newPod(t)
			require.NoError(t, os.Mkdir(p.root+"/tmp/dir", 0o777))
			out := p.root + "/tmp/dir/out"
			c := p.main(protocol.Run{Values: []protocol.File{{Name: "v", Path: out}}}, "DIR=$POD/tmp/dir OUT=$DIR/out; "+tc.script)
			r := c.end()
			require.Len(t, r.Values, 1)
			got := r.Values[0]
			assert.True(t, tc.want == got.Data, "%d bytes", len(got.Data))
			if tc.problem == "" {
				assert.Nil(t, got.Problem)
			} else {
				assert.Contains(t, problem(got.Problem), tc.problem)
			}
			assert.Zero(t, r.ExitCode, "the program has not failed")
		})
	}
}

// noise makes a file that does not compress.
func noise(t *testing.T, path string, size int) []byte {
	b := make([]byte, size)
	r := rand.New(rand.NewPCG(1, 2))
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	require.NoError(t, os.WriteFile(path, b, 0o644))
	return b
}

func TestLongValuesComeByTheLog(t *testing.T) {
	p := newPod(t)
	want := noise(t, p.root+"/tmp/noise", protocol.MaxValues-10)
	beside := p.outputs(protocol.Outputs{})
	c := p.main(protocol.Run{WantResult: true, Values: []protocol.File{{Name: "v", Path: p.root + "/tmp/noise"}}}, "echo 123456789")
	code := c.wait()
	require.Zero(t, code, "stderr: %s", &c.stderr)
	require.Zero(t, beside.wait(), "stderr: %s", &beside.stderr)
	r := c.reportWithLog(code, beside.stdout.String())
	assert.Equal(t, "123456789", r.Result.Data)
	assert.True(t, string(want) == r.Values[0].Data)
}

func TestTooMuchTogether(t *testing.T) {
	p := newPod(t)
	r := p.main(protocol.Run{WantResult: true, Values: []protocol.File{{Name: "v", Path: p.root + "/tmp/v"}, {Name: "w", Path: p.root + "/tmp/w"}}},
		`head -c 262144 /dev/zero >$POD/tmp/v; echo x`).end()
	assert.Contains(t, problem(r.Result.Problem), "refused: the result and the output parameters of a node have 262145 bytes together")
	assert.Contains(t, problem(r.Values[0].Problem), "262145 bytes")
	assert.Contains(t, problem(r.Values[1].Problem), "missing")
	assert.Empty(t, r.Values[0].Data)
}

// kept is a pod whose artifacts go to a directory.
type kept struct {
	*pod
	dir string
}

func newKept(t *testing.T) *kept { return &kept{newPod(t), t.TempDir()} }

// artifact is an output artifact of main at a path below the pod's /tmp.
func (k *kept) artifact(name string) spec.Artifact {
	return spec.Artifact{Name: name, Path: k.root + "/tmp/" + name, ArtifactLocation: artifact.WithKey(artifact.Directory(k.dir), "run/"+name)}
}

// store runs a script that leaves artifacts, and what stores them.
func (k *kept) store(script string, artifacts ...spec.Artifact) (*protocol.Report, *container) {
	beside := k.outputs(protocol.Outputs{Artifacts: artifacts})
	r := k.main(protocol.Run{Artifacts: artifacts}, "cd $POD/tmp; "+script).end()
	require.Zero(k.t, beside.wait(), "stderr: %s", &beside.stderr)
	return r, beside
}

func TestArtifactsAreStored(t *testing.T) {
	none := &spec.ArchiveStrategy{None: &spec.NoneStrategy{}}
	zip := &spec.ArchiveStrategy{Zip: &spec.ZipStrategy{}}
	const tree = "mkdir -p x/sub x/empty; echo one >x/a; echo two >x/sub/b; chmod 755 x/sub/b"
	for name, tc := range map[string]struct {
		script  string
		archive *spec.ArchiveStrategy
		dir     bool
	}{
		"File":       {script: "echo one >x"},
		"FileAsIs":   {script: "printf one >x", archive: none},
		"FileZip":    {script: "printf one >x", archive: zip},
		"Dir":        {script: tree, dir: true},
		"DirAsIs":    {script: tree, archive: none, dir: true},
		"DirZip":     {script: tree, archive: zip, dir: true},
		"Empty":      {script: ": >x", archive: none},
		"OfAFailure": {script: "echo one >x; exit 3"},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKept(t)
			a := k.artifact("x")
			a.Archive = tc.archive
			r, _ := k.store(tc.script, a)
			require.Len(t, r.Artifacts, 1)
			require.Nil(t, r.Artifacts[0].Problem)

			in := executor.Artifact{Artifact: a, Size: r.Artifacts[0].Size, SHA256: r.Artifacts[0].SHA256}
			c := k.start(nil, &protocol.Instructions{Init: &protocol.Init{Artifacts: []executor.Artifact{in}}}, protocol.RoleInit)
			require.Zero(t, c.wait(), "stderr: %s", &c.stderr)
			got := filepath.Join(k.root+protocol.InputsDir, "x", protocol.InputFile)
			assert.Equal(t, files(t, k.root+"/tmp/x"), files(t, got))
		})
	}
}

// files are the files of a directory with what they hold, or a file with the name ".".
func files(t *testing.T, root string) map[string]string {
	m := map[string]string{}
	require.NoError(t, filepath.WalkDir(root, func(path string, d os.DirEntry, err error) error {
		require.NoError(t, err)
		rel, err := filepath.Rel(root, path)
		require.NoError(t, err)
		if d.IsDir() {
			m[rel] = "directory"
			return nil
		}
		b, err := os.ReadFile(path)
		m[rel] = string(b)
		return err
	}))
	return m
}

func TestArtifactsThatCannotBeStored(t *testing.T) {
	for name, tc := range map[string]struct {
		script string
		change func(*spec.Artifact)
		want   string // of the problem; empty if there is none and nothing is kept
	}{
		"Missing":         {script: ":", want: "missing: file does not exist"},
		"MissingOptional": {script: ":", change: func(a *spec.Artifact) { a.Optional = true }},
		"Pipe":            {script: "mkfifo x", want: "notStored: "},
		"LinkOutside":     {script: "ln -s /etc/passwd x", want: "notStored: "},
		"LinkInDir":       {script: "mkdir x; ln -s ../../../../etc/passwd x/p", want: "notStored: "},
		"PipeInDir":       {script: "mkdir x; head -c 3000000 /dev/urandom >x/a; mkfifo x/p", want: "notStored: "},
		"NoDriver": {script: "head -c 30000000 /dev/urandom >x", want: "notStored: outputs.artifacts[x]", change: func(a *spec.Artifact) {
			a.ArtifactLocation = spec.ArtifactLocation{GCS: &spec.GCSArtifact{Key: "x"}}
		}},
		"NoPlace": {script: "echo a >x", want: "notStored: outputs.artifacts[x]", change: func(a *spec.Artifact) {
			a.ArtifactLocation = artifact.WithKey(artifact.Directory("/dev/null/x"), "x")
		}},
	} {
		t.Run(name, func(t *testing.T) {
			k := newKept(t)
			a := k.artifact("x")
			if tc.change != nil {
				tc.change(&a)
			}
			y := k.artifact("y")
			r, _ := k.store(tc.script+"; echo y >y", a, y)
			assert.Zero(t, r.ExitCode)
			var stored []string
			require.NoError(t, filepath.WalkDir(k.dir, func(path string, d os.DirEntry, err error) error {
				if err == nil && !d.IsDir() {
					stored = append(stored, d.Name())
				}
				return err
			}))
			assert.Equal(t, []string{"y"}, stored, "of the other nothing is left, and this one is stored all the same")
			if tc.want == "" {
				require.Len(t, r.Artifacts, 1)
				return
			}
			require.Len(t, r.Artifacts, 2)
			assert.Contains(t, problem(r.Artifacts[0].Problem), tc.want)
			assert.NotContains(t, problem(r.Artifacts[0].Problem), "closed network", "it says what was wrong")
			assert.Nil(t, r.Artifacts[1].Problem)
		})
	}
}

func TestArtifactThatIsSentFromAFile(t *testing.T) {
	var got []byte
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { got, _ = io.ReadAll(r.Body) }))
	defer server.Close()
	k := newKept(t)
	a := spec.Artifact{Name: "x", Path: k.root + "/tmp/x", ArtifactLocation: spec.ArtifactLocation{
		HTTP: &spec.HTTPArtifact{URL: server.URL + "/x", SaveStreamViaFile: true}}}
	asIs(&a)
	r, _ := k.store("printf hello >x", a)
	assert.Nil(t, r.Artifacts[0].Problem)
	assert.Equal(t, "hello", string(got))
}

func asIs(a *spec.Artifact) { a.Archive = &spec.ArchiveStrategy{None: &spec.NoneStrategy{}} }

func TestLargeArtifactNeedsLittleMemory(t *testing.T) {
	for name, change := range map[string]func(*spec.Artifact){"AsIs": asIs, "Packed": func(*spec.Artifact) {}} {
		t.Run(name, func(t *testing.T) {
			k := newKept(t)
			k.measured = true
			a := k.artifact("x")
			change(&a)
			beside := k.outputs(protocol.Outputs{Artifacts: []spec.Artifact{a}})
			c := k.main(protocol.Run{Artifacts: []spec.Artifact{a}}, "truncate -s 300M $POD/tmp/x; head -c 30000000 /dev/urandom >>$POD/tmp/x")
			r := c.end()
			require.Nil(t, r.Artifacts[0].Problem)
			require.Zero(t, beside.wait())
			assertSmall(t, c)
			assertSmall(t, beside)
			in := k.start(nil, &protocol.Instructions{Init: &protocol.Init{Artifacts: []executor.Artifact{{Artifact: a, SHA256: r.Artifacts[0].SHA256}}}}, protocol.RoleInit)
			require.Zero(t, in.wait(), "stderr: %s", &in.stderr)
			assertSmall(t, in)
			info, err := os.Stat(filepath.Join(k.root+protocol.InputsDir, "x", protocol.InputFile))
			require.NoError(t, err)
			assert.EqualValues(t, 300<<20+30000000, info.Size())
		})
	}
}

func TestInputThatIsNotThere(t *testing.T) {
	k := newKept(t)
	a := k.artifact("x")
	c := k.start(nil, &protocol.Instructions{Init: &protocol.Init{Artifacts: []executor.Artifact{{Artifact: a}}}}, protocol.RoleInit)
	assert.Equal(t, protocol.ExitAgent, c.wait())
	message, err := os.ReadFile(c.report)
	require.NoError(t, err)
	assert.Contains(t, string(message), "inputs.artifacts[x]")
}

func TestInstall(t *testing.T) {
	p := newPod(t)
	c := p.start(nil, &protocol.Instructions{Init: &protocol.Init{Install: true}}, protocol.RoleInit)
	require.Zero(t, c.wait(), "stderr: %s", &c.stderr)
	want, err := os.ReadFile(agent)
	require.NoError(t, err)
	got, err := os.ReadFile(p.root + protocol.BinaryPath)
	require.NoError(t, err)
	assert.True(t, bytes.Equal(want, got))
	info, err := os.Stat(p.root + protocol.BinaryPath)
	require.NoError(t, err)
	assert.EqualValues(t, 0o755, info.Mode().Perm())
}

func TestOutputsEndsWithMain(t *testing.T) {
	t.Run("Killed", func(t *testing.T) {
		if os.Getuid() != 0 {
			t.Skip("only root may make a PID namespace")
		}
		p := newPod(t)
		p.pid1 = true
		beside := p.outputs(protocol.Outputs{})
		c := p.whenReady(protocol.Run{}, "echo ready; sleep 1000")
		p.dial().Close()
		require.NoError(t, beside.cmd.Process.Signal(syscall.SIGTERM), "it goes on as long as main does")
		require.NoError(t, c.cmd.Process.Kill())
		assert.Equal(t, 137, c.wait())
		assert.Zero(t, beside.wait())
		assert.NoFileExists(t, c.report)
	})
	t.Run("ToldBeforeMainBegins", func(t *testing.T) {
		p := newPod(t)
		beside := p.outputs(protocol.Outputs{})
		p.dial().Close()
		require.NoError(t, beside.cmd.Process.Signal(syscall.SIGTERM))
		assert.Zero(t, beside.wait())
	})
}

func TestOfferThatIsCutIsNotStored(t *testing.T) {
	k := newKept(t)
	a := k.artifact("x")
	asIs(&a)
	beside := k.outputs(protocol.Outputs{Artifacts: []spec.Artifact{a}})
	conn := k.dial()
	_, err := conn.Write([]byte("{\"name\":\"x\"}\n5\r\nhello\r\n"))
	require.NoError(t, err)
	require.NoError(t, conn.Close())
	k.main(protocol.Run{}, ":").end()
	assert.Zero(t, beside.wait())
	assert.NoFileExists(t, k.dir+"/run/x")
}

// dial connects to the container beside main, when it is there.
func (p *pod) dial() net.Conn {
	for {
		conn, err := net.Dial("unix", p.root+protocol.RunDir+"/"+protocol.OutputsContainer+"/socket")
		if err == nil {
			return conn
		}
	}
}
