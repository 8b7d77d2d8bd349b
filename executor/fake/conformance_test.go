package fake_test

import (
	"path"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/executortest"
	"github.com/podflow/podflow/executor/fake"
)

func TestConformance(t *testing.T) {
	executortest.Run(t, executortest.Config{
		New:    func(t *testing.T) executor.Executor { return fake.New(t) },
		Script: script,
	})
}

// script makes the fake end a task as a program would.
func script(x executor.Executor, task string, p executortest.Program) {
	if p.Takes < time.Minute {
		p.Takes /= 50
	}
	f := x.(*fake.Executor)
	if !p.Random {
		f.On(task, outcome(p).Optional())
		return
	}
	var runs atomic.Int32
	f.OnFunc(task, func(*executor.Task) (fake.Outcome, error) {
		p := p
		p.Exit = int(runs.Add(1))
		p.Stdout = strconv.Itoa(p.Exit)
		return outcome(p), nil
	})
}

func outcome(p executortest.Program) fake.Outcome {
	o := fake.Succeed()
	if p.Exit != 0 {
		o = fake.Fail(p.Exit, "")
	}
	o.Result.Result = &p.Stdout
	for file, text := range p.Files {
		o.Result.Outputs = append(o.Result.Outputs, executor.Value{Name: path.Base(file), Value: text})
	}
	return o.Taking(p.Takes)
}

// The fake is a Checker, forgets what is released, and knows runs.
var (
	_ executor.Checker = (*fake.Executor)(nil)
	_ executor.Handler = (*fake.Executor)(nil)
)
