package jwtauth

import (
	"net/http"

	"github.com/inga-auth/inga/middleware"
)

// Grant issues an access token for the session of id, which a cookie opened: for a page that calls
// another service. It is the same session: the token has its sid and its auth_time, counts in no
// limit, and ends with it. There is no refresh token; a page asks for another access token when this
// one has expired. Put Grant behind a guard that authenticates the cookie, and on a POST route.
//
// The token authenticates, slides and ends the session as its cookie does, with [Tokens.Logout] and at
// the revocation endpoint too. It does not re-authenticate it. For a session that is bound to the device,
// its use is activity, but no response brings a successor: a copy of the cookies, good for minutes, would
// get one for longer. The page asks for another here.
//
// If r has a proof, the token is bound to its key, as by [Tokens.Login]. A cookie whose session is bound to
// the device must have been proved.
//
// Errors: [middleware.ErrUnproved]; [middleware.ErrNoCredentials] for the zero Identity;
// [middleware.ErrForbidden] for one without a session of ours, and for one that a token of t proved
// itself; [middleware.ErrInvalidCredentials] if the session has ended, or its user has authenticated
// again since; [middleware.ErrInvalidArgument] and [middleware.ErrUnavailable].
func (t *Tokens) Grant(r *http.Request, id middleware.Identity) (Response, error) {
	if err := t.Engine().Made(); err != nil {
		return Response{}, err
	}
	b, err := t.bind(r, "", id)
	if err != nil {
		return Response{}, err
	}
	issued, err := t.engine.Grant(r.Context(), id, b.Thumbprint)
	return t.response(issued, err)
}
