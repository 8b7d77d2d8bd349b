package protocol

import (
	"bufio"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"strconv"
	"strings"
)

// Report is how a program ended and what it left.
type Report struct {
	// Attempt is that of the instructions, and Container their Run.Container.
	Attempt   string `json:"attempt"`
	Container string `json:"container"`
	// ExitCode is that of the container: the program's, or 128 and Signal, or one of the Exit codes.
	ExitCode int `json:"exitCode"`
	// Signal is the number of the signal that ended the program, or 0.
	Signal int `json:"signal,omitempty"`
	// Result is the standard output, without one trailing newline, the last MaxValues bytes; nil if it is not wanted.
	Result *Value `json:"result,omitempty"`
	// Values are the output parameters of Run.Values, in their order, those with a Problem too.
	Values []Value `json:"values,omitempty"`
	// Artifacts are the output artifacts that were stored, and those with a Problem. An optional one that is not there
	// is left out.
	Artifacts []Artifact `json:"artifacts,omitempty"`
	// Problem is what kept the agent from its work as a whole, or nil.
	Problem *Problem `json:"problem,omitempty"`
}

// Value is a result or an output parameter. Its bytes come back as the program wrote them, whether they are UTF-8 or not.
type Value struct {
	// Name is empty for a result.
	Name string `json:"name,omitempty"`
	// Size is the length of Data, which is apart from the JSON.
	Size int    `json:"size"`
	Data string `json:"-"`
	// Problem says that there is no value.
	Problem *Problem `json:"problem,omitempty"`
}

// Artifact is an output artifact that was stored, as [executor.Artifact] says it, or a Problem.
type Artifact struct {
	Name    string   `json:"name"`
	Size    int64    `json:"size,omitempty"`
	SHA256  string   `json:"sha256,omitempty"`
	Problem *Problem `json:"problem,omitempty"`
}

// Problem is something that went wrong.
type Problem struct {
	Kind Kind `json:"kind"`
	// Text says what is wrong and where.
	Text string `json:"text"`
}

// Error is the text.
func (p *Problem) Error() string { return p.Text }

// Kind is a kind of problem.
type Kind string

// The kinds of problems.
const (
	// Missing: the file of an output is not there.
	Missing Kind = "missing"
	// Refused: what is there is not what an output can be: a link out of its directory, a pipe, too long.
	Refused Kind = "refused"
	// NotStored: an artifact could not be packed or stored.
	NotStored Kind = "notStored"
	// NotStarted: the program could not be started.
	NotStarted Kind = "notStarted"
	// NotRun: the program of a set's container was not to begin, since one that it waits for failed.
	NotRun Kind = "notRun"
	// Stopped: the Pod was told to end before the program began.
	Stopped Kind = "stopped"
	// Again: the container had been started before in this Pod. Its outcome is lost.
	Again Kind = "again"
	// Agent: the agent's own trouble.
	Agent Kind = "agent"
)

// A message is one line, "podflow-agent VERSION PLACE SIZE SHA256", and if the place is "here" the body. In a log the body
// is lines "podflow-agent NUMBER/TOTAL CRC32 PART". A body is base64 of what is compressed: the report as a line of JSON,
// and the values. Size and digest are those of the body before it is compressed.
const (
	mark     = "podflow-agent"
	here     = "here"
	inLog    = "log"
	maxPart  = 8 << 10 // containerd breaks lines of more than 16 KiB
	maxParts = 1024
)

// Encode is the report as a termination message of at most limit bytes, and, if it does not fit, the text for the log.
func (r *Report) Encode(limit int) (message, log string) {
	body := r.body()
	sum := sha256.Sum256(body)
	coded := base64.StdEncoding.EncodeToString(deflate(body))
	head := func(place string) string {
		return fmt.Sprintf("%s %s %s %d %s\n", mark, Version, place, len(body), hex.EncodeToString(sum[:]))
	}
	if message = head(here) + coded; len(message) <= limit {
		return message, ""
	}
	var parts []string
	for ; len(coded) > maxPart; coded = coded[maxPart:] {
		parts = append(parts, coded[:maxPart])
	}
	return head(inLog), logLines(append(parts, coded))
}

// logLines are the parts of a body as a log has them.
func logLines(parts []string) string {
	var lines strings.Builder
	for i, part := range parts {
		fmt.Fprintf(&lines, "%s %d/%d %08x %s\n", mark, i+1, len(parts), crc32.ChecksumIEEE([]byte(part)), part)
	}
	return lines.String()
}

// CopyLog copies the text for the log that [Report.Encode] gave. It reads no more than such a text can have, and writes
// nothing of what is none.
func CopyLog(w io.Writer, r io.Reader) error {
	parts, err := readParts(io.LimitReader(r, maxParts*(maxPart+64)))
	if err != nil {
		return err
	}
	_, err = io.WriteString(w, logLines(parts))
	return err
}

