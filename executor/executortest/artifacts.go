package executortest

import (
	"crypto/rand"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

// pair is a producer, and a consumer of what it leaves.
type pair struct {
	produce string // leaves /out/data
	archive *spec.ArchiveStrategy
	consume string // finds it in /in/data
	edit    func(in *executor.Artifact)
}

func testArtifacts(t *testing.T, cfg Config) {
	repository := cfg.Repository
	if keeper, ok := cfg.New(t).(executor.Keeper); ok && artifact.Kind(&repository) == "" {
		repository = keeper.Repository()
	}
	if artifact.Kind(&repository) == "" || cfg.Script != nil {
		t.Skip("it keeps no artifacts")
	}
	cfg.Repository = artifact.WithKey(repository, "executortest-"+strings.ToLower(rand.Text()))
	t.Run("Kept", func(t *testing.T) { testKept(t, cfg) })
	t.Run("Outputs", func(t *testing.T) { testOutputArtifacts(t, cfg) })
	t.Run("Inputs", func(t *testing.T) { testInputArtifacts(t, cfg) })
}

// testKept has what one program leaves found by another.
func testKept(t *testing.T, cfg Config) {
	none, zip := &spec.ArchiveStrategy{None: &spec.NoneStrategy{}}, &spec.ArchiveStrategy{Zip: &spec.ZipStrategy{}}
	tree := "mkdir -p /out/data/a/b /out/data/empty; printf 1 > /out/data/x; printf 'exit 7' > /out/data/a/b/run; chmod +x /out/data/a/b/run"
	found := `test "$(cat /in/data/x)" = 1 && test "$(cat /in/data/a/b/run)" = "exit 7" && test -d /in/data/empty && test -w /in/data/x`
	for name, p := range map[string]pair{
		"File":          {produce: "printf 'a\\n\\n' > /out/data", consume: `test "$(od -An -tx1 /in/data | tr -d ' ')" = 610a0a && test -w /in/data`},
		"FileAsIs":      {produce: "printf 'a' > /out/data", archive: none, consume: `test "$(cat /in/data)" = a`},
		"FileZipped":    {produce: "printf 'a' > /out/data", archive: zip, consume: `test "$(cat /in/data)" = a`},
		"Directory":     {produce: tree, consume: found + " && test -x /in/data/a/b/run"},
		"DirectoryAsIs": {produce: tree, archive: none, consume: found},
		"Zipped":        {produce: tree, archive: zip, consume: found + " && test -x /in/data/a/b/run"},
		"Large":         {produce: "head -c 20000000 /dev/urandom > /out/data", consume: `test "$(wc -c < /in/data)" -eq 20000000`},
		"Mode":          {produce: "printf 'exit 7' > /out/data", consume: "/in/data; test $? = 7", edit: func(in *executor.Artifact) { in.Mode = new(int32(0o755)) }},
		"SubPath":       {produce: tree, consume: `test "$(cat /in/data/b/run)" = "exit 7"`, edit: func(in *executor.Artifact) { in.SubPath = "a" }},
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, cfg, cfg.producer(p), cfg.consumer(p.consume))
			kept := b.produced()
			if p.edit != nil {
				p.edit(&kept)
			}
			b.consume(kept).requireEnded(t, spec.Failed, 9)
		})
	}
	t.Run("OtherBytes", func(t *testing.T) {
		b := start(t, cfg, cfg.producer(pair{produce: "echo 1 > /out/data"}), cfg.consumer("true"))
		kept := b.produced()
		kept.SHA256 = strings.Repeat("0", 64)
		end := b.consume(kept)
		require.ErrorContains(t, end.err, "inputs.artifacts[data]")
		require.ErrorContains(t, end.err, "SHA-256")
	})
}

