package journal

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"os"
	"time"
	"unicode/utf8"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// line is a line of a file: a checksum, and one of these as JSON. The first has the head, the second the start.
type line struct {
	Head    *head        `json:"head,omitempty"`
	Start   *wireStart   `json:"start,omitempty"`
	Records []wireRecord `json:"records,omitempty"`
	Phase   spec.Phase   `json:"phase,omitempty"`
}

// head is what tells runs apart without their workflows.
type head struct {
	Version int       `json:"version"`
	Name    string    `json:"name"`
	UID     string    `json:"uid"`
	Created time.Time `json:"created"`
}

// version is that of the files. Those of another one are refused.
const version = 1

type wireStart struct {
	RunWorkflow              *spec.Workflow                `json:"runWorkflow"`
	Workflow                 *spec.Workflow                `json:"workflow"`
	WorkflowTemplates        map[string]*spec.WorkflowSpec `json:"workflowTemplates,omitempty"`
	ClusterWorkflowTemplates map[string]*spec.WorkflowSpec `json:"clusterWorkflowTemplates,omitempty"`
	Funcs                    map[string]string             `json:"funcs,omitempty"`
	Config                   []wireValue                   `json:"config,omitempty"`
	Arguments                []wireValue                   `json:"arguments,omitempty"`
	Digest                   string                        `json:"digest,omitempty"`
	Replaces                 string                        `json:"replaces,omitempty"`
	Kept                     []wireRecord                  `json:"kept,omitempty"`
	Repository               *spec.ArtifactLocation        `json:"repository,omitempty"`
}

type wireRecord struct {
	Kind     Kind        `json:"kind,omitempty"`
	Run      string      `json:"run,omitempty"`
	Node     text        `json:"node,omitempty"`
	Attempt  int         `json:"attempt,omitempty"`
	Phase    spec.Phase  `json:"phase,omitempty"`
	ExitCode *int        `json:"exitCode,omitempty"`
	Message  text        `json:"message,omitempty"`
	Outputs  []wireValue `json:"outputs,omitempty"`
	Result   *text       `json:"result,omitempty"`
	// Artifacts have each its size and digest beside what it says in a workflow.
	Artifacts  []executor.Artifact `json:"artifacts,omitempty"`
	Containers []wireContainer     `json:"containers,omitempty"`
	Error      text                `json:"error,omitempty"`
	Lost       string              `json:"lost,omitempty"`
	Once       bool                `json:"once,omitempty"`
	PodName    string              `json:"podName,omitempty"`
	PodIP      string              `json:"podIP,omitempty"`
	HostNode   string              `json:"hostNode,omitempty"`
	Finished   int64               `json:"finished"`
}

type wireContainer struct {
	Name     string `json:"name"`
	ExitCode int    `json:"exitCode,omitempty"`
	Message  text   `json:"message,omitempty"`
	NotRun   bool   `json:"notRun,omitempty"`
}

type wireValue struct {
	Name  string `json:"name"`
	Value text   `json:"value"`
}

// text is any string, be it UTF-8 or not.
type text string

// MarshalJSON writes a JSON string, or where that cannot hold it {"base64": "…"}.
func (t text) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(t)) {
		return json.Marshal(string(t))
	}
	return json.Marshal(bytesText{[]byte(t)})
}

// UnmarshalJSON reads what MarshalJSON writes.
func (t *text) UnmarshalJSON(data []byte) error {
	var b bytesText
	if len(data) > 0 && data[0] == '{' {
		err := json.Unmarshal(data, &b)
		*t = text(b.Base64)
		return err
	}
	return json.Unmarshal(data, (*string)(t))
}

type bytesText struct {
	Base64 []byte `json:"base64"`
}

// encodeStart is the first two lines of a file.
func encodeStart(s *Start) ([]byte, error) {
	if s.Run.Name == "" {
		return nil, errors.New("the run has no name")
	}
	h := line{Head: &head{version, s.Run.Name, s.Run.UID, s.Run.Created}}
	l := line{Start: &wireStart{
		s.Run.Workflow, s.Workflow, s.WorkflowTemplates, s.ClusterWorkflowTemplates, s.Funcs, wireValues(s.Config), wireValues(s.Arguments),
		s.Digest, s.Replaces, wireRecords(s.Kept), s.Repository,
	}}
	first, err := h.encode()
	if err != nil {
		return nil, err
	}
	second, err := l.encode()
	return append(first, second...), err
}

