package workflow

import (
	"github.com/podflow/podflow/internal/build"
	"github.com/podflow/podflow/workflow/spec"
)

// Packages dag and steps take handles of this package but cannot call their unexported methods; they give them to
// package build, which calls these.
func init() {
	build.InputOf = func(h any) build.Input {
		if build.IsNil(h) {
			return build.Input{Problem: "the declaration is nil"}
		}
		return h.(InputDecl).input()
	}
	build.OutputOf = func(h any) build.Output {
		if build.IsNil(h) {
			return build.Output{Problem: "the declaration is nil"}
		}
		return h.(OutputDecl).output()
	}
	build.ArgOf = func(h any) *build.Arg {
		switch a := h.(type) { // without reflection: there may be very many
		case *argument:
			if a != nil {
				return &a.Arg
			}
		case *arg:
			if a != nil {
				return &a.Arg
			}
		case *artifactArg:
			if a != nil {
				return &a.Arg
			}
		}
		wrong := build.Wrong(build.Arg{}, "the argument is nil")
		return &wrong
	}
	build.RetryOf = func(r any) (*spec.RetryStrategy, string) { return r.(Retry).strategy() }
}
