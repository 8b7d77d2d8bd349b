package git_test

import (
	"context"
	"errors"
	"io/fs"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/artifact/git"
	"github.com/podflow/podflow/workflow/spec"
)

func secret(key string) *corev1.SecretKeySelector {
	return &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: "cred"}, Key: key}
}

// server serves the repositories of a directory, made by git itself.
type server struct {
	*testing.T
	dir, url string
	breaks   atomic.Int32 // how many GETs until one is answered with an error
}

func serve(t *testing.T) *server {
	program, err := exec.LookPath("git")
	if err != nil {
		t.Skip("there is no git to serve repositories with")
	}
	dir := t.TempDir()
	backend := &cgi.Handler{Path: program, Args: []string{"http-backend"}, Env: []string{"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1"}}
	made := &server{T: t, dir: dir}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodGet && made.breaks.Add(-1) == 0 {
			w.WriteHeader(http.StatusInternalServerError)
			return
		}
		user, password, _ := r.BasicAuth()
		if strings.HasPrefix(r.URL.Path, "/private") && (user != "me" || password != "planted") {
			w.Header().Set("WWW-Authenticate", "Basic")
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		if !strings.HasPrefix(r.URL.Path, "/private") && password != "" {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(s.Close)
	made.url = s.URL
	return made
}

// git runs git in a repository.
func (s *server) git(repo string, args ...string) string {
	s.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir = filepath.Join(s.dir, repo)
	cmd.Env = append(os.Environ(), "GIT_AUTHOR_NAME=a", "GIT_AUTHOR_EMAIL=a@b", "GIT_COMMITTER_NAME=a", "GIT_COMMITTER_EMAIL=a@b",
		"GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_SYSTEM=/dev/null", "GIT_ALLOW_PROTOCOL=file:http")
	out, err := cmd.CombinedOutput()
	require.NoError(s, err, "%v: %s", args, out)
	return strings.TrimSpace(string(out))
}

// commit makes a commit in which the file version holds the text.
func (s *server) commit(repo, text string) (hash string) {
	s.Helper()
	require.NoError(s, os.WriteFile(filepath.Join(s.dir, repo, "version"), []byte(text), 0o600))
	s.git(repo, "add", ".")
	s.git(repo, "commit", "-q", "-m", text)
	return s.git(repo, "rev-parse", "HEAD")
}

func (s *server) init(repo string) {
	s.Helper()
	require.NoError(s, os.MkdirAll(filepath.Join(s.dir, repo), 0o755))
	s.git(repo, "init", "-q", "-b", "main")
	s.git(repo, "config", "uploadpack.allowAnySHA1InWant", "true")
}

// load brings a repository, as Load does.
func (s *server) load(a spec.GitArtifact, edit ...func(*executor.Artifact)) (string, error) {
	s.Helper()
	a.Repo = strings.Replace(a.Repo, "URL", s.url, 1)
	secrets := func(_ context.Context, sel *corev1.SecretKeySelector) ([]byte, error) {
		return []byte(map[string]string{"user": "me", "password": "planted", "key": "planted"}[sel.Key]), nil
	}
	in := &executor.Artifact{Artifact: spec.Artifact{Name: "src", ArtifactLocation: spec.ArtifactLocation{Git: &a}}}
	for _, e := range edit {
		e(in)
	}
	path := filepath.Join(s.TempDir(), "src")
	return path, artifact.Load(s.Context(), artifact.New(secrets, git.Driver{}), in, path)
}

func (s *server) version(path string) string {
	s.Helper()
	text, err := os.ReadFile(filepath.Join(path, "version"))
	require.NoError(s, err)
	return string(text)
}

func TestRevisions(t *testing.T) {
	s := serve(t)
	s.init("app")
	first := s.commit("app", "1")
	s.git("app", "tag", "v1")
	s.git("app", "tag", "-a", "-m", "annotated", "v1a")
	second := s.commit("app", "2")
	s.git("app", "checkout", "-q", "-b", "topic/x")
	s.commit("app", "topic")
	s.git("app", "checkout", "-q", "main")
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "app", "tool.sh"), []byte("exit 0"), 0o700))
	s.commit("app", "3")
	s.git("app", "update-ref", "refs/changes/7", first)

	for _, tc := range []struct {
		name string
		spec.GitArtifact
		want string
	}{
		{"Default", spec.GitArtifact{}, "3"},
		{"Branch", spec.GitArtifact{Revision: "topic/x"}, "topic"},
		{"DefaultBranch", spec.GitArtifact{Revision: "main"}, "3"},
		{"Tag", spec.GitArtifact{Revision: "v1"}, "1"},
		{"AnnotatedTag", spec.GitArtifact{Revision: "v1a"}, "1"},
		{"Commit", spec.GitArtifact{Revision: second}, "2"},
		{"ShortCommit", spec.GitArtifact{Revision: second[:8]}, "2"},
		{"Depth", spec.GitArtifact{Depth: new(uint64(1))}, "3"},
		{"DepthBranch", spec.GitArtifact{Depth: new(uint64(1)), Revision: "topic/x"}, "topic"},
		{"DepthTag", spec.GitArtifact{Depth: new(uint64(1)), Revision: "v1"}, "1"},
		{"DepthCommit", spec.GitArtifact{Depth: new(uint64(1)), Revision: second}, "2"},
		{"SingleBranch", spec.GitArtifact{SingleBranch: true, Branch: "topic/x"}, "topic"},
		{"SingleBranchCommit", spec.GitArtifact{SingleBranch: true, Branch: "main", Revision: first}, "1"},
		{"Fetch", spec.GitArtifact{Fetch: []string{"refs/changes/*"}, Revision: "refs/changes/7"}, "1"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			tc.Repo = "URL/app"
			s := &server{T: t, dir: s.dir, url: s.url}
			path, err := s.load(tc.GitArtifact)
			require.NoError(t, err)
			assert.Equal(t, tc.want, s.version(path))
			assert.DirExists(t, filepath.Join(path, ".git"))
			if tc.want == "3" {
				info, err := os.Stat(filepath.Join(path, "tool.sh"))
				require.NoError(t, err)
				assert.Equal(t, fs.FileMode(0o777), info.Mode(), "any user may run it")
			}
		})
	}
	t.Run("Nothing", func(t *testing.T) {
		s := &server{T: t, dir: s.dir, url: s.url}
		for _, a := range []spec.GitArtifact{{Repo: "URL/absent"}, {Repo: "URL/app", Revision: "absent"}, {Repo: "URL/app", Revision: strings.Repeat("0", 40)},
			{Repo: "URL/app", Revision: strings.Repeat("1", 40)}, {Repo: "URL/app", Revision: "x:y"}, {Repo: "URL/app", SingleBranch: true, Branch: "absent"}} {
			path, err := s.load(a)
			require.ErrorIs(t, err, fs.ErrNotExist)
			assert.NoDirExists(t, path)
		}
		path, err := s.load(spec.GitArtifact{Repo: "URL/absent"}, func(a *executor.Artifact) { a.Optional = true })
		require.NoError(t, err)
		assert.NoDirExists(t, path)
	})
}

