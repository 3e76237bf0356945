package proof_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgxpool"

	"github.com/inga-auth/inga/backends"
	"github.com/inga-auth/inga/backends/cache"
	passwords "github.com/inga-auth/inga/backends/password"
	"github.com/inga-auth/inga/backends/postgres"
	"github.com/inga-auth/inga/cookie"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/oauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/devices"
	registry "github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// An app is what an application makes of this module: guarded pages, and three ways to prove
// who one is. What operators do has no guard here, so that an outage of theirs is none of
// what is measured.
type app struct {
	settings settings
	pool     *pgxpool.Pool
	queries  *queries

	store     *cache.Store
	users     backends.Users
	passwords *passwords.Hasher
	devices   *devices.Devices

	ways    map[string]way
	oauth   *oauth.Endpoints
	browser *tokencookie.Cookies
	guard   *middleware.Guard
	admins  *middleware.Guard

	followed followed
	thefts   thefts
	held     held
}

// The roles that exist.
const (
	user  = "user"
	admin = "admin"
)

func newApp(ctx context.Context, s settings) (*app, error) {
	a := &app{settings: s, queries: &queries{}}
	connect := a.connect
	if len(s.Redis) > 0 {
		connect = a.connectRedis
	}
	if err := connect(ctx); err != nil {
		return nil, err
	}
	sessions, err1 := registry.New(registry.Config{
		Store: a.store, Policy: sliding.Policy{Idle: time.Hour, Absolute: 12 * time.Hour}, Limit: limit,
		Events: a.thefts.hear,
	})
	key, err2 := jwtauth.HS256(s.Keys[1])
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	cookies, err1 := cookie.New(cookie.Config{Sessions: sessions, Keys: [][]byte{s.Keys[0]}})
	tokens, err2 := jwtauth.New(jwtauth.Config{
		Sessions: sessions, Keys: []jwtauth.Key{key}, Issuer: "https://proof.example", Audience: "proof",
		AccessTTL: s.AccessTTL, Leeway: cmp.Or(s.Leeway, time.Millisecond), RefreshKeys: [][]byte{s.Keys[2]}, RefreshOverlap: s.Overlap,
	})
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	browser, err1 := tokencookie.New(tokencookie.Config{Tokens: tokens})
	logger := slog.New(slog.NewTextHandler(os.Stderr, &slog.HandlerOptions{Level: slog.LevelWarn}))
	guard, err2 := middleware.New(middleware.Config{
		Authenticator: middleware.FirstOf(tokens, browser, cookies), Roles: []string{user, admin}, Logger: logger,
	})
	if err := errors.Join(err1, err2); err != nil {
		return nil, err
	}
	var err3, err4 error
	a.admins, err1 = guard.Require(middleware.HasRole(admin))
	// The least costs there are, so that there can be many logins.
	a.passwords, err2 = passwords.New(passwords.Config{Memory: 7168, Time: 5})
	a.devices, err3 = devices.New(sessions)
	a.oauth, err4 = oauth.New(oauth.Config{Tokens: tokens})
	a.browser, a.guard = browser, guard
	a.ways = map[string]way{byCookie: cookieWay(cookies), byToken: tokenWay(tokens), byBrowser: browserWay(browser)}
	return a, errors.Join(err1, err2, err3, err4)
}

// connect opens the store: a pool on one way to the database, the feed on others, and the cache
// before both.
func (a *app) connect(ctx context.Context) error {
	config, err := pgxpool.ParseConfig(a.settings.Pool)
	if err != nil {
		return err
	}
	config.MaxConns, config.MinConns = a.settings.Conns, a.settings.Conns
	config.HealthCheckPeriod = 250 * time.Millisecond // so that what broke is replaced soon
	config.ConnConfig.ConnectTimeout = a.settings.Timeout
	config.ConnConfig.Tracer = a.queries
	if a.settings.OneTrip {
		config.ConnConfig.DefaultQueryExecMode = pgx.QueryExecModeExec
	}
	pool, err := pgxpool.NewWithConfig(ctx, config)
	if err != nil {
		return err
	}
	announced := a.settings.Users != ""
	backend, err := postgres.New(postgres.Config{Pool: pool, Timeout: a.settings.Timeout, Users: a.settings.Users, UsersAnnounced: announced})
	if err != nil {
		return err
	}
	feed, err := openFeed(ctx, a.settings)
	if err != nil {
		return err
	}
	if err := backend.Migrate(ctx); err != nil {
		return err
	}
	a.pool = pool
	return a.cache(ctx, fed{backend, feed})
}

