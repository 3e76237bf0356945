package features_test

import (
	"encoding/json"
	"net/url"
	"strings"
	"testing"

	"github.com/inga-auth/inga/jwtauth"
)

func (s *shop) phone(body string) (app, jwtauth.Response) {
	s.t.Helper()
	a := app{shop: s}.send("POST", "/api/login", "application/json", body)
	return s.phoneOf(a)
}

// phoneOf returns an app with the tokens of an answer.
func (s *shop) phoneOf(a answer) (app, jwtauth.Response) {
	s.t.Helper()
	var tokens jwtauth.Response
	if err := json.Unmarshal([]byte(a.text), &tokens); err != nil || a.StatusCode != 200 || tokens.AccessToken == "" {
		s.t.Fatalf("%d %q (%v), want tokens", a.StatusCode, a.text, err)
	}
	return app{s, "Authorization", "Bearer " + tokens.AccessToken}, tokens
}

func (a app) form(path string, values ...string) answer {
	a.t.Helper()
	form := url.Values{}
	for i := 0; i < len(values); i += 2 {
		form.Set(values[i], values[i+1])
	}
	return a.send("POST", path, "application/x-www-form-urlencoded", form.Encode())
}

func TestAMobileAppLogsInRefreshesAndLogsOut(t *testing.T) {
	s := open(t)
	_, id := s.ann()
	visitor := app{shop: s}
	visitor.get("/api/account").wantProblem(401, "no-credentials")
	visitor.send("POST", "/api/login", "application/json", `{"email":"ann@example.com","password":"wrong"}`).wantProblem(401, "invalid-credentials")
	visitor.send("POST", "/api/login", "application/json", `{`).wantProblem(400, "malformed-request")

	phone, tokens := s.phone(`{"email":"Ann@example.com","password":"ann likes tea","phone":"Ann's phone"}`)
	phone.get("/api/account").want(200, "account of "+id)
	refreshed, again := s.phoneOf(visitor.form("/api/token", "grant_type", "refresh_token", "refresh_token", tokens.RefreshToken))
	refreshed.get("/api/account").want(200, "account of "+id)
	if again.RefreshToken == "" {
		t.Error("the refresh brought no refresh token")
	}
	visitor.form("/api/revoke", "token", again.RefreshToken).want(200, "")
	refreshed.get("/api/account").wantProblem(401, "session-revoked")
	if a := visitor.form("/api/token", "grant_type", "refresh_token", "refresh_token", again.RefreshToken); a.StatusCode != 400 {
		t.Errorf("a refresh after the logout: %d %s, want 400", a.StatusCode, a.text)
	}
}

func TestAMobileAppOfAPersonWithASecondFactorSendsTheCodeToo(t *testing.T) {
	s := open(t)
	ann, id := s.ann()
	codes := ann.enrol()
	const body = `{"email":"ann@example.com","password":"ann likes tea","code":"`
	app{shop: s}.send("POST", "/api/login", "application/json", body+`000000"}`).wantProblem(401, "invalid-credentials")
	phone, _ := s.phone(body + codes[0] + `"}`)
	phone.get("/api/account").want(200, "account of "+id)
}

func TestAnAPIKeyIsListedEndsAndIsNeverFresh(t *testing.T) {
	s := open(t)
	ann, id := s.ann()
	key := ann.post("/keys", "label", "Backup script")
	if key.StatusCode != 200 {
		t.Fatalf("%d %s", key.StatusCode, key.text)
	}
	script := app{s, "API-Key", key.text}
	script.get("/api/account").want(200, "account of "+id)
	script.form("/keys", "label", "one more").wantProblem(401, "insufficient-authentication")
	app{s, "API-Key", key.text[:len(key.text)-2] + "AA"}.get("/api/account").wantProblem(401, "invalid-credentials")
	app{s, "API-Key", "nonsense"}.get("/api/account").wantProblem(401, "invalid-credentials")

	list := ann.get("/keys").text
	keyID, secret, _ := strings.Cut(key.text, ".")
	if !strings.Contains(list, "Backup script") || !strings.Contains(list, keyID) || strings.Contains(list, secret) {
		t.Errorf("the list is %s, want the key without its secret", list)
	}
	ann.send("DELETE", "/keys/"+keyID, nil).want(200, `{"ended":1}`)
	script.get("/api/account").wantProblem(401, "session-revoked")
	ann.get("/account").want(200, "account of "+id)
}

func TestRolesInATenantHoldThereAndNowhereElse(t *testing.T) {
	s := open(t)
	ann, id := s.ann()
	s.exec(`INSERT INTO members VALUES ($1::bigint, 'acme', 'editor'), ($1::bigint, 'globex', 'reader')`, id)
	ann.get("/tenants/acme/orders").want(200, "form: orders")
	ann.post("/tenants/acme/orders").want(200, "form: orders")
	ann.get("/tenants/globex/orders").want(200, "form: orders")
	ann.post("/tenants/globex/orders").want(403, "page: Not allowed")
	ann.get("/tenants/initech/orders").want(403, "page: Not allowed")
	ann.get("/tenants/acme%2Feditor/orders").want(403, "page: Not allowed")
	s.exec(`DELETE FROM members WHERE tenant = 'acme'`)
	ann.get("/tenants/acme/orders").want(403, "page: Not allowed")
	s.browser().get("/tenants/globex/orders").want(303, "/login?next=%2Ftenants%2Fglobex%2Forders")
}

func TestTheAuditTrailSaysWhoDidWhat(t *testing.T) {
	s := open(t)
	ann, id := s.ann()
	ann.get("/account")
	s.browser().login("ann@example.com", "a guess")
	s.browser().login("ann likes tea", "ann@example.com") // typed into the wrong field
	ann.get("/admin").want(403, "page: Not allowed")
	ann.post("/logout")
	got := s.text(`SELECT string_agg(type || ' ' || subject || ' ' || reason || ' ' || (session <> '') || ' ' || ip, ', ' ORDER BY at) FROM audit`)
	want := "login " + id + "  true 127.0.0.1, login_failed " + id + " wrong_password false 127.0.0.1, login_failed  wrong_password false 127.0.0.1, " +
		"denied " + id + " forbidden true 127.0.0.1, logout " + id + "  true 127.0.0.1"
	if got != want {
		t.Errorf("the trail is\n%s, want\n%s", got, want)
	}
}
