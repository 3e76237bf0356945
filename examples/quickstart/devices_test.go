package main

import (
	"encoding/json"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// A device is one of a list.
type device struct {
	ID, Label, Kind, IP string
	Current             bool
}

// devices are those in the list at the path.
func (c *client) devices(path string) (all []device) {
	c.t.Helper()
	a := c.get(path).want(200).wantHeader("Content-Type", "application/json").wantHeader("Cache-Control", "no-store")
	var body struct{ Sessions []device }
	if err := json.Unmarshal([]byte(a.body), &body); err != nil {
		c.t.Fatal(err)
	}
	return body.Sessions
}

func wantEnded(a *answer, n int) {
	a.t.Helper()
	a.want(200).wantMember("ended", float64(n))
}

func TestAUserSeesAndEndsTheirSessions(t *testing.T) {
	onEachStore(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		laptop, phone, tool, root := p.client(t), p.client(t), p.client(t), p.client(t)
		laptop.agent = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
		phone.agent = "Mozilla/5.0 (iPhone; CPU iPhone OS 18_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.5 Mobile/15E148 Safari/604.1"
		root.login(rootJSON)
		tool.open("bearer", annJSON)
		phone.open("token-cookie", annJSON)
		laptop.open("cookie", annJSON)

		list := laptop.devices("/sessions")
		if len(list) != 3 {
			t.Fatalf("%d devices, want 3: %+v", len(list), list)
		}
		for i, want := range []device{
			{laptop.sessionID(), "Firefox on Linux", "cookie", "127.0.0.1", true},
			{phone.sessionID(), "Safari on iPhone", "token", "127.0.0.1", false},
			{tool.sessionID(), "Go-http-client", "token", "127.0.0.1", false},
		} {
			if list[i] != want {
				t.Errorf("device %d\n got %+v\nwant %+v", i, list[i], want)
			}
		}
		if list := phone.devices("/sessions"); len(list) != 3 || list[0].Current || !list[1].Current {
			t.Errorf("on the phone %+v, want the phone to be the current one", list)
		}

		wantEnded(laptop.delete("/sessions/"+phone.sessionID()), 1)
		phone.get("/me").wantProblem(401, problems+"session-revoked")
		for _, id := range []string{list[1].ID, root.sessionID(), "nothing", "%2e%2e", strings.Repeat("A", 26)} {
			laptop.delete("/sessions/"+id).wantProblem(404, "about:blank")
		}
		root.get("/me").want(200)

		wantEnded(laptop.delete("/sessions?others"), 1)
		tool.get("/me").wantProblem(401, problems+"session-revoked")
		wantEnded(laptop.delete("/sessions?others"), 0)
		laptop.get("/me").want(200)
		wantEnded(laptop.delete("/sessions"), 1)
		laptop.get("/me").wantProblem(401, problems+"session-revoked")
	})
}

func TestEndingASessionAsksForARecentPassword(t *testing.T) {
	onEachStore(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-fresh", "1s")...)
		for proof := range proofs {
			t.Run(proof, func(t *testing.T) {
				t.Parallel()
				ann, other := p.client(t), p.client(t)
				login := ann.open(proof, annJSON)
				before := ann.get("/me").want(200).json()
				other.login(annJSON)
				id := other.sessionID()

				if got := untilNotFresh(ann).header.Get("WWW-Authenticate"); proof == "bearer" && !strings.Contains(got, `max_age="1"`) {
					t.Errorf("WWW-Authenticate %q, want max_age: RFC 9470, section 3", got)
				}
				ann.delete("/sessions?others").wantProblem(401, problems+"insufficient-authentication")
				ann.get("/sessions").want(200) // to look is no danger
				other.get("/me").want(200)
				ann.post("/reauthenticate", `{"password":"no"}`).wantProblem(401, problems+"invalid-credentials")
				ann.delete("/sessions/"+id).wantProblem(401, problems+"insufficient-authentication")

				again := ann.post("/reauthenticate", `{"password":"ann-likes-tea"}`).want(200)
				if got, want := members(again), members(login); !slices.Equal(got, want) {
					t.Errorf("the answer has the members %q, want those of the login: %q", got, want)
				}
				if proof == "bearer" {
					ann.keep(again)
				}
				wantEnded(ann.freshly(func() *answer { return ann.delete("/sessions/" + id) }), 1)
				other.get("/me").wantProblem(401, problems+"session-revoked")

				after := ann.get("/me").want(200).json()
				if after["session_id"] != before["session_id"] || after["auth_time"].(string) <= before["auth_time"].(string) {
					t.Errorf("after %v, want the session of before with a later auth_time: %v", after, before)
				}
				p.client(t).get("/me", credential(login)).wantProblem(401, problems+"invalid-credentials")
			})
		}
	})
}

