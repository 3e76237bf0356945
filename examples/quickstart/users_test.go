package main

import (
	"strings"
	"testing"
	"time"
)

func TestAnAdministratorSeesTheUsers(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		root := start(t, flags...).client(t)
		root.login(rootJSON)
		want := `{"users":[{"id":"ann","name":"ann","roles":["user"],"disabled":false},` +
			`{"id":"root","name":"root","roles":["user","admin"],"disabled":false}]}` + "\n"
		if got := root.get("/users").want(200).body; got != want {
			t.Errorf("users\n got %s\nwant %s", got, want)
		}
		root.put("/users/ann/roles", `{"roles":[]}`).want(204)
		root.get("/users").wantBody(`"name":"ann","roles":[],`)
		if got := root.get("/users?after=ann").want(200).body; strings.Contains(got, `"ann"`) || !strings.Contains(got, `"root"`) {
			t.Errorf("users after ann: %s", got)
		}
		root.get("/users?after=%00").wantProblem(400, "about:blank")
	})
}

func TestARoleHoldsFromTheNextRequestOn(t *testing.T) {
	onEachStore(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		root := p.client(t)
		root.login(rootJSON)
		for proof := range proofs {
			ann := p.client(t)
			ann.open(proof, annJSON)
			ann.get("/admin").want(403)
			root.put("/users/ann/roles", `{"roles":["admin","user","admin"]}`).want(204)
			wantIdentity(t, ann.get("/me").want(200), "ann", proof, "user", "admin")
			ann.get("/admin").want(200)
			root.put("/users/ann/roles", `{"roles":["user"]}`).want(204)
			ann.get("/admin").want(403)
			wantIdentity(t, ann.get("/me").want(200), "ann", proof, "user")
		}
	})
}

func TestWhoeverIsDisabledIsOutAtOnce(t *testing.T) {
	onEachStore(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		root, ann, phone := p.client(t), p.client(t), p.client(t)
		root.login(rootJSON)
		ann.open("cookie", annJSON)
		phone.open("bearer", annJSON)
		root.put("/users/ann/disabled", `{"disabled":true}`).want(204)
		ann.get("/me").wantProblem(401, problems+"session-revoked")
		phone.get("/me").wantProblem(401, problems+"session-revoked")
		phone.exchange(phone.refresh).want(400)
		p.client(t).post("/login", annJSON).wantProblem(401, problems+"invalid-credentials")
		root.get("/users").want(200).wantBody(`"roles":["user"],"disabled":true`)

		root.put("/users/ann/disabled", `{"disabled":false}`).want(204)
		ann.get("/me").want(401) // what has ended stays ended
		ann.login(annJSON)
		ann.get("/me").want(200)
	})
}

func TestAnAdministratorSeesAndEndsTheSessionsOfOthers(t *testing.T) {
	onEachStore(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		root, ann, phone, tablet := p.client(t), p.client(t), p.client(t), p.client(t)
		root.open("bearer", rootJSON)
		ann.open("cookie", annJSON)
		phone.open("bearer", annJSON)
		tablet.open("token-cookie", annJSON)
		if list := root.devices("/users/ann/sessions"); len(list) != 3 || list[0].Current || list[1].Current || list[2].Current {
			t.Errorf("ann's sessions %+v, want 3, none of which is the current one", list)
		}
		wantEnded(root.delete("/users/ann/sessions/"+phone.sessionID()), 1)
		phone.get("/me").wantProblem(401, problems+"session-revoked")
		root.delete("/users/ann/sessions/"+root.sessionID()).wantProblem(404, "about:blank")
		root.delete("/users/nobody/sessions/"+ann.sessionID()).wantProblem(404, "about:blank")
		ann.get("/me").want(200)
		wantEnded(root.delete("/users/ann/sessions"), 2)
		ann.get("/me").want(401)
		tablet.get("/me").want(401)
		if list := root.devices("/users/ann/sessions"); len(list) != 0 {
			t.Errorf("ann's sessions %+v, want none", list)
		}
		wantEnded(root.delete("/users/nobody/sessions"), 0)
		root.get("/me").want(200)
	})
}

func TestAdministratorsDoNotLockThemselvesOut(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		root := start(t, flags...).client(t)
		root.login(rootJSON)
		root.put("/users/root/roles", `{"roles":["user"]}`).wantProblem(409, "about:blank")
		root.put("/users/root/roles", `{"roles":[]}`).wantProblem(409, "about:blank")
		root.put("/users/root/disabled", `{"disabled":true}`).wantProblem(409, "about:blank")
		root.get("/admin").want(200)
		root.put("/users/root/roles", `{"roles":["admin"]}`).want(204)
		root.put("/users/root/disabled", `{"disabled":false}`).want(204)
		wantIdentity(t, root.get("/me").want(200), "root", "cookie", "admin")
	})
}

