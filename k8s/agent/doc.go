// Package agent is the program that podflow puts into Pods whose standard output, files or artifacts a workflow uses. It is
// no command for people: package k8s starts it, with instructions in the environment.
//
// Beside main it brings a node's input artifacts, and stores its output artifacts, from and to where podflow's own drivers
// reach: S3, HTTP, git, volumes and text. A program that keeps artifacts elsewhere has an agent of its own, which is
//
//	func main() { agent.Main(s3.Driver{}, gcsDriver{}) }
//
// and is built and pushed by package image as podflow's own is, with "push IMAGE ./cmd/agent".
//
// As process 1 of a container it passes signals on, collects the dead, and ends with the code of the program, whose standard
// output and error are as they would be without, except that a standard output that is wanted is a pipe and never a
// terminal. When the program has ended, what it started is killed. Before it starts, the directories that the files of
// output parameters are to be in are made if they can be; a program that makes one itself does it with "mkdir -p". Those of
// artifacts are not, since programs that run on Argo make them.
package agent
