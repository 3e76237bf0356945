package redis_test

import (
	"errors"
	"testing"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
)

// FuzzWhatRedisReturnsIsReadOrRefused: a row of another version, or of another program, is an outage.
func FuzzWhatRedisReturnsIsReadOrRefused(f *testing.F) {
	s := session("ann")
	s.Actor = backends.Actor{UserID: "root", SessionID: backends.NewID("root"), UserVersion: 7}
	s.Binding = backends.Binding{Algorithm: "ES256", Thumbprint: "t", Key: "{}", BoundAt: t0, ProvedAt: t0}
	row, user := redis.Row(&s, backends.SecretHash{1}), redis.Account(&backends.User{ID: "ann", Roles: []string{"user"}})
	f.Add(row, user, "")
	f.Add(row[:len(row)/2], user[:10], "epoch")
	f.Add("", "", "")
	f.Add("\x02"+row[1:], user, string(make([]byte, 60)))
	f.Fuzz(func(t *testing.T, row, user, epoch string) {
		_, u, err := redis.Read(row, user, epoch, s.ID, t0)
		if err == nil && (u.Disabled || user == "") {
			t.Errorf("user %+v is let in", u)
		}
		if err != nil && !errors.Is(err, backends.ErrNotLive) && !errors.Is(err, backends.ErrUnavailable) {
			t.Errorf("error %v, want that it is over, or an outage", err)
		}
	})
}
