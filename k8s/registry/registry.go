// Package registry looks up what an image says of itself: its digest, the command that it runs, its labels. It reads
// manifests and configurations only, never a layer.
package registry

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/remote"
)

// Image is what an image says of itself.
type Image struct {
	// Ref names it by digest, in the registry that it was asked for by, so that a node pulls what was looked up. Of an
	// image for several platforms it is the digest of them all.
	Ref string
	// Entrypoint and Cmd are what it runs if a container names no command; either may be empty.
	Entrypoint, Cmd []string
	Labels          map[string]string
}

// Client looks images up and remembers them: those named by digest for good, others for a minute. The zero value is
// ready to use. Its methods may be called from many goroutines.
type Client struct {
	// Mirrors are the hosts that are asked instead of a registry, by the registry's host ("docker.io"): what containerd
	// has in hosts.toml. One that begins with "http://" is asked without TLS, as all on this machine are.
	Mirrors map[string]string

	mu     sync.Mutex
	images map[string]*entry
}

// entry is one look-up. Who holds turn looks.
type entry struct {
	turn  chan struct{}
	until time.Time
	image *Image
	err   error
}

const (
	// rememberTag, rememberError are how long a tag, and a failure, are not looked up again.
	rememberTag   = time.Minute
	rememberError = 5 * time.Second
	// maxEntries is how many look-ups are remembered at most.
	maxEntries = 1000
)

// Look looks an image up, with the credentials of these documents (.dockerconfigjson of Secrets). Its errors say what is
// wrong with the reference, or with the way to its registry; errors.As finds a [*transport.Error] of one that refused.
func (c *Client) Look(ctx context.Context, image string, configs ...[]byte) (*Image, error) {
	ref, err := name.ParseReference(image)
	if err != nil {
		return nil, fmt.Errorf("image %q: %w", image, err)
	}
	e := c.entry(image)
	select {
	case e.turn <- struct{}{}:
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	defer func() { <-e.turn }()
	if time.Now().Before(e.until) {
		return e.image, e.err
	}
	found, err := c.look(ctx, ref, keychain(configs))
	if err != nil {
		err = fmt.Errorf("image %q: %w", image, err)
	}
	if ctx.Err() != nil {
		return nil, err // it says nothing of the image
	}
	if found != nil {
		found.Ref = repository(image) + "@" + found.Ref
	}
	e.image, e.err, e.until = found, err, time.Now().Add(remembered(ref, err))
	return found, err
}

func remembered(ref name.Reference, err error) time.Duration {
	if err != nil {
		return rememberError
	}
	if _, fixed := ref.(name.Digest); fixed {
		return 1 << 62
	}
	return rememberTag
}

func (c *Client) entry(image string) *entry {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.images[image]
	if e == nil {
		if c.images == nil || len(c.images) >= maxEntries {
			c.images = map[string]*entry{}
		}
		e = &entry{turn: make(chan struct{}, 1)}
		c.images[image] = e
	}
	return e
}

// look asks the registry. Ref of what it finds is the digest only.
func (c *Client) look(ctx context.Context, ref name.Reference, keys authn.Keychain) (*Image, error) {
	ref, err := c.mirrored(ref)
	if err != nil {
		return nil, err
	}
	auth, err := authn.Resolve(ctx, keys, ref.Context())
	if err != nil {
		return nil, err
	}
	d, err := remote.Get(ref, remote.WithContext(ctx), remote.WithAuth(auth), remote.WithTransport(transport))
	if err != nil {
		return nil, err
	}
	image, err := onePlatform(d)
	if err != nil {
		return nil, err
	}
	config, err := image.ConfigFile()
	if err != nil {
		return nil, err
	}
	return &Image{
		Ref: d.Digest.String(), Entrypoint: config.Config.Entrypoint, Cmd: config.Config.Cmd, Labels: config.Config.Labels,
	}, nil
}

// transport is the client library's own, with an end to its patience.
var transport = func() http.RoundTripper {
	t := remote.DefaultTransport.(*http.Transport).Clone()
	t.ResponseHeaderTimeout = 20 * time.Second
	return t
}()

// mirrored is the reference at the mirror of its registry, if that has one.
func (c *Client) mirrored(ref name.Reference) (name.Reference, error) {
	host := ref.Context().RegistryStr()
	mirror, ok := c.Mirrors[host]
	if !ok && host == name.DefaultRegistry {
		mirror, ok = c.Mirrors["docker.io"]
	}
	if !ok {
		return ref, nil
	}
	var opts []name.Option
	at, plain := strings.CutPrefix(mirror, "http://")
	if plain {
		opts = append(opts, name.Insecure)
	}
	at = strings.TrimSuffix(strings.TrimPrefix(at, "https://"), "/")
	separator := ":"
	if _, fixed := ref.(name.Digest); fixed {
		separator = "@"
	}
	moved, err := name.ParseReference(at+"/"+ref.Context().RepositoryStr()+separator+ref.Identifier(), opts...)
	if err != nil {
		return nil, fmt.Errorf("mirror %q of %s: %w", mirror, host, err)
	}
	return moved, nil
}

// onePlatform is the image for Linux on amd64, or else the first for Linux: what images say of themselves does not
// depend on the processor.
func onePlatform(d *remote.Descriptor) (v1.Image, error) {
	if !d.MediaType.IsIndex() {
		return d.Image()
	}
	index, err := d.ImageIndex()
	if err != nil {
		return nil, err
	}
	manifest, err := index.IndexManifest()
	if err != nil {
		return nil, err
	}
	var at *v1.Descriptor
	for i := range manifest.Manifests {
		m := &manifest.Manifests[i]
		if !m.MediaType.IsImage() || m.Platform == nil || m.Platform.OS != "linux" {
			continue
		}
		if at == nil || m.Platform.Architecture == "amd64" && at.Platform.Architecture != "amd64" {
			at = m
		}
	}
	if at == nil {
		return nil, errors.New("it is not for Linux")
	}
	return index.Image(at.Digest)
}

// repository is the reference as it was written, without tag and digest.
func repository(image string) string {
	image, _, _ = strings.Cut(image, "@")
	if slash, colon := strings.LastIndexByte(image, '/'), strings.LastIndexByte(image, ':'); colon > slash {
		image = image[:colon]
	}
	return image
}
