package main

import "testing"

func TestGuessesHaveToWaitAndAUserInABrowserThatIsKnownDoesNot(t *testing.T) {
	// GS-1, GS-3.
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		ann, laptop, thief := p.client(t), p.client(t), p.client(t)
		ann.login(annJSON)
		laptop.login(annJSON)
		laptop.post("/logout", "").want(204)
		for _, name := range []string{"ann", "no-such-user"} {
			guess := `{"name":"` + name + `","password":"wrong"}`
			a := thief.post("/login", guess)
			for range 20 { // a busy machine may be slower than the first waits
				if a.status == 429 {
					break
				}
				a.want(401)
				a = thief.post("/login", guess)
			}
			a.wantProblem(429, problems+"too-many-attempts").wantHeader("WWW-Authenticate", "")
			if a.header.Get("Retry-After") == "" {
				t.Error("429 without Retry-After")
			}
			laptop.login(annJSON) // the browser is known
		}
		ann.post("/reauthenticate", `{"password":"ann-likes-tea"}`).want(200)
		ann.post("/password", `{"old":"ann-likes-tea","new":"Password"}`).want(422)
	})
}