// TestTroubleIsNotAbsence has servers that break down: an optional artifact is not left out then.
func TestTroubleIsNotAbsence(t *testing.T) {
	s := serve(t)
	s.init("app")
	commit := s.commit("app", "1")
	s.git("app", "config", "uploadpack.allowAnySHA1InWant", "false")
	s.git("app", "update-ref", "refs/changes/7", commit)
	s.git("app", "checkout", "-q", "--orphan", "other")
	s.commit("app", "2")
	s.git("app", "branch", "-D", "main")
	optional := func(a *executor.Artifact) { a.Optional = true }
	_, err := s.load(spec.GitArtifact{Repo: "URL/app", Revision: commit}, optional)
	require.ErrorContains(t, err, "revision \""+commit+"\": server does not support exact SHA1")

	s.breaks.Store(2)
	_, err = s.load(spec.GitArtifact{Repo: "URL/app", Revision: "absent"}, optional)
	require.ErrorContains(t, err, "500")

	s.init("parent")
	s.git("parent", "-c", "protocol.file.allow=always", "submodule", "add", "-q", s.url+"/app", "lib")
	s.git("parent", "config", "-f", ".gitmodules", "submodule.lib.url", s.url+"/nothing")
	s.commit("parent", "1")
	_, err = s.load(spec.GitArtifact{Repo: "URL/parent"}, optional)
	require.ErrorContains(t, err, "submodule lib: ")
	require.NotErrorIs(t, err, fs.ErrNotExist)

	t.Setenv("SSH_KNOWN_HOSTS", filepath.Join(t.TempDir(), "absent"))
	_, err = s.load(spec.GitArtifact{Repo: "ssh://me@127.0.0.1:1/x"}, optional)
	require.ErrorContains(t, err, "known")
}

// TestLinks has links in a repository: none that leads out of what is asked for arrives.
func TestLinks(t *testing.T) {
	s := serve(t)
	s.init("app")
	for name, target := range map[string]string{"in/ok": "../version", "in/a/down": "../b", "abs/l": "/etc/passwd", "up/l": "../../x"} {
		require.NoError(t, os.MkdirAll(filepath.Dir(filepath.Join(s.dir, "app", name)), 0o755))
		require.NoError(t, os.Symlink(target, filepath.Join(s.dir, "app", name)))
	}
	s.commit("app", "1")
	for sub, want := range map[string]string{
		"abs": `"/etc/passwd", out of`, "up": `"../../x", out of`, "in": `in/ok": is a link to "../version", out of`, "abs/l": "is a link", "in/a": `"../b", out of`, "": "out of",
	} {
		path, err := s.load(spec.GitArtifact{Repo: "URL/app"}, func(a *executor.Artifact) { a.SubPath = sub })
		require.ErrorContains(t, err, want, sub)
		assert.NoDirExists(t, path)
	}
	s.git("app", "rm", "-q", "-r", "abs", "up")
	s.commit("app", "2")
	path, err := s.load(spec.GitArtifact{Repo: "URL/app"})
	require.NoError(t, err)
	text, err := os.ReadFile(filepath.Join(path, "in", "ok"))
	require.NoError(t, err)
	assert.Equal(t, "2", string(text))
}

