package executortest

import (
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/workflow/spec"
)

// kept is how much of a long standard output comes back.
const kept = 256 << 10

func testValues(t *testing.T, cfg Config) {
	if cfg.has(Results) {
		t.Run("Result", func(t *testing.T) { testResults(t, cfg) })
	}
	if cfg.has(Files) {
		t.Run("Files", func(t *testing.T) { testFiles(t, cfg) })
	}
}

func testResults(t *testing.T, cfg Config) {
	for name, tc := range map[string]struct {
		program Program
		want    string
	}{
		"Text":              {Program{Stdout: "hello"}, "hello"},
		"Empty":             {Program{}, ""},
		"OfAFailure":        {Program{Stdout: "half", Exit: 1}, "half"},
		"WithoutStderr":     {Program{Stdout: "out", Stderr: "err"}, "out"},
		"OneNewlineTrimmed": {Program{Stdout: "{\"a\": 'b'}\r\n\n"}, "{\"a\": 'b'}\r\n"},
	} {
		t.Run(name, func(t *testing.T) {
			if cfg.Script != nil {
				tc.program.Stdout = tc.want // a script says what is left of the output, not what is written
			}
			b := start(t, cfg, leaf{program: tc.program, wantResult: true})
			end := b.execute(b.tasks[0])
			require.NoError(t, end.err)
			require.NotNil(t, end.Result.Result)
			assert.Equal(t, tc.want, *end.Result.Result)
		})
	}
	if cfg.Script != nil {
		return
	}
	t.Run("LastPartKept", func(t *testing.T) {
		const line = "0123456789abcde\n"
		b := start(t, cfg, leaf{wantResult: true, template: cfg.command("sh", "-c",
			"printf first; yes "+quote(strings.TrimSpace(line))+" | head -n 20000")})
		end := b.execute(b.tasks[0])
		end.requireEnded(t, spec.Succeeded, 0)
		require.NotNil(t, end.Result.Result)
		all := strings.TrimSuffix(strings.Repeat(line, 20000), "\n")
		require.Len(t, *end.Result.Result, kept)
		assert.True(t, strings.HasSuffix(all, *end.Result.Result), "the newline is trimmed first, then the last part is kept")
	})
}

func testFiles(t *testing.T, cfg Config) {
	def := spec.AnyString("none")
	withDefault := output("absent", "/out/absent")
	withDefault.ValueFrom.Default = &def
	files := map[string]string{"/out/rows": "42\n\n", "/out/deep/er/text": `{"a": "b c"}`}
	value := map[string]string{"rows": "42\n", "text": `{"a": "b c"}`}
	if cfg.Script != nil {
		files["/out/rows"] = value["rows"]
	}

	t.Run("Present", func(t *testing.T) {
		b := start(t, cfg, leaf{program: Program{Files: files}})
		end := b.execute(b.tasks[0])
		end.requireEnded(t, spec.Succeeded, 0)
		assert.Equal(t, value, end.outputs(), "one trailing newline is trimmed")
	})
	t.Run("AbsentWithDefault", func(t *testing.T) {
		b := start(t, cfg, cfg.declaring(Program{Files: files}, withDefault))
		end := b.execute(b.tasks[0])
		end.requireEnded(t, spec.Succeeded, 0)
		assert.Equal(t, map[string]string{"rows": "42\n", "text": value["text"], "absent": "none"}, end.outputs())
	})
	t.Run("Absent", func(t *testing.T) {
		b := start(t, cfg, cfg.declaring(Program{Files: files}, output("absent", "/out/absent")))
		end := b.execute(b.tasks[0])
		require.ErrorContains(t, end.err, "absent", "the error names the output")
	})
	t.Run("OfAFailure", func(t *testing.T) {
		b := start(t, cfg, cfg.declaring(Program{Files: files, Exit: 2}, output("absent", "/out/absent")))
		end := b.execute(b.tasks[0])
		end.requireEnded(t, spec.Failed, 2)
		assert.Equal(t, value, end.outputs(), "what the program left before it failed")
	})
}

// declaring is a leaf that runs the program and declares one more output.
func (c *Config) declaring(p Program, out spec.Parameter) leaf {
	t := c.template(p)
	t.Outputs.Parameters = append(t.Outputs.Parameters, out)
	return leaf{program: p, template: &t}
}

// command is a template that runs a command.
func (c *Config) command(command ...string) *spec.Template {
	return &spec.Template{Container: &corev1.Container{Image: c.Image, Command: command}}
}

func testCommands(t *testing.T, cfg Config) {
	if cfg.Script != nil {
		t.Skip("it runs no commands")
	}
	const odd = `$(x) "a" 'b' \ ; & | * $HOME {}` + "\n\tü"
	same := `test "$1" = "$ODD" && test $# = 1 && exit 7`
	env := []corev1.EnvVar{{Name: "ODD", Value: odd}, {Name: "SEVEN", Value: "7"}}

	args := cfg.command("sh", "-c")
	args.Container.Args, args.Container.Env = []string{same, "sh", odd}, env
	expanded := cfg.command("sh", "-c", "exit $(SEVEN)")
	expanded.Container.Env = env
	script := &spec.Template{Script: &spec.Script{Source: "# a script\n" + `test -f "$0" && exit "$SEVEN"`}}
	script.Script.Image, script.Script.Command, script.Script.Env = cfg.Image, []string{"sh"}, env
	scriptArgs := &spec.Template{Script: &spec.Script{Source: "exit 7"}}
	scriptArgs.Script.Image, scriptArgs.Script.Command = cfg.Image, []string{"sh"}
	scriptArgs.Script.Args = []string{"-e"}

	for name, template := range map[string]*spec.Template{
		"ArgsAndEnv": args, "EnvExpanded": expanded, "Script": script, "ScriptArgsBeforeFile": scriptArgs,
	} {
		t.Run(name, func(t *testing.T) {
			b := start(t, cfg, leaf{template: template})
			b.execute(b.tasks[0]).requireEnded(t, spec.Failed, 7)
		})
	}
}
