package main

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/inga-auth/inga/internal/pgtest"
)

func TestARestartLogsNobodyOutIfKeyAndRowsAreKept(t *testing.T) {
	t.Parallel()
	key := filepath.Join(t.TempDir(), "key")
	flags := []string{"-database-url", newDatabase(t), "-key", key}
	p := start(t, flags...)
	ann := p.client(t).signUp("ann")
	p.client(t).login("guest", p.guest).get("/admin").want(403)
	p.stop()
	info, err := os.Stat(key)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("the file of the key: %v, %v; want one that nobody else may read", info.Mode(), err)
	}

	p = start(t, flags...)
	if p.password != "" || p.guest != "" {
		t.Error("passwords are told again, and are others")
	}
	ann.url = p.url
	ann.get("/").want(200).wantText("Hello, ann")
}

func TestAFileThatHasNoKeyIsRefused(t *testing.T) {
	t.Parallel()
	for _, text := range []string{"", "no base64!", "c2hvcnQ="} {
		file := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(file, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := runFlags(t.Context(), []string{"-key", file}, &output{}); err == nil {
			t.Errorf("%q is taken for a key", text)
		}
	}
}

func TestADatabaseThatIsDownLogsNobodyOut(t *testing.T) {
	// AZ-5, RT-15
	t.Parallel()
	database := pgtest.Start(t)
	p := start(t, "-database-url", database.URL())
	ann := p.client(t).signUp("ann")
	database.Stop()
	for _, path := range []string{"/", "/devices", "/delete", "/live"} {
		ann.get(path).want(503).wantText("Please try again in a moment").wantNoText("Log in").wantHeader("Set-Cookie", "").wantHeader("Retry-After", "1")
	}
	ann.post("/logout").want(503).wantHeader("Set-Cookie", "")
	ann.post("/login", "name", "ann", "password", passphrase).want(503).wantHeader("Set-Cookie", "")
	database.Restart(t)
	eventually(t, "the program finds its database again", func() bool { return ann.get("/").status == 200 })
}

// reconnect stops the server under a live page. The one that comes back at its address has
// another key, and knows of no session.
func reconnect(t *testing.T, browser context.Context, p *program) {
	b := newTab(t, browser, p).withScripts().signUp("ann").open("/live")
	b.awaitText("#connection", "connected")
	p.stop()
	b.awaitText("#connection", "connecting again")
	start(t, "-addr", strings.TrimPrefix(p.url, "http://"))
	b.awaitText("#notice", "Your session has ended.")
	b.wantPath("/login?next=%2Flive")
	b.wantNoText("ann")
	b.complained() // that nobody listened at the address
}
