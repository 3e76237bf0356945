package postgres_test

import (
	"errors"
	"testing"

	"github.com/inga-auth/inga/backends"
)

// An operator may end sessions by hand, and write any time.
func TestASessionThatEndedAtInfinityHasEnded(t *testing.T) {
	f := open(t)
	for _, at := range []string{"infinity", "-infinity"} {
		s, secret := login(t, f, "ann")
		exec(t, f.pool, in(f.schema, "UPDATE {schema}.sessions SET ended_at = $1::timestamptz WHERE id = $2"), at, s.ID)
		if _, _, err := f.Find(t.Context(), t0, s.ID, secret.Hash()); !errors.Is(err, backends.ErrRevoked) {
			t.Errorf("ended at %s: error %v, want ErrRevoked", at, err)
		}
	}
}
