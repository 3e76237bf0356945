// Package callback takes part in logins at another site that sends the browser back: OpenID Connect
// and OAuth 2.0, with a GET or with a form that the provider's page posts (response_mode=form_post,
// as Apple does).
//
//	google, err := callback.New(callback.Config{Issuer: "https://accounts.google.com", IssuerOptional: true, Keys: keys})
//
//	mux.HandleFunc("POST /login/google", func(w http.ResponseWriter, r *http.Request) {
//		begun, err := google.Begin(w, r, callback.Intent{Next: r.FormValue("next")})
//		// redirect to the provider with begun.Query(), client_id, redirect_uri and scope
//	})
//	mux.HandleFunc("GET /login/google/callback", func(w http.ResponseWriter, r *http.Request) {
//		r, result, err := google.Finish(w, r)
//		// exchange result.Code with result.Verifier, verify the ID token and its nonce,
//		// and log in: cookies.Login(w, r, …)
//		// http.Redirect(w, r, result.Next, http.StatusSeeOther)
//	})
//
// What lies between, the exchange of the code and the ID token, is the work of an OAuth client, such
// as golang.org/x/oauth2 and github.com/coreos/go-oidc. Its errors are not of this module, and to a
// guard's Refuse they are a mistake of the application: 500. Wrap [middleware.ErrInvalidCredentials]
// around those that mean that the login failed (an ID token that is not good, a code that was refused,
// an account that no user has), and [middleware.ErrUnavailable] around those that mean that the
// provider could not be asked.
//
// # Why Login accepts the callback
//
// The Login of packages cookie, jwtauth and tokencookie refuses GET requests and those that come
// from pages of other sites, because these could log a user in to an attacker's account (login CSRF).
// A callback is both. [Logins.Finish] checks that this browser began this very login, and returns the request
// with a mark that Login and Reauthenticate accept. Nothing else makes that mark. It holds for this
// request only: another request with the same context, but with another method, host, URL, cookie
// or origin, is refused as before. Logging out and refreshing do not look at it.
//
// # What is checked
//
//   - The state (RFC 6749, section 10.12). It is in a sealed cookie, one for each login that has
//     begun, so that two tabs do not get into each other's way. A code that an attacker obtained has
//     no state of this browser.
//   - The issuer (RFC 9207), against mix-up: what one provider sends is never taken for the answer
//     of another one.
//   - The code, by PKCE with S256 (RFC 7636), and the ID token, by its nonce. The provider checks
//     the first, and the application the second: a provider that ignores PKCE protects nothing.
//
// A login that has begun ends after Config.MaxAge. Finish tells the browser to drop its cookie, so
// that going back and reloading find nothing. There is no state on the server: a copy of cookie and
// URL together remains good until then, and what makes it worthless is that the provider accepts a
// code once (RFC 6749, section 4.1.2).
//
// # Where to put it
//
// Begin is for a form or a link on a page of your own. It refuses requests that other sites cause, so
// that following their link logs no one in. Of a GET only Sec-Fetch-Site says which page sent it, and
// browsers leave that out without TLS, as Safari did before version 16.4: a form, which posts, is safe
// there too. The redirect of a guard may lead to the page with the form, but not to Begin. If the page
// has a Content-Security-Policy with form-action, that must allow the provider, or Chrome does not
// follow the redirect of a form.
//
// The callback needs no guard. In answer to the callback, a redirect brings cookies that are
// SameSite=Lax, and none that are Strict, because the navigation began at another site: with a
// Strict session cookie, respond with a page that has a link, or a refresh.
//
// A failed login begins again at your login page. Redirect there yourself for errors that wrap
// [middleware.ErrInvalidCredentials]: a guard whose Denier is [middleware.LoginRedirect] would have the
// browser come back to the URL of the callback, with the state and the code in it.
//
// With Config.FormPost, the cookie of the login is SameSite=None. The browser sends no other Lax or
// Strict cookies along, and so Login does not see the session that the browser had: its cookie is
// replaced, and the session itself ends at its idle deadline.
package callback
