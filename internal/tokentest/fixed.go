package tokentest

import (
	"context"
	"testing"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/sliding"
)

// What fuzz targets sign is the same in every process that takes part: a session with a fixed
// ID, and claims that are good until the year 5138.
const (
	FixedSession = "AAAAAAAAAAAAAAAAAAAAAAAAAA"
	FixedClaims  = `{"iss":"https://app.example","sub":"1","aud":"https://api.example","exp":99999999999,"iat":1,"jti":"J","sid":"AAAAAAAAAAAAAAAAAAAAAAAAAA"}`
)

// Fixed returns tokens for a store that has [FixedSession]: signed with [HS256] as k1, and
// verified with the key of [EdKey] as k2 too.
func Fixed(t testing.TB) *jwtauth.Tokens {
	t.Helper()
	m := storetest.Memory(t)
	row := Begun("1", backends.KindToken, sliding.Policy{Idle: 24 * time.Hour, Absolute: 24 * time.Hour}, time.Now())
	row.ID = FixedSession
	if _, err := m.Create(context.Background(), row.CreatedAt, row, backends.SecretHash{}, backends.CreateOptions{}); err != nil {
		t.Fatal(err)
	}
	ed := Named(t, Must(t)(jwtauth.EdDSA(EdKey())), "k2")
	return New(t, m, WithKeys(Named(t, HS256(t), "k1"), ed))
}
