package k8s_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/executor/artifact"
	"github.com/podflow/podflow/k8s"
	"github.com/podflow/podflow/workflow/spec"
)

// bucket makes the namespace find an S3 server at minio:9000, as Argo's examples expect it, and gives a location there
// without a key.
func (c *cluster) bucket() spec.ArtifactLocation {
	program := os.Getenv("PODFLOW_CLUSTER")
	if program == "" {
		c.Skip("PODFLOW_CLUSTER is not set: it starts the S3 server")
	}
	out, err := exec.CommandContext(c.ctx, program, "s3", c.namespace).CombinedOutput()
	require.NoError(c, err, "%s", out)
	service, err := c.admin.CoreV1().Services(c.namespace).Get(c.ctx, "minio", metav1.GetOptions{})
	require.NoError(c, err)
	require.Eventually(c, func() bool { // the node, which is this machine, has to hear of the Service
		conn, err := net.DialTimeout("tcp", net.JoinHostPort(service.Spec.ClusterIP, "9000"), time.Second)
		return err == nil && conn.Close() == nil
	}, time.Minute, 50*time.Millisecond)
	yes := true
	return spec.ArtifactLocation{S3: &spec.S3Artifact{S3Bucket: spec.S3Bucket{
		Bucket: "my-bucket", Endpoint: "minio:9000", Insecure: &yes,
		AccessKeySecret: secretKey("my-minio-cred", "accesskey"), SecretKeySecret: secretKey("my-minio-cred", "secretkey"),
	}}}
}

// claimed makes a claim, and gives it as a location without a key.
func (c *cluster) claimed(name string) spec.ArtifactLocation {
	claim := &corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources:   corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse("1Gi")}},
	}}
	_, err := c.admin.CoreV1().PersistentVolumeClaims(c.namespace).Create(c.ctx, claim, metav1.CreateOptions{})
	require.NoError(c, err)
	return artifact.Volume(name)
}

// taking is a task that takes artifacts.
func taking(t spec.Template, in ...executor.Artifact) *executor.Task {
	for i := range in {
		t.Inputs.Artifacts = append(t.Inputs.Artifacts, spec.Artifact{Name: in[i].Name, Path: in[i].Path})
	}
	task := newTask(newRun(spec.WorkflowSpec{}), "take", t)
	task.Artifacts = in
	return task
}

func raw(name, path, data string) executor.Artifact {
	return executor.Artifact{Artifact: atPath(name, path, spec.ArtifactLocation{Raw: &spec.RawArtifact{Data: data}})}
}

func TestArtifacts(t *testing.T) {
	c := newCluster(t, nil)
	places := map[string]spec.ArtifactLocation{"S3": c.bucket(), "volume": c.claimed("results")}
	for by, change := range agents {
		x := c.executor(k8s.Waits{}, withAgent(t)...)
		change(x)
		for place, location := range places {
			t.Run(by+"/"+place, func(t *testing.T) {
				t.Parallel()
				make := shell("mkdir -p /out/dir/deep; echo one > /out/dir/a; echo two > /out/dir/deep/b; echo three > /tmp/file")
				at := func(name string) spec.ArtifactLocation {
					return artifact.WithKey(location, fmt.Sprintf("%s/%s/%s", c.namespace, by, name))
				}
				make.Outputs.Artifacts = []spec.Artifact{
					atPath("dir", "/out/dir", at("dir.tgz")), atPath("file", "/tmp/file", at("file")),
					{Name: "no", Path: "/no", Optional: true, ArtifactLocation: at("no")},
				}
				make.Outputs.Artifacts[1].Archive = &spec.ArchiveStrategy{None: &spec.NoneStrategy{}}
				result, err := execute(t, x, newTask(newRun(spec.WorkflowSpec{}), "make", make)).end()
				require.NoError(t, err)
				require.Len(t, result.Artifacts, 2)
				assert.Equal(t, int64(6), result.Artifacts[1].Size)
				assert.Equal(t, at("file"), result.Artifacts[1].ArtifactLocation)
				assert.Len(t, result.Artifacts[0].SHA256, 64)

				dir, file := result.Artifacts[0], result.Artifacts[1]
				dir.Path, file.Path = "/in/dir", "/some/where/file"
				task := taking(shell("cat /in/dir/a /in/dir/deep/b /some/where/file /in/raw; echo more >> /in/dir/a"), dir, file, raw("raw", "/in/raw", "four"))
				task.WantResult = true
				taken, err := execute(t, x, task).end()
				require.NoError(t, err)
				assert.Equal(t, spec.Succeeded, taken.Phase, taken.Message)
				assert.Equal(t, "one\ntwo\nthree\nfour", *taken.Result)

				file.SHA256 = strings.Repeat("0", 64)
				_, err = execute(t, x, taking(shell("echo never"), file)).end()
				require.ErrorContains(t, err, "file")
			})
		}
	}
}

