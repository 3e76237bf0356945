package cache_test

import (
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/record"
)

// key is the binding to the key of RFC 7638, section 3.1, at now.
func key(now time.Time) backends.Binding {
	return backends.Binding{
		Algorithm: "RS256", Thumbprint: "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs", Key: `{"e":"AQAB","kty":"RSA","n":"0vx7"}`,
		BoundAt: now.UTC().Truncate(time.Microsecond), ProvedAt: now.UTC().Truncate(time.Microsecond),
	}
}

func (f *fixture) boundTo(want backends.Binding) {
	f.Helper()
	if s, _, err := f.findWith(f.secret.Hash()); err != nil || s.Binding != want {
		f.Errorf("bound to %+v (%v), want %+v", s.Binding, err, want)
	}
}

func TestABindingMadeHereHoldsWhenTheCallReturns(t *testing.T) {
	f := newFixture(t) // nothing follows the feed
	f.live(1)
	f.remember()
	b := key(time.Now())
	if ok, err := f.Bind(t.Context(), time.Now(), f.session.ID, b); !ok || err != nil {
		t.Fatalf("Bind: %v, %v", ok, err)
	}
	if f.recalled() {
		t.Error("the credential from before is recalled")
	}
	f.boundTo(b)
	b.ProvedAt = b.ProvedAt.Add(time.Minute)
	if err := f.Proved(t.Context(), b.ProvedAt, f.session.ID, b.Thumbprint); err != nil {
		t.Fatal(err)
	}
	f.boundTo(b)
}

func TestABindingMadeElsewhereHoldsWhenTheFeedReportsIt(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		f := newFixture(t).follow()
		f.live(1)
		f.remember()
		b := key(time.Now())
		if ok, err := f.backend.Bind(t.Context(), time.Now(), f.session.ID, b); !ok || err != nil {
			t.Fatalf("Bind: %v, %v", ok, err)
		}
		synctest.Wait()
		if f.recalled() {
			t.Error("the credential from before is recalled")
		}
		f.boundTo(b)
	})
}

func TestWhatIsRecalledKnowsItsActorAndItsKey(t *testing.T) {
	f := newFixture(t)
	s := newSession("ann")
	s.Actor = backends.Actor{UserID: "bob", SessionID: backends.NewID("bob"), UserVersion: 7}
	s.Binding = key(time.Now())
	f.open(s)
	f.remember()
	_, e, ok := f.Recall(time.Now(), f.id(), credential)
	if !ok || e.Session.Actor() != s.Actor || e.Session.Binding() != s.Binding {
		t.Errorf("recalled %v, want the actor %+v and the key %+v", ok, s.Actor, s.Binding)
	}
}

// What a session takes beside its own fields counts, and nothing if there is none.
func TestAKeyWeighs(t *testing.T) {
	plain := record.NewSession(&backends.Session{}, backends.SecretHash{})
	bound := record.NewSession(&backends.Session{Binding: key(time.Now())}, backends.SecretHash{})
	if plain.Size() != 0 || bound.Size() != 144+5+43+35 {
		t.Errorf("%d and %d more bytes, want 0 and 227", plain.Size(), bound.Size())
	}
	var weights [2]uint64
	for i, b := range []backends.Binding{{}, key(time.Now())} {
		f := newFixture(t)
		s := newSession("ann")
		s.Binding = b
		f.open(s)
		f.live(1)
		weights[i] = f.Weight()
	}
	if more := weights[1] - weights[0]; more < 220 || more > 240 {
		t.Errorf("the key weighs %d, want about 227", more)
	}
}
