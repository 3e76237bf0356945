package backendtest_test

import (
	"context"
	"errors"
	"os"
	"os/exec"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/backendtest"
	"github.com/inga-auth/inga/backends/memory"
)

// A fault is a store with one mistake in it, and a promise that the mistake breaks.
type fault struct {
	store  backends.Store
	breaks string
}

func faults() map[string]fault {
	m := memory.New()
	return map[string]fault{
		"extends every time":         {eagerExtend{m}, "Store/a thousand requests in an interval are one write"},
		"extends what it saw due":    {racyExtend{m}, "Store/of simultaneous extensions exactly one counts"},
		"extends what has ended":     {&zombies{Store: m}, "Store/a session that was ended is not extended by a request that found it live"},
		"forgets to revoke":          {lazyRevoke{m}, "Store/a session that was revoked is over, and tells when and why"},
		"always says it revoked":     {proudRevoke{m}, "Store/of simultaneous logouts exactly one ends the session"},
		"lives with a disabled user": {blindToDisabled{m}, "Store/disabling a user takes effect on the next request"},
		"lives one tick longer":      {lateDeadline{m}, "Store/the idle deadline is the first instant at which a session is over"},
		"reads a clock":              {ownClock{m}, "Store/a session that was created is found, with its user"},
		"adopts a secret":            {adopts{m}, "Store/a secret or an ID that was never issued opens nothing and is not adopted"},
		"overwrites":                 {overwrites{m}, "Store/an ID that is taken is a conflict, and nothing is overwritten"},
		"ignores the version":        {anyVersion{m}, "Store/a login that was checked at another version of the user is a conflict"},
		"counts before it locks":     {countsFirst{m}, "Store/fifty simultaneous logins leave as many sessions as the limit says"},
		"ends the wrong device":      {forgetsDevice{m}, "Store/logging in again from the same device takes the place of its own session"},
		"remembers for the dead":     {&ghosts{Store: m}, "Values/the values of a session that is over cannot be read or set"},
		"takes twice":                {takesTwice{m}, "Values/of simultaneous calls one takes the value"},
		"tells nobody":               {mute{m}, "Feed/whatever ends a session, or changes its user, is told"},
		"tells of activity":          {&gossip{Store: m}, "Feed/mere activity is not told"},
		"keeps the old secret":       {&oldSecrets{Store: m}, "Store/the former secret opens nothing, however often it was replaced"},
		"shares a slice":             {&shares{Store: m}, "Store/what a finder returned is the caller's own"},
		"answers in local time":      {localTime{m}, "Store/times come back in UTC, exact to the microsecond"},
		"calls an outage not found":  {outage{m}, "Store/a finder with a context that has ended says nothing about the session"},
		"lists the dead":             {listsDead{m}, "Directory/only live sessions are listed"},
		"ends the current one too":   {noException{m}, "Directory/a user's other sessions are ended, and counted"},
		"sweeps too early":           {earlySweep{m}, "Sweeper/a row that expired is kept for the retention, and then removed"},
		"never sweeps":               {noSweep{m}, "Sweeper/several sweepers at once remove each row once"},
		"changes a password only":    {passwordOnly{m}, "Users/a login that races a new password does not survive it"},
		"sets any password":          {anyPassword{m}, "Users/a new password for another version of the user is a conflict and changes nothing"},
		"folds names":                {foldsNames{m}, "Users/names are compared exactly"},
	}
}

// faultEnv names the fault that TestFaultyStore is to run with.
const faultEnv = "BACKENDTEST_FAULT"

func TestTheSuiteCatchesFaults(t *testing.T) {
	for name, f := range faults() {
		t.Run(name, func(t *testing.T) {
			run := "^TestFaultyStore$/^" + strings.ReplaceAll(f.breaks, "/", "$/^") + "$"
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run="+run)
			cmd.Env = append(os.Environ(), faultEnv+"="+name)
			out, err := cmd.CombinedOutput()
			want := "--- FAIL: TestFaultyStore/" + strings.ReplaceAll(f.breaks, " ", "_")
			if err == nil || !strings.Contains(string(out), want) {
				t.Errorf("error %v, output:\n%s\nwant a line %q", err, out, want)
			}
		})
	}
}

func TestFaultyStore(t *testing.T) {
	name := os.Getenv(faultEnv)
	if name == "" {
		t.Skip("run by TestTheSuiteCatchesFaults")
	}
	backendtest.Run(t, func(*testing.T) backendtest.Harness {
		return backendtest.Harness{Store: faults()[name].store}
	})
}

