package executortest

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/workflow/spec"
)

// Program is what a container of the suite does, in the order of the fields. The zero value succeeds at once.
type Program struct {
	// Stdout and Stderr are what it writes.
	Stdout, Stderr string
	// Files are what it leaves, by absolute path.
	Files map[string]string
	// Takes is how long it goes on, in whole seconds.
	Takes time.Duration
	// Random makes each of its runs end with an exit code of its own, between 1 and 125, and write the code to stdout.
	Random bool
	// Exit is the exit code; above 128, it dies by signal Exit-128.
	Exit int
}

// forever is longer than any test waits.
const forever = time.Hour

// shell is the program as text for sh. A shell that is process 1 of a container does not die by its own signals: the
// exit code that the signal would have given follows.
func (p Program) shell() string {
	var b strings.Builder
	fmt.Fprintf(&b, "set -e; printf %%s %s; printf %%s %s >&2\n", quote(p.Stdout), quote(p.Stderr))
	for _, file := range slices.Sorted(maps.Keys(p.Files)) {
		fmt.Fprintf(&b, "mkdir -p %s; printf %%s %s > %s\n", path.Dir(file), quote(p.Files[file]), file)
	}
	if p.Random {
		b.WriteString("code=$(( $(od -An -N2 -tu2 /dev/urandom) % 125 + 1 )); echo $code\n")
	}
	if p.Takes > 0 {
		fmt.Fprintf(&b, "sleep %d\n", int(p.Takes.Seconds()))
	}
	if p.Random {
		b.WriteString("exit $code\n")
	}
	if p.Exit > 128 {
		fmt.Fprintf(&b, "kill -%d $$\n", p.Exit-128)
	}
	fmt.Fprintf(&b, "exit %d\n", p.Exit)
	return b.String()
}

// template is a container that runs the program, and gives its files as outputs named after their base names. In args,
// $$ stands for $.
func (c *Config) template(p Program) spec.Template {
	t := spec.Template{Container: &corev1.Container{
		Image: c.Image, Command: []string{"sh", "-c"}, Args: []string{strings.ReplaceAll(p.shell(), "$", "$$")},
	}}
	for _, file := range slices.Sorted(maps.Keys(p.Files)) {
		t.Outputs.Parameters = append(t.Outputs.Parameters, output(path.Base(file), file))
	}
	return t
}

// output declares an output parameter from a file.
func output(name, file string) spec.Parameter {
	return spec.Parameter{Name: name, ValueFrom: &spec.ValueFrom{Path: file}}
}

// quote makes one word of a shell of the text.
func quote(s string) string { return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'" }
