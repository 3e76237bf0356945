package main

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/jackc/pgx/v5"

	"github.com/inga-auth/inga/internal/pgtest"
)

// TestACacheOutlivesItsDatabaseForTheLagAtMost ends with the proof that the feed is followed
// again. What it may answer meanwhile depends on how fast this is.
func TestACacheOutlivesItsDatabaseForTheLagAtMost(t *testing.T) {
	t.Parallel()
	database := pgtest.Start(t)
	flags := []string{"-database-url", database.URL(), "-cache", "-max-lag", "1s", "-keys", keyPath(t)}
	p := start(t, flags...)
	ann := p.client(t)
	ann.login(annJSON)
	ann.get("/me").want(200)
	database.Stop()
	stopped := time.Now()
	for {
		sent := time.Now()
		a := ann.get("/me")
		if a.status == 503 {
			break
		}
		if a.want(200); sent.Sub(stopped) > time.Second {
			t.Fatalf("a session is believed %v after anybody could be asked, want 1s at most", sent.Sub(stopped))
		}
	}
	eventually(t, "the loss of the feed is logged", func() bool { return strings.Contains(logs.String(), "cache does not receive changes") })

	database.Restart(t)
	eventually(t, "the program finds its database again", func() bool { return ann.get("/me").status == 200 })
	root := start(t, flags...).client(t)
	root.login(rootJSON)
	eventually(t, "the feed is heard again", func() bool { return feeds(t, database.URL()) == 2 })
	root.put("/users/ann/roles", `{"roles":["admin"]}`).want(204)
	soon(ann, "/admin", 200, time.Second)
}

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
	eventually(t, "the program finds its database again", func() bool { return ann.get("/me").status == 200 })
	root.get("/admin").want(200)
	root.exchange(root.refresh).want(200)
	cookies.get("/admin").want(200)
	cookies.post("/refresh", "").want(200)
}

func TestWhatTheProgramBeginsEndsWithIt(t *testing.T) {
	t.Parallel()
	database := newDatabase(t)
	p := start(t, "-database-url", database, "-cache")
	eventually(t, "the feed is heard", func() bool { return feeds(t, database) == 1 })
	p.stop()
	eventually(t, "the feed is left", func() bool { return feeds(t, database) == 0 })
}

// feeds is how many connections to the database listen to changes.
func feeds(t *testing.T, databaseURL string) (n int) {
	t.Helper()
	ctx := context.WithoutCancel(t.Context())
	conn, err := pgx.Connect(ctx, databaseURL)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close(ctx)
	const count = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND application_name = 'inga feed'"
	if err := conn.QueryRow(ctx, count).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n
}
