package expr

import (
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/casbin/govaluate"
)

// maxPattern is the greatest length of a when clause with a regular expression, in bytes: matching takes the product
// of the text's length and the pattern's.
const maxPattern = 8 << 10

// When decides a when clause after its tags were replaced: comparisons, && || !, arithmetic, =~ and in, where a bare
// word is a string. An empty text is true. A text that does not parse, or has no truth value, is an error; it does not
// quote the text, in which there may be anything.
func When(text string) (bool, error) {
	if text == "" {
		return true, nil
	}
	tokens, err := whenTokens(text)
	if err != nil {
		return false, err
	}
	e, err := govaluate.NewEvaluableExpressionFromTokens(tokens)
	if err != nil {
		return false, whenError(err)
	}
	v, err := evaluate(e)
	if err != nil {
		return false, whenError(err)
	}
	b, ok := v.(bool)
	if !ok {
		return false, fmt.Errorf("expected true or false, not %s", kind(v))
	}
	return b, nil
}

// CheckWhen finds what is wrong with a when clause whatever its tags become: it has them replaced by a word. It lets
// pass what some value of a tag could make right, such as a tag that stands for an operator.
func CheckWhen(text string) error {
	if !strings.Contains(text, "{{") {
		if text == "" {
			return nil
		}
		_, err := whenTokens(text)
		return err
	}
	const word = "x"
	filled := tagged.ReplaceAllString(text, word)
	_, err := whenTokens(filled)
	if err == nil || operands.MatchString(quoted.ReplaceAllString(filled, word)) {
		return nil
	}
	return err
}

var (
	tagged   = regexp.MustCompile(`[\w.]*(?:\{\{.*?\}\}[\w.]*)+`)
	quoted   = regexp.MustCompile(`'[^']*'|"[^"]*"`)
	operands = regexp.MustCompile(`\w[\s,]+\w`)
)

// whenTokens parses a clause, and makes strings of its bare words.
func whenTokens(text string) ([]govaluate.ExpressionToken, error) {
	if len(text) > maxSource {
		return nil, fmt.Errorf("a text of %d bytes; the longest may have %d", len(text), maxSource)
	}
	if len(text) > maxPattern && (strings.Contains(text, "=~") || strings.Contains(text, "!~")) {
		return nil, fmt.Errorf("a text of %d bytes with =~ or !~; the longest may have %d", len(text), maxPattern)
	}
	e, err := parseWhen(text) // it matches patterns that are constant, too
	if err != nil {
		return nil, whenError(err)
	}
	tokens := e.Tokens()
	for i, t := range tokens {
		if t.Kind == govaluate.VARIABLE {
			tokens[i].Kind = govaluate.STRING
		}
	}
	return tokens, nil
}

// parseWhen and evaluate turn a panic of the library into an error.
func parseWhen(text string) (e *govaluate.EvaluableExpression, err error) {
	defer recovered(&err)
	return govaluate.NewEvaluableExpression(text)
}

func evaluate(e *govaluate.EvaluableExpression) (v any, err error) {
	defer recovered(&err)
	return e.Evaluate(nil)
}

func recovered(err *error) {
	if r := recover(); r != nil {
		*err = errors.New("the text cannot be evaluated")
	}
}

func whenError(err error) error {
	message := oneLine(err.Error())
	if strings.Contains(message, "Invalid token") || strings.Contains(message, "Cannot transition") {
		message += "; a value that is more than letters, digits and _ needs quotes around it"
	}
	return errors.New(message)
}
