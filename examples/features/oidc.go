package features

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"golang.org/x/oauth2"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/callback"
)

func (s *Shop) addCallback(mux *http.ServeMux) (err error) {
	s.logins, err = callback.New(callback.Config{Issuer: s.Provider.Issuer, Keys: [][]byte{s.Key}})
	mux.HandleFunc("POST /login/provider", s.toProvider)
	mux.HandleFunc("GET /login/provider/callback", s.fromProvider)
	return err
}

// toProvider sends the browser to the provider, and remembers that it did.
func (s *Shop) toProvider(w http.ResponseWriter, r *http.Request) {
	begun, err := s.logins.Begin(w, r, callback.Intent{Next: r.PostFormValue("next")})
	if err != nil {
		s.guard.Refuse(w, r, err)
		return
	}
	var more []oauth2.AuthCodeOption
	for name, values := range begun.Query() {
		more = append(more, oauth2.SetAuthURLParam(name, values[0]))
	}
	http.Redirect(w, r, s.Provider.AuthCodeURL(begun.State, more...), http.StatusSeeOther)
}

// fromProvider logs in whom the provider names, in the browser that began the login.
func (s *Shop) fromProvider(w http.ResponseWriter, r *http.Request) {
	r, result, err := s.logins.Finish(w, r)
	var named IDToken
	if err == nil {
		named, err = s.Provider.exchange(r.Context(), result)
	}
	var id string
	if err == nil {
		id, err = s.people.Named(r.Context(), named)
	}
	switch {
	case errors.Is(err, middleware.ErrInvalidCredentials):
		slog.InfoContext(r.Context(), "login at the provider", "error", err)
		http.Redirect(w, r, "/login", http.StatusSeeOther) // not by the guard, which would have the person come back to this URL
	case err != nil:
		s.guard.Refuse(w, r, err)
	default:
		s.enter(w, r, "", middleware.Login{Subject: id}, result.Next)
	}
}

// Named returns the person whom a provider names, and creates them when they come for the first time.
// The address of another account is a conflict: its owner logs in there first.
func (p *People) Named(ctx context.Context, t IDToken) (id string, err error) {
	err = p.db.QueryRow(ctx, `SELECT person_id::text FROM identities WHERE issuer = $1 AND subject = $2`, t.Issuer, t.Subject).Scan(&id)
	if !errors.Is(err, pgx.ErrNoRows) {
		return id, asked(err)
	}
	if t.Email == "" || !t.EmailVerified {
		return "", fmt.Errorf("%w: the provider has not verified the address", middleware.ErrForbidden)
	}
	err = p.db.QueryRow(ctx, `WITH person AS (INSERT INTO people (email, verified) VALUES (lower($3), true) RETURNING id)
		INSERT INTO identities (issuer, subject, person_id) SELECT $1, $2, id FROM person RETURNING person_id::text`, t.Issuer, t.Subject, t.Email).Scan(&id)
	if taken := (*pgconn.PgError)(nil); errors.As(err, &taken) && taken.Code == "23505" {
		err = backends.ErrConflict
	}
	return id, asked(err)
}
