package expr_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"github.com/podflow/podflow/internal/argotest"
	"github.com/podflow/podflow/internal/expr"
	"github.com/podflow/podflow/workflow/spec"
)

// TestOfExamples: every when, depends and expression of the examples is read.
func TestOfExamples(t *testing.T) {
	seen := 0
	for name, file := range argotest.Examples(t) {
		for key, texts := range texts(t, file) {
			for _, text := range texts {
				var err error
				switch key {
				case "when":
					err = expr.CheckWhen(text)
				case "depends":
					_, err = expr.ParseDepends(text)
				case "expression", "fromExpression":
					if strings.Contains(text, "{{") {
						continue // its tags are replaced before it is compiled
					}
					_, err = expr.Compile(text)
				}
				assert.NoError(t, err, "%s: %s: %s", name, key, text)
				seen++
			}
		}
	}
	assert.Greater(t, seen, 100)
}

// texts are the strings of a file's workflows that are not empty, by the last key on the way to each.
func texts(t *testing.T, file string) map[string][]string {
	f, err := os.Open(file)
	require.NoError(t, err)
	defer func() { _ = f.Close() }()
	objects, _ := spec.Decode(f) // two of Argo's files have mistakes
	found := map[string][]string{}
	var walk func(key string, v any)
	walk = func(key string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				walk(k, e)
			}
		case []any:
			for _, e := range v {
				walk(key, e)
			}
		case string:
			if v != "" {
				found[key] = append(found[key], v)
			}
		}
	}
	for _, object := range objects {
		text, err := json.Marshal(object)
		require.NoError(t, err)
		var v map[string]any
		require.NoError(t, json.Unmarshal(text, &v))
		walk("", v["spec"])
	}
	return found
}

// TestLabels: the nodes of loops in the records of Argo's controller are named as their items say.
func TestLabels(t *testing.T) {
	label := regexp.MustCompile(`^(.*)\((\d+):(.*)\)$`)
	seen := 0
	for file := range argotest.Examples(t) {
		record := argotest.Golden(t, file)
		if record == nil {
			continue
		}
		for name := range record.Nodes {
			m := label.FindStringSubmatch(name)
			if m == nil || strings.HasSuffix(name, ")(0)") {
				continue // no node of a loop, or an attempt of one
			}
			var item any = m[3]
			if strings.Contains(m[3], ":") {
				fields := map[string]string{}
				for _, kv := range strings.Split(m[3], ",") {
					k, v, _ := strings.Cut(kv, ":")
					fields[k] = v
				}
				item = fields
			}
			list, err := json.Marshal([]any{item})
			require.NoError(t, err)
			items, err := expr.ParseItems(string(list))
			require.NoError(t, err)
			assert.Equal(t, m[3], items[0].Label(), file)
			seen++
		}
	}
	assert.Greater(t, seen, 100)
}

// TestAggregateOfRecords: what the controller handed on of a loop is the aggregate of its children.
func TestAggregateOfRecords(t *testing.T) {
	const steps, dag, all = "parameter-aggregation.yaml", "parameter-aggregation-dag.yaml", "variables-showcase.yaml"
	for _, c := range []struct{ file, loop, output, consumer, input string }{
		{steps, "WF[0].odd-or-even", "num", "WF[1].print-nums", "message"},
		{steps, "WF[0].odd-or-even", "evenness", "WF[2].print-evenness", "message"},
		{dag, "WF.odd-or-even", "num", "WF.print-nums", "message"},
		{dag, "WF.odd-or-even", "evenness", "WF.print-evenness", "message"},
		{all, "WF[1].fanout", "", "WF[2].consume", "fanout-result"},
		{all, "WF[1].fanout", "echoed", "WF[2].consume", "fanout-named-params"},
		{all, "WF[3].dag-stage.c-loop", "", "WF[3].dag-stage.gather", "loop-result"},
		{all, "WF[3].dag-stage.c-loop", "echoed", "WF[3].dag-stage.gather", "loop-named-params"},
	} {
		record := golden(t, c.file)
		var values []string
		for _, name := range slices.Sorted(maps.Keys(record.Nodes)) {
			node := record.Nodes[name]
			switch {
			case !strings.HasPrefix(name, c.loop+"(") || strings.HasSuffix(name, ")(0)"): // another node, or an attempt
			case c.output == "" && node.Result != nil:
				values = append(values, *node.Result)
			case node.Outputs[c.output] != "":
				values = append(values, node.Outputs[c.output])
			}
		}
		require.NotEmpty(t, values, c)
		aggregate := expr.Parameters
		if c.output == "" {
			aggregate = expr.Results
		}
		assert.Equal(t, record.Nodes[c.consumer].Inputs[c.input], aggregate(values), c)
	}
}

// TestLoopOverResult: the items of an aggregate name the nodes of the loop over it.
func TestLoopOverResult(t *testing.T) {
	record := golden(t, "parameter-aggregation-script.yaml")
	var results []string
	for n := range 4 {
		results = append(results, *record.Nodes[fmt.Sprintf("WF[0].odd-or-even(%d:%d)", n, n+1)].Result)
	}
	items, err := expr.ParseItems(expr.Results(results))
	require.NoError(t, err)
	for n, i := range items {
		node := record.Nodes[fmt.Sprintf("WF[1].divide-by-2(%d:%s)", n, i.Label())]
		if assert.NotNil(t, node, i.Label()) && node.Type == "Pod" {
			num, _ := i.Field("num")
			assert.Equal(t, node.Inputs["num"], num)
		}
	}
}

func golden(t *testing.T, file string) *argotest.Record {
	record := argotest.Golden(t, file)
	require.NotNil(t, record, file)
	return record
}