func TestChangesThatMakeNoSenseAreRefused(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		root := start(t, flags...).client(t)
		root.login(rootJSON)
		for _, row := range []struct {
			path, body string
			status     int
		}{
			{"/users/ann/roles", `{"roles":["user","king"]}`, 422},
			{"/users/ann/roles", `{"roles":["Admin"]}`, 422},
			{"/users/ann/roles", `{"roles":null}`, 422},
			{"/users/ann/roles", `{}`, 422},
			{"/users/ann/roles", `{"roles":"admin"}`, 400},
			{"/users/ann/roles", `["admin"]`, 400},
			{"/users/ann/roles", ``, 400},
			{"/users/ann/disabled", `{}`, 422},
			{"/users/ann/disabled", `{"disabled":null}`, 422},
			{"/users/ann/disabled", `{"disabled":"yes"}`, 400},
			{"/users/nobody/roles", `{"roles":["user"]}`, 404},
			{"/users/nobody/disabled", `{"disabled":true}`, 404},
			{"/users/%00/roles", `{"roles":["user"]}`, 404},
			{"/users/%ff/disabled", `{"disabled":true}`, 404},
		} {
			a := root.put(row.path, row.body)
			a.what += " " + row.body
			a.wantProblem(row.status, "about:blank")
		}
		root.send("PUT", "/users/ann/roles", `{"roles":["user"]}`).wantProblem(415, "about:blank")
		root.get("/users").want(200).wantBody(`{"id":"ann","name":"ann","roles":["user"],"disabled":false}`)
	})
}

func TestUsersAreForAdministratorsWithARecentPassword(t *testing.T) {
	t.Parallel()
	p := start(t, "-fresh", "1s")
	ann, root := p.client(t), p.client(t)
	ann.login(annJSON)
	root.login(rootJSON)
	untilNotFresh(root)
	for _, row := range []struct{ method, path, body string }{
		{"GET", "/users", ""},
		{"GET", "/users/ann/sessions", ""},
		{"PUT", "/users/ann/roles", `{"roles":["admin"]}`},
		{"PUT", "/users/ann/disabled", `{"disabled":true}`},
		{"DELETE", "/users/ann/sessions", ""},
		{"DELETE", "/users/ann/sessions/" + ann.sessionID(), ""},
	} {
		const json = "Content-Type: application/json"
		p.client(t).send(row.method, row.path, row.body, json).wantProblem(401, problems+"no-credentials")
		// Not asked for a password, which would be of no use.
		ann.send(row.method, row.path, row.body, json).wantProblem(403, problems+"forbidden")
		if row.method == "GET" {
			root.send(row.method, row.path, row.body, json).want(200)
			continue
		}
		root.send(row.method, row.path, row.body, json).wantProblem(401, problems+"insufficient-authentication")
		root.send(row.method, row.path, row.body, json, "Sec-Fetch-Site: cross-site").wantProblem(403, problems+"cross-origin")
	}
	ann.get("/me").want(200)
}

// pair starts two programs with one database, one key file and a cache each.
func pair(t *testing.T, flags ...string) (*program, *program) {
	t.Helper()
	flags = append(flags, "-database-url", newDatabase(t), "-keys", keyPath(t), "-cache")
	return start(t, flags...), start(t, flags...)
}

// soon tries until the answer has the status: a change that another process made holds
// within the lag of the cache.
func soon(c *client, path string, status int, lag time.Duration) *answer {
	c.t.Helper()
	for changed := time.Now(); ; time.Sleep(time.Millisecond) {
		sent := time.Now()
		a := c.get(path)
		if a.status == status {
			return a
		}
		if late := sent.Sub(changed); late > lag {
			c.t.Fatalf("%s: status %d after %v, want %d within %v", a.what, a.status, late, status, lag)
		}
	}
}

func TestWhatOneProcessChangesHoldsInTheOther(t *testing.T) {
	t.Parallel()
	here, there := pair(t)
	root, ann := here.client(t), here.client(t)
	root.login(rootJSON)
	ann.login(annJSON)
	ann.url = there.url
	ann.get("/me").want(200) // and there it is remembered

	root.put("/users/ann/roles", `{"roles":["user","admin"]}`).want(204)
	soon(ann, "/admin", 200, 5*time.Second)
	root.put("/users/ann/roles", `{"roles":["user"]}`).want(204)
	soon(ann, "/admin", 403, 5*time.Second)
	wantEnded(root.delete("/users/ann/sessions"), 1)
	soon(ann, "/me", 401, 5*time.Second).wantProblem(401, problems+"session-revoked")
}
