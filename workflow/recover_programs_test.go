package workflow_test

import (
	"context"
	"errors"
	"time"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/fake"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/journal"
)

// program is a workflow with all that happens to it: how its leaves end, and what somebody tells it.
type program struct {
	name string
	spec string // what stands below spec
	ends map[string]fake.Outcome
	acts []act
	not  bool // it does not succeed
}

// act is what somebody tells a run at a time after its beginning.
type act struct {
	at   time.Duration
	kind journal.Kind // what the journal has of it
	path string
	do   func(ctx context.Context, r *workflow.Run) error
}

func suspendAt(at time.Duration) act {
	return act{at, journal.Suspended, "", func(ctx context.Context, r *workflow.Run) error { return r.Suspend(ctx) }}
}

func stopAt(at time.Duration) act {
	return act{at, journal.Stopped, "", func(ctx context.Context, r *workflow.Run) error { return r.Stop(ctx) }}
}

func terminateAt(at time.Duration) act {
	return act{at, journal.Cancelled, "", func(ctx context.Context, r *workflow.Run) error { return r.Terminate(ctx) }}
}

func cancelAt(at time.Duration) act {
	return act{at, journal.Cancelled, "", func(_ context.Context, r *workflow.Run) error {
		r.Cancel(errors.New("no more money"))
		return nil
	}}
}

func resumeAt(at time.Duration, path string, outputs ...workflow.OutputValue) act {
	return act{at, journal.Resumed, path, func(ctx context.Context, r *workflow.Run) error { return r.Resume(ctx, path, outputs...) }}
}

const (
	answer = workflow.Output[string]("answer")
	x      = workflow.Output[string]("x")
	result = workflow.Output[string]("result")
)

// after is a success after a number of seconds.
func after(seconds float64, outputs ...fake.Output) fake.Outcome {
	return fake.Succeed(outputs...).Taking(time.Duration(seconds * float64(time.Second)))
}

func failsAfter(seconds float64) fake.Outcome {
	return fake.Fail(1, "no").Taking(time.Duration(seconds * float64(time.Second)))
}

func lostAfter(seconds float64) fake.Outcome {
	return fake.Error(&executor.LostError{Reason: "Preempted", Err: errors.New("by another")}).
		Taking(time.Duration(seconds * float64(time.Second)))
}

// leafTemplates are what all programs call.
const leafTemplates = `
  - {name: leaf, container: {image: a}}
  - {name: says, script: {image: a, command: [sh], source: s}}
  - {name: takes, inputs: {parameters: [{name: v, value: none}]}, container: {image: a, args: ["{{inputs.parameters.v}}"]}}
  - {name: gives, container: {image: a}, outputs: {parameters: [{name: x, valueFrom: {path: /x, default: d}}]}}
  - {name: waits, suspend: {}}
`

