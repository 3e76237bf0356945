package cookie_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

func TestALoginIsSeenAsAnIdentityAndALogoutEndsIt(t *testing.T) {
	// LO-1
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, newApp(t, s))
		b.status("GET", "/me", 401)
		b.login("2")
		var id middleware.Identity
		if err := json.Unmarshal(b.status("GET", "/me", 200).Body.Bytes(), &id); err != nil {
			t.Fatal(err)
		}
		if id.Subject != "2" || strings.Join(id.Roles, " ") != "user admin" || id.Method != "cookie" || !backends.ValidID(id.SessionID) {
			t.Errorf("identity %+v", id)
		}
		if age := time.Since(id.AuthTime); age < 0 || age > time.Minute {
			t.Errorf("auth_time is %v ago", age)
		}
		if left := time.Until(id.ExpiresAt); left > 30*time.Minute || left < 29*time.Minute {
			t.Errorf("expires in %v, want half an hour", left)
		}
		stolen := b.jar["__Host-session"]
		b.status("POST", "/logout", 200)
		if len(b.jar) != 0 {
			t.Errorf("the browser still has %v", b.jar)
		}
		b.status("GET", "/me", 401)
		b.jar["__Host-session"] = stolen
		b.status("GET", "/me", 401)
	})
}

func TestALoginAlwaysGetsANewSecretAndEndsTheSessionThatTheBrowserHad(t *testing.T) {
	// SID-2, LO-8.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, newApp(t, s))
		b.login("1")
		first := b.jar["__Host-session"]
		b.login("1")
		if second := b.jar["__Host-session"]; second == first {
			t.Error("the second login got the secret of the first")
		}
		b.status("GET", "/me", 200)
		newBrowser(t, b.app).status("GET", "/me", 401, cookieHeader("__Host-session="+first))
		live, _, err := s.List(t.Context(), time.Now(), "1", backends.Page{})
		if err != nil || len(live) != 1 {
			t.Errorf("%d live sessions (%v), want 1", len(live), err)
		}
	})
}

func TestASecretThatTheServerDidNotIssueIsNeverAdopted(t *testing.T) {
	// SID-4: signed with our key, even; and no row comes into being.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		planted := seal(t, keyA, bytes.Repeat([]byte{7}, 32), backends.NewID("1"))
		b := newBrowser(t, newApp(t, s))
		b.jar["__Host-session"] = planted
		b.status("GET", "/me", 401)
		b.login("1")
		if b.jar["__Host-session"] == planted {
			t.Error("the login adopted the planted secret")
		}
		newBrowser(t, b.app).status("GET", "/me", 401, cookieHeader("__Host-session="+planted))
		live, _, _ := s.List(t.Context(), time.Now(), "1", backends.Page{})
		if len(live) != 1 {
			t.Errorf("%d live sessions, want 1", len(live))
		}
	})
}

func TestProvingAgainGivesANewSecretAndTheFormerOneOpensNothing(t *testing.T) {
	// SID-3; RFC 8176 names the methods.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, newApp(t, s))
		b.status("POST", "/prove", 401)
		b.login("1")
		former := b.jar["__Host-session"]
		var before, after middleware.Identity
		_ = json.Unmarshal(b.status("GET", "/me", 200).Body.Bytes(), &before)
		b.status("POST", "/prove", 200)
		_ = json.Unmarshal(b.status("GET", "/me", 200).Body.Bytes(), &after)
		if b.jar["__Host-session"] == former {
			t.Error("the secret is the former one")
		}
		if after.SessionID != before.SessionID || !after.AuthTime.After(before.AuthTime) || strings.Join(after.AMR, " ") != "pwd otp" {
			t.Errorf("before %+v, after %+v", before, after)
		}
		newBrowser(t, b.app).status("GET", "/me", 401, cookieHeader("__Host-session="+former))
		newBrowser(t, b.app).status("POST", "/prove", 401, cookieHeader("__Host-session="+former))
	})
}

func TestProvingAgainIsForTheUserOfTheSession(t *testing.T) {
	b := newBrowser(t, newApp(t, storetest.Memory(t)))
	b.login("2")
	b.status("POST", "/prove", 401) // proves user 1
	b.status("GET", "/me", 200)
}

func TestALogoutIsIdempotent(t *testing.T) {
	// LO-7
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		b := newBrowser(t, newApp(t, s))
		b.login("1")
		value := b.jar["__Host-session"]
		for _, presented := range []string{value, value, "forged", ""} {
			delete(b.jar, "__Host-session")
			if presented != "" {
				b.jar["__Host-session"] = presented
			}
			w := b.status("POST", "/logout", 200)
			if c := sessionCookie(t, w); c.MaxAge >= 0 || c.Value != "" {
				t.Errorf("presented %.8q: cookie %v, want a deletion", presented, c)
			}
		}
	})
}

func TestALogoutCanClearTheSitesData(t *testing.T) {
	// LO-6
	b := newBrowser(t, newApp(t, storetest.Memory(t), func(c *config) { c.ClearSiteData = `"cookies", "storage"` }))
	b.login("1")
	if got := b.status("POST", "/logout", 200).Header().Get("Clear-Site-Data"); got != `"cookies", "storage"` {
		t.Errorf("Clear-Site-Data %q", got)
	}
}

