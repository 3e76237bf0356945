package main

import (
	"strings"
	"sync"
	"testing"
)

func TestANewPasswordEndsAllOtherSessions(t *testing.T) {
	onEachStore(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		old := "ann-likes-tea"
		for proof := range proofs {
			ann, phone := p.client(t), p.client(t)
			login := ann.open(proof, `{"name":"ann","password":"`+old+`"}`)
			phone.open("bearer", `{"name":"ann","password":"`+old+`"}`)
			id := ann.sessionID()

			ann.changePassword(old, "by "+proof).wantMember("ended", 1.0)
			if got := ann.sessionID(); got != id {
				t.Errorf("the session is %s, want %s: the one of before", got, id)
			}
			// Other holders of its former credentials are out.
			p.client(t).get("/me", credential(login)).wantProblem(401, problems+"invalid-credentials")
			phone.get("/me").wantProblem(401, problems+"session-revoked")
			phone.exchange(phone.refresh).want(400)

			p.client(t).post("/login", `{"name":"ann","password":"`+old+`"}`).want(401)
			old = "by " + proof
			ann.post("/logout", "").want(204)
		}
		p.client(t).login(`{"name":"ann","password":"` + old + `"}`)
	})
}

func TestAPasswordIsChangedByWhoKnowsItOnly(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		ann, other := p.client(t), p.client(t)
		ann.login(annJSON)
		other.login(annJSON)
		for _, row := range []struct {
			name, body, kind string
			status           int
		}{
			{"a wrong old password", `{"old":"no","new":"something else"}`, problems + "invalid-credentials", 401},
			{"somebody else's", `{"old":"root-likes-keys","new":"something else"}`, problems + "invalid-credentials", 401},
			{"no old password", `{"new":"something else"}`, problems + "invalid-credentials", 401},
			{"no new password", `{"old":"ann-likes-tea"}`, "about:blank", 422},
			{"an empty new password", `{"old":"ann-likes-tea","new":""}`, "about:blank", 422},
			{"a new password of 1025 bytes", `{"old":"ann-likes-tea","new":"` + strings.Repeat("a", 1025) + `"}`, "about:blank", 422},
			{"a member too many", `{"old":"ann-likes-tea","new":"a","user":"root"}`, "about:blank", 400},
			{"a body too large", `{"new":"` + strings.Repeat("a", maxBody) + `"}`, "about:blank", 413},
		} {
			a := ann.post("/password", row.body)
			a.what += " with " + row.name
			a.wantProblem(row.status, row.kind)
		}
		ann.send("POST", "/password", annJSON, "Content-Type: text/plain").wantProblem(415, "about:blank")
		ann.send("POST", "/reauthenticate", annJSON, "Content-Type: text/plain").wantProblem(415, "about:blank")
		ann.post("/reauthenticate", `{}`).wantProblem(401, problems+"invalid-credentials")
		other.get("/me").want(200) // nothing of this ended a session
		ann.get("/me").want(200)

		long := strings.Repeat("é", 512) // of 1024 bytes
		ann.post("/password", `{"old":"ann-likes-tea","new":"`+long+`"}`).want(200)
		p.client(t).login(`{"name":"ann","password":"` + long + `"}`)
	})
}

func TestOfTwoNewPasswordsAtOnceOneIsSet(t *testing.T) {
	// LO-12: both knew the old one, and the second does not undo what the first did.
	onEachBackend(t, func(t *testing.T, flags ...string) {
		p := start(t, flags...)
		old := "ann-likes-tea"
		for range 3 {
			var clients [2]*client
			for i := range clients {
				clients[i] = p.client(t)
				clients[i].login(`{"name":"ann","password":"` + old + `"}`)
			}
			var answers [2]*answer
			news := [2]string{old + " 0", old + " 1"}
			var wait sync.WaitGroup
			for i, c := range clients {
				wait.Go(func() { answers[i] = c.post("/password", `{"old":"`+old+`","new":"`+news[i]+`"}`) })
			}
			wait.Wait()
			won, lost := 0, 1
			if answers[0].status != 200 {
				won, lost = 1, 0
			}
			answers[won].want(200)
			answers[lost].want(401)
			clients[won].get("/me").want(200)
			clients[lost].get("/me").want(401)
			p.client(t).post("/login", `{"name":"ann","password":"`+news[lost]+`"}`).want(401)
			old = news[won]
		}
		p.client(t).login(`{"name":"ann","password":"` + old + `"}`)
	})
}

func TestATokenInACookieThatHasExpiredIsNoObstacle(t *testing.T) {
	onEachBackend(t, func(t *testing.T, flags ...string) {
		ann := start(t, flags...).client(t)
		ann.open("token-cookie", annJSON)
		id := ann.sessionID()
		ann.drop("__Host-access")
		ann.post("/reauthenticate", `{"password":"ann-likes-tea"}`).want(200)
		ann.get("/me").want(200).wantMember("session_id", id)
		ann.drop("__Host-access")
		ann.changePassword("ann-likes-tea", "another one")
		ann.get("/me").want(200).wantMember("session_id", id)
	})
}
