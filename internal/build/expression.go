package build

import (
	"iter"
	"strconv"
	"strings"
)

// Expression is what a text with tags is in expr-lang: `{{tasks.a-b.outputs.result}}` is tasks["a-b"].outputs.result,
// and text around tags is joined to them.
func Expression(text string) string {
	var parts []string
	for text != "" {
		literal, rest, ok := strings.Cut(text, "{{")
		tag, after, closed := strings.Cut(rest, "}}")
		if !ok || !closed {
			parts = append(parts, Quote(text))
			break
		}
		if literal != "" {
			parts = append(parts, Quote(literal))
		}
		if e, ok := strings.CutPrefix(tag, "="); ok {
			parts = append(parts, "string("+e+")")
		} else {
			parts = append(parts, variable(strings.TrimSpace(tag)))
		}
		text = after
	}
	if len(parts) == 0 {
		return `""`
	}
	return strings.Join(parts, " + ")
}

// Operand is [Expression], but of an expression tag alone it is what that says and not the text of it, which a nil has
// not.
func Operand(text string) string {
	if e, ok := IsExpression(text); ok {
		return "(" + e + ")"
	}
	return Expression(text)
}

// IsExpression is the expression of a text that is one expression tag and nothing else.
func IsExpression(text string) (string, bool) {
	e, ok := strings.CutPrefix(text, "{{=")
	if !ok {
		return "", false
	}
	e, ok = strings.CutSuffix(e, "}}")
	return e, ok && !strings.Contains(e, "}}")
}

// Quote is a string of expr-lang. It holds no braces, so that it cannot end or begin a tag.
func Quote(s string) string {
	return strings.NewReplacer("{", `\x7b`, "}", `\x7d`).Replace(strconv.Quote(s))
}

// variable is the name of a tag as expr-lang reads it.
func variable(name string) string {
	first, rest, _ := strings.Cut(name, ".")
	var b strings.Builder
	b.WriteString(first)
	for rest != "" {
		var part string
		part, rest, _ = strings.Cut(rest, ".")
		if isIdentifier(part) {
			b.WriteString("." + part)
		} else {
			b.WriteString("[" + Quote(part) + "]")
		}
	}
	return b.String()
}

func isIdentifier(s string) bool {
	switch s {
	case "", "in", "not", "and", "or", "matches", "contains", "startsWith", "endsWith", "let", "if", "else", "true", "false", "nil":
		return false
	}
	for i := range len(s) {
		if !isWord(s[i]) || i == 0 && s[0] <= '9' {
			return false
		}
	}
	return true
}

func isWord(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || c == '_'
}

// taskTags is the names of the tasks that the tags of a text refer to.
func taskTags(text string) iter.Seq[string] {
	return func(yield func(string) bool) {
		for {
			_, rest, ok := strings.Cut(text, "{{")
			if !ok {
				return
			}
			tag, after, _ := strings.Cut(rest, "}}")
			text = after
			if e, ok := strings.CutPrefix(tag, "="); ok {
				for name := range taskNames(e) {
					if !yield(name) {
						return
					}
				}
			} else if name, ok := strings.CutPrefix(strings.TrimSpace(tag), "tasks."); ok {
				name, _, _ = strings.Cut(name, ".")
				if name != "" && !yield(name) {
					return
				}
			}
		}
	}
}

// taskNames is the names of the tasks that an expression refers to: tasks.NAME and tasks["NAME"].
func taskNames(e string) iter.Seq[string] {
	return func(yield func(string) bool) {
		field := false // the word that follows is a field of something
		for i := 0; i < len(e); {
			switch c := e[i]; {
			case c == '"' || c == '\'' || c == '`':
				i += len(quoted(e[i:]))
				field = false
			case isWord(c):
				word := e[i : i+wordLength(e[i:])]
				i += len(word)
				if word == "tasks" && !field {
					if name := member(e[i:]); name != "" && !yield(name) {
						return
					}
				}
				field = false
			default:
				field = c == '.' || field && c == ' '
				i++
			}
		}
	}
}

// member is the name in ".NAME" or `["NAME"]` at the beginning of a text, or empty.
func member(e string) string {
	e = strings.TrimLeft(e, " ?")
	if rest, ok := strings.CutPrefix(e, "."); ok {
		rest = strings.TrimLeft(rest, " ")
		return rest[:wordLength(rest)]
	}
	rest, ok := strings.CutPrefix(e, "[")
	rest = strings.TrimLeft(rest, " ")
	if !ok || rest == "" || rest[0] != '"' && rest[0] != '\'' {
		return ""
	}
	q := quoted(rest)
	return strings.Trim(q, q[:1])
}

func wordLength(e string) int {
	for i := range len(e) {
		if !isWord(e[i]) {
			return i
		}
	}
	return len(e)
}

// quoted is the string of expr-lang at the beginning of a text, with its quotes.
func quoted(e string) string {
	for i := 1; i < len(e); i++ {
		switch {
		case e[i] == e[0]:
			return e[:i+1]
		case e[i] == '\\' && e[0] != '`':
			i++
		}
	}
	return e
}
