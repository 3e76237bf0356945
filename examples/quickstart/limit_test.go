package main

import (
	"sync"
	"testing"
)

const atOnce = 10

// crowdOf logs in so many times at once, half of them with a cookie and half with tokens.
func crowdOf(p *program, t *testing.T, n int) ([]*client, []*answer) {
	t.Helper()
	clients, answers := make([]*client, n), make([]*answer, n)
	var wait sync.WaitGroup
	for i := range clients {
		c, path := p.client(t), "/login"
		if i%2 == 1 {
			path = "/login/token"
		}
		clients[i] = c
		wait.Go(func() {
			// Five tries at one password are in progress at most. A success makes room for others.
			for answers[i] == nil || answers[i].status == 429 {
				answers[i] = c.post(path, annJSON)
			}
		})
	}
	wait.Wait()
	if t.Failed() {
		t.FailNow() // without an answer there is nothing to look at
	}
	for i, c := range clients {
		if i%2 == 1 && answers[i].status == 200 {
			c.keep(answers[i])
		}
	}
	return clients, answers
}

func TestTenLoginsAtOnceLeaveAsManySessionsAsTheLimitSays(t *testing.T) {
	onEachStore(t, func(t *testing.T, flags ...string) {
		t.Run("and the others are ended", func(t *testing.T) {
			p := start(t, append(flags, "-max-sessions", "3")...)
			clients, answers := crowdOf(p, t, atOnce)
			var live []*client
			for i, c := range clients {
				answers[i].want(200)
				a := c.get("/me")
				if a.status == 200 {
					live = append(live, c)
					continue
				}
				a.wantProblem(401, problems+"session-superseded")
			}
			if len(live) != 3 {
				t.Fatalf("%d sessions live, want 3", len(live))
			}
			wantEnded(live[0].delete("/sessions"), 3)
		})
		t.Run("and the others are refused", func(t *testing.T) {
			p := start(t, append(flags, "-max-sessions", "3", "-on-limit", "refuse")...)
			clients, answers := crowdOf(p, t, atOnce)
			var in []*client
			for i, c := range clients {
				if answers[i].status == 200 {
					in = append(in, c)
					continue
				}
				if answers[i].wantProblem(403, problems+"too-many-sessions").cookie() != nil {
					t.Error("a cookie is set after a login that was refused")
				}
			}
			if len(in) != 3 {
				t.Fatalf("%d logins succeeded, want 3", len(in))
			}
			for _, c := range in {
				c.get("/me").want(200)
			}
			in[0].post("/logout", "").want(204)
			p.client(t).login(annJSON) // there is room again
		})
	})
}

func TestAnAdministratorMayHaveAnyNumberOfSessions(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-max-sessions", "1", "-on-limit", "refuse")...)
		root, ann := p.client(t), p.client(t)
		root.login(rootJSON)
		p.client(t).login(rootJSON)
		root.get("/me").want(200)
		ann.login(annJSON)
		p.client(t).post("/login", annJSON).wantProblem(403, problems+"too-many-sessions")

		// The limit is a function of the user of this moment.
		root.put("/users/ann/roles", `{"roles":["user","admin"]}`).want(204)
		p.client(t).login(annJSON)
		root.put("/users/ann/roles", `{"roles":["user"]}`).want(204)
		p.client(t).post("/login", annJSON).wantProblem(403, problems+"too-many-sessions")
		ann.get("/me").want(200)
	})
}

func TestALoginWithTheSameBrowserIsNotOneMore(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-max-sessions", "1", "-on-limit", "refuse")...)
		ann := p.client(t)
		ann.login(annJSON)
		ann.login(annJSON)
		ann.post("/login/cookies", annJSON).want(200)
		ann.login(annJSON)
		p.client(t).form("/login", map[string][]string{"name": {"ann"}, "password": {"ann-likes-tea"}}).
			want(403).wantHeader("Content-Type", "text/html; charset=utf-8").wantBody("as many devices as allowed")
	})
}
