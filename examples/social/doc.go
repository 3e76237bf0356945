// Package social is a site whose users log in at a provider, with golang.org/x/oauth2 and package
// middleware/callback. Its tests run a provider, and a browser that goes back and forth:
//
//	go test ./examples/social
//
// The provider says who the user is at its userinfo endpoint. One that speaks OpenID Connect sends an
// ID token along with the access token: verify it, and that its nonce is callback.Result.Nonce, with a
// library such as github.com/coreos/go-oidc.
package social
