package main

import (
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/pgtest"
)

func TestADatabaseThatIsDownLogsNobodyOutAndLetsNobodyIn(t *testing.T) {
	t.Parallel()
	database := pgtest.Start(t)
	p := start(t, "-database-url", database.URL())
	ann, root, cookies := p.client(t), p.client(t), p.client(t)
	ann.login(annJSON)
	root.loginToken(rootJSON)
	refresh := cookies.post("/login/cookies", rootJSON).want(200).cookieNamed("__Host-refresh")

	database.Stop()
	for _, c := range []*client{ann, root, cookies} {
		for _, path := range []string{"/me", "/admin", "/events", "/"} {
			a := c.get(path).wantProblem(503, problems+"unavailable").wantHeader("Retry-After", "1").wantHeader("Set-Cookie", "")
			a.wantMember("retryable", true)
		}
		c.post("/note", `{"text":"hi"}`).wantProblem(503, problems+"unavailable")
		c.post("/login", annJSON).wantProblem(503, problems+"unavailable").wantHeader("Set-Cookie", "")
		c.post("/logout", "").wantProblem(503, problems+"unavailable").wantHeader("Set-Cookie", "")
	}
	for _, a := range []*answer{
		cookies.post("/refresh", ""),
		p.client(t).get("/me", "Cookie: __Host-refresh="+refresh.Value),
	} {
		a.wantProblem(503, problems+"unavailable").wantHeader("Set-Cookie", "")
	}
	token := root.exchange(root.refresh).want(503).wantHeader("Retry-After", "1").wantHeader("Cache-Control", "no-store")
	token.wantMember("error", "temporarily_unavailable")
	p.client(t).get("/").want(200)
	p.client(t).get("/healthz").want(200)

	database.Restart(t)
	for deadline := time.Now().Add(20 * time.Second); ann.get("/me").status != 200; time.Sleep(50 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatal("the program does not find its database again")
		}
	}
	root.get("/admin").want(200)
	root.exchange(root.refresh).want(200)
	cookies.get("/admin").want(200)
	cookies.post("/refresh", "").want(200)
}