func TestArtifactTrouble(t *testing.T) {
	c := newCluster(t, nil)
	location := c.bucket()
	x := c.executor(k8s.Waits{Config: 2e9}, withAgent(t)...)
	at := func(key string) spec.ArtifactLocation { return artifact.WithKey(location, c.namespace+"/"+key) }
	nobody := at("x")
	nobody.S3.AccessKeySecret = secretKey("no-such-secret", "key")
	makes := func(l spec.ArtifactLocation, script string) *executor.Task {
		template := shell(script)
		template.Outputs.Artifacts = []spec.Artifact{atPath("out", "/tmp/out", l)}
		return newTask(newRun(spec.WorkflowSpec{}), "make", template)
	}
	for name, tc := range map[string]struct {
		task *executor.Task
		want []string
	}{
		"missing output":        {makes(at("x"), "true"), []string{"outputs.artifacts[out]", "/tmp/out"}},
		"missing input":         {taking(shell("true"), executor.Artifact{Artifact: atPath("in", "/in", at("nothing"))}), []string{"in", "nothing"}},
		"missing Secret":        {makes(nobody, "echo hello > /tmp/out"), []string{"no-such-secret"}},
		"missing Secret, input": {taking(shell("true"), executor.Artifact{Artifact: atPath("in", "/in", nobody)}), []string{"no-such-secret"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := execute(t, x, tc.task).end()
			for _, w := range tc.want {
				require.ErrorContains(t, err, w)
			}
		})
	}
	t.Run("of a failure", func(t *testing.T) {
		t.Parallel()
		result, err := execute(t, x, makes(at("failed"), "echo hello > /tmp/out; exit 3")).end()
		require.NoError(t, err)
		assert.Equal(t, spec.Failed, result.Phase)
		assert.Equal(t, 3, *result.ExitCode)
		assert.Len(t, result.Artifacts, 1)
	})
}

// TestRestricted runs a Pod with all that the agent brings in a namespace that enforces Pod Security restricted.
func TestRestricted(t *testing.T) {
	c := newCluster(t, map[string]string{"pod-security.kubernetes.io/enforce": "restricted"})
	location := c.bucket()
	no, yes, user := false, true, int64(4321)
	for by, change := range agents {
		x := c.executor(k8s.Waits{}, withAgent(t)...)
		change(x)
		for _, script := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s/%v", by, script), func(t *testing.T) {
				t.Parallel()
				template := shell(`cat /in/raw | tee /tmp/v; echo more > /tmp/out`)
				if script {
					template = spec.Template{Script: &spec.Script{Source: template.Container.Command[2], Container: corev1.Container{Image: image, Command: []string{"sh"}}}}
				}
				security := &corev1.SecurityContext{
					AllowPrivilegeEscalation: &no, RunAsNonRoot: &yes, RunAsUser: &user,
					Capabilities:   &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}},
					SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
				}
				if script {
					template.Script.SecurityContext = security
				} else {
					template.Container.SecurityContext = security
				}
				template.Outputs.Parameters = []spec.Parameter{{Name: "v", ValueFrom: &spec.ValueFrom{Path: "/tmp/v"}}}
				template.Outputs.Artifacts = []spec.Artifact{atPath("out", "/tmp/out", artifact.WithKey(location, c.namespace+"/"+by))}
				task := taking(template, raw("raw", "/in/raw", "four"))
				task.WantResult = true
				result, err := execute(t, x, task).end()
				require.NoError(t, err)
				assert.Equal(t, spec.Succeeded, result.Phase, result.Message)
				assert.Equal(t, "four", *result.Result)
				assert.Equal(t, []executor.Value{{Name: "v", Value: "four"}}, result.Outputs)
				assert.Len(t, result.Artifacts, 1)
			})
		}
	}
}

// TestNoSecretLeaks looks for the values of Secrets in all that a person can read: logs of all containers, events, Pods
// with their annotations, errors.
func TestNoSecretLeaks(t *testing.T) {
	c := newCluster(t, nil)
	location := c.bucket()
	planted := []string{"planted-access-0815", "planted-secret-4711"}
	_, err := c.admin.CoreV1().Secrets(c.namespace).Create(c.ctx, &corev1.Secret{
		ObjectMeta: metav1.ObjectMeta{Name: "planted"}, StringData: map[string]string{"access": planted[0], "secret": planted[1]},
	}, metav1.CreateOptions{})
	require.NoError(t, err)
	wrong := artifact.WithKey(location, c.namespace+"/x")
	wrong.S3.AccessKeySecret, wrong.S3.SecretKeySecret = secretKey("planted", "access"), secretKey("planted", "secret")
	x := c.executor(k8s.Waits{}, withAgent(t)...)

	template := shell("env; cat /proc/1/environ; echo hello > /tmp/out")
	template.Outputs.Artifacts = []spec.Artifact{atPath("out", "/tmp/out", wrong)}
	put := newTask(newRun(spec.WorkflowSpec{}), "make", template)
	put.WantResult = true
	_, putErr := execute(t, x, put).end()
	require.ErrorContains(t, putErr, "outputs.artifacts[out]", "the server does not know the key")
	_, getErr := execute(t, x, taking(shell("env"), executor.Artifact{Artifact: atPath("in", "/in", wrong)})).end()
	require.Error(t, getErr)

	text := putErr.Error() + getErr.Error()
	pods, err := c.admin.CoreV1().Pods(c.namespace).List(c.ctx, metav1.ListOptions{})
	require.NoError(t, err)
	require.Len(t, pods.Items, 2)
	for i := range pods.Items {
		p := &pods.Items[i]
		text += p.String()
		for _, s := range append(p.Status.InitContainerStatuses, p.Status.ContainerStatuses...) {
			log, _ := c.admin.CoreV1().Pods(c.namespace).GetLogs(p.Name, &corev1.PodLogOptions{Container: s.Name}).DoRaw(c.ctx)
			text += string(log)
		}
	}
	events, err := c.admin.CoreV1().Events(c.namespace).List(c.ctx, metav1.ListOptions{})
	require.NoError(t, err)
	for i := range events.Items {
		text += events.Items[i].String()
	}
	assert.Contains(t, text, "PATH=", "the logs were read")
	for _, secret := range planted {
		assert.NotContains(t, text, secret)
	}
}
