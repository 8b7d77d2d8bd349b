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

// send has the output artifacts stored by OutputsContainer, one after the other.
func send(ctx context.Context, at layout, artifacts []spec.Artifact) []protocol.Artifact {
	socket := filepath.Join(at.of(protocol.OutputsContainer), socketFile)
	var sent []protocol.Artifact
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
			answer, err = sendOne(ctx, socket, a, info.IsDir())
		}
		if err != nil {
			answer.Problem = &protocol.Problem{Kind: kind, Text: err.Error()}
		}
		answer.Name = a.Name
		sent = append(sent, answer)
	}
	return sent
}

// sendOne packs an artifact into a connection.
func sendOne(ctx context.Context, socket string, a *spec.Artifact, dir bool) (answer protocol.Artifact, err error) {
	conn, err := dial(ctx, socket)
	if err != nil {
		return answer, fmt.Errorf("container %s: %w", protocol.OutputsContainer, err)
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

// dial connects to a socket when it is there.
func dial(ctx context.Context, socket string) (conn *net.UnixConn, err error) {
	err = poll(ctx, func() (bool, error) {
		conn, err = net.DialUnix("unix", nil, &net.UnixAddr{Net: "unix", Name: socket})
		return err == nil, nil
	})
	return conn, err
}