// body is the report before it is compressed.
func (r *Report) body() []byte {
	var values []byte
	add := func(v *Value) {
		v.Size = len(v.Data)
		values = append(values, v.Data...)
	}
	if r.Result != nil {
		add(r.Result)
	}
	for i := range r.Values {
		add(&r.Values[i])
	}
	header, _ := json.Marshal(r) // texts and numbers
	return append(append(header, '\n'), values...)
}

// Decode is the report of an attempt in a termination message. If it is in the log of OutputsContainer, that is opened and
// read. Errors are a [*DamagedError], a [*VersionError], or that of the log.
func Decode(attempt, message string, log func() (io.ReadCloser, error)) (*Report, error) {
	line, coded, ok := strings.Cut(message, "\n")
	words := strings.Split(line, " ")
	if words[0] != mark || len(words) < 2 || !ok {
		return nil, &DamagedError{"the termination message does not begin as a report does"}
	}
	if words[1] != Version {
		return nil, &VersionError{Agent: words[1], Library: Version}
	}
	if len(words) != 5 {
		return nil, &DamagedError{"the head of the report is incomplete"}
	}
	switch words[2] {
	case here:
	case inLog:
		var err error
		if coded, err = readLog(log); err != nil {
			return nil, err
		}
	default:
		return nil, &DamagedError{fmt.Sprintf("the report is said to be in %.20q", words[2])}
	}
	r, err := open(coded, words[3], words[4])
	if err == nil && r.Attempt != attempt {
		return nil, &DamagedError{fmt.Sprintf("it is that of attempt %q, not of %q", r.Attempt, attempt)}
	}
	return r, err
}

// readLog is the body in a log.
func readLog(open func() (io.ReadCloser, error)) (string, error) {
	log, err := open()
	if err != nil {
		return "", err
	}
	defer log.Close()
	parts, err := readParts(log)
	return strings.Join(parts, ""), err
}

// readParts are the parts of a body in a log, which may have other lines.
func readParts(log io.Reader) (parts []string, err error) {
	lines := bufio.NewScanner(log)
	lines.Buffer(nil, 4*maxPart)
	for lines.Scan() {
		rest, ok := strings.CutPrefix(lines.Text(), mark+" ")
		if !ok {
			continue
		}
		if parts, err = addPart(parts, rest); err != nil {
			return nil, err
		}
	}
	if err := lines.Err(); errors.Is(err, bufio.ErrTooLong) {
		return nil, &DamagedError{"the log has a line that is too long"}
	} else if err != nil {
		return nil, err
	}
	for i, part := range parts {
		if part == "" {
			return nil, &DamagedError{fmt.Sprintf("part %d of %d is not in the log", i+1, len(parts))}
		}
	}
	return parts, nil
}

// addPart adds a line, "NUMBER/TOTAL CRC32 PART", to the parts, which are as many as the first line says.
func addPart(parts []string, line string) ([]string, error) {
	words := strings.Split(line, " ")
	if len(words) != 3 || words[2] == "" || len(words[2]) > maxPart {
		return nil, &DamagedError{"a line of the log is incomplete"}
	}
	number, total, _ := strings.Cut(words[0], "/")
	n, err1 := strconv.Atoi(number)
	of, err2 := strconv.Atoi(total)
	if err1 != nil || err2 != nil || n < 1 || n > of || of > maxParts || parts != nil && of != len(parts) {
		return nil, &DamagedError{fmt.Sprintf("a line of the log has the number %.40q", words[0])}
	}
	if fmt.Sprintf("%08x", crc32.ChecksumIEEE([]byte(words[2]))) != words[1] {
		return nil, &DamagedError{fmt.Sprintf("line %d of %d of the log does not have its checksum", n, of)}
	}
	if parts == nil {
		parts = make([]string, of)
	}
	parts[n-1] = words[2]
	return parts, nil
}

// open is the report in a body of that size and digest.
func open(coded, size, digest string) (*Report, error) {
	raw, err := base64.StdEncoding.DecodeString(coded)
	if err != nil {
		return nil, &DamagedError{err.Error()}
	}
	body, err := inflate(raw)
	if err != nil {
		return nil, &DamagedError{err.Error()}
	}
	if sum := sha256.Sum256(body); strconv.Itoa(len(body)) != size || hex.EncodeToString(sum[:]) != digest {
		return nil, &DamagedError{fmt.Sprintf("it has %d bytes of which the digest or the length is another than was sent", len(body))}
	}
	header, values, ok := strings.Cut(string(body), "\n")
	r := &Report{}
	if err := json.Unmarshal([]byte(header), r); err != nil || !ok {
		return nil, &DamagedError{"its header cannot be read"}
	}
	take := func(v *Value) bool {
		if v.Size < 0 || v.Size > len(values) {
			return false
		}
		v.Data, values = values[:v.Size], values[v.Size:]
		return true
	}
	whole := r.Result == nil || take(r.Result)
	for i := range r.Values {
		whole = whole && take(&r.Values[i])
	}
	if !whole || values != "" {
		return nil, &DamagedError{"the values do not have the lengths that its header gives"}
	}
	return r, nil
}
