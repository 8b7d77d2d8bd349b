// Package k8s runs the leaves of a workflow as Pods, with nothing installed in the cluster.
//
//	pods, err := k8s.FromConfig(config, "jobs")
//	run, err := wf.Run(ctx, pods)
//
// An attempt of a leaf is one Pod with one container, named "main", and nothing injected: one create, and no update.
// Its name follows from run, node and attempt, so an attempt that an earlier process began is found and adopted, never
// started twice. One watch tells how all Pods of all runs go on. The node ends when main ends, with main's exit code,
// even if containers that something else injected keep the Pod running.
//
// # What a template becomes
//
// Everything that a template or its workflow says of Pods is taken as Argo takes it: volumes that a container mounts,
// init containers, resources, scheduling, accounts, metadata, podSpecPatch. Besides:
//   - The source of a script is an annotation ([AnnotationSource]) that the kubelet projects into the file
//     /argo/staging/script, whose path is the last argument. All annotations of a Pod hold 256 KiB.
//   - A sidecar becomes an init container with restartPolicy Always, behind the init containers: Kubernetes (1.29 or
//     newer) starts it before main and ends it after main. If it ends earlier it is started again; if it ended with
//     another code than 0, 137 or 143 before main did, the node is Failed, as in Argo.
//   - An image's own command is used if the template names none.
//   - A daemon is ready when main runs and its readinessProbe, if it has one, has succeeded; what waits for it then
//     begins, with the Pod's IP. It goes on until its scope ends, and its Pod is deleted.
//
// What cannot be done yet is refused by [Executor.Check] before a run begins: standard output or files as outputs,
// artifacts, and templates other than containers, scripts and Go functions.
//
// # What the Pods of a run share
//
// A claim RUN-NAME for each of the volumeClaimTemplates, and a disruption budget RUN, are there before the first Pod.
// They carry the labels of the run, by which a later process finds them again; what has such a name and another label
// is an error. The budget goes with the end of the run. The claims go when it has succeeded, or with volumeClaimGC of
// OnWorkflowCompletion when it has ended; Kubernetes keeps a claim that is deleted until the last Pod that mounts it is
// deleted too, so a failed run whose Pods stay keeps its data as long.
//
// # Trouble
//
// A program that fails is Failed, and the template's retryStrategy decides. A Pod that Kubernetes took away (drained,
// preempted, evicted for others, lost with its node) is a [executor.LostError]: the node runs again, on a budget of its
// own. Trouble that may pass is waited for, with the reason as the node's message: a full quota or no room for as long
// as it takes, an image that cannot be pulled 5 minutes, a missing ConfigMap, Secret or volume 2 minutes, a missing
// service account 30 seconds. Other trouble is an error at once that says what to do about. An API server that cannot
// be reached is waited for.
//
// # Rights and Pods left behind
//
// rbac/role.yaml is the Role that an Executor needs. A cancelled node's Pod is deleted and waited for, within the Pod's
// own grace period. When a run has succeeded its Pods are deleted; those of a failed run stay, unless the workflow's
// podGC or [WithPodGC] says otherwise: "kubectl delete pods -l podflow.github.io/run-uid=UID" deletes them. A log goes
// with its Pod; the end of a run gives who reads one 5 seconds to come to its end.
//
// The source of a script, arguments and env are readable for everybody who can read Pods: keep secrets in Secrets.
//
// # Tests
//
// The tests of this package need a real cluster, since only that shows the trouble. They skip unless PODFLOW_KUBECONFIG
// is the path of a kubeconfig whose user may create namespaces; PODFLOW_CLUSTER may name the program that manages the
// cluster, for the tests that restart its API server, and simulated nodes (label type=kwok) are for the benchmarks.
package k8s
