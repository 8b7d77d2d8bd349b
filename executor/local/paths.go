package local

import (
	"path"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/workflow/spec"
)

// common are directories that every machine has: declaring a file in one of them says nothing of the rest of it.
var common = []string{
	"/", "/bin", "/boot", "/dev", "/etc", "/home", "/lib", "/lib32", "/lib64", "/media", "/mnt", "/opt", "/proc", "/root",
	"/run", "/sbin", "/srv", "/sys", "/tmp", "/usr", "/usr/bin", "/usr/lib", "/usr/local", "/usr/local/bin", "/usr/sbin",
	"/usr/share", "/var", "/var/lib", "/var/log", "/var/run", "/var/tmp",
	"/Applications", "/Library", "/System", "/Users", "/Volumes", "/private", "/private/tmp", "/private/var",
}

// mapping puts the declared paths of a container under a directory.
type mapping struct {
	root  string
	dirs  []string // mapped with all that is in them; the node finds them
	trees []string // mapped with all that is in them; it finds the directory that they are in
	files []string // mapped without; likewise
}

// newMapping is the mapping of a template.
func newMapping(root string, c *corev1.Container, t *spec.Template) *mapping {
	m := &mapping{root: root}
	for _, mount := range c.VolumeMounts {
		m.dirs = append(m.dirs, path.Clean("/"+mount.MountPath))
	}
	m.dirs = appendUncommon(m.dirs, path.Clean("/"+c.WorkingDir))
	for _, p := range t.Outputs.Parameters {
		if p.ValueFrom != nil && p.ValueFrom.Path != "" {
			m.files = append(m.files, path.Clean("/"+p.ValueFrom.Path))
		}
	}
	for _, artifacts := range [][]spec.Artifact{t.Inputs.Artifacts, t.Outputs.Artifacts} {
		for i := range artifacts {
			if artifacts[i].Path != "" {
				m.trees = append(m.trees, path.Clean("/"+artifacts[i].Path))
			}
		}
	}
	for _, declared := range slices.Concat(m.files, m.trees) {
		m.dirs = appendUncommon(m.dirs, path.Dir(declared))
	}
	return m
}

func appendUncommon(dirs []string, dir string) []string {
	if slices.Contains(common, dir) {
		return dirs
	}
	return append(dirs, dir)
}

// text is a text with each declared path in it mapped.
func (m *mapping) text(s string) string {
	if !strings.Contains(s, "/") {
		return s
	}
	var b strings.Builder
	for i := range len(s) {
		if s[i] == '/' && (i == 0 || !continues(s[i-1], "_-./~)}]$")) && m.declares(s[i:]) {
			b.WriteString(m.root)
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// declares says that the text begins with a declared path.
func (m *mapping) declares(s string) bool {
	for _, dirs := range [][]string{m.dirs, m.trees} {
		for _, dir := range dirs {
			if rest, ok := strings.CutPrefix(s, dir); ok && (ends(rest) || rest[0] == '/') {
				return true
			}
		}
	}
	for _, file := range m.files {
		if rest, ok := strings.CutPrefix(s, file); ok && ends(rest) {
			return true
		}
	}
	return false
}

// ends says that a name does not go on with the text. A dot goes on with it if it is followed by more of a name.
func ends(rest string) bool {
	rest = strings.TrimLeft(rest, ".")
	return rest == "" || !continues(rest[0], "_-/")
}

// continues says that the byte is part of a path: a letter, a digit, one of others, or part of a letter beyond ASCII.
func continues(c byte, others string) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c >= 0x80 || strings.IndexByte(others, c) >= 0
}

// inRoot is a path of the container relative to the directory that stands for its root.
func inRoot(p string) string {
	if rel := strings.TrimPrefix(path.Clean("/"+p), "/"); rel != "" {
		return rel
	}
	return "."
}

// firstSpecial is the first character of a path that could mean something else in a command line, or nothing.
func firstSpecial(dir string) string {
	for _, r := range dir {
		if r < 0x80 && !continues(byte(r), "_-./+,@%=:") {
			return string(r)
		}
	}
	return ""
}