func TestSubPath(t *testing.T) {
	s := serve(t)
	s.init("app")
	require.NoError(t, os.MkdirAll(filepath.Join(s.dir, "app", "a", "b"), 0o755))
	require.NoError(t, os.WriteFile(filepath.Join(s.dir, "app", "a", "b", "version"), []byte("below"), 0o600))
	s.commit("app", "1")
	path, err := s.load(spec.GitArtifact{Repo: "URL/app"}, func(a *executor.Artifact) { a.SubPath = "a/b" })
	require.NoError(t, err)
	assert.Equal(t, "below", s.version(path))
	_, err = s.load(spec.GitArtifact{Repo: "URL/app"}, func(a *executor.Artifact) { a.SubPath = "absent" })
	require.ErrorIs(t, err, fs.ErrNotExist)
}

func TestCredentials(t *testing.T) {
	s := serve(t)
	s.init("private")
	s.commit("private", "secret")
	by := spec.GitArtifact{Repo: "URL/private", UsernameSecret: secret("user"), PasswordSecret: secret("password")}
	path, err := s.load(by)
	require.NoError(t, err)
	assert.Equal(t, "secret", s.version(path))

	path, err = s.load(spec.GitArtifact{Repo: strings.Replace(s.url, "http://", "http://me:planted@", 1) + "/private"})
	require.NoError(t, err)
	config, err := os.ReadFile(filepath.Join(path, ".git", "config"))
	require.NoError(t, err)
	assert.NotContains(t, string(config), "planted")

	for _, a := range []spec.GitArtifact{
		{Repo: "URL/private"},
		{Repo: strings.Replace(s.url, "http://", "http://me:planted-too@", 1) + "/private"},
		{Repo: "http://me:planted@127.0.0.1:1/x"},
		{Repo: "ssh://me@127.0.0.1:1/x", SSHPrivateKeySecret: secret("key")},
		{Repo: "ssh://me@127.0.0.1:1/x", PasswordSecret: secret("password"), InsecureIgnoreHostKey: true},
		{Repo: "ssh://me:planted@127.0.0.1:1/x"}, {Repo: "me:planted@127.0.0.1:1:x"}, {Repo: "http://me:planted%zz@127.0.0.1/x"},
		{Repo: ""}, {Repo: "URL/private", SingleBranch: true},
	} {
		_, err := s.load(a)
		require.Error(t, err, a.Repo)
		assert.NotContains(t, err.Error(), "planted")
	}
}

func TestSubmodules(t *testing.T) {
	s := serve(t)
	s.init("deep")
	s.commit("deep", "deep")
	s.init("lib")
	s.git("lib", "submodule", "add", "-q", "../deep", "deep")
	s.commit("lib", "lib")
	s.init("app")
	s.git("app", "-c", "protocol.file.allow=always", "submodule", "add", "-q", s.url+"/lib", "lib")
	s.commit("app", "app")

	path, err := s.load(spec.GitArtifact{Repo: "URL/app"})
	require.NoError(t, err)
	assert.Equal(t, "lib", s.version(filepath.Join(path, "lib")))
	assert.Equal(t, "deep", s.version(filepath.Join(path, "lib", "deep")))

	path, err = s.load(spec.GitArtifact{Repo: "URL/app", Revision: "main", DisableSubmodules: true})
	require.NoError(t, err)
	assert.NoFileExists(t, filepath.Join(path, "lib", "version"))

	s.init("evil")
	s.git("evil", "-c", "protocol.file.allow=always", "submodule", "add", "-q", filepath.Join(s.dir, "deep"), "deep")
	s.commit("evil", "evil")
	_, err = s.load(spec.GitArtifact{Repo: "URL/evil"})
	require.ErrorContains(t, err, "submodule deep: is on this machine")
}

func TestOnlyFetched(t *testing.T) {
	l := spec.ArtifactLocation{Git: &spec.GitArtifact{Repo: "https://host/x"}}
	store, key, err := artifact.New(nil, git.Driver{}).Open(t.Context(), &l)
	require.NoError(t, err)
	assert.Empty(t, key)
	_, err = store.Get(t.Context(), "")
	require.ErrorIs(t, err, errors.ErrUnsupported)
	require.ErrorIs(t, store.Put(t.Context(), "", strings.NewReader("")), errors.ErrUnsupported)
	require.ErrorIs(t, store.Delete(t.Context(), ""), errors.ErrUnsupported)
}
