// Package git brings git repositories as input artifacts: a directory with the files of a revision, and .git.
//
//	stores := artifact.New(secrets, git.Driver{})
package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"net/url"
	"strings"

	"github.com/go-git/go-git/v5"
	"github.com/go-git/go-git/v5/config"
	"github.com/go-git/go-git/v5/plumbing"
	"github.com/go-git/go-git/v5/plumbing/transport"
	"github.com/go-git/go-git/v5/plumbing/transport/http"
	"github.com/go-git/go-git/v5/plumbing/transport/ssh"
	gossh "golang.org/x/crypto/ssh"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/workflow/spec"
)

const remote = git.DefaultRemoteName

// Driver opens repositories, which can be read only. The zero value works.
//
// The revision is a branch, a tag or a commit; with a depth, one that is not within it is fetched by itself. A host that
// is reached by SSH is known by the files that OpenSSH reads, or by the file that the env variable SSH_KNOWN_HOSTS names.
// Credentials go to the host of the repository only, also for submodules, and are not written into .git. As in every
// artifact, a link that leads out of it is an error.
//
// Package go-git holds each file in memory once while it indexes what it has fetched, and one that is sent as the
// difference to another version three times: so a clone needs as many bytes as its largest file has, and some 15 MB.
type Driver struct{}

// Kind is git.
func (Driver) Kind() string { return "git" }

// Open reads the Secrets that the location names. It asks no server.
func (Driver) Open(ctx context.Context, l *spec.ArtifactLocation, secrets artifact.Secrets) (artifact.Store, error) {
	at := l.Git
	if at.SingleBranch && at.Branch == "" {
		return nil, errors.New("branch: expected the name of the branch that singleBranch asks for")
	}
	endpoint, err := transport.NewEndpoint(at.Repo)
	if err != nil || at.Repo == "" {
		return nil, errors.New("repo: expected the URL of a repository")
	}
	if endpoint.Protocol == "ssh" && endpoint.Password == "" { // u:password@host:path, as one name
		endpoint.User, endpoint.Password, _ = strings.Cut(endpoint.User, ":")
	}
	r := &repository{at: at, endpoint: endpoint, url: public(at.Repo, endpoint)}
	r.auth, err = auth(ctx, at, endpoint, secrets)
	return r, err
}

// public is the URL of a repository without a password, and without a user, except SSH's: that one is part of the place.
func public(repo string, at *transport.Endpoint) string {
	u, err := url.Parse(repo)
	switch {
	case err == nil && u.User == nil && u.Host != "" || at.User == "":
		return repo
	case err != nil || u.Host == "": // u:password@host:path
		_, place, _ := strings.Cut(repo, "@")
		return at.User + "@" + place
	case at.Protocol == "ssh":
		u.User = url.User(at.User)
	default:
		u.User = nil
	}
	return u.String()
}

// auth says who asks; nil is nobody.
func auth(ctx context.Context, at *spec.GitArtifact, to *transport.Endpoint, secrets artifact.Secrets) (transport.AuthMethod, error) {
	user, err := secrets.Text(ctx, at.UsernameSecret)
	if err != nil {
		return nil, fmt.Errorf("usernameSecret: %w", err)
	}
	password, err := secrets.Text(ctx, at.PasswordSecret)
	if err != nil {
		return nil, fmt.Errorf("passwordSecret: %w", err)
	}
	if user == "" && password == "" {
		user, password = to.User, to.Password
	}
	if to.Protocol != "ssh" {
		if user == "" && password == "" {
			return nil, nil
		}
		return &http.BasicAuth{Username: user, Password: password}, nil
	}
	if user == "" {
		user = ssh.DefaultUsername
	}
	hosts := ssh.HostKeyCallbackHelper{}
	if at.InsecureIgnoreHostKey {
		hosts.HostKeyCallback = gossh.InsecureIgnoreHostKey()
	}
	if at.SSHPrivateKeySecret == nil {
		return &ssh.Password{User: user, Password: password, HostKeyCallbackHelper: hosts}, nil
	}
	key, err := secrets.Text(ctx, at.SSHPrivateKeySecret)
	if err != nil {
		return nil, fmt.Errorf("sshPrivateKeySecret: %w", err)
	}
	keys, err := ssh.NewPublicKeys(user, []byte(key), password)
	if err != nil {
		return nil, errors.New("sshPrivateKeySecret: expected a private key in PEM")
	}
	keys.HostKeyCallbackHelper = hosts
	return keys, nil
}

