package jwtauth_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
)

func TestTheTokenEndpointAnswersAsRFC6749Says(t *testing.T) {
	// Section 5.1; RT-17, TL-12.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh)), "1")
		w := d.present(d.refresh)
		if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("status %d, headers %v", w.Code, w.Header())
		}
		var body map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if body["token_type"] != "Bearer" || body["expires_in"] != 300.0 || body["access_token"] == "" || body["refresh_token"] == d.refresh || len(body) != 4 {
			t.Errorf("body %v, want access_token, refresh_token, token_type Bearer, expires_in 300 and no more", body)
		}
	})
}

func TestMistakesAtTheTokenEndpointAreAnsweredAsRFC6749Says(t *testing.T) {
	// Section 5.2; RT-17, RT-18. Nobody is asked, and the token stays good.
	s := newSpy(storetest.Memory(t))
	d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh)), "1")
	good := "grant_type=refresh_token&refresh_token=" + d.refresh
	contentType := func(v string) []func(*http.Request) {
		return []func(*http.Request){header("Content-Type", v)}
	}
	s.take()
	for _, row := range []struct {
		name string
		body string
		edit []func(*http.Request)
		want string
	}{
		{"nothing", "", nil, `{"error":"invalid_request","error_description":"grant_type is missing"}`},
		{"no grant_type", "refresh_token=" + d.refresh, nil, `{"error":"invalid_request","error_description":"grant_type is missing"}`},
		{"an empty grant_type", "grant_type=&refresh_token=" + d.refresh, nil, `{"error":"invalid_request","error_description":"grant_type is missing"}`},
		{"no refresh_token", "grant_type=refresh_token", nil, `{"error":"invalid_request","error_description":"refresh_token is missing"}`},
		{"an empty refresh_token", "grant_type=refresh_token&refresh_token=", nil, `{"error":"invalid_request","error_description":"refresh_token is missing"}`},
		{"another grant", "grant_type=password&username=ann&password=x", nil, `{"error":"unsupported_grant_type","error_description":"want refresh_token"}`},
		{"a grant in capitals", strings.Replace(good, "refresh_token&", "REFRESH_TOKEN&", 1), nil, `{"error":"unsupported_grant_type","error_description":"want refresh_token"}`},
		{"a scope", good + "&scope=admin", nil, `{"error":"invalid_scope","error_description":"tokens have no scope here"}`},
		{"the token twice", good + "&refresh_token=" + d.refresh, nil, `{"error":"invalid_request","error_description":"a parameter is repeated"}`},
		{"the grant twice", good + "&grant_type=refresh_token", nil, `{"error":"invalid_request","error_description":"a parameter is repeated"}`},
		{"something else twice", good + "&x=1&x=2", nil, `{"error":"invalid_request","error_description":"a parameter is repeated"}`},
		{"a broken form", good + "&%zz=1", nil, `{"error":"invalid_request","error_description":"body is no form, or too long"}`},
		{"semicolons", strings.ReplaceAll(good, "&", ";"), nil, `{"error":"invalid_request","error_description":"body is no form, or too long"}`},
		{"64 KiB", good + "&x=" + strings.Repeat("x", 64<<10), nil, `{"error":"invalid_request","error_description":"body is no form, or too long"}`},
		{"JSON", `{"grant_type":"refresh_token"}`, contentType("application/json"), `{"error":"invalid_request","error_description":"want application/x-www-form-urlencoded"}`},
		{"multipart", good, contentType("multipart/form-data; boundary=x"), `{"error":"invalid_request","error_description":"want application/x-www-form-urlencoded"}`},
		{"no type", good, contentType(""), `{"error":"invalid_request","error_description":"want application/x-www-form-urlencoded"}`},
		{"a broken type", good, contentType("application/x-www-form-urlencoded; charset"), `{"error":"invalid_request","error_description":"want application/x-www-form-urlencoded"}`},
		{"a bad token", "grant_type=refresh_token&refresh_token=x", nil, `{"error":"invalid_grant","error_description":"token is not good, or not any more"}`},
		{"an access token", "grant_type=refresh_token&refresh_token=" + d.token, nil, `{"error":"invalid_grant","error_description":"token is not good, or not any more"}`},
	} {
		w := d.do("POST", "/token", append([]func(*http.Request){withBody(row.body)}, row.edit...)...)
		if w.Code != 400 || w.Body.String() != row.want+"\n" {
			t.Errorf("%s: status %d, body %s; want 400, %s", row.name, w.Code, w.Body, row.want)
		}
		if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("%s: headers %v", row.name, w.Header())
		}
		if w.Header().Get("Set-Cookie") != "" || w.Header().Get("Retry-After") != "" {
			t.Errorf("%s: headers %v", row.name, w.Header()) // RT-14
		}
	}
	if asked := s.take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
	d.next()
}

