package peers_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"net/http"
	"net/http/httptest"
	"sync"
	"testing"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"
	"github.com/gorilla/securecookie"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/sliding"
)

const (
	user     = "ann"
	idle     = 30 * time.Minute
	absolute = 12 * time.Hour
)

// A peer is one way of guarding: a login, and a request that finds the user of the cookie.
type peer struct {
	name    string
	login   http.Handler
	guarded http.Handler
}

func BenchmarkGuardedRequest(b *testing.B) {
	for _, p := range []peer{
		byHand(b),
		inga(b),
		inScs("scs", 0),
		inScs("scs with an idle timeout", idle),
	} {
		b.Run(p.name, func(b *testing.B) { p.bench(b) })
	}
}

func (p peer) bench(b *testing.B) {
	login := httptest.NewRecorder()
	p.login.ServeHTTP(login, httptest.NewRequest("POST", "/login", nil))
	r := httptest.NewRequest("GET", "/", nil)
	for _, c := range login.Result().Cookies() {
		r.AddCookie(c)
	}
	w := &answer{header: http.Header{}}
	b.ReportAllocs()
	for b.Loop() {
		clear(w.header)
		w.status = 0
		p.guarded.ServeHTTP(w, r)
		if w.status != http.StatusNoContent {
			b.Fatalf("status %d, want 204", w.status)
		}
	}
}

// An answer is a ResponseWriter that costs as little as one can.
type answer struct {
	header http.Header
	status int
}

func (a *answer) Header() http.Header         { return a.header }
func (a *answer) Write(p []byte) (int, error) { return len(p), nil }
func (a *answer) WriteHeader(status int)      { a.status = status }

// greet is the handler of all peers: 204 to ann, 500 to anybody else.
func greet(w http.ResponseWriter, subject string) {
	if subject != user {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.WriteHeader(http.StatusNoContent)
}

func inga(b *testing.B) peer {
	b.Helper()
	store := memory.New()
	if err := store.CreateUser(b.Context(), backends.User{ID: user, Name: user, Roles: []string{"user"}}, ""); err != nil {
		b.Fatal(err)
	}
	sessions, err := cookie.New(cookie.Config{
		Store:  store,
		Keys:   [][]byte{newKey()},
		Policy: sliding.Policy{Idle: idle, Absolute: absolute},
	})
	if err != nil {
		b.Fatal(err)
	}
	guard, err := middleware.New(middleware.Config{Authenticator: sessions})
	if err != nil {
		b.Fatal(err)
	}
	return peer{
		name: "inga",
		login: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := sessions.Login(w, r, middleware.Login{Subject: user}); err != nil {
				b.Error(err)
			}
		}),
		guarded: guard.Handler(sliding.Handler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, _ := middleware.FromContext(r.Context())
			greet(w, id.Subject)
		}))),
	}
}

// byHand is the floor: the least code that does what the sentence says. Find the cookie,
// check its signature, hash the secret, look it up, put the identity into the context.
func byHand(b *testing.B) peer {
	b.Helper()
	type session struct {
		subject  string
		deadline time.Time
	}
	type contextKey struct{}
	var (
		mu       sync.RWMutex
		sessions = map[[sha256.Size]byte]*session{}
		codec    = securecookie.New(newKey(), nil).SetSerializer(securecookie.NopEncoder{}).MaxAge(0)
	)
	const name = "__Host-session"
	find := func(r *http.Request) *session {
		c, err := r.Cookie(name)
		if err != nil {
			return nil
		}
		var secret []byte
		if err := codec.Decode(name, c.Value, &secret); err != nil {
			return nil
		}
		mu.RLock()
		defer mu.RUnlock()
		s := sessions[sha256.Sum256(secret)]
		if s == nil || time.Now().After(s.deadline) {
			return nil
		}
		return s
	}
	return peer{
		name: "by hand",
		login: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			secret := newKey()
			value, err := codec.Encode(name, secret)
			if err != nil {
				b.Error(err)
			}
			sessions[sha256.Sum256(secret)] = &session{subject: user, deadline: time.Now().Add(absolute)}
			http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true})
		}),
		guarded: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s := find(r)
			if s == nil {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			r = r.WithContext(context.WithValue(r.Context(), contextKey{}, s))
			s, _ = r.Context().Value(contextKey{}).(*session)
			greet(w, s.subject)
		}),
	}
}

// inScs is scs as its documentation shows it.
func inScs(name string, idle time.Duration) peer {
	manager := scs.New()
	manager.Store = memstore.NewWithCleanupInterval(0)
	manager.Lifetime = absolute
	manager.IdleTimeout = idle
	return peer{
		name: name,
		login: manager.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			manager.Put(r.Context(), "user", user)
		})),
		guarded: manager.LoadAndSave(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			greet(w, manager.GetString(r.Context(), "user"))
		})),
	}
}

func newKey() []byte {
	key := make([]byte, 32)
	_, _ = rand.Read(key)
	return key
}
