// Run runs a workflow of a YAML file.
//
//	go run ./examples/run FILE.yaml [NAME] [-p name=value] [-templates DIR] [-executor local|fake|k8s] [-o node=value] [-print yaml|dot|mermaid]
//
// It is the first Workflow or CronWorkflow of the file, or the one of that name; the workflow of a CronWorkflow runs once,
// now. If there is none, it is the first WorkflowTemplate or ClusterWorkflowTemplate that has an entrypoint. What the
// workflow refers to, WorkflowTemplates, ClusterWorkflowTemplates and ConfigMaps, is in the same file or below DIR.
//
// With -executor fake nothing runs: each node succeeds, and what is suspended is resumed. A node of which the workflow
// wants values gives that of -o, as in -o flip-coin=heads or -o '[0].flip-coin=heads', or else 1. What each node would
// have run is printed. With the other executors a suspension without a duration waits until the program is interrupted.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/workflow"
	"github.com/podflow/podflow/workflow/cron"
	"github.com/podflow/podflow/workflow/source"
	"github.com/podflow/podflow/workflow/spec"
)

const usage = "usage: run FILE.yaml [NAME] [-p name=value] [-templates DIR] [-executor local|fake|k8s] [-o node=value] [-print yaml|dot|mermaid]"

// scheduledTime is the annotation that workflow.scheduledTime is taken from.
const scheduledTime = "workflows.argoproj.io/scheduled-time"

func load(args []string, library *source.Memory) (*workflow.Workflow, error) {
	if len(args) != 1 && len(args) != 2 {
		return nil, errors.New(usage)
	}
	f, err := os.Open(args[0])
	if err != nil {
		return nil, err
	}
	defer f.Close()
	objects, err := spec.Decode(f)
	if err != nil {
		return nil, err
	}
	if err := add(library, objects); err != nil {
		return nil, err
	}
	from := workflow.Templates(context.Background(), library)
	for _, is := range []func(spec.Object) bool{runs, serves} {
		for _, o := range objects {
			if is(o) && (len(args) == 1 || args[1] == name(o)) {
				return compile(o, from)
			}
		}
	}
	if len(args) == 1 {
		return nil, fmt.Errorf("%s holds no workflow to run", args[0])
	}
	return nil, fmt.Errorf("%s holds no workflow %q; it has %q", args[0], args[1], names(objects))
}

// name is what an object is called on the command line.
func name(o spec.Object) string { return cmp.Or(o.GetName(), o.GetGenerateName()) }

// names are those of what can run.
func names(objects []spec.Object) (names []string) {
	for _, o := range objects {
		if runs(o) || serves(o) {
			names = append(names, name(o))
		}
	}
	return names
}

// add puts into the library what others refer to.
func add(library *source.Memory, objects []spec.Object) error {
	for _, o := range objects {
		switch o.(type) {
		case *spec.WorkflowTemplate, *spec.ClusterWorkflowTemplate, *corev1.ConfigMap:
			if err := library.Set(o); err != nil {
				return err
			}
		}
	}
	return nil
}

// runs says that an object is there to be run.
func runs(o spec.Object) bool {
	switch o.(type) {
	case *spec.Workflow, *spec.CronWorkflow:
		return true
	}
	return false
}

// serves says that an object serves workflows, and can be run itself.
func serves(o spec.Object) bool {
	switch o := o.(type) {
	case *spec.WorkflowTemplate:
		return o.Spec.Entrypoint != ""
	case *spec.ClusterWorkflowTemplate:
		return o.Spec.Entrypoint != ""
	}
	return false
}

func compile(o spec.Object, from workflow.Option) (*workflow.Workflow, error) {
	switch o := o.(type) {
	case *spec.Workflow:
		return workflow.FromSpec(o, from)
	case *spec.CronWorkflow:
		if o.Spec.WorkflowMetadata == nil {
			o.Spec.WorkflowMetadata = &metav1.ObjectMeta{}
		}
		metav1.SetMetaDataAnnotation(o.Spec.WorkflowMetadata, scheduledTime, time.Now().UTC().Format(time.RFC3339))
		s, err := cron.FromSpec(o, from)
		if err != nil {
			return nil, err
		}
		return s.Workflow, nil
	}
	w := &spec.Workflow{}
	w.APIVersion, w.Kind, w.GenerateName = spec.APIVersion, "Workflow", o.GetName()+"-"
	_, cluster := o.(*spec.ClusterWorkflowTemplate)
	w.Spec.WorkflowTemplateRef = &spec.WorkflowTemplateRef{Name: o.GetName(), ClusterScope: cluster}
	return workflow.FromSpec(w, from)
}

func main() { command.MainArgs(load) }
