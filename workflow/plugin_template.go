package workflow

import (
	"encoding/json"
	"time"

	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

// PluginTemplate is a template whose work a [Plugin] does. [PluginWork] makes one.
type PluginTemplate struct{ base }

// PluginWork is a template whose work a [Plugin] of the Runner does: see [WithPlugin]. config tells the plugin what; it
// is anything that is written as JSON, and its texts may hold tags, as Ref makes them.
func PluginWork(name, plugin string, config any) *PluginTemplate {
	t := &PluginTemplate{}
	text, err := json.Marshal(config)
	if err != nil {
		build.Problemf(&t.base, ".plugin", "the configuration cannot be written as JSON: %v", err)
	}
	build.Leaf(&t.base, name).Plugin = spec.Plugin{plugin: text}
	return t
}

// Inputs declares what the template takes.
func (t *PluginTemplate) Inputs(in ...InputDecl) *PluginTemplate {
	build.Inputs(&t.base, in)
	return t
}

// Outputs declares what the plugin gives: a [Result], and what [Output.Supplied] makes.
func (t *PluginTemplate) Outputs(out ...OutputDecl) *PluginTemplate {
	build.Outputs(&t.base, out)
	return t
}

// Retry says when the work is done again.
func (t *PluginTemplate) Retry(r Retry) *PluginTemplate {
	build.SetRetry(&t.base, r)
	return t
}

// Timeout bounds the time of a node.
func (t *PluginTemplate) Timeout(d time.Duration) *PluginTemplate {
	setTimeout(&t.base, d)
	return t
}

// With edits the template's spec, for all that has no method of its own. It is called by each [New].
func (t *PluginTemplate) With(edit func(*spec.Template)) *PluginTemplate {
	build.Edit(&t.base, edit)
	return t
}
