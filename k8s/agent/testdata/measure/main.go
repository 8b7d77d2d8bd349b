// Measure runs a program, ends with its code, and writes the peak of its resident memory, in bytes, into a file.
//
//	measure FILE PROGRAM ARGS...
//
// Linux counts as a process's own what its parent had when it was started, so only what a small program starts can be
// measured; a test with the race detector is a large one.
package main

import (
	"log"
	"os"
	"os/exec"
	"strconv"
	"syscall"
)

func main() {
	c := exec.Command(os.Args[2], os.Args[3:]...)
	c.Stdin, c.Stdout, c.Stderr = os.Stdin, os.Stdout, os.Stderr
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	_ = c.Run()
	if c.ProcessState == nil {
		log.Fatal("not started")
	}
	peak := c.ProcessState.SysUsage().(*syscall.Rusage).Maxrss << 10
	if err := os.WriteFile(os.Args[1], strconv.AppendInt(nil, peak, 10), 0o644); err != nil {
		log.Fatal(err)
	}
	os.Exit(c.ProcessState.ExitCode())
}