var table = crc32.MakeTable(crc32.Castagnoli)

func (l *line) encode() ([]byte, error) {
	data, err := json.Marshal(l)
	if err != nil {
		return nil, err
	}
	out := make([]byte, 0, len(data)+10)
	out = fmt.Appendf(out, "%08x ", crc32.Checksum(data, table))
	return append(append(out, data...), '\n'), nil
}

func decodeLine(data []byte) (*line, error) {
	if len(data) < 9 || data[8] != ' ' {
		return nil, errors.New("it has no checksum")
	}
	if fmt.Sprintf("%08x", crc32.Checksum(data[9:], table)) != string(data[:8]) {
		return nil, errors.New("its checksum is wrong")
	}
	l := &line{}
	return l, json.Unmarshal(data[9:], l)
}

// readHead is the head of a file.
func readHead(path string) (*head, error) {
	in, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = in.Close() }()
	data, err := bufio.NewReader(in).ReadBytes('\n')
	if err != nil && err != io.EOF {
		return nil, err
	}
	l, err := decodeLine(data[:max(0, len(data)-1)])
	if err != nil || l.Head == nil {
		return nil, errors.Join(err, errors.New("it has no head"))
	}
	return l.Head, nil
}

// apply adds a line to what is known of a run.
func (l *line) apply(r *Run) error {
	switch {
	case l.Head != nil && l.Head.Version != version:
		return fmt.Errorf("it is of version %d, and this program reads version %d", l.Head.Version, version)
	case l.Head != nil:
		r.Run.Name, r.Run.UID, r.Run.Created = l.Head.Name, l.Head.UID, l.Head.Created
	case l.Start != nil:
		s := l.Start
		run := r.Run
		run.Workflow = s.RunWorkflow
		r.Start = Start{
			run, s.Workflow, s.WorkflowTemplates, s.ClusterWorkflowTemplates, s.Funcs, values(s.Config), values(s.Arguments), s.Digest, s.Replaces,
			records(s.Kept), s.Repository,
		}
	case l.Phase != "":
		r.Phase = l.Phase
	default:
		r.Records = append(r.Records, records(l.Records)...)
	}
	return nil
}

func wireRecords(rs []Record) []wireRecord {
	var out []wireRecord
	for i := range rs {
		r := &rs[i]
		out = append(out, wireRecord{
			r.Kind, r.ID.Run, text(r.ID.Node), r.ID.Attempt, r.Result.Phase, r.Result.ExitCode, text(r.Result.Message), wireValues(r.Result.Outputs),
			(*text)(r.Result.Result), r.Result.Artifacts, wireContainers(r.Result.Containers), text(r.Error), r.Lost, r.Once, r.PodName, r.PodIP, r.HostNode, r.Finished,
		})
	}
	return out
}

func records(rs []wireRecord) []Record {
	var out []Record
	for i := range rs {
		r := &rs[i]
		out = append(out, Record{
			r.Kind, executor.ID{Run: r.Run, Node: string(r.Node), Attempt: r.Attempt},
			executor.Result{
				Phase: r.Phase, ExitCode: r.ExitCode, Message: string(r.Message), Outputs: values(r.Outputs), Artifacts: r.Artifacts,
				Result: (*string)(r.Result), Containers: containers(r.Containers),
			},
			string(r.Error), r.Lost, r.Once, r.PodName, r.PodIP, r.HostNode, r.Finished,
		})
	}
	return out
}

func wireContainers(ends []executor.ContainerEnd) []wireContainer {
	var out []wireContainer
	for _, e := range ends {
		out = append(out, wireContainer{e.Name, e.ExitCode, text(e.Message), e.NotRun})
	}
	return out
}

func containers(ends []wireContainer) []executor.ContainerEnd {
	var out []executor.ContainerEnd
	for _, e := range ends {
		out = append(out, executor.ContainerEnd{Name: e.Name, ExitCode: e.ExitCode, Message: string(e.Message), NotRun: e.NotRun})
	}
	return out
}

func wireValues(vs []executor.Value) []wireValue {
	var out []wireValue
	for _, v := range vs {
		out = append(out, wireValue{v.Name, text(v.Value)})
	}
	return out
}

func values(vs []wireValue) []executor.Value {
	var out []executor.Value
	for _, v := range vs {
		out = append(out, executor.Value{Name: v.Name, Value: string(v.Value)})
	}
	return out
}
