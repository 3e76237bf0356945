package sliding_test

import (
	"fmt"
	"log"
	"net/http"
	"time"

	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

// idleFor returns an authenticator whose session was last seen so long ago.
func idleFor(d time.Duration, p sliding.Policy) *renewing {
	return &renewing{session: begin(p, time.Now().Add(-d))}
}

func ExampleHandler() {
	sessions := idleFor(5*time.Minute, sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour})
	guard, err := middleware.New(middleware.Config{Authenticator: sessions})
	if err != nil {
		log.Fatal(err)
	}
	private := middleware.Chain(guard.Handler, sliding.Handler)
	h := private(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id, _ := middleware.FromContext(r.Context())
		fmt.Println(time.Until(id.ExpiresAt).Round(time.Minute)) // from now on, and not from then
	}))
	get(h)
	get(h)
	fmt.Println(len(sessions.until), "renewal") // once in an interval
	// Output:
	// 30m0s
	// 30m0s
	// 1 renewal
}

// Outside the guard it sees no identity yet, and nothing slides: users are logged out while they
// work, once Idle has passed since the login.
func ExampleHandler_incorrect() {
	sessions := idleFor(5*time.Minute, sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour})
	guard, err := middleware.New(middleware.Config{Authenticator: sessions})
	if err != nil {
		log.Fatal(err)
	}
	wrong := middleware.Chain(sliding.Handler, guard.Handler)
	right := middleware.Chain(guard.Handler, sliding.Handler)
	get(wrong(expiry))
	fmt.Println(len(sessions.until), "renewals")
	get(right(expiry))
	fmt.Println(len(sessions.until), "renewal")
	// Output:
	// 0 renewals
	// 1 renewal
}

func ExamplePassive() {
	sessions := idleFor(5*time.Minute, sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour})
	guard, err := middleware.New(middleware.Config{Authenticator: sessions})
	if err != nil {
		log.Fatal(err)
	}
	private := middleware.Chain(guard.Handler, sliding.Handler)
	get(sliding.Passive(private(expiry))) // a page that polls
	fmt.Println(len(sessions.until), "renewals")
	// Output: 0 renewals
}

// Inside the Handler the mark comes too late. A tab that was left open, and polls, then keeps
// its session alive until the absolute deadline.
func ExamplePassive_incorrect() {
	sessions := idleFor(5*time.Minute, sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour})
	guard, err := middleware.New(middleware.Config{Authenticator: sessions})
	if err != nil {
		log.Fatal(err)
	}
	private := middleware.Chain(guard.Handler, sliding.Handler)
	get(private(sliding.Passive(expiry))) // right: sliding.Passive(private(expiry))
	fmt.Println(len(sessions.until), "renewal")
	// Output: 1 renewal
}

func ExampleDue() {
	login := time.Date(2026, time.March, 2, 9, 0, 0, 0, time.UTC)
	life := middleware.Lifetime{ // as in middleware.Identity.Session
		Idle:             30 * time.Minute,
		Interval:         3 * time.Minute,
		LastSeen:         login,
		IdleDeadline:     login.Add(30 * time.Minute),
		AbsoluteDeadline: login.Add(12 * time.Hour),
	}
	fmt.Println(sliding.Due(life, login.Add(2*time.Minute)))  // recorded a moment ago
	fmt.Println(sliding.Due(life, login.Add(20*time.Minute))) // the interval has passed
	fmt.Println(sliding.Due(life, login.Add(30*time.Minute))) // the session has expired
	// Output:
	// false
	// true
	// false
}

func ExamplePolicy() {
	office := sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
	fmt.Println(office)
	// For one login: middleware.Login{Subject: "ann", Policy: remember}
	remember := sliding.Policy{Idle: 14 * 24 * time.Hour, Absolute: 30 * 24 * time.Hour}
	fmt.Println(remember.Validate())
	// Output:
	// idle 30m0s, absolute 12h0m0s, counted every 3m0s; within AAL1; within AAL2; beyond AAL3 (idle 15m0s, absolute 12h0m0s)
	// <nil>
}

// Without an absolute timeout a session in use would never end. There is no way to configure that.
func ExamplePolicy_incorrect() {
	fmt.Println(sliding.Policy{Idle: 30 * time.Minute}.Validate())
	fmt.Println(sliding.Policy{Idle: 30 * time.Minute, Absolute: 10 * time.Minute}.Validate())
	// Output:
	// sliding: Policy.Absolute is 0s, want more than 0: there is no forever
	// sliding: Policy.Absolute is 10m0s, want at least Policy.Idle, which is 30m0s
}

func ExampleAAL1() {
	fmt.Println(sliding.AAL1().Idle, sliding.AAL1().Absolute)
	// Output: 720h0m0s 720h0m0s
}

func ExampleAAL2() {
	fmt.Println(sliding.AAL2().Idle, sliding.AAL2().Absolute)
	// Output: 1h0m0s 24h0m0s
}

func ExampleAAL3() {
	fmt.Println(sliding.AAL3().Idle, sliding.AAL3().Absolute)
	// Output: 15m0s 12h0m0s
}
