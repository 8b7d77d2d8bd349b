package k8s_test

import (
	"fmt"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/steps"
	"github.com/podflow/podflow/workflow"
)

// Steps that hand large data on in order share the memory of one Pod, as containers of a set. The container main has the
// outputs.
func Example_memoryOfOnePod() {
	memory := corev1.Volume{Name: "work", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{
		Medium: corev1.StorageMediumMemory, SizeLimit: new(resource.MustParse("1Gi")),
	}}}
	total := workflow.Output[int]("total")
	etl := workflow.ContainerSet("etl").Volumes(memory).Mount("work", "/work").Outputs(total.File("/work/total"))
	extract := etl.Container("extract", "alpine:3.23", "sh", "-c", "seq 100000 > /work/rows")
	etl.Container("main", "alpine:3.23", "sh", "-c", "wc -l < /work/rows > /work/total").Dependencies(extract)
	wf, err := workflow.New("etl-", etl)
	show(wf, err, "medium", "dependencies")
	// Output:
	// dependencies:
	// medium: Memory
}

// Steps that are Pods of their own share the memory of one node by a claim of a class of such volumes: see
// memory/class.yaml.
func Example_memoryOfOneNode() {
	claim := corev1.PersistentVolumeClaim{ObjectMeta: metav1.ObjectMeta{Name: "work"}, Spec: corev1.PersistentVolumeClaimSpec{
		StorageClassName: new("memory"), AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce},
		Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{corev1.ResourceStorage: resource.MustParse("1Gi")}},
	}}
	extract := workflow.Container("extract", "alpine:3.23").Command("sh", "-c", "seq 100000 > /work/rows").Mount("work", "/work")
	count := workflow.Container("count", "alpine:3.23").Command("wc", "-l", "/work/rows").Mount("work", "/work")
	s := steps.New("etl")
	s.Step("extract", extract)
	s.Step("count", count)
	wf, err := workflow.New("etl-", s, workflow.VolumeClaims(claim))
	show(wf, err, "storageClassName", "mountPath")
	// Output:
	// mountPath: /work
	// mountPath: /work
	// storageClassName: memory
}

// show prints the lines of a workflow's YAML that have one of the words.
func show(wf *workflow.Workflow, err error, words ...string) {
	if err != nil {
		fmt.Println(err)
		return
	}
	text, err := wf.YAML()
	if err != nil {
		fmt.Println(err)
		return
	}
	for line := range strings.Lines(string(text)) {
		for _, word := range words {
			if strings.Contains(line, word+":") {
				fmt.Println(strings.TrimSpace(line))
			}
		}
	}
}
