package proof

import (
	"errors"
	"time"

	"github.com/inga-auth/inga/internal/jose"
)

// Claims are what proofs of either protocol claim. A claim that is missing is zero.
type Claims struct {
	ID            string    // jti; the challenge in a proof of DBSC
	IssuedAt      time.Time // iat
	Expires       time.Time // exp
	NotBefore     time.Time // nbf
	Audience      []string  // aud
	Method        string    // htm: RFC 9449, section 4.2, and so the next three
	URL           string    // htu
	TokenHash     string    // ath
	Nonce         string    // nonce
	Authorization string    // of DBSC
}

// claimNames are the claims that are read.
var claimNames = []string{"jti", "iat", "exp", "nbf", "aud", "htm", "htu", "ath", "nonce", "authorization"}

// set is called by [jose.Scan] with each member.
func (c *Claims) set(name, value []byte) (err error) {
	switch string(name) {
	case "jti":
		c.ID, err = jose.Text(value)
	case "iat":
		c.IssuedAt, err = jose.Instant(value)
	case "exp":
		c.Expires, err = jose.Instant(value)
	case "nbf":
		c.NotBefore, err = jose.Instant(value)
	case "aud":
		c.Audience, err = jose.Texts(value)
	case "htm":
		c.Method, err = jose.Text(value)
	case "htu":
		c.URL, err = jose.Text(value)
	case "ath":
		c.TokenHash, err = jose.Text(value)
	case "nonce":
		c.Nonce, err = jose.Text(value)
	case "authorization":
		c.Authorization, err = jose.Text(value)
	default:
		if jose.Variant(name, claimNames) {
			err = errors.New("proof has a registered claim in another spelling")
		}
	}
	return err
}
