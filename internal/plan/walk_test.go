package plan

import (
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"
	corev1 "k8s.io/api/core/v1"

	"github.com/podflow/podflow/workflow/spec"
)

// A tag is found and filled wherever a text can stand in a template, and each place has its path.
func TestStencil(t *testing.T) {
	const tag = "{{item.x}}"
	pod := &spec.Template{
		Name:         "c",
		NodeSelector: map[string]string{"zone-" + tag: tag, "plain": "plain"},
		Metadata:     spec.Metadata{Labels: map[string]string{"l": tag}, Annotations: map[string]string{"a": tag}},
		Container: &corev1.Container{
			Image: tag, Command: []string{"sh", tag}, Args: []string{tag}, WorkingDir: tag,
			Env: []corev1.EnvVar{
				{Name: "A", Value: tag},
				{Name: "B", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{Key: tag}}},
			},
			VolumeMounts: []corev1.VolumeMount{{Name: "v", SubPath: tag}},
		},
		Volumes: []corev1.Volume{{Name: "v", VolumeSource: corev1.VolumeSource{
			PersistentVolumeClaim: &corev1.PersistentVolumeClaimVolumeSource{ClaimName: tag},
		}}},
		Sidecars:    []spec.UserContainer{{Container: corev1.Container{Name: "s", Args: []string{tag}}}},
		Tolerations: []corev1.Toleration{{Key: tag}},
		Inputs:      spec.Inputs{Parameters: []spec.Parameter{{Name: "in"}}},
		Outputs:     spec.Outputs{Parameters: []spec.Parameter{{Name: "out", ValueFrom: &spec.ValueFrom{Path: tag}}}},
	}
	written := pod.DeepCopy()
	var paths []string
	s := newStencil(pod, func(at *place, source string) Text {
		paths = append(paths, at.String())
		text, wrong := parseAll(source)
		assert.Empty(t, wrong)
		return text
	})
	assert.ElementsMatch(t, []string{
		".container.image", ".container.command[1]", ".container.args[0]", ".container.workingDir", ".container.env[A].value",
		".container.env[B].valueFrom.secretKeyRef.key", ".container.volumeMounts[v].subPath",
		".volumes[v].persistentVolumeClaim.claimName", ".sidecars[s].args[0]", ".tolerations[0].key",
		".outputs.parameters[out].valueFrom.path", ".metadata.labels[l]", ".metadata.annotations[a]",
		".nodeSelector[zone-" + tag + "]", ".nodeSelector[zone-" + tag + "]",
	}, paths)
	assert.Equal(t, written, pod, "looking changes nothing")

	for _, value := range []string{"", "x", `"quoted" \ {"json": [1]}`, "two\nlines\x00", tag, "}} {{", "é\xff"} {
		filled := pod.DeepCopy()
		err := s.Fill(filled, func(r *Ref) (string, error) {
			require.Equal(t, "item.x", r.Name)
			return value, nil
		})
		assert.NoError(t, err)
		assert.Equal(t, value, filled.Container.Image)
		assert.Equal(t, []string{"sh", value}, filled.Container.Command)
		assert.Equal(t, map[string]string{"zone-" + value: value, "plain": "plain"}, filled.NodeSelector)
		assert.Equal(t, value, filled.Outputs.Parameters[0].ValueFrom.Path)
		assert.Equal(t, value, filled.Container.Env[1].ValueFrom.SecretKeyRef.Key)
		assert.Equal(t, value, filled.Volumes[0].PersistentVolumeClaim.ClaimName)
	}
	assert.Equal(t, written, pod, "filling a copy changes the copy only")
	none := &NoValueError{"item.x"}
	assert.Equal(t, none, s.Fill(pod.DeepCopy(), func(*Ref) (string, error) { return "", none }))
}

func TestNames(t *testing.T) {
	for name, ok := range map[string]bool{
		"a": true, "A": true, "0": true, "a-b": true, "a-": true, "dag-2-x": true,
		"": false, "-a": false, "a_b": false, "a.b": false, "a b": false, "é": false, "a[0]": false, "a(0)": false, "a\n": false,
	} {
		assert.Equal(t, ok, validName(name), "%q", name)
	}
	for name, ok := range map[string]bool{
		"a": true, "a-b.c": true, "0": true,
		"": false, "A": false, "a-": false, "-a": false, ".a": false, "a_b": false, "a/b": false,
	} {
		assert.Equal(t, ok, RunNameProblem(name) == "", "%q", name)
	}
}
