package dbsc_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"sync/atomic"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware/session"
)

// A counting store counts all that its sessions ask of it.
type counting struct {
	*memory.Store
	asked atomic.Int64
}

func (c *counting) Find(ctx context.Context, now time.Time, id string, h backends.SecretHash) (backends.Session, backends.User, error) {
	c.asked.Add(1)
	return c.Store.Find(ctx, now, id, h)
}

func (c *counting) Claim(ctx context.Context, now time.Time, name backends.NameHash, until time.Time) (bool, error) {
	c.asked.Add(1)
	return c.Store.Claim(ctx, now, name, until)
}

func (c *counting) Bind(ctx context.Context, now time.Time, id string, b backends.Binding) (bool, error) {
	c.asked.Add(1)
	return c.Store.Bind(ctx, now, id, b)
}

func (c *counting) Proved(ctx context.Context, now time.Time, id, thumbprint string) error {
	c.asked.Add(1)
	return c.Store.Proved(ctx, now, id, thumbprint)
}

// authenticates returns a function that authenticates a request with the cookies of d.
func (d *device) authenticates() func() {
	r := httptest.NewRequest("GET", "https://app.example/me", nil)
	for name, value := range d.jar {
		r.AddCookie(&http.Cookie{Name: name, Value: value})
	}
	return func() {
		if _, err := d.app.cookies.Authenticate(r); err != nil {
			d.t.Error(err)
		}
	}
}

func TestABoundSessionCostsARequestNoQueryMore(t *testing.T) {
	// DB-11
	for kind := range kinds {
		store := &counting{Store: storetest.Memory(t)}
		a := newApp(t, store, kind, offered)
		plain, d := newDevice(t, a), bound(t, a, "1")
		plain.want(200, "POST", "/login/2")
		count := func(do func()) int64 {
			store.asked.Store(0)
			do()
			return store.asked.Load()
		}
		if was, is := count(plain.authenticates()), count(d.authenticates()); is != was || is != 1 {
			t.Errorf("%s: %d queries for a bound session and %d for another, want one", kind, is, was)
		}
		if n := count(func() { d.challenge() }); n != 1 {
			t.Errorf("%s: %d queries for a challenge, want 1", kind, n)
		}
		if n := count(d.refresh); n != 4 { // one for the challenge
			t.Errorf("%s: %d queries for a refresh, want 4", kind, n)
		}
		const forged = "Tk9ETFFGR0YyUldIR09VR0VEWU9MUlZCVjQABmFdsNZed7mX0OXTaxEPcIzeOb56dsK3fHp5moO9fOaEEAjqCrEt"
		if n := count(func() { d.want(200, "POST", "/dbsc/refresh", header("Sec-Secure-Session-Id", forged)) }); n != 0 {
			t.Errorf("%s: %d queries for an identifier that was made up, want none", kind, n)
		}
		if n := count(func() {
			d.do("POST", "/dbsc/register", header("Secure-Session-Response", newDevice(t, a).registration(flipped(d.offer))))
		}); n != 0 {
			t.Errorf("%s: %d queries for an authorization that was made up, want none", kind, n)
		}
		cached := newApp(t, storetest.Cached(t, store), kind, offered)
		d.app = cached
		d.authenticates()()
		if n := count(d.authenticates()); n != 0 {
			t.Errorf("%s: %d queries for a cached bound session, want none", kind, n)
		}
	}
}

// flipped changes the authorization of an offer.
func flipped(offer string) string { return flip(offer[:len(offer)-1]) + `"` }

func TestABoundSessionCostsTwoAllocationsMore(t *testing.T) {
	// DB-11, and nothing where it is not bound.
	if raced {
		t.Skip("the race detector empties pools: run it without -race")
	}
	for kind := range kinds {
		for name, store := range map[string]backends.Store{"memory": storetest.Memory(t), "cached": storetest.Cached(t, storetest.Memory(t))} {
			off, on := newApp(t, store, kind, session.Bind{}), newApp(t, store, kind, offered)
			never, plain, d := newDevice(t, off), newDevice(t, on), bound(t, on, "1")
			never.want(200, "POST", "/login/2")
			plain.want(200, "POST", "/login/2")
			count := func(d *device) float64 {
				do := d.authenticates()
				do() // for the cache to remember
				return testing.AllocsPerRun(1000, do)
			}
			was, unbound, is := count(never), count(plain), count(d)
			t.Logf("%s, %s: %v allocations without Bind, %v not bound, %v bound", kind, name, was, unbound, is)
			if unbound != was || is > was+2 {
				t.Errorf("%s, %s: %v allocations without Bind, %v not bound and %v bound; want as many, and two more at most", kind, name, was, unbound, is)
			}
		}
	}
}

func BenchmarkRequest(b *testing.B) {
	for _, row := range []string{"not bound", "bound"} {
		b.Run(row, func(b *testing.B) {
			t := &testing.T{}
			a := newApp(b, storetest.Cached(b, storetest.Memory(b)), "session cookie", offered)
			d := newDevice(t, a)
			d.want(200, "POST", "/login/1")
			if row == "bound" {
				d.register()
			}
			do := d.authenticates()
			b.ReportAllocs()
			for b.Loop() {
				do()
			}
		})
	}
}
