package redis_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/redis/rueidis"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// A stopper ends a process before one of its commands, or after it and before the answer.
type stopper struct {
	rueidis.Client
	left  int
	after bool
}

var errStopped = errors.New("the process was stopped")

func (s *stopper) Do(ctx context.Context, command rueidis.Completed) rueidis.RedisResult {
	if s.left--; s.left >= 0 {
		return s.Client.Do(ctx, command)
	}
	if s.left == -1 && s.after {
		s.Client.Do(ctx, command)
	}
	return rueidis.NewErrorResult(errStopped)
}

// The name of a user is in another slot than the user.
func TestAUserIsCreatedAndTheNameIsTheirsWhereverACreationOrADeletionWasStopped(t *testing.T) {
	client := dial(t, redistest.SharedCluster(t).Addrs()...)
	u := backends.User{ID: "u-1", Name: "ann", Roles: []string{"user"}}
	for _, do := range []struct {
		name string
		of   func(backends.Users) error
	}{
		{"CreateUser", func(us backends.Users) error { return us.CreateUser(context.Background(), u, "hash") }},
		{"DeleteUser", func(us backends.Users) error { return us.DeleteUser(context.Background(), t0, u.ID) }},
	} {
		for left := range 12 {
			for _, after := range []bool{false, true} {
				prefix := redistest.Prefix(t) + ":"
				s := open(t, redis.Config{Client: client, Prefix: prefix})
				stopped := open(t, redis.Config{Client: &stopper{client, left, after}, Prefix: prefix})
				if do.name == "DeleteUser" {
					check(t, s.Users().CreateUser(t.Context(), u, "hash"))
				}
				_ = do.of(stopped.Users())
				settle(t, client, prefix)
				wantOneAnn(t, s.Users(), u)
			}
		}
	}
}

// settle lets the time pass after which reservations go.
func settle(t *testing.T, client rueidis.Client, prefix string) {
	t.Helper()
	key := prefix + "n:ann"
	value, err := client.Do(t.Context(), client.B().Get().Key(key).Build()).ToString()
	if err == nil && strings.HasPrefix(value, "?") {
		check(t, client.Do(t.Context(), client.B().Pexpire().Key(key).Milliseconds(0).Build()).Error())
	}
}

// wantOneAnn creates the user, who may be there, and fails the test unless they can log in by name,
// and no other user can take it.
func wantOneAnn(t *testing.T, users backends.Users, u backends.User) {
	t.Helper()
	if err := users.CreateUser(t.Context(), u, "hash"); err != nil && !errors.Is(err, backends.ErrConflict) {
		t.Fatal(err)
	}
	if found, hash, err := users.UserByName(t.Context(), "ann"); err != nil || found.ID != "u-1" || hash != "hash" {
		t.Errorf("ann is %q, error %v; want u-1", found.ID, err)
	}
	other := backends.User{ID: "u-2", Name: "ann"}
	if err := users.CreateUser(t.Context(), other, ""); !errors.Is(err, backends.ErrConflict) {
		t.Errorf("another ann: %v, want ErrConflict", err)
	}
	check(t, users.DeleteUser(t.Context(), t0, "u-1"))
	check(t, users.CreateUser(t.Context(), other, ""))
	if found, _, err := users.UserByName(t.Context(), "ann"); err != nil || found.ID != "u-2" {
		t.Errorf("ann is %q, error %v; want u-2", found.ID, err)
	}
}

func TestACreationThatTookTooLongTakesNoNameFromAnother(t *testing.T) {
	client := dial(t, redistest.Shared(t).Addr())
	prefix := redistest.Prefix(t) + ":"
	s := open(t, redis.Config{Client: client, Prefix: prefix})
	// Between the reservation, the second command, and what follows, another user gets the name.
	slow := open(t, redis.Config{Client: &interrupted{client, 3, func() {
		settle(t, client, prefix)
		check(t, s.Users().CreateUser(t.Context(), backends.User{ID: "u-2", Name: "ann"}, "hash"))
	}}, Prefix: prefix})
	if err := slow.Users().CreateUser(t.Context(), backends.User{ID: "u-1", Name: "ann"}, ""); !errors.Is(err, backends.ErrConflict) {
		t.Errorf("CreateUser: %v, want ErrConflict", err)
	}
	if _, err := s.FindUser(t.Context(), "u-1"); !errors.Is(err, backends.ErrNotFound) {
		t.Errorf("FindUser: %v, want ErrNotFound", err)
	}
	if found, _, err := s.Users().UserByName(t.Context(), "ann"); err != nil || found.ID != "u-2" {
		t.Errorf("ann is %q, error %v; want u-2", found.ID, err)
	}
}

// An interrupted client has something done before one of its commands.
type interrupted struct {
	rueidis.Client
	left int
	do   func()
}

func (i *interrupted) Do(ctx context.Context, command rueidis.Completed) rueidis.RedisResult {
	if i.left--; i.left == 0 {
		i.do()
	}
	return i.Client.Do(ctx, command)
}
