package plan

import (
	"strconv"
	"strings"

	"github.com/podflow/podflow/workflow/spec"
)

// SuffixLength is how many characters a run adds to a name that ends in "-".
const SuffixLength = 5

// maxRunName is the length of a label's value, in which Pods carry the name of their run.
const maxRunName = 63

// maxName bounds the names of templates, tasks, steps and parameters.
const maxName = 128

// RunName is a generateName with a suffix. A long one is cut, as Kubernetes does.
func RunName(generateName, suffix string) string {
	return generateName[:min(len(generateName), maxRunName-SuffixLength)] + suffix
}

func (c *compiler) checkRunName(path, name string) {
	if problem := RunNameProblem(name); problem != "" {
		c.problem(path, "%s", problem)
	}
}

// RunNameProblem says why a text cannot be the name of a run, a subdomain of RFC 1123; it is empty if it can.
func RunNameProblem(name string) string {
	if len(name) > maxRunName {
		return "is too long for the name of a run: it has " + strconv.Itoa(len(name)) + " characters, and may have " + strconv.Itoa(maxRunName)
	}
	for i := range len(name) {
		ch := name[i]
		switch {
		case 'a' <= ch && ch <= 'z' || '0' <= ch && ch <= '9':
		case ch != '-' && ch != '.' || i == 0 || i == len(name)-1:
			return "must be lower-case letters, digits, - and ., and begin and end with a letter or digit"
		case name[i+1] == '.' || ch == '.' && name[i+1] == '-':
			return "must have a letter or digit before and behind each ."
		}
	}
	if name == "" {
		return "is empty"
	}
	return ""
}

// checkName checks the name of a template, task or step.
func (c *compiler) checkName(path, what, name string) {
	switch {
	case name == "":
		c.problem(path, "the %s has no name", what)
	case len(name) > maxName:
		c.problem(path, "the name is too long: %d characters, and may have %d", len(name), maxName)
	case !validName(name):
		c.problem(path, "the name %q must be letters, digits and -, and begin with a letter or digit", name)
	}
}

func validName(name string) bool {
	if name == "" || name[0] == '-' || len(name) > maxName {
		return false
	}
	for i := range len(name) {
		if !alphanumeric(name[i]) && name[i] != '-' {
			return false
		}
	}
	return true
}

// checkParameterNames checks the names of the parameters at path.
func (c *compiler) checkParameterNames(path string, params []spec.Parameter) {
	seen := make(map[string]bool, len(params))
	for i := range params {
		name := params[i].Name
		at := path + ".parameters[" + name + "]"
		c.checkParameterName(at, name)
		if seen[name] {
			c.problem(at, "two parameters have this name")
		}
		seen[name] = true
	}
}

func (c *compiler) checkParameterName(path, name string) {
	switch {
	case name == "":
		c.problem(path, "the parameter has no name")
	case len(name) > maxName:
		c.problem(path, "the name is too long: %d characters, and may have %d", len(name), maxName)
	case strings.ContainsFunc(name, func(r rune) bool { return r > 127 || !alphanumeric(byte(r)) && r != '-' && r != '_' }):
		c.problem(path, "the name %q must be letters, digits, - and _", name)
	}
}

func alphanumeric(ch byte) bool {
	return 'a' <= ch && ch <= 'z' || 'A' <= ch && ch <= 'Z' || '0' <= ch && ch <= '9'
}
