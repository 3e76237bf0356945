package redis_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/netip"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	inmemory "github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/redis"
	"github.com/inga-auth/inga/internal/redistest"
)

// What two stores are asked at the same instant they answer alike.
func TestARandomSequenceHasTheSameAnswersInRedisAsInMemory(t *testing.T) {
	client := dial(t, redistest.Shared(t).Addr())
	for seed := range uint64(4) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			t.Parallel()
			p := newPlay(seed)
			one, other := newSide(inmemory.New()), newSide(open(t, redis.Config{Client: client}))
			for n := range 2000 {
				what, do := p.next()
				if want, got := do(one), do(other); got != want {
					t.Fatalf("step %d, %s at %v:\nredis  %s\nmemory %s", n, what, p.now, got, want)
				}
			}
		})
	}
}

type wholeStore interface {
	backends.Store
	backends.Rotator
	backends.SessionLister
	backends.Values
	backends.Claims
	backends.Binder
	backends.Attempts
	backends.Sweeper
	backends.UserFinder
	backends.UserStore
}

// A side is a store, with what only it knows: versions are random.
type side struct {
	wholeStore
	seen map[string]int64 // versions, once
}

func newSide(s wholeStore) *side { return &side{s, map[string]int64{}} }

// version returns the version of the user: any, as it is, or as it was.
func (s *side) version(userID string, which int) int64 {
	u, _ := s.FindUser(context.Background(), userID)
	switch {
	case which == 0:
		return 0
	case which == 1 || s.seen[userID] == 0:
		s.seen[userID] = u.Version
		return u.Version
	}
	return s.seen[userID]
}

// A play chooses what is done. Each step has a time of its own, so that no order is left open.
type play struct {
	*rand.Rand
	now   time.Time
	users []string
	all   []backends.Session
	hash  map[string]backends.SecretHash

	// sweeps is 1 for sweeps, and 0 for the end of all sessions: what ended with it is swept later in Redis.
	sweeps int
}

func newPlay(seed uint64) *play {
	p := &play{Rand: rand.New(rand.NewPCG(seed, 1)), now: t0, sweeps: int(seed % 2), hash: map[string]backends.SecretHash{}}
	p.users = []string{"ann", "a{b}:c" + strings.Repeat("é", 124)}
	for n := 0; len(p.users) < 4; n++ { // of one hash tag with the first
		if id := fmt.Sprint("user-", n); backends.Place(id)[:2] == backends.Place("ann")[:2] {
			p.users = append(p.users, id)
		}
	}
	return p
}

func one[T any](p *play, of ...T) T { return of[p.IntN(len(of))] }

func (p *play) user() string { return one(p, p.users...) }

func (p *play) session() backends.Session {
	if len(p.all) == 0 || p.IntN(20) == 0 {
		return session(p.user())
	}
	return p.all[max(0, len(p.all)-1-p.IntN(1+p.IntN(40)))]
}

func (p *play) proof(s backends.Session) backends.SecretHash {
	return one(p, backends.SecretHash{}, p.hash[s.ID], p.hash[s.ID], p.hash[s.ID], backends.NewSecret().Hash())
}

func (p *play) binding() backends.Binding {
	print := string(bytes.Repeat([]byte(one(p, "A", "B")), 42)) + "A"
	return backends.Binding{Algorithm: "ES256", Thumbprint: print, Key: strings.Repeat("k", 1+p.IntN(1024)), BoundAt: p.now, ProvedAt: p.now}
}

// fresh returns a new session of the user.
func (p *play) fresh(user string) backends.Session {
	n := session(user)
	n.Kind = one(p, backends.KindCookie, backends.KindToken)
	n.AMR = one(p, nil, []string{"pwd"}, []string{"pwd", strings.Repeat("o", 1020)})
	n.Client.UserAgent, n.Client.Label = strings.Repeat("u", p.IntN(513)), strings.Repeat("l", p.IntN(129))
	n.Client.IP = one(p, netip.Addr{}, netip.MustParseAddr("192.0.2.7"), netip.MustParseAddr("2001:db8::1"))
	n.IdleTimeout, n.RenewalInterval = one(p, time.Second, time.Hour, 1<<63-1), one(p, time.Microsecond, time.Minute)
	n.CreatedAt, n.Refresh.RotatedAt = p.now, p.now
	n.Begin(p.now, one(p, time.Minute, 10*time.Hour, 100*365*24*time.Hour))
	if p.IntN(4) == 0 {
		n.Binding = p.binding()
	}
	if actor := p.session(); p.IntN(5) == 0 && actor.UserID != user {
		n.Actor = backends.Actor{UserID: actor.UserID, SessionID: actor.ID, UserVersion: p.Int64N(1<<62) + 1}
	}
	return n
}

