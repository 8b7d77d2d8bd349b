package local

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/workflow/spec"
)

// inherited are the env variables that a process has from this one.
var inherited = []string{"PATH", "HOME", "USER", "LANG", "LC_ALL", "TZ"}

// command is what to start.
type command struct {
	path       string   // of the executable
	args       []string // from the name of the command on
	env        []string
	root       string // stands for the root of the container's file system
	dir        string // working directory
	log        string
	wantResult bool
}

// prepare makes the attempt's directory with the input artifacts, and the command that runs in it.
func (a *attempt) prepare(ctx context.Context, t *spec.Template) (*command, error) {
	container := t.Container
	if t.Script != nil {
		container = &t.Script.Container
	}
	if container == nil || len(container.Command) == 0 {
		return nil, errors.New("local: the template has no command, and no images are run here")
	}
	m := newMapping(a.root(), container, t)
	c := &command{root: a.root(), dir: filepath.Join(a.root(), inRoot(container.WorkingDir)), log: a.log(), wantResult: a.task.WantResult}
	env, expand := environ(m, container.Env)
	c.env = env.list()
	for _, s := range slices.Concat(container.Command, container.Args) {
		c.args = append(c.args, m.text(expand(s)))
	}
	if err := a.load(ctx); err != nil {
		return nil, err
	}
	if err := a.makeDirs(m, c.dir); err != nil {
		return nil, fmt.Errorf("local: %w", err)
	}
	if t.Script != nil {
		if err := os.WriteFile(a.source(), []byte(m.text(t.Script.Source)), 0o600); err != nil {
			return nil, fmt.Errorf("local: %w", err)
		}
		c.args = append(c.args, a.source())
	}
	var err error
	c.path, err = lookUp(c.args[0], env.values["PATH"], c.dir)
	return c, err
}

// makeDirs makes the directories that the node finds.
func (a *attempt) makeDirs(m *mapping, workingDir string) error {
	dirs := []string{workingDir, filepath.Join(m.root, "tmp")}
	for _, dir := range m.dirs {
		dirs = append(dirs, filepath.Join(m.root, dir))
	}
	for _, file := range slices.Concat(m.files, m.trees) {
		dirs = append(dirs, filepath.Join(m.root, filepath.Dir(file)))
	}
	for _, dir := range dirs {
		if err := os.MkdirAll(dir, 0o700); err != nil {
			return err
		}
	}
	return nil
}

// environment is env variables in the order of their first setting.
type environment struct {
	names  []string
	values map[string]string
}

func (e *environment) set(name, value string) {
	if _, ok := e.values[name]; !ok {
		e.names = append(e.names, name)
	}
	e.values[name] = value
}

func (e *environment) list() []string {
	list := make([]string, len(e.names))
	for i, name := range e.names {
		list[i] = name + "=" + e.values[name]
	}
	return list
}

// environ is the env of a process, and what expands $(NAME) by the container's own part of it.
func environ(m *mapping, vars []corev1.EnvVar) (*environment, func(string) string) {
	env := &environment{values: map[string]string{}}
	for _, name := range inherited {
		if v, ok := os.LookupEnv(name); ok {
			env.set(name, v)
		}
	}
	env.set("TMPDIR", filepath.Join(m.root, "tmp"))
	env.set("PODFLOW_ROOT", m.root)
	own := map[string]string{}
	for _, v := range vars {
		own[v.Name] = expand(v.Value, own)
		env.set(v.Name, m.text(own[v.Name]))
	}
	return env, func(s string) string { return expand(s, own) }
}

// expand replaces $(NAME) by the value of the variable and $$ by $. Names that are not known stay.
func expand(s string, vars map[string]string) string {
	var b strings.Builder
	for {
		before, rest, ok := strings.Cut(s, "$")
		b.WriteString(before)
		if !ok {
			return b.String()
		}
		s = rest
		if after, ok := strings.CutPrefix(rest, "$"); ok {
			s = after
		} else if inside, ok := strings.CutPrefix(rest, "("); ok {
			name, after, closed := strings.Cut(inside, ")")
			if v, known := vars[name]; closed && known {
				b.WriteString(v)
				s = after
				continue
			}
		}
		b.WriteByte('$')
	}
}

// lookUp finds the executable of a command by the PATH that it will have.
func lookUp(name, searchPath, dir string) (string, error) {
	if strings.Contains(name, "/") {
		if !filepath.IsAbs(name) {
			name = filepath.Join(dir, name)
		}
		return name, nil
	}
	for _, d := range filepath.SplitList(searchPath) {
		if !filepath.IsAbs(d) {
			continue
		}
		file := filepath.Join(d, name)
		if info, err := os.Stat(file); err == nil && info.Mode().IsRegular() && info.Mode()&0o111 != 0 {
			return file, nil
		}
	}
	return "", fmt.Errorf("local: this machine has no command %q in PATH %s: %w", name, searchPath, fs.ErrNotExist)
}
