//go:build unix

package proof_test

import (
	"sync"
	"syscall"
	"testing"
)

// stop stops the process, and returns what has it go on.
func (p *process) stop(t *testing.T) (goOn func()) {
	t.Helper()
	if err := syscall.Kill(p.pid, syscall.SIGSTOP); err != nil {
		t.Fatal(err)
	}
	goOn = sync.OnceFunc(func() { _ = syscall.Kill(p.pid, syscall.SIGCONT) })
	t.Cleanup(goOn)
	return goOn
}
