package build

// Logic is a text that is true or false, in the operators that depends and expr-lang share. The zero value is empty.
type Logic struct {
	Text string
	op   operator
}

type operator uint8

// The operators by how weakly they bind.
const (
	atom operator = iota // or a comparison, which binds more strongly than those below
	and
	or
	unknown
)

// And is true if both are.
func (l Logic) And(m Logic) Logic { return Logic{l.within(and) + " && " + m.within(and), and} }

// Or is true if one is.
func (l Logic) Or(m Logic) Logic { return Logic{l.within(or) + " || " + m.within(or), or} }

// Not is true if l is not. compared says that l is a comparison, which binds more weakly than a negation.
func (l Logic) Not(compared bool) Logic {
	if l.op == atom && !compared {
		return Logic{"!" + l.Text, atom}
	}
	return Logic{"!(" + l.Text + ")", atom}
}

// within is the text as an operand.
func (l Logic) within(op operator) string {
	if l.op > op {
		return "(" + l.Text + ")"
	}
	return l.Text
}

// Condition is an expression of expr-lang that is true or false, and the values that it is made of.
type Condition struct {
	logic Logic
	from  []Origin
}

// SealedCondition is a condition of package workflow.
type SealedCondition interface{ condition() Condition }

func (c Condition) condition() Condition { return c }

// Compared is a comparison of two values.
func Compared(text string, from ...Origin) Condition {
	return Condition{Logic{text, atom}, from}
}

// Said is a condition in the user's own words.
func Said(text string) Condition { return Condition{logic: Logic{text, unknown}} }

// And is true if both conditions are.
func And(a, b SealedCondition) Condition { return combine(Logic.And, a.condition(), b.condition()) }

// Or is true if one of the conditions is.
func Or(a, b SealedCondition) Condition { return combine(Logic.Or, a.condition(), b.condition()) }

// Not is true if the condition is not.
func Not(a SealedCondition) Condition {
	c := a.condition()
	if c.empty() {
		return c
	}
	return Condition{c.logic.Not(true), c.from}
}

func combine(join func(a, b Logic) Logic, a, b Condition) Condition {
	if a.empty() || b.empty() {
		return Condition{}
	}
	from := make([]Origin, 0, len(a.from)+len(b.from))
	return Condition{join(a.logic, b.logic), append(append(from, a.from...), b.from...)}
}

func (c Condition) empty() bool { return c.logic.Text == "" }

// Question is the expression that is one text if the condition holds and the other if not.
func Question(c SealedCondition, yes, no string) (text string, from Origin) {
	k := c.condition()
	if k.empty() {
		return "", Origin{Problem: emptyCondition}
	}
	return k.logic.within(or) + " ? " + yes + " : " + no, Origin{Parts: k.from}
}

// ConditionText is the expression.
func ConditionText(c SealedCondition) (text string, from []Origin) {
	k := c.condition()
	return k.logic.Text, k.from
}

const emptyCondition = "the condition is empty"
