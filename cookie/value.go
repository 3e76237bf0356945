package cookie

import (
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/browser"
	"github.com/inga-auth/inga/internal/recall"
	"github.com/inga-auth/inga/middleware"
)

const (
	// securecookie signs the secret of a session and its ID. The ID finds the session, and lets a
	// browser that missed the response to a re-authentication still log out.
	payloadSize = backends.SecretSize + len(recall.ID{})

	// browserSession is one more byte of the payload of a cookie that the browser drops when it is
	// closed. The cookies that replace it are to be such, too.
	browserSession = 'b'

	// The bounds of the length of a value that securecookie makes of that, and of one more ID: base64 of
	// a time in decimal, the payload in base64, and a MAC of 32 bytes. Others are not even verified.
	minValue, maxValue = 150, 230

	// maxCookies that we signed are used at most, because each is a look-up. Others cost no more than
	// their signature.
	maxCookies = 8
)

// A credential is a cookie that we signed.
type credential struct {
	secret backends.Secret
	id     recall.ID // of the session
	value  string    // as it was sent
	ends   bool      // with the browser
	beside string    // the ID of the actor's own session, in a second cookie: see actingSuffix
}

// A proof is a credential with the live session and the user that it proves.
type proof struct {
	credential
	session  backends.Session
	user     backends.User
	identity middleware.Identity
}

// prove returns what the cookies of r prove. Those of sessions that have ended do not count, if
// another is good: a browser sends two after the Domain of the cookie has changed, and a subdomain
// can plant one. If two prove sessions of different users the request is refused, because either
// could be the one that the user means.
func (k *Cookies) prove(r *http.Request) (p proof, err error) {
	var refusal error
	present, err := k.signed(r, func(c credential) error {
		if err := k.origins.Check(r); err != nil {
			return err
		}
		s, u, err := k.sessions.Find(r.Context(), string(c.id[:]), c.secret)
		id := middleware.Identity{}
		if err == nil {
			id = k.sessions.Identity(&s, &u)
			err = k.bound.Check(r, &id)
		}
		switch {
		case errors.Is(err, middleware.ErrInvalidCredentials):
			refusal = err
		case err != nil:
			return err
		case p.value == "":
			p = proof{c, s, u, id}
		case u.ID != p.user.ID:
			return fmt.Errorf("%w: session cookies of two users", middleware.ErrInvalidCredentials)
		}
		return nil
	})
	switch {
	case err != nil:
		return proof{}, err
	case p.value != "":
		return p, nil
	case refusal != nil:
		return proof{}, refusal
	case present:
		return proof{}, fmt.Errorf("%w: cookie is not signed by any of our keys", middleware.ErrInvalidCredentials)
	}
	return proof{}, middleware.ErrNoCredentials
}

// signed calls use for each session cookie of r that we signed, until use fails, and ignores all
// others. present reports whether there is any cookie of the name.
func (k *Cookies) signed(r *http.Request, use func(credential) error) (present bool, err error) {
	if k == nil || k.codecs == nil {
		return false, errNotMade
	}
	verified, ours := 0, 0
	for value := range browser.Values(r, k.cookie.Name) {
		present = true
		if len(value) < minValue || len(value) > maxValue {
			continue
		}
		if verified++; verified > browser.MaxCookies {
			return true, errTooMany
		}
		c, ok := k.verify(value)
		if !ok {
			continue
		}
		if ours++; ours > maxCookies {
			return true, errTooMany
		}
		if err := use(c); err != nil {
			return true, err
		}
	}
	return present, nil
}

var errTooMany = fmt.Errorf("%w: too many session cookies", middleware.ErrInvalidCredentials)

func (k *Cookies) verify(value string) (credential, bool) {
	var payload []byte
	for _, codec := range k.codecs {
		// securecookie signs the name too: a value of another cookie is not one of ours.
		if codec.Decode(k.cookie.Name, value, &payload) != nil {
			continue
		}
		if len(payload) < payloadSize {
			continue
		}
		c := credential{secret: backends.Secret(payload[:backends.SecretSize]), id: recall.ID(payload[backends.SecretSize:payloadSize]), value: value}
		switch rest := string(payload[payloadSize:]); {
		case k.acting == nil: // a second cookie
			c.beside = rest
			return c, backends.ValidID(rest)
		case rest == "", rest == string(browserSession):
			c.ends = rest != ""
			return c, true
		}
	}
	return credential{}, false
}

// set puts the cookie of the session with the ID, which that of the actor's own may follow, into the
// header, to be kept until the deadline, or, if it ends with the browser, until that is closed.
func (k *Cookies) set(h http.Header, secret backends.Secret, id string, ends bool, deadline time.Time) error {
	payload := append(secret[:], id...)
	if ends {
		payload, deadline = append(payload, browserSession), time.Time{}
	}
	value, err := k.codecs[0].Encode(k.cookie.Name, payload)
	if err == nil {
		err = k.cookie.Put(h, value, time.Now(), deadline)
	}
	if err != nil {
		return fmt.Errorf("cookie: %w", err)
	}
	return nil
}
