//go:build linux

package agent

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net"
	"net/http/httputil"
	"os"
	"path/filepath"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

// errGone says that nobody is there any more to store anything.
var errGone = errors.New("it has ended")

// send has the output artifacts stored by OutputsContainer, one after the other. The error is an errGone.
func send(ctx context.Context, at layout, artifacts []spec.Artifact) (sent []protocol.Artifact, err error) {
	for i := range artifacts {
		a := &artifacts[i]
		info, err := os.Stat(a.Path)
		if a.Optional && errors.Is(err, fs.ErrNotExist) {
			continue
		}
		var answer protocol.Artifact
		kind := protocol.NotStored
		if errors.Is(err, fs.ErrNotExist) {
			kind, err = protocol.Missing, fs.ErrNotExist
		} else if err == nil {
			answer, err = sendOne(ctx, at, a, info.IsDir())
		}
		if errors.Is(err, errGone) {
			return sent, fmt.Errorf("outputs.artifacts[%s]: %w", a.Name, err)
		}
		if err != nil {
			answer.Problem = &protocol.Problem{Kind: kind, Text: err.Error()}
		}
		answer.Name = a.Name
		sent = append(sent, answer)
	}
	return sent, nil
}

// sendOne packs an artifact into a connection.
func sendOne(ctx context.Context, at layout, a *spec.Artifact, dir bool) (answer protocol.Artifact, err error) {
	conn, err := dial(ctx, at)
	if err != nil {
		return answer, fmt.Errorf("waiting for container %s: %w", protocol.OutputsContainer, err)
	}
	defer conn.Close()
	defer context.AfterFunc(ctx, func() { _ = conn.Close() })()
	packed := make(chan error, 1)
	go func() {
		packed <- errors.Join(pack(ctx, conn, a, dir), conn.CloseWrite())
	}()
	answered := json.NewDecoder(conn).Decode(&answer)
	_ = conn.Close()
	packing := <-packed
	switch {
	case packing != nil && !errors.As(packing, new(*net.OpError)):
		return protocol.Artifact{}, packing // which is why it was not stored
	case answered != nil:
		if ctx.Err() == nil {
			answered = errGone // it answers whatever becomes of the artifact
		}
		return protocol.Artifact{}, fmt.Errorf("container %s did not store it: %w", protocol.OutputsContainer, answered)
	}
	return answer, nil
}

// pack writes an offer and what is offered.
func pack(ctx context.Context, w io.Writer, a *spec.Artifact, dir bool) error {
	if err := json.NewEncoder(w).Encode(offer{Name: a.Name, Dir: dir}); err != nil {
		return err
	}
	chunks := httputil.NewChunkedWriter(w)
	buffer := bufio.NewWriterSize(chunks, chunk)
	if err := artifact.Pack(ctx, buffer, a.Path, a.Archive); err != nil {
		return err
	}
	if err := buffer.Flush(); err != nil {
		return err
	}
	return chunks.Close()
}

// dial connects to the socket of OutputsContainer when it is there. The error is errGone if it will not be any more.
func dial(ctx context.Context, at layout) (conn *net.UnixConn, err error) {
	socket := &net.UnixAddr{Net: "unix", Name: filepath.Join(at.of(protocol.OutputsContainer), socketFile)}
	beside := watched{at: at, container: protocol.OutputsContainer}
	defer beside.close()
	err = poll(ctx, func() (bool, error) {
		if conn, err = net.DialUnix("unix", nil, socket); err == nil {
			return true, nil
		}
		over, err := beside.over()
		if over {
			err = errGone
		}
		return false, err
	})
	return conn, err
}
