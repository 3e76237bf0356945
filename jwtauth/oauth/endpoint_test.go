package oauth_test

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
	"github.com/inga-auth/inga/internal/tokentest"
)

func TestTheTokenEndpointAnswersAsRFC6749Says(t *testing.T) {
	// Section 5.1; RT-17, TL-12.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager)), "1")
		w := d.Present(d.Refresh)
		if w.Code != 200 || w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json" {
			t.Errorf("status %d, headers %v", w.Code, w.Header())
		}
		var body map[string]any
		if err := json.Unmarshal(w.Body.Bytes(), &body); err != nil {
			t.Fatal(err)
		}
		if body["token_type"] != "Bearer" || body["expires_in"] != 300.0 || body["access_token"] == "" || body["refresh_token"] == d.Refresh || len(body) != 4 {
			t.Errorf("body %v, want access_token, refresh_token, token_type Bearer, expires_in 300 and no more", body)
		}
	})
}

func TestMistakesAtTheTokenEndpointAreAnsweredAsRFC6749Says(t *testing.T) {
	// Section 5.2; RT-17, RT-18. The store is not asked, and the token stays good.
	s := tokentest.NewSpy(storetest.Memory(t))
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager)), "1")
	good := "grant_type=refresh_token&refresh_token=" + d.Refresh
	contentType := func(v string) []func(*http.Request) {
		return []func(*http.Request){tokentest.Header("Content-Type", v)}
	}
	s.Take()
	for _, row := range []struct {
		name string
		body string
		edit []func(*http.Request)
		want string
	}{
		{"nothing", "", nil, `{"error":"invalid_request","error_description":"grant_type is missing"}`},
		{"no body", "", []func(*http.Request){func(r *http.Request) { r.Body = nil }}, `{"error":"invalid_request","error_description":"body is no form, or too long"}`},
		{"no grant_type", "refresh_token=" + d.Refresh, nil, `{"error":"invalid_request","error_description":"grant_type is missing"}`},
		{"an empty grant_type", "grant_type=&refresh_token=" + d.Refresh, nil, `{"error":"invalid_request","error_description":"grant_type is missing"}`},
		{"no refresh_token", "grant_type=refresh_token", nil, `{"error":"invalid_request","error_description":"refresh_token is missing"}`},
		{"an empty refresh_token", "grant_type=refresh_token&refresh_token=", nil, `{"error":"invalid_request","error_description":"refresh_token is missing"}`},
		{"another grant", "grant_type=password&username=ann&password=x", nil, `{"error":"unsupported_grant_type","error_description":"want refresh_token"}`},
		{"a grant in capitals", strings.Replace(good, "refresh_token&", "REFRESH_TOKEN&", 1), nil, `{"error":"unsupported_grant_type","error_description":"want refresh_token"}`},
		{"a scope", good + "&scope=admin", nil, `{"error":"invalid_scope","error_description":"tokens have no scope here"}`},
		{"the token twice", good + "&refresh_token=" + d.Refresh, nil, `{"error":"invalid_request","error_description":"a parameter is repeated"}`},
		{"the grant twice", good + "&grant_type=refresh_token", nil, `{"error":"invalid_request","error_description":"a parameter is repeated"}`},
		{"something else twice", good + "&x=1&x=2", nil, `{"error":"invalid_request","error_description":"a parameter is repeated"}`},
		{"a broken form", good + "&%zz=1", nil, `{"error":"invalid_request","error_description":"body is no form, or too long"}`},
		{"semicolons", strings.ReplaceAll(good, "&", ";"), nil, `{"error":"invalid_request","error_description":"body is no form, or too long"}`},
		{"64 KiB", good + "&x=" + strings.Repeat("x", 64<<10), nil, `{"error":"invalid_request","error_description":"body is no form, or too long"}`},
		{"JSON", `{"grant_type":"refresh_token"}`, contentType("application/json"), `{"error":"invalid_request","error_description":"want application/x-www-form-urlencoded"}`},
		{"multipart", good, contentType("multipart/form-data; boundary=x"), `{"error":"invalid_request","error_description":"want application/x-www-form-urlencoded"}`},
		{"no type", good, contentType(""), `{"error":"invalid_request","error_description":"want application/x-www-form-urlencoded"}`},
		{"a broken type", good, contentType("application/x-www-form-urlencoded; charset"), `{"error":"invalid_request","error_description":"want application/x-www-form-urlencoded"}`},
		{"a bad token", "grant_type=refresh_token&refresh_token=x", nil, `{"error":"invalid_grant","error_description":"token is invalid, expired or revoked"}`},
		{"an access token", "grant_type=refresh_token&refresh_token=" + d.Token, nil, `{"error":"invalid_grant","error_description":"token is invalid, expired or revoked"}`},
	} {
		w := d.Do("POST", "/token", append([]func(*http.Request){tokentest.WithBody(row.body)}, row.edit...)...)
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
	if asked := s.Take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
	d.Rotate()
}

