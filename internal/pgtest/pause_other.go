//go:build !linux

package pgtest

import "testing"

// Elsewhere there is no /proc that tells which processes a server has, and whether they have
// stopped.

// Pause skips the test.
func (s *Server) Pause(t testing.TB) (resume func()) {
	t.Helper()
	t.Skip("pgtest: a server can be paused on Linux only")
	return nil
}

// PauseAll skips the test.
func (s *Server) PauseAll(t testing.TB) (resume func()) { return s.Pause(t) }
