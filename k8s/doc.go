// Package k8s runs the leaves of a workflow as Pods, with nothing installed in the cluster.
//
//	pods, err := k8s.FromConfig(config, "jobs")
//	run, err := wf.Run(ctx, pods)
//
// An attempt of a leaf is one Pod with one container, named "main": one create, and no update. Nothing is injected unless
// the workflow uses what the Pod gives or the Pod has artifacts (see below).
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
//   - A containerSet is a Pod with these containers. It has ended when all have, as the one that failed first did, and its
//     exit code and outputs are those of container main.
//   - A daemon is ready when main runs and its readinessProbe, if it has one, has succeeded; what waits for it then
//     begins, with the Pod's IP. It goes on until its scope ends, and its Pod is deleted.
//
// What cannot be done yet is refused by [Executor.Check] before a run begins.
//
// # Results, files and artifacts
//
// Standard output, output parameters from files, artifacts, and the order of containers in a set need the agent, a small
// program that becomes the first process of the container and starts the template's own:
//
//	go run github.com/podflow/podflow/k8s/agent/push registry.example.com/podflow-agent:v1   # prints IMAGE@sha256:…
//	pods, err := k8s.FromConfig(config, "jobs", k8s.WithAgentImage("registry.example.com/podflow-agent@sha256:…"))
//
// It comes as an image volume where the cluster has those (Kubernetes 1.35 with containerd 2.1 or newer; one look at the
// first Pod tells), and else is copied before main starts. Values come back in the Pod's status, checked by length and
// digest, or in the log of the container podflow-outputs beside main if they are long, 256 KiB together; never through
// the log of main, by exec or by rights of the Pod. A value that does not come back whole is a [executor.LostError],
// ResultLost, and the node runs again.
//
// Artifacts are brought by podflow-init before main, into an emptyDir mounted at their paths, and stored by
// podflow-outputs before main ends. Only these two are given the keys of Secrets that a location names; main is not. An
// artifact may be in S3, at a URL, in git or raw, or in a claim: artifact.Volume("CLAIM"), which the two mount. An optional
// input artifact whose key holds nothing is an empty directory, which the kubelet makes for the mount. What they
// add keeps within Pod Security restricted if the Pod does; with a claim they run as the Pod's user, or as root without
// capabilities if the Pod names none and allows root, since volumes are root's.
//
// If a container that gets the agent names no command, its image's is looked up in the registry, with the Pod's
// imagePullSecrets (which takes the right to get Secrets) or the credentials of this machine's Docker configuration, and
// the image is pinned by digest. [WithMirror] is for registries that are reached elsewhere.
//
// # Fast data between steps
//
// Every way to hand data on costs something else. 256 MiB from one step to the next took, on one machine with two cores,
// beside two steps that hand on nothing in 2.1 s (BenchmarkPassing):
//
//	(small values, in their status) 2.1 s   256 KiB together
//	memory of one Pod               2.2 s   the steps are containers of a containerSet
//	a claim that is memory          4.1 s   the steps are Pods of one node
//	artifacts in a claim            5.7 s   any Pods that may mount it
//	artifacts in S3                 7.7 s   any Pods; kept after the run, and checked
//
// Small values are outputs. Large data that a few steps hand on in order, without loops or conditions between, fits a
// containerSet whose containers mount an emptyDir of medium Memory: it needs no rights and no storage, what is written
// counts as memory of the container that writes it, and if the Pod is lost its steps run again together. Pods of a run
// that all need the same data mount a claim from volumeClaimTemplates whose class is memory of a node: see the examples,
// and memory/class.yaml, which an administrator applies. The first Pod chooses the node, the others follow it there and
// wait for room on it, and the data is gone with the node. All that must outlive the run or a node, or that many nodes
// read, is an artifact.
//
// # What the Pods of a run share
//
// A claim RUN-NAME for each of the volumeClaimTemplates, and a disruption budget RUN, are there before the first Pod.
// They carry the labels of the run, by which a later process finds them again; what has such a name and another label
// is an error. The budget goes with the end of the run. The claims go when it has succeeded, or with volumeClaimGC of
// OnWorkflowCompletion when it has ended; Kubernetes keeps a claim that is deleted until the last Pod that mounts it is
// deleted too, so a failed run whose Pods stay keeps its data as long.
//
// # Resource templates
//
// What a resource template does to objects of the cluster, this process asks of the API server, with its own rights and
// without a Pod; rbac/config.yaml says which verbs each action needs. The manifest holds one object or many, and the
// flags are those of kubectl that are about the object; a misspelt field is refused unless --validate=false. Beyond Argo:
//   - What is created carries annotations of its attempt, and a generateName becomes the same name each time, so that an
//     attempt that an earlier process began finds its object. A json patch is the only action that does more if it is done
//     twice.
//   - apply is a server-side apply by the field manager podflow, which takes fields over from others.
//   - successCondition and failureCondition are waited for by a watch. All requirements of the one are to hold; one of the
//     other is enough to fail. They hold for each object of a manifest.
//   - delete waits until the object is gone, unless --wait=false, and deletes the object that was there and no later one.
//   - Outputs by jsonPath and jqFilter are taken of the object as it was when it was waited for; of many of a List, whose
//     items they are.
//   - With setOwnerReference the objects are owned by the ConfigMap RUN-owner, which goes when the run has succeeded, or with
//     a podGC of OnWorkflowCompletion when it has ended, and Kubernetes deletes what it owns.
//
// What the API server refuses makes the node Failed, with exit code 64 as in Argo. A cancelled node stops waiting; its
// object stays. activeDeadlineSeconds begins anew with a process that goes on with the run.
//
// # From the cluster
//
// Parameters and limits of semaphores in ConfigMaps, WorkflowTemplates, and memoized outputs are asked of the Executor:
//
//	wf, err := workflow.Load(file, workflow.Templates(ctx, pods))
//	runner := workflow.NewRunner(pods, workflow.WithConfig(pods), workflow.WithMemo(pods.Memo()),
//		workflow.WithStores(artifact.New(pods.Secret, s3.Driver{})))
//
// The last is how this process itself reaches artifacts, with the credentials of [Executor.Secret]. The rights are in
// rbac/config.yaml.
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
// podGC or [WithPodGC] says otherwise (a deleteDelayDuration, of at most 4 minutes, is waited for by the end of the run): "kubectl delete pods -l podflow.github.io/run-uid=UID" deletes them. A log goes
// with its Pod; the end of a run gives who reads one 5 seconds to come to its end.
//
// The source of a script, arguments and env are readable for everybody who can read Pods: keep secrets in Secrets.
//
// The credentials of artifacts are in podflow's own containers only, and these tell nobody. But in a Pod that shares its
// process namespace, a program with the capability SYS_PTRACE, as a privileged one has, can read the environment of every
// process, and one that is the same user can in the moment in which such a container starts.
//
// # Tests
//
// The tests of this package need a real cluster, since only that shows the trouble. They skip unless PODFLOW_KUBECONFIG
// is the path of a kubeconfig whose user may create namespaces; PODFLOW_CLUSTER may name the program that manages the
// cluster, for the tests that restart its API server, and simulated nodes (label type=kwok) are for the benchmarks.
package k8s
