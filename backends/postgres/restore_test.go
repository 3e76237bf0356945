package postgres_test

import (
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/pgtest"
)

// A dump holds what transactions of its server have changed, by their numbers. On a server that
// has counted less far they are in the future.
func TestADatabaseRestoredFromADumpOfAnotherServerIsFollowedChangeByChange(t *testing.T) {
	t.Parallel()
	server := pgtest.Start(t)
	f, e := openOn(t, server.Pool(t), "inga"), newEar()
	exec(t, f.pool, "UPDATE inga.changes_kept SET swept = '7000000000:7000000000:', mark = '7000000100:7000000100:'")
	e.listen(t, f.Store)
	e.caughtUp(t)
	check(t, f.users.SetRoles(t.Context(), "ann", []string{"a"}))
	e.want(t, "a change", "ann")
	e.want(t, "no change")

	exec(t, f.pool, "INSERT INTO inga.changes (xid, user_id) SELECT xid::text::xid8, 'bob' FROM generate_series(7000000001, 7000000009) xid")
	e.want(t, "restored while it was followed", "")
	check(t, f.users.SetRoles(t.Context(), "ann", []string{"b"}))
	e.want(t, "another change", "ann")
	e.want(t, "no other change")
	must(f.Sweep(t.Context(), time.Now()))(t)
	e.want(t, "a sweep")
}
