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
	"os/signal"
	"path/filepath"
	"sync"
	"syscall"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

// offer begins what main's agent says on a connection, as a line of JSON. What artifact.Pack writes follows, in HTTP's
// chunks, so that its end is not taken for that of the agent. The answer is a protocol.Artifact in JSON, in which the
// error of storing it is a Problem; it may come before all has been sent.
type offer struct {
	Name string `json:"name"`
	// Dir says that a directory was packed.
	Dir bool `json:"dir,omitempty"`
}

// chunk is how much is written at once.
const chunk = 256 << 10

// serveOutputs stores what main's agent sends until that has ended, and prints what it left to print. The container is
// told to end when the Pod is, but main may still have to bring something back then: it ends with main, unless main has
// not begun.
func serveOutputs(in *protocol.Outputs, at layout, stores *artifact.Stores) error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, syscall.SIGTERM, syscall.SIGINT)
	dir := at.of(protocol.OutputsContainer)
	if err := makeDir(dir); err != nil {
		return err
	}
	if err := os.Setenv("TMPDIR", dir); err != nil { // the container has no other directory that can be written
		return err
	}
	socket := filepath.Join(dir, socketFile)
	listener, err := net.Listen("unix", socket)
	if err != nil {
		return err
	}
	if err := os.Chmod(socket, 0o777); err != nil { // main may run as another user
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &receiver{ctx: ctx, artifacts: in.Artifacts, stores: stores}
	s.handling.Go(func() { s.accept(listener) })
	err = waitForMain(at, signals)
	cancel()
	err = errors.Join(err, listener.Close())
	s.handling.Wait()
	return errors.Join(err, printLog(at))
}

// waitForMain waits until main's agent has ended, or until a signal if it has not begun.
func waitForMain(at layout, signals <-chan os.Signal) error {
	told := false
	return poll(context.Background(), func() (bool, error) {
		select {
		case <-signals:
			told = true
		default:
		}
		_, err := os.Stat(filepath.Join(at.of(protocol.MainContainer), lockFile))
		if errors.Is(err, fs.ErrNotExist) {
			return told, nil
		}
		return at.over(protocol.MainContainer)
	})
}

// printLog prints what did not fit main's report.
func printLog(at layout) error {
	f, err := os.Open(filepath.Join(at.of(protocol.MainContainer), logFile))
	if err != nil {
		return ignore(err, fs.ErrNotExist)
	}
	defer f.Close()
	_, err = io.Copy(os.Stdout, f)
	return err
}

// receiver stores artifacts.
type receiver struct {
	ctx       context.Context
	artifacts []spec.Artifact
	stores    *artifact.Stores
	handling  sync.WaitGroup
}

// accept takes connections until the listener is closed.
func (s *receiver) accept(listener net.Listener) {
	for {
		conn, err := listener.Accept()
		if err != nil {
			return
		}
		s.handling.Go(func() {
			defer conn.Close()
			defer context.AfterFunc(s.ctx, func() { _ = conn.Close() })()
			s.handle(conn)
		})
	}
}

// handle stores one artifact.
func (s *receiver) handle(conn net.Conn) {
	r := bufio.NewReaderSize(conn, chunk)
	var o offer
	line, err := r.ReadSlice('\n')
	if err == nil {
		err = json.Unmarshal(line, &o)
	}
	answer := protocol.Artifact{Name: o.Name}
	if err == nil {
		var kept executor.Artifact
		kept, err = s.store(o, httputil.NewChunkedReader(r))
		answer.Size, answer.SHA256 = kept.Size, kept.SHA256
	}
	if err != nil {
		fail(err)
		answer.Problem = &protocol.Problem{Kind: protocol.NotStored, Text: err.Error()}
	}
	_ = json.NewEncoder(conn).Encode(answer)
}

// store stores what was offered, if it is known.
func (s *receiver) store(o offer, packed io.Reader) (executor.Artifact, error) {
	for i := range s.artifacts {
		if s.artifacts[i].Name == o.Name {
			return artifact.Put(s.ctx, s.stores, &s.artifacts[i], packed, o.Dir)
		}
	}
	return executor.Artifact{}, fmt.Errorf("no output artifact %q", o.Name)
}
