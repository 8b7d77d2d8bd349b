package k8s

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/itchyny/gojq"
	"k8s.io/client-go/util/jsonpath"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/workflow/spec"
)

// picked is an output parameter that is taken from the object.
type picked struct {
	name string
	// optional says that there is a default for what is not there.
	optional bool
	path     *jsonpath.JSONPath
	filter   *gojq.Code
}

func (o *order) readOutputs(p *problems, outputs []spec.Parameter) {
	for i := range outputs {
		from := outputs[i].ValueFrom
		if from == nil || from.JSONPath == "" && from.JQFilter == "" {
			continue // the engine's
		}
		path := "outputs.parameters[" + outputs[i].Name + "].valueFrom"
		if o.action == "delete" {
			p.add(path, "a deleted object gives nothing")
			continue
		}
		k := picked{name: outputs[i].Name, optional: from.Default != nil}
		var err error
		switch {
		case hasTag(from.JSONPath) && from.JQFilter == "", hasTag(from.JQFilter):
			continue
		case from.JSONPath != "":
			path += ".jsonPath"
			k.path = jsonpath.New(k.name).AllowMissingKeys(true)
			if err = k.path.Parse(from.JSONPath); err == nil && !strings.Contains(from.JSONPath, "{") {
				err = fmt.Errorf("%q is plain text: a path stands in braces, as {.metadata.name}", from.JSONPath)
			}
		default:
			path += ".jqFilter"
			k.filter, err = compileFilter(from.JQFilter)
		}
		if err != nil {
			p.add(path, "%v", err)
		}
		o.outputs = append(o.outputs, k)
	}
}

func compileFilter(text string) (*gojq.Code, error) {
	query, err := gojq.Parse(text)
	if err != nil {
		return nil, err
	}
	return gojq.Compile(query)
}

// values are the output parameters. One that is not there is left out if it has a default, and else is empty, as
// kubectl has it.
func (o *order) values(ctx context.Context, object map[string]any) ([]executor.Value, error) {
	var values []executor.Value
	for i := range o.outputs {
		k := &o.outputs[i]
		text, found, err := k.value(ctx, object)
		switch {
		case k.optional && (err != nil && ctx.Err() == nil || !found):
			continue
		case err != nil:
			return nil, fmt.Errorf("outputs.parameters[%s]: %w", k.name, err)
		}
		values = append(values, executor.Value{Name: k.name, Value: text})
	}
	return values, nil
}

func (k *picked) value(ctx context.Context, object map[string]any) (text string, found bool, err error) {
	if k.path != nil {
		var b strings.Builder
		err := k.path.Execute(&b, object)
		return b.String(), b.Len() > 0, err
	}
	input, err := plain(object)
	if err != nil {
		return "", false, err
	}
	var lines []string
	for results := k.filter.RunWithContext(ctx, input); ; {
		v, ok := results.Next()
		if !ok {
			return strings.Join(lines, "\n"), found, nil
		}
		switch v := v.(type) {
		case error:
			return "", false, v
		case string:
			lines, found = append(lines, v), true
		default:
			line, err := gojq.Marshal(v)
			if err != nil {
				return "", false, err
			}
			lines, found = append(lines, string(line)), found || v != nil
		}
	}
}

// plain is an object as what gojq takes, which are other numbers.
func plain(object map[string]any) (v any, err error) {
	raw, err := json.Marshal(object)
	if err != nil {
		return nil, err
	}
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	err = d.Decode(&v)
	return v, err
}
