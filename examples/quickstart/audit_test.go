package main

import (
	"crypto/rand"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
)

// logs are what the programs of all tests log.
var logs = &output{}

// A record is one line of it. Only its event is looked at.
type record struct {
	Level string
	Event struct {
		Type, Subject, Method, Reason, Actor, IP string
		SessionID                                string `json:"session_id"`
		UserAgent                                string `json:"user_agent"`
		Count                                    int
	}
}

// told returns the events that a client with such a name caused, each as "type" or
// "type reason", in their order.
func told(t *testing.T, agent string) (records []record, words []string) {
	t.Helper()
	for line := range strings.Lines(logs.String()) {
		var r record
		if err := json.Unmarshal([]byte(line), &r); err != nil || r.Event.UserAgent != agent {
			continue // another event, or none
		}
		records = append(records, r)
		words = append(words, strings.TrimSpace(r.Event.Type+" "+r.Event.Reason))
	}
	return records, words
}

// wantTold wants these events and no others.
func wantTold(t *testing.T, agent string, want ...string) []record {
	t.Helper()
	records, got := told(t, agent)
	if !slices.Equal(got, want) {
		t.Errorf("events\n got %q\nwant %q", got, want)
		return make([]record, len(want))
	}
	return records
}

// agent is a name that nobody else has.
func agent() string { return "test " + rand.Text() }

func TestOneHookHearsOfEverything(t *testing.T) {
	onEachCache(t, func(t *testing.T, flags ...string) {
		p := start(t, append(flags, "-max-sessions", "2")...)
		ann, root := p.client(t), p.client(t)
		ann.agent, root.agent = agent(), agent()

		ann.post("/login", `{"name":"anne\nlevel=ERROR","password":"ann-likes-tea"}`).want(401)
		ann.login(annJSON)
		ann.get("/admin").want(403)
		ann.post("/password", `{"old":"no","new":"no"}`).want(401)
		ann.post("/reauthenticate", `{"password":"ann-likes-tea"}`).want(200)
		phone, tablet := p.client(t), p.client(t)
		phone.open("bearer", annJSON)
		tablet.agent = agent()
		tablet.open("token-cookie", annJSON) // one too many: the first one ends
		ann.get("/me").want(401)
		ann.login(annJSON)
		ann.post("/logout", "").want(204)

		root.login(rootJSON)
		root.put("/users/ann/roles", `{"roles":["admin","user"]}`).want(204)
		root.delete("/users/ann/sessions/" + tablet.sessionID()).want(200)
		root.put("/users/ann/disabled", `{"disabled":true}`).want(204)
		root.put("/users/ann/disabled", `{"disabled":false}`).want(204)
		root.post("/password", `{"old":"root-likes-keys","new":"root"}`).want(200)

		events := wantTold(t, ann.agent, "login_failed wrong_password", "login", "denied forbidden",
			"login_failed wrong_password", "reauthenticated", "refused session_superseded", "login", "superseded superseded", "logout")
		if e := events[0].Event; e.Subject != "" || e.SessionID != "" || e.IP != "127.0.0.1" {
			t.Errorf("failed login %+v, want no name: there is no such user", e)
		}
		if e := events[3].Event; e.Subject != "ann" || e.SessionID != events[1].Event.SessionID || e.Method != "cookie" {
			t.Errorf("wrong old password %+v, want ann's session", e)
		}
		events = wantTold(t, tablet.agent, "login", "superseded superseded")
		if e := events[1].Event; e.SessionID == "" || e.SessionID == events[0].Event.SessionID {
			t.Errorf("superseded %+v, want another session", e)
		}
		events = wantTold(t, root.agent, "login", "roles_changed user admin", "revoked revoked", "user_disabled",
			"user_enabled", "password_changed", "reauthenticated")
		for _, r := range events[1:5] {
			if r.Event.Subject != "ann" || r.Event.Actor != "root" || r.Level != "INFO" {
				t.Errorf("event %+v, want one about ann, by root", r)
			}
		}
	})
}

func TestTheftIsAWarning(t *testing.T) {
	t.Parallel()
	ann := start(t, "-refresh-overlap", "1ns").client(t)
	ann.agent = agent()
	ann.loginToken(annJSON)
	stolen := ann.refresh
	ann.keep(ann.exchange(stolen).want(200))
	ann.keep(ann.exchange(ann.refresh).want(200))
	ann.exchange(stolen).want(400)
	events := wantTold(t, ann.agent, "login", "refreshed", "refreshed", "theft theft")
	if got := events[3].Level; got != "WARN" {
		t.Errorf("theft has the level %s, want WARN", got)
	}
}

func TestNoSecretIsLogged(t *testing.T) {
	t.Parallel()
	p := start(t, "-cache")
	secrets := []string{"ann-likes-tea", "something else", "a typing error"}
	for proof := range proofs {
		c := p.client(t)
		for _, a := range []*answer{
			c.open(proof, annJSON),
			c.post("/reauthenticate", `{"password":"ann-likes-tea"}`).want(200),
		} {
			secrets = append(secrets, secretsIn(a)...)
		}
		if proof == "bearer" {
			continue // what it has is of no use any more
		}
		c.post("/password", `{"old":"a typing error","new":"no"}`).want(401)
		secrets = append(secrets, secretsIn(c.post("/password", `{"old":"ann-likes-tea","new":"something else"}`).want(200))...)
		secrets = append(secrets, secretsIn(c.post("/password", `{"old":"something else","new":"ann-likes-tea"}`).want(200))...)
	}
	for _, secret := range secrets {
		if strings.Contains(logs.String(), secret) {
			t.Errorf("%.20s… is in the log", secret)
		}
	}
	if len(secrets) < 19 {
		t.Errorf("looked for %d secrets only", len(secrets))
	}
}

// secretsIn are the tokens and the values of the cookies in an answer.
func secretsIn(a *answer) (secrets []string) {
	for _, c := range (&http.Response{Header: a.header}).Cookies() {
		if c.Value != "" {
			secrets = append(secrets, c.Value)
		}
	}
	for _, name := range []string{"access_token", "refresh_token"} {
		if s, ok := a.json()[name].(string); ok {
			secrets = append(secrets, s)
		}
	}
	return secrets
}