var programs = []program{
	{name: "files", spec: `
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - name: A
        template: makes
        hooks: {exit: {template: use, arguments: {artifacts: [{name: in, from: "{{tasks.A.outputs.artifacts.out}}"}]}}}
      - name: B
        template: nest
        depends: A
        withItems: [1, 2]
        arguments: {artifacts: [{name: in, from: "{{tasks.A.outputs.artifacts.out}}", subPath: s}]}
      - {name: S, template: makes, when: "1 == 2"}
      - {name: C, template: use, depends: B, arguments: {artifacts: [{name: in, from: "{{workflow.outputs.artifacts.glob}}"}]}}
    outputs:
      artifacts:
      - name: o
        fromExpression: "tasks.S.status == 'Succeeded' ? tasks.S.outputs.artifacts.out : tasks.A.outputs.artifacts.out"
  - name: nest
    inputs: {artifacts: [{name: in}]}
    steps:
    - [{name: u, template: use, arguments: {artifacts: [{name: in, from: "{{inputs.artifacts.in}}", subPath: t}]}}]
  - name: makes
    retryStrategy: {limit: 3}
    container: {image: a}
    outputs: {artifacts: [{name: out, path: /out/file, globalName: glob}]}
  - {name: use, container: {image: a}, inputs: {artifacts: [{name: in, path: /in}]}}
`, ends: map[string]fake.Outcome{
		"A(0)": failsAfter(1), "A": after(2, outFile.Set("x")), "A.onExit": after(1), "u": after(1), "C#0": lostAfter(1), "C#1": after(1),
	}},
	{name: "dag", spec: `
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: A, template: gives}
      - {name: B, template: takes, depends: A, arguments: {parameters: [{name: v, value: "{{tasks.A.outputs.parameters.x}}"}]}}
      - {name: C, template: leaf, depends: "A && B.Failed"}
      - {name: D, template: leaf, depends: "C || B.Succeeded"}
      - {name: E, template: leaf, depends: "D"}
      - {name: F, template: leaf, depends: "E.Failed"}
`, ends: map[string]fake.Outcome{"A": after(2, x.Set("a")), "B": after(3), "D": after(1), "E": failsAfter(2)}},

	{name: "failfast", not: true, spec: `
  entrypoint: main
  templates:
  - name: main
    steps:
    - [{name: s, template: one}]
    - [{name: t, template: leaf}]
  - name: one
    dag:
      tasks:
      - {name: A, template: leaf}
      - {name: B, template: leaf}
      - {name: C, template: leaf, dependencies: [B]}
`, ends: map[string]fake.Outcome{"A": failsAfter(2), "B": after(3), "C": after(1)}},

	{name: "loops", spec: `
  entrypoint: main
  templates:
  - name: main
    steps:
    - [{name: list, template: says}]
    - - {name: each, template: map, withParam: "{{steps.list.outputs.result}}", arguments: {parameters: [{name: v, value: "{{item}}"}]}}
      - {name: count, template: takes, withSequence: {count: "3"}, arguments: {parameters: [{name: v, value: "{{item}}"}]}}
      - {name: not, template: takes, withItems: [a, b], when: "'{{item}}' == b"}
    - - {name: sum, template: takes, arguments: {parameters: [{name: v, value: "{{steps.each.outputs.parameters}}"}]}}
  - name: map
    inputs: {parameters: [{name: v}]}
    steps:
    - [{name: one, template: gives, when: "{{inputs.parameters.v}} != 2"}]
    outputs: {parameters: [{name: x, valueFrom: {parameter: "{{steps.one.outputs.parameters.x}}", default: skipped}}]}
`, ends: map[string]fake.Outcome{"list": after(1, result.Set("[1,2,3]")), "one": after(2, x.Set("o")), "count": after(1.5), "not": after(4), "sum": after(1)}},

	{name: "retries", not: true, spec: `
  entrypoint: main
  templates:
  - name: main
    dag:
      failFast: false
      tasks:
      - {name: A, template: often}
      - {name: B, template: never}
      - {name: C, template: takes, depends: A, arguments: {parameters: [{name: v, value: "{{tasks.A.exitCode}}"}]}}
      - {name: D, template: nested}
      - {name: E, template: short}
  - name: often
    retryStrategy: {limit: "5", backoff: {duration: 10s, factor: "2", maxDuration: 10m}}
    container: {image: a, args: ["{{retries}}"]}
  - name: never
    retryStrategy: {limit: "2", retryPolicy: Always, expression: "asInt(lastRetry.exitCode) == 1"}
    container: {image: a}
  - name: short
    retryStrategy: {limit: "9", backoff: {duration: 20s, maxDuration: 1m}}
    container: {image: a}
  - name: nested
    retryStrategy: {limit: "3"}
    steps:
    - [{name: in, template: leaf}]
    - [{name: then, template: leaf}]
`, ends: map[string]fake.Outcome{
		"A(0)": failsAfter(2), "A(1)": failsAfter(3), "A(2)": after(1), "B": failsAfter(7), "C": after(1), "E": failsAfter(5),
		"D(0)[0].in": after(1), "D(0)[1].then": failsAfter(1), "D(1)[0].in": failsAfter(4), "D(2)[0].in": after(3), "D(2)[1].then": after(2)}},

	{name: "lost", not: true, spec: `
  entrypoint: main
  templates:
  - name: main
    dag:
      tasks:
      - {name: A, template: leaf}
      - {name: B, template: leaf, dependencies: [A]}
      - {name: C, template: leaf, dependencies: [A]}
`, ends: map[string]fake.Outcome{"A": lostAfter(2), "A#1": lostAfter(3), "A#2": after(1), "B": lostAfter(1), "B#5": lostAfter(1),
		"C": fake.Error(errors.New("no such image")).Taking(time.Minute)}},

	{name: "hooks", not: true, spec: `
  entrypoint: main
  onExit: bye
  hooks:
    seen: {template: leaf, expression: workflow.status == "Running"}
  templates:
  - name: bye
    steps:
    - [{name: a, template: takes, arguments: {parameters: [{name: v, value: "{{workflow.status}} {{workflow.failures}}"}]}}]
    - [{name: b, template: leaf, when: "{{workflow.status}} == Failed"}]
  - name: main
    dag:
      tasks:
      - {name: A, template: gives, hooks: {exit: {template: takes, arguments: {parameters: [{name: v, value: "{{tasks.A.outputs.parameters.x}}"}]}},
                                           runs: {template: leaf, expression: 'tasks["A"].status == "Running"'}}}
      - {name: B, template: leaf, dependencies: [A], hooks: {exit: {template: leaf}, bad: {template: leaf, expression: 'tasks["B"].status == "Failed"'}}}
`, ends: map[string]fake.Outcome{"A": after(3, x.Set("1")), "A.onExit": after(2), "A.hooks.runs": after(1), "B": failsAfter(2), "B.onExit": after(1),
		"B.hooks.bad": after(2), "onExit[0].a": after(2), "hooks.seen": after(1.3)}},

	{name: "daemon", spec: `
  entrypoint: main
  templates:
  - {name: db, daemon: true, retryStrategy: {limit: "1"}, container: {image: a}}
  - {name: web, daemon: true, container: {image: a}}
  - name: inner
    steps:
    - [{name: db, template: db}]
    - [{name: use, template: takes, arguments: {parameters: [{name: v, value: "{{steps.db.ip}}"}]}}]
  - name: main
    parallelism: 9
    dag:
      tasks:
      - {name: web, template: web}
      - {name: one, template: inner, dependencies: [web]}
      - {name: two, template: leaf, dependencies: [one]}
`, ends: map[string]fake.Outcome{"use": after(3), "two": after(2)}},

	{name: "suspend", spec: `
  entrypoint: main
  templates:
  - {name: asks, suspend: {}, outputs: {parameters: [{name: answer, valueFrom: {supplied: {}}}]}}
  - {name: sleeps, suspend: {duration: "30"}, outputs: {parameters: [{name: answer, valueFrom: {supplied: {}, default: nobody}}]}}
  - name: main
    steps:
    - [{name: q, template: asks}, {name: z, template: sleeps}, {name: a, template: leaf}]
    - [{name: b, template: takes, arguments: {parameters: [{name: v, value: "{{steps.q.outputs.parameters.answer}} {{steps.z.outputs.parameters.answer}}"}]}}]
    - [{name: w, template: waits}]
`, ends: map[string]fake.Outcome{"a": after(3), "b": after(1)},
		acts: []act{resumeAt(11*time.Second, "[0].q", answer.Set("yes")), resumeAt(50*time.Second, "[2].w")}},

	{name: "held", spec: `
  entrypoint: main
  suspend: true
  parallelism: 1
  templates:
  - name: main
    dag:
      tasks:
      - {name: A, template: leaf}
      - {name: B, template: leaf}
      - {name: C, template: leaf, dependencies: [A]}
`, ends: map[string]fake.Outcome{"A": after(3), "B": after(4), "C": after(1)},
		acts: []act{resumeAt(5*time.Second, ""), suspendAt(6 * time.Second), resumeAt(20*time.Second, "")}},

	{name: "held and stopped", not: true, spec: `
  entrypoint: main
  onExit: leaf
  parallelism: 1
  templates:
  - name: main
    dag:
      tasks:
      - {name: A, template: leaf}
      - {name: B, template: leaf}
      - {name: C, template: leaf, dependencies: [A]}
`, ends: map[string]fake.Outcome{"A": after(3), "onExit": after(1)},
		acts: []act{suspendAt(1 * time.Second), stopAt(20 * time.Second)}},

	{name: "containers", spec: `
  entrypoint: main
  templates:
  - name: set
    containerSet:
      containers:
      - {name: one, image: a}
      - {name: main, image: a, dependencies: [one]}
  - name: main
    steps:
    - [{name: s, template: set}]
    - [{name: t, template: leaf}]
`, ends: map[string]fake.Outcome{"s": after(3), "t": after(2)}},

	{name: "parallelism", spec: `
  entrypoint: main
  parallelism: 2
  templates:
  - name: main
    steps:
    - - {name: each, template: takes, withItems: [1, 2, 3, 4], arguments: {parameters: [{name: v, value: "{{item}}"}]}}
      - {name: few, template: few}
  - name: few
    parallelism: 1
    dag:
      tasks:
      - {name: A, template: leaf}
      - {name: B, template: leaf}
`, ends: map[string]fake.Outcome{"[0].each(0:1)": after(3), "[0].each(1:2)": after(5), "[0].each(2:3)": after(1.1), "[0].each(3:4)": after(2.7), "A": after(1.3), "B": after(0.7)}},

	{name: "locks", spec: `
  entrypoint: main
  synchronization: {mutexes: [{name: all}]}
  templates:
  - name: main
    dag:
      tasks:
      - {name: A, template: locked}
      - {name: B, template: locked}
      - {name: C, template: leaf, dependencies: [A, B]}
  - name: locked
    synchronization: {mutexes: [{name: m}]}
    retryStrategy: {limit: "2", backoff: {duration: 5s}}
    steps:
    - [{name: a, template: leaf}]
    - [{name: w, template: waits}]
`, ends: map[string]fake.Outcome{"A(0)[0].a": failsAfter(1), "a": after(3), "C": after(2)},
		acts: []act{resumeAt(30*time.Second, "A(1)[1].w"), resumeAt(50*time.Second, "B(0)[1].w")}},

	{name: "locks and a stop", not: true, spec: `
  entrypoint: main
  onExit: leaf
  synchronization: {mutexes: [{name: all}]}
  templates:
  - name: main
    dag:
      tasks:
      - {name: A, template: locked}
      - {name: B, template: locked, dependencies: [A]}
      - {name: C, template: locked, dependencies: [A]}
  - name: locked
    synchronization: {mutexes: [{name: m}]}
    container: {image: a}
`, ends: map[string]fake.Outcome{"A": after(2), "B": after(60), "C": after(60), "onExit": after(3)}, acts: []act{stopAt(10 * time.Second)}},

	{name: "memo", spec: `
  entrypoint: main
  templates:
  - name: keeps
    memoize: {key: k, cache: {configMap: {name: c}}}
    container: {image: a}
    outputs: {parameters: [{name: x, valueFrom: {path: /x}}]}
  - name: main
    steps:
    - [{name: a, template: keeps}]
    - [{name: b, template: keeps}]
    - [{name: c, template: takes, arguments: {parameters: [{name: v, value: "{{steps.b.outputs.parameters.x}}"}]}}]
`, ends: map[string]fake.Outcome{"a": after(2, x.Set("memo")), "b": failsAfter(9), "c": after(1)}},

	{name: "globals", spec: `
  entrypoint: main
  templates:
  - {name: global, container: {image: a}, outputs: {parameters: [{name: x, globalName: g, valueFrom: {path: /x}}]}}
  - name: main
    steps:
    - [{name: a, template: global}]
    - [{name: b, template: takes, arguments: {parameters: [{name: v, value: "{{workflow.outputs.parameters.g}}"}]}}]
`, ends: map[string]fake.Outcome{"a": after(2, x.Set("everywhere")), "b": after(1)}},

	{name: "timeouts", not: true, spec: `
  entrypoint: main
  templates:
  - {name: timed, timeout: 10s, container: {image: a}}
  - {name: tried, timeout: 10s, retryStrategy: {limit: "1", retryPolicy: Always}, container: {image: a}}
  - {name: started, pendingTimeout: 5s, container: {image: a}}
  - {name: queued, pendingTimeout: 5s, synchronization: {mutexes: [{name: q}]}, container: {image: a}}
  - name: main
    dag:
      failFast: false
      tasks:
      - {name: A, template: timed}
      - {name: B, template: tried}
      - {name: C, template: started}
      - {name: D, template: queued}
      - {name: E, template: queued, dependencies: [F]}
      - {name: F, template: leaf}
      - {name: G, template: timed}
`, ends: map[string]fake.Outcome{"A": after(60), "B(0)": after(60), "B(1)": after(9), "C": after(8), "D": after(30), "F": after(1), "G": after(9.5)}},

	{name: "deadline", not: true, spec: `
  entrypoint: main
  activeDeadlineSeconds: 20
  onExit: leaf
  templates:
  - name: main
    dag:
      tasks:
      - {name: A, template: leaf}
      - {name: B, template: leaf, dependencies: [A]}
      - {name: W, template: waits}
      - {name: C, template: leaf, dependencies: [B]}
`, ends: map[string]fake.Outcome{"A": after(7), "B": after(60), "onExit": after(3)}},

	{name: "stop", not: true, spec: `
  entrypoint: main
  onExit: leaf
  templates:
  - {name: often, retryStrategy: {limit: "5", backoff: {duration: 1h}}, container: {image: a}}
  - {name: db, daemon: true, container: {image: a}}
  - name: main
    dag:
      tasks:
      - {name: db, template: db}
      - {name: A, template: leaf}
      - {name: B, template: leaf, dependencies: [A, db], hooks: {exit: {template: leaf}}}
      - {name: W, template: waits}
      - {name: R, template: often}
      - {name: S, template: one}
  - name: one
    parallelism: 1
    steps:
    - - {name: s, template: leaf, withItems: [1, 2, 3]}
    - - {name: t, template: leaf}
`, ends: map[string]fake.Outcome{"A": after(7), "B": after(60), "R(0)": failsAfter(2), "s": after(11), "onExit": after(3)}, acts: []act{stopAt(20 * time.Second)}},

	{name: "terminate", not: true, spec: `
  entrypoint: main
  onExit: leaf
  templates:
  - name: main
    steps:
    - [{name: a, template: leaf}]
    - [{name: b, template: leaf}, {name: w, template: waits}]
`, ends: map[string]fake.Outcome{"a": after(2), "b": after(60)}, acts: []act{terminateAt(5 * time.Second)}},

	{name: "stop and cancel", not: true, spec: `
  entrypoint: main
  onExit: leaf
  templates:
  - name: main
    steps:
    - [{name: a, template: leaf}, {name: b, template: leaf}]
    - [{name: c, template: leaf}]
`, ends: map[string]fake.Outcome{"a": after(2), "b": after(60), "onExit": after(60)}, acts: []act{stopAt(5 * time.Second), cancelAt(9 * time.Second)}},
}