// cache puts the cache before the backend, and follows its feed.
func (a *app) cache(ctx context.Context, backend backends.Store) error {
	store, err := cache.New(cache.Config{Store: backend, MaxLag: a.settings.MaxLag, MaxAge: a.settings.MaxAge, MaxEntries: a.settings.MaxEntries})
	if err != nil {
		return err
	}
	a.store, a.users = store, store.Users()
	go func() { _ = store.Follow(ctx, a.followed.again) }()
	return nil
}

// The users whose logins are limited to one session, which a new one replaces, are known by
// their names.
const single = "single-"

func limit(u backends.User) backends.Limit {
	if strings.HasPrefix(u.Name, single) {
		return backends.Limit{Total: 1}
	}
	return backends.Limit{}
}

func (a *app) handler() http.Handler {
	private := middleware.Chain(a.guard.Handler, sliding.Handler)
	forAdmins := middleware.Chain(a.admins.Handler, sliding.Handler)

	mux := http.NewServeMux()
	mux.HandleFunc("POST /login/{way}", a.login)
	mux.Handle("POST /reauthenticate/{way}", a.guard.Handler(http.HandlerFunc(a.reauthenticate)))
	mux.HandleFunc("POST /logout/{way}", a.logout)
	mux.Handle("POST /token", a.oauth.TokenHandler())
	mux.HandleFunc("POST /refresh", a.refresh)
	mux.HandleFunc("POST /prove", a.prove)
	mux.Handle("GET /page", private(http.HandlerFunc(page)))
	mux.Handle("GET /admin", forAdmins(http.HandlerFunc(page)))
	a.troubled(mux, private)
	a.operate(mux)
	a.debug(mux)
	return mux
}

func (a *app) login(w http.ResponseWriter, r *http.Request) {
	policy, err1 := policyOf(r)
	l, err2 := a.proved(r)
	if err := errors.Join(err1, err2); err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	l.Policy = policy
	o, err := a.ways[r.PathValue("way")].login(w, r, l)
	a.answer(w, r, o, err)
}

// policyOf returns the policy that a login asks for, or nil.
func policyOf(r *http.Request) (middleware.Policy, error) {
	if r.FormValue("policy") == "" {
		return nil, nil
	}
	var p sliding.Policy
	return p, json.Unmarshal([]byte(r.FormValue("policy")), &p)
}

func (a *app) reauthenticate(w http.ResponseWriter, r *http.Request) {
	l, err := a.proved(r)
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	o, err := a.ways[r.PathValue("way")].reauthenticate(w, r, l)
	a.answer(w, r, o, err)
}

func (a *app) logout(w http.ResponseWriter, r *http.Request) {
	a.answer(w, r, struct{}{}, a.ways[r.PathValue("way")].logout(w, r))
}

func (a *app) refresh(w http.ResponseWriter, r *http.Request) {
	s, err := a.browser.Refresh(w, r)
	a.answer(w, r, opened{Session: s.ID}, err)
}

func (a *app) answer(w http.ResponseWriter, r *http.Request, v any, err error) {
	if err != nil {
		a.guard.Refuse(w, r, err)
		return
	}
	write(w, v)
}

func write(w http.ResponseWriter, v any) {
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(v) // an error means that the client has gone
}

// page says who the guard thinks one is.
func page(w http.ResponseWriter, r *http.Request) {
	id, _ := middleware.FromContext(r.Context())
	slices.Sort(id.Roles)
	write(w, id)
}
