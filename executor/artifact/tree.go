package artifact

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
)

// tree is a directory that is being filled with entries that nobody vouches for. Only directories that it made itself
// are gone through, never links.
type tree struct {
	budget
	root  *os.Root
	dirs  map[string]bool // that were made
	tops  []string        // entries at the top, two at most
	links [][2]string     // names of links, and where they lead
	sub   string          // the part of it that is asked for
}

func newTree(root *os.Root, limits Limits) *tree {
	return &tree{budget: newBudget(limits), root: root, dirs: map[string]bool{".": true}}
}

// finish gives the name of what was asked for: the one entry at the top, or all of the tree; or a part of that.
func (t *tree) finish() (string, error) {
	name := "."
	if len(t.tops) == 1 {
		name = t.tops[0]
	}
	name = path.Join(name, t.sub)
	info, err := t.root.Lstat(name)
	if err != nil {
		err = plain(err)
		if errors.Is(err, fs.ErrNotExist) {
			err = absent{err}
		}
		return "", fmt.Errorf("subPath: %s: %w", t.sub, err)
	}
	if info.Mode()&fs.ModeSymlink != 0 {
		return "", fmt.Errorf("entry %q: is a link", name)
	}
	for _, link := range t.links {
		below, ok := strings.CutPrefix(link[0], name+"/")
		if _, err := insideLink(below, link[1]); ok && err != nil {
			return "", fmt.Errorf("entry %q: %w", link[0], err)
		}
	}
	return name, t.root.Chmod(".", 0o777)
}

// single makes the stream the one file.
func (t *tree) single(r io.Reader) error { return t.file("file", 0o666, -1, r) }

// file makes a file. Size is how many bytes r has, or -1 if that is not known.
func (t *tree) file(name string, mode fs.FileMode, size int64, r io.Reader) error {
	name, err := t.enter(name)
	if err != nil {
		return err
	}
	if size > t.left.Bytes {
		return t.bytes(size)
	}
	most := t.left.Bytes + 1
	counted := &io.LimitedReader{R: r, N: most}
	if err := writeFile(t.root, name, counted, open(mode)); err != nil {
		return plain(err)
	}
	return t.bytes(most - counted.N)
}

// open is a mode that lets all users read and write, and execute if one could.
func open(mode fs.FileMode) fs.FileMode {
	if mode&0o111 != 0 {
		return 0o777
	}
	return 0o666
}

// dir makes a directory, which may be there.
func (t *tree) dir(name string) error {
	name, err := local(name)
	if err != nil {
		return err
	}
	return t.makeDir(name)
}

// symlink makes a link that stays inside.
func (t *tree) symlink(name, target string) error {
	name, err := t.enter(name)
	if err != nil {
		return err
	}
	clean, err := insideLink(name, target)
	if err != nil {
		return err
	}
	if err := t.remember(len(name) + len(clean)); err != nil {
		return err
	}
	t.links = append(t.links, [2]string{name, clean})
	return plain(t.root.Symlink(clean, name))
}

// hardLink makes a second name of a file that came before.
func (t *tree) hardLink(name, target string) error {
	name, err := t.enter(name)
	if err != nil {
		return err
	}
	target, err = local(target)
	if err == nil && !t.dirs[path.Dir(target)] {
		err = errors.New("is not in a directory that came before")
	}
	if err != nil {
		return fmt.Errorf("is a link to %q, which %w", shortened(target), err)
	}
	return plain(t.root.Link(target, name))
}

// enter makes the directories above an entry.
func (t *tree) enter(name string) (string, error) {
	name, err := local(name)
	if err != nil {
		return "", err
	}
	if name == "." {
		return "", errors.New("expected the name of a file")
	}
	if err := t.makeDir(path.Dir(name)); err != nil {
		return "", err
	}
	return name, t.count(name)
}

// local is a name without a way out, cleaned.
func local(name string) (string, error) {
	if err := checkName(name); err != nil {
		return "", err
	}
	clean := path.Clean(name)
	switch {
	case name == "" || path.IsAbs(name) || !filepath.IsLocal(clean) || hasDotDot(name):
		return "", errors.New("the name leads out of the archive")
	case strings.ContainsRune(name, 0):
		return "", errors.New("there is a NUL in the name")
	}
	return clean, nil
}

func hasDotDot(name string) bool {
	for part := range strings.SplitSeq(name, "/") {
		if part == ".." {
			return true
		}
	}
	return false
}

// makeDir makes a directory and those above it.
func (t *tree) makeDir(name string) error {
	if t.dirs[name] {
		return nil
	}
	if err := t.makeDir(path.Dir(name)); err != nil {
		return err
	}
	if err := t.count(name); err != nil {
		return err
	}
	if err := t.remember(len(name)); err != nil {
		return err
	}
	if err := t.root.Mkdir(name, 0o700); err != nil {
		if errors.Is(err, fs.ErrExist) {
			return fmt.Errorf("%q is there, and not a directory", shortened(name))
		}
		return plain(err)
	}
	t.dirs[name] = true
	return plain(t.root.Chmod(name, 0o777))
}

// count takes note of an entry that will be made.
func (t *tree) count(name string) error {
	if err := t.entry(); err != nil {
		return err
	}
	if !strings.Contains(name, "/") && len(t.tops) < 2 {
		t.tops = append(t.tops, name)
	}
	return nil
}

// plain is an error less the operation and the name, which the entry's own error says.
func plain(err error) error {
	var p *fs.PathError
	var l *os.LinkError
	switch {
	case errors.As(err, &p):
		return p.Err
	case errors.As(err, &l):
		return l.Err
	default:
		return err
	}
}
