package workflow

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/internal/plan"
)

// funcs are Go functions by the names of their templates.
type funcs map[string]build.Func

// funcsOf are the functions of all workflows of a program.
func funcsOf(ws []*Workflow) funcs {
	all := funcs{}
	for _, w := range ws {
		if w == nil {
			continue
		}
		for name, f := range w.funcs {
			all[name] = f
		}
	}
	return all
}

// signatures are what the functions take and give.
func (fs funcs) signatures() map[string]string {
	if len(fs) == 0 {
		return nil
	}
	out := make(map[string]string, len(fs))
	for name, f := range fs {
		out[name] = fmt.Sprintf("func(%s) (%s)", parameters(f.Type.In(1)), parameters(f.Type.Out(0)))
	}
	return out
}

// parameters are the fields of a struct with their types.
func parameters(t reflect.Type) string {
	var out []string
	for _, f := range fields(&build.Template{}, "", t) {
		out = append(out, fmt.Sprintf("%s %v", f.name, f.typ))
	}
	return strings.Join(out, ", ")
}

// fit checks that the functions take and give what those did that a run was begun with.
func (fs funcs) fit(then map[string]string) error {
	var problems []plan.Problem
	now := fs.signatures()
	for name, was := range then {
		if is, ok := now[name]; ok && was != is {
			problems = append(problems, plan.Problem{Path: "templates[" + name + "].plugin", Text: fmt.Sprintf("was %s and is %s", was, is)})
		}
	}
	return joinProblems(problems)
}
