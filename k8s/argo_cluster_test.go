package k8s_test

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/executor/artifact/s3"
	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/spec"
)

// chance is what a record of a workflow that tosses coins, or prints when and where it runs, says of another run.
type chance struct {
	// open matches the nodes that it decides: whether they are there, and how they end. The others are as recorded.
	open string
	// fails matches what a Pod says whose program tossed so. Without it no Pod fails.
	fails string
}

const exitCode1 = `^main: Error \(exit code 1\)$`

// chances are the records of such workflows.
var chances = map[string]chance{
	"coinflip":                            {open: `\.(heads|tails)$`},
	"coinflip-recursive":                  {open: `^WF\[1\]\.(heads|tails)`},
	"conditional-artifacts":               {open: `\.(heads|tails)$`},
	"conditional-parameters":              {open: `\.(heads|tails)$`},
	"conditionals-complex":                {open: `\.(heads|tails|heads-regex|tails-regex|complex-condition)$`},
	"custom-metrics":                      {open: `^WF(\[1\](\.flakey)?)?$`, fails: exitCode1},
	"dag-coinflip":                        {open: `^WF\.[A-D]\[1\]\.(heads|tails)`},
	"dag-conditional-artifacts":           {open: `\.(heads|tails)$`},
	"dag-conditional-parameters":          {open: `\.(heads|tails)$`},
	"resubmit":                            {open: `^WF`, fails: exitCode1},
	"retry-backoff":                       {open: `^WF`, fails: exitCode1},
	"retry-conditional":                   {open: `^WF\[1\]\.retry\(`, fails: `^main: Error \(exit code [12]\)$`},
	"retry-container":                     {open: `^WF`, fails: exitCode1},
	"retry-container-to-completion":       {open: `^WF\(`, fails: `^main: Error \(exit code [1-4]\)$`},
	"retry-on-error":                      {open: `^WF`, fails: `^main: Error \(exit code [1-4]\)$`},
	"retry-script":                        {open: `^WF`, fails: exitCode1},
	"retry-with-steps":                    {open: `^WF`, fails: exitCode1},
	"scripts-bash":                        {},
	"scripts-javascript":                  {},
	"scripts-python":                      {},
	"template-defaults":                   {open: `^WF`, fails: exitCode1 + `|exceeded`}, // it has 30 s for a Pod
	"variables-showcase":                  {},
	"withsequence-nested-result":          {open: `^WF\[1\]\.`},
	"work-avoidance":                      {open: `^WF(\[1\](\.echo.*)?)?$`, fails: exitCode1},
	"workflow-template__retry-with-steps": {open: `^WF`, fails: exitCode1},
}

// compare compares a run that has ended to a record as far as chance lets it: no node is unfinished or in phase Error,
// Pods fail only by what they tossed, and what is not open has the record's name, type and phase.
func (c chance) compare(t *testing.T, want *argotest.Record, run *workflow.Run) {
	open := regexp.MustCompile(cmp.Or(c.open, "$^"))
	fails := regexp.MustCompile(cmp.Or(c.fails, "$^"))
	decided := func(nodes map[string]*argotest.Node) map[string]string {
		m := map[string]string{}
		for name, n := range nodes {
			if !open.MatchString(name) {
				m[name] = n.Type + " " + string(n.Phase)
			}
		}
		return m
	}
	got := argotest.Nodes(run)
	assert.Equal(t, decided(want.Nodes), decided(got))
	for name, n := range got {
		switch n.Phase {
		case spec.Succeeded, spec.Skipped, spec.Omitted:
		case spec.Failed:
			assert.NotEmpty(t, c.fails, "%s failed: %s", name, n.Message)
			if n.Type == string(spec.TypePod) {
				assert.Regexp(t, fails, n.Message, name)
			}
		default:
			assert.Fail(t, "no phase that chance allows", "%s is %s: %s", name, n.Phase, n.Message)
		}
	}
	assert.Contains(t, []spec.Phase{spec.Succeeded, spec.Failed}, run.Phase())
	assert.Equal(t, run.Phase(), got["WF"].Phase)
}