func TestWhatTheTokenEndpointDoesNotLookAtChangesNothing(t *testing.T) {
	d := newDevice(t, refreshApp(t, newTokens(t, storetest.Memory(t), withRefresh)), "1")
	for name, edit := range map[string]func(*http.Request){
		"an empty scope":               withForm("grant_type", "refresh_token", "refresh_token", d.refresh, "scope", ""),
		"a client_id":                  withForm("grant_type", "refresh_token", "refresh_token", d.refresh, "client_id", "cli"),
		"an unknown parameter":         withForm("grant_type", "refresh_token", "refresh_token", d.refresh, "x", "1"),
		"basic authentication":         func(r *http.Request) { r.SetBasicAuth("cli", "") },
		"an access token":              header("Authorization", "Bearer "+d.token),
		"a charset":                    header("Content-Type", "Application/X-WWW-Form-URLEncoded; charset=UTF-8"),
		"a query":                      func(r *http.Request) { r.URL.RawQuery = "grant_type=password&refresh_token=x&scope=admin" },
		"a broken query":               func(r *http.Request) { r.URL.RawQuery = "a=%zz;b" },
		"a cross-origin page":          origin("cross-site", "https://evil.example"),
		"cookies":                      header("Cookie", "__Host-refresh=x"),
		"a method in another spelling": header("X-HTTP-Method-Override", "GET"),
	} {
		base := withForm("grant_type", "refresh_token", "refresh_token", d.refresh)
		w := d.do("POST", "/token", base, func(r *http.Request) { r.Header.Del("Authorization") }, edit)
		if w.Code != 200 {
			t.Errorf("%s: status %d: %s", name, w.Code, w.Body)
		}
	}
}

func TestATokenInTheQueryIsNoToken(t *testing.T) {
	// SID-7: queries are logged.
	d := newDevice(t, refreshApp(t, newTokens(t, storetest.Memory(t), withRefresh)), "1")
	path := "/token?grant_type=refresh_token&refresh_token=" + d.refresh
	d.status("POST", path, 400, withForm())
	d.status("POST", path, 400, withForm("grant_type", "refresh_token"))
	d.status("POST", "/revoke?token="+d.refresh, 400, withForm())
	d.next()
}

func TestTheEndpointsAnswerNothingButPOST(t *testing.T) {
	// CS-5, RT-17.
	s := newSpy(storetest.Memory(t))
	d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh)), "1")
	s.take()
	for _, path := range []string{"/token", "/revoke", "/open/introspect"} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "post"} {
			w := d.do(method, path, withForm("grant_type", "refresh_token", "refresh_token", d.refresh, "token", d.refresh))
			if w.Code != 405 || w.Header().Get("Allow") != "POST" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: status %d, headers %v", method, path, w.Code, w.Header())
			}
			if got, want := w.Body.String(), `{"error":"invalid_request","error_description":"want POST"}`+"\n"; got != want {
				t.Errorf("%s %s: body %s, want %s", method, path, got, want)
			}
		}
	}
	if asked := s.take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
}

func TestAnEndpointDoesNotChangeTheRequest(t *testing.T) {
	tokens := newTokens(t, storetest.Memory(t), withRefresh)
	r := httptest.NewRequest("POST", "/token?x=1", strings.NewReader("grant_type=refresh_token"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	body := r.Body
	tokens.TokenHandler().ServeHTTP(httptest.NewRecorder(), r)
	if r.Body != body || r.Form != nil || r.PostForm != nil || r.URL == nil || r.URL.RawQuery != "x=1" {
		t.Errorf("the request is %+v now", r)
	}
}

func TestRevokingATokenEndsItsSession(t *testing.T) {
	// EP-1, RFC 7009 section 2.1: with its access tokens.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := refreshApp(t, newTokens(t, s, withRefresh))
		for name, which := range map[string]func(*device) string{
			"the refresh token":         func(d *device) string { return d.refresh },
			"the access token":          func(d *device) string { return d.token },
			"a spent refresh token":     func(d *device) string { _, spent := d.next(); d.next(); return spent },
			"a replaced access token":   func(d *device) string { former, _ := d.next(); return former },
			"the refresh token, hinted": func(d *device) string { return d.refresh + "&token_type_hint=refresh_token" },
			"the access token, misled":  func(d *device) string { return d.token + "&token_type_hint=refresh_token" },
			"a hint that is no type":    func(d *device) string { return d.token + "&token_type_hint=x" },
		} {
			d, other := newDevice(t, app, "1"), newDevice(t, app, "1")
			body := "token=" + which(d)
			for range 2 { // the second time there is nothing to end, which is a success too
				w := d.do("POST", "/revoke", withBody(body))
				if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Cache-Control") != "no-store" {
					t.Fatalf("%s: status %d, headers %v: %s", name, w.Code, w.Header(), w.Body)
				}
			}
			d.wantAccess(d.token, 401)
			d.wantNoGrant(d.refresh)
			if row := sessionOf(t, s, d.token); row.Ended.Reason != backends.ReasonLogout {
				t.Errorf("%s: ended %+v, want by logout", name, row.Ended)
			}
			other.next()
		}
	})
}

