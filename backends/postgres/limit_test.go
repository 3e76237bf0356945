package postgres_test

import (
	"testing"

	"github.com/inga-auth/inga/backends"
)

// Otherwise two calls would both report the end of one session.
func TestALimitedLoginReportsOnlyWhatItEnded(t *testing.T) {
	f := open(t)
	former, _ := login(t, f, "ann")
	o := backends.CreateOptions{Limit: func(backends.User) backends.Limit {
		// Here the live sessions have been counted, and none has ended yet.
		if ok, err := f.Revoke(t.Context(), t0, former.ID, "x"); !ok || err != nil {
			t.Errorf("Revoke: %v, %v", ok, err)
		}
		return backends.Limit{Total: 1}
	}}
	ended, err := f.Create(t.Context(), t0, session("ann"), backends.NewSecret().Hash(), o)
	if err != nil || len(ended) != 0 {
		t.Errorf("ended %q, error %v; want none", ended, err)
	}
}
