package session_test

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// A by authenticates every request as the holder of the key.
type by struct {
	*session.Method
	key key
}

func (b *by) Authenticate(r *http.Request) (middleware.Identity, error) {
	return b.Method.Authenticate(r.Context(), b.key.id, b.key.secret)
}

// through returns the request as a handler behind a guard gets it, and the identity in it.
func through(t testing.TB, a middleware.Authenticator) (r *http.Request, id middleware.Identity) {
	t.Helper()
	guard, err := middleware.New(middleware.Config{Authenticator: a})
	if err != nil {
		t.Fatal(err)
	}
	w := recorder()
	guard.Handler(http.HandlerFunc(func(_ http.ResponseWriter, passed *http.Request) {
		r = passed
		id, _ = middleware.FromContext(r.Context())
	})).ServeHTTP(w, request(t))
	if r == nil {
		t.Fatalf("refused: %d %s", w.Code, w.Body)
	}
	return r, id
}

// tryAct opens a session of the user in which the holder of the key acts.
func (f *fixture) tryAct(actor key, user string, edit ...func(*middleware.Login)) (key, error) {
	f.t.Helper()
	r, id := through(f.t, &by{f.keys, actor})
	l := middleware.Login{Subject: user, Actor: &id}
	for _, e := range edit {
		e(&l)
	}
	o := session.Opening{Secret: backends.NewSecret()}
	s, err := f.keys.Open(r, l, o)
	return key{s.ID, o.Secret}, err
}

func (f *fixture) act(actor key, user string, edit ...func(*middleware.Login)) key {
	f.t.Helper()
	k, err := f.tryAct(actor, user, edit...)
	if err != nil {
		f.t.Fatal(err)
	}
	return k
}

// over fails the test unless the key is refused with want.
func (f *fixture) over(k key, want error) {
	f.t.Helper()
	if _, _, err := f.keys.Find(f.t.Context(), k.id, k.secret); !errors.Is(err, want) {
		f.t.Errorf("found with error %v, want %v", err, want)
	}
}

// acted is an event of a session in which root, who is 2, acts as ann, who is 1.
func acted(what middleware.EventType, id, reason string) middleware.Event {
	e := event(what, "1", id, reason)
	e.Actor = "2"
	return e
}

func TestASessionInWhichAnotherActsNamesBothAndItsEventsDo(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		root := f.open("2")
		f.trail.Take()
		k := f.act(root, "1")
		f.trail.WantEvents(t, acted("acting", k.id, ""))
		s, own := f.find(k), f.find(root)
		if s.UserID != "1" || s.Actor.UserID != "2" || s.Actor.SessionID != root.id || s.Actor.UserVersion == 0 {
			t.Errorf("session of %s with the actor %+v, want 1 and 2 in %s", s.UserID, s.Actor, root.id)
		}
		if own.Actor != (backends.Actor{}) {
			t.Errorf("the actor's own session has the actor %+v", own.Actor)
		}
		r, id := through(t, &by{f.keys, k})
		if id.Subject != "1" || id.Actor != "2" || id.SessionID != k.id || !slices.Equal(id.Roles, []string{"user"}) {
			t.Errorf("identity %+v, want that of 1 with their roles, and the actor 2", id)
		}
		if err := f.keys.Logout(r, middleware.Identity{SessionID: k.id}); err != nil {
			t.Fatal(err)
		}
		f.trail.WantEvents(t, acted("acting_ended", k.id, "logout"))
		f.over(k, middleware.ErrSessionRevoked)
		f.find(root)

		k = f.act(root, "1") // which ann ends in her list of devices
		f.trail.Take()
		if did, err := f.sessions.End(t.Context(), "1", k.id, backends.ReasonRevoked); !did || err != nil {
			t.Fatal(did, err)
		}
		e := ended("1", k.id, 0)
		e.Actor = "2"
		f.trail.WantEvents(t, e)

		k = f.act(root, "1") // which ends because ann logs in at the same browser
		f.trail.Take()
		s, err := f.keys.Open(request(t), middleware.Login{Subject: "1"}, session.Opening{Secret: backends.NewSecret(), Former: []string{k.id}})
		if err != nil {
			t.Fatal(err)
		}
		f.trail.WantEvents(t, event("login", "1", s.ID, ""), acted("revoked", k.id, "replaced"))

		f.keys.Unproved(request(t), middleware.Identity{Subject: "1", SessionID: k.id, Actor: "2"}, "proof_required")
		f.trail.WantEvents(t, acted("unproved", k.id, "proof_required"))
	})
}