func TestRevokingWhatIsUnknownIsASuccess(t *testing.T) {
	// EP-1, RFC 7009 section 2.2: and asks nobody.
	s := newSpy(storetest.Memory(t))
	d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh)), "1")
	s.take()
	sid := claimsOf(t, d.token)["sid"].(string)
	for _, token := range []string{
		"x", "a.b.c", d.refresh[:150], d.refresh + "A", d.token[:len(d.token)-4],
		sign(`{"alg":"none","typ":"at+jwt","kid":"k1"}`, goodClaims(sid)), signWith(refreshKeyA, goodHeader, goodClaims(sid)),
		sign(goodHeader, replaced(t, goodClaims(sid), "https://api.example", "https://x.example")),
		strings.Repeat("x", 10<<10),
	} {
		if w := d.post("/revoke", "token", token); w.Code != 200 || w.Body.Len() != 0 {
			t.Errorf("%.40s: status %d: %s", token, w.Code, w.Body)
		}
	}
	for body, want := range map[string]string{
		"":                  `{"error":"invalid_request","error_description":"token is missing"}`,
		"token=":            `{"error":"invalid_request","error_description":"token is missing"}`,
		"token=x&token=y":   `{"error":"invalid_request","error_description":"a parameter is repeated"}`,
		"token_type_hint=x": `{"error":"invalid_request","error_description":"token is missing"}`,
	} {
		if w := d.do("POST", "/revoke", withBody(body)); w.Code != 400 || w.Body.String() != want+"\n" {
			t.Errorf("%q: status %d: %s", body, w.Code, w.Body)
		}
	}
	if asked := s.take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
	d.next()
}

func TestAnExpiredAccessTokenCanBeRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := newDevice(t, refreshApp(t, newTokens(t, storetest.Memory(t), withRefresh)), "1")
		time.Sleep(20 * time.Minute)
		if w := d.post("/revoke", "token", d.token); w.Code != 200 {
			t.Errorf("status %d", w.Code)
		}
		d.wantNoGrant(d.refresh)
	})
}

// introspected asks about a token, as another user's device.
func introspected(t testing.TB, by *device, token string) string {
	t.Helper()
	w := by.status("POST", "/introspect", 200, withForm("token", token))
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", w.Header())
	}
	return w.Body.String()
}

const inactive = `{"active":false}` + "\n"

func TestIntrospectionTellsWhoAnActiveTokenIs(t *testing.T) {
	// EP-1, RFC 7662 section 2.2.
	synctest.Test(t, func(t *testing.T) {
		app := refreshApp(t, newTokens(t, storetest.Memory(t), withRefresh, func(c *jwtauth.Config) { c.ClientID = "cli" }))
		by, d := newDevice(t, app, "2"), newDevice(t, app, "1")
		time.Sleep(time.Minute)
		d.next()
		claims := claimsOf(t, d.token)
		sid, jti := claims["sid"], claims["jti"]
		// The clock of the bubble begins at 946684800.
		want := fmt.Sprintf(`{"active":true,"token_type":"Bearer","iss":"https://app.example","sub":"1","aud":"https://api.example","client_id":"cli",`+
			`"sid":%q,"jti":%q,"exp":946685160,"iat":946684860,"auth_time":946684800}`+"\n", sid, jti)
		if got := introspected(t, by, d.token); got != want {
			t.Errorf("access token: %swant %s", got, want)
		}
		want = fmt.Sprintf(`{"active":true,"token_type":"refresh_token","iss":"https://app.example","sub":"1","aud":"https://api.example","client_id":"cli",`+
			`"sid":%q,"exp":946686660,"auth_time":946684800}`+"\n", sid)
		if got := introspected(t, by, d.refresh); got != want {
			t.Errorf("refresh token: %swant %s", got, want)
		}
	})
}

