// Package sliding extends sessions that are in use.
//
// A [Policy] has two limits. The idle timeout ends a session that is not used, and each use
// moves it. The absolute timeout ends every session, used or not, and only authenticating again
// moves it. A policy without an absolute timeout is an error.
//
// [Handler] records activity. Put it inside the guard:
//
//	private := middleware.Chain(guard.Handler, sliding.Handler)
//	mux.Handle("GET /account", private(account))
//	mux.Handle("GET /events", sliding.Passive(private(events)))
//
// Activity is recorded at most once per [Policy].Interval: a thousand requests within it are one
// write. Cookies and tokens slide by the same policy and the same row. Without Handler nothing
// slides: a session then ends when Idle has passed since the login.
package sliding
