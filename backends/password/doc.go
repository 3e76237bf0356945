// Package password hashes the passwords of users with argon2id (RFC 9106), and checks them at
// login.
//
// [Hasher.Hash] makes the text that goes into the users table. [Hasher.VerifyUser] finds the
// user and checks the password:
//
//	user, err := hasher.VerifyUser(ctx, users, r.FormValue("name"), r.FormValue("password"),
//		password.Client{Address: clientip.Of(r)})
//	if errors.Is(err, password.ErrWrong) {
//		// ask again
//	}
//
// users is whatever holds the rows: the [backends.Users] of a store, or a table of the
// application that has the two methods of [Users].
//
// # Cost
//
// The zero [Config] follows the OWASP Password Storage Cheat Sheet: 19 MiB and two passes for
// each hash. Config.Concurrency bounds how many are computed at once, so a flood of logins
// waits instead of taking all memory. A stored hash may ask for at most 256 MiB, for 1 GiB in
// all passes, or for bcrypt cost 15. One that asks for more is an error, and no work is done.
//
// # Guessing
//
// With Config.Attempts, VerifyUser counts and slows tries before it hashes anything: 5 are free for
// a name, then each has to wait, for a second and up to an hour, and 100 are all, until a success
// or [Hasher.Unlock]; see [backends.PerAccount]. A network has a brake of its own, and a known
// [Device] a count of its own. The error is a [backends.WaitError].
//
// A wrong password is no event of package middleware until the application emits it: see
// middleware.NewEvent, and [Subject].
//
// A user with two names that both log in, such as a name and an address, has a count for each, and
// so has each spelling of a name if the table is asked without regard to case: then every spelling
// has free tries of its own. Pass the name in one spelling, in lower case for example, to have one
// count.
//
// # Passwords that are refused
//
// [Hasher.Hash] refuses the commonest passwords with [ErrCommon], whatever their case: a list of
// 5333 is built in. Config.Refuse adds to it. No length is asked for; an application should want at
// least 8 characters, or 15 where the password is all there is (NIST SP 800-63B-4, section 3.1.1.2).
// Passwords that users have already are accepted as they are.
//
// # Hashes of another system
//
// Hashes made by bcrypt ($2a$, $2b$, $2y$) are verified too, so a users table can be imported
// as it is. VerifyUser replaces each of them by argon2id when its user logs in, and a hash with
// lower costs than those of the Config in the same way.
//
// bcrypt uses the first 72 bytes of a password and ignores the rest. A longer password is
// therefore accepted if its first 72 bytes are right, as it was in the system that made the
// hash. Such a hash is not replaced, because the rest may be a typing error: the user keeps it
// until they change the password. A password with a NUL byte never matches a bcrypt hash.
//
// A hash of another well-known scheme, for example scrypt or $6$, is [ErrScheme]. Any other text
// is [ErrMalformedHash]. Neither means that the password is wrong.
//
// # What the time of an answer reveals
//
// An unknown name and a user without a password cost one argon2id hash of the configured costs,
// as a wrong password does for a row that was made with them. A row of bcrypt, or with other
// costs, takes the time of its own hash until it is replaced, and one with [ErrScheme] or
// [ErrMalformedHash] fails at once. So while imported or outdated rows remain, the time of an
// answer can reveal that a name exists. An empty or overlong password takes the time of a wrong
// one.
package password