func TestIntrospectionOfWhatIsNotActiveIsExactlyThat(t *testing.T) {
	// EP-1, RFC 7662 section 2.2: whatever the reason.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := refreshApp(t, newTokens(t, s, withRefresh))
		by, d, ended := newDevice(t, app, "2"), newDevice(t, app, "1"), newDevice(t, app, "1")
		id, n, own, err := jwtauth.ParseRefresh(refreshKeyA, d.refresh)
		if err != nil {
			t.Fatal(err)
		}
		ended.next()
		ended.post("/revoke", "token", ended.token)
		_, old := d.next()
		d.next()
		for name, token := range map[string]string{
			"garbage":                      "x",
			"a refresh token that was cut": d.refresh[:152],
			"a refresh token of nobody":    jwtauth.EncodeRefresh(refreshKeyA, backends.NewID(), 1, backends.NewSecret()),
			"a foreign key":                jwtauth.EncodeRefresh(refreshKeyB, id, n, own),
			"a generation to come":         jwtauth.EncodeRefresh(refreshKeyA, id, 4, own),
			"an old generation":            old,
			"a revoked refresh token":      ended.refresh,
			"a revoked access token":       ended.token,
			"a signature that is not ours": signWith(refreshKeyA, goodHeader, goodClaims(id)),
			"a session that never was":     sign(goodHeader, goodClaims(backends.NewID())),
			"the session of somebody else": sign(goodHeader, replaced(t, goodClaims(id), `"sub":"1"`, `"sub":"2"`)),
			"expired":                      sign(goodHeader, replaced(t, goodClaims(id), `"exp":`, `"exp":1,"e":`)),
		} {
			if got := introspected(t, by, token); got != inactive {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := introspected(t, by, d.refresh); got == inactive {
			t.Error("asking has ended a session") // asking is no theft
		}
		if err := s.SetDisabled(t.Context(), time.Now(), "1", true); err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{d.token, d.refresh} {
			if got := introspected(t, by, token); got != inactive {
				t.Errorf("of a disabled user: %s", got)
			}
		}
	})
}

func TestIntrospectionOfAnExpiredTokenIsInactive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := refreshApp(t, newTokens(t, storetest.Memory(t), withRefresh))
		d := newDevice(t, app, "1")
		_, parent := d.next()
		time.Sleep(unseen)
		by := newDevice(t, app, "2")
		if got := introspected(t, by, parent); got != inactive {
			t.Errorf("a parent outside of the grace: %s", got)
		}
		time.Sleep(29 * time.Minute)
		by = newDevice(t, app, "2")
		for _, token := range []string{d.token, d.refresh} {
			if got := introspected(t, by, token); got != inactive {
				t.Errorf("after the idle timeout: %s", got)
			}
		}
	})
}

func TestIntrospectionNeedsAnIdentity(t *testing.T) {
	// EP-1, RFC 7662 section 2.1: whoever sets it up without a guard finds it closed.
	s := newSpy(storetest.Memory(t))
	d := newDevice(t, refreshApp(t, newTokens(t, s, withRefresh)), "1")
	s.take()
	w := d.status("POST", "/open/introspect", 403, withForm("token", d.token))
	if got, want := w.Body.String(), `{"error":"access_denied","error_description":"not for everybody"}`+"\n"; got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if asked := s.take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
	w = d.post("/introspect", "token", d.token)
	if w.Code != 401 || strings.Contains(w.Body.String(), "active") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func TestIntrospectionIsNoUseAndNoActivity(t *testing.T) {
	s := newSpy(storetest.Memory(t))
	app := refreshApp(t, newTokens(t, s, withRefresh))
	by, d := newDevice(t, app, "2"), newDevice(t, app, "1")
	d.next()
	before := sessionOf(t, s, d.token)
	s.take()
	introspected(t, by, d.token)
	introspected(t, by, d.refresh)
	if got, want := s.take(), []string{"FindByID", "FindByID", "FindByID", "FindBySecret"}; !slices.Equal(got, want) {
		t.Errorf("the store was asked for %v, want %v", got, want)
	}
	if after := sessionOf(t, s, d.token); !reflect.DeepEqual(after, before) {
		t.Errorf("session %+v, want %+v", after, before)
	}
}
