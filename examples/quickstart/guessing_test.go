package main

import "testing"

func TestGuessesHaveToWaitAndAUserWhoIsLoggedInDoesNot(t *testing.T) {
	// GS-1, GS-3.
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		ann, thief := p.client(t), p.client(t)
		ann.login(annJSON)
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
		}
		ann.post("/reauthenticate", `{"password":"ann-likes-tea"}`).want(200)
		ann.post("/password", `{"old":"ann-likes-tea","new":"Password"}`).want(422)
	})
}
