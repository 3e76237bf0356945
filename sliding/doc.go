// Package sliding prolongs sessions that are in use.
//
// A [Policy] has two limits. The idle timeout ends a session that nobody uses; each use
// moves it. The absolute timeout ends every session, used or not, and nothing moves it but
// the user proving again who they are. A policy without an absolute limit is refused.
//
// [Handler] does the moving. Put it inside the guard:
//
//	private := middleware.Chain(guard.Handler, sliding.Handler)
//	mux.Handle("GET /account", private(account))
//	mux.Handle("GET /events", sliding.Passive(private(events)))
//
// Activity is counted once in an interval, a tenth of the idle timeout unless the policy
// says otherwise: a thousand requests in it are one write. The price is precision: a
// session may end up to one interval early, counted from its last request.
//
// Cookie sessions and tokens slide by the same policy and the same row. Without Handler
// nothing slides: a session then ends when Idle has passed since the login.
package sliding
