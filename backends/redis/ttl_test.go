package redis_test

import (
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// The clock of the application is years ahead of that of Redis: t0 is in 2031.
func TestRedisRemovesRowsAnHourAfterTheyCanBeUsed(t *testing.T) {
	client := dial(t, redistest.Shared(t).Addr())
	prefix := redistest.Prefix(t) + ":"
	s := open(t, redis.Config{Client: client, Prefix: prefix})
	join(t, s, "ann")
	o, _ := login(t, s, "ann")
	check(t, s.SetValue(t.Context(), t0, o.ID, "k", []byte("v")))
	rest := "{" + o.ID[:2] + "}" + o.ID[2:]
	left := func(what, key string, want time.Duration) {
		t.Helper()
		ms := must(client.Do(t.Context(), client.B().Pttl().Key(prefix+key).Build()).AsInt64())(t)
		if got := time.Duration(ms) * time.Millisecond; got > want || got < want-time.Minute {
			t.Errorf("%s: %s goes in %v, want %v", what, key[:1], got, want)
		}
	}
	all := func(what string, want time.Duration) {
		t.Helper()
		for _, key := range []string{"s:" + rest, "v:" + rest, "l:{" + o.ID[:2] + "}ann"} {
			left(what, key, want)
		}
	}
	all("begun", 90*time.Minute)
	_, _, err := s.Extend(t.Context(), t0.Add(20*time.Minute), o.ID)
	check(t, err)
	all("used", 90*time.Minute)
	again := o
	again.IdleTimeout = 2 * time.Hour
	again.Begin(t0.Add(21*time.Minute), 12*time.Hour)
	check(t, s.Reauthenticate(t.Context(), t0.Add(21*time.Minute), again, backends.SecretHash{1}, backends.ReauthenticateOptions{Former: t0}))
	all("authenticated again", 3*time.Hour)
	revoke(t, s, o.ID)
	left("ended", "s:"+rest, time.Hour)
	if n := must(client.Do(t.Context(), client.B().Exists().Key(prefix+"v:"+rest).Build()).AsInt64())(t); n != 0 {
		t.Error("the values of a session that has ended are still there")
	}
}
