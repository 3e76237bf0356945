// Package authtest helps to test applications whose routes are guarded. It has identities for
// handlers, clients that are logged in, an issuer of tokens that fails on command, a recorder of
// events, and a check for routes that were left open. Only tests import it.
//
//	// A handler, without the guard around it.
//	r := authtest.WithIdentity(httptest.NewRequest("GET", "/account", nil), middleware.Identity{Subject: "ann"})
//
//	// The whole application, with its own way of logging in.
//	ann := authtest.Client(t, server, func(w http.ResponseWriter, r *http.Request) error {
//		_, err := cookies.Login(w, r, middleware.Login{Subject: "ann"})
//		return err
//	})
//	resp, err := ann.Get("/account")
//
//	// Every route is guarded, except these.
//	authtest.Guarded(t, mux, mux.Routes(), "GET /{$}", "POST /login")
//
// # What to use when
//
// [WithIdentity] tests what a handler does with an identity. It does not get a request past a
// guard, which asks its own authenticator. To test the rules of a guard with made-up identities,
// give it [Authenticator] in the test, instead of the application's own or before it.
//
// [Client] tests the whole: the guard, the cookies as they are in production, renewed tokens, the
// end of a session. It logs in once, by the function it is given, without a password or a form,
// and works for cookies, tokens, and tokens in cookies. Without a function it is an anonymous
// visitor, who may log in through the application. Two clients are two users, or two devices of
// one. The application needs keys in tests too: 32 bytes of crypto/rand, for example.
//
// [Issuer] stands for Keycloak or Auth0 within the test process: it signs good and bad tokens,
// rotates its keys, fails, hangs, and counts how often its keys are fetched.
//
// [Events] records what an event hook receives.
//
// [Guarded] sends an anonymous request to every route of the application, and distinguishes the
// refusal of a guard from a handler that responds 401 itself. It fails for a new route that was
// left open by mistake, and for a public route in its list that no longer exists.
//
// # Other routers
//
// A [Mux] lists its patterns, which http.ServeMux cannot. Other routers can. For chi:
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
// With echo and gin it is a loop over the result of Routes.
//
// # Inside testing/synctest
//
// A bubble of testing/synctest has no network: its clock does not advance while a goroutine waits
// for a socket. [Client] and [NewIssuer] run servers and do not work inside. [InMemoryClient] and
// [InMemoryIssuer] use [Transport] instead, so that a session expires in no time. Create them,
// and the application, inside the bubble. Everything else works inside and outside.
//
//	synctest.Test(t, func(t *testing.T) {
//		ann := authtest.InMemoryClient(t, newApp(), login)
//		time.Sleep(31 * time.Minute)
//		resp, err := ann.Get("/account") // 401
//	})
//
// # What it does not do
//
// A client is not a browser: SameSite, Origin, and what a page may read need a browser to test.
// Without a network, handlers cannot hijack connections.
package authtest
