package session_test

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"log"
	"net/http"
	"net/http/httptest"
	"strings"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/memory"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// APIKeys proves sessions by API keys. A key is the ID of a session, a dot, and its secret. The
// Method opens, renews, watches and ends the sessions.
type APIKeys struct{ *session.Method }

// Authenticate implements [middleware.Authenticator].
func (k APIKeys) Authenticate(r *http.Request) (middleware.Identity, error) {
	key := r.Header.Get("API-Key")
	if key == "" {
		return middleware.Identity{}, middleware.ErrNoCredentials
	}
	id, text, _ := strings.Cut(key, ".")
	secret, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil || len(secret) != backends.SecretSize {
		return middleware.Identity{}, middleware.ErrInvalidCredentials
	}
	identity, err := k.Method.Authenticate(r.Context(), id, backends.Secret(secret))
	identity.AuthTime = time.Time{} // a program has not authenticated anyone: it never passes middleware.Fresh
	return identity, err
}

// Create returns a new key of the user. It cannot be shown again.
func (k APIKeys) Create(r *http.Request, userID, label string) (key string, err error) {
	secret := backends.NewSecret()
	s, err := k.Open(r, middleware.Login{Subject: userID, Label: label}, session.Opening{Secret: secret})
	return s.ID + "." + base64.RawURLEncoding.EncodeToString(secret[:]), err
}

func Example_apiKey() {
	ctx, store := context.Background(), memory.New()
	err1 := store.Users().CreateUser(ctx, backends.User{ID: "ann"}, "")
	sessions, err2 := session.New(session.Config{
		Store:  store,
		Policy: sliding.AAL1(),
		Limit:  backends.Limit{PerKind: 1, Refuse: true}.ForAll,
		Events: func(_ context.Context, e middleware.Event) { fmt.Println("event:", e.Type, e.SessionID != "") },
	})
	keys := APIKeys{sessions.Method("api_key", "api_key")}
	guard, err3 := middleware.New(middleware.Config{Authenticator: keys}) // or middleware.FirstOf(keys, cookies)
	d, err4 := devices.New(sessions)
	if err := errors.Join(err1, err2, err3, err4); err != nil {
		log.Fatal(err)
	}
	private := middleware.Chain(guard.Handler, sliding.Handler)

	r := httptest.NewRequest("GET", "/", nil)
	key, _ := keys.Create(r, "ann", "Backup script")
	_, err := keys.Create(r, "ann", "One too many")
	fmt.Println(errors.Is(err, middleware.ErrTooManySessions))

	r.Header.Set("API-Key", key)
	fmt.Println(status(private, r))
	list, _, _ := d.Sessions(ctx, "ann", "", backends.Page{})
	fmt.Println(list[0].Label, list[0].Kind)
	_, _ = d.EndSession(ctx, "ann", list[0].ID)
	fmt.Println(status(private, r))
	// Output:
	// event: login true
	// event: limit false
	// true
	// 200
	// Backup script api_key
	// event: revoked true
	// 401
}

// status asks for a page behind the guard.
func status(private func(http.Handler) http.Handler, r *http.Request) int {
	w := httptest.NewRecorder()
	private(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})).ServeHTTP(w, r)
	return w.Code
}