func (p *play) budgets() (some []backends.Budget) {
	all := []backends.Budget{
		backends.PerAccount("password", p.user()), backends.PerAddress(netip.MustParseAddr("192.0.2.7")), backends.PerAccount("totp", "x"),
		{Name: backends.HashName("few"), Free: 2, Wait: time.Second, MaxWait: time.Minute, Total: 4, Forget: time.Hour, Shared: true},
	}
	p.Shuffle(len(all), func(i, j int) { all[i], all[j] = all[j], all[i] })
	return all[:1+p.IntN(len(all))]
}

// next returns what to do next, at a time of its own: mostly a little later, sometimes earlier.
func (p *play) next() (what string, do func(*side) string) {
	p.now = p.now.Add(one(p, time.Millisecond, time.Second, time.Second, 20*time.Second, 3*time.Minute, -30*time.Second) + time.Duration(p.IntN(1_000_000)))
	if p.IntN(100) == 0 {
		p.now = p.now.Add(one(p, 3*time.Hour, -20*time.Minute))
	}
	ctx, now, s, u := context.Background(), p.now, p.session(), p.user()
	h, which, text := p.proof(s), p.IntN(3), strings.Repeat("x", p.IntN(64))
	reason := one(p, backends.ReasonLogout, backends.Reason(strings.Repeat("r", 64)))
	steps := []struct {
		what  string
		often int
		do    func() func(*side) string
	}{
		{"CreateUser", 3, func() func(*side) string {
			n := backends.User{ID: u, Name: one(p, "", u, p.user()), Roles: one(p, nil, []string{"a"}, []string{"a:b", strings.Repeat("r", 255)}), Disabled: p.IntN(9) == 0}
			return func(x *side) string { return show(x.Users().CreateUser(ctx, n, text)) }
		}},
		{"DeleteUser", 1, func() func(*side) string {
			return func(x *side) string { return show(x.Users().DeleteUser(ctx, now, u)) }
		}},
		{"SetRoles", 1, func() func(*side) string {
			return func(x *side) string { return show(x.Users().SetRoles(ctx, u, []string{text + "x"})) }
		}},
		{"SetDisabled", 2, func() func(*side) string {
			off := p.IntN(3) == 0
			return func(x *side) string { return show(x.Users().SetDisabled(ctx, now, u, off)) }
		}},
		{"SetPassword", 1, func() func(*side) string {
			return func(x *side) string {
				n, err := x.Users().SetPassword(ctx, now, u, x.version(u, which), text, s.ID)
				return show(err, n)
			}
		}},
		{"Rehash", 1, func() func(*side) string {
			return func(x *side) string { return show(x.Users().Rehash(ctx, u, text, text+"y")) }
		}},
		{"users", 2, func() func(*side) string {
			after := one(p, "", u)
			return func(x *side) string {
				f, err := x.FindUser(ctx, u)
				n, hash, err2 := x.Users().UserByName(ctx, u)
				list, err3 := x.Users().ListUsers(ctx, after, 3)
				for i := range list {
					list[i].Version = 0
				}
				f.Version, n.Version = 0, 0
				return show(errors.Join(err, err2, err3), f, n, hash, list)
			}
		}},
		{"Create", 30, func() func(*side) string {
			n, secret := p.fresh(u), backends.NewSecret().Hash()
			if p.IntN(10) == 0 {
				secret = backends.SecretHash{}
			}
			o := backends.CreateOptions{Replaces: one(p, "", "", s.ID)}
			if p.IntN(2) == 0 {
				o.Limit = backends.Limit{Total: p.IntN(6), PerKind: p.IntN(4), Refuse: p.IntN(4) == 0}.ForAll
			}
			p.all, p.hash[n.ID] = append(p.all, n), secret
			return func(x *side) string {
				o := o
				o.UserVersion = x.version(u, which)
				ended, err := x.Create(ctx, now, n, secret, o)
				return show(err, ended)
			}
		}},
		{"Find", 20, func() func(*side) string {
			return func(x *side) string {
				f, u, err := x.Find(ctx, now, s.ID, h)
				u.Version = 0
				return show(err, f, u)
			}
		}},
		{"Extend", 10, func() func(*side) string {
			return func(x *side) string { at, ok, err := x.Extend(ctx, now, s.ID); return show(err, at, ok) }
		}},
		{"Reauthenticate", 6, func() func(*side) string {
			n, secret := p.fresh(s.UserID), backends.NewSecret().Hash()
			n.ID, n.Actor = s.ID, backends.Actor{}
			p.hash[s.ID] = secret
			return func(x *side) string {
				is, _, _ := x.Find(ctx, now, s.ID, backends.SecretHash{})
				return show(x.Reauthenticate(ctx, now, n, secret, backends.ReauthenticateOptions{Former: is.AuthenticatedAt, UserVersion: x.version(s.UserID, which)}))
			}
		}},
		{"Revoke", 3, func() func(*side) string {
			return func(x *side) string { ok, err := x.Revoke(ctx, now, s.ID, reason); return show(err, ok) }
		}},
		{"List", 8, func() func(*side) string {
			limit := 1 + p.IntN(3)
			return func(x *side) string {
				var pages []string
				for after, n := "", 0; n == 0 || after != "" && n < 50; n++ {
					page, next, err := x.List(ctx, now, u, backends.Page{After: after, Limit: limit})
					pages, after = append(pages, show(err, page)), next
				}
				return strings.Join(pages, "\n")
			}
		}},
		{"RevokeUser", 1, func() func(*side) string {
			return func(x *side) string { n, err := x.RevokeUser(ctx, now, u, s.ID, reason); return show(err, n) }
		}},
		{"RevokeAll", 1 - p.sweeps, func() func(*side) string {
			if p.IntN(4) > 0 {
				return func(*side) string { return "" }
			}
			return func(x *side) string { return show(x.RevokeAll(ctx, now, reason)) }
		}},
		{"Rotate", 20, func() func(*side) string {
			n, g := p.Int64N(4), backends.Grace{Overlap: one(p, 0, 10*time.Second, time.Hour), Skew: one(p, 0, time.Second)}
			return func(x *side) string {
				is, _, _ := x.Find(ctx, now, s.ID, h)
				n := max(1, is.Refresh.Generation+1-n) // the next, the current, and those before
				f, u, r, err := x.Rotate(ctx, now, s.ID, h, n, g)
				u.Version = 0
				return show(err, f, u, r)
			}
		}},
		{"MarkSeen", 5, func() func(*side) string {
			n := 1 + p.Int64N(4)
			return func(x *side) string { return show(x.MarkSeen(ctx, now, s.ID, n)) }
		}},
		{"Bind", 5, func() func(*side) string {
			b := p.binding()
			return func(x *side) string { ok, err := x.Bind(ctx, now, s.ID, b); return show(err, ok) }
		}},
		{"Proved", 5, func() func(*side) string {
			print := one(p, "", p.binding().Thumbprint)
			return func(x *side) string { return show(x.Proved(ctx, now, s.ID, print)) }
		}},
		{"values", 10, func() func(*side) string {
			key, value, do := one(p, "k", "a\"é{}:", "", strings.Repeat("k", 64)), bytes.Repeat([]byte{0, 255}, p.IntN(2049)), p.IntN(3)
			return func(x *side) string {
				var v []byte
				var err error
				switch do {
				case 0:
					err = x.SetValue(ctx, now, s.ID, key, value)
				case 1:
					v, err = x.Value(ctx, now, s.ID, key)
				default:
					v, err = x.TakeValue(ctx, now, s.ID, key)
				}
				if errors.Is(err, backends.ErrNotLive) {
					err = backends.ErrNotLive // more need not be said
				}
				return show(err, v)
			}
		}},
		{"Claim", 3, func() func(*side) string {
			name, until := backends.HashName("n", fmt.Sprint(p.IntN(5))), now.Add(one(p, 0, time.Second, time.Hour, -time.Hour))
			if p.IntN(20) == 0 {
				until = time.Date(9999, 12, 31, 0, 0, 0, 0, time.UTC)
				name = backends.HashName("for ever", fmt.Sprint(p.IntN(5)))
			}
			return func(x *side) string { ok, err := x.Claim(ctx, now, name, until); return show(err, ok) }
		}},
		{"Attempt", 10, func() func(*side) string {
			b := p.budgets()
			return func(x *side) string { return show(x.Attempt(ctx, now, b...)) }
		}},
		{"Sweep", p.sweeps, func() func(*side) string {
			return func(x *side) string { n, err := x.Sweep(ctx, now); return show(err, n) }
		}},
		{"Succeed", 2, func() func(*side) string {
			b := p.budgets()
			return func(x *side) string { return show(x.Succeed(ctx, now, b...)) }
		}},
	}
	total := 0
	for _, x := range steps {
		total += x.often
	}
	n := p.IntN(total)
	for _, x := range steps {
		if n -= x.often; n < 0 {
			return x.what, x.do()
		}
	}
	panic("not reached")
}

// show writes an answer down; errors by what they are.
func show(err error, answer ...any) string {
	kind := ""
	var wait *backends.WaitError
	for _, is := range []error{
		backends.ErrNotFound, backends.ErrConflict, backends.ErrLimit, backends.ErrInvalidArgument, backends.ErrExpired, backends.ErrRevoked,
		backends.ErrUserDisabled, backends.ErrUserGone, backends.ErrNoValue, backends.ErrNotLive,
	} {
		if errors.Is(err, is) {
			kind += is.Error() + ";"
		}
	}
	switch {
	case errors.As(err, &wait):
		kind = fmt.Sprint("wait ", wait.Wait)
	case err != nil && kind == "":
		kind = err.Error()
	}
	return fmt.Sprintf("%s %+v", kind, answer)
}
