package jwtauth

import "github.com/inga-auth/inga/backends"

// EncodeRefresh returns the refresh token that says this, authenticated by the key.
func EncodeRefresh(key []byte, sessionID string, generation int64, secret backends.Secret) string {
	return refreshToken{sessionID, generation, secret}.encode(newRefreshKey(key))
}

// ParseRefresh returns what a refresh token says that the key authenticated.
func ParseRefresh(key []byte, token string) (sessionID string, generation int64, secret backends.Secret, err error) {
	rt, err := parseRefresh(token, []refreshKey{newRefreshKey(key)})
	return rt.sessionID, rt.generation, rt.secret, err
}