// credential is the header line with what the answer to a login gave.
func credential(login *answer) string {
	if token, ok := login.json()["access_token"].(string); ok {
		return "Authorization: Bearer " + token
	}
	var pairs []string
	for _, c := range (&http.Response{Header: login.header}).Cookies() {
		if c.Value != "" {
			pairs = append(pairs, c.Name+"="+c.Value)
		}
	}
	return "Cookie: " + strings.Join(pairs, "; ")
}

func members(a *answer) []string {
	return slices.Sorted(maps.Keys(a.json()))
}

// untilNotFresh waits until the login of the client is not recent any more.
func untilNotFresh(c *client) *answer {
	c.t.Helper()
	var a *answer
	eventually(c.t, "a login is not recent any more", func() bool {
		a = c.delete("/sessions/nothing")
		return a.status != 404
	})
	return a.wantProblem(401, problems+"insufficient-authentication")
}

func TestADeviceIsWhereItsClientIs(t *testing.T) {
	t.Parallel()
	const forwarded = "X-Forwarded-For: 198.51.100.1, 203.0.113.7"
	for flags, want := range map[string]string{
		"": "127.0.0.1",
		"-trusted-proxies=10.0.0.0/8, 127.0.0.1 ,unix": "203.0.113.7",
		"-trusted-proxies=10.0.0.0/8,unix":             "127.0.0.1",
		"-trusted-proxies=127.0.0.0/8,203.0.113.7":     "198.51.100.1",
	} {
		ann := start(t, slices.DeleteFunc([]string{flags}, func(s string) bool { return s == "" })...).client(t)
		ann.agent = agent()
		ann.post("/login", annJSON, forwarded).want(200)
		if got := ann.devices("/sessions")[0].IP; got != want {
			t.Errorf("%q: the device is at %s, want %s", flags, got, want)
		}
		if got := wantTold(t, ann.agent, "login")[0].Event.IP; got != want {
			t.Errorf("%q: the event is from %s, want %s", flags, got, want)
		}
	}
}

func TestWhoIsNotLoggedInSeesAndEndsNothing(t *testing.T) {
	t.Parallel()
	p := start(t)
	ann := p.client(t)
	cookie := ann.login(annJSON).cookie()
	for _, row := range []struct{ method, path, body string }{
		{"GET", "/sessions", ""},
		{"DELETE", "/sessions", ""},
		{"DELETE", "/sessions/" + ann.sessionID(), ""},
		{"POST", "/reauthenticate", `{"password":"ann-likes-tea"}`},
		{"POST", "/password", `{"old":"ann-likes-tea","new":"no"}`},
	} {
		const json = "Content-Type: application/json"
		p.client(t).send(row.method, row.path, row.body, json).wantProblem(401, problems+"no-credentials")
		if row.method == "GET" {
			continue
		}
		// The browser of ann, by order of another site.
		p.client(t).send(row.method, row.path, row.body, json, "Sec-Fetch-Site: cross-site", "Cookie: "+cookie.Name+"="+cookie.Value).
			wantProblem(403, problems+"cross-origin")
	}
	ann.get("/me").want(200)
}