func TestWhatTheTokenEndpointDoesNotLookAtChangesNothing(t *testing.T) {
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.Eager)), "1")
	for name, edit := range map[string]func(*http.Request){
		"an empty scope":               tokentest.WithForm("grant_type", "refresh_token", "refresh_token", d.Refresh, "scope", ""),
		"a client_id":                  tokentest.WithForm("grant_type", "refresh_token", "refresh_token", d.Refresh, "client_id", "cli"),
		"an unknown parameter":         tokentest.WithForm("grant_type", "refresh_token", "refresh_token", d.Refresh, "x", "1"),
		"basic authentication":         func(r *http.Request) { r.SetBasicAuth("cli", "") },
		"an access token":              tokentest.Header("Authorization", "Bearer "+d.Token),
		"a charset":                    tokentest.Header("Content-Type", "Application/X-WWW-Form-URLEncoded; charset=UTF-8"),
		"a query":                      func(r *http.Request) { r.URL.RawQuery = "grant_type=password&refresh_token=x&scope=admin" },
		"a broken query":               func(r *http.Request) { r.URL.RawQuery = "a=%zz;b" },
		"a cross-origin page":          tokentest.Origin("cross-site", "https://evil.example"),
		"cookies":                      tokentest.Header("Cookie", "__Host-refresh=x"),
		"a method in another spelling": tokentest.Header("X-HTTP-Method-Override", "GET"),
	} {
		base := tokentest.WithForm("grant_type", "refresh_token", "refresh_token", d.Refresh)
		w := d.Do("POST", "/token", base, func(r *http.Request) { r.Header.Del("Authorization") }, edit)
		if w.Code != 200 {
			t.Errorf("%s: status %d: %s", name, w.Code, w.Body)
		}
	}
}

func TestATokenInTheQueryIsNoToken(t *testing.T) {
	// SID-7: queries are logged.
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.Eager)), "1")
	path := "/token?grant_type=refresh_token&refresh_token=" + d.Refresh
	d.Status("POST", path, 400, tokentest.WithForm())
	d.Status("POST", path, 400, tokentest.WithForm("grant_type", "refresh_token"))
	d.Status("POST", "/revoke?token="+d.Refresh, 400, tokentest.WithForm())
	d.Rotate()
}

func TestTheEndpointsAnswerNothingButPOST(t *testing.T) {
	// CS-5, RT-17.
	s := tokentest.NewSpy(storetest.Memory(t))
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager)), "1")
	s.Take()
	for _, path := range []string{"/token", "/revoke", "/open/introspect"} {
		for _, method := range []string{"GET", "HEAD", "OPTIONS", "PUT", "DELETE", "post"} {
			w := d.Do(method, path, tokentest.WithForm("grant_type", "refresh_token", "refresh_token", d.Refresh, "token", d.Refresh))
			if w.Code != 405 || w.Header().Get("Allow") != "POST" || w.Header().Get("Cache-Control") != "no-store" {
				t.Errorf("%s %s: status %d, headers %v", method, path, w.Code, w.Header())
			}
			if got, want := w.Body.String(), `{"error":"invalid_request","error_description":"want POST"}`+"\n"; got != want {
				t.Errorf("%s %s: body %s, want %s", method, path, got, want)
			}
		}
	}
	if asked := s.Take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
}

func TestAnEndpointDoesNotChangeTheRequest(t *testing.T) {
	app := tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.Eager))
	r := httptest.NewRequest("POST", "/token?x=1", strings.NewReader("grant_type=refresh_token"))
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	body := r.Body
	app.ServeHTTP(httptest.NewRecorder(), r)
	if r.Body != body || r.Form != nil || r.PostForm != nil || r.URL == nil || r.URL.RawQuery != "x=1" {
		t.Errorf("the request is %+v now", r)
	}
}

