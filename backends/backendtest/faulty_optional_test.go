package backendtest_test

import (
	"context"
	"sync"
	"sync/atomic"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
)

type eagerRotate struct{ *memory.Store }

func (f eagerRotate) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	if found, _, err := f.Find(ctx, now, id, h); err == nil && n == found.Refresh.Generation {
		g.Skew = 0
	}
	return f.Store.Rotate(ctx, now, id, h, n, g)
}

type racyRotate struct {
	*memory.Store
	gap *pair
}

func (f racyRotate) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	found, _, err := f.Find(ctx, now, id, h)
	if err != nil || found.Rotation(now, n, g) != backends.Rotated {
		return f.Store.Rotate(ctx, now, id, h, n, g)
	}
	f.gap.meet()
	s, u, _, err := f.Store.Rotate(ctx, now, id, h, n, g)
	return s, u, backends.Rotated, err
}

type rotatesAny struct {
	*memory.Store
	hashes sync.Map
}

func (f *rotatesAny) Create(ctx context.Context, now time.Time, s backends.Session, h backends.SecretHash, o backends.CreateOptions) ([]string, error) {
	f.hashes.Store(s.ID, h)
	return f.Store.Create(ctx, now, s, h, o)
}

func (f *rotatesAny) Rotate(ctx context.Context, now time.Time, id string, h backends.SecretHash, n int64, g backends.Grace) (backends.Session, backends.User, backends.Rotation, error) {
	if is, ok := f.hashes.Load(id); ok {
		h = is.(backends.SecretHash)
	}
	return f.Store.Rotate(ctx, now, id, h, n, g)
}

type blindRotate struct{ *memory.Store }

func (blindRotate) MarkSeen(context.Context, time.Time, string, int64) error { return nil }

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

type takesTwice struct {
	*memory.Store
	gap *pair
}

func (f takesTwice) TakeValue(ctx context.Context, now time.Time, id, key string) ([]byte, error) {
	v, err := f.Value(ctx, now, id, key)
	f.gap.meet()
	_, _ = f.Store.TakeValue(ctx, now, id, key)
	return v, err
}

type mute struct{ *memory.Store }

func (f mute) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	return f.Store.Watch(ctx, every, &deaf{l})
}

// deaf passes on everything but changes.
type deaf struct{ backends.Listener }

func (*deaf) Changed(backends.Change) {}

type gossip struct {
	*memory.Store
	l backends.Listener
}

func (f *gossip) Watch(ctx context.Context, every time.Duration, l backends.Listener) error {
	f.l = l
	return f.Store.Watch(ctx, every, l)
}

func (f *gossip) Extend(ctx context.Context, now time.Time, id string) (time.Time, bool, error) {
	f.l.Changed(backends.Change{UserID: "ann"})
	return f.Store.Extend(ctx, now, id)
}

type noCalls struct{ *memory.Store }

func (noCalls) Subscribe(string, func()) (stop func()) { return func() {} }

type oneSubscriber struct {
	*memory.Store
	subscribed atomic.Bool
}

func (f *oneSubscriber) Subscribe(userID string, call func()) (stop func()) {
	if f.subscribed.Swap(true) {
		return func() {}
	}
	return f.Store.Subscribe(userID, call)
}

type endlessCalls struct{ *memory.Store }

func (f endlessCalls) Subscribe(userID string, call func()) (stop func()) {
	f.Store.Subscribe(userID, call)
	return func() {}
}

type findsEnabled struct{ *memory.Store }

func (f findsEnabled) FindUser(ctx context.Context, userID string) (backends.User, error) {
	u, err := f.Store.FindUser(ctx, userID)
	if u.Disabled {
		return backends.User{}, backends.ErrNotFound
	}
	return u, err
}
