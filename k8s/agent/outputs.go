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
	// The container has no other directory that can be written.
	if err := os.Setenv("TMPDIR", at.of(protocol.OutputsContainer)); err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	s := &receiver{ctx: ctx, at: at, artifacts: in.Artifacts, stores: stores}
	err := s.receive(signals)
	cancel()
	if s.listener != nil {
		err = errors.Join(err, s.listener.Close())
	}
	s.handling.Wait()
	return errors.Join(err, printLog(at))
}

// printLog prints what did not fit main's report, and nothing else: main's program may have put anything in its place.
func printLog(at layout) error {
	f := at.open(protocol.MainContainer, logFile)
	if f == nil {
		return nil
	}
	defer f.Close()
	return protocol.CopyLog(os.Stdout, f)
}

// receiver stores artifacts.
type receiver struct {
	ctx       context.Context
	at        layout
	artifacts []spec.Artifact
	stores    *artifact.Stores
	// listener has the socket that is the file.
	listener *net.UnixListener
	file     fs.FileInfo
	handling sync.WaitGroup
}

// receive stores until main's agent has ended, or until a signal if it has not begun.
func (s *receiver) receive(signals <-chan os.Signal) error {
	told := false
	main := watched{at: s.at, container: protocol.MainContainer}
	defer main.close()
	return poll(context.Background(), func() (bool, error) {
		select {
		case <-signals:
			told = true
		default:
		}
		if err := s.listen(); err != nil {
			return false, err
		}
		over, err := main.over()
		return over || told && main.lock == nil, err
	})
}

// listen listens at the socket if it does not yet, or if a program has changed it.
func (s *receiver) listen() error {
	socket := filepath.Join(s.at.of(protocol.OutputsContainer), socketFile)
	file, err := os.Lstat(socket)
	if err == nil && s.file != nil && os.SameFile(file, s.file) && file.Mode() == s.file.Mode() {
		return nil
	}
	if s.listener != nil {
		_ = s.listener.Close()
	}
	if err := s.at.restore(protocol.OutputsContainer); err != nil {
		return err
	}
	if s.listener, err = net.ListenUnix("unix", &net.UnixAddr{Net: "unix", Name: socket}); err != nil {
		return err
	}
	listener := s.listener
	s.handling.Go(func() { s.accept(listener) })
	if err := os.Chmod(socket, 0o777); err != nil { // main may run as another user
		return err
	}
	s.file, err = os.Lstat(socket)
	return err
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
