// Push builds the image of podflow's agent, pushes it to a registry, and prints its name with its digest:
//
//	go run github.com/podflow/podflow/k8s/agent/push registry.example.com/podflow-agent:v1
//
// It needs no Docker. A second argument is the package of an agent of one's own. See package image.
package main

import (
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"

	"github.com/podflow/podflow/k8s/agent/image"
)

func main() {
	if len(os.Args) != 2 && len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: push IMAGE [PACKAGE]")
		os.Exit(2)
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := push(ctx, os.Args[1], strings.Join(os.Args[2:], "")); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// push prints the name of what it pushed.
func push(ctx context.Context, ref, own string) error {
	index, err := image.Build(ctx, own)
	if err != nil {
		return err
	}
	pinned, err := image.Push(ctx, index, ref)
	if err != nil {
		return err
	}
	fmt.Println(pinned)
	return nil
}
