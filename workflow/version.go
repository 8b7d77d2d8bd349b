package workflow

import (
	"fmt"
	"strings"

	"github.com/podflow/podflow/executor"
	"github.com/podflow/podflow/internal/plan"
)

// funcTemplates are the templates of a program, of which those that are Go functions count.
type funcTemplates []*plan.Template

func (ts funcTemplates) funcs() map[string]executor.Func {
	funcs := map[string]executor.Func{}
	for _, t := range ts {
		if t.Func != nil {
			funcs[t.Name] = t.Func
		}
	}
	return funcs
}

// fit checks that the program's functions take and give the parameters that the plan's functions do.
func (ts funcTemplates) fit(p *plan.Plan) error {
	var problems []plan.Problem
	for _, then := range p.Templates {
		for _, now := range ts {
			if then.Func == nil || now.Func == nil || then.Name != now.Name {
				continue
			}
			if was, is := signature(then), signature(now); was != is {
				problems = append(problems, plan.Problem{Path: "templates[" + then.Name + "].plugin", Text: fmt.Sprintf("was %s and is %s", was, is)})
			}
		}
	}
	return joinProblems(problems)
}

// signature is what a template takes and gives.
func signature(t *plan.Template) string {
	var in, out []string
	for i := range t.Inputs {
		in = append(in, t.Inputs[i].Name)
	}
	for i := range t.Outputs {
		out = append(out, t.Outputs[i].Name)
	}
	return fmt.Sprintf("func(%s) (%s)", strings.Join(in, ", "), strings.Join(out, ", "))
}
