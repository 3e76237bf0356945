package dbsc_test

import (
	"net/http"
	"testing"
	"time"

	"github.com/inga-auth/inga/internal/storetest"
	"github.com/inga-auth/inga/internal/tokentest"
	"github.com/inga-auth/inga/jwtauth"
	"github.com/inga-auth/inga/jwtauth/tokencookie"
	"github.com/inga-auth/inga/middleware"
	"github.com/inga-auth/inga/middleware/session"
	"github.com/inga-auth/inga/sliding"
)

// Most browsers bind none: theirs must be noticed as before.
func TestWhereSessionsMayBeBoundACopiedRefreshCookieIsNoticedAsTheft(t *testing.T) {
	storetest.Each(t, func(t *testing.T, store storetest.Store) {
		for _, bind := range []bool{false, true} {
			a := &app{}
			sessions := must(session.New(session.Config{
				Store: store, Policy: sliding.Policy{Idle: time.Hour, Absolute: 12 * time.Hour}, Events: a.trail.Hook,
			}))(t)
			tokens := must(jwtauth.New(jwtauth.Config{
				Sessions: sessions, Keys: []jwtauth.Key{must(jwtauth.HS256(keyOf("jwt")))(t)}, Issuer: "https://app.example", Audience: "app",
				RefreshKeys: [][]byte{keyOf("refresh")}, RefreshOverlap: time.Nanosecond, Leeway: time.Nanosecond,
			}))(t)
			cookies := must(tokencookie.New(tokencookie.Config{Tokens: tokens, Bind: offered}))(t)
			a.cookies = cookies
			a.serve(t)
			mux := http.NewServeMux()
			mux.Handle("/", a.Handler)
			mux.HandleFunc("POST /refresh", func(w http.ResponseWriter, r *http.Request) {
				if _, err := cookies.Refresh(w, r); err != nil {
					middleware.Refuse(w, r, err)
				}
			})
			a.Handler = mux
			d := newDevice(t, a)
			d.want(200, "POST", "/login/1")
			if bind {
				d.register()
			}
			former := d.thief()
			for range 2 {
				tokentest.Tick() // more than the overlap
				d.want(200, "POST", "/refresh")
				d.want(200, "GET", "/me")
			}
			tokentest.Tick()
			former.wantProblem(former.want(401, "POST", "/refresh"), "session-stolen")
			d.wantProblem(d.want(401, "GET", "/me"), "session-stolen")
		}
	})
}
