// Package protocol is what package k8s and the agent in a Pod say to each other: instructions, which travel in the
// environment of a container, and a report, which comes back as the container's termination message and, if it is too
// long for that, in the log of the container that is beside it.
//
// A Pod with the agent looks like this. Names and paths are the constants of this package.
//   - Container main, or each container of a set, runs [BinaryPath] [RoleRun] "--" and the command. It has the
//     instructions [Instructions.Run] in its environment, [ReportPath] as its terminationMessagePath, and the volume
//     [RunVolume] at [RunDir]. It is given no secrets.
//   - An init container [InitContainer] is there if the binary does not come by an image volume, or if there are input
//     artifacts: [Instructions.Init]. It runs the image's own program, [ImageBinary] [RoleInit]. Its termination message,
//     at [ReportPath] too, is text for people if it fails.
//   - A container [OutputsContainer] behind all others is there if [Run] has output artifacts, or values that may be too
//     long for a termination message: [Instructions.Outputs]. It runs [RoleOutputs] with [RunVolume] at [RunDir]. Main
//     waits for it if there are artifacts, so main does not end if it cannot start, for lack of a Secret for example.
//     It ends a moment after main, also when the Pod is deleted. If there is nothing else for [InitContainer] to do than
//     to bring the binary, this one can be the first container and do it in a hook, with instructions for both roles.
//
// The agent is PID 1 of its container and takes the program's place: the container ends with the program's exit code, or
// with 128 and the number of the signal that ended it, or with one of the Exit codes of this package if there was no
// program to run.
package protocol

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	corev1 "k8s.io/api/core/v1"
)

// Version is the version of all that is in this package. It changes with every change that an older or newer agent, or
// library, would not understand. The agent's image carries it in its label [VersionLabel].
const Version = "1"

// VersionLabel is the label of the agent's image, in its config, that has the image's Version.
const VersionLabel = "podflow.github.io/agent-version"

// PushCommand is the command that builds an agent's image which fits this library, for messages.
const PushCommand = "go run github.com/podflow/podflow/k8s/agent/push IMAGE"

// The roles of the agent, its first argument.
const (
	// RoleRun is followed by "--" and the command to run.
	RoleRun = "run"
	// RoleInit brings the binary and the input artifacts to their places, and ends.
	RoleInit = "init"
	// RoleOutputs stores output artifacts and prints long values, and ends when main has ended.
	RoleOutputs = "outputs"
)

// Names and paths in a Pod.
const (
	// MainContainer is the container whose values and artifacts are those of the node.
	MainContainer    = "main"
	InitContainer    = "podflow-init"
	OutputsContainer = "podflow-outputs"

	// ImageBinary is where the image has the agent. An image volume at BinaryDir puts it at BinaryPath.
	ImageBinary = "/podflow-agent"
	// BinaryVolume is the volume that has the agent for main: an image volume, or an emptyDir that InitContainer fills.
	BinaryVolume = "podflow-bin"
	BinaryDir    = "/podflow/bin"
	BinaryPath   = BinaryDir + ImageBinary

	// RunVolume is an emptyDir that main and OutputsContainer, or the containers of a set, share. Each of them has the
	// directory RunDir/<name of container> to itself.
	RunVolume = "podflow-run"
	RunDir    = "/podflow/run"

	// InputsVolume is an emptyDir that InitContainer fills at InputsDir: an input artifact is InputsDir/<name>/InputFile,
	// which main mounts by subPath "<name>/InputFile" at the artifact's path. Of an optional one that is not there the
	// kubelet makes an empty directory.
	InputsVolume = "podflow-inputs"
	InputsDir    = "/podflow/inputs"
	InputFile    = "data"

	// ReportPath is the terminationMessagePath of a container that the agent runs in. It is not Kubernetes' default, so
	// that a program that writes its own message there spoils nothing.
	ReportPath = "/dev/podflow-report"
)

// Limits of what comes back.
const (
	// MaxValues is how many bytes the result and the output parameters of a node may have together.
	MaxValues = 256 << 10
	// MaxMessage is how long the termination message of a container in a Pod of few containers can be, and
	// MaxMessages what all containers of a Pod, init containers too, share evenly.
	MaxMessage, MaxMessages = 4096, 12288
)

// OwnMemory is how much memory InitContainer and OutputsContainer may have, in bytes.
const OwnMemory = 128 << 20

// SaveTime is how long the agent may take, once the grace of a program that was told to end is over, to bring back what it
// left.
const SaveTime = 1500 * time.Millisecond

// Exit codes of the agent where the program did not run.
const (
	// ExitAgent says that the agent could not do its work; the report or the log says why.
	ExitAgent = 64
	// ExitCannotRun and ExitNotFound are those of a shell that cannot start a command.
	ExitCannotRun = 126
	ExitNotFound  = 127
)

// MessageLimit is how long a termination message can be in a Pod of so many containers, init containers included.
func MessageLimit(containers int) int { return min(MaxMessage, MaxMessages/max(containers, 1)) }

// SecretEnv is the variable, of InitContainer and OutputsContainer only, that has the value of a key of a Secret.
func SecretEnv(s *corev1.SecretKeySelector) string {
	sum := sha256.Sum256([]byte(s.Name + "\x00" + s.Key))
	return "PODFLOW_SECRET_" + hex.EncodeToString(sum[:8])
}

// VersionError says that the agent in a Pod and the library do not understand each other.
type VersionError struct {
	// Agent and Library are their versions.
	Agent, Library string
}

// Error says what to do.
func (e *VersionError) Error() string {
	return fmt.Sprintf("the agent's image has version %q of the protocol and the library %q: build and push the image that fits the library, with %q",
		e.Agent, e.Library, PushCommand)
}

// DamagedError says that what came back is not what an agent of this attempt sent: it was cut, mixed, or is another's. It
// may be read again.
type DamagedError struct{ Reason string }

// Error says what is wrong with it.
func (e *DamagedError) Error() string { return "the agent's report is damaged: " + e.Reason }