// repository is a repository as a store.
type repository struct {
	at       *spec.GitArtifact
	endpoint *transport.Endpoint
	url      string // without a user
	auth     transport.AuthMethod
}

var errUnsupported = fmt.Errorf("a git repository is a directory that can only be fetched: %w", errors.ErrUnsupported)

// Get is not supported: see Fetch.
func (*repository) Get(context.Context, string) (io.ReadCloser, error) { return nil, errUnsupported }

// Put is not supported.
func (*repository) Put(context.Context, string, io.Reader) error { return errUnsupported }

// List is not supported.
func (*repository) List(context.Context, string) iter.Seq2[string, error] {
	return func(yield func(string, error) bool) { yield("", errUnsupported) }
}

// Delete is not supported.
func (*repository) Delete(context.Context, string) error { return errUnsupported }

// Fetch clones the repository.
func (r *repository) Fetch(ctx context.Context, _, path string) error {
	err := r.clone(ctx, path)
	switch {
	case err == nil:
		return nil
	case ctx.Err() != nil:
		err = context.Cause(ctx)
	case errors.Is(err, fs.ErrNotExist) && !errors.Is(err, errAbsent): // a file of this machine
		err = errors.New(err.Error())
	}
	return fmt.Errorf("git %s: %w", r.url, err)
}

// errAbsent says that there is no such repository, or no such revision in it.
var errAbsent = fmt.Errorf("it is not there: %w", fs.ErrNotExist)

func (r *repository) clone(ctx context.Context, path string) error {
	opts := &git.CloneOptions{
		URL: r.url, Auth: r.auth, InsecureSkipTLS: r.at.InsecureSkipTLS, Depth: r.depth(),
		NoCheckout: r.at.Revision != "", SingleBranch: r.at.SingleBranch,
	}
	if r.at.SingleBranch {
		opts.ReferenceName = plumbing.NewBranchReferenceName(r.at.Branch)
	}
	files, dot := directories(path)
	repo, err := git.CloneContext(ctx, newStorage(dot), files, opts)
	if errors.Is(err, transport.ErrRepositoryNotFound) || errors.Is(err, git.NoMatchingRefSpecError{}) {
		return fmt.Errorf("%w: %w", errAbsent, err)
	}
	if err != nil {
		return err
	}
	for _, refs := range r.at.Fetch {
		if !strings.Contains(refs, ":") {
			refs += ":" + strings.TrimPrefix(refs, "+")
		}
		if err := r.fetch(ctx, repo, refs); err != nil {
			return fmt.Errorf("fetch %q: %w", refs, err)
		}
	}
	tree, err := repo.Worktree()
	if err != nil {
		return err
	}
	if r.at.Revision != "" {
		if err := r.checkout(ctx, repo, tree); err != nil {
			return fmt.Errorf("revision %q: %w", r.at.Revision, err)
		}
	}
	if r.at.DisableSubmodules {
		return nil
	}
	return r.submodules(ctx, tree, 0)
}

// depth is how many commits to fetch, where 0 means all.
func (r *repository) depth() int {
	if r.at.Depth == nil {
		return 0
	}
	return int(min(*r.at.Depth, 1<<30))
}

