package dbsc_test

import (
	"crypto/rand"
	"crypto/rsa"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/internal/pgtest"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
)

func TestABrowserMayHaveAKeyOfRSA(t *testing.T) {
	// Windows has hardware that knows no other.
	inMemory(t, offered, func(t *testing.T, a *app, _ *memory.Store) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		d := newDevice(t, a)
		d.want(200, "POST", "/login/1")
		sign := func(claims jwt.MapClaims, withKey bool) string {
			token := jwt.NewWithClaims(jwt.SigningMethodRS256, claims)
			token.Header["typ"] = "dbsc+jwt"
			if withKey {
				token.Header["jwk"] = map[string]string{"kty": "RSA", "n": base64.RawURLEncoding.EncodeToString(key.N.Bytes()), "e": "AQAB"}
			}
			return must(token.SignedString(key))(t)
		}
		m := offerForm.FindStringSubmatch(d.offer)
		claims := jwt.MapClaims{"jti": m[1], "authorization": m[2], "aud": "https://app.example/dbsc/register"} // with the claim of newer ones
		d.answered(d.want(200, "POST", "/dbsc/register", header("Secure-Session-Response", sign(claims, true))))
		d.lose()
		d.send(200, sign(jwt.MapClaims{"jti": d.challenge()}, false))
		if got := d.want(200, "GET", "/me").Body.String(); !strings.Contains(got, `"proved":true`) {
			t.Errorf("%s, want proved", got)
		}
		d.send(403, d.prove(jwt.MapClaims{"jti": d.challenge()}, false)) // of another key and algorithm
	})
}

func TestARefreshTokenInACookieIsNotReplacedWithoutAProof(t *testing.T) {
	// DB-1, DB-2: a thief who could replace it would have the owner taken for the thief.
	storetest.Each(t, func(t *testing.T, store storetest.Store) {
		a := newApp(t, store, "token cookies", offered)
		mux := http.NewServeMux()
		mux.Handle("/", a.Handler)
		mux.HandleFunc("POST /refresh", func(w http.ResponseWriter, r *http.Request) {
			if _, err := a.cookies.(*tokencookie.Cookies).Refresh(w, r); err != nil {
				middleware.Refuse(w, r, err)
			}
		})
		a.Handler = mux
		d := bound(t, a, "1")
		thief := d.thief().lose()
		a.cookies.Bound().Shorten(time.Nanosecond, 0)
		a.types()
		thief.wantProblem(thief.want(401, "POST", "/refresh"), "proof-required")
		if got := a.types(); !slices.Equal(got, []string{"unproved proof_required"}) {
			t.Errorf("events %q, want one of unproved and none of a refresh", got)
		}
		a.cookies.Bound().Shorten(10*time.Minute, 0)
		d.lose().refresh()
		d.want(200, "POST", "/refresh")
		d.want(200, "GET", "/me")
	})
}

func TestATokenIsIssuedForABoundSessionWithItsProofOnly(t *testing.T) {
	// DB-1
	storetest.Each(t, func(t *testing.T, store storetest.Store) {
		a := newApp(t, store, "session cookie", offered)
		tokens := newTokens(t, registry(t, store))
		guard := must(middleware.New(middleware.Config{Authenticator: middleware.FirstOf(tokens, a.cookies)}))(t)
		mux := http.NewServeMux()
		mux.Handle("/", a.Handler)
		mux.Handle("POST /token", guard.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, _ := middleware.FromContext(r.Context())
			issued, err := tokens.Grant(r, id)
			if err != nil {
				guard.Refuse(w, r, err)
				return
			}
			_ = json.NewEncoder(w).Encode(issued.AccessToken)
		})))
		mux.Handle("/api", guard.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
		a.Handler = mux
		d := bound(t, a, "1")
		thief := d.thief().lose()
		thief.want(401, "POST", "/token") // in the grace as well
		a.cookies.Bound().Shorten(time.Nanosecond, 0)
		thief.want(401, "POST", "/token")
		a.cookies.Bound().Shorten(10*time.Minute, 0)
		d.lose().refresh()
		var token string
		if err := json.Unmarshal(d.want(200, "POST", "/token").Body.Bytes(), &token); err != nil {
			t.Fatal(err)
		}
		newDevice(t, a).want(200, "GET", "/api", header("Authorization", "Bearer "+token))
	})
}

func TestARouteCanDemandABoundSession(t *testing.T) {
	// DB-9: after the ten seconds in which browsers bind it.
	inMemory(t, offered, func(t *testing.T, a *app, _ *memory.Store) {
		guard := must(middleware.New(middleware.Config{Authenticator: a.cookies}))(t)
		strict := must(guard.Require(middleware.Bound()))(t).Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
		mux := http.NewServeMux()
		mux.Handle("/", a.Handler)
		mux.Handle("/strict", strict)
		a.Handler = mux
		d, plain := newDevice(t, a), newDevice(t, a)
		d.want(200, "POST", "/login/1")
		d.want(200, "GET", "/strict")
		d.register()
		d.thief().lose().want(200, "GET", "/strict") // on its way during the registration
		plain.want(200, "POST", "/login/1")
		plain.want(200, "GET", "/strict")
		time.Sleep(10 * time.Second)
		d.want(200, "GET", "/strict")
		plain.wantProblem(plain.want(403, "GET", "/strict"), "forbidden")
		plain.want(200, "GET", "/me")
	})
}

