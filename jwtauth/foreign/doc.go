// Package foreign authenticates requests by access tokens of other issuers: Keycloak, Auth0,
// Entra, Cognito.
//
// [Issuers] verifies them with the keys that their issuers publish, any number of issuers side
// by side. [ByIssuer] puts them beside the tokens of package jwtauth. They name no session: they
// are good until they expire, and nothing ends them before. What package jwtauth refuses is
// refused here: each algorithm belongs to a key, and a token that two parsers could read
// differently is not accepted. A token may have up to 16 KiB, with any number of claims, groups
// and roles.
//
//	issuers, err := foreign.New(foreign.Config{
//		Issuer:   "https://login.example/realms/shop",
//		Audience: "https://api.app.example",
//		Roles:    func(c foreign.Claims) []string { return c.Strings("realm_access", "roles") },
//	})
//	bearer, err := foreign.ByIssuer(tokens, issuers)
//	orders, err := guard.Require(middleware.HasScope("orders:read"))
//
// A token that its issuer has bound to a key (the claim cnf with a jkt, RFC 9449) needs a proof of that
// key: see Config.Proofs. One that is bound in another way, to a client certificate for example, is
// refused.
//
// # Fetching keys
//
// Only a token in which everything but the signature is good can cause a fetch, and requests
// that wait for keys share one fetch.
//
//   - Keys are fetched again after five minutes, without delaying a request. A key that the
//     issuer withdraws is refused ten minutes later at the latest.
//   - While the issuer cannot be reached, or sends something else, its last keys are used for
//     Config.MaxAge. After that the answer is 503. There is at most one attempt in ten seconds.
//   - A known kid with a wrong signature causes no fetch.
//   - An unknown kid causes a fetch at once. If its key is found, the fetch does not count.
//     Otherwise unknown kids cause at most one fetch a minute, and one more in reserve for a kid
//     that comes again while it is undecided; using it delays the next one by a minute. So there
//     are at most n+1 in n minutes.
//   - A kid for which no fetch was left is undecided. The answer is 503 with Retry-After, and
//     not 401, because clients log out at a 401. A new key of the issuer is found when its kid
//     comes again, and during a flood of junk within a minute.
package foreign
