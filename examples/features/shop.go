package features

import (
	"context"
	"crypto/ecdsa"
	"errors"
	"fmt"
	"net/http"
	"time"

	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/callback"
	"github.com/inga-auth/inga/middleware/link"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// Config is what New needs.
type Config struct {
	DB         *pgxpool.Pool              // its search_path finds the tables of schema.sql
	Users      string                     // the view auth_users of schema.sql, with its schema
	Schema     string                     // for the tables of inga, which New creates
	URL        string                     // of the shop, as "https://shop.example"
	Key        []byte                     // 32 random bytes, for cookies and links
	SigningKey *ecdsa.PrivateKey          // for access tokens
	RefreshKey []byte                     // 32 random bytes, for refresh tokens
	Provider   Provider                   // of "log in with …"
	Mail       func(address, text string) // sends a mail soon, and does not wait until it is sent
}

// A Shop is what the handlers share.
type Shop struct {
	Config
	people    *People
	store     *postgres.Store
	events    middleware.EventHook
	sessions  *session.Registry
	cookies   *cookie.Cookies
	tokens    *jwtauth.Tokens
	keys      APIKeys
	passwords *password.Hasher
	guard     *middleware.Guard // asks for a login
	person    *middleware.Guard // and that no one acts for the person
	members   *middleware.Guard // asks for a login, and for the second factor of those who have one
	fresh     *middleware.Guard // and that it was a few minutes ago

	resets, addresses *link.Links
	logins            *callback.Logins
	carts             *cookie.Value[Cart]
	known             *cookie.Value[password.Device]
	halves            *cookie.Value[Half]
	enrolments        *cookie.Value[Enrolment]
}

// New returns the handler of the shop.
func New(ctx context.Context, c Config) (http.Handler, error) {
	s := &Shop{Config: c, people: NewPeople(c.DB)}
	if err := s.open(ctx); err != nil {
		return nil, err
	}
	mux := http.NewServeMux()
	err := errors.Join(
		s.addLogin(mux), s.addGuessing(), s.addSecondFactor(mux), s.addConfirmation(mux), s.addSignUp(mux),
		s.addVerification(mux), s.addReset(mux), s.addCart(mux), s.addCallback(mux), s.addMobile(mux),
		s.addAPIKeys(mux), s.addTenants(mux), s.addActing(mux),
	)
	return s.ownForms(mux), err
}

// ownForms refuses forms that another site makes a browser send, those of visitors included, whom no guard
// asks.
func (s *Shop) ownForms(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.guard.Refuse(w, r, middleware.ErrCrossOrigin)
	}))
	return protection.Handler(next)
}

// open makes what the features share.
func (s *Shop) open(ctx context.Context) (err error) {
	if s.store, err = postgres.New(postgres.Config{Pool: s.DB, Schema: s.Schema, Users: s.Users}); err != nil {
		return err
	}
	if err := s.store.Migrate(ctx); err != nil {
		return err
	}
	s.events = s.audit()
	policy := sliding.Policy{Idle: 30 * time.Minute, Absolute: 12 * time.Hour}
	if s.sessions, err = session.New(session.Config{Store: s.store, Policy: policy, Events: s.events}); err != nil {
		return err
	}
	var err1, err2, err3 error
	s.cookies, err1 = cookie.New(cookie.Config{Sessions: s.sessions, Keys: [][]byte{s.Key}})
	s.tokens, err2 = s.newTokens()
	s.passwords, err3 = password.New(password.Config{Attempts: s.store})
	s.keys = APIKeys{s.sessions.Method("api_key", "api_key")}
	if err := errors.Join(s.store.Check(ctx), err1, err2, err3); err != nil {
		return err
	}
	return s.guards()
}

func (s *Shop) guards() (err error) {
	s.guard, err = middleware.New(middleware.Config{
		Authenticator: middleware.FirstOf(s.tokens, s.keys, s.cookies),
		Roles:         []string{"admin", "support", "second-factor"},
		Denier:        pages,
		Events:        s.events,
	})
	if err == nil {
		s.person, err = s.guard.Require(middleware.AuthorizerFunc(inPerson))
	}
	if err == nil {
		s.members, err = s.guard.Require(secondFactor)
	}
	if err == nil {
		s.fresh, err = s.members.Require(middleware.Fresh(10 * time.Minute))
	}
	return err
}

// private is for pages of those who are logged in.
func (s *Shop) private(page http.HandlerFunc) http.Handler {
	return s.members.Handler(sliding.Handler(page))
}

// subject returns the ID of the person who sent r, or "" for a visitor.
func subject(r *http.Request) string {
	id, _ := middleware.FromContext(r.Context())
	return id.Subject
}

// show stands for a page.
func show(w http.ResponseWriter, status int, text string) {
	w.WriteHeader(status)
	fmt.Fprintln(w, text)
}
