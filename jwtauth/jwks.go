package jwtauth

import (
	"crypto/sha256"
	"encoding/json"
	"maps"
	"net/http"
)

// thumbprint is that of RFC 7638, section 3: SHA-256 of the required members as JSON, in
// lexicographic order and without space, which is how encoding/json writes a map.
func thumbprint(required map[string]string) string {
	text, _ := json.Marshal(required) // of strings, which does not fail
	sum := sha256.Sum256(text)
	return base64url(sum[:])
}

// jwksOf returns the public keys as a JWK set (RFC 7517, section 5).
func jwksOf(keys []Key) []byte {
	set := make([]map[string]string, 0, len(keys))
	for _, k := range keys {
		if k.k.members == nil {
			continue // HS256: to verify is to be able to sign
		}
		jwk := maps.Clone(k.k.members)
		jwk["kid"], jwk["alg"], jwk["use"] = k.k.id, k.k.alg, "sig"
		set = append(set, jwk)
	}
	text, _ := json.Marshal(map[string]any{"keys": set}) // of strings, which does not fail
	return text
}

// JWKSHandler serves the public keys of all Config.Keys, for others who verify our tokens;
// secrets of HS256 are not among them. Caches may keep the answer for five minutes.
func (t *Tokens) JWKSHandler() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			h.Set("Allow", "GET, HEAD")
			http.Error(w, http.StatusText(http.StatusMethodNotAllowed), http.StatusMethodNotAllowed)
			return
		}
		h.Set("Content-Type", "application/jwk-set+json")
		h.Set("Cache-Control", "public, max-age=300")
		h.Set("X-Content-Type-Options", "nosniff")
		_, _ = w.Write(t.jwks) // an error means that the client has gone
	})
}
