package protocol

import (
	"bytes"
	"compress/flate"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// Instructions are what a container of the agent is told, for each of its roles.
type Instructions struct {
	// Attempt names the attempt; a report repeats it. See [AttemptOf].
	Attempt string   `json:"attempt"`
	Run     *Run     `json:"run,omitempty"`
	Init    *Init    `json:"init,omitempty"`
	Outputs *Outputs `json:"outputs,omitempty"`
}

// Run is how to run a program and what to bring back of it.
type Run struct {
	// Container is the name of the container: "main", or one of a set.
	Container string `json:"container"`
	// WantResult says that the standard output is wanted.
	WantResult bool `json:"wantResult,omitempty"`
	// Values are output parameters that are files.
	Values []File `json:"values,omitempty"`
	// Artifacts are the output artifacts; of each, its name, path, archive and whether it is optional. They go to
	// OutputsContainer, by which they are stored before the program's container ends.
	Artifacts []spec.Artifact `json:"artifacts,omitempty"`
	// Grace is how long the program has to end after SIGTERM until it gets SIGKILL. The Pod's grace period is longer, by
	// SaveTime if it can be.
	Grace time.Duration `json:"grace,omitempty"`
	// MessageLimit is how long the report may be as a termination message: [MessageLimit].
	MessageLimit int `json:"messageLimit"`
	// After are the containers of a set that must succeed before this one begins.
	After []string `json:"after,omitempty"`
	// Others are, for main of a set that has values or artifacts, all other containers of the set: it reads what is in
	// the files when their programs have ended too, as Argo does. So its own end is that of the node.
	Others []string `json:"others,omitempty"`
	// Retries is how many times a program that fails is run again, and RetryWait the time between.
	Retries   int           `json:"retries,omitempty"`
	RetryWait time.Duration `json:"retryWait,omitempty"`
}

// File is an output parameter that a program leaves as a file.
type File struct {
	Name string `json:"name"`
	// Path is absolute.
	Path string `json:"path"`
}

// Init is what is to be there before the program begins.
type Init struct {
	// Install says that the binary is to be copied to BinaryPath.
	Install bool `json:"install,omitempty"`
	// Artifacts are the input artifacts, each with its location.
	Artifacts []executor.Artifact `json:"artifacts,omitempty"`
}

// Outputs is what the container beside main does besides printing what does not fit main's termination message.
type Outputs struct {
	// Artifacts are main's output artifacts, each with its location and key.
	Artifacts []spec.Artifact `json:"artifacts,omitempty"`
}

// AttemptOf is an ID as the text that instructions and reports carry.
func AttemptOf(id executor.ID) string { return fmt.Sprintf("%s/%s/%d", id.Run, id.Node, id.Attempt) }

// The instructions are in variables PODFLOW_AGENT, PODFLOW_AGENT_1, and so on, since Linux takes no variable longer than
// 128 KiB. The text is base64, in which the kubelet finds no $(VAR) to expand, with the version and a space before.
const (
	envName  = "PODFLOW_AGENT"
	maxEnv   = 96 << 10
	maxInEnv = 640 << 10
)

// Env is the variables of the container that the instructions are for. The error says that they are too long.
func (in *Instructions) Env() ([]corev1.EnvVar, error) {
	raw, err := json.Marshal(in)
	if err != nil {
		return nil, fmt.Errorf("instructions for the agent: %w", err)
	}
	text := Version + " " + base64.StdEncoding.EncodeToString(deflate(raw))
	if len(text) > maxInEnv {
		return nil, fmt.Errorf("instructions for the agent, with the script's source and raw artifacts, have %d bytes in a Pod, and at most %d fit", len(text), maxInEnv)
	}
	var vars []corev1.EnvVar
	for i := 0; text != ""; i++ {
		n := min(len(text), maxEnv)
		vars = append(vars, corev1.EnvVar{Name: envPart(i), Value: text[:n]})
		text = text[n:]
	}
	return vars, nil
}

// FromEnv is the instructions in an environment, a list of NAME=value, and the environment without them. A [*VersionError]
// says that they are of another version.
func FromEnv(environ []string) (in *Instructions, rest []string, err error) {
	values := map[string]string{}
	for _, v := range environ {
		name, value, _ := strings.Cut(v, "=")
		values[name] = value
	}
	var text strings.Builder
	ours := map[string]bool{}
	for i := 0; ; i++ {
		part, ok := values[envPart(i)]
		if !ok {
			break
		}
		text.WriteString(part)
		ours[envPart(i)] = true
	}
	for _, v := range environ {
		if name, _, _ := strings.Cut(v, "="); !ours[name] {
			rest = append(rest, v)
		}
	}
	version, coded, ok := strings.Cut(text.String(), " ")
	if !ok {
		return nil, rest, fmt.Errorf("no instructions in %s: this program is started by podflow in its Pods", envName)
	}
	if version != Version {
		return nil, rest, &VersionError{Agent: Version, Library: version}
	}
	raw, err := base64.StdEncoding.DecodeString(coded)
	if err == nil {
		raw, err = inflate(raw)
	}
	if err == nil {
		in = &Instructions{}
		err = json.Unmarshal(raw, in)
	}
	if err != nil {
		return nil, rest, fmt.Errorf("instructions in %s: %w", envName, err)
	}
	return in, rest, nil
}

func envPart(i int) string {
	if i == 0 {
		return envName
	}
	return envName + "_" + strconv.Itoa(i)
}

// deflate compresses.
func deflate(raw []byte) []byte {
	var b bytes.Buffer
	w, _ := flate.NewWriter(&b, flate.BestCompression) // only a wrong level is an error
	_, _ = w.Write(raw)
	_ = w.Close()
	return b.Bytes()
}

// maxInflated is more than instructions or a report ever have.
const maxInflated = 8 << 20

// inflate is the opposite of deflate.
func inflate(packed []byte) ([]byte, error) {
	raw, err := io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), maxInflated+1))
	if err == nil && len(raw) > maxInflated {
		err = fmt.Errorf("has more than %d bytes", maxInflated)
	}
	return raw, err
}