func TestAStoreWithoutUsersOfItsOwnRuns(t *testing.T) {
	backendtest.Run(t, func(*testing.T) backendtest.Harness {
		m := memory.New()
		return backendtest.Harness{
			Store: struct{ backends.Store }{m},
			PutUser: func(t testing.TB, u backends.User) {
				err := m.CreateUser(context.Background(), u, "")
				if errors.Is(err, backends.ErrConflict) {
					err = errors.Join(m.SetRoles(context.Background(), u.ID, u.Roles), m.SetDisabled(context.Background(), time.Time{}, u.ID, u.Disabled))
				}
				if err != nil {
					t.Fatal(err)
				}
			},
			DropUser: func(t testing.TB, id string) {
				if err := m.DeleteUser(context.Background(), time.Time{}, id); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

type eagerExtend struct{ *memory.Store }

func (f eagerExtend) Extend(ctx context.Context, now time.Time, id string, until time.Time) (bool, error) {
	_, _ = f.Store.Extend(ctx, now, id, until)
	_, _, err := f.FindByID(ctx, now, id)
	return err == nil, nil
}

type racyExtend struct{ *memory.Store }

func (f racyExtend) Extend(ctx context.Context, now time.Time, id string, until time.Time) (bool, error) {
	s, _, err := f.FindByID(ctx, now, id)
	due := err == nil && now.Sub(s.LastSeenAt) >= s.RenewalInterval
	time.Sleep(time.Millisecond) // the round trip of a database
	_, _ = f.Store.Extend(ctx, now, id, until)
	return due, nil
}

type zombies struct {
	*memory.Store
	risen sync.Map
}

func (f *zombies) Extend(ctx context.Context, now time.Time, id string, until time.Time) (bool, error) {
	f.risen.Store(id, true)
	return f.Store.Extend(ctx, now, id, until)
}

func (f *zombies) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.FindBySecret(ctx, now, h)
	if _, risen := f.risen.Load(s.ID); risen && errors.Is(err, backends.ErrRevoked) {
		return s, u, nil
	}
	return s, u, err
}

type lazyRevoke struct{ *memory.Store }

func (lazyRevoke) Revoke(context.Context, time.Time, string, backends.Reason) (bool, error) {
	return true, nil
}

type proudRevoke struct{ *memory.Store }

func (f proudRevoke) Revoke(ctx context.Context, now time.Time, id string, why backends.Reason) (bool, error) {
	_, err := f.Store.Revoke(ctx, now, id, why)
	return true, err
}

type blindToDisabled struct{ *memory.Store }

func (f blindToDisabled) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.FindBySecret(ctx, now, h)
	if s.Ended.Reason == backends.ReasonUser {
		return s, u, nil
	}
	return s, u, err
}

type lateDeadline struct{ *memory.Store }

func (f lateDeadline) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	return f.Store.FindBySecret(ctx, now.Add(-time.Microsecond), h)
}

type ownClock struct{ *memory.Store }

func (f ownClock) FindByID(ctx context.Context, _ time.Time, id string) (backends.Session, backends.User, error) {
	return f.Store.FindByID(ctx, time.Now().AddDate(100, 0, 0), id)
}

type adopts struct{ *memory.Store }

func (f adopts) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.FindBySecret(ctx, now, h)
	if errors.Is(err, backends.ErrNotFound) {
		fresh := backends.Session{ID: backends.NewID(), UserID: "ann", IdleDeadline: now.Add(1), AbsoluteDeadline: now.Add(1)}
		_, _ = f.Create(ctx, now, fresh, h, backends.Admission{})
	}
	return s, u, err
}

type overwrites struct{ *memory.Store }

func (f overwrites) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, a backends.Admission) ([]string, error) {
	superseded, err := f.Store.Create(ctx, now, s, h, a)
	if errors.Is(err, backends.ErrConflict) {
		return nil, nil
	}
	return superseded, err
}

type anyVersion struct{ *memory.Store }

func (f anyVersion) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, a backends.Admission) ([]string, error) {
	a.UserVersion = 0
	return f.Store.Create(ctx, now, s, h, a)
}

type oldSecrets struct {
	*memory.Store
	old sync.Map
}

func (f *oldSecrets) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, a backends.Admission) ([]string, error) {
	f.old.Store(h, s.ID)
	return f.Store.Create(ctx, now, s, h, a)
}

func (f *oldSecrets) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	if id, ok := f.old.Load(h); ok {
		return f.FindByID(ctx, now, id.(string))
	}
	return f.Store.FindBySecret(ctx, now, h)
}

type shares struct {
	*memory.Store
	roles sync.Map
}

func (f *shares) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.FindBySecret(ctx, now, h)
	roles, _ := f.roles.LoadOrStore(u.ID, u.Roles)
	u.Roles = roles.([]string)
	return s, u, err
}

