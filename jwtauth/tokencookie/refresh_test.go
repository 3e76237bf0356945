package tokencookie_test

import (
	"math/rand/v2"
	"net/http/httptest"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/middleware"
)

func TestFiveTabsThatRefreshInParallelGetTheSameTokens(t *testing.T) {
	// LO-14, RT-3, RT-4: in whatever order the answers arrive, and if some are lost.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		b := newBrowser(t, s, tokentest.Eager, j.Use)
		const rounds, tabs = 5, 5
		for seed := range uint64(4) {
			random := rand.New(rand.NewPCG(seed, 2))
			b.Login("1")
			for range rounds {
				former := b.Refresh()
				answers := make([]*httptest.ResponseRecorder, tabs)
				tokentest.AtOnce(tabs, func(i int) { answers[i] = b.Send("POST", "/refresh") })
				random.Shuffle(tabs, func(i, k int) { answers[i], answers[k] = answers[k], answers[i] })
				var successor string
				for _, w := range answers[random.IntN(tabs):] { // some are lost
					tokentest.WantOK(t, w)
					b.Keep(w)
					if successor != "" && b.Refresh() != successor || b.Refresh() == former {
						t.Fatal("two successors, or none")
					}
					successor = b.Refresh()
				}
				b.Status("GET", "/me", 200)
			}
		}
		if n := j.Count(middleware.EventTheft); n != 0 {
			t.Errorf("%d thefts, want none", n)
		}
		if n := j.Count(middleware.EventRefreshed); n != 4*rounds {
			t.Errorf("%d rotations, want %d", n, 4*rounds)
		}
	})
}

func TestTabsThatRefreshOneRightAfterAnotherLeaveEachOthersTokens(t *testing.T) {
	// RT-6: a token that is newer than the overlap is answered again.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		b := newBrowser(t, s, j.Use)
		b.Login("1")
		first := b.Refresh()
		late := b.Copy()
		for range 3 {
			tab := b.Copy()
			tab.Status("POST", "/refresh", 200)
			if tab.Refresh() != first {
				t.Error("a token that was new was replaced")
			}
			tab.Status("GET", "/me", 200)
		}
		late.Status("POST", "/refresh", 200)
		late.Status("GET", "/me", 200)
		if n := j.Count(middleware.EventRefreshed) + j.Count(middleware.EventTheft); n != 0 {
			t.Errorf("%d rotations and thefts, want none", n)
		}
	})
}

func TestALostAnswerToARefreshIsRecovered(t *testing.T) {
	// RT-5, RT-8: an hour later, because the successor was not seen.
	synctest.Test(t, func(t *testing.T) {
		var j tokentest.Journal
		b := newBrowser(t, storetest.Memory(t), j.Use, func(c *tokentest.Config) { c.AccessTTL = time.Hour; c.Policy = tokentest.Busy })
		b.Login("1")
		time.Sleep(tokentest.Grace)
		tokentest.WantOK(t, b.Send("POST", "/refresh"))
		for range 6 {
			time.Sleep(10*time.Minute - time.Second)
			b.Status("GET", "/me", 200)
			tokentest.WantOK(t, b.Send("POST", "/refresh"))
			b.Expire()
			b.Status("GET", "/me", 200)
		}
		b.Status("POST", "/refresh", 200)
		b.Status("GET", "/me", 200)
		j.Want(t, 1, 7, 0)
	})
}

func TestARefusedRefreshChangesNoCookie(t *testing.T) {
	// LO-14, RT-14: the request may be older than the cookies that the browser has by now.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, s, tokentest.Eager)
		b.Login("1")
		old := rotate(t, b)
		rotate(t, b)
		good := b.Refresh()
		for _, token := range []string{"x", good + "x", good[:100], old, good} { // old is theft, and then the session is over
			b.Jar = map[string]string{"__Host-refresh": token}
			tokentest.WantLines(t, b.Status("POST", "/refresh", 401))
			for _, path := range []string{"/me", "/poll"} {
				if w := b.Do("GET", path); token != good[:100] && w.Code != 401 || tokentest.Lines(w) != nil {
					t.Errorf("%s: status %d, Set-Cookie %q", path, w.Code, tokentest.Lines(w))
				}
			}
		}
		b.Jar = map[string]string{}
		tokentest.WantLines(t, b.Status("POST", "/refresh", 401))
		tokentest.WantLines(t, b.Status("GET", "/optional", 200))
	})
}

func TestAThiefEndsTheSessionAndBothLearnIt(t *testing.T) {
	// DV-8, RT-2: by the problem type, and one event says so.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		var j tokentest.Journal
		b := newBrowser(t, s, tokentest.Eager, j.Use)
		b.Login("1")
		id := tokentest.SID(t, b.Access())
		old := rotate(t, b)
		rotate(t, b)
		thief := tokentest.NewBrowser(t, b.App)
		thief.Jar["__Host-refresh"] = old
		j.Take()
		tokentest.WantProblem(t, thief.Do("GET", "/me"), 401, "invalid-credentials") // no refresh, no theft
		b.Status("GET", "/me", 200)
		j.WantEvents(t)
		tokentest.WantProblem(t, thief.Do("POST", "/refresh"), 401, "session-stolen")
		j.WantEvents(t, event("theft", id, "theft"))
		tokentest.WantProblem(t, thief.Do("GET", "/me"), 401, "session-stolen")
		tokentest.WantProblem(t, b.Do("GET", "/me"), 401, "session-stolen")
		b.Expire()
		tokentest.WantProblem(t, b.Do("GET", "/me"), 401, "session-stolen")
		tokentest.WantProblem(t, b.Do("POST", "/refresh"), 401, "session-stolen")
		j.WantEvents(t)
	})
}

func TestTheFormerRefreshCookieOpensPagesDuringTheOverlapOnly(t *testing.T) {
	// RT-7: once its successor has been seen.
	synctest.Test(t, func(t *testing.T) {
		b := newBrowser(t, storetest.Memory(t))
		b.Login("1")
		b.Expire()
		former := b.Copy()
		time.Sleep(tokentest.Grace)
		b.Status("POST", "/refresh", 200)
		b.Expire()
		b.Status("GET", "/poll", 200)
		time.Sleep(tokentest.Grace - time.Microsecond)
		former.Status("GET", "/poll", 200)
		time.Sleep(time.Microsecond)
		tokentest.WantProblem(t, former.Do("GET", "/poll"), 401, "invalid-credentials")
		b.Status("GET", "/poll", 200)
	})
}