func testOutputArtifacts(t *testing.T, cfg Config) {
	outputs := func(script string, optional bool) leaf {
		l := cfg.producer(pair{produce: script})
		l.template.Outputs.Artifacts = append(l.template.Outputs.Artifacts, spec.Artifact{
			Name: "absent", Path: "/out/absent", Optional: optional, ArtifactLocation: cfg.keptAt("absent"),
		})
		return l
	}
	t.Run("Absent", func(t *testing.T) {
		b := start(t, cfg, outputs("echo 1 > /out/data", false))
		end := b.execute(b.tasks[0])
		require.ErrorContains(t, end.err, "outputs.artifacts[absent]")
		require.ErrorContains(t, end.err, "/out/absent")
	})
	t.Run("AbsentButOptional", func(t *testing.T) {
		b := start(t, cfg, outputs("echo 1 > /out/data", true))
		end := b.execute(b.tasks[0])
		end.requireEnded(t, spec.Succeeded, 0)
		assert.Equal(t, []string{"data"}, end.artifacts())
	})
	t.Run("OfAFailure", func(t *testing.T) {
		b := start(t, cfg, outputs("echo 1 > /out/data; exit 3", false))
		end := b.execute(b.tasks[0])
		end.requireEnded(t, spec.Failed, 3)
		assert.Equal(t, []string{"data"}, end.artifacts(), "what the program left before it failed")
	})
	t.Run("Pipe", func(t *testing.T) {
		b := start(t, cfg, cfg.producer(pair{produce: "mkfifo /out/data"}))
		require.ErrorContains(t, b.execute(b.tasks[0]).err, "outputs.artifacts[data]")
	})
	t.Run("LinkOut", func(t *testing.T) {
		b := start(t, cfg, cfg.producer(pair{produce: "mkdir /out/data; ln -s /etc/passwd /out/data/x"}))
		require.ErrorContains(t, b.execute(b.tasks[0]).err, "outputs.artifacts[data]")
	})
}

func testInputArtifacts(t *testing.T, cfg Config) {
	in := executor.Artifact{Artifact: spec.Artifact{Name: "data", Path: "/in/data", ArtifactLocation: cfg.keptAt("nothing")}}
	t.Run("Raw", func(t *testing.T) {
		raw := in
		raw.ArtifactLocation = spec.ArtifactLocation{Raw: &spec.RawArtifact{Data: "some\ntext"}}
		b := start(t, cfg, cfg.consumer(`test "$(cat /in/data)" = "some
text"`))
		b.consume(raw).requireEnded(t, spec.Failed, 9)
	})
	t.Run("Missing", func(t *testing.T) {
		b := start(t, cfg, cfg.consumer("true"))
		require.ErrorContains(t, b.consume(in).err, "inputs.artifacts[data]")
	})
	t.Run("MissingButOptional", func(t *testing.T) {
		optional := in
		optional.Optional = true
		b := start(t, cfg, cfg.consumer(`test ! -f /in/data && test -z "$(ls -A /in/data 2> /dev/null)"`))
		b.consume(optional).requireEnded(t, spec.Failed, 9)
	})
}

// keptAt is a place in the repository.
func (c *Config) keptAt(name string) spec.ArtifactLocation {
	return artifact.WithKey(c.Repository, artifact.Key(&c.Repository)+"/"+strings.ToLower(rand.Text())+"/"+name)
}

// producer is a leaf that leaves an artifact.
func (c *Config) producer(p pair) leaf {
	t := c.command("sh", "-c", strings.ReplaceAll("set -e; mkdir -p /out; "+p.produce, "$", "$$"))
	t.Outputs.Artifacts = []spec.Artifact{{Name: "data", Path: "/out/data", Archive: p.archive, ArtifactLocation: c.keptAt("data")}}
	return leaf{name: "producer", template: t}
}

// consumer is a leaf that exits with 9 if the script finds what it expects.
func (c *Config) consumer(script string) leaf {
	t := c.command("sh", "-c", strings.ReplaceAll("("+script+") && exit 9; exit 1", "$", "$$"))
	t.Inputs.Artifacts = []spec.Artifact{{Name: "data", Path: "/in/data"}}
	return leaf{name: "consumer", template: t}
}

// produced is what the first task leaves.
func (b *bench) produced() executor.Artifact {
	b.Helper()
	end := b.execute(b.tasks[0])
	end.requireEnded(b.T, spec.Succeeded, 0)
	require.Equal(b, []string{"data"}, end.artifacts())
	kept, declared := end.Artifacts[0], b.cfg.declared(b.tasks[0])
	assert.Equal(b, declared.ArtifactLocation, kept.ArtifactLocation, "it is kept where it was to be")
	if declared.Archive == nil {
		assert.Len(b, kept.SHA256, 64)
		assert.Positive(b, kept.Size)
	}
	return kept
}

// declared is the output artifact of a task as declared.
func (*Config) declared(t *executor.Task) spec.Artifact {
	template, _ := t.Template()
	return template.Outputs.Artifacts[0]
}

// consume executes the last task with the artifact.
func (b *bench) consume(kept executor.Artifact) outcome {
	b.Helper()
	t := b.tasks[len(b.tasks)-1]
	kept.Name, kept.Path = "data", "/in/data"
	t.Artifacts = []executor.Artifact{kept}
	return b.execute(t)
}

// artifacts are the names of the artifacts of a result.
func (o outcome) artifacts() (names []string) {
	for _, a := range o.Artifacts {
		names = append(names, a.Name)
	}
	return names
}
