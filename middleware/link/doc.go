// Package link makes links for mails that are good for one purpose and one user: to reset a password,
// to verify an address, to log in.
//
//	resets, err := link.New(link.Config{Purpose: "reset-password", Store: store, Keys: keys, MaxAge: 30 * time.Minute})
//
//	token, err := resets.Make(user, "")
//	mail("https://app.example/reset?token=" + token.Text())
//
//	mux.HandleFunc("GET /reset", func(w http.ResponseWriter, r *http.Request) {
//		link, err := resets.Show(w, r) // a page with a form that posts the token
//	})
//	mux.HandleFunc("POST /reset", func(w http.ResponseWriter, r *http.Request) {
//		link, err := resets.Use(r, r.PostFormValue("token"))
//		// SetPassword(ctx, now, link.User.ID, link.User.Version, hash, "")
//	})
//
// # When a link is void
//
// A link is encrypted and authenticated, and has its purpose, its user, their version and its end
// inside. It is void after Config.MaxAge; when the version of the user has changed, as it does with the
// password and, in the users table of a store, with the roles; while the user is disabled; and when
// it has been used. The last is remembered by the store ([backends.Claims]), so that one process
// learns of another. Nothing is stored of links that are not used. All of these get the same error,
// [ErrVoid].
//
// The version is checked by a look at the user. It may change right afterwards: pass
// link.User.Version on, to SetPassword or as the UserVersion of a middleware.Login, which check it
// again where it counts.
//
// # Following a link uses nothing up
//
// Scanners of mail servers, and browsers that show previews, follow the links in a mail. [Links.Show]
// is for that GET and changes nothing. [Links.Use] is for the POST of the form on that page, and refuses
// GET. It uses the link up even if what follows fails: check the new password first.
//
// # Where a link could leak
//
// The holder of a link can do what it is good for. A [Token] prints as a fixed word. Show keeps it out of
// the Referer header and of caches. But the link is the URL of a request: what logs URLs with their
// queries, in your server or in front of it, logs links that are good until they are used. Leave the
// query out there.
//
// A link for logging in proves that its holder reads the mail. It can also have been sent by an
// attacker, for the attacker's account: show on the page whose account it is, before the user goes on.
//
// What asks for an address and sends a link should respond the same, whether or not a user has that
// address.
package link
