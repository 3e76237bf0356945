package peers_test

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/alexedwards/scs/v2"
	"github.com/alexedwards/scs/v2/memstore"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

const (
	user     = "ann"
	idle     = 30 * time.Minute
	absolute = 12 * time.Hour
)

// A peer is one way of guarding: a login, and a request that finds the user of the cookie.
type peer struct {
	login   http.Handler
	guarded http.Handler
}

// A candidate is a peer that does not exist yet.
type candidate struct {
	name string
	make func() peer
}

// hand is the name of the candidate that servers are compared with.
const hand = "by hand"

func candidates() []candidate {
	return []candidate{
		{hand, byHand},
		{"inga", func() peer { return inga(cached()) }},
		{"inga with sliding", func() peer { return inga(cached(), sliding.Handler) }},
		{"inga without a cache", func() peer { return inga(memory.New()) }},
		{"scs", func() peer { return inScs(0) }},
		{"scs with an idle timeout", func() peer { return inScs(idle) }},
	}
}

// greeting is what a logged-in user reads.
const greeting = "hello, " + user

// greet is the handler of all peers. It greets ann, and answers 500 to anybody else. Like most
// handlers it sets the type of what it writes.
func greet(w http.ResponseWriter, subject string) {
	if subject != user {
		w.WriteHeader(http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	_, _ = io.WriteString(w, greeting)
}

// byHand is the least code that does what the sentence says: find the cookie, hash the secret,
// look it up, put the session into the context. The cookie is not signed, and no header keeps
// the response from being stored.
func byHand() peer {
	type session struct {
		subject  string
		deadline time.Time
	}
	type contextKey struct{}
	var (
		mu       sync.RWMutex
		sessions = map[[sha256.Size]byte]session{}
	)
	const name = "__Host-session"
	find := func(r *http.Request) (session, bool) {
		c, err := r.Cookie(name)
		if err != nil {
			return session{}, false
		}
		secret, err := base64.RawURLEncoding.DecodeString(c.Value)
		if err != nil {
			return session{}, false
		}
		mu.RLock()
		s, ok := sessions[sha256.Sum256(secret)]
		mu.RUnlock()
		return s, ok && time.Now().Before(s.deadline)
	}
	return peer{
		login: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			secret := newKey()
			mu.Lock()
			sessions[sha256.Sum256(secret)] = session{subject: user, deadline: time.Now().Add(absolute)}
			mu.Unlock()
			value := base64.RawURLEncoding.EncodeToString(secret)
			http.SetCookie(w, &http.Cookie{Name: name, Value: value, Path: "/", Secure: true, HttpOnly: true})
		}),
		guarded: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			s, ok := find(r)
			if !ok {
				w.WriteHeader(http.StatusUnauthorized)
				return
			}
			r = r.WithContext(context.WithValue(r.Context(), contextKey{}, s))
			s, _ = r.Context().Value(contextKey{}).(session)
			greet(w, s.subject)
		}),
	}
}

// cached returns a cache that follows the changes of its backend, as in a program.
func cached() *cache.Store {
	store := must(cache.New(cache.Config{Store: memory.New()}))
	go func() { panic(store.Follow(context.Background(), nil)) }()
	return store
}

func inga(store interface {
	backends.Store
	backends.UserStore
}, inside ...func(http.Handler) http.Handler) peer {
	ann := backends.User{ID: user, Name: user, Roles: []string{"user"}}
	if err := store.Users().CreateUser(context.Background(), ann, ""); err != nil {
		panic(err)
	}
	sessions := must(session.New(session.Config{
		Store:  store,
		Policy: sliding.Policy{Idle: idle, Absolute: absolute},
		Events: func(context.Context, middleware.Event) {},
	}))
	cookies := must(cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{newKey()}}))
	guard := must(middleware.New(middleware.Config{Authenticator: cookies}))
	private := middleware.Chain(append([]func(http.Handler) http.Handler{guard.Handler}, inside...)...)
	return peer{
		login: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if _, err := cookies.Login(w, r, middleware.Login{Subject: user}); err != nil {
				guard.Refuse(w, r, err)
			}
		}),
		guarded: private(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			id, _ := middleware.FromContext(r.Context())
			greet(w, id.Subject)
		})),
	}
}

// inScs is scs as its documentation shows it.
func inScs(idle time.Duration) peer {
	manager := scs.New()
	manager.Store = memstore.NewWithCleanupInterval(0)
	manager.Lifetime = absolute
	manager.IdleTimeout = idle
	return peer{
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

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
