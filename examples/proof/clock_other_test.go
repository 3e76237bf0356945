//go:build !(linux && amd64)

package proof_test

import (
	"errors"
	"time"
)

// clocksMove says whether the wall clock of a process can be moved.
const clocksMove = false

func moveClock(time.Duration) error { return errors.ErrUnsupported }