func TestASessionInWhichAnotherActsCountsInNoLimitAndEndsNone(t *testing.T) {
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		f := newFixture(t, s, limited(backends.Limit{Total: 1, Refuse: true}))
		root, ann := f.open("2"), f.open("1")
		first, second := f.act(root, "1"), f.act(root, "1")
		for _, k := range []key{root, ann, first, second} {
			f.find(k)
		}
		if _, err := f.keys.Open(request(t), middleware.Login{Subject: "1"}, session.Opening{Secret: backends.NewSecret()}); !errors.Is(err, middleware.ErrTooManySessions) {
			t.Errorf("a second login of 1: %v, want ErrTooManySessions", err)
		}
		if _, err := f.sessions.EndUser(t.Context(), "2", "", backends.ReasonRevoked); err != nil {
			t.Fatal(err)
		}
		f.open("2")
	})
}

func TestASessionInWhichAnotherActsIsShortAndDoesNotSlide(t *testing.T) {
	for what, row := range map[string]struct {
		policy, own middleware.Policy
		edit        func(*middleware.Login)
		want        time.Duration
	}{
		"half an hour":        {sliding.Policy{Idle: time.Hour, Absolute: 12 * time.Hour}, nil, nil, 30 * time.Minute},
		"the idle timeout":    {sliding.Policy{Idle: 20 * time.Minute, Absolute: 12 * time.Hour}, nil, nil, 20 * time.Minute},
		"the absolute one":    {sliding.Policy{Idle: 10 * time.Minute, Absolute: 10 * time.Minute}, nil, nil, 10 * time.Minute},
		"a longer policy":     {policy, nil, policyOf(sliding.Policy{Idle: 9 * time.Hour, Absolute: 9 * time.Hour}), 30 * time.Minute},
		"a shorter policy":    {policy, nil, policyOf(sliding.Policy{Idle: time.Minute, Absolute: time.Hour}), time.Minute},
		"the actor's own end": {policy, sliding.Policy{Idle: 8 * time.Minute, Absolute: 8 * time.Minute}, nil, 8 * time.Minute},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				f := newFixture(t, storetest.Memory(t), func(c *session.Config) { c.Policy = row.policy })
				root := f.mustOpen(middleware.Login{Subject: "2", Policy: row.own}, session.Opening{})
				var edits []func(*middleware.Login)
				if row.edit != nil {
					edits = append(edits, row.edit)
				}
				k := f.act(root, "1", edits...)
				s := f.find(k)
				if got := s.AbsoluteDeadline.Sub(s.CreatedAt); got != row.want || !s.IdleDeadline.Equal(s.AbsoluteDeadline) {
					t.Errorf("lasts %v, idle until %v of %v; want %v", got, s.IdleDeadline, s.AbsoluteDeadline, row.want)
				}
				for range 9 {
					time.Sleep(row.want / 10)
					_, id := through(t, &by{f.keys, k})
					if _, _, err := f.keys.Renew(http.Header{}, request(t), id); err != nil {
						t.Fatal(err)
					}
				}
				if is := f.find(k); !is.IdleDeadline.Equal(s.IdleDeadline) || !is.AbsoluteDeadline.Equal(s.AbsoluteDeadline) {
					t.Errorf("ends at %v after it was used, want %v", is.AbsoluteDeadline, s.AbsoluteDeadline)
				}
				time.Sleep(row.want / 10)
				f.over(k, middleware.ErrSessionExpired)
			})
		})
	}
}

func policyOf(p middleware.Policy) func(*middleware.Login) {
	return func(l *middleware.Login) { l.Policy = p }
}

// Otherwise the actor's own session would expire meanwhile, and the other with it.
func TestActivityOfWhoActsKeepsTheirOwnSessionToo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t, storetest.Memory(t), func(c *session.Config) {
			c.Policy = sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
		})
		root := f.open("2")
		time.Sleep(25 * time.Minute)
		k := f.act(root, "1")
		for range 5 {
			time.Sleep(4 * time.Minute)
			_, id := through(t, &by{f.keys, k})
			if _, ok, err := f.keys.Renew(http.Header{}, request(t), id); !ok || err != nil {
				t.Fatalf("Renew: %v, %v; want true", ok, err)
			}
		}
		if s := f.find(root); time.Since(s.LastSeenAt) != 0 {
			t.Errorf("the actor was last seen %v ago, want now", time.Since(s.LastSeenAt))
		}
		f.find(k)
	})
}