func TestABodyThatAWrapperHasReadIsStillRead(t *testing.T) {
	// RFC 6749 section 6: middleware that looks for a form field has the body in r.PostForm.
	for name, parse := range map[string]func(*http.Request) error{
		"ParseForm":          (*http.Request).ParseForm,
		"ParseMultipartForm": func(r *http.Request) error { _ = r.ParseMultipartForm(1 << 20); return nil },
		"FormValue":          func(r *http.Request) error { r.FormValue("x"); return nil },
	} {
		inner := tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.Eager))
		app := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if err := parse(r); err != nil {
				t.Error(err)
			}
			inner.ServeHTTP(w, r)
		})
		d := tokentest.NewDevice(t, app, "1")
		if w := d.Do("POST", "/token?grant_type=x&refresh_token=x&scope=x", tokentest.WithForm("grant_type", "refresh_token", "refresh_token", d.Refresh)); w.Code != 200 {
			t.Errorf("%s: status %d, want 200: %s", name, w.Code, w.Body)
		}
		for path, body := range map[string]func(*http.Request){
			"/token?grant_type=refresh_token&refresh_token=" + d.Refresh: tokentest.WithForm(),
			"/token?refresh_token=" + d.Refresh:                          tokentest.WithForm("grant_type", "refresh_token"),
			"/revoke?token=" + d.Token:                                   tokentest.WithForm(),
			"/token":                                                     tokentest.WithBody("grant_type=refresh_token&refresh_token=x&refresh_token=" + d.Refresh),
		} {
			if w := d.Do("POST", path, body); w.Code != 400 {
				t.Errorf("%s, %.20s: status %d, want 400: %s", name, path, w.Code, w.Body)
			}
		}
		d.Rotate()
	}
}

func TestRevokingATokenEndsItsSession(t *testing.T) {
	// EP-1, RFC 7009 section 2.1: with its access tokens.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, tokentest.Eager))
		for name, which := range map[string]func(*tokentest.Device) string{
			"the refresh token":         func(d *tokentest.Device) string { return d.Refresh },
			"the access token":          func(d *tokentest.Device) string { return d.Token },
			"a spent refresh token":     func(d *tokentest.Device) string { _, spent := d.Rotate(); d.Rotate(); return spent },
			"a replaced access token":   func(d *tokentest.Device) string { former, _ := d.Rotate(); return former },
			"the refresh token, hinted": func(d *tokentest.Device) string { return d.Refresh + "&token_type_hint=refresh_token" },
			"the access token, misled":  func(d *tokentest.Device) string { return d.Token + "&token_type_hint=refresh_token" },
			"a hint that is no type":    func(d *tokentest.Device) string { return d.Token + "&token_type_hint=x" },
		} {
			d, other := tokentest.NewDevice(t, app, "1"), tokentest.NewDevice(t, app, "1")
			body := "token=" + which(d)
			for range 2 { // the second time there is nothing to end, which is a success too
				w := d.Do("POST", "/revoke", tokentest.WithBody(body))
				if w.Code != 200 || w.Body.Len() != 0 || w.Header().Get("Cache-Control") != "no-store" {
					t.Fatalf("%s: status %d, headers %v: %s", name, w.Code, w.Header(), w.Body)
				}
			}
			d.WantAccess(d.Token, 401)
			d.WantNoGrant(d.Refresh)
			if row := tokentest.SessionOf(t, s, d.Token); row.Ended.Reason != backends.ReasonLogout {
				t.Errorf("%s: ended %+v, want by logout", name, row.Ended)
			}
			other.Rotate()
		}
	})
}

