//go:build !unix

package local

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// process stands for processes where there are no process groups.
type process struct{}

type end struct {
	code    int
	stopped error
}

func (end) message() string { return "" }

func start(*command) (*process, error) {
	return nil, fmt.Errorf("local: processes run on Unix only: %w", errors.ErrUnsupported)
}

func (*process) wait(context.Context, time.Duration) (end, error) {
	return end{}, errors.ErrUnsupported
}

func (*process) result() *string { return nil }
