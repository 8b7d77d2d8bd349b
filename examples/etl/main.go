// Etl extracts rows into a file, cleans them, and loads what is left: files pass from task to task, and a number beside
// them.
//
//	go run ./examples/etl [-executor local|fake|k8s] [-repository FILE] [-print yaml|dot|mermaid]
//
// On this machine the files are kept in a temporary directory, unless a repository is named. On a cluster one must be, and
// the agent's image, which brings files and values out of Pods:
//
//	go run ./k8s/agent/push registry.example.com/podflow/agent
//	go run ./examples/etl -executor k8s -agent registry.example.com/podflow/agent@sha256:… -repository s3.yaml
//
// The file holds an artifact repository as Argo's ConfigMap artifact-repositories does:
//
//	s3: {bucket: artifacts, endpoint: s3.example.com, accessKeySecret: {name: s3, key: access}, secretKeySecret: {name: s3, key: secret}}
package main

import (
	"github.com/podflow/podflow/dag"
	"github.com/podflow/podflow/examples/internal/command"
	"github.com/podflow/podflow/workflow"
)

// Config says what is extracted and where it is loaded to.
type Config struct {
	Table string `json:"table"`
	Limit int    `json:"limit"`
}

const (
	config = workflow.Param[Config]("config")
	rows   = workflow.Output[int]("rows")
	count  = workflow.Param[int]("rows")
	raw    = workflow.Artifact("raw")
	clean  = workflow.Artifact("clean")
)

const image = "alpine:3.23"

// ETL is a dag of three tasks. What a task takes from another one makes it wait for that.
func ETL() (*workflow.Workflow, error) {
	extract := workflow.Script("extract", image, "sh", `
limit=$(echo "$CONFIG" | sed 's/.*"limit":\([0-9]*\).*/\1/')
i=0
while [ $i -lt "$limit" ]; do
  echo "$i,item $((i % 7)),$((i * 13 % 100))"
  i=$((i + 1))
done > /data/raw.csv
grep -c , /data/raw.csv > /data/rows
`).Inputs(config).Env("CONFIG", config.Ref()).Outputs(raw.At("/data/raw.csv"), rows.File("/data/rows"))
	transform := workflow.Script("transform", image, "sh", `
mkdir /clean
awk -F, '$3 >= 50 {sum[$2] += $3} END {for (item in sum) print item "," sum[item]}' "$RAW" | sort > /clean/items.csv
`).Inputs(raw.At("/raw.csv")).Env("RAW", raw.Path()).Outputs(clean.At("/clean"))
	load := workflow.Script("load", image, "sh", `
echo "$CONFIG: $ROWS rows"
cat "$CLEAN"/items.csv
`).Inputs(config, count, clean.At("/clean")).
		Env("CONFIG", config.Ref()).Env("ROWS", count.Ref()).Env("CLEAN", clean.Path())

	d := dag.New("etl").Inputs(config)
	e := d.Task("extract", extract, config.From(config))
	t := d.Task("transform", transform, raw.From(raw.Of(e)))
	d.Task("load", load, config.From(config), clean.From(clean.Of(t)), count.From(rows.Of(e)))
	return workflow.New("etl-", d, config.Set(Config{Table: "sales", Limit: 20}))
}

func main() { command.Main(ETL) }
