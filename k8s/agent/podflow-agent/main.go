// Podflow-agent is the agent with the artifact drivers that podflow has.
package main

import (
	"github.com/podflow/podflow/executor/artifact/git"
	"github.com/podflow/podflow/executor/artifact/http"
	"github.com/podflow/podflow/executor/artifact/s3"
	"github.com/podflow/podflow/k8s/agent"
)

func main() { agent.Main(s3.Driver{}, http.Driver{}, git.Driver{}) }
