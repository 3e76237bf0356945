package proof_test

import (
	"net/http"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
)

// The ways of proving: a session cookie, tokens that the client keeps, tokens in cookies.
const (
	byCookie  = "cookie"
	byToken   = "token"
	byBrowser = "browser"
)

// A way is one of them.
type way struct {
	login, reauthenticate opening
	logout                func(http.ResponseWriter, *http.Request) error
}

type opening func(http.ResponseWriter, *http.Request, middleware.Login) (opened, error)

// opened is the answer to a login.
type opened struct {
	Session string `json:"session"`
	Access  string `json:"access_token,omitempty"`
	Refresh string `json:"refresh_token,omitempty"`
}

func cookieWay(k *cookie.Cookies) way {
	return way{answered(k.Login, named), answered(k.Reauthenticate, named), k.Logout}
}

func named(s backends.Session) opened { return opened{Session: s.ID} }

func tokenWay(t *jwtauth.Tokens) way {
	login := func(_ http.ResponseWriter, r *http.Request, l middleware.Login) (jwtauth.Response, error) {
		return t.Login(r, l)
	}
	return way{answered(login, openedBy), answered(t.Reauthenticate, openedBy), t.Logout}
}

func browserWay(k *tokencookie.Cookies) way {
	return way{answered(k.Login, named), answered(k.Reauthenticate, named), k.Logout}
}

// answered returns what opens a session as do does, and answers so.
func answered[T any](do func(http.ResponseWriter, *http.Request, middleware.Login) (T, error), as func(T) opened) opening {
	return func(w http.ResponseWriter, r *http.Request, l middleware.Login) (opened, error) {
		v, err := do(w, r, l)
		return as(v), err
	}
}

func openedBy(resp jwtauth.Response) opened {
	return opened{Session: resp.Session.ID, Access: resp.AccessToken, Refresh: resp.RefreshToken}
}