func TestWhoMayNotActOpensNothing(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		root, ann := f.open("2"), f.open("1")
		acting := f.act(root, "1")
		guarded, id := through(t, &by{f.keys, root})
		_, anns := through(t, &by{f.keys, ann})
		chained, actingID := through(t, &by{f.keys, acting})
		foreign, foreignID := through(t, &fixed{middleware.Identity{Subject: "2", Issuer: "https://login.example", Method: "bearer"}})
		bare, bareID := through(t, &fixed{middleware.Identity{Subject: "2", Method: "mtls"}})
		wrong, wrongID := through(t, &fixed{middleware.Identity{Subject: "2", SessionID: ann.id, Method: "mtls"}})
		f.trail.Take()
		for what, row := range map[string]struct {
			r       *http.Request
			actor   *middleware.Identity
			subject string
			want    error
			reason  string
		}{
			"no guard":                  {request(t), &id, "1", middleware.ErrInvalidArgument, "invalid_argument"},
			"nobody":                    {request(t), &middleware.Identity{}, "1", middleware.ErrInvalidArgument, "invalid_argument"},
			"nobody, behind a guard":    {guarded, &middleware.Identity{}, "1", middleware.ErrInvalidArgument, "invalid_argument"},
			"another than who asks":     {guarded, &anns, "1", middleware.ErrInvalidArgument, "invalid_argument"},
			"themselves":                {guarded, &id, "2", middleware.ErrForbidden, "forbidden"},
			"who acts already":          {chained, &actingID, "2", middleware.ErrForbidden, "forbidden"},
			"a user of another issuer":  {foreign, &foreignID, "1", middleware.ErrForbidden, "forbidden"},
			"without a session":         {bare, &bareID, "1", middleware.ErrForbidden, "forbidden"},
			"with another's session":    {wrong, &wrongID, "1", middleware.ErrInvalidCredentials, "invalid_credentials"},
			"a user who does not exist": {guarded, &id, "3", middleware.ErrInvalidArgument, "unknown_user"},
		} {
			o := session.Opening{Secret: backends.NewSecret()}
			s, err := f.keys.Open(row.r, middleware.Login{Subject: row.subject, Actor: row.actor}, o)
			if !errors.Is(err, row.want) || s.ID != "" {
				t.Errorf("%s: session %q, error %v; want %v", what, s.ID, err, row.want)
			}
			e := f.trail.Take()
			if len(e) != 1 || e[0].Type != "login_failed" || e[0].Reason != row.reason || e[0].Subject != row.subject {
				t.Errorf("%s: events %+v, want one login_failed with the reason %s", what, e, row.reason)
			}
		}
		if list, _, err := f.sessions.List(t.Context(), "1", backends.Page{}); err != nil || len(list) != 2 {
			t.Errorf("%d sessions of 1 (%v), want 2", len(list), err)
		}
	})
}

// A fixed authenticator has one identity.
type fixed struct{ id middleware.Identity }

func (f *fixed) Authenticate(*http.Request) (middleware.Identity, error) { return f.id, nil }

func TestWhoseOwnSessionIsOverCannotAct(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		root := f.open("2")
		r, id := through(t, &by{f.keys, root})
		if err := f.keys.Logout(request(t), middleware.Identity{SessionID: root.id}); err != nil {
			t.Fatal(err)
		}
		_, err := f.keys.Open(r, middleware.Login{Subject: "1", Actor: &id}, session.Opening{Secret: backends.NewSecret()})
		if !errors.Is(err, middleware.ErrInvalidCredentials) {
			t.Errorf("%v, want ErrInvalidCredentials", err)
		}
	})
}

// actorEndings are the ways in which an actor's part may end.
func actorEndings() map[string]func(ctx context.Context, s storetest.Store, own string) error {
	now := func() time.Time { return time.Now().UTC() }
	return map[string]func(ctx context.Context, s storetest.Store, own string) error{
		"logged out": func(ctx context.Context, s storetest.Store, own string) error {
			_, err := s.Revoke(ctx, now(), own, backends.ReasonLogout)
			return err
		},
		"logged out everywhere": func(ctx context.Context, s storetest.Store, _ string) error {
			_, err := s.RevokeUser(ctx, now(), "2", "", backends.ReasonRevoked)
			return err
		},
		"disabled": func(ctx context.Context, s storetest.Store, _ string) error {
			return s.Users().SetDisabled(ctx, now(), "2", true)
		},
		"deleted": func(ctx context.Context, s storetest.Store, _ string) error {
			return s.Users().DeleteUser(ctx, now(), "2")
		},
		"password changed, in the own session": func(ctx context.Context, s storetest.Store, own string) error {
			_, err := s.Users().SetPassword(ctx, now(), "2", 0, "hash", own)
			return err
		},
		"roles changed": func(ctx context.Context, s storetest.Store, _ string) error {
			return s.Users().SetRoles(ctx, "2", []string{"user"})
		},
	}
}

