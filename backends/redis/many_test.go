package redis_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

func TestFiftyLoginsFromTwoProcessesLeaveAsManySessionsAsTheLimitSays(t *testing.T) {
	addrs := redistest.SharedCluster(t).Addrs()
	prefix := redistest.Prefix(t) + ":"
	stores := []*redis.Store{
		open(t, redis.Config{Client: dial(t, addrs...), Prefix: prefix}),
		open(t, redis.Config{Client: dial(t, addrs...), Prefix: prefix}),
	}
	for _, user := range []string{"ann", "bob", "eve"} {
		join(t, stores[0], user)
		var logins sync.WaitGroup
		for n := range 50 {
			logins.Go(func() {
				o := backends.CreateOptions{Limit: backends.Limit{Total: 3}.ForAll}
				_, err := stores[n%2].Create(t.Context(), t0, session(user), backends.NewSecret().Hash(), o)
				if err != nil {
					t.Errorf("Create: %v", err)
				}
			})
		}
		logins.Wait()
		live, _, err := stores[1].List(t.Context(), t0, user, backends.Page{})
		if len(live) != 3 || err != nil {
			t.Errorf("%s has %d sessions, error %v; want 3", user, len(live), err)
		}
	}
}

func TestAUserWithTenThousandSessionsIsListedAndEndedInPages(t *testing.T) {
	client := dial(t, redistest.Shared(t).Addr())
	s := open(t, redis.Config{Client: client})
	const n = 10_000
	ids := fill(t, s, 1, n)
	seen := map[string]bool{}
	for page := (backends.Page{Limit: backends.MaxPage}); ; {
		list, next, err := s.List(t.Context(), t0, "user-1", page)
		check(t, err)
		for _, o := range list {
			seen[o.ID] = true
		}
		if page.After = next; next == "" {
			break
		}
	}
	if len(seen) != n {
		t.Errorf("%d sessions are listed, want %d", len(seen), n)
	}
	ended, err := s.RevokeUser(t.Context(), t0, "user-1", ids[0], backends.ReasonRevoked)
	if ended != n-1 || err != nil {
		t.Errorf("RevokeUser: %d, error %v; want %d", ended, err, n-1)
	}
	list, _, err := s.List(t.Context(), t0, "user-1", backends.Page{})
	if len(list) != 1 || err != nil {
		t.Errorf("%d sessions are listed, error %v; want the exception", len(list), err)
	}
}

func TestTheListOfAUserHoldsFewSessionsThatRedisHasRemoved(t *testing.T) {
	client := dial(t, redistest.Shared(t).Addr())
	prefix := redistest.Prefix(t) + ":"
	s := open(t, redis.Config{Client: client, Prefix: prefix})
	fill(t, s, 1, 10)
	tag := ""
	for range 500 {
		o, _ := login(t, s, "user-1")
		tag = "{" + o.ID[:2] + "}"
		check(t, client.Do(t.Context(), client.B().Del().Key(prefix+"s:"+tag+o.ID[2:]).Build()).Error())
	}
	list := prefix + "l:" + tag + "user-1"
	if n := must(client.Do(t.Context(), client.B().Zcard().Key(list).Build()).AsInt64())(t); n > 60 {
		t.Errorf("the list has %d sessions, want 10 and some", n)
	}
}

// A stopped process has ended all sessions of a user, and marked some of them.
func TestSessionsThatEndWithTheirUserAreOverAtOnceAndStayOver(t *testing.T) {
	client := dial(t, redistest.Shared(t).Addr())
	for _, row := range []struct {
		name     string
		commands int // until all are over
		end      func(*redis.Store) error
	}{
		{"RevokeUser", 1, func(s *redis.Store) error {
			_, err := s.RevokeUser(context.Background(), t0, "user-1", "", backends.ReasonUser)
			return err
		}},
		{"SetDisabled", 1, func(s *redis.Store) error { return s.Users().SetDisabled(context.Background(), t0, "user-1", true) }},
		{"SetPassword", 1, func(s *redis.Store) error {
			_, err := s.Users().SetPassword(context.Background(), t0, "user-1", 0, "new", "")
			return err
		}},
		{"DeleteUser", 3, func(s *redis.Store) error { return s.Users().DeleteUser(context.Background(), t0, "user-1") }},
	} {
		t.Run(row.name, func(t *testing.T) {
			first := open(t, redis.Config{Client: client})
			fill(t, first, 1, 1)
			check(t, row.end(first)) // sends the script
			prefix := redistest.Prefix(t) + ":"
			s := open(t, redis.Config{Client: client, Prefix: prefix})
			ids := fill(t, s, 1, 600)
			if err := row.end(open(t, redis.Config{Client: &stopper{client, row.commands, false}, Prefix: prefix})); !errors.Is(err, errStopped) {
				t.Fatalf("%v, want that it was stopped", err)
			}
			wantOver(t, s, ids)
			switch row.name {
			case "SetDisabled":
				check(t, s.Users().SetDisabled(t.Context(), t0, "user-1", false))
			case "DeleteUser":
				check(t, s.Users().CreateUser(t.Context(), backends.User{ID: "user-1", Name: "user-1"}, ""))
			}
			wantOver(t, s, ids)
			opened, _ := login(t, s, "user-1")
			live, _, err := s.List(t.Context(), t0, "user-1", backends.Page{})
			if len(live) != 1 || live[0].ID != opened.ID || err != nil {
				t.Errorf("%d sessions are listed, error %v; want the new one", len(live), err)
			}
		})
	}
}

func wantOver(t *testing.T, s *redis.Store, ids []string) {
	t.Helper()
	for _, id := range ids {
		if _, _, err := s.Find(t.Context(), t0, id, backends.SecretHash{}); !errors.Is(err, backends.ErrNotLive) {
			t.Fatalf("Find: %v, want that it is over", err)
		}
		if _, ok, err := s.Extend(t.Context(), t0.Add(2*time.Minute), id); ok || err != nil {
			t.Fatalf("Extend: %v, error %v; want false", ok, err)
		}
	}
}
