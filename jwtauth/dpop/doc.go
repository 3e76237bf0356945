// Package dpop checks that a client has the private key to which its tokens are bound: RFC 9449,
// Demonstrating Proof of Possession.
//
//	proofs, err := dpop.New(dpop.Config{
//		URL:    "https://app.example",
//		Claims: store, // any backend that has backends.Claims
//	})
//	tokens, err := jwtauth.New(jwtauth.Config{
//		…
//		Proofs: proofs,
//		DPoP:   jwtauth.DPoPOffered,
//	})
//
// A client sends with each request a proof that it signed for that request alone: for its method, its
// URL and its access token. A token that was copied from memory, a log or a disk opens nothing without
// the key, which a browser can keep from scripts (WebCrypto, not extractable) and a phone in hardware.
//
// # Logging in
//
// A login whose request has a proof gets tokens that are bound to its key, and one without gets plain
// ones, or none with jwtauth.DPoPRequired. Look at the proof before the password or the code: a client
// that has yet to learn a nonce then takes no turn and costs no hash. The Refuse of a guard, or of package
// oauth, answers it with the nonce.
//
//	if err := proofs.Precheck(r); err != nil {
//		guard.Refuse(w, r, err)
//		return
//	}
//	user, err := passwords.VerifyUser(…)
//	response, err := tokens.Login(r, middleware.Login{Subject: user.ID, UserVersion: user.Version})
//
// # What is refused
//
// A proof is refused if it is not the only one, is not a JWT of the type dpop+jwt signed by one of
// Config.Algorithms, brings no public key or a private one, or is made for another method, URL, access
// token or key. So is one that is too old, or was used before. It is read as strictly as tokens are, by
// the rules in the documentation of package jwtauth.
//
// URLs are compared without query and fragment, after the normalization of RFC 3986, section 6.2. The
// scheme and the host are those of Config.URL. What the request says of them, in Host, Forwarded or
// X-Forwarded-Host, is not looked at: a thief could write it.
//
// # When a proof is fresh
//
// Without Config.NonceKeys a client says when it made a proof, and its clock must be right: the proof is
// good for Config.Window, and Config.Leeway on both sides. With them it need not be: each proof repeats a
// nonce that the server gave it within the last one to two Windows, in the header DPoP-Nonce. That is in
// what a guard, a login or a refresh answers to a good proof, and in each refusal because of a proof. A
// client without such a nonce is refused once, with use_dpop_nonce, and repeats its request. No nonce is
// stored.
//
// # When a proof was used before
//
// Each proof is good once. With Config.Claims that holds for all processes together, and costs a claim in
// the store for each request that needs a proof. With Config.InMemory it costs nothing, and holds for each
// process on its own: a request that was read on its way, proof and all, can be repeated at each of the
// other processes, until the proof is too old. BenchmarkProof of package jwtauth measures both.
//
// # What it does not stop
//
// Code that runs on the client, in its page above all, can have it sign proofs. A proof does not cover the
// query, the body or other headers. The revocation endpoint asks for no proof: RFC 7009 has the token
// alone end its session there.
package dpop