func TestRevokingWhatIsUnknownIsASuccess(t *testing.T) {
	// EP-1, RFC 7009 section 2.2: without asking the store.
	s := tokentest.NewSpy(storetest.Memory(t))
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager)), "1")
	s.Take()
	sid := tokentest.ClaimsOf(t, d.Token)["sid"].(string)
	for _, token := range []string{
		"x", "a.b.c", d.Refresh[:150], d.Refresh + "A", d.Token[:len(d.Token)-4],
		tokentest.Sign(`{"alg":"none","typ":"at+jwt","kid":"k1"}`, tokentest.GoodClaims(sid)), tokentest.SignWith(tokentest.RefreshKeyA, tokentest.GoodHeader, tokentest.GoodClaims(sid)),
		tokentest.Sign(tokentest.GoodHeader, tokentest.Replaced(t, tokentest.GoodClaims(sid), "https://api.example", "https://x.example")),
		strings.Repeat("x", 10<<10),
	} {
		if w := d.Post("/revoke", "token", token); w.Code != 200 || w.Body.Len() != 0 {
			t.Errorf("%.40s: status %d: %s", token, w.Code, w.Body)
		}
	}
	for body, want := range map[string]string{
		"":                  `{"error":"invalid_request","error_description":"token is missing"}`,
		"token=":            `{"error":"invalid_request","error_description":"token is missing"}`,
		"token=x&token=y":   `{"error":"invalid_request","error_description":"a parameter is repeated"}`,
		"token_type_hint=x": `{"error":"invalid_request","error_description":"token is missing"}`,
	} {
		if w := d.Do("POST", "/revoke", tokentest.WithBody(body)); w.Code != 400 || w.Body.String() != want+"\n" {
			t.Errorf("%q: status %d: %s", body, w.Code, w.Body)
		}
	}
	if asked := s.Take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
	d.Rotate()
}

func TestAnExpiredAccessTokenCanBeRevoked(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.Eager)), "1")
		time.Sleep(20 * time.Minute)
		if w := d.Post("/revoke", "token", d.Token); w.Code != 200 {
			t.Errorf("status %d", w.Code)
		}
		d.WantNoGrant(d.Refresh)
	})
}

// introspected asks about a token, as another user's device.
func introspected(t testing.TB, by *tokentest.Device, token string) string {
	t.Helper()
	w := by.Status("POST", "/introspect", 200, tokentest.WithForm("token", token))
	if w.Header().Get("Cache-Control") != "no-store" || w.Header().Get("Content-Type") != "application/json" {
		t.Errorf("headers %v", w.Header())
	}
	return w.Body.String()
}

const inactive = `{"active":false}` + "\n"

func TestIntrospectionTellsWhoAnActiveTokenIs(t *testing.T) {
	// EP-1, RFC 7662 section 2.2.
	synctest.Test(t, func(t *testing.T) {
		app := tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.Eager, func(c *tokentest.Config) { c.ClientID = "cli" }))
		by, d := tokentest.NewDevice(t, app, "2"), tokentest.NewDevice(t, app, "1")
		time.Sleep(time.Minute)
		d.Next()
		claims := tokentest.ClaimsOf(t, d.Token)
		sid, jti := claims["sid"], claims["jti"]
		// The clock of the bubble begins at 946684800.
		want := fmt.Sprintf(`{"active":true,"token_type":"Bearer","iss":"https://app.example","sub":"1","aud":"https://api.example","client_id":"cli",`+
			`"sid":%q,"jti":%q,"exp":946685160,"iat":946684860,"auth_time":946684800}`+"\n", sid, jti)
		if got := introspected(t, by, d.Token); got != want {
			t.Errorf("access token: %swant %s", got, want)
		}
		want = fmt.Sprintf(`{"active":true,"token_type":"refresh_token","iss":"https://app.example","sub":"1","aud":"https://api.example","client_id":"cli",`+
			`"sid":%q,"exp":946686660,"auth_time":946684800}`+"\n", sid)
		if got := introspected(t, by, d.Refresh); got != want {
			t.Errorf("refresh token: %swant %s", got, want)
		}
	})
}

