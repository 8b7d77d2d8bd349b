package k8s

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/k8s/internal/protocol"
	"github.com/podflow/podflow/workflow/spec"
)

// collect puts what the program left into the attempt's result, after its Pod has ended. Until then nothing is told of
// that end, so that what is told is whole.
func (a *attempt) collect(ctx context.Context) error {
	template, err := a.task.Template()
	if err != nil {
		return err
	}
	u := usesOf(template, a.task.WantResult)
	main := false
	for _, e := range a.seen.ends {
		if e.name == protocol.OutputsContainer {
			continue
		}
		var r *protocol.Report
		if u.any() {
			if r, err = a.reportOf(ctx, e); err != nil {
				return err
			}
		}
		if r != nil && e.name == MainContainer {
			main = true
			if err := a.take(template, &u, r); err != nil {
				return err
			}
		}
		if template.ContainerSet != nil {
			a.result.Containers = append(a.result.Containers, endOf(e, r))
		}
	}
	if !main && a.seen.kind == succeeded && u.gives(template) {
		return a.lost(&protocol.DamagedError{Reason: "container main left none"})
	}
	return nil
}

// reportOf is the report of a container whose agent could do its work; nil if the agent was killed with its program, for
// memory or at the end of a grace period, and left none.
func (a *attempt) reportOf(ctx context.Context, e containerEnd) (*protocol.Report, error) {
	if e.report == "" && e.code == killed {
		return nil, nil
	}
	r, err := a.report(ctx, e)
	if err == nil && r.Problem != nil {
		err = a.problem(r)
	}
	return r, err
}

// endOf is how a container of a set ended, with its report if it left one.
func endOf(e containerEnd, r *protocol.Report) executor.ContainerEnd {
	if r != nil && r.Problem != nil && r.Problem.Kind == protocol.NotRun {
		return executor.ContainerEnd{Name: e.name, Message: r.Problem.Text, NotRun: true}
	}
	return executor.ContainerEnd{Name: e.name, ExitCode: int(e.code), Message: e.failure}
}

const (
	// killed is the exit code of a container that got SIGKILL.
	killed = 137
	// reads is how often a report is read before it is lost.
	reads = 6
)

func (a *attempt) lost(err error) error {
	return &executor.LostError{Reason: "ResultLost", Err: fmt.Errorf("k8s: Pod %s: %w", a.pod.name, err)}
}

// report is the report of a container. What is damaged is read again.
func (a *attempt) report(ctx context.Context, e containerEnd) (*protocol.Report, error) {
	pause := backoff{waits: &a.x.waits}
	for try := 1; ; try++ {
		r, err := a.decode(ctx, e.report)
		if err == nil {
			return r, nil
		}
		if version, ok := errors.AsType[*protocol.VersionError](err); ok {
			return nil, fmt.Errorf("k8s: Pod %s: %w", a.pod.name, version)
		}
		if ctx.Err() == nil && !a.seen.gone && !notFound(err) && try < reads && e.code != killed {
			_ = sleep(ctx, pause.next(0))
			e = a.again(ctx, e)
			continue
		}
		if ctx.Err() != nil {
			return nil, context.Cause(ctx)
		}
		return nil, a.lost(err)
	}
}

// decode is the report in a termination message, or in the log that this names.
func (a *attempt) decode(ctx context.Context, message string) (*protocol.Report, error) {
	ctx, cancel := context.WithTimeout(ctx, a.x.waits.request)
	defer cancel()
	return protocol.Decode(protocol.AttemptOf(a.task.ID), message, func() (io.ReadCloser, error) {
		return a.x.pods.GetLogs(a.pod.name, &corev1.PodLogOptions{Container: protocol.OutputsContainer, Follow: true}).Stream(ctx)
	})
}

// again is how a container ended as its Pod says now.
func (a *attempt) again(ctx context.Context, e containerEnd) containerEnd {
	p, err := a.x.pods.Get(ctx, a.pod.name, metav1.GetOptions{})
	if err != nil || p.UID != a.uid {
		return e
	}
	for _, now := range endsOf(p) {
		if now.name == e.name {
			return now
		}
	}
	return e
}

// problem is what a problem of the agent as a whole means for the attempt.
func (a *attempt) problem(r *protocol.Report) error {
	text := fmt.Errorf("k8s: Pod %s: container %s: %w", a.pod.name, r.Container, r.Problem)
	switch r.Problem.Kind {
	case protocol.NotRun:
		return nil // the program that it waited for failed, and that is told
	case protocol.Again, protocol.Stopped, protocol.Agent:
	default:
		return text
	}
	for _, e := range a.seen.ends {
		if e.name == protocol.OutputsContainer {
			return &executor.LostError{Reason: "OutputsLost", Err: fmt.Errorf("%w: %s", text, e.failure)}
		}
	}
	return &executor.LostError{Reason: "AgentFailed", Err: text}
}

// take takes what main left. Of a program that failed it is what is there.
func (a *attempt) take(t *spec.Template, u *uses, r *protocol.Report) error {
	if r.Result != nil && r.Result.Problem == nil && u.result {
		a.result.Result = &r.Result.Data
	}
	var errs []error
	if r.Result != nil && r.Result.Problem != nil {
		errs = append(errs, fmt.Errorf("outputs.result: %w", r.Result.Problem))
	}
	for i := range r.Values {
		v := &r.Values[i]
		at := slices.IndexFunc(t.Outputs.Parameters, func(p spec.Parameter) bool { return p.Name == v.Name })
		if at < 0 {
			continue
		}
		from := t.Outputs.Parameters[at].ValueFrom
		switch {
		case v.Problem == nil:
			a.result.Outputs = append(a.result.Outputs, executor.Value{Name: v.Name, Value: v.Data})
		case v.Problem.Kind == protocol.Missing && from.Default != nil:
			a.result.Outputs = append(a.result.Outputs, executor.Value{Name: v.Name, Value: string(*from.Default)})
		default:
			errs = append(errs, fmt.Errorf("outputs.parameters[%s]: %s: %w", v.Name, from.Path, v.Problem))
		}
	}
	for i := range r.Artifacts {
		kept := &r.Artifacts[i]
		at := slices.IndexFunc(t.Outputs.Artifacts, func(d spec.Artifact) bool { return d.Name == kept.Name })
		switch {
		case at < 0:
		case kept.Problem != nil:
			errs = append(errs, artifactProblem(&t.Outputs.Artifacts[at], kept.Problem))
		default:
			a.result.Artifacts = append(a.result.Artifacts,
				executor.Artifact{Artifact: t.Outputs.Artifacts[at], Size: kept.Size, SHA256: kept.SHA256})
		}
	}
	if a.result.Phase == spec.Failed || len(errs) == 0 {
		return nil
	}
	return fmt.Errorf("k8s: Pod %s: %w", a.pod.name, errors.Join(errs...))
}

// artifactProblem is a problem with the name and the path of its artifact, which those of storing it have.
func artifactProblem(a *spec.Artifact, p *protocol.Problem) error {
	at := fmt.Sprintf("outputs.artifacts[%s]: ", a.Name)
	if strings.HasPrefix(p.Text, at) {
		return p
	}
	return fmt.Errorf("%s%s: %w", at, a.Path, p)
}
