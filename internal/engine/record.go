package engine

import (
	"context"
	"errors"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/journal"
	"github.com/podflow/podflow/workflow/spec"
)

// record writes down what the machine is about to hear, before anything acts on it, and lets go of the remains of what
// has ended.
func (r *Run) record(batch []event) error {
	if r.over || r.journal == nil && r.releaser == nil {
		return nil
	}
	var records []journal.Record
	for i := range batch {
		if r.journal == nil {
			break
		}
		if rec, ok := r.recordOf(&batch[i]); ok {
			rec.Finished = batch[i].at
			records = append(records, rec)
		}
	}
	if len(records) > 0 {
		err := safely(func() error { return r.journal.Append(context.WithoutCancel(r.ctx), r.run.Name, records) })
		if err != nil {
			return err
		}
	}
	if r.releaser == nil {
		return nil
	}
	for i := range batch {
		if a := batch[i].attempt; batch[i].isEnd() && !errors.Is(a.err, executor.ErrDetach) {
			r.work.Add(1)
			go func() {
				defer r.work.Done()
				if err := safely(func() error { return r.releaser.Release(context.WithoutCancel(r.ctx), &a.task) }); err != nil {
					r.trouble(err)
				}
			}()
		}
	}
	return nil
}

// recordOf is the record of an event. There is none of what only shows how an attempt comes on.
func (r *Run) recordOf(e *event) (rec journal.Record, ok bool) {
	switch {
	case e.stop != nil:
		return stopRecord(e.stop), !errors.Is(e.stop.cause, executor.ErrDetach)
	case e.hold:
		rec.Kind = journal.Suspended
		return rec, true
	case e.resume != nil:
		rec.Kind, rec.ID.Run, rec.ID.Node = journal.Resumed, r.run.UID, r.fullName(e.resume.path)
		rec.Result.Outputs = e.resume.values
		return rec, true
	case e.alarm != nil:
		return r.alarmRecord(e.alarm)
	case e.answer != nil:
		return r.answerRecord(e.answer)
	case e.update != nil:
		return r.updateRecord(e)
	}
	return r.endRecord(e.attempt)
}

func stopRecord(s *stop) (rec journal.Record) {
	rec.Kind, rec.Error, rec.Result.Message = journal.Cancelled, s.cause.Error(), s.text
	if s.handlers {
		rec.Kind = journal.Stopped
	}
	return rec
}

// endRecord is the end of an attempt. What was let go of has not ended, and what was left of a daemon is of no interest.
func (r *Run) endRecord(a *attempt) (journal.Record, bool) {
	cause := context.Cause(a.ctx)
	if errors.Is(cause, errScope) || a.err != nil && errors.Is(cause, executor.ErrDetach) {
		return journal.Record{}, false
	}
	rec := journal.NewRecord(a.task.ID, *a.result, a.err, a.at)
	rec.PodName, rec.PodIP, rec.HostNode = r.where(a.node)
	return rec, true
}

// alarms are the records of the alarms that are no others' as well.
var alarms = map[alarm]journal.Kind{
	alarmRetry: journal.Backoff, alarmTimeout: journal.TimedOut, alarmPending: journal.PendingTimedOut, alarmResume: journal.Resumed,
}

func (r *Run) alarmRecord(t *timer) (rec journal.Record, ok bool) {
	if t.why == alarmDeadline {
		return stopRecord(&outOfTime), true
	}
	rec.Kind, rec.ID = alarms[t.why], r.m.attemptID(t.node, 0)
	return rec, !t.node.phase.ended()
}

// answerRecord is the record of an answer that the machine waits for.
func (r *Run) answerRecord(a answer) (rec journal.Record, ok bool) {
	var n *node
	var err error
	switch a := a.(type) {
	case *lockAnswer:
		if !a.got && a.err == nil {
			return rec, false
		}
		rec.Kind, n, err = journal.Locked, a.h.node, a.err
	case *recallAnswer:
		rec.Kind, n, err = journal.Recalled, a.n, a.err
		if a.hit != nil {
			rec.Result = *a.hit
		}
	case *keepAnswer:
		rec.Kind, n, err = journal.Stored, a.n, a.err
	}
	if err != nil {
		rec.Error = err.Error()
	}
	rec.ID = r.m.attemptID(n, 0)
	return rec, true
}

// answerTo is what a record says to an ask.
func answerTo(a ask, rec *journal.Record) answer {
	var err error
	if rec.Error != "" {
		err = errors.New(rec.Error)
	}
	switch a := a.(type) {
	case *lockAsk:
		if rec.Kind == journal.Locked {
			return &lockAnswer{h: a.h, got: err == nil, err: err}
		}
	case *recallAsk:
		if rec.Kind == journal.Recalled {
			hit := &rec.Result
			if hit.Phase == "" {
				hit = nil
			}
			return &recallAnswer{a.n, hit, err}
		}
	case *keepAsk:
		if rec.Kind == journal.Stored {
			return &keepAnswer{a.n, err}
		}
	}
	return nil
}

// updateRecord is that a daemon is ready, and that an attempt runs of which somebody waits for that.
func (r *Run) updateRecord(e *event) (rec journal.Record, ok bool) {
	n := e.attempt.node
	switch {
	case e.update.Ready:
		rec.Kind = journal.Ready
	case e.update.Phase == spec.Running && (n.known().hooks != nil || n.template.Rules != nil && n.template.PendingTimeout != nil):
		rec.Kind = journal.Running
	default:
		return rec, false
	}
	rec.ID = e.attempt.task.ID
	rec.Result.Message = e.update.Message
	rec.PodName, rec.PodIP, rec.HostNode = r.where(n)
	rec.PodName, rec.PodIP, rec.HostNode = or(e.update.PodName, rec.PodName), or(e.update.PodIP, rec.PodIP), or(e.update.HostNode, rec.HostNode)
	return rec, true
}

// fullName is the name of the node of a path.
func (r *Run) fullName(path string) string {
	if path == "" || path[0] == '[' || path[0] == '(' {
		return r.run.Name + path
	}
	return r.run.Name + "." + path
}

// where is where a node's attempt runs.
func (r *Run) where(n *node) (pod, ip, host string) {
	r.mu.RLock()
	defer r.mu.RUnlock()
	i := n.known()
	return i.podName, i.podIP, i.hostNode
}

// unrecorded is a batch that the journal could not take: the run stops, and what has ended has not succeeded.
func unrecorded(batch []event, err error) []event {
	for i := range batch {
		if a := batch[i].attempt; batch[i].isEnd() {
			a.result, a.err = &plain, err
		}
	}
	return append([]event{{stop: &stop{cause: err}, at: batch[0].at}}, batch...)
}