func TestABoundCookieOfAFormerKeyIsGood(t *testing.T) {
	// DB-1: keys rotate as those of the session's cookie, and so do identifiers and challenges.
	store := storetest.Memory(t)
	a := newApp(t, store, "session cookie", offered)
	d := bound(t, a, "1")
	proof := d.prove(jwt.MapClaims{"jti": d.challenge()}, false)
	d.app = &app{cookies: must(cookie.New(cookie.Config{Sessions: registry(t, store), Keys: [][]byte{keyOf("b"), keyOf("a")}, Bind: offered}))(t)}
	d.app.serve(t)
	d.want(200, "GET", "/me")
	if got := d.want(200, "GET", "/me").Body.String(); !strings.Contains(got, `"proved":true`) {
		t.Errorf("%s, want proved", got)
	}
	d.send(200, proof)
	if got := d.want(200, "GET", "/me").Body.String(); !strings.Contains(got, `"proved":true`) {
		t.Errorf("%s, want proved by the new key", got)
	}
}

func TestATokenOutOfACookieIsGoodNowhereElse(t *testing.T) {
	// DB-1, DB-2: not as a Bearer token, nor at the token endpoint, in the minutes of the bound cookie either.
	storetest.Each(t, func(t *testing.T, store storetest.Store) {
		a := newApp(t, store, "token cookies", offered)
		tokens := newTokens(t, registry(t, store))
		guard := must(middleware.New(middleware.Config{Authenticator: middleware.FirstOf(tokens, a.cookies)}))(t)
		mux := http.NewServeMux()
		mux.Handle("/", a.Handler)
		mux.Handle("/api", guard.Handler(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})))
		mux.HandleFunc("POST /refresh", func(w http.ResponseWriter, r *http.Request) {
			if _, err := tokens.Refresh(r, r.Header.Get("Token")); err != nil {
				middleware.Refuse(w, r, err)
			}
		})
		a.Handler = mux
		d := bound(t, a, "1")
		access, refresh := d.jar["__Host-access"], d.jar["__Host-refresh"]
		thief := newDevice(t, a)
		thief.want(401, "GET", "/api", header("Authorization", "Bearer "+access))
		thief.want(401, "GET", "/api", header("Authorization", "DPoP "+access))
		thief.want(401, "POST", "/refresh", header("Token", refresh))
		d.lose().refresh()
		d.want(200, "GET", "/me")
	})
}

func TestABindingReachesTheCachesOfOtherProcesses(t *testing.T) {
	// DB-1: which believed until then that the session is not bound.
	for kind := range kinds {
		t.Run(kind, func(t *testing.T) {
			for name, store := range map[string]backends.Store{
				"memory":   storetest.Memory(t),
				"postgres": postgresWithUsers(t),
			} {
				a, other := newApp(t, storetest.Cached(t, store), kind, offered), newApp(t, storetest.Cached(t, store), kind, offered)
				d := newDevice(t, a)
				d.want(200, "POST", "/login/1")
				thief := d.thief()
				thief.app = other
				thief.want(200, "GET", "/me")
				thief.want(200, "GET", "/me")
				other.cookies.Bound().Shorten(time.Nanosecond, 0)
				d.register()
				for began := time.Now(); thief.do("GET", "/me").Code != 401; time.Sleep(time.Millisecond) {
					if time.Since(began) > time.Minute {
						t.Fatalf("%s: the other process lets the thief in for a minute", name)
					}
				}
				d.app = other
				other.cookies.Bound().Shorten(10*time.Minute, 0)
				d.lose().refresh()
				d.want(200, "GET", "/me")
			}
		})
	}
}

func postgresWithUsers(t *testing.T) *postgres.Store {
	s := storetest.Postgres(t, pgtest.Pool(t), pgtest.Schema(t))
	storetest.AddUsers(t, s)
	return s
}

func TestALoginWithoutTheKeyTakesThePlaceOfTheFormerSession(t *testing.T) {
	// DB-2: the user has lost the key, and proves to be the user in another way.
	each(t, func(t *testing.T, a *app, store storetest.Store, _ string) {
		a.cookies.Bound().Shorten(time.Nanosecond, 0)
		d := bound(t, a, "1").lose()
		d.want(401, "GET", "/me")
		d.want(200, "POST", "/login/1")
		list, _, err := store.List(t.Context(), time.Now(), "1", backends.Page{})
		if err != nil || len(list) != 1 || list[0].Binding.Thumbprint != "" {
			t.Errorf("%+v (%v), want the new session only", list, err)
		}
	})
}

func TestASessionInWhichAnotherUserActsIsNotOfferedToBeBound(t *testing.T) {
	// It takes the session of that user, which may be bound.
	a := newApp(t, storetest.Memory(t), "session cookie", offered)
	for actor, offers := range map[string]bool{"": true, "2": false} {
		h := http.Header{}
		a.cookies.Bound().Offer(h, &backends.Session{ID: backends.NewID("1"), AuthenticatedAt: time.Now(), Actor: backends.Actor{UserID: actor}})
		if got := h.Get("Secure-Session-Registration") != ""; got != offers {
			t.Errorf("actor %q: offered %v, want %v", actor, got, offers)
		}
	}
}