// TestArgoRecords runs every workflow of Argo's records as Pods and compares the whole tree to what Argo's own controller
// did; of those that toss coins, what coins do not decide. Resource templates have a test of their own.
func TestArgoRecords(t *testing.T) {
	c := newCluster(t, nil)
	c.argoObjects()
	c.bucket()
	stores := artifact.New(nil, hereS3{})
	c.argoLogs(stores)
	x := c.executor(k8s.Waits{}, append(withAgent(t), k8s.WithPodGC(spec.PodGCOnWorkflowCompletion))...)
	source := argotest.Source(t)
	trees, tossed := 0, 0
	records := argotest.Records(t)
	slices.SortStableFunc(records, func(a, b *argotest.Record) int { return cmp.Compare(patience(b), patience(a)) })
	t.Run("records", func(t *testing.T) {
		for _, want := range records {
			w, err := want.Workflow(t)
			if err != nil || want.Timing || usesResources(w) { // the golden replay tells what is wrong with a file
				continue
			}
			of, tosses := chances[want.Name]
			if tosses {
				tossed++
			} else {
				trees++
			}
			t.Run(want.Name, func(t *testing.T) {
				t.Parallel()
				wf, err := workflow.FromSpec(w, workflow.Templates(t.Context(), source))
				require.NoError(t, err)
				runner := workflow.NewRunner(x, workflow.WithConfig(source), workflow.WithRepository(argotest.Repository()), workflow.WithStores(stores))
				defer func() { require.NoError(t, runner.Close()) }()
				run, err := runner.Start(t.Context(), wf)
				require.NoError(t, err)
				require.NoError(t, want.Resume(t.Context(), run))
				_ = run.Wait(t.Context()) // many are to fail
				if tosses {
					of.compare(t, want, run)
					return
				}
				readdress(want, run)
				argotest.Equal(t, want, run)
			})
		}
	})
	assert.Equal(t, 121, trees, "records that run to the tree that Argo recorded")
	assert.Equal(t, len(chances), tossed, "records that toss coins")
	pods, err := c.admin.CoreV1().Pods(c.namespace).List(c.ctx, metav1.ListOptions{})
	require.NoError(t, err)
	for i := range pods.Items {
		if run := pods.Items[i].Labels[k8s.LabelRun]; !strings.HasPrefix(run, "pod-gc-strategy-") { // these say what stays
			assert.Fail(t, "a Pod is left", pods.Items[i].Name)
		}
	}
}

// hereS3 is the bucket of the records, as this machine reaches it.
type hereS3 struct{ s3.Driver }

func (d hereS3) Open(ctx context.Context, l *spec.ArtifactLocation, _ artifact.Secrets) (artifact.Store, error) {
	here := argotest.Repository()
	here.S3 = new(*here.S3)
	here.S3.Bucket, here.S3.Key, here.S3.Endpoint = l.S3.Bucket, l.S3.Key, "127.0.0.1:9000"
	return d.Driver.Open(ctx, &here, func(_ context.Context, s *corev1.SecretKeySelector) ([]byte, error) {
		return []byte(map[string]string{"accesskey": "test-access", "secretkey": "test-secret-key"}[s.Key]), nil
	})
}

// argoLogs are the logs that one of the records finds in the bucket.
func (c *cluster) argoLogs(stores *artifact.Stores) {
	store, _, err := stores.Open(c.ctx, new(argotest.Repository()))
	require.NoError(c, err)
	for _, key := range []string{"logs/one/main.log", "logs/two/main.log"} {
		require.NoError(c, store.Put(c.ctx, key, strings.NewReader("a log\n")))
	}
}

// patience is 1 for records whose nodes wait for each other's locks, minutes long: they begin first.
func patience(r *argotest.Record) int {
	if strings.HasPrefix(r.Name, "synchronization") {
		return 1
	}
	return 0
}

var address = regexp.MustCompile(`\b\d{1,3}(\.\d{1,3}){3}\b`)

// readdress replaces the address that a record's only daemon had by the one that it had in the run.
func readdress(want *argotest.Record, run *workflow.Run) {
	here := map[string]bool{}
	for n := range run.Nodes() {
		for _, v := range n.Inputs {
			for _, a := range address.FindAllString(v.Value, -1) {
				here[a] = true
			}
		}
	}
	if len(here) != 1 {
		return
	}
	for _, n := range want.Nodes {
		for name, v := range n.Inputs {
			for a := range here {
				n.Inputs[name] = address.ReplaceAllString(v, a)
			}
		}
	}
}

// argoObjects makes what the example files expect in their namespace.
func (c *cluster) argoObjects() {
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "my-secret"}, StringData: map[string]string{"mypassword": "S00perS3cretPa55word"}}
	_, err := c.admin.CoreV1().Secrets(c.namespace).Create(c.ctx, secret, metav1.CreateOptions{})
	require.NoError(c, err)
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "my-existing-volume"}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse("1Gi")}},
	}}
	_, err = c.admin.CoreV1().PersistentVolumeClaims(c.namespace).Create(c.ctx, claim, metav1.CreateOptions{})
	require.NoError(c, err)
}
