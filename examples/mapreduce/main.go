// Mapreduce splits a text, counts the words of each part at the same time, and sums the counts up.
//
//	go run ./examples/mapreduce [-executor local|fake|k8s] [-p parts=N] [-print yaml|dot|mermaid]
//
// On a cluster the values come back by the agent, whose image is named once it has been pushed:
//
//	go run ./k8s/agent/push registry.example.com/podflow/agent
//	go run ./examples/mapreduce -executor k8s -agent registry.example.com/podflow/agent@sha256:…
package main

import (
	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/workflow"
)

// Part is one piece of the work.
type Part struct {
	ID   int    `json:"id"`
	Text string `json:"text"`
}

const (
	text   = workflow.Param[string]("text")
	number = workflow.Param[int]("parts")
	part   = workflow.Param[Part]("part")
	words  = workflow.Output[int]("words")
	counts = workflow.Param[[]int]("counts")
	total  = workflow.Output[int]("total")
)

var parts workflow.Result[[]Part]

const image = "alpine:3.23"

// MapReduce is a dag in which a task is a loop over what another one found.
func MapReduce() (*workflow.Workflow, error) {
	split := workflow.Script("split", image, "sh", `
echo "$TEXT" | tr -cd 'a-zA-Z ' | awk -v parts="$PARTS" '{
  for (i = 1; i <= NF; i++) part[i % parts] = part[i % parts] (i > parts ? " " : "") $i
  printf "["
  for (i = 0; i < parts; i++) printf "%s{\"id\":%d,\"text\":\"%s\"}", (i ? "," : ""), i, part[i]
  print "]"
}'
`).Inputs(text, number).Env("TEXT", text.Ref()).Env("PARTS", number.Ref()).Outputs(parts)
	count := workflow.Script("count", image, "sh", `
echo "$PART" | sed 's/.*"text":"//; s/"}//' | wc -w | tr -d ' ' > /out/words
`).Inputs(part).Env("PART", part.Ref()).Outputs(words.File("/out/words"))
	sum := workflow.Script("sum", image, "sh", `
echo "$COUNTS" | tr -d '[]" ' | tr , '\n' | awk '{sum += $1} END {print sum}' > /out/total
echo "$COUNTS make $(cat /out/total) words"
`).Inputs(counts).Env("COUNTS", counts.Ref()).Outputs(total.File("/out/total"))

	d := dag.New("map-reduce").Inputs(text, number)
	s := d.Task("split", split, text.From(text), number.From(number))
	m := d.Task("map", count, part.Each(parts.Of(s))) // one node for each part
	r := d.Task("reduce", sum, counts.From(words.All(m)))
	d.Outputs(total.From(total.Of(r)))
	return workflow.New("map-reduce-", d, number.Set(4),
		text.Set("a workflow is a graph of tasks, a task is a program, and a program is a text that wants to be run"))
}

func main() { command.Main(MapReduce) }