func TestASessionInWhichAnotherActsEndsWithTheActor(t *testing.T) {
	for what, end := range actorEndings() {
		t.Run(what, func(t *testing.T) {
			each(t, func(t *testing.T, f *fixture, s storetest.Store) {
				root, ann := f.open("2"), f.open("1")
				k := f.act(root, "1")
				f.find(k)
				if err := end(t.Context(), s, root.id); err != nil {
					t.Fatal(err)
				}
				f.trail.Take()
				f.over(k, middleware.ErrSessionRevoked)
				e := acted("acting_ended", k.id, "actor_ended")
				e.IP, e.UserAgent = "", "" // it is not noticed by a request that came to a guard
				f.trail.WantEvents(t, e)
				f.over(k, middleware.ErrSessionRevoked)
				f.trail.WantEvents(t)
				// For good, whatever becomes of the actor.
				if row, _, err := s.Find(t.Context(), time.Now(), k.id, backends.SecretHash{}); !errors.Is(err, backends.ErrRevoked) || row.Ended.Reason != "actor_ended" {
					t.Errorf("the row: %+v, %v; want that it has ended", row.Ended, err)
				}
				f.find(ann)
			})
		})
	}
}

func TestAListLeavesOutWhatIsOverBecauseOfTheActor(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, s storetest.Store) {
		root, ann := f.open("2"), f.open("1")
		k := f.act(root, "1")
		ids := func() (ids []string) {
			list, _, err := f.sessions.List(t.Context(), "1", backends.Page{})
			if err != nil {
				t.Fatal(err)
			}
			for _, s := range list {
				ids = append(ids, s.ID)
			}
			return ids
		}
		if got := ids(); !slices.Equal(got, []string{k.id, ann.id}) {
			t.Errorf("listed %q, want %q", got, []string{k.id, ann.id})
		}
		if _, err := s.Revoke(t.Context(), time.Now(), root.id, backends.ReasonLogout); err != nil {
			t.Fatal(err)
		}
		if got := ids(); !slices.Equal(got, []string{ann.id}) {
			t.Errorf("listed %q, want %q", got, []string{ann.id})
		}
	})
}

func TestNobodyReauthenticatesInASessionInWhichAnotherActs(t *testing.T) {
	each(t, func(t *testing.T, f *fixture, _ storetest.Store) {
		root := f.open("2")
		k := f.act(root, "1")
		s, own := f.find(k), f.find(root)
		for _, l := range []middleware.Login{{Subject: "1"}, {Subject: "1", AMR: []string{"pwd"}}} {
			if err := f.keys.Reauthenticate(request(t), &s, l, session.Opening{Secret: backends.NewSecret()}); !errors.Is(err, middleware.ErrForbidden) {
				t.Errorf("%v, want ErrForbidden", err)
			}
		}
		r, id := through(t, &by{f.keys, root})
		l := middleware.Login{Subject: "2", Actor: &id}
		if err := f.keys.Reauthenticate(r, &own, l, session.Opening{Secret: backends.NewSecret()}); !errors.Is(err, middleware.ErrInvalidArgument) {
			t.Errorf("with an actor: %v, want ErrInvalidArgument", err)
		}
		f.find(k)
		f.find(root)
	})
}

func TestAWatchOfASessionInWhichAnotherActsEndsWithTheActor(t *testing.T) {
	for name, open := range map[string]func(t *testing.T) storetest.Store{
		"memory":         func(t *testing.T) storetest.Store { return storetest.Memory(t) },
		"memory, cached": func(t *testing.T) storetest.Store { return storetest.Cached(t, storetest.Memory(t)) },
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				s := open(t)
				f := newFixture(t, s)
				root := f.open("2")
				k := f.act(root, "1")
				_, id := through(t, &by{f.keys, k})
				ended := make(chan error, 1)
				stop := f.keys.WatchSession(id, func(cause error) { ended <- cause })
				defer stop()
				synctest.Wait()
				began := time.Now()
				if _, err := s.Revoke(t.Context(), time.Now(), root.id, backends.ReasonLogout); err != nil {
					t.Fatal(err)
				}
				if err := <-ended; !errors.Is(err, middleware.ErrSessionRevoked) || time.Since(began) > time.Second {
					t.Errorf("%v after %v, want ErrSessionRevoked at once", err, time.Since(began))
				}
			})
		})
	}
}

