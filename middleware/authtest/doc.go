// Package authtest is for the tests of applications whose requests pass a guard: a handler
// without a login, a client that is logged in, an issuer that fails on command, what happened,
// and whether a route was left open. It is imported by tests only.
//
//	// A handler, with somebody before it.
//	r := authtest.WithIdentity(httptest.NewRequest("GET", "/account", nil), middleware.Identity{Subject: "ann"})
//
//	// The application as it is, with its own way of logging in.
//	ann := authtest.Client(t, server, func(w http.ResponseWriter, r *http.Request) error {
//		_, err := sessions.Login(w, r, middleware.Login{Subject: "ann"})
//		return err
//	})
//	resp, err := ann.Get("/account")
//
//	// Every route is behind a guard, but for these.
//	authtest.Guarded(t, mux, mux.Routes(), "GET /{$}", "POST /login")
//
// # Which of them
//
// [WithIdentity] is for what a handler does with an identity. It proves nothing about the way
// to the handler. A guard before the handler asks its own authenticator, and lets nobody pass
// because of a test; where the rules of a guard are to be tested with identities that nobody
// logs in for, give the guard [Authenticator] in the test, in place of the application's own or
// before it.
//
// [Client] is for the whole: the guard, the cookies as they are in production, the token that is
// renewed, the session that ends. It logs in once, by the function that it is given, without a
// password and a form, and works for cookies, tokens, and tokens in cookies alike. Without a
// function it is a visitor, who may log in through the front door. Two clients are two people,
// or two devices of one.
//
// [Issuer] is Keycloak or Auth0 in the process: it has good tokens and odd ones, rotates its
// keys, fails, hangs, and counts who asks.
//
// [Events] remembers what an event hook is told.
//
// [Guarded] asks every route of the application as nobody, and tells the refusal of a guard
// from a handler that answers 401 itself. A route that somebody adds and forgets to guard is a
// failure, and so is the name of a public route that is gone.
//
// # Routes of other routers
//
// http.ServeMux does not tell its patterns, so that a [Mux] takes its place. Other routers do.
// This is chi:
//
//	func routes(router chi.Routes) iter.Seq2[string, string] {
//		return func(yield func(method, pattern string) bool) {
//			_ = chi.Walk(router, func(method, pattern string, _ http.Handler, _ ...func(http.Handler) http.Handler) error {
//				if !yield(method, pattern) {
//					return errors.New("enough")
//				}
//				return nil
//			})
//		}
//	}
//
// With echo and gin it is a loop over what Routes returns.
//
// # In a bubble of testing/synctest
//
// A bubble has no network: a goroutine that waits for a socket keeps its clock from moving. So
// [Client] and [NewIssuer], which have a server, stay outside, and [InMemoryClient] and
// [InMemoryIssuer] go in, by [Transport]: a session then expires in no time. Start them, and
// what they talk to, inside. All else works on both sides.
//
//	synctest.Test(t, func(t *testing.T) {
//		ann := authtest.InMemoryClient(t, newApp(), login)
//		time.Sleep(31 * time.Minute)
//		resp, err := ann.Get("/account") // 401
//	})
//
// # What it does not do
//
// No client is a browser: SameSite, Origin, and what a page may read are for a browser to
// test. No handler can hijack a connection that is not there.
package authtest
