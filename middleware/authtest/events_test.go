package authtest_test

import (
	"context"
	"strconv"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/authtest"
)

func event(typ middleware.EventType, subject string) middleware.Event {
	return middleware.Event{Type: typ, Subject: subject}
}

func TestNoEventIsLost(t *testing.T) {
	// OB-1.
	var events authtest.Events
	var all sync.WaitGroup
	for i := range 100 {
		all.Go(func() {
			for j := range 100 {
				events.Hook(context.Background(), event(middleware.EventLogin, strconv.Itoa(i*100+j)))
			}
		})
	}
	seen := make(map[string]bool)
	for range 100 * 100 { // meanwhile
		seen[events.Wait(t, middleware.EventLogin).Subject] = true
	}
	all.Wait()
	if len(seen) != 100*100 || len(events.All()) != 100*100 {
		t.Errorf("%d waited for and %d kept, want 10000", len(seen), len(events.All()))
	}
}

func TestEventsAreFoundByType(t *testing.T) {
	var events authtest.Events
	for _, e := range []middleware.Event{event(middleware.EventLogin, "a"), event(middleware.EventDenied, "b"), event(middleware.EventLogin, "c"), event(middleware.EventLogout, "d")} {
		events.Hook(t.Context(), e)
	}
	subjects := func(types ...middleware.EventType) (s string) {
		for _, e := range events.All(types...) {
			s += e.Subject
		}
		return s
	}
	for _, row := range []struct{ got, want string }{
		{subjects(), "abcd"},
		{subjects(middleware.EventLogin), "ac"},
		{subjects(middleware.EventLogout, middleware.EventDenied), "bd"},
		{subjects(middleware.EventTheft), ""},
		{events.Wait(t, middleware.EventLogin).Subject, "a"},
		{events.Wait(t, middleware.EventDenied).Subject, "b"},
		{events.Wait(t, middleware.EventLogin).Subject, "c"},
		{subjects(), "abcd"}, // waiting for them takes none away
	} {
		if row.got != row.want {
			t.Errorf("%q, want %q", row.got, row.want)
		}
	}
}

func TestAnEventIsWaitedFor(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events authtest.Events
		go func() {
			time.Sleep(9 * time.Second)
			events.Hook(t.Context(), event(middleware.EventLogin, "other"))
			events.Hook(t.Context(), event(middleware.EventTheft, "awaited"))
		}()
		if got := events.Wait(t, middleware.EventTheft).Subject; got != "awaited" {
			t.Errorf("event of %q", got)
		}
	})
}

func TestAllWhoWaitAreTold(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events authtest.Events
		var all sync.WaitGroup
		for _, typ := range []middleware.EventType{middleware.EventLogin, middleware.EventLogout, middleware.EventTheft} {
			all.Go(func() {
				wantFailures(t, failures(t, func(t testing.TB) { events.Wait(t, typ) }))
			})
		}
		synctest.Wait()
		for _, typ := range []middleware.EventType{middleware.EventTheft, middleware.EventLogout, middleware.EventLogin} {
			events.Hook(t.Context(), event(typ, "a"))
		}
		all.Wait()
	})
}

func TestAnEventThatDoesNotComeFailsTheTest(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var events authtest.Events
		events.Hook(t.Context(), event(middleware.EventLogin, "a"))
		wantFailures(t, failures(t, func(t testing.TB) { events.Wait(t, middleware.EventTheft) }), `no event "theft" in 10s, only [login]`)
	})
}
