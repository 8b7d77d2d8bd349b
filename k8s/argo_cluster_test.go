package k8s_test

import (
	"cmp"
	"context"
	"regexp"
	"slices"
	"strings"
	"sync/atomic"
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

// random are the records of workflows that toss coins, or print when and where they run: what they did once says nothing
// of what they do next.
var random = []string{
	"coinflip", "coinflip-recursive", "conditional-artifacts", "conditional-parameters", "conditionals-complex", "custom-metrics", "dag-coinflip",
	"dag-conditional-artifacts", "dag-conditional-parameters",
	"resubmit", "retry-backoff", "retry-conditional", "retry-container-to-completion", "retry-container", "retry-on-error",
	"retry-script", "retry-with-steps", "scripts-bash", "scripts-javascript", "scripts-python", "template-defaults",
	"variables-showcase", "withsequence-nested-result", "work-avoidance", "workflow-template__retry-with-steps",
}

// TestArgoRecords runs every workflow of Argo's records that New and Check accept as Pods, and compares the whole tree
// to what Argo's own controller did; of those that toss coins, that they come to an end and leave nothing.
func TestArgoRecords(t *testing.T) {
	c := newCluster(t, nil)
	c.argoObjects()
	c.bucket()
	stores := artifact.New(nil, hereS3{})
	c.argoLogs(stores)
	x := c.executor(k8s.Waits{}, append(withAgent(t), k8s.WithPodGC(spec.PodGCOnWorkflowCompletion))...)
	source := argotest.Source(t)
	var ran, tossed atomic.Int32
	records := argotest.Records(t)
	slices.SortStableFunc(records, func(a, b *argotest.Record) int { return cmp.Compare(patience(b), patience(a)) })
	t.Run("records", func(t *testing.T) {
		for _, want := range records {
			w, err := want.Workflow(t)
			if err != nil || want.Timing || usesResources(w) {
				continue
			}
			wf, err := workflow.FromSpec(w, workflow.Templates(t.Context(), source))
			if err != nil {
				continue // the golden replay tells
			}
			t.Run(want.Name, func(t *testing.T) {
				t.Parallel()
				runner := workflow.NewRunner(x, workflow.WithConfig(source), workflow.WithRepository(argotest.Repository()), workflow.WithStores(stores))
				defer func() { require.NoError(t, runner.Close()) }()
				run, err := runner.Start(t.Context(), wf)
				if err != nil { // Check refused it before it began
					t.Log(err)
					return
				}
				require.NoError(t, want.Resume(t.Context(), run))
				_ = run.Wait(t.Context()) // many are to fail
				if slices.Contains(random, want.Name) {
					tossed.Add(1)
					return
				}
				readdress(want, run)
				argotest.Equal(t, want, run)
				ran.Add(1)
			})
		}
	})
	t.Logf("of %d records %d ran as Pods to the tree that Argo recorded, and %d that toss coins to an end", len(records), ran.Load(), tossed.Load())
	assert.GreaterOrEqual(t, ran.Load(), int32(120))
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