func TestNothingIsLoggedInOrOutByASafeMethod(t *testing.T) {
	// CS-5, LO-8: not by following a link, whatever its query says.
	b := newBrowser(t, newApp(t, storetest.Memory(t)))
	b.login("1")
	for _, method := range []string{"GET", "HEAD", "OPTIONS", "TRACE"} {
		for _, path := range []string{"/login?user=1", "/logout", "/prove"} {
			w := b.status(method, path, 400, as("1"))
			if got := w.Header().Values("Set-Cookie"); got != nil {
				t.Errorf("%s %s set %q", method, path, got)
			}
		}
	}
	b.status("GET", "/me", 200)
}

func TestWhatIsDoneToAUserHoldsFromTheNextRequestOn(t *testing.T) {
	// LO-2, LO-3, AZ-2.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		ctx := t.Context()
		must := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		app := newApp(t, s)
		laptop, phone := newBrowser(t, app), newBrowser(t, app)
		laptop.login("2")
		phone.login("2")
		laptop.status("GET", "/admin", 200)

		must(s.Users().SetRoles(ctx, "2", []string{"user"}))
		laptop.status("GET", "/admin", 403)
		laptop.status("GET", "/me", 200)

		var id middleware.Identity
		_ = json.Unmarshal(laptop.status("GET", "/me", 200).Body.Bytes(), &id)
		ended, err := s.Users().SetPassword(ctx, time.Now(), "2", 0, "", id.SessionID)
		must(err)
		if ended != 1 {
			t.Errorf("the new password ended %d sessions, want 1", ended)
		}
		phone.status("GET", "/me", 401)
		laptop.status("GET", "/me", 200)

		must(s.Users().SetDisabled(ctx, time.Now(), "2", true))
		laptop.status("GET", "/me", 401)
		laptop.status("POST", "/login", 401, as("2"))
		must(s.Users().SetDisabled(ctx, time.Now(), "2", false))
		laptop.status("GET", "/me", 401) // enabling brings no session back

		laptop.login("2")
		must(s.Users().DeleteUser(ctx, time.Now(), "2"))
		laptop.status("GET", "/me", 401)
		laptop.status("POST", "/login", 500, as("2")) // a mistake: the application logs in a user whom it does not have
	})
}

func TestAnAdministratorEndsOneSessionAllOfAUserOrAllOfEveryone(t *testing.T) {
	// LO-4
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		app := newApp(t, s)
		browsers := map[string]*browser{}
		for name, user := range map[string]string{"a": "1", "b": "1", "c": "1", "d": "2", "e": "2"} {
			browsers[name] = newBrowser(t, app)
			browsers[name].login(user)
		}
		want := func(statuses string) {
			t.Helper()
			for i, name := range []string{"a", "b", "c", "d", "e"} {
				browsers[name].status("GET", "/me", map[byte]int{'+': 200, '-': 401}[statuses[i]])
			}
		}
		var id middleware.Identity
		_ = json.Unmarshal(browsers["a"].do("GET", "/me").Body.Bytes(), &id)
		if ok, err := s.Revoke(t.Context(), time.Now(), id.SessionID, backends.ReasonRevoked); !ok || err != nil {
			t.Fatalf("Revoke: %v, %v", ok, err)
		}
		want("-++++")
		if n, err := s.RevokeUser(t.Context(), time.Now(), "1", "", backends.ReasonRevoked); n != 2 || err != nil {
			t.Errorf("RevokeUser: %d, %v; want 2", n, err)
		}
		want("---++")
		if err := s.RevokeAll(t.Context(), time.Now(), backends.ReasonRevoked); err != nil {
			t.Errorf("RevokeAll: %v", err)
		}
		want("-----")
	})
}

func TestALoginWithAnOutdatedUserVersionIsRefused(t *testing.T) {
	// LO-12: who checked the old password does not log in after it was changed.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		u, _, err := s.Users().UserByName(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.Users().SetPassword(t.Context(), time.Now(), u.ID, 0, "", ""); err != nil {
			t.Fatal(err)
		}
		cookies := newCookies(t, s)
		b := newBrowser(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, err := cookies.Login(w, r, middleware.Login{Subject: u.ID, UserVersion: u.Version})
			if err == nil {
				t.Error("the login went through")
			}
		}))
		if w := b.do("POST", "/"); w.Header().Get("Set-Cookie") != "" {
			t.Error("a cookie was set")
		}
	})
}

