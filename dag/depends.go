package dag

import "github.com/podflow/podflow/internal/build"

// Depends is an expression over how tasks end, for [Task.Depends]: v.Failed().Or(w.Succeeded()).
type Depends struct{ d build.Depends }

// And is true if both are.
func (e Depends) And(f Depends) Depends { return Depends{e.d.And(f.d)} }

// Or is true if one is. The task waits for both all the same.
func (e Depends) Or(f Depends) Depends { return Depends{e.d.Or(f.d)} }

// Not is true if e is not.
func (e Depends) Not() Depends { return Depends{e.d.Not()} }

// Succeeded is true if the task has succeeded.
func (t *Task) Succeeded() Depends { return t.end("Succeeded") }

// Failed is true if the task has failed.
func (t *Task) Failed() Depends { return t.end("Failed") }

// Errored is true if the task has ended in phase Error.
func (t *Task) Errored() Depends { return t.end("Errored") }

// Skipped is true if the task's condition did not hold.
func (t *Task) Skipped() Depends { return t.end("Skipped") }

// Omitted is true if what the task waits for did not come about.
func (t *Task) Omitted() Depends { return t.end("Omitted") }

// Daemoned is true if the task is a daemon that is ready.
func (t *Task) Daemoned() Depends { return t.end("Daemoned") }

// AnySucceeded is true if a node of the task, which is a loop, has succeeded.
func (t *Task) AnySucceeded() Depends { return t.end("AnySucceeded") }

// AllFailed is true if all nodes of the task, which is a loop, have failed.
func (t *Task) AllFailed() Depends { return t.end("AllFailed") }

func (t *Task) end(how string) Depends { return Depends{build.DependsOn(t, how)} }