type localTime struct{ *memory.Store }

func (f localTime) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.FindBySecret(ctx, now, h)
	s.IdleDeadline = s.IdleDeadline.In(time.FixedZone("KST", 9*60*60))
	return s, u, err
}

type outage struct{ *memory.Store }

func (f outage) FindBySecret(ctx context.Context, now time.Time, h backends.SecretHash) (backends.Session, backends.User, error) {
	s, u, err := f.Store.FindBySecret(ctx, now, h)
	if err != nil {
		err = backends.ErrNotFound
	}
	return s, u, err
}

type listsDead struct{ *memory.Store }

func (f listsDead) List(ctx context.Context, now time.Time, userID string) ([]backends.Session, error) {
	return f.Store.List(ctx, now.Add(-time.Hour), userID)
}

type noException struct{ *memory.Store }

func (f noException) RevokeUser(ctx context.Context, now time.Time, userID, _ string, why backends.Reason) (int, error) {
	return f.Store.RevokeUser(ctx, now, userID, "", why)
}

type earlySweep struct{ *memory.Store }

func (f earlySweep) Sweep(ctx context.Context, now time.Time) (int, error) {
	return f.Store.Sweep(ctx, now.Add(time.Microsecond))
}

type noSweep struct{ *memory.Store }

func (noSweep) Sweep(context.Context, time.Time) (int, error) { return 0, nil }

type passwordOnly struct{ *memory.Store }

func (f passwordOnly) SetPassword(ctx context.Context, _ time.Time, userID string, _ int64, hash, _ string) (int, error) {
	_, old, err := f.UserByName(ctx, userID)
	return 0, errors.Join(err, f.Rehash(ctx, userID, old, hash))
}

type anyPassword struct{ *memory.Store }

func (f anyPassword) SetPassword(ctx context.Context, now time.Time, userID string, _ int64, hash, except string) (int, error) {
	return f.Store.SetPassword(ctx, now, userID, 0, hash, except)
}

type foldsNames struct{ *memory.Store }

func (f foldsNames) UserByName(ctx context.Context, name string) (backends.User, string, error) {
	u, hash, err := f.Store.UserByName(ctx, name)
	if err != nil {
		return f.Store.UserByName(ctx, strings.ToLower(name))
	}
	return u, hash, err
}

type countsFirst struct{ *memory.Store }

func (f countsFirst) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, a backends.Admission) ([]string, error) {
	if a.Limit == nil {
		return f.Store.Create(ctx, now, s, h, a)
	}
	live, err := f.List(ctx, now, s.UserID)
	if err != nil {
		return nil, err
	}
	evicted, err := a.Limit(backends.User{ID: s.UserID}).Evict(live, s.Kind)
	if err != nil {
		return nil, err
	}
	time.Sleep(time.Millisecond) // the round trip of a database
	for _, id := range evicted {
		_, _ = f.Revoke(ctx, now, id, backends.ReasonSuperseded)
	}
	a.Limit = nil
	_, err = f.Store.Create(ctx, now, s, h, a)
	return evicted, err
}

type forgetsDevice struct{ *memory.Store }

func (f forgetsDevice) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, a backends.Admission) ([]string, error) {
	a.Replaces = ""
	return f.Store.Create(ctx, now, s, h, a)
}

type ghosts struct {
	*memory.Store
	kept sync.Map
}

func (f *ghosts) SetValue(_ context.Context, _ time.Time, id, key string, value []byte) error {
	f.kept.Store(id+" "+key, append([]byte{}, value...))
	return nil
}

func (f *ghosts) Value(_ context.Context, _ time.Time, id, key string) ([]byte, error) {
	if v, ok := f.kept.Load(id + " " + key); ok {
		return v.([]byte), nil
	}
	return nil, backends.ErrNoValue
}

type takesTwice struct{ *memory.Store }

func (f takesTwice) TakeValue(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	v, err := f.Value(ctx, now, id, key)
	time.Sleep(time.Millisecond) // the round trip of a database
	_, _ = f.Store.TakeValue(ctx, now, id, key)
	return v, err
}

// deaf passes on everything but changes.
type deaf struct{ backends.Listener }

func (deaf) Changed(backends.Change) {}

type mute struct{ *memory.Store }

func (f mute) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	return f.Store.Watch(ctx, every, &deaf{l})
}

type gossip struct {
	*memory.Store
	l backends.Listener
}

func (f *gossip) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	f.l = l
	return f.Store.Watch(ctx, every, l)
}

func (f *gossip) Extend(ctx context.Context, now time.Time, id string, until time.Time) (bool, error) {
	f.l.Changed(backends.Change{UserID: "ann"})
	return f.Store.Extend(ctx, now, id, until)
}
