package k8s

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/spf13/pflag"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/labels"

	"github.com/podflow/podflow/internal/nearest"
)

// flags is what the flags of a resource template ask for. They are kubectl's, those of them that say something about the
// object and not about kubectl.
type flags struct {
	// kind and names are what kubectl is given without a flag: TYPE NAME, or TYPE/NAME. kind is empty if the manifest
	// names the objects.
	kind  string
	names []string
	// many says that objects are chosen by labels; the empty selector takes all.
	many        bool
	selector    string
	namespace   string
	subresource []string
	// missing says that an object that is not there is fine.
	missing    bool
	validation string
	manager    string
	dryRun     []string
	// grace, cascade and wait are for what is deleted.
	grace   *int64
	cascade metav1.DeletionPropagation
	wait    bool
}

// fieldManager is who sets the fields of objects, unless a flag says otherwise.
const fieldManager = "podflow"

// flagText are the flags as they are written.
type flagText struct {
	selector, subresource, validate, dryRun, cascade string
	all, now, force, same                            bool
	grace                                            int64
}

// read reads the flags for an action.
func (f *flags) read(action string, args []string) error {
	var t flagText
	*f = flags{}
	set := f.set(&t, action)
	if err := set.Parse(args); err != nil {
		return unknownFlag(set, action, err)
	}
	var errs []error
	oneOf := func(name, value string, to map[string]func()) {
		if do, ok := to[value]; ok {
			do()
			return
		}
		errs = append(errs, fmt.Errorf("--%s: %q is none of %s", name, value, strings.Join(slices.Sorted(maps.Keys(to)), ", ")))
	}
	validation := func(v string) func() { return func() { f.validation = v } }
	oneOf("validate", t.validate, map[string]func(){
		"true": validation(metav1.FieldValidationStrict), "strict": validation(metav1.FieldValidationStrict),
		"warn":  validation(metav1.FieldValidationWarn),
		"false": validation(metav1.FieldValidationIgnore), "ignore": validation(metav1.FieldValidationIgnore),
	})
	oneOf("dry-run", t.dryRun, map[string]func(){"none": func() {}, "server": func() { f.dryRun = []string{metav1.DryRunAll} }})
	cascade := func(p metav1.DeletionPropagation) func() { return func() { f.cascade = p } }
	oneOf("cascade", t.cascade, map[string]func(){
		"background": cascade(metav1.DeletePropagationBackground), "foreground": cascade(metav1.DeletePropagationForeground),
		"orphan": cascade(metav1.DeletePropagationOrphan),
	})
	if t.subresource != "" {
		f.subresource = []string{t.subresource}
	}
	f.graceOf(&t)
	errs = append(errs, f.named(set.Args()))
	f.many = t.all || set.Changed("selector")
	f.selector = t.selector
	if _, err := labels.Parse(t.selector); err != nil {
		errs = append(errs, fmt.Errorf("--selector: %w", err))
	}
	switch {
	case f.many && len(f.names) > 0:
		errs = append(errs, errors.New("objects are chosen by name or by labels, not by both"))
	case f.many && f.kind == "":
		errs = append(errs, errors.New("labels choose among objects of a kind: give it first, as [configmap, --selector, app=x]"))
	case f.kind != "" && !f.many && len(f.names) == 0:
		errs = append(errs, fmt.Errorf("which %s? Give its name, or --selector", f.kind))
	case f.kind != "" && !slices.Contains([]string{"get", "delete", "patch"}, action):
		errs = append(errs, fmt.Errorf("%s takes its objects from the manifest, not %q", action, f.kind))
	}
	f.missing = f.missing || action == "delete" // as Argo has it
	return errors.Join(errs...)
}

// set is the set of the flags that an action has.
func (f *flags) set(t *flagText, action string) *pflag.FlagSet {
	s := pflag.NewFlagSet(action, pflag.ContinueOnError)
	s.SetOutput(io.Discard)
	s.Usage = func() {}
	s.StringVarP(&f.namespace, "namespace", "n", "", "")
	f.manager, f.wait = fieldManager, true
	t.validate, t.dryRun, t.cascade, t.grace = "true", "none", "background", -1
	switch action {
	case "get":
		s.StringVarP(&t.selector, "selector", "l", "", "")
		s.BoolVar(&f.missing, "ignore-not-found", false, "")
		s.StringVar(&t.subresource, "subresource", "", "")
		return s
	case "delete":
		s.StringVarP(&t.selector, "selector", "l", "", "")
		s.BoolVar(&t.all, "all", false, "")
		s.BoolVar(&t.same, "ignore-not-found", true, "")
		s.BoolVar(&f.wait, "wait", true, "")
		s.BoolVar(&t.now, "now", false, "")
		s.BoolVar(&t.force, "force", false, "")
		s.Int64Var(&t.grace, "grace-period", -1, "")
		s.StringVar(&t.cascade, "cascade", "background", "")
		s.Lookup("cascade").NoOptDefVal = "background"
	case "apply":
		s.BoolVar(&t.same, "server-side", true, "")
		s.BoolVar(&t.same, "force-conflicts", true, "")
	}
	s.StringVar(&t.dryRun, "dry-run", "none", "")
	if action != "delete" {
		s.StringVar(&t.validate, "validate", "true", "")
		s.Lookup("validate").NoOptDefVal = "true"
		s.StringVar(&f.manager, "field-manager", fieldManager, "")
		s.StringVar(&t.subresource, "subresource", "", "")
	}
	return s
}

// graceOf is how long a Pod that is deleted has to end.
func (f *flags) graceOf(t *flagText) {
	switch {
	case t.grace >= 0:
		f.grace = &t.grace
	case t.now:
		f.grace = new(int64)
		*f.grace = 1
	case t.force:
		f.grace = new(int64)
	}
}

// named takes in what is given without a flag.
func (f *flags) named(args []string) error {
	for _, a := range args {
		kind, name, both := strings.Cut(a, "/")
		switch {
		case both && (f.kind == "" || f.kind == kind && len(f.names) > 0) && kind != "" && name != "":
			f.kind, f.names = kind, append(f.names, name)
		case both || a == "":
			return fmt.Errorf("%q: expected TYPE NAME or TYPE/NAME, all of one type", a)
		case f.kind == "":
			f.kind = a
		default:
			f.names = append(f.names, a)
		}
	}
	if strings.Contains(f.kind, ",") {
		return fmt.Errorf("%q: expected one type", f.kind)
	}
	return nil
}

// unknownFlag says which flags there are.
func unknownFlag(set *pflag.FlagSet, action string, err error) error {
	missing, ok := errors.AsType[*pflag.NotExistError](err)
	if !ok {
		return err
	}
	var known []string
	set.VisitAll(func(f *pflag.Flag) { known = append(known, f.Name) })
	return fmt.Errorf("%w%s; %s has --%s here", err, nearest.Hint(missing.GetSpecifiedName(), slices.Values(known)),
		action, strings.Join(known, ", --"))
}