func (r *repository) fetch(ctx context.Context, repo *git.Repository, refs string) error {
	spec := config.RefSpec(refs)
	if err := spec.Validate(); err != nil {
		return err
	}
	err := repo.FetchContext(ctx, &git.FetchOptions{
		RemoteName: remote, RefSpecs: []config.RefSpec{spec}, Auth: r.auth, Depth: r.depth(), InsecureSkipTLS: r.at.InsecureSkipTLS, Force: true,
	})
	if errors.Is(err, git.NoErrAlreadyUpToDate) {
		return nil
	}
	return err
}

// checkout puts the revision into the worktree. What is not there yet, because of a depth or a single branch, is fetched.
func (r *repository) checkout(ctx context.Context, repo *git.Repository, tree *git.Worktree) error {
	revision := r.at.Revision
	hash := resolve(repo, revision)
	if hash == nil {
		for _, refs := range []string{
			"+refs/heads/" + revision + ":refs/remotes/" + remote + "/" + revision,
			"+refs/tags/" + revision + ":refs/tags/" + revision,
			revision + ":refs/podflow/revision",
		} {
			if err := r.fetch(ctx, repo, refs); err != nil && !isUnknown(err) {
				return err
			}
			if hash = resolve(repo, revision); hash != nil {
				break
			}
		}
	}
	if hash == nil {
		return fmt.Errorf("expected a branch, tag or commit of the repository: %w", errAbsent)
	}
	return tree.Checkout(&git.CheckoutOptions{Hash: *hash, Force: true})
}

// isUnknown says that the server does not know what was asked for, or nobody could. Of a commit it says so in words only.
func isUnknown(err error) bool {
	return errors.Is(err, git.NoMatchingRefSpecError{}) || errors.Is(err, config.ErrRefSpecMalformedSeparator) ||
		errors.Is(err, config.ErrRefSpecMalformedWildcard) || strings.Contains(err.Error(), "upload-pack: not our ref ")
}

// resolve finds a revision; a branch is one of the remote's.
func resolve(repo *git.Repository, revision string) *plumbing.Hash {
	for _, name := range []string{"refs/remotes/" + remote + "/" + revision, revision} {
		hash, err := repo.ResolveRevision(plumbing.Revision(name))
		if err == nil {
			if _, err := repo.CommitObject(*hash); err == nil {
				return hash
			}
		}
	}
	return nil
}

// submodules brings the submodules of a worktree, and theirs. A submodule on this machine is refused, unless its
// repository is, and one of another host gets no credentials.
func (r *repository) submodules(ctx context.Context, tree *git.Worktree, depth int) error {
	const deepest = 10
	subs, err := tree.Submodules()
	if err != nil || len(subs) == 0 {
		return err
	}
	if depth == deepest {
		return fmt.Errorf("submodules have submodules, more than %d times", deepest)
	}
	for _, sub := range subs {
		if err := r.submodule(ctx, sub, depth); err != nil {
			return fmt.Errorf("submodule %s: %w", sub.Config().Name, err)
		}
	}
	return nil
}

func (r *repository) submodule(ctx context.Context, sub *git.Submodule, depth int) error {
	if err := sub.Init(); err != nil && !errors.Is(err, git.ErrSubmoduleAlreadyInitialized) {
		return err
	}
	repo, err := sub.Repository()
	if err != nil {
		return err
	}
	from, err := repo.Remote(remote)
	if err != nil {
		return err
	}
	to, err := transport.NewEndpoint(from.Config().URLs[0])
	if err != nil {
		return errors.New("expected the URL of a repository")
	}
	if to.Protocol == "file" && r.endpoint.Protocol != "file" {
		return errors.New("is on this machine, and its repository is not")
	}
	opts := &git.SubmoduleUpdateOptions{}
	if to.Host == r.endpoint.Host && to.Protocol == r.endpoint.Protocol && to.Port == r.endpoint.Port {
		opts.Auth = r.auth
	}
	if err := sub.UpdateContext(ctx, opts); err != nil {
		return err
	}
	tree, err := repo.Worktree()
	if err != nil {
		return err
	}
	return r.submodules(ctx, tree, depth+1)
}