func TestAnOutageOfTheSecondLookUpIsNoAnswer(t *testing.T) {
	s := &brokenFor{Store: storetest.Memory(t)}
	f := newFixture(t, s)
	root := f.open("2")
	k := f.act(root, "1")
	s.id = root.id
	f.over(k, middleware.ErrUnavailable)
	if _, _, err := f.sessions.List(t.Context(), "1", backends.Page{}); !errors.Is(err, middleware.ErrUnavailable) {
		t.Errorf("List: %v, want ErrUnavailable", err)
	}
	s.id = ""
	f.find(k)
}

// A brokenFor store cannot be asked about one session.
type brokenFor struct {
	storetest.Store
	id string
}

func (b *brokenFor) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	if id == b.id {
		return backends.Session{}, backends.User{}, storetest.ErrDown
	}
	return b.Store.Find(ctx, now, id, h)
}

func TestOnlyASessionInWhichAnotherActsCostsASecondLookUp(t *testing.T) {
	s := &storetest.Memo{Store: storetest.Cached(t, storetest.Memory(t))}
	f := newFixture(t, s)
	root, ann := f.open("2"), f.open("1")
	k := f.act(root, "1")
	for _, row := range []struct {
		key  key
		want int64
	}{{root, 1}, {ann, 1}, {k, 2}} {
		s.Asked.Store(0)
		f.find(row.key)
		if got := s.Asked.Load(); got != row.want {
			t.Errorf("%d look-ups, want %d", got, row.want)
		}
	}
}

// Two processes, each with a cache that follows no feed.
func TestTheEndOfTheActorIsNoticedByAnotherProcessWithinTheLag(t *testing.T) {
	for what, end := range actorEndings() {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				store := storetest.Memory(t)
				here, there := lagging(t, store), lagging(t, store)
				root := here.open("2")
				k := here.act(root, "1")
				there.find(k)
				time.Sleep(4 * time.Second)
				if err := end(t.Context(), store, root.id); err != nil {
					t.Fatal(err)
				}
				time.Sleep(time.Second + time.Millisecond) // MaxLag after there has looked
				there.over(k, middleware.ErrSessionRevoked)
				here.over(k, middleware.ErrSessionRevoked)
			})
		})
	}
}

// Two processes, each with a cache that follows the feed of one database.
func TestTheEndOfTheActorReachesALongRequestInAnotherProcess(t *testing.T) {
	for what, end := range actorEndings() {
		t.Run(what, func(t *testing.T) {
			pool, schema := pgtest.Pool(t), pgtest.Schema(t)
			store := storetest.Postgres(t, pool, schema)
			storetest.AddUsers(t, store)
			here := newFixture(t, storetest.Cached(t, store))
			there := newFixture(t, storetest.Cached(t, storetest.Postgres(t, pool, schema)))
			root := here.open("2")
			k := here.act(root, "1")
			_, id := through(t, &by{there.keys, k})
			ended := make(chan error, 1)
			defer there.keys.WatchSession(id, func(cause error) { ended <- cause })()
			if err := end(t.Context(), store, root.id); err != nil {
				t.Fatal(err)
			}
			select {
			case err := <-ended:
				if !errors.Is(err, middleware.ErrSessionRevoked) {
					t.Errorf("ended because of %v, want ErrSessionRevoked", err)
				}
			case <-time.After(time.Minute):
				t.Error("goes on")
			}
			there.over(k, middleware.ErrSessionRevoked)
			if n := here.trail.Count("acting_ended") + there.trail.Count("acting_ended"); n != 1 {
				t.Errorf("%d events that it ended, want 1", n)
			}
		})
	}
}

func lagging(t *testing.T, s backends.Store) *fixture {
	t.Helper()
	c, err := cache.New(cache.Config{Store: s, MaxLag: 5 * time.Second})
	if err != nil {
		t.Fatal(err)
	}
	return newFixture(t, c)
}

// A cache may know the actor as they were before they changed, and began to act.
func TestACacheThatLagsBehindTheActorEndsNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		store := storetest.Memory(t)
		here, there := newFixture(t, store), lagging(t, store)
		root := here.open("2")
		there.find(root)
		if err := store.Users().SetRoles(t.Context(), "2", []string{"support"}); err != nil {
			t.Fatal(err)
		}
		k := here.act(root, "1")
		there.find(k)
		here.find(k)
	})
}
