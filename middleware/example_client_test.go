package middleware_test

import (
	"crypto/sha256"
	"net/http"
	"net/http/httptest"

	"github.com/inga-auth/inga/middleware"
)

// apiKeys authenticates clients by a key in the header X-API-Key. It knows the keys by their
// hashes only: a look-up compares no secret, and a dump opens nothing.
type apiKeys struct {
	clients map[[sha256.Size]byte]middleware.Identity
}

func (k *apiKeys) Authenticate(r *http.Request) (middleware.Identity, error) {
	key := r.Header.Get("X-API-Key")
	if key == "" {
		return middleware.Identity{}, middleware.ErrNoCredentials
	}
	id, ok := k.clients[sha256.Sum256([]byte(key))]
	if !ok {
		return middleware.Identity{}, middleware.ErrInvalidCredentials
	}
	return id, nil
}

// key returns the apiKeys that know one client, whose key is "key of " and the name.
func key(id middleware.Identity) *apiKeys {
	id.Method = "api-key"
	return &apiKeys{map[[sha256.Size]byte]middleware.Identity{sha256.Sum256([]byte("key of " + id.Subject)): id}}
}

// ask sends a request in the name of a user, or anonymously.
func ask(h http.Handler, method, target, who string) *httptest.ResponseRecorder {
	r, w := httptest.NewRequest(method, target, nil), httptest.NewRecorder()
	if who != "" {
		r.Header.Set("X-API-Key", "key of "+who)
	}
	h.ServeHTTP(w, r)
	return w
}