func TestASessionMayHaveAPolicyOfItsOwn(t *testing.T) {
	s := storetest.Memory(t)
	cookies := newCookies(t, s)
	b := newBrowser(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		l := middleware.Login{Subject: "1", Label: "Ann's phone", Policy: sliding.Policy{Idle: time.Minute, Absolute: time.Hour}}
		if r.URL.Path == "/bad" {
			l.Policy = sliding.Policy{Idle: time.Minute}
		}
		if _, err := cookies.Login(w, r, l); (err != nil) != (r.URL.Path == "/bad") {
			t.Errorf("%s: %v", r.URL.Path, err)
		}
	}))
	if c := sessionCookie(t, b.do("POST", "/")); c.MaxAge != 3600 {
		t.Errorf("Max-Age %d, want 3600", c.MaxAge)
	}
	live, _, _ := s.List(t.Context(), time.Now(), "1", backends.Page{})
	if len(live) != 1 || live[0].IdleTimeout != time.Minute || live[0].Client.Label != "Ann's phone" || live[0].Client.IP.String() != "192.0.2.1" {
		t.Errorf("sessions %+v", live)
	}
	if w := b.do("POST", "/bad"); w.Header().Get("Set-Cookie") != "" {
		t.Error("a session without an absolute limit was opened")
	}
}

func TestNoLogHoldsASecret(t *testing.T) {
	// SID-8, CK-13: a thousand requests with debug logging on.
	var log bytes.Buffer
	logger := slog.New(slog.NewJSONHandler(&log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	b := newBrowser(t, appOf(t, newCookies(t, storetest.Memory(t)), logger))
	secrets := map[string]bool{}
	for i := range 1000 {
		switch i % 5 {
		case 0:
			b.do("POST", "/login", as("1"))
			secrets[b.jar["__Host-session"]] = true
		case 1:
			b.do("GET", "/admin")
		case 2:
			b.do("POST", "/me", header("Sec-Fetch-Site", "cross-site"))
		case 3:
			b.do("POST", "/logout")
		case 4:
			for value := range secrets {
				b.do("GET", "/me", cookieHeader("__Host-session="+value))
				break
			}
		}
	}
	if log.Len() == 0 || len(secrets) != 200 {
		t.Fatalf("%d bytes of log and %d secrets: nothing was tried", log.Len(), len(secrets))
	}
	for value := range secrets {
		for _, form := range []string{value, payload(t, value), payloadHex(t, value)} {
			if strings.Contains(log.String(), form) {
				t.Fatalf("the log holds a secret as %q", form)
			}
		}
	}
}

// signed returns what is signed in a cookie: the secret, and the ID of the session.
func signed(t *testing.T, value string) (secret []byte, id string) {
	t.Helper()
	raw, err := base64.URLEncoding.DecodeString(value)
	if err != nil {
		t.Fatal(err)
	}
	payload, err := base64.URLEncoding.DecodeString(strings.Split(string(raw), "|")[1])
	if err != nil || len(payload) != 32+26 {
		t.Fatalf("%d bytes are signed (%v), want a secret of 32 and an ID of 26", len(payload), err)
	}
	return payload[:32], string(payload[32:])
}

// payload returns the secret in a cookie, in base64.
func payload(t *testing.T, value string) string {
	t.Helper()
	secret, _ := signed(t, value)
	return base64.URLEncoding.EncodeToString(secret)
}

func TestASecretHas256RandomBitsAndNothingElseIsInTheCookie(t *testing.T) {
	// SID-1, CK-13: time of issue, the secret, the public ID, a MAC; and of ten thousand no two
	// are alike.
	b := newBrowser(t, newApp(t, storetest.Memory(t)))
	seen := map[string]bool{}
	var or, and [32]byte
	for i := range and {
		and[i] = 0xff
	}
	for range 10_000 {
		opened := b.opened("1")
		secret, id := signed(t, b.jar["__Host-session"])
		if id != opened {
			t.Fatalf("the cookie names session %q, want %q", id, opened)
		}
		if seen[string(secret)] {
			t.Fatal("a secret came twice")
		}
		seen[string(secret)] = true
		for i, c := range secret {
			or[i] |= c
			and[i] &= c
		}
	}
	for i := range or {
		if or[i] != 0xff || and[i] != 0 {
			t.Errorf("byte %d has a bit that never changes", i)
		}
	}
}

func TestTheProofOfAFormerPasswordRestartsNoSession(t *testing.T) {
	// LO-12: a thief with the cookie proved the old password while its owner changed it.
	storetest.Each(t, func(t *testing.T, s storetest.Store) {
		u, _, err := s.Users().UserByName(t.Context(), "ann")
		if err != nil {
			t.Fatal(err)
		}
		b := newBrowser(t, newApp(t, s))
		id := b.opened("1")
		if _, err := s.Users().SetPassword(t.Context(), now(), "1", 0, "$argon2id$x", id); err != nil {
			t.Fatal(err)
		}
		r := httptest.NewRequest("POST", "https://app.example/", nil)
		r.Header.Set("Cookie", "__Host-session="+b.jar["__Host-session"])
		w := httptest.NewRecorder()
		_, err = newCookies(t, s).Reauthenticate(w, r, middleware.Login{Subject: "1", UserVersion: u.Version})
		if !errors.Is(err, middleware.ErrInvalidCredentials) || len(w.Header()) != 0 {
			t.Errorf("%v, header %v; want ErrInvalidCredentials and none", err, w.Header())
		}
		b.status("GET", "/me", 200)
	})
}