func TestIntrospectionOfWhatIsNotActiveIsExactlyThat(t *testing.T) {
	// EP-1, RFC 7662 section 2.2: whatever the reason.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := tokentest.App(t, tokentest.New(t, s, tokentest.Eager))
		by, d, ended := tokentest.NewDevice(t, app, "2"), tokentest.NewDevice(t, app, "1"), tokentest.NewDevice(t, app, "1")
		id, n, own, err := tokentest.ParseRefresh(tokentest.RefreshKeyA, d.Refresh)
		if err != nil {
			t.Fatal(err)
		}
		ended.Rotate()
		ended.Post("/revoke", "token", ended.Token)
		_, old := d.Rotate()
		d.Rotate()
		for name, token := range map[string]string{
			"garbage":                       "x",
			"a refresh token that was cut":  d.Refresh[:152],
			"a refresh token of no session": tokentest.EncodeRefresh(tokentest.RefreshKeyA, backends.NewID("1"), 1, backends.NewSecret()),
			"a foreign key":                 tokentest.EncodeRefresh(tokentest.RefreshKeyB, id, n, own),
			"a generation to come":          tokentest.EncodeRefresh(tokentest.RefreshKeyA, id, 4, own),
			"an old generation":             old,
			"a revoked refresh token":       ended.Refresh,
			"a revoked access token":        ended.Token,
			"a signature that is not ours":  tokentest.SignWith(tokentest.RefreshKeyA, tokentest.GoodHeader, tokentest.GoodClaims(id)),
			"a session that never was":      tokentest.Sign(tokentest.GoodHeader, tokentest.GoodClaims(backends.NewID("1"))),
			"the session of another user":   tokentest.Sign(tokentest.GoodHeader, tokentest.Replaced(t, tokentest.GoodClaims(id), `"sub":"1"`, `"sub":"2"`)),
			"expired":                       tokentest.Sign(tokentest.GoodHeader, tokentest.Replaced(t, tokentest.GoodClaims(id), `"exp":`, `"exp":1,"e":`)),
		} {
			if got := introspected(t, by, token); got != inactive {
				t.Errorf("%s: %s", name, got)
			}
		}
		if got := introspected(t, by, d.Refresh); got == inactive {
			t.Error("asking has ended a session") // asking is no theft
		}
		if err := s.Users().SetDisabled(t.Context(), time.Now(), "1", true); err != nil {
			t.Fatal(err)
		}
		for _, token := range []string{d.Token, d.Refresh} {
			if got := introspected(t, by, token); got != inactive {
				t.Errorf("of a disabled user: %s", got)
			}
		}
	})
}

func TestIntrospectionOfAnExpiredTokenIsInactive(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		app := tokentest.App(t, tokentest.New(t, storetest.Memory(t), tokentest.Eager))
		d := tokentest.NewDevice(t, app, "1")
		_, parent := d.Rotate()
		d.Status("GET", "/poll", 200)
		time.Sleep(tokentest.Grace)
		by := tokentest.NewDevice(t, app, "2")
		if got := introspected(t, by, parent); got != inactive {
			t.Errorf("a parent outside of the grace: %s", got)
		}
		time.Sleep(30 * time.Minute)
		by = tokentest.NewDevice(t, app, "2")
		for _, token := range []string{d.Token, d.Refresh} {
			if got := introspected(t, by, token); got != inactive {
				t.Errorf("after the idle timeout: %s", got)
			}
		}
	})
}

func TestIntrospectionNeedsAnIdentity(t *testing.T) {
	// EP-1, RFC 7662 section 2.1: without a guard it is closed.
	s := tokentest.NewSpy(storetest.Memory(t))
	d := tokentest.NewDevice(t, tokentest.App(t, tokentest.New(t, s, tokentest.Eager)), "1")
	s.Take()
	w := d.Status("POST", "/open/introspect", 403, tokentest.WithForm("token", d.Token))
	if got, want := w.Body.String(), `{"error":"access_denied","error_description":"introspection needs authorization"}`+"\n"; got != want {
		t.Errorf("body %s, want %s", got, want)
	}
	if asked := s.Take(); asked != nil {
		t.Errorf("the store was asked: %v", asked)
	}
	w = d.Post("/introspect", "token", d.Token)
	if w.Code != 401 || strings.Contains(w.Body.String(), "active") {
		t.Errorf("status %d: %s", w.Code, w.Body)
	}
}

func TestIntrospectionIsNoUseAndNoActivity(t *testing.T) {
	s := tokentest.NewSpy(storetest.Memory(t))
	app := tokentest.App(t, tokentest.New(t, s, tokentest.Eager))
	by, d := tokentest.NewDevice(t, app, "2"), tokentest.NewDevice(t, app, "1")
	d.Rotate()
	before := tokentest.SessionOf(t, s, d.Token)
	s.Take()
	introspected(t, by, d.Token)
	introspected(t, by, d.Refresh)
	if got, want := s.Take(), []string{"Find", "Find", "Find", "Find"}; !slices.Equal(got, want) {
		t.Errorf("the store was asked for %v, want %v", got, want)
	}
	if after := tokentest.SessionOf(t, s, d.Token); !reflect.DeepEqual(after, before) {
		t.Errorf("session %+v, want %+v", after, before)
	}
}
