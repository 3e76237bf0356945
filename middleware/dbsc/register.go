package dbsc

import (
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/internal/bound"
	"github.com/inga-auth/inga/middleware"
)

// register binds the session that the response to a login offered to bind. It looks at no cookie: what
// counts is the authorization in the proof, which was in that response only.
func (h *Handler) register(w http.ResponseWriter, r *http.Request) {
	l, key, err := h.bind(r)
	if err == nil {
		err = h.binder.Put(w.Header(), l, key.Thumbprint, key.BoundAt)
	}
	if err != nil {
		middleware.Refuse(w, r, err)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(h.instructions(l)) // an error means that the browser has gone
}

// bind binds the session to the key of the proof in r, and returns the binding.
//
// A browser that misses the answer sends the same proof again, and gets the same cookie: with the time
// at which the session was bound, so that the proof is good for nothing more.
func (h *Handler) bind(r *http.Request) (l bound.Login, _ backends.Binding, err error) {
	p, err := h.proofs.Read(value(r.Header, "Secure-Session-Response"))
	if err != nil {
		return l, backends.Binding{}, fmt.Errorf("%w: %w", middleware.ErrMalformedRequest, err)
	}
	l, authorized := h.binder.ParseAuthorization(p.Claims.Authorization)
	if _, answers := h.binder.CheckChallenge(bound.ToRegister, p.Claims.ID, l, time.Now()); !authorized || !answers {
		return l, backends.Binding{}, fmt.Errorf("%w: no authorization or challenge that is good", middleware.ErrInvalidCredentials)
	}
	s, err := h.session(r, l, func(*backends.Session) bool { return true })
	switch {
	case err != nil:
		return l, backends.Binding{}, err
	case !bound.LoginOf(&s).Equal(l):
		return l, backends.Binding{}, fmt.Errorf("%w: authorization of a former login", middleware.ErrInvalidCredentials)
	case s.Binding.Thumbprint == p.Key.Thumbprint:
		return l, s.Binding, nil
	}
	b, err := h.binder.Method.Bind(r, &s, backends.Binding{Algorithm: p.Key.Algorithm, Thumbprint: p.Key.Thumbprint, Key: p.Key.JWK})
	return l, b, err
}

// instructions tell the browser what to prove its key for.
type instructions struct {
	Identifier  string       `json:"session_identifier"`
	RefreshURL  string       `json:"refresh_url"`
	Scope       scope        `json:"scope"`
	Credentials []credential `json:"credentials"`
	// Initiators are the sites whose links wait for a refresh. Without all of them, a link from
	// another site would come without the bound cookie, and the user would seem to be logged out.
	Initiators []string `json:"allowed_refresh_initiators"`
}

type scope struct {
	IncludeSite bool  `json:"include_site"`
	Rules       []any `json:"scope_specification"`
}

type credential struct {
	Type       string `json:"type"`
	Name       string `json:"name"`
	Attributes string `json:"attributes"`
}

func (h *Handler) instructions(l bound.Login) instructions {
	name, attributes := h.binder.Describe(l)
	return instructions{
		Identifier:  h.binder.Identifier(l),
		RefreshURL:  h.binder.Path() + "refresh",
		Scope:       scope{Rules: []any{}},
		Credentials: []credential{{"cookie", name, attributes}},
		Initiators:  []string{"*"},
	}
}
