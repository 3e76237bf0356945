// Package foreign proves who sent a request by an access token that somebody else issued:
// Keycloak, Auth0, Entra, Cognito.
//
// [Issuers] verifies them by the keys that their issuers publish, several of these side by
// side; [ByIssuer] puts them beside our own. They name no session: they are good until they
// expire, and nothing ends them before. What package jwtauth refuses is refused here: each
// algorithm belongs to a key, and what another parser could read differently is no token.
//
//	issuers, err := foreign.New(foreign.Config{
//		Issuer:   "https://login.example/realms/shop",
//		Audience: "https://api.app.example",
//		Roles:    func(c foreign.Claims) []string { return c.Strings("realm_access", "roles") },
//	})
//	bearer, err := foreign.ByIssuer(tokens, issuers)
//	orders, err := guard.Require(middleware.HasScope("orders:read"))
//
// Only a token in which everything but the signature has been found good can cause a fetch,
// and requests that wait for keys wait for the same fetch.
//
//   - Keys are fetched again after five minutes, without delaying a request. A key that the
//     issuer withdraws is refused ten minutes later at the latest.
//   - While the issuer cannot be reached, or answers nonsense, the keys that it had are
//     used, for Config.MaxAge; then the answer is 503. There is at most one attempt in
//     ten seconds.
//   - A known kid with a wrong signature causes no fetch.
//   - An unknown kid causes one at once, and if its key is found, that was all. Kids of
//     which no key is found cause at most one fetch a minute. One more is in reserve for a
//     kid that comes again while it is undecided; junk that gets at it pays it back in the
//     next minute. So in n minutes there are n+1 at most.
//   - A kid that came when none was left is undecided. The answer is 503 with Retry-After,
//     and not 401, at which clients log out. A new key of the issuer is found when its kid
//     comes again, and in the worst of storms within a minute.
package foreign
